"""How a graph marks what is its own in a database that others use too.

Every node and relationship that a graph wrote has a property ``kg_NAME``, where NAME is that of the
graph; its value is the digest of what was written, by which a later load knows what to write anew.
So a node may be of several graphs, and whatever has no such property is somebody else's.
"""

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from extractors.schema import RELATIONS, ROLES
from kg.errors import KgError
from kg.records import EDGES, NODES

#: Version of what is written: labels, properties, marks.
LAYOUT: Final = 1
#: Label of the node that says what a graph is, of that which a load holds for itself, and of what
#: is left of nodes that other people's data hangs on.
GRAPH: Final = "KgGraph"
LOCK: Final = "KgLock"
FORMER: Final = "KgFormer"
#: What of a node stays when other people's data hangs on it.
STAYS: Final = ("id", "title", "name")

_NAME: Final = re.compile(r"[\w.-]{1,64}")


@dataclass(frozen=True, slots=True)
class Kind:
    """Nodes of one label, or relationships of one type.

    ``keys`` name one of them, ``scan`` is the pattern of all and ``one`` that of the one that has
    the keys of ``row``; in both it is called ``x``, its ends ``a`` and ``b``.
    """

    label: str
    keys: tuple[str, ...]
    labels: tuple[str, ...]
    properties: tuple[str, ...]
    scan: str
    one: str

    @property
    def lists(self) -> tuple[str, ...]:
        """The properties that are lists."""
        types = (NODES if self.is_node else EDGES)[self.label]
        return tuple(name for name, type_ in types.items() if type_.endswith("s"))

    @property
    def is_node(self) -> bool:
        """Whether these are nodes."""
        return bool(self.labels)


@dataclass(frozen=True, slots=True)
class Scope:
    """The graph that is loaded, and what is in the database beside it.

    ``known`` says whether the database may have something of the graph, ``imported`` whether it is
    from the importer, ``former`` how many nodes there are of which only what others use was left.
    """

    name: str
    others: tuple[str, ...] = ()
    known: bool = True
    imported: bool = False
    former: int = 0

    @property
    def mark(self) -> str:
        """The property that marks what this graph wrote."""
        return mark(self.name)

    def own(self, variable: str = "x") -> str:
        """Give the expression of this graph's digest."""
        return f"{variable}.{quoted(self.mark)}"

    def shared(self, variable: str = "x") -> str:
        """Give the condition that another graph marks it."""
        parts = (f"{variable}.{quoted(mark(name))} IS NOT NULL" for name in self.others)
        return f"({' OR '.join(parts)})" if self.others else "false"

    def marked(self, variable: str = "x") -> str:
        """Give the condition that any graph marks it."""
        return f"({self.own(variable)} IS NOT NULL OR {self.shared(variable)})"


def mark(name: str) -> str:
    """Give the property that marks what a graph wrote."""
    return f"kg_{name}"


def quoted(name: str) -> str:
    """Give a name as Cypher wants names of any characters."""
    return f"`{name.replace('`', '``')}`"


def checked(name: str) -> str:
    """Give the name of a graph; raise ``KgError`` if it cannot be one."""
    if not _NAME.fullmatch(name):
        raise KgError(
            f"{name!r} cannot be the name of a graph",
            remedy="Give --name of at most 64 letters, digits, and any of: _ . -",
        )
    return name


def default(folder: Path) -> str:
    """Give the name of a graph that nobody named: that of its folder.

    >>> default(Path("graphs/World models (2024)"))
    'World_models_2024'
    """
    return re.sub(r"[^\w.-]+", "_", folder.resolve().name).strip("_")[:64] or "graph"


def content(row: Mapping[str, Any], kind: Kind) -> tuple[dict[str, Any], int, int]:
    """Give what is written of a row of a graph's files, its digest, and about its size in bytes.

    The digest is an integer that Neo4j can hold.
    """
    known = {name: row[name] for name in kind.properties if row[name] is not None}
    text = json.dumps(known, separators=(",", ":")).encode()
    sum_ = hashlib.blake2b(text, digest_size=8).digest()
    return known, int.from_bytes(sum_, "big", signed=True), len(text)


def nodes() -> Iterable[Kind]:
    """Give the labels of nodes."""
    for label, properties in NODES.items():
        labels = (label,) if label == "Paper" else (label, "Entity")
        one = f"MATCH (x:{label} {{id: row.id}})"
        yield Kind(label, ("id",), labels, ("id", *properties), f"(x:{label})", one)


def edges() -> Iterable[Kind]:
    """Give the types of relationships."""
    ends = {
        **{role.upper(): ("Paper", "Entity") for role in ROLES},
        **{relation.upper(): ("Entity", "Entity") for relation in RELATIONS},
    }
    for label, properties in EDGES.items():
        a, b = ends.get(label, ("Paper", "Paper"))
        yield Kind(
            label,
            ("source", "target"),
            (),
            tuple(properties),
            f"(a:{a})-[x:{label}]->(b:{b})",
            f"MATCH (a:{a} {{id: row.source}})-[x:{label}]->(b:{b} {{id: row.target}})",
        )
