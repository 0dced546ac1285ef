"""A graph as the CSV files that ``neo4j-admin database import`` takes.

The importer fills an empty database that does not run, which is the fastest way in.  What it wrote
is marked as ``kg load`` marks it, so the next load makes the constraints and indexes and then keeps
the graph in step.
"""

import shlex
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from kg.errors import KgError
from kg.records import EDGES, NODES, Type
from kg.store import files
from kg.store.neo4j.marks import GRAPH, Kind, checked, content, default, edges, mark, nodes

Say = Callable[[str], None]

#: Parts the items of lists: the only separator that no cleaned text has.
_SEPARATOR: Final = "\x1f"
#: Type of a property -> how the importer calls it.
_TYPES: Final[dict[Type, str]] = {
    "string": "string",
    "int": "long",
    "float": "double",
    "strings": "string[]",
    "ints": "long[]",
}
_OPTIONS: Final = ("--array-delimiter=U+001F", "--multiline-fields=true", "--overwrite-destination")
#: The file with the command.
COMMAND: Final = "import.sh"


def export(
    graph: Path, out: Path, *, name: str | None = None, say: Say = lambda text: None
) -> list[Path]:
    """Write the CSV files of a graph into the folder ``out``, and the command that imports them.

    Gives the files.  Raises ``KgError`` if there is no graph, or no room.
    """
    made = files.manifest(graph)
    name = checked(name or default(graph))
    written, options = [], []
    try:
        out.mkdir(parents=True, exist_ok=True)
        for kind, table in _tables(made):
            lines = _lines(graph, table, kind, name)
            written.append(_write(out / f"{table.section}-{kind.label}.csv", lines))
            what = (
                f"nodes={':'.join(kind.labels)}" if kind.is_node else f"relationships={kind.label}"
            )
            options.append(f"--{what}={written[-1].name}")
        written.append(
            _write(out / f"nodes-{GRAPH}.csv", [["name:string", "imported:boolean"], [name, True]])
        )
        options.append(f"--nodes={GRAPH}={written[-1].name}")
        (out / COMMAND).write_text(_command(options), encoding="utf-8", newline="\n")
    except OSError as error:
        raise KgError(
            f"{out}: {error.strerror or error}", remedy="Make room there, or give another folder."
        ) from error
    say(f"{out}: {len(written)} files of CSV. While Neo4j is down: sh {out / COMMAND}")
    return [*written, out / COMMAND]


def _tables(made: files.Manifest) -> Iterator[tuple[Kind, files.Table]]:
    for section, kinds in (("nodes", nodes()), ("edges", edges())):
        tables = {table.name: table for table in made.of(section)}
        yield from ((kind, tables[kind.label]) for kind in kinds if kind.label in tables)


def _lines(graph: Path, table: files.Table, kind: Kind, name: str) -> Iterator[Sequence[Any]]:
    types: Mapping[str, Type] = (NODES if kind.is_node else EDGES)[kind.label]
    columns = [column for column in kind.properties if column != "id"]
    keys = ["id:ID"] if kind.is_node else [":START_ID", ":END_ID"]
    yield [
        *keys,
        *(f"{column}:{_TYPES[types[column]]}" for column in columns),
        f"{mark(name)}:long",
    ]
    for batch in files.read_table(graph, table):
        for row in batch.to_pylist():
            known, sum_, _ = content(row, kind)
            yield [*(row[key] for key in kind.keys), *(known.get(c) for c in columns), sum_]


def _write(path: Path, lines: Iterable[Sequence[Any]]) -> Path:
    part = path.with_name(f".part-{path.name}")
    try:
        with part.open("w", encoding="utf-8", newline="\n") as stream:
            stream.writelines(",".join(map(_cell, line)) + "\n" for line in lines)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    return path


def _cell(value: Any) -> str:
    """Give a field: nothing is null, and what is quoted is a text, be it empty.

    For the importer empty lists are null too; the next load puts them right.
    """
    if value is None:
        return ""
    if isinstance(value, list):
        items = [str(item) for item in value]
        if any(_SEPARATOR in item for item in items):
            raise KgError(
                f"An item of a list has the character U+001F: {items}",
                remedy="Build the graph again: texts that are read now have none.",
            )
        value = _SEPARATOR.join(items)
    if isinstance(value, str):
        return '"' + value.replace('"', '""') + '"'
    return repr(value).lower()


def _command(options: Sequence[str]) -> str:
    lines = " \\\n  ".join(shlex.quote(option) for option in (*_OPTIONS, *options))
    return (
        "#!/bin/sh\n"
        "# Imports the graph into an empty database of Neo4j that does not run; what was in it is "
        "lost.\n"
        "# Then start Neo4j, and make constraints and indexes by: kg load GRAPH bolt://...\n"
        f'cd "$(dirname "$0")" && "${{NEO4J_ADMIN:-neo4j-admin}}" database import full '
        f'"${{1:-neo4j}}" \\\n  {lines}\n'
    )
