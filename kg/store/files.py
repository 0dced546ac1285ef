"""The files of record: Parquet tables, and the manifest that names those of the present graph.

Tables are named by their content, so a table that is there is whole, and equal graphs have equal
names.  ``manifest.json`` is the commit point: it is replaced in one step, and what it does not
name does not count.  A run that is killed at any moment leaves the last good graph.
"""

import contextlib
import errno
import hashlib
import json
import os
import socket
import uuid
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Final

from kg.errors import KgError
from kg.records import EDGES, NODES, Edge, Node, Type

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.parquet as pq

#: Version of the layout of a graph's folder; another one must be built anew.
FORMAT: Final = 1
#: What a graph's folder holds, besides the manifest.
SECTIONS: Final = ("papers", "extractions", "nodes", "edges")
#: Rows that are converted at a time; part of the format, since it sets the row groups.
BATCH: Final = 4096

#: The file that says what a graph consists of.
MANIFEST: Final = "manifest.json"
#: Rows that are made Python's at a time.
_FEW = 256
_LOCK = ".lock"
_OWNER = ".lock-owner"
#: What the user can repair about a disk: full, over quota, read-only, not permitted, too large,
#: a file where a folder should be.
_DISK = ("ENOSPC", "EDQUOT", "EROFS", "EACCES", "EPERM", "EFBIG", "EEXIST", "ENOTDIR")


@dataclass(frozen=True, slots=True)
class Table:
    """One Parquet file: its section, its name without the digest, its path in the folder."""

    section: str
    name: str
    path: str
    rows: int


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a graph consists of, and how it came about."""

    tables: tuple[Table, ...] = ()
    extractor: str = ""
    parameters: Mapping[str, Any] = field(default_factory=dict)
    counts: Mapping[str, Any] = field(default_factory=dict)
    format: int = FORMAT

    def of(self, section: str) -> tuple[Table, ...]:
        """Give the tables of one section."""
        return tuple(table for table in self.tables if table.section == section)

    @property
    def digest(self) -> str:
        """The SHA-256 of the nodes and edges, by which a store knows whether it is fresh."""
        names = sorted(table.path for table in (*self.of("nodes"), *self.of("edges")))
        return hashlib.sha256("\n".join(names).encode()).hexdigest()


# --- The manifest -----------------------------------------------------------------------------


def manifest(folder: Path) -> Manifest:
    """Read what the graph in ``folder`` consists of; raise ``KgError`` if there is none."""
    path = folder / MANIFEST
    build = "Build it with: kg build INPUT... --out GRAPH"
    try:
        data = json.loads(path.read_bytes())
        if data["format"] != FORMAT:
            raise KgError(
                f"{path}: the graph has format {data['format']}, this version reads {FORMAT}",
                remedy="Build it again with this version, into a new folder.",
            )
        data["tables"] = tuple(Table(**table) for table in data["tables"])
        return Manifest(**data)
    except (FileNotFoundError, NotADirectoryError) as error:
        what = "no graph there" if folder.is_dir() else "no such folder"
        raise KgError(f"{folder}: {what}", remedy=build) from error
    except OSError as error:
        raise KgError(f"{path}: {error.strerror}", remedy="Make the graph readable.") from error
    except (ValueError, LookupError, TypeError) as error:
        raise KgError(f"{path}: not a manifest: {error}", remedy=build) from error


def commit(folder: Path, made: Manifest) -> None:
    """Make ``made`` the graph in ``folder``, and remove the tables of the former one."""
    text = json.dumps(asdict(made), ensure_ascii=False, indent=1)
    write(folder / MANIFEST, f"{text}\n".encode())
    named = {table.path for table in made.tables}
    for path in folder.glob(".part-*"):  # what a killed run left
        path.unlink(missing_ok=True)
    for section in SECTIONS:
        for path in sorted((folder / section).glob("*")):
            if f"{section}/{path.name}" not in named:
                # Another process may still read it, which Windows forbids to remove: next time.
                with contextlib.suppress(OSError):
                    path.unlink()


def write(path: Path, content: bytes) -> None:
    """Replace the file ``path`` in one step, safe against a crash of the machine too."""
    with _disk(path.parent):
        path.parent.mkdir(parents=True, exist_ok=True)
        with _temporary(path.parent) as (part, stream):
            stream.write(content)
            _replace(stream, part, path)


@contextlib.contextmanager
def lock(folder: Path) -> Iterator[None]:
    """Hold the graph in ``folder`` alone; raise ``KgError`` if another process builds it."""
    from filelock import FileLock, Timeout

    with _disk(folder):
        folder.mkdir(parents=True, exist_ok=True)
        held = FileLock(folder / _LOCK)
        try:
            held.acquire(timeout=0)
        except Timeout as error:
            with contextlib.suppress(OSError):
                owner = (folder / _OWNER).read_text(encoding="utf-8")
                raise KgError(
                    f"{folder}: is being built by {owner}",
                    remedy="Wait until it is done, or give another --out.",
                ) from error
            raise KgError(f"{folder}: is being built", remedy="Wait until it is done.") from error
    try:
        with _disk(folder):
            owner = f"process {os.getpid()} on {socket.gethostname()}"
            (folder / _OWNER).write_text(owner, encoding="utf-8")
        yield
    finally:
        (folder / _OWNER).unlink(missing_ok=True)
        held.release()


# --- Tables -----------------------------------------------------------------------------------


def write_table(
    folder: Path, section: str, name: str, schema: "pa.Schema", batches: Iterable["pa.RecordBatch"]
) -> Table:
    """Write one table, named by its content; the batches are written as they come.

    Equal batches give equal bytes.  The table counts once a manifest names it.  Raises
    ``KgError`` if the disk is full or may not be written.
    """
    with _disk(folder), _part(folder, section, schema) as (part, stream, writer):
        for batch in batches:
            writer.write_batch(batch)
        writer.close()
        return _publish(folder, section, name, part, stream)


def read_table(
    folder: Path, table: Table, *, columns: list[str] | None = None, rows: int = BATCH
) -> Iterator["pa.RecordBatch"]:
    """Yield a table in batches of so many rows; raise ``KgError`` if it is missing or damaged."""
    with _reading(folder, table) as file:
        # What is read a few rows at a time is read so for the memory, which threads would cost.
        yield from file.iter_batches(rows, columns=columns, use_threads=rows >= BATCH)


def select(folder: Path, table: Table, column: str, value: str) -> Iterator[dict[str, Any]]:
    """Yield the rows that have a value in a column, without reading the others whole."""
    import pyarrow.compute as pc

    with _reading(folder, table) as file:
        for group in range(file.num_row_groups):
            mask = pc.equal(file.read_row_group(group, columns=[column]).column(0), value)
            if pc.any(mask).as_py():
                yield from file.read_row_group(group).filter(mask).to_pylist()


@contextlib.contextmanager
def _reading(folder: Path, table: Table) -> Iterator["pq.ParquetFile"]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    remedy = "Build the graph again: kg build INPUT... --out GRAPH"
    try:
        with (folder / table.path).open("rb") as stream, pq.ParquetFile(stream) as file:
            yield file
    except FileNotFoundError as error:
        raise KgError(f"{folder / table.path}: is missing", remedy=remedy) from error
    except (OSError, pa.ArrowInvalid) as error:
        raise KgError(f"{folder / table.path}: {error}", remedy=remedy) from error


def write_nodes(folder: Path, nodes: Iterable[Node]) -> tuple[Table, ...]:
    """Write nodes, one table a label.

    The nodes of each label must come sorted by id; labels may alternate.  Raises ``ValueError``
    for nodes out of order or met twice.
    """
    return _write_records(folder, "nodes", NODES, ("id",), nodes)


def write_edges(folder: Path, edges: Iterable[Edge]) -> tuple[Table, ...]:
    """Write edges, one table a label.

    The edges of each label must come sorted by source and target; labels may alternate.  Raises
    ``ValueError`` for edges out of order or met twice.
    """
    return _write_records(folder, "edges", EDGES, ("source", "target"), edges)


def nodes(folder: Path, labels: Iterable[str] | None = None) -> Iterator[Node]:
    """Yield the nodes of the graph, label by label, sorted by id; ``labels`` limits them."""
    for label, row in _rows(folder, "nodes", labels):
        yield Node(row.pop("id"), label, row)


def edges(folder: Path, labels: Iterable[str] | None = None) -> Iterator[Edge]:
    """Yield the edges of the graph, label by label, sorted by their ends."""
    for label, row in _rows(folder, "edges", labels):
        yield Edge(row.pop("source"), label, row.pop("target"), row)


def schema(keys: Iterable[str], properties: Mapping[str, Type]) -> "pa.Schema":
    """Give the columns of records: the keys, then the properties; lists are never null."""
    import pyarrow as pa

    types = {
        "string": pa.string(),
        "int": pa.int64(),
        "float": pa.float64(),
        "strings": pa.list_(pa.field("item", pa.string(), nullable=False)),
        "ints": pa.list_(pa.field("item", pa.int64(), nullable=False)),
    }
    return pa.schema(
        [pa.field(key, pa.string(), nullable=False) for key in keys]
        + [
            pa.field(name, types[type_], nullable=not type_.endswith("s"))
            for name, type_ in properties.items()
        ]
    )


def _write_records(
    folder: Path,
    section: str,
    kinds: Mapping[str, Mapping[str, Type]],
    keys: tuple[str, ...],
    records: Iterable[Any],
) -> tuple[Table, ...]:
    schemas = {label: schema(keys, kinds[label]) for label in kinds}
    with _disk(folder), contextlib.ExitStack() as stack:
        parts: dict[str, tuple[Path, BinaryIO, pq.ParquetWriter]] = {}
        for label, batch in _batches(keys, schemas, records):
            if label not in parts:
                parts[label] = stack.enter_context(_part(folder, section, schemas[label]))
            parts[label][2].write_batch(batch)
        tables = []
        for label, (part, stream, writer) in sorted(parts.items()):
            writer.close()
            tables.append(_publish(folder, section, label, part, stream))
        return tuple(tables)


def _batches(
    keys: tuple[str, ...], schemas: Mapping[str, "pa.Schema"], records: Iterable[Any]
) -> Iterator[tuple[str, "pa.RecordBatch"]]:
    waiting: dict[str, list[Any]] = defaultdict(list)
    last: dict[str, tuple[str, ...]] = {}
    for record in records:
        label = record.label
        key = tuple(getattr(record, name) for name in keys)
        if label in last and key <= last[label]:
            fault = "comes twice" if key == last[label] else f"comes after {last[label]}"
            raise ValueError(f"{label} {key} {fault}")
        last[label] = key
        waiting[label].append(record)
        if len(waiting[label]) == BATCH:
            yield label, _batch(keys, schemas[label], waiting.pop(label))
    for label in sorted(waiting):
        yield label, _batch(keys, schemas[label], waiting[label])


def _batch(keys: tuple[str, ...], schema: "pa.Schema", records: list[Any]) -> "pa.RecordBatch":
    import pyarrow as pa

    names = frozenset(schema.names[len(keys) :])
    for record in records:
        if unknown := record.properties.keys() - names:
            raise ValueError(f"{record} has unknown properties: {sorted(unknown)}")
    columns = {key: [getattr(record, key) for record in records] for key in keys}
    for column in list(schema)[len(keys) :]:
        absent = None if column.nullable else ()
        columns[column.name] = [record.properties.get(column.name, absent) for record in records]
    return pa.RecordBatch.from_pydict(columns, schema=schema)


def _rows(
    folder: Path, section: str, labels: Iterable[str] | None
) -> Iterator[tuple[str, dict[str, Any]]]:
    wanted = None if labels is None else set(labels)
    for table in manifest(folder).of(section):
        if wanted is not None and table.name not in wanted:
            continue
        for batch in read_table(folder, table, rows=_FEW):
            for row in batch.to_pylist():
                yield (
                    table.name,
                    {k: tuple(v) if isinstance(v, list) else v for k, v in row.items()},
                )


# --- One file being written -------------------------------------------------------------------


@contextlib.contextmanager
def _part(
    folder: Path, section: str, schema: "pa.Schema"
) -> Iterator[tuple[Path, BinaryIO, "pq.ParquetWriter"]]:
    """Give a table on its way: a temporary file that goes if it is not published."""
    import pyarrow.parquet as pq

    (folder / section).mkdir(parents=True, exist_ok=True)
    with _temporary(folder / section) as (part, stream):
        writer = pq.ParquetWriter(stream, schema, compression="zstd", compression_level=3)
        try:
            yield part, stream, writer
        finally:
            # A full disk may be the reason why we end, so that closing fails as well.
            with contextlib.suppress(OSError):
                writer.close()


def _publish(folder: Path, section: str, name: str, part: Path, stream: BinaryIO) -> Table:
    import pyarrow.parquet as pq

    stream.flush()
    with part.open("rb") as written:
        digest = hashlib.file_digest(written, "sha256").hexdigest()[:12]
    rows = pq.read_metadata(part).num_rows
    path = f"{section}/{name}-{digest}.parquet"
    _replace(stream, part, folder / path)
    return Table(section, name, path, rows)


@contextlib.contextmanager
def _temporary(folder: Path) -> Iterator[tuple[Path, BinaryIO]]:
    part = folder / f".part-{uuid.uuid4().hex}"
    try:
        with part.open("xb") as stream:
            yield part, stream
    finally:
        part.unlink(missing_ok=True)


def _replace(stream: BinaryIO, part: Path, path: Path) -> None:
    """Give a written file its name, durably: content, then name."""
    stream.flush()
    os.fsync(stream.fileno())
    stream.close()
    part.replace(path)
    if os.name == "posix":  # Only there can a folder be opened.
        descriptor = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


@contextlib.contextmanager
def _disk(folder: Path) -> Iterator[None]:
    """Say what is wrong with the disk in words of the user."""
    try:
        yield
    except OSError as error:
        if errno.errorcode.get(error.errno or 0) not in _DISK:
            raise
        raise KgError(
            f"{folder}: {error.strerror or error}",
            remedy="Make room there or give another folder; the last good graph is unharmed.",
        ) from error
