"""The statements that write: many rows each, one transaction each."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from kg.errors import KgError
from kg.store.neo4j.connection import Database, Row
from kg.store.neo4j.differences import Change, Key
from kg.store.neo4j.marks import FORMER, GRAPH, STAYS, Kind, Scope, mark, quoted

#: Most rows, and most bytes, that are written at a time.
ROWS: Final = 5000
BYTES: Final = 4_000_000

#: Kept is what is deleted but for the data of others on it.
Counts = Counter[str]


def apply(
    database: Database,
    scope: Scope,
    kind: Kind,
    changes: Iterator[Change],
    written: Callable[[Counts], None],
) -> Iterator[Change]:
    """Write changes in batches, yielding each; ``written`` is told how many of which."""
    waiting: dict[str, list[Change]] = defaultdict(list)
    sizes: Counter[str] = Counter()
    for change in changes:
        if change.act != "same":
            waiting[change.act].append(change)
            sizes[change.act] += change.size
            if len(waiting[change.act]) == ROWS or sizes[change.act] > BYTES:
                written(write(database, scope, kind, change.act, waiting.pop(change.act)))
                sizes[change.act] = 0
        yield change
    for act, batch in waiting.items():
        written(write(database, scope, kind, act, batch))


def write(database: Database, scope: Scope, kind: Kind, act: str, batch: list[Change]) -> Counts:
    """Write one batch of changes of one kind and act; give how many were done."""
    rows = [
        {**dict(zip(kind.keys, change.key, strict=True)), "p": change.properties}
        for change in batch
    ]
    if act in ("share", "release"):
        # What the others see is perhaps not theirs any more: their next loads shall look.
        database.write(
            f"MATCH (g:{GRAPH}) WHERE g.name IN $names SET g.digest = null",
            {"names": list(scope.others)},
        )
    done: Counts = Counter()
    for name, statement in _statements(scope, kind, act):
        parameters = {"rows": rows, **_ours(scope, kind)}
        done[name] += _count(database, f"UNWIND $rows AS row {statement}", parameters)
    if act in ("create", "return", "update", "share") and done.total() < len(rows):
        raise KgError(
            f"Somebody deletes nodes of {database.login.uri} while they are loaded",
            remedy="Run the same command again: it goes on from where it was.",
        )
    return +done  # without what is zero


def mend(database: Database, scope: Scope, kind: Kind, doubled: list[Key]) -> None:
    """Leave one of each relationship that a broken load left twice."""
    database.write(
        f"UNWIND $rows AS row {kind.one} WHERE {scope.own()} IS NOT NULL "
        "WITH row, collect(x) AS same UNWIND same[1..] AS x DELETE x",
        {"rows": [dict(zip(kind.keys, key, strict=True)) for key in doubled]},
    )


def complete(database: Database, scope: Scope, kind: Kind) -> int:
    """Write the empty lists that the importer leaves out; give how many."""
    count = 0
    for name in kind.lists:
        statement = (
            f"MATCH {kind.scan} WHERE {scope.own()} IS NOT NULL AND x.{name} IS NULL "
            f"WITH x LIMIT {10 * ROWS} SET x.{name} = []"
        )
        while done := _count(database, statement, {}):
            count += done
    return count


def _statements(scope: Scope, kind: Kind, act: str) -> list[tuple[str, str]]:
    """Give what an act is in Cypher, and as what each statement counts."""
    own = scope.own()
    if act == "create":
        return [("created", _create(scope, kind))]
    if act == "return":
        labels = ":".join(kind.labels)
        one = f"MATCH (x:{FORMER} {{id: row.id}})"
        return [("created", f"{one} SET x:{labels} SET x += row.p REMOVE x:{FORMER}")]
    if act == "update":
        return [("updated", f"{kind.one} WHERE {scope.marked()} SET x += row.p")]
    if act == "share":
        outdated = _outdated(scope, f"row.p.{quoted(scope.mark)}")
        return [("updated", f"{kind.one} WHERE {scope.marked()} SET {outdated} SET x += row.p")]
    if act == "release":
        one = f"{kind.one} WHERE {own} IS NOT NULL"
        return [("released", f"{one} SET {_outdated(scope, own)} REMOVE {own}")]
    bare = "all(name IN keys(x) WHERE name IN $names)"
    strip = f"{kind.one} WHERE {own} IS NOT NULL SET x += $nothing"
    if kind.is_node:
        bare += " AND all(label IN labels(x) WHERE label IN $labels) AND NOT EXISTS { (x)--() }"
        strip += f" SET x:{FORMER} REMOVE x:{':'.join(kind.labels)}"
    return [
        ("deleted", f"{kind.one} WHERE {own} IS NOT NULL AND {bare} DELETE x"),
        ("kept", strip),
    ]


def _outdated(scope: Scope, shown: str) -> str:
    """Give what takes the digest from other graphs that hold something else than is shown."""
    others = (f"x.{quoted(mark(name))}" for name in scope.others)
    return ", ".join(f"{o} = CASE WHEN {o} <> {shown} THEN 0 ELSE {o} END" for o in others)


def _create(scope: Scope, kind: Kind) -> str:
    if kind.is_node:
        return f"CREATE (x:{':'.join(kind.labels)}) SET x = row.p"
    a, b = (part.split(")")[0] for part in kind.scan.split("(")[1:])
    return (
        f"MATCH ({a} {{id: row.source}}) WHERE {scope.own('a')} IS NOT NULL "
        f"MATCH ({b} {{id: row.target}}) WHERE {scope.own('b')} IS NOT NULL "
        f"CREATE (a)-[x:{kind.label}]->(b) SET x = row.p"
    )


def _ours(scope: Scope, kind: Kind) -> dict[str, Any]:
    stays = STAYS if kind.is_node else ()
    nothing = {name: None for name in kind.properties if name not in stays}
    return {
        "names": [*kind.properties, scope.mark],
        "labels": list(kind.labels),
        "nothing": {**nothing, scope.mark: None},
    }


def _count(database: Database, statement: str, parameters: Mapping[str, Any]) -> int:
    rows: list[Row] = database.write(f"{statement} RETURN count(*) AS count", parameters)
    return int(rows[0]["count"])
