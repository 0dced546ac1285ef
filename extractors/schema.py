"""Labels, kinds, roles and relations, with their allowed ends: the one place that names them.

Everything else (the tagger's tags, the graph's labels and edge types, the ontology) is derived
from these tables, so a new label or relation is one line here.  A model that was trained on gold
with other labels carries a ``Schema`` of its own.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

#: Label of an entity -> its plural, as shown to people.
LABELS: Final = {
    "Method": "methods",
    "Dataset": "datasets",
    "Benchmark": "benchmarks",
    "Concept": "concepts",
}

#: What a Concept is.  Entities of the other labels have no kind.
KINDS: Final = ("task", "metric", "other")

#: What an entity is to the paper, strongest first.
ROLES: Final = ("introduces", "evaluates_on", "uses", "compares_to", "studies", "mentions")

#: Relation -> the pairs (label of head, label of tail) that it may join.
RELATIONS: Final[dict[str, frozenset[tuple[str, str]]]] = {
    "evaluated_on": frozenset({("Method", "Dataset"), ("Method", "Benchmark")}),
    "applied_to": frozenset({("Method", "Concept")}),
    "builds_on": frozenset(
        {("Method", "Method")}
        | {
            (head, tail)
            for head in ("Dataset", "Benchmark")
            for tail in ("Dataset", "Benchmark", "Method")
        }
    ),
    "outperforms": frozenset({("Method", "Method")}),
    "measures": frozenset(
        {
            ("Dataset", "Concept"),
            ("Dataset", "Method"),
            ("Benchmark", "Concept"),
            ("Benchmark", "Method"),
            ("Concept", "Concept"),
        }
    ),
    "subtype_of": frozenset((label, label) for label in LABELS) | {("Method", "Concept")},
    "part_of": frozenset((label, label) for label in LABELS)
    | {("Concept", "Method"), ("Method", "Benchmark"), ("Dataset", "Benchmark")},
}


def allowed(head: str, relation: str, tail: str) -> bool:
    """Tell whether ``relation`` may lead from an entity labelled ``head`` to one labelled ``tail``.

    >>> allowed("Method", "evaluated_on", "Benchmark")
    True
    >>> allowed("Concept", "evaluated_on", "Benchmark")
    False
    """
    return (head, tail) in RELATIONS[relation]


#: What a mention can be: each label, Concept once for each kind.
TYPES: Final = tuple(
    f"{label}:{kind}" if kind else label
    for label in LABELS
    for kind in (KINDS if label == "Concept" else ("",))
)


def label_of(type_: str) -> str:
    """Give the label of a type: ``Concept:task`` -> ``Concept``."""
    return type_.partition(":")[0]


def kind_of(type_: str) -> str | None:
    """Give the kind of a type: ``Concept:task`` -> ``task``, ``Method`` -> None."""
    return type_.partition(":")[2] or None


@dataclass(frozen=True, slots=True)
class Schema:
    """What a model tells apart: types, roles, and relations with their allowed ends (labels)."""

    types: tuple[str, ...]
    roles: tuple[str, ...]
    relations: Mapping[str, frozenset[tuple[str, str]]]

    @property
    def tags(self) -> tuple[str, ...]:
        """The tagger's tags: outside, and begin and inside of each type."""
        return ("O", *(f"{part}-{type_}" for type_ in self.types for part in "BI"))

    def allows(self, head: str, relation: str, tail: str) -> bool:
        """Tell whether a relation may lead from one type to another."""
        return (label_of(head), label_of(tail)) in self.relations[relation]

    def data(self) -> dict[str, Any]:
        """Give the schema as what JSON can hold; ``schema(data)`` reads it."""
        return {
            "types": list(self.types),
            "roles": list(self.roles),
            "relations": {
                name: sorted(map(list, ends)) for name, ends in sorted(self.relations.items())
            },
        }


#: That of the graph, and of the models that the package ships.
OURS: Final = Schema(TYPES, ROLES, RELATIONS)


def schema(data: Mapping[str, Any] | None) -> Schema:
    """Read a schema from what ``Schema.data`` gave; without any it is ours."""
    if data is None:
        return OURS
    ends = {name: frozenset((a, b) for a, b in pairs) for name, pairs in data["relations"].items()}
    return Schema(tuple(data["types"]), tuple(data["roles"]), ends)


def schema_of(records: Iterable[Mapping[str, Any]]) -> Schema:
    """Give the schema that annotated records follow: ours, or one made of the labels they use."""
    types: dict[str, None] = {}
    roles: dict[str, None] = {}
    relations: dict[str, set[tuple[str, str]]] = {}
    for record in records:
        labels = {entity["name"]: entity["type"] for entity in record["entities"]}
        types |= dict.fromkeys(map(type_of, record["entities"]))
        roles |= dict.fromkeys(entity.get("role", "mentions") for entity in record["entities"])
        for head, name, tail in record["relations"]:
            if head in labels and tail in labels:
                relations.setdefault(name, set()).add((labels[head], labels[tail]))
    if set(types) <= set(TYPES) and set(roles) <= set(ROLES) and set(relations) <= set(RELATIONS):
        return OURS
    ends = {name: frozenset(pairs) for name, pairs in sorted(relations.items())}
    return Schema(tuple(sorted(types)), tuple(sorted(roles)), ends)


def type_of(entity: Mapping[str, Any]) -> str:
    """Give the type of an annotated entity: its label, with its kind if it has one."""
    return f"{entity['type']}:{entity['kind']}" if entity.get("kind") else str(entity["type"])
