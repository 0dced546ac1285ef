"""Score predictions against annotated records, as the annotation guidelines define it.

Both sides are records (``extractors.gold``); a prediction may carry more keys.  Labels, roles,
kinds and relations are those that occur, so records of any labelling can be scored.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from . import gold
from .schema import KINDS, LABELS, RELATIONS, ROLES

#: Bins of the reliability table.
BINS: Final = 10


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
    mine, theirs = [forms(a) for a in guess], [forms(b) for b in truth]
    for g, a in enumerate(guess):
        for t, b in enumerate(truth):
            shared = len(mine[g] & theirs[t]) if a["type"] == b["type"] else 0
            if shared:
                ways.append((-shared, g, t))
    pairs: dict[int, int] = {}
    for _, g, t in sorted(ways):
        if g not in pairs and t not in pairs.values():
            pairs[g] = t
    return pairs


class Table(dict[str, Count]):
    """Counts by name: those of the schema first, others as they come."""

    def __init__(self, names: Iterable[str]) -> None:
        super().__init__((name, Count()) for name in names)

    def add(self, guess: Mapping[Any, str | None], truth: Mapping[Any, str | None]) -> None:
        """Count one text's items, given with the name that each is counted under."""
        for name in dict.fromkeys([*self, *truth.values(), *guess.values()]):
            if name is not None:
                self.setdefault(name, Count()).add(
                    {item for item, own in guess.items() if own == name},
                    {item for item, own in truth.items() if own == name},
                )

    def summary(self) -> dict[str, Any]:
        """Give the scores of each name."""
        return {name: count.summary() for name, count in self.items()}


@dataclass(slots=True)
class Scores:
    """The counts over all texts.

    ``judged`` are, of entities, roles of matched entities, linked entities and relations that
    carry a score, the score and whether they are right.
    """

    entity: Count = field(default_factory=Count)
    linked: Count = field(default_factory=Count)
    relation: Count = field(default_factory=Count)
    span: Count = field(default_factory=Count)
    types: Table = field(default_factory=lambda: Table(LABELS))
    roles: Table = field(default_factory=lambda: Table(ROLES))
    kinds: Table = field(default_factory=lambda: Table(KINDS))
    relations: Table = field(default_factory=lambda: Table(RELATIONS))
    hits: Counter[str] = field(default_factory=Counter)
    judged: dict[str, list[tuple[float, bool]]] = field(
        default_factory=lambda: {"entity": [], "role": [], "linked": [], "relation": []}
    )
    texts: int = 0

    def summary(self) -> dict[str, Any]:
        """Give all scores as plain numbers; without roles or kinds in gold theirs are None."""
        hits = self.hits
        return {
            "texts": self.texts,
            "entity": self.entity.summary(),
            "role_accuracy": _share(hits["role"], hits["roles"]),
            "kind_accuracy": _share(hits["kind"], hits["kinds"]),
            "linked": self.linked.summary(),
            "relation": self.relation.summary(),
            "span": self.span.summary(),
            "types": self.types.summary(),
            "roles": self.roles.summary(),
            "kinds": self.kinds.summary(),
            "relations": self.relations.summary(),
            "reliability": {
                name: reliability(judged) for name, judged in self.judged.items() if judged
            },
        }


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 4) if whole else None


def reliability(judged: Sequence[tuple[float, bool]]) -> dict[str, Any]:
    """Compare scores with the share that is right, in ten bins of equal width.

    ``ece`` is the expected calibration error (Naeini et al., 2015): the mean over all items of
    the distance, within a bin, between mean score and share right.

    >>> table = reliability([(0.95, True), (0.93, True), (0.55, False), (0.57, True)])
    >>> table["ece"], [(bin["from"], bin["score"], bin["right"]) for bin in table["bins"]]
    (0.06, [(0.5, 0.56, 0.5), (0.9, 0.94, 1.0)])
    """
    bins: dict[int, list[tuple[float, bool]]] = {}
    for score, right in judged:
        bins.setdefault(min(int(score * BINS), BINS - 1), []).append((score, right))
    rows, distance = [], 0.0
    for number, own in sorted(bins.items()):
        mean = sum(score for score, _ in own) / len(own)
        share = sum(right for _, right in own) / len(own)
        distance += abs(mean - share) * len(own)
        rows.append(
            {
                "from": number / BINS,
                "to": (number + 1) / BINS,
                "count": len(own),
                "score": round(mean, 4),
                "right": round(share, 4),
            }
        )
    return {"ece": round(distance / max(1, len(judged)), 4), "bins": rows}


def score(pairs: Iterable[tuple[gold.Record, gold.Record]]) -> Scores:
    """Score pairs of (prediction, gold) over the same texts."""
    scores = Scores()
    for guess, truth in pairs:
        scores.texts += 1
        _score_text(scores, guess, truth)
    return scores


def numbers(guess: gold.Record, truth: gold.Record) -> tuple[dict[int, int], list[int]]:
    """Give the matches, and for each predicted entity its match or a number that gold lacks."""
    mine, theirs = guess["entities"], truth["entities"]
    pairs = matches(mine, theirs)
    return pairs, [pairs.get(g, len(theirs) + g) for g in range(len(mine))]


def _score_text(scores: Scores, guess: gold.Record, truth: gold.Record) -> None:
    mine, theirs = guess["entities"], truth["entities"]
    pairs, number = numbers(guess, truth)
    scores.entity.add(set(number), set(range(len(theirs))))
    scores.types.add(
        {number[g]: a["type"] for g, a in enumerate(mine)},
        {t: b["type"] for t, b in enumerate(theirs)},
    )
    for g, a in enumerate(mine):
        if "score" in a:
            scores.judged["entity"].append((a["score"], g in pairs))
    if "spans" not in truth and all("role" in b for b in theirs):
        _score_roles(scores, mine, theirs, pairs, number)
    for g, t in pairs.items():
        if theirs[t].get("kind"):
            scores.hits["kinds"] += 1
            scores.hits["kind"] += mine[g].get("kind") == theirs[t]["kind"]
    scores.kinds.add(
        {t: mine[g].get("kind") for g, t in pairs.items()},
        {t: theirs[t].get("kind") for t in pairs.values()},
    )
    _score_relations(scores, guess, truth, number)
    scores.span.add(_typed_spans(guess), _typed_spans(truth))


def _score_roles(
    scores: Scores,
    mine: Sequence[Mapping[str, Any]],
    theirs: Sequence[Mapping[str, Any]],
    pairs: Mapping[int, int],
    number: Sequence[int],
) -> None:
    scores.roles.add(
        {t: mine[g]["role"] for g, t in pairs.items()},
        {t: theirs[t]["role"] for t in pairs.values()},
    )
    scores.linked.add(
        {(number[g], a["role"]) for g, a in enumerate(mine)},
        {(t, b["role"]) for t, b in enumerate(theirs)},
    )
    scores.hits["roles"] += len(pairs)
    scores.hits["role"] += sum(mine[g]["role"] == theirs[t]["role"] for g, t in pairs.items())
    for g, a in enumerate(mine):
        if "role_score" in a:
            right = g in pairs and theirs[pairs[g]]["role"] == a["role"]
            if g in pairs:
                scores.judged["role"].append((a["role_score"], right))
            scores.judged["linked"].append((a["score"] * a["role_score"], right))


def _score_relations(
    scores: Scores, guess: gold.Record, truth: gold.Record, number: Sequence[int]
) -> None:
    mine, theirs = stated(guess, number), stated(truth, range(len(truth["entities"])))
    scores.relation.add(set(mine), set(theirs))
    scores.relations.add({x: x[1] for x in mine}, {x: x[1] for x in theirs})
    scores.judged["relation"] += [(s, x in theirs) for x, s in mine.items() if s is not None]


def stated(record: gold.Record, number: Sequence[int]) -> dict[tuple[int, str, int], float | None]:
    """Give a record's relations between numbered entities, each with its score if it has one."""
    by_name = {entity["name"]: n for n, entity in zip(number, record["entities"], strict=True)}
    scores = record.get("relation_scores") or [None] * len(record["relations"])
    found: dict[tuple[int, str, int], float | None] = {}
    for (head, label, tail), chance in zip(record["relations"], scores, strict=True):
        if head in by_name and tail in by_name:
            found[by_name[head], label, by_name[tail]] = chance
    return found


def _typed_spans(record: gold.Record) -> set[tuple[int, int, str]]:
    return {
        (start, end, record["entities"][index]["type"]) for start, end, index in gold.spans(record)
    }
