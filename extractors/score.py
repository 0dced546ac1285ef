"""Score predictions against annotated records, as the annotation guidelines define it.

Both sides are records (``extractors.gold``); a prediction may carry more keys.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from . import gold
from .schema import KINDS, LABELS, RELATIONS, ROLES


@dataclass(slots=True)
class Count:
    """Right, wrong and missed, and the scores that follow."""

    right: int = 0
    wrong: int = 0
    missed: int = 0

    @property
    def precision(self) -> float:
        """The share of the predicted that is right."""
        return self.right / max(1, self.right + self.wrong)

    @property
    def recall(self) -> float:
        """The share of the gold that was found."""
        return self.right / max(1, self.right + self.missed)

    @property
    def f1(self) -> float:
        """The harmonic mean of precision and recall."""
        return 2 * self.right / max(1, 2 * self.right + self.wrong + self.missed)

    def add(self, guess: set[Any], truth: set[Any]) -> None:
        """Count one text's items."""
        self.right += len(guess & truth)
        self.wrong += len(guess - truth)
        self.missed += len(truth - guess)

    def summary(self) -> dict[str, float | int]:
        """Give the scores, rounded, and the numbers behind them."""
        return {
            "precision": round(self.precision, 4),
            "recall": round(self.recall, 4),
            "f1": round(self.f1, 4),
            "gold": self.right + self.missed,
            "predicted": self.right + self.wrong,
        }


def plain(form: str) -> str:
    """Give the form by which gold and prediction meet: case, punctuation, plural s.

    >>> plain("Large-Language Models")
    'large language model'
    """
    words = re.sub(r"[\W_]+", " ", form.lower()).split()
    return " ".join(w[:-1] if len(w) > 3 and w[-1] == "s" and w[-2] != "s" else w for w in words)


def forms(entity: Mapping[str, Any]) -> set[str]:
    """Give all plain forms of an entity, its name among them."""
    return {plain(form) for form in (entity["name"], *entity["mentions"])} - {""}


def matches(
    guess: Sequence[Mapping[str, Any]], truth: Sequence[Mapping[str, Any]]
) -> dict[int, int]:
    """Give which predicted entity matches which of gold: one to one, most shared forms first."""
    ways = []
    for g, a in enumerate(guess):
        for t, b in enumerate(truth):
            shared = len(forms(a) & forms(b)) if a["type"] == b["type"] else 0
            if shared:
                ways.append((-shared, g, t))
    pairs: dict[int, int] = {}
    for _, g, t in sorted(ways):
        if g not in pairs and t not in pairs.values():
            pairs[g] = t
    return pairs


@dataclass(slots=True)
class Scores:
    """The counts over all texts."""

    entity: Count = field(default_factory=Count)
    linked: Count = field(default_factory=Count)
    relation: Count = field(default_factory=Count)
    span: Count = field(default_factory=Count)
    types: dict[str, Count] = field(default_factory=lambda: {name: Count() for name in LABELS})
    roles: dict[str, Count] = field(default_factory=lambda: {name: Count() for name in ROLES})
    kinds: dict[str, Count] = field(default_factory=lambda: {name: Count() for name in KINDS})
    relations: dict[str, Count] = field(default_factory=lambda: {n: Count() for n in RELATIONS})
    hits: Counter[str] = field(default_factory=Counter)
    texts: int = 0

    def summary(self) -> dict[str, Any]:
        """Give all scores as plain numbers."""
        matched = max(1, self.hits["matched"])
        return {
            "texts": self.texts,
            "entity": self.entity.summary(),
            "role_accuracy": round(self.hits["role"] / matched, 4),
            "kind_accuracy": round(self.hits["kind"] / max(1, self.hits["concepts"]), 4),
            "linked": self.linked.summary(),
            "relation": self.relation.summary(),
            "span": self.span.summary(),
            "types": {name: count.summary() for name, count in self.types.items()},
            "roles": {name: count.summary() for name, count in self.roles.items()},
            "relations": {name: count.summary() for name, count in self.relations.items()},
        }


def score(pairs: Iterable[tuple[gold.Record, gold.Record]]) -> Scores:
    """Score pairs of (prediction, gold) over the same texts."""
    scores = Scores()
    for guess, truth in pairs:
        scores.texts += 1
        _score_text(scores, guess, truth)
    return scores


def _score_text(scores: Scores, guess: gold.Record, truth: gold.Record) -> None:
    mine, theirs = guess["entities"], truth["entities"]
    pairs = matches(mine, theirs)
    # A predicted entity takes the number of its match in gold, or one that gold has not.
    number = {g: pairs.get(g, len(theirs) + g) for g in range(len(mine))}
    found, real = set(number.values()), set(range(len(theirs)))
    scores.entity.add(found, real)
    for label, count in scores.types.items():
        count.add(
            {number[g] for g, a in enumerate(mine) if a["type"] == label},
            {t for t, b in enumerate(theirs) if b["type"] == label},
        )
    for role, count in scores.roles.items():
        count.add(
            {g_t for g, g_t in pairs.items() if mine[g]["role"] == role},
            {t for t in pairs.values() if theirs[t]["role"] == role},
        )
    scores.linked.add(
        {(number[g], a["role"]) for g, a in enumerate(mine)},
        {(t, b["role"]) for t, b in enumerate(theirs)},
    )
    for g, t in pairs.items():
        scores.hits["matched"] += 1
        scores.hits["role"] += mine[g]["role"] == theirs[t]["role"]
        if theirs[t]["type"] == "Concept":
            scores.hits["concepts"] += 1
            scores.hits["kind"] += mine[g].get("kind") == theirs[t].get("kind")
    _score_relations(scores, guess, truth, number)
    scores.span.add(_typed_spans(guess), _typed_spans(truth))


def _score_relations(
    scores: Scores, guess: gold.Record, truth: gold.Record, number: Mapping[int, int]
) -> None:
    by_name = {entity["name"]: t for t, entity in enumerate(truth["entities"])}
    my_name = {entity["name"]: number[g] for g, entity in enumerate(guess["entities"])}
    mine = {(my_name[h], r, my_name[t]) for h, r, t in guess["relations"]}
    theirs = {
        (by_name[h], r, by_name[t])
        for h, r, t in truth["relations"]
        if h in by_name and t in by_name
    }
    scores.relation.add(mine, theirs)
    for name, count in scores.relations.items():
        count.add({x for x in mine if x[1] == name}, {x for x in theirs if x[1] == name})


def _typed_spans(record: gold.Record) -> set[tuple[int, int, str]]:
    return {
        (start, end, record["entities"][index]["type"]) for start, end, index in gold.spans(record)
    }
