"""The records that flow: papers that were read, the evidence in them, nodes and edges.

All are frozen.  Offsets are code points into ``Paper.text``, half open.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal, get_args

from extractors.schema import LABELS, RELATIONS, ROLES

Value = str | int | float | tuple[str, ...] | tuple[int, ...] | None


@dataclass(frozen=True, slots=True)
class Paper:
    """One paper, as its sources show it; the text is clean (``kg.clean``).

    ``id`` is the best of ``ids``, the CURIEs (``arxiv:2406.11944``, ``doi:10.1162/…``,
    ``title:<digest>``) under which the paper is known.  ``published`` is an ISO date, a year and
    month, or a year.  ``sources`` are ``file#entry``, entries counted from 1.
    """

    id: str
    title: str
    abstract: str = ""
    ids: tuple[str, ...] = ()
    published: str | None = None
    url: str | None = None
    authors: tuple[str, ...] = ()
    author_count: int | None = None
    organization: str | None = None
    venue: str | None = None
    comments: int | None = None
    sources: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        """The text that is read for entities, in which all offsets count."""
        return f"{self.title}\n{self.abstract}" if self.abstract else self.title

    @property
    def year(self) -> int | None:
        """The year of publication."""
        return int(self.published[:4]) if self.published else None


@dataclass(frozen=True, slots=True)
class Rejected:
    """A record that was not taken: where it stands, why, and how it begins."""

    file: str
    entry: int | None
    line: int | None
    reason: str
    excerpt: str = ""


@dataclass(frozen=True, slots=True)
class Evidence:
    """One place where a paper names an entity, and the sentence around it."""

    form: str
    start: int
    end: int
    sentence: str
    score: float


@dataclass(frozen=True, slots=True)
class Node:
    """A node of the graph; equal by id."""

    id: str
    label: str
    properties: Mapping[str, Value] = field(compare=False)


@dataclass(frozen=True, slots=True)
class Edge:
    """An edge of the graph; equal by its ends and label, whatever its evidence."""

    source: str
    label: str
    target: str
    properties: Mapping[str, Value] = field(compare=False)


#: Type of a property, as every store needs to know it.
Type = Literal["string", "int", "float", "strings", "ints"]
TYPES: Final = get_args(Type)

_ENTITY: Final[dict[str, Type]] = {
    "name": "string",
    "aliases": "strings",
    "kind": "string",
    "papers": "int",
    "idf": "float",
    "first_year": "int",
}
#: Label of a node -> its properties, beside ``id``, in the order of their columns.
NODES: Final[dict[str, dict[str, Type]]] = {
    "Paper": {
        "title": "string",
        "abstract": "string",
        "published": "string",
        "year": "int",
        "url": "string",
        "authors": "strings",
        "author_count": "int",
        "organization": "string",
        "venue": "string",
        "comments": "int",
        "ids": "strings",
        "sources": "strings",
    },
    **dict.fromkeys(LABELS, _ENTITY),
}

#: Properties of an edge from a paper to an entity: lists run parallel, one item a mention.
_ROLE: Final[dict[str, Type]] = {
    "score": "float",
    "mentions": "int",
    "forms": "strings",
    "starts": "ints",
    "ends": "ints",
    "sentences": "strings",
}
#: Properties of an edge between entities: lists run parallel, one item a paper.
_RELATION: Final[dict[str, Type]] = {
    "support": "int",
    "score": "float",
    "papers": "strings",
    "sentences": "strings",
}
#: Label of an edge -> its properties, in the order of their columns.
EDGES: Final[dict[str, dict[str, Type]]] = {
    **{role.upper(): _ROLE for role in ROLES},
    **{relation.upper(): _RELATION for relation in RELATIONS},
    "RELATED_TO": {"weight": "float", "shared": "strings"},
}


def json_ready(record: Any) -> Any:
    """Give a record's fields as a plain dictionary (for ``json.dumps``)."""
    return {name: getattr(record, name) for name in record.__dataclass_fields__}
