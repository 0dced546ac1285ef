"""Labels, kinds, roles and relations, with their allowed ends: the one place that names them.

Everything else (the tagger's tags, the graph's labels and edge types, the ontology) is derived
from these tables, so a new label or relation is one line here.
"""

from typing import Final

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

#: The tagger's tags: outside, and begin and inside of each type.
TAGS: Final = ("O", *(f"{part}-{type_}" for type_ in TYPES for part in "BI"))


def label_of(type_: str) -> str:
    """Give the label of a type: ``Concept:task`` -> ``Concept``."""
    return type_.partition(":")[0]


def kind_of(type_: str) -> str | None:
    """Give the kind of a type: ``Concept:task`` -> ``task``, ``Method`` -> None."""
    return type_.partition(":")[2] or None
