"""What keeps a load from writing: nodes of somebody else, or another graph under its name."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from kg.errors import KgError
from kg.store import files
from kg.store.neo4j.connection import Database, Login
from kg.store.neo4j.differences import Found
from kg.store.neo4j.marks import Scope, nodes

#: How many ids of others' nodes are named.
_SHOWN: Final = 5


def refuse_foreign(
    database: Database,
    folder: Path,
    made: files.Manifest,
    scope: Scope,
    there: dict[str, Found],
) -> None:
    """Raise if nodes that somebody else wrote have ids that are to be written."""
    labels = sorted({label for kind in nodes() for label in kind.labels})
    counts = ", ".join(f"COUNT {{ (:{label}) }} AS {label}" for label in labels)
    held = database.read(f"RETURN {counts}")[0]
    marked = Counter({label: len(known.digests) for label, known in there.items()})
    marked["Entity"] = marked.total() - marked["Paper"]
    for kind in nodes():
        foreign = [label for label in kind.labels if held[label] > marked[label]]
        new = [
            id_
            for id_ in _ids(folder, _table(made, kind.label) if foreign else None)
            if (id_,) not in there[kind.label].digests
        ]
        for label in foreign:
            rows = database.read(
                f"UNWIND $ids AS id MATCH (x:{label} {{id: id}}) WHERE NOT {scope.marked()} "
                "RETURN DISTINCT id ORDER BY id",
                {"ids": new},
            )
            if rows:
                raise _foreign(database.login, label, [row["id"] for row in rows])


def _table(made: files.Manifest, label: str) -> files.Table | None:
    return next((table for table in made.of("nodes") if table.name == label), None)


def _ids(folder: Path, table: files.Table | None) -> Iterator[str]:
    if table is not None:
        for batch in files.read_table(folder, table, columns=["id"]):
            yield from batch.column(0).to_pylist()


def _foreign(login: Login, label: str, ids: list[str]) -> KgError:
    more = f" and {len(ids) - _SHOWN:,} more" if len(ids) > _SHOWN else ""
    return KgError(
        f"{login.uri} has nodes labelled {label} that somebody else wrote, with ids that this "
        f"graph has too: {', '.join(ids[:_SHOWN])}{more}. Nothing was written.",
        remedy="Load into another database (--database, or another server), or give those nodes "
        "another label.",
    )


def refuse_other(
    database: Database, folder: Path, made: files.Manifest, scope: Scope, papers: Found
) -> None:
    """Raise if more than half of the papers would go: that is hardly the same graph."""
    held = {key[0] for key, (known, _) in papers.digests.items() if known is not None}
    gone = len(held.difference(_ids(folder, _table(made, "Paper")))) if held else 0
    if 2 * gone > len(held):
        raise KgError(
            f"{database.login.uri} holds a graph named {scope.name} of {len(held):,} papers, of "
            f"which this one lacks {gone:,}: is it another one? Nothing was written.",
            remedy="Give this one a --name of its own, or say --replace to have it in the place "
            "of that one.",
        )
