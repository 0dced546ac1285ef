"""Loading a graph into Neo4j, and keeping it in step with its files."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

from kg.store import files
from kg.store.neo4j import schema
from kg.store.neo4j.connection import Database, Login, connected
from kg.store.neo4j.differences import Change, Found, changes, found
from kg.store.neo4j.guards import refuse_foreign, refuse_other
from kg.store.neo4j.lock import locked
from kg.store.neo4j.marks import (
    FORMER,
    GRAPH,
    LAYOUT,
    LOCK,
    Kind,
    Scope,
    checked,
    default,
    edges,
    nodes,
)
from kg.store.neo4j.writes import Counts, apply, complete, mend

Say = Callable[[str], None]
Track = Callable[[Iterable[Any], int, str], Iterable[Any]]

#: What is to be done -> as what it counts.
_ACTS: Final = {
    "same": "same",
    "create": "created",
    "return": "created",
    "update": "updated",
    "share": "updated",
    "delete": "deleted",
    "release": "released",
}


def untracked(items: Iterable[Any], total: int, what: str) -> Iterable[Any]:
    """Show no progress."""
    return items


@dataclass(frozen=True, slots=True)
class Summary:
    """What a load did, or would do: how many nodes and edges were created, updated, deleted.

    Those ``kept`` are not the graph's any more but have others' data on them; those ``released``
    are another graph's too.
    """

    name: str
    nodes: Counts = field(default_factory=Counter)
    edges: Counts = field(default_factory=Counter)

    @property
    def changed(self) -> bool:
        """Whether there was any difference."""
        return bool(self.nodes.total() + self.edges.total())


def load(
    folder: Path,
    login: Login,
    *,
    name: str | None = None,
    dry_run: bool = False,
    replace: bool = False,
    track: Track = untracked,
    say: Say = lambda text: None,
) -> Summary:
    """Make what a database holds of the graph in ``folder`` equal to its files.

    The graph is known there by ``name``, that of its folder by default.  What others wrote is left
    alone.  A load that breaks is completed by the next one.  Raises ``KgError`` for whatever the
    user can repair; also where more than half of the papers that the database holds under this
    name would go, unless ``replace`` says so.
    """
    made = files.manifest(folder)
    name = checked(name or default(folder))
    with connected(login) as database:
        if _fresh(database, made, name):
            return Summary(name)
        schema.check(database)
        if dry_run:
            scope = _scope(database, name)
            return _compare(database, folder, made, scope, _there(database, scope))
        schema.prepare(database, say, (GRAPH, LOCK))
        with locked(database, say) as hold:
            schema.prepare(database, say)
            schema.index(database, say)
            scope = _scope(database, name)
            there = _there(database, scope)
            if not replace:
                refuse_other(database, folder, made, scope, there["Paper"])
            refuse_foreign(database, folder, made, scope, there)
            return _write(database, folder, made, scope, there, hold, track)


# --- What there is ------------------------------------------------------------------------------


def _fresh(database: Database, made: files.Manifest, name: str) -> bool:
    """Tell by one query whether the last load was of these files and nobody took of it since."""
    rows = database.read(
        f"MATCH (g:{GRAPH} {{name: $name}}) RETURN g.digest AS digest, "
        "COUNT { (:Paper) } AS papers, COUNT { (:Entity) } AS entities, COUNT { ()-->() } AS edges",
        {"name": name},
    )
    size = _size(made)
    return any(
        row["digest"] == _digest(made) and all(row[what] >= size[what] for what in size)
        for row in rows
    )


def _digest(made: files.Manifest) -> str:
    return f"{made.digest[:32]}-{LAYOUT}"


def _size(made: files.Manifest) -> dict[str, int]:
    papers = sum(table.rows for table in made.of("nodes") if table.name == "Paper")
    return {
        "papers": papers,
        "entities": sum(table.rows for table in made.of("nodes")) - papers,
        "edges": sum(table.rows for table in made.of("edges")),
    }


def _scope(database: Database, name: str) -> Scope:
    row = database.read(
        f"OPTIONAL MATCH (g:{GRAPH}) RETURN collect(g.name) AS names, "
        f"collect(CASE WHEN g.imported THEN g.name END) AS imported, "
        f"COUNT {{ (:{FORMER}) }} AS former, EXISTS {{ (:Paper) }} AS papers"
    )[0]
    others = tuple(sorted({*row["names"]} - {name}))
    return Scope(
        name,
        others,
        known=name in row["names"] or row["papers"],
        imported=name in row["imported"],
        former=row["former"],
    )


def _there(database: Database, scope: Scope) -> dict[str, Found]:
    return {kind.label: found(database, scope, kind) for kind in nodes()}


def _compare(
    database: Database,
    folder: Path,
    made: files.Manifest,
    scope: Scope,
    there: dict[str, Found],
) -> Summary:
    """Count what differs."""
    summary = Summary(scope.name)
    for section, kinds, counts in (
        ("nodes", nodes(), summary.nodes),
        ("edges", edges(), summary.edges),
    ):
        for kind in kinds:
            known = there[kind.label] if kind.is_node else found(database, scope, kind)
            table = _table(made, section, kind)
            counts.update(_ACTS[c.act] for c in changes(folder, table, scope, kind, known))
        del counts["same"]
    return summary


def _table(made: files.Manifest, section: str, kind: Kind) -> files.Table | None:
    return next((table for table in made.of(section) if table.name == kind.label), None)


# --- Writing ------------------------------------------------------------------------------------


def _write(
    database: Database,
    folder: Path,
    made: files.Manifest,
    scope: Scope,
    there: dict[str, Found],
    hold: Callable[[], None],
    track: Track,
) -> Summary:
    summary = Summary(scope.name)
    database.write(f"MERGE (g:{GRAPH} {{name: $name}}) SET g.digest = null", {"name": scope.name})
    total = sum(_size(made).values())
    for _ in track(_steps(database, folder, made, scope, there, hold, summary), total, "Loading"):
        pass
    _sign(database, made, scope)
    return summary


def _steps(
    database: Database,
    folder: Path,
    made: files.Manifest,
    scope: Scope,
    there: dict[str, Found],
    hold: Callable[[], None],
    summary: Summary,
) -> Iterator[Change]:
    """Write nodes, then edges, then take off nodes that are not in the graph any more."""
    gone: list[tuple[Kind, Change]] = []
    for section, kinds, counts in (
        ("nodes", nodes(), summary.nodes),
        ("edges", edges(), summary.edges),
    ):
        written = _counter(counts, hold)
        for kind in kinds:
            known = there[kind.label] if kind.is_node else found(database, scope, kind)
            if scope.imported and (done := complete(database, scope, kind)):
                counts["updated"] += done
            if known.doubled:
                mend(database, scope, kind, known.doubled)
            every = changes(folder, _table(made, section, kind), scope, kind, known)
            if kind.is_node:
                every = _postponed(every, kind, gone)
            yield from apply(database, scope, kind, every, written)
    for kind in nodes():
        mine = (change for of, change in gone if of == kind)
        yield from apply(database, scope, kind, mine, _counter(summary.nodes, hold))


def _counter(counts: Counts, hold: Callable[[], None]) -> Callable[[Counts], None]:
    def count(done: Counts) -> None:
        counts.update(done)
        hold()

    return count


def _postponed(
    changes: Iterator[Change], kind: Kind, gone: list[tuple[Kind, Change]]
) -> Iterator[Change]:
    for change in changes:
        if change.act in ("delete", "release"):
            gone.append((kind, change))
        else:
            yield change


def _sign(database: Database, made: files.Manifest, scope: Scope) -> None:
    """Say in the database what it now holds of the graph."""
    database.write(
        f"MATCH (g:{GRAPH} {{name: $name}}) SET g += $said, g.loaded = datetime()",
        {
            "name": scope.name,
            "said": {
                "imported": None,
                "digest": _digest(made),
                "extractor": made.extractor,
                **_size(made),
            },
        },
    )
