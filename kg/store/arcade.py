"""The embedded store: ArcadeDB in process, a projection of ``nodes/`` and ``edges/``.

The one place that imports the package ``arcadedb_embedded`` (it will be renamed).  A store lies in
``store/`` under a name that follows from the graph's digest and the engine's version.  It is only
ever opened for reading, so any number of processes may ask at once.
"""

import contextlib
import json
import threading
from collections.abc import Callable, Iterator, Mapping
from datetime import date, datetime, time
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Final

from kg.errors import KgError
from kg.records import EDGES, NODES
from kg.store import files, java, projection
from kg.store.projection import Say

Row = dict[str, Any]
#: Version of what is made of the files: labels, properties and indexes.
LAYOUT: Final = 2
#: The name of the database, for Bolt.
DATABASE: Final = projection.CONTENT

#: What the engine writes anew whenever it closes, and can do without.
_REWRITTEN = {"statistics.json", "last-tx-id.bin"}
_OPTIONS = (
    "-Djava.awt.headless=true",
    "-Dfile.encoding=UTF8",
    "-Dpolyglot.engine.WarnInterpreterOnly=false",
    # The default logger writes to the working folder; this one obeys Java's settings.
    "-Darcadedb.log.impl=slf4j",
    # A query reads the graph, not the disk or the network.
    "-Darcadedb.opencypher.loadCsv.allowFileUrls=false",
    "-Darcadedb.opencypher.loadCsv.allowRemoteUrls=false",
)

#: Name and aliases of an entity, which the full text covers; an index of lists has none of those
#: that are empty, so the name must be in the list.  Answers leave it out.
_NAMES: Final = "_names"

_LABELS = [label for label in NODES if label != "Paper"]
#: What is declared before the load, and the indexes after it: a bulk load is faster without.
_TYPES = (
    "CREATE VERTEX TYPE Paper",
    "CREATE VERTEX TYPE Entity",
    *(f"CREATE VERTEX TYPE {label} EXTENDS Entity" for label in _LABELS),
    *(f"CREATE EDGE TYPE {label}" for label in EDGES),
    *(f"CREATE PROPERTY Paper.{name} STRING" for name in ("id", "title", "abstract")),
    *(f"CREATE PROPERTY Entity.{name} STRING" for name in ("id", "name")),
    "CREATE PROPERTY Entity.aliases LIST OF STRING",
    f"CREATE PROPERTY Entity.{_NAMES} LIST OF STRING",
)
_INDEXES = (
    "CREATE INDEX ON Paper (id) UNIQUE",
    "CREATE INDEX ON Paper (title) NOTUNIQUE",
    "CREATE INDEX ON Entity (id) UNIQUE",
    "CREATE INDEX ON Entity (name) NOTUNIQUE",
    "CREATE INDEX paper_text ON Paper (title, abstract) FULL_TEXT",
    f"CREATE INDEX entity_text ON Entity ({_NAMES} BY ITEM) FULL_TEXT",
)


# --- Building -----------------------------------------------------------------------------------


def load(folder: Path, *, say: Say = lambda text: None) -> Path:
    """Build the store of the graph in ``folder`` unless it is there and fresh; give its place.

    ``say`` is told why and how much.  Raises ``KgError`` if there is no graph or no room.
    """
    made = files.manifest(folder)
    place = folder / "store" / f"{made.digest[:16]}-{_engine()}-{LAYOUT}"
    if not projection.whole(place):
        nodes, edges = (sum(table.rows for table in made.of(part)) for part in ("nodes", "edges"))
        projection.load(
            place,
            lambda content: _fill(folder, made, content),
            what=f"{nodes:,} nodes, {edges:,} edges",
            say=say,
            rewritten=_REWRITTEN,
        )
        java.prepare(*_installed(), f"from kg.store.arcade import warm; warm({str(place)!r})")
    return place


def _engine() -> str:
    try:
        return version("arcadedb-embedded")
    except PackageNotFoundError as error:
        raise KgError(
            "arcadedb-embedded is not installed",
            remedy="Install it: pip install arcadedb-embedded (Linux with glibc 2.34 or newer, "
            "macOS on ARM, Windows on x64). What lies in nodes/ and edges/ is Parquet.",
        ) from error


def _fill(folder: Path, made: files.Manifest, path: Path) -> None:
    engine = machine()
    database = None
    try:
        database = engine.create_database(str(path))
        for statement in _TYPES:
            database.command("sql", statement)
        # The default batch runs out of a heap of 1 GB.
        with database.graph_batch(batch_size=50_000, max_deferred_incoming_edges=100_000) as batch:
            rids: dict[str, str] = {}
            for table in made.of("nodes"):
                for rows in _chunks(folder, table):
                    rids.update(_add_nodes(batch, table.name, rows))
            for table in made.of("edges"):
                for rows in _chunks(folder, table):
                    _add_edges(batch, table.name, rows, rids)
        for statement in _INDEXES:
            database.command("sql", statement)
    except engine.ArcadeDBError as error:
        raise KgError(
            f"{folder}: the store could not be built: {error}",
            remedy="Check the room on the disk, or give more memory: KG_HEAP=4g.",
        ) from error
    finally:
        if database is not None:
            database.close()


def _chunks(folder: Path, table: files.Table) -> Iterator[list[Row]]:
    for batch in files.read_table(folder, table):
        yield [
            {name: value for name, value in row.items() if value is not None}
            for row in batch.to_pylist()
        ]


# The package's own bulk calls take scalars only and send lists one by one, twenty times slower;
# the classes below them read any JSON.


def _add_nodes(batch: Any, label: str, rows: list[Row]) -> Iterator[tuple[str, str]]:
    import jpype

    add = jpype.JClass("com.arcadedb.python.VertexBatcher").createVerticesJson
    if label != "Paper":
        rows = [{**row, _NAMES: [row["name"], *row["aliases"]]} for row in rows]
    rids = str(add(batch._java_graph_batch, label, json.dumps(rows))).split(";")
    return zip((row["id"] for row in rows), rids, strict=True)


def _add_edges(batch: Any, label: str, rows: list[Row], rids: Mapping[str, str]) -> None:
    import jpype

    add = jpype.JClass("com.arcadedb.python.EdgeBatcher").newEdgesJson
    for row in rows:
        row["_src"], row["_dst"] = rids[row.pop("source")], rids[row.pop("target")]
    add(batch._java_graph_batch, label, json.dumps(rows))


# --- Asking in process --------------------------------------------------------------------------


def ask(
    folder: Path,
    cypher: str,
    parameters: Mapping[str, Any] | None = None,
    *,
    say: Say = lambda text: None,
) -> list[Row]:
    """Give the rows that answer one query: columns by name, values plain Python.

    Nodes and relationships come as dictionaries of their properties, with ``labels`` or
    ``type``.  Raises ``KgError`` with the engine's message for a wrong query, and for one that
    would write.
    """
    machine(brief=True)
    with opened(folder, say=say) as database:
        return rows(database, cypher, parameters)


@contextlib.contextmanager
def opened(folder: Path, *, say: Say = lambda text: None) -> Iterator[Any]:
    """Open the store of a graph for reading, built anew if need be, for ``rows``."""
    place = load(folder, say=say)
    try:
        database = _open(place)
    except machine().ArcadeDBError:
        # Its files are those that were built, yet the engine cannot read them; or it has just
        # been replaced.
        projection.distrust(place)
        place = load(folder, say=say)
        database = _open(place)
    try:
        yield database
    finally:
        _close(place)


def rows(database: Any, cypher: str, parameters: Mapping[str, Any] | None = None) -> list[Row]:
    """Give the rows that answer a query on an opened store, as ``ask`` does."""
    engine = machine()
    try:
        # Without parameters the engine takes another way, which misses those not given.
        with database.query("opencypher", cypher, dict(parameters or {})) as result:
            return [{name: plain(value) for name, value in row.items()} for row in result.to_list()]
    except engine.ArcadeDBError as error:
        raise _wrong(error) from error


def warm(place: str) -> None:
    """Use what a query uses, so that Java lists its classes."""
    machine(brief=True)
    try:
        database = _open(Path(place))
        rows(
            database,
            "MATCH (p:Paper)-[r:USES]->(e:Entity) WHERE p.title =~ $title OR "
            "any(name IN e.aliases WHERE name =~ $title) WITH p, e, r ORDER BY e.idf DESC "
            "RETURN p.title AS title, sum(e.idf) AS score, collect(e.name) AS names, r.forms AS f "
            "ORDER BY score DESC, title LIMIT $limit",
            {"title": "(?i).*", "limit": 5},
        )
        rows(
            database,
            "CALL db.index.fulltext.queryNodes('paper_text', $text) "
            "YIELD node, score RETURN node.title AS title, score",
            {"text": "model"},
        )
    finally:
        _close(Path(place))


#: Open databases: place -> the database and how often it is in use.  The engine opens each once.
_OPEN: dict[Path, tuple[Any, int]] = {}
_GUARD = threading.RLock()


def _open(place: Path) -> Any:
    import jpype

    engine = machine()
    place = place.resolve()
    with _GUARD:
        if place in _OPEN:
            database, users = _OPEN[place]
        else:
            mode = jpype.JClass("com.arcadedb.engine.ComponentFile$MODE").READ_ONLY
            factory = engine.DatabaseFactory(str(place / DATABASE))
            try:
                database, users = engine.Database(factory._java_factory.open(mode)), 0
            except jpype.JException as error:
                raise engine.ArcadeDBError(f"{place}: cannot be opened") from error
        _OPEN[place] = (database, users + 1)
        return database


def _close(place: Path) -> None:
    place = place.resolve()
    with _GUARD:
        database, users = _OPEN.pop(place)
        if users > 1:
            _OPEN[place] = (database, users - 1)
        else:
            # It wants to write even then, and may not be allowed to.
            with contextlib.suppress(machine().ArcadeDBError):
                database.close()


def plain(value: Any) -> Any:
    """Give a value of an answer as plain Python.

    Nodes become ``{"labels": [...], **properties}``, relationships ``{"type": ..., **properties}``,
    paths lists of both in turn.
    """
    if value is None or isinstance(value, bool | int | float | str | date | time):
        return value
    if isinstance(value, dict):
        return {str(name): plain(item) for name, item in value.items()}
    if isinstance(value, list | tuple | set):
        return [plain(item) for item in value]
    return _plain_java(value) if hasattr(value, "getClass") else str(value)


def _plain_java(value: Any) -> Any:
    import jpype
    from arcadedb_embedded import convert_java_to_python

    kinds = {kind: jpype.JClass(f"com.arcadedb.graph.{kind}") for kind in ("Vertex", "Edge")}
    if isinstance(value, kinds["Vertex"]):
        kind = value.getType()
        labels = [str(kind.getName()), *(str(above.getName()) for above in kind.getSuperTypes())]
        properties = convert_java_to_python(value.propertiesAsMap())
        properties.pop(_NAMES, None)
        return {"labels": sorted(labels), **plain(properties)}
    if isinstance(value, kinds["Edge"]):
        properties = convert_java_to_python(value.propertiesAsMap())
        return {"type": str(value.getTypeName()), **plain(properties)}
    if isinstance(value, jpype.JClass("com.arcadedb.query.opencypher.traversal.TraversalPath")):
        vertices, edges = list(value.getVertices()), list(value.getEdges())
        steps = [vertices[0]]
        for edge, vertex in zip(edges, vertices[1:], strict=True):
            steps += [edge, vertex]
        return [_plain_java(step) for step in steps]
    return _plain_time(str(value.getClass().getSimpleName()), str(value))


def _plain_time(kind: str, text: str) -> Any:
    """Read a date or time as the engine writes it; anything else stays its text."""
    readers: dict[str, Callable[[str], Any]] = {
        "CypherDate": date.fromisoformat,
        "CypherDateTime": datetime.fromisoformat,
        "CypherLocalDateTime": datetime.fromisoformat,
        "CypherTime": time.fromisoformat,
        "CypherLocalTime": time.fromisoformat,
    }
    with contextlib.suppress(ValueError):
        return readers.get(kind, str)(text.partition("[")[0])
    return text


def _wrong(error: Exception) -> KgError:
    """Say what is wrong with a query in the engine's words, without its wrapping."""
    cause: Any = error.__cause__
    while (inner := getattr(cause, "getCause", lambda: None)()) is not None:
        cause = inner
    if not hasattr(cause, "getClass"):
        return KgError(str(error))
    kind, text = str(cause.getClass().getSimpleName()), str(cause.getMessage() or "")
    return wrong(kind, text)


def wrong(kind: str, text: str) -> KgError:
    """Give the error of a query, of the kind and text of the engine's exception."""
    if kind == "QueryNotIdempotentException" or "read only" in text:
        return KgError(
            "The query would write (or calls a procedure that is not known), and the store is "
            "only a projection of the files in nodes/ and edges/",
            remedy="Ask with MATCH ... RETURN. To change the graph, change its papers and build.",
        )
    if kind == "CommandParameterMissingException":
        names = text.partition(": ")[2]
        given = " ".join(f"--param {name.strip()}=..." for name in names.split(","))
        return KgError(f"The query misses a parameter: {names}", remedy=f"Give it: {given}")
    if "heap" in text.lower():
        return KgError(text, remedy="Ask for less, or give more memory: KG_HEAP=4g kg query ...")
    if kind.startswith("Command"):
        return KgError(text)
    return KgError(f"The engine fails: {kind}: {text}", remedy="Try to ask it in another way.")


# --- The Java machine ---------------------------------------------------------------------------


def machine(*, brief: bool = False) -> Any:
    """Give the package with its Java machine started."""
    import arcadedb_embedded
    import jpype

    with _GUARD:
        if not jpype.isJVMStarted():
            java.start(*_installed(), _OPTIONS, brief=brief)
    return arcadedb_embedded


def _installed() -> tuple[Path, list[Path]]:
    from arcadedb_embedded import jvm

    return Path(jvm.get_bundled_jre_lib_path()), sorted(Path(jvm.get_jar_path()).glob("*.jar"))
