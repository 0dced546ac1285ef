"""Constraints and indexes: unique ids, names, and the full text that the query ``search`` asks."""

from collections.abc import Callable
from typing import Final

from kg.errors import KgError
from kg.records import NODES
from kg.store.neo4j.connection import Database
from kg.store.neo4j.marks import GRAPH, LOCK

Say = Callable[[str], None]

#: Label -> the property by which there is one node alone.
_UNIQUE: Final = {GRAPH: "name", LOCK: "id", "Entity": "id", **dict.fromkeys(NODES, "id")}
#: Index of full text -> the label and the properties that it covers.
_TEXTS: Final = {
    "paper_text": ("Paper", ("title", "abstract")),
    "entity_text": ("Entity", ("name", "aliases")),
}
#: Seconds that indexes of a database full of others' nodes may take.
_WAIT: Final = 600


def prepare(database: Database, say: Say, labels: tuple[str, ...] = tuple(_UNIQUE)) -> None:
    """Make the constraints that are missing, of some labels or of all."""
    rows = database.read("SHOW CONSTRAINTS YIELD type, labelsOrTypes, properties")
    present = {
        (*row["labelsOrTypes"], *row["properties"])
        for row in rows
        if "UNIQUE" in row["type"] or "NODE_KEY" in row["type"]
    }
    for label in labels:
        if (label, _UNIQUE[label]) not in present:
            _make_unique(database, label, _UNIQUE[label], say)


def index(database: Database, say: Say) -> None:
    """Make the indexes that are missing, and wait until all can be asked."""
    present = database.read("SHOW INDEXES YIELD name, type, labelsOrTypes, properties")
    shapes = {
        (row["type"], *(row["labelsOrTypes"] or ()), *(row["properties"] or ())) for row in present
    }
    if ("RANGE", "Entity", "name") not in shapes:
        database.write("CREATE INDEX IF NOT EXISTS FOR (x:Entity) ON (x.name)")
    names = {row["name"]: row for row in present}
    for name, (label, properties) in _TEXTS.items():
        if (row := names.get(name)) is None:
            each = ", ".join(f"x.{property_}" for property_ in properties)
            database.write(
                f"CREATE FULLTEXT INDEX {name} IF NOT EXISTS FOR (x:{label}) ON EACH [{each}]"
            )
            names = {row["name"]: row for row in database.read("SHOW INDEXES YIELD name")}
        elif (row["labelsOrTypes"], row["properties"]) != ([label], list(properties)):
            say(f"{_other(name)}: the query search will not find what it should.")
        if name not in names:
            say(f"{_other(name)}, under another name: the query search will not work.")
    database.read(f"CALL db.awaitIndexes({_WAIT})")


def _other(name: str) -> str:
    return f"Somebody made another index in the place of {name}; drop it and load again"


def _make_unique(database: Database, label: str, property_: str, say: Say) -> None:
    from neo4j.exceptions import ClientError, DatabaseError

    try:
        database.write(
            f"CREATE CONSTRAINT IF NOT EXISTS FOR (x:{label}) REQUIRE x.{property_} IS UNIQUE"
        )
    except (ClientError, DatabaseError) as error:
        if label in (GRAPH, LOCK) or "Schema" not in (error.code or ""):
            raise
        say(
            f"{label}.{property_} cannot be declared unique, for other nodes or another index are "
            "in the way; an index does instead."
        )
        database.write(f"CREATE INDEX IF NOT EXISTS FOR (x:{label}) ON (x.{property_})")


def check(database: Database) -> None:
    """Raise ``KgError`` unless the server is one that a graph can be loaded into."""
    rows = database.read("CALL dbms.components() YIELD name, versions, edition")
    kernel = next((row for row in rows if row["name"] == "Neo4j Kernel"), None)
    if kernel is None or int(kernel["versions"][0].partition(".")[0]) < 5:
        what = f"Neo4j {kernel['versions'][0]}" if kernel else "no Neo4j"
        raise KgError(
            f"{database.login.uri} is {what}, and a graph is loaded into Neo4j 5 or later",
            remedy="Give the address of such a server.",
        )
