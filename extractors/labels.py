"""What the labels of others are in ours: of public sets, of other extractors."""

import json
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import networkx as nx

from . import models
from .faults import Fault
from .schema import RELATIONS, TYPES, label_of

#: Label of others -> our labels that it may stand for, each a label or ``Concept:kind``.
Labels = Mapping[str, tuple[str, ...]]

_WRITE = (
    "Write --labels Task=Concept:task,Material=Dataset|Benchmark, or name a JSON or TOML file of "
    "such pairs."
)


def read(text: str, known: Iterable[str]) -> Labels:
    """Read pairs ``THEIRS=OURS,...`` or the JSON or TOML file that ``text`` names.

    ``OURS`` may be several, parted by ``|``.  ``known`` are those that there are: raises ``Fault``
    for another.

    >>> read("Method=Method,Material=Dataset|Benchmark", ["Method", "Dataset", "Benchmark"])
    {'Method': ('Method',), 'Material': ('Dataset', 'Benchmark')}
    """
    known = tuple(known)
    found = {}
    for theirs, ours in _pairs(text).items():
        values = ours.split("|") if isinstance(ours, str) else ours
        if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
            raise Fault(f"--labels: {theirs} is {ours!r}, which is no label.", _WRITE)
        found[theirs] = tuple(value.strip() for value in values)
        if unknown := [value for value in found[theirs] if value not in known]:
            raise Fault(
                f"--labels: {theirs}={'|'.join(unknown)}: there is no such label.",
                f"Those of the model are: {', '.join(known)}.",
            )
    return found


def known(model: str) -> list[str]:
    """Give the labels that a map may name: labels, types and relations of a model."""
    settings = json.loads((models.folder(model) / "settings.json").read_text(encoding="utf-8"))
    own = settings.get("schema") or {"types": TYPES, "relations": RELATIONS}
    return list(dict.fromkeys([*map(label_of, own["types"]), *own["types"], *own["relations"]]))


def _pairs(text: str) -> dict[str, Any]:
    if "=" in text:
        pairs = [part.partition("=") for part in text.split(",") if part.strip()]
        if all(theirs.strip() and ours.strip() for theirs, _, ours in pairs):
            return {theirs.strip(): ours.strip() for theirs, _, ours in pairs}
        raise Fault(f"--labels {text}: is not THEIRS=OURS,...", _WRITE)
    path = Path(text)
    try:
        content = path.read_text(encoding="utf-8")
        found = tomllib.loads(content) if path.suffix == ".toml" else json.loads(content)
    except FileNotFoundError as error:
        raise Fault(f"--labels {text}: there is no such file.", _WRITE) from error
    except (OSError, ValueError) as error:
        raise Fault(f"--labels {text}: {error}", _WRITE) from error
    if not isinstance(found, dict):
        raise Fault(f"--labels {text}: holds no pairs.", _WRITE)
    return found


@dataclass(frozen=True, slots=True)
class Alignment:
    """The classes in which records of two labellings can be compared.

    A class is named by the labels of the others, ``|`` between; what has none is left out.
    """

    theirs: Mapping[str, str]
    ours: Mapping[str, str]

    def gold(self, record: Mapping[str, Any]) -> Mapping[str, Any]:
        """Give a record of the others with classes in place of its labels."""
        return _relabelled(record, self.theirs, [self.theirs.get(e["type"]) for e in _of(record)])

    def guess(self, record: Mapping[str, Any]) -> Mapping[str, Any]:
        """Give a record of ours with classes in place of its labels."""
        classes = []
        for entity in _of(record):
            whole = f"{entity['type']}:{entity['kind']}" if entity.get("kind") else ""
            classes.append(self.ours.get(whole, self.ours.get(entity["type"])))
        return _relabelled(record, self.ours, classes)


def alignment(labels: Labels) -> Alignment:
    """Give the classes of a map; labels of others that share one of ours are one class.

    >>> alignment({"A": ("Method",), "B": ("Method", "Dataset"), "C": ("Concept",)}).ours
    {'Method': 'A|B', 'Dataset': 'A|B', 'Concept': 'C'}
    """
    graph: nx.Graph[tuple[str, str]] = nx.Graph()
    for theirs, ours in labels.items():
        graph.add_edges_from((("theirs", theirs), ("ours", value)) for value in ours)
    classes: dict[str, dict[str, str]] = {"theirs": {}, "ours": {}}
    for part in nx.connected_components(graph):
        name = "|".join(label for label in labels if ("theirs", label) in part)
        for side, label in part:
            classes[side][label] = name
    order = dict.fromkeys(value for ours in labels.values() for value in ours)
    return Alignment(classes["theirs"], {label: classes["ours"][label] for label in order})


def _of(record: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    entities: list[Mapping[str, Any]] = record["entities"]
    return entities


def _relabelled(
    record: Mapping[str, Any], names: Mapping[str, str], classes: list[str | None]
) -> Mapping[str, Any]:
    """Give a record with these classes of its entities; what has none falls out of all lists."""
    place: dict[int, int] = {}
    entities: list[Mapping[str, Any]] = []
    for index, (entity, class_) in enumerate(zip(_of(record), classes, strict=True)):
        if class_ is not None:
            place[index] = len(entities)
            entities.append({**entity, "type": class_, "kind": None})
    kept = {entity["name"] for entity in entities}
    scores = record.get("relation_scores", [None] * len(record["relations"]))
    relations = [
        ([head, names[label], tail], score)
        for (head, label, tail), score in zip(record["relations"], scores, strict=True)
        if label in names and head in kept and tail in kept
    ]
    made = {
        **record,
        "entities": entities,
        "relations": [relation for relation, _ in relations],
    }
    if "relation_scores" in record:
        made["relation_scores"] = [score for _, score in relations]
    if "spans" in record:
        made["spans"] = [[s, e, place[index]] for s, e, index in record["spans"] if index in place]
    return made
