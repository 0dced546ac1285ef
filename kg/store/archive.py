"""What was read and what was found, as rows of Parquet tables.

Findings are kept by the digest of the text they were found in, whichever paper it belongs to: a
text that one extractor has read is never read again.
"""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

from extractors.findings import Extraction, Finding, Mention, Relation
from kg.errors import KgError
from kg.records import NODES, Paper
from kg.store import files

if TYPE_CHECKING:
    import pyarrow as pa

T = TypeVar("T")
#: Digest of a text -> what was found in it.
Found = dict[str, Extraction]

_PAPER: Final = {
    name: type_ for name, type_ in NODES["Paper"].items() if name not in ("id", "year")
}


def digest(text: str) -> str:
    """Give the key of a text: the first 32 hex digits of its SHA-256."""
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def write_papers(folder: Path, papers: Iterable[Paper]) -> files.Table:
    """Write papers, sorted by id, as one table."""
    import pyarrow as pa

    schema = files.schema(("id",), _PAPER)
    rows = ([getattr(paper, name) for name in schema.names] for paper in papers)
    batches = (
        pa.RecordBatch.from_arrays(
            [
                pa.array(column, type=field.type)
                for column, field in zip(zip(*part, strict=True), schema, strict=True)
            ],
            schema=schema,
        )
        for part in _parts(rows)
    )
    return files.write_table(folder, "papers", "papers", schema, batches)


def papers(folder: Path, made: files.Manifest) -> Iterator[Paper]:
    """Yield the papers of a graph."""
    lists = {field.name for field in fields(Paper) if _PAPER.get(field.name) == "strings"}
    for table in made.of("papers"):
        for batch in files.read_table(folder, table):
            for row in batch.to_pylist():
                known: dict[str, Any] = {k: tuple(v) if k in lists else v for k, v in row.items()}
                yield Paper(**known)


def write_extractions(
    folder: Path, found: Iterable[tuple[str, Extraction]], name: str
) -> files.Table:
    """Write what was found, by the digest of its text, as one table."""
    import pyarrow as pa

    schema = _schema()
    batches = (
        pa.RecordBatch.from_pylist(
            [{"text": text, **asdict(found)} for text, found in part], schema
        )
        for part in _parts(found)
    )
    return files.write_table(folder, "extractions", name, schema, batches)


def extractions(folder: Path, by: str, texts: frozenset[str]) -> Found:
    """Give what an extractor is known to have found in texts, by their digests.

    Tables that no manifest names count too: a run that was killed left them.  One that cannot be
    read is as good as absent, since its texts are then read again.
    """
    found: Found = {}
    for path in sorted((folder / "extractions").glob("*.parquet")):
        table = files.Table("extractions", path.stem, f"extractions/{path.name}", 0)
        try:
            for batch in files.read_table(folder, table):
                for row in batch.to_pylist():
                    if row["by"] == by and row["text"] in texts:
                        found[row.pop("text")] = _extraction(row)
        except KgError:
            continue
    return found


def _schema() -> "pa.Schema":
    import pyarrow as pa

    def record(**types: "pa.DataType") -> "pa.DataType":
        return pa.struct([pa.field(name, type_) for name, type_ in types.items()])

    text, number, score = pa.string(), pa.int64(), pa.float64()
    mention = record(start=number, end=number, form=text, score=score)
    finding = record(
        name=text,
        label=text,
        kind=text,
        role=text,
        score=score,
        role_score=score,
        mentions=pa.list_(mention),
    )
    relation = record(head=number, label=text, tail=number, score=score, start=number, end=number)
    return pa.schema(
        {
            "text": text,
            "findings": pa.list_(finding),
            "relations": pa.list_(relation),
            "sentences": pa.list_(pa.list_(number)),
            "by": text,
        }
    )


def _extraction(row: dict[str, Any]) -> Extraction:
    return Extraction(
        findings=tuple(
            Finding(**{**item, "mentions": tuple(Mention(**m) for m in item["mentions"])})
            for item in row["findings"]
        ),
        relations=tuple(Relation(**item) for item in row["relations"]),
        sentences=tuple((start, end) for start, end in row["sentences"]),
        by=row["by"],
    )


def _parts(items: Iterable[T]) -> Iterator[Sequence[T]]:
    """Cut a stream into batches of a table."""
    part: list[T] = []
    for item in items:
        part.append(item)
        if len(part) == files.BATCH:
            yield part
            part = []
    if part:
        yield part
