"""Parquet, as data sets of papers are published; columns are found by name (``kg.read.columns``).

A column within a column is named with a dot (``paper.title``).
"""

import io
import json
from collections.abc import Iterator, Mapping
from typing import Any, BinaryIO, Final

from kg.errors import KgError
from kg.read import columns as named
from kg.read import dialects, fields
from kg.read.columns import Columns
from kg.read.source import Source
from kg.records import Paper, Rejected

_BATCH: Final = 1000
#: OpenAlex keeps its abstracts as positions of words, which its dialect knows to read.
_INVERTED: Final = "abstract_inverted_index"


def papers(
    source: Source, *, columns: Mapping[str, str] | None = None
) -> Iterator[Paper | Rejected]:
    """Yield the papers of a Parquet file; ``columns`` is a field -> the name of its column.

    Raises ``KgError`` when no column holds titles, with the names of those there are.
    """
    named.check(columns)
    with source.open() as stream:
        file, paths = _file(source.name, stream)
        known = named.columns(paths, columns)
        if not known:
            raise named.missing(source.name, paths, columns)
        inverted = _INVERTED in paths and not columns and "abstract" not in known.places
        for place, record in _records(source.name, file, None if inverted else _wanted(known)):
            if isinstance(record, str):
                yield fields.rejected(*place, record)
            elif inverted:
                yield _of_openalex(place, record)
            else:
                yield named.paper(place, known, [_value(record, path) for path in paths])


def _file(name: str, stream: BinaryIO) -> tuple[Any, list[str]]:
    """Give the file and the paths of its columns."""
    from pyarrow import ArrowException
    from pyarrow.parquet import ParquetFile

    # Its end is read first: what is compressed cannot be read from its end.
    plain = isinstance(getattr(stream, "raw", None), io.FileIO)
    try:
        file = ParquetFile(stream if plain else io.BytesIO(stream.read()))
        return file, [".".join(path) for path in _paths(file.schema_arrow)]
    except (ArrowException, OSError, ValueError) as error:
        raise KgError(
            f"{name}: not a whole Parquet file: {error}", remedy="Copy or download it anew."
        ) from error


def _paths(fields_: Any, within: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Yield the names of the columns, each with those it lies within."""
    from pyarrow import types

    for field in fields_:
        path = (*within, field.name)
        if types.is_struct(field.type):
            yield from _paths(field.type, path)
        else:
            yield path


def _wanted(known: Columns) -> list[str]:
    return sorted({known.names[place] for places in known.places.values() for place in places})


def _records(
    name: str, file: Any, wanted: list[str] | None
) -> Iterator[tuple[tuple[str, int, None], dict[str, Any] | str]]:
    """Yield the records, and for a group of rows that is damaged why it cannot be read."""
    from pyarrow import ArrowException

    before = 0
    for group in range(file.num_row_groups):
        entry = before
        try:
            for batch in file.iter_batches(_BATCH, row_groups=[group], columns=wanted):
                for record in batch.to_pylist():
                    entry += 1
                    yield (name, entry, None), record
        except (ArrowException, OSError, ValueError) as error:
            rows = file.metadata.row_group(group).num_rows - (entry - before)
            yield (name, entry + 1, None), f"{rows:,} rows from here cannot be read: {error}"
        before += file.metadata.row_group(group).num_rows


def _value(record: Any, path: str) -> Any:
    """Give what lies at a path; the name of a column may itself hold dots."""
    if path in record:
        return record[path]
    for part in path.split("."):
        record = record.get(part) if isinstance(record, Mapping) else None
    return record


def _of_openalex(place: tuple[str, int, None], record: dict[str, Any]) -> Paper | Rejected:
    try:
        if isinstance(written := record.get(_INVERTED), str):
            record = record | {_INVERTED: json.loads(written)}
        return dialects.paper(f"{place[0]}#{place[1]}", record)
    except ValueError as error:
        return fields.rejected(*place, error, record)
