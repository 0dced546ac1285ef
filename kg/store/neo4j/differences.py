"""What a graph's files hold and the database does not, and the other way round."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from kg.store import files
from kg.store.neo4j.connection import Database
from kg.store.neo4j.marks import FORMER, Kind, Scope, content

Key = tuple[str, ...]
#: What is returned is a node of which others used what was left; what is shared is an update of
#: something that is another graph's too, what is released the end of it for this graph.
Act = Literal["same", "create", "return", "update", "share", "delete", "release"]


@dataclass(frozen=True, slots=True)
class Change:
    """What is to be done with one node or relationship.

    ``properties`` are those to write, None for those to take off; ``size`` is about their bytes.
    What is deleted or released has none.
    """

    act: Act
    key: Key
    properties: dict[str, Any]
    size: int = 50


@dataclass(slots=True)
class Found:
    """What the database holds of one kind: key -> this graph's digest, whether others share it.

    ``doubled`` are the keys that are there twice, which a broken load might leave.
    """

    digests: dict[Key, tuple[int | None, bool]]
    doubled: list[Key]
    former: frozenset[Key] = frozenset()


def found(database: Database, scope: Scope, kind: Kind) -> Found:
    """Read what the database holds of one kind, of this graph and of others."""
    made = Found({}, [])
    if kind.is_node and scope.former:
        former = database.read(f"MATCH (x:{FORMER}) RETURN x.id AS id")
        made.former = frozenset((row["id"],) for row in former)
    if not (scope.known or scope.others):
        return made
    what = "x.id AS id, collect([" if kind.is_node else "a.id AS id, collect([b.id, "
    cypher = (
        f"MATCH {kind.scan} WHERE {scope.marked()} "
        f"RETURN {what}{scope.own()}, {scope.shared()}]) AS found"
    )
    with database.session(reading=True) as session, session.begin_transaction() as tx:
        for first, each in tx.run(cypher):
            for *rest, known, shared in each:
                key = (first, *rest)
                if key in made.digests:
                    made.doubled.append(key)
                made.digests[key] = (0 if key in made.digests else known, shared)
    return made


def changes(
    folder: Path, table: files.Table | None, scope: Scope, kind: Kind, there: Found
) -> Iterator[Change]:
    """Yield what is to be done with each row of a table, and with what the table lacks.

    Takes from ``there`` what it has seen.
    """
    act: Act
    for row in _rows(folder, table, kind):
        key = tuple(row[name] for name in kind.keys)
        properties, sum_, size = content(row, kind)
        properties[scope.mark] = sum_
        known = there.digests.pop(key, None)
        if known is None:
            act = "return" if key in there.former else "create"
            yield Change(act, key, properties, size)
        elif known[0] == sum_:
            yield Change("same", key, properties, size)
        else:
            absent = dict.fromkeys(kind.properties)
            act = "share" if known[1] else "update"
            yield Change(act, key, {**absent, **properties}, size)
    for key, (known_, shared) in there.digests.items():
        if known_ is not None:
            yield Change("release" if shared else "delete", key, {})


def _rows(folder: Path, table: files.Table | None, kind: Kind) -> Iterator[dict[str, Any]]:
    if table is not None:
        for batch in files.read_table(folder, table):
            rows: list[dict[str, Any]] = batch.to_pylist()
            yield from rows
