"""What a graph holds, counted from its files; no store is needed."""

from pathlib import Path
from typing import Any

from kg.records import EDGES, NODES
from kg.store import files


def stats(folder: Path) -> dict[str, Any]:
    """Count the papers, records, entities and edges of a graph, and what they lack.

    ``records`` are the source records that became papers, ``rejected`` those that did not;
    ``orphans`` are nodes without any edge.
    """
    made = files.manifest(folder)
    papers, records, title_only = _papers(folder, made)
    edges, ends, bare = _edges(folder, made)
    entities = dict.fromkeys((label for label in NODES if label != "Paper"), 0)
    orphans = 0
    for table in made.of("nodes"):
        for batch in files.read_table(folder, table, columns=["id"]):
            orphans += sum(id_ not in ends for id_ in batch.column("id").to_pylist())
        if table.name != "Paper":
            entities[table.name] = table.rows
    return {
        "papers": papers,
        "records": records,
        "rejected": _rejected(folder),
        "title_only": title_only,
        "entities": entities,
        "edges": edges,
        "orphans": orphans,
        "edges_without_evidence": bare,
        "extractor": made.extractor,
    }


def _papers(folder: Path, made: files.Manifest) -> tuple[int, int, int]:
    import pyarrow.compute as pc

    papers = records = title_only = 0
    for table in made.of("nodes"):
        if table.name == "Paper":
            papers += table.rows
            for batch in files.read_table(folder, table, columns=["abstract", "sources"]):
                records += len(pc.list_flatten(batch.column("sources")))
                length = pc.fill_null(pc.utf8_length(batch.column("abstract")), 0)
                title_only += pc.sum(pc.equal(length, 0)).as_py() or 0
    return papers, records, title_only


def _edges(folder: Path, made: files.Manifest) -> tuple[dict[str, int], set[str], int]:
    edges = dict.fromkeys(EDGES, 0)
    ends: set[str] = set()
    bare = 0
    for table in made.of("edges"):
        edges[table.name] = table.rows
        evidence = "shared" if table.name == "RELATED_TO" else "sentences"
        for batch in files.read_table(folder, table, columns=["source", "target", evidence]):
            for end in ("source", "target"):
                ends.update(batch.column(end).unique().to_pylist())
            bare += _bare(batch.column(evidence))
    return edges, ends, bare


def _bare(evidence: Any) -> int:
    """Count the lists that are empty or hold an empty text."""
    import pyarrow.compute as pc

    empty = pc.sum(pc.equal(pc.list_value_length(evidence), 0)).as_py() or 0
    blank = pc.equal(pc.utf8_length(pc.list_flatten(evidence)), 0)
    return int(empty) + len(pc.list_parent_indices(evidence).filter(blank).unique())


def _rejected(folder: Path) -> int:
    try:
        with (folder / "rejected.jsonl").open("rb") as lines:
            return sum(1 for _ in lines)
    except FileNotFoundError:
        return 0
