"""Choose a model's thresholds, and make its scores probabilities, on held-out records."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import numpy as np
from scipy.special import expit
from spacy.tokens import Doc

from . import decoding, gold, judges, links, logistic, pipeline, score
from .decoding import Decoding
from .logistic import Logistic

#: What is tried.
OUTSIDE: Final = (0.0, 0.6, 1.2, 1.8, 2.4, 3.0)
KNOWN: Final = (0.0, 0.25, 0.5)
SAME: Final = (0.3, 0.4, 0.5, 0.6, 0.7)
GRID: Final = tuple(round(0.02 * step, 2) for step in range(5, 31))
#: A threshold that nothing reaches: relations are not even sought.
NEVER: Final = 2.0
#: Parts of the records that are judged by what was fitted on the others.
FOLDS: Final = 10


def start(folder: Path) -> dict[str, Any]:
    """Give the model in ``folder`` settings to start from, and return them."""
    settings: dict[str, Any] = json.loads((folder / "settings.json").read_text(encoding="utf-8"))
    settings |= {
        "outside": 0.0,
        "known": 0.0,
        "calibration": Logistic().data(),
        "judges": {},
        "thresholds": {"entity": 0.3, "same": 0.5, "relation": NEVER},
    }
    _save(folder, settings)
    return settings


def calibrate(folder: Path, records: Sequence[gold.Record]) -> dict[str, Any]:
    """Set how the model in ``folder`` decodes, judges and cuts; give its scores.

    Judges are fitted to what is right.  Thresholds are those with the best F1, where each record
    is judged by what was fitted on other records; the scores returned are of the whole, so they
    flatter a little.
    """
    settings = start(folder)
    nlp = pipeline.load(str(folder), links=False)
    docs = list(nlp.pipe([gold.text(record) for record in records]))
    bench = Bench(folder, settings, docs, records)
    bench.choose_outside()
    bench.choose_known()
    bench.choose_same()
    bench.judge_entities()
    bench.judge_roles()
    bench.judge_relations()
    return score.score(zip(bench.guesses(), records, strict=True)).summary()


class Bench:
    """A model's settings under trial over texts that its encoder has read."""

    def __init__(
        self,
        folder: Path,
        settings: dict[str, Any],
        docs: Sequence[Doc],
        records: Sequence[gold.Record],
    ) -> None:
        self.folder, self.settings = folder, settings
        self.docs, self.records = docs, records
        self.link = links.load(folder)
        self.known = [decoding.known(doc, self.link.counts) for doc in docs]
        self.total = sum(len(record["entities"]) for record in records)

    def choose_outside(self) -> None:
        """Choose how eagerly mentions are proposed: by the F1 of entities as they are judged."""
        self._choose([Decoding(outside) for outside in OUTSIDE])

    def choose_known(self) -> None:
        """Choose how much it counts for the bounds of mentions what the collection tags."""
        if self.link.counts.papers:
            self._choose([Decoding(self.settings["outside"], known) for known in KNOWN])

    def _choose(self, ways: Sequence[Decoding]) -> None:
        tried = []
        for way in ways:
            self._decode(way)
            tried.append(_best(*self._judged_entities()[1:], self.total)[1])
        self._decode(ways[int(np.argmax(tried))])

    def choose_same(self) -> None:
        """Choose how sure it must be that two forms name one thing."""
        tried = {}
        for same in SAME:
            self._set_threshold("same", same)
            tried[same] = _best(*self._judged_entities()[1:], self.total)[1]
        self._set_threshold("same", max(tried, key=lambda value: (tried[value], value)))

    def judge_entities(self) -> None:
        """Fit the judge of entities, and choose their threshold."""
        judge, chances, right = self._judged_entities()
        self._set_judge("entity", judge)
        self._set_threshold("entity", _best(chances, right, self.total)[0])

    def judge_roles(self) -> None:
        """Fit the judge of the roles of entities that are right."""
        judged = score.score(zip(self.guesses(), self.records, strict=True)).judged["role"]
        rows = [[float(logistic.odds(chance))] for chance, _ in judged]
        if len({right for _, right in judged}) == 2:
            self._set_judge("role", logistic.fit(rows, [right for _, right in judged]))

    def judge_relations(self) -> None:
        """Fit the judge of relations, and choose their threshold."""
        if not self.link.schema.relations:
            return
        self._set_threshold("relation", 0.0)
        rows, right, texts = [], [], []
        for number, (guess, record) in enumerate(zip(self.guesses(), self.records, strict=True)):
            for evidence, stated in _relations(guess, record):
                rows.append(evidence)
                right.append(stated)
                texts.append(number)
        self._set_threshold("relation", NEVER)
        if len(set(right)) < 2:
            return
        total = sum(len(record["relations"]) for record in self.records)
        judge, chances = _crossed(rows, right, texts)
        self._set_judge("relation", judge)
        self._set_threshold("relation", _best(chances, right, total)[0])

    def guesses(self) -> Iterator[gold.Record]:
        """Yield what the model now finds in each text, as records."""
        for doc, record in zip(self.docs, self.records, strict=True):
            doc._.findings = doc._.relations = ()
            found = pipeline.extraction(self.link(doc), "")
            yield gold.record(
                record.get("id", ""), record["title"], record.get("abstract", ""), found
            )

    def _decode(self, way: Decoding) -> None:
        """Decode the mentions anew, with scores that are the shares of exact spans."""
        rows, right = [], []
        self._mark(way)
        for doc, record in zip(self.docs, self.records, strict=True):
            truth = {
                (start, end, record["entities"][index]["type"])
                for start, end, index in gold.spans(record)
            }
            for span, chance in _scored(doc):
                label = span.label_.partition(":")[0]
                rows.append([float(logistic.odds(chance))])
                right.append((span.start_char, span.end_char, label) in truth)
        made = logistic.fit(rows, right) if len(set(right)) == 2 else Logistic()
        self.settings |= {"outside": way.outside, "known": way.known, "calibration": made.data()}
        _save(self.folder, self.settings)
        self._mark(replace(way, calibration=made))

    def _mark(self, way: Decoding) -> None:
        own = self.link.schema
        for doc, known in zip(self.docs, self.known, strict=True):
            doc.spans["mentions"] = decoding.mentions(doc, way, known, own)

    def _judged_entities(self) -> tuple[Logistic, list[float], list[bool]]:
        """Give the judge of all entities that may be, and what each is judged by the others."""
        rows, right, texts = [], [], []
        for number, (doc, record) in enumerate(zip(self.docs, self.records, strict=True)):
            spans = _scored(doc)
            candidates = self.link.candidates(doc)
            guesses = [
                {
                    "type": one.type.partition(":")[0],
                    "name": spans[one.members[0]][0].text,
                    "mentions": [spans[m][0].text for m in one.members],
                }
                for one in candidates
            ]
            pairs = score.matches(guesses, record["entities"])
            for index, one in enumerate(candidates):
                own = [spans[m][1] for m in one.members]
                forms = list(dict.fromkeys(guesses[index]["mentions"]))
                rows.append(judges.evidence(forms, own, guesses[index]["type"], self.link.counts))
                right.append(index in pairs)
                texts.append(number)
        if len(set(right)) < 2:
            # Nothing to learn from: the model finds nothing, or nothing right.
            return judges.ENTITY, [1.0] * len(right), right
        judge, chances = _crossed(rows, right, texts)
        return judge, chances, right

    def _set_threshold(self, name: str, value: float) -> None:
        self.settings["thresholds"][name] = value
        _save(self.folder, self.settings)
        self.link = links.load(self.folder)

    def _set_judge(self, name: str, judge: Logistic) -> None:
        self.settings["judges"][name] = judge.data()
        _save(self.folder, self.settings)
        self.link = links.load(self.folder)


def _scored(doc: Doc) -> list[tuple[Any, float]]:
    group = doc.spans["mentions"]
    return list(zip(group, group.attrs["scores"], strict=True))


def _relations(guess: gold.Record, record: gold.Record) -> Iterator[tuple[list[float], bool]]:
    """Yield the evidence of each relation of a guess, and whether gold has it."""
    mine, theirs = guess["entities"], record["entities"]
    named = {mine[g]["name"]: theirs[t]["name"] for g, t in score.matches(mine, theirs).items()}
    sure = {entity["name"]: float(logistic.odds(entity["score"])) for entity in mine}
    truth = {tuple(relation) for relation in record["relations"]}
    for (head, name, tail), chance in zip(
        guess["relations"], guess["relation_scores"], strict=True
    ):
        evidence = [float(logistic.odds(chance)), sure[head], sure[tail]]
        yield evidence, (named.get(head), name, named.get(tail)) in truth


def _crossed(
    rows: Sequence[Sequence[float]], right: Sequence[bool], texts: Sequence[int]
) -> tuple[Logistic, list[float]]:
    """Fit a judge on all cases; and judge each case by what was fitted on other texts."""
    table, truth, fold = np.array(rows), np.array(right), np.array(texts) % FOLDS
    chances = np.zeros(len(truth))
    for part in range(FOLDS):
        mine = fold == part
        if mine.any() and 0 < truth[~mine].sum() < (~mine).sum():
            judge = logistic.fit(table[~mine], truth[~mine])
            chances[mine] = expit(table[mine] @ np.array(judge.weights) + judge.offset)
    return logistic.fit(rows, right), chances.tolist()


def _best(chances: Sequence[float], right: Sequence[bool], total: int) -> tuple[float, float]:
    """Give the threshold with the best F1, and that; ``total`` is how many there are in gold."""
    scored, truth = np.array(chances), np.array(right)
    f1 = {
        value: float(2 * truth[scored >= value].sum() / ((scored >= value).sum() + total))
        for value in GRID
    }
    best = max(GRID, key=lambda value: (f1[value], value))
    return best, f1[best]


def _save(folder: Path, settings: dict[str, Any]) -> None:
    text = json.dumps(settings, indent=2) + "\n"
    (folder / "settings.json").write_text(text, encoding="utf-8")
