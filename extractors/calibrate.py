"""Choose a model's thresholds, and make its scores probabilities, on held-out records."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit, logit
from spacy.tokens import Doc

from . import gold, links, pipeline, score, tagger

#: What is tried for each threshold.
SAME: Final = (0.4, 0.5, 0.6, 0.7, 0.8)
ENTITY: Final = (0.1, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5)
RELATION: Final = (0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5)
#: A threshold that nothing reaches: relations are not even sought.
NEVER: Final = 2.0
#: What a model starts with.
START: Final = {
    "calibration": {"slope": 1.0, "offset": 0.0},
    "thresholds": {"entity": 0.3, "same": 0.5, "relation": 0.4},
}


def calibrate(folder: Path, records: Sequence[gold.Record]) -> dict[str, Any]:
    """Set the calibration and the thresholds of the model in ``folder``; give its scores.

    The calibration is Platt's (1999), from the spans that are exactly right; the thresholds of
    entities are those with the best entity F1, that of relations the best relation F1.
    """
    settings = json.loads((folder / "settings.json").read_text(encoding="utf-8"))
    settings |= START
    _save(folder, settings)
    nlp = pipeline.load(str(folder), links=False)
    docs = list(nlp.pipe([gold.text(record) for record in records]))
    settings["calibration"] = platt(*_judged(docs, records))
    _save(folder, settings)
    scaled = tagger.Calibration(**settings["calibration"])
    for doc in docs:
        attrs = doc.spans["mentions"].attrs
        attrs["scores"] = [scaled(chance) for chance in attrs["scores"]]
    found = settings["thresholds"] = {"entity": 0.3, "same": 0.5, "relation": NEVER}
    for name, grid in (("same", SAME), ("entity", ENTITY)):
        tried = {}
        for value in grid:
            found[name] = value
            guesses = _linked(folder, settings, docs, records)
            tried[value] = score.score(zip(guesses, records, strict=True)).entity.f1
        found[name] = max(tried, key=lambda value: (tried[value], value))
    found["relation"] = RELATION[0]
    guesses = _linked(folder, settings, docs, records)
    scored = {
        value: score.score(
            (_certain(guess, value), record) for guess, record in zip(guesses, records, strict=True)
        )
        for value in RELATION
    }
    found["relation"] = max(scored, key=lambda value: (scored[value].relation.f1, value))
    _save(folder, settings)
    return scored[found["relation"]].summary()


def platt(scores: Sequence[float], right: Sequence[bool]) -> dict[str, float]:
    """Fit the slope and offset that make log odds of scores those of being right."""
    odds = logit(np.clip(scores, 1e-4, 1 - 1e-4))
    truth = np.array(right, dtype=float)

    def loss(line: Any) -> float:
        chance = np.clip(expit(line[0] * odds + line[1]), 1e-9, 1 - 1e-9)
        return float(-np.mean(truth * np.log(chance) + (1 - truth) * np.log(1 - chance)))

    slope, offset = minimize(loss, [1.0, 0.0], method="Nelder-Mead").x
    return {"slope": round(float(slope), 4), "offset": round(float(offset), 4)}


def _judged(docs: Sequence[Doc], records: Sequence[gold.Record]) -> tuple[list[float], list[bool]]:
    scores, right = [], []
    for doc, record in zip(docs, records, strict=True):
        truth = {
            (start, end, record["entities"][index]["type"])
            for start, end, index in gold.spans(record)
        }
        spans = doc.spans["mentions"]
        for span, chance in zip(spans, spans.attrs["scores"], strict=True):
            scores.append(chance)
            label = span.label_.partition(":")[0]
            right.append((span.start_char, span.end_char, label) in truth)
    return scores, right


def _linked(
    folder: Path,
    settings: dict[str, Any],
    docs: Sequence[Doc],
    records: Sequence[gold.Record],
) -> list[gold.Record]:
    """Give what the links make of the tagged texts with these settings, as records."""
    _save(folder, settings)
    link = links.load(folder)
    guesses: list[gold.Record] = []
    for doc, record in zip(docs, records, strict=True):
        doc._.findings = doc._.relations = ()
        found = pipeline.extraction(link(doc), "")
        guesses.append(gold.record(record["id"], record["title"], record["abstract"], found))
    return guesses


def _certain(guess: gold.Record, threshold: float) -> gold.Record:
    """Give a record with the relations that reach a threshold."""
    scored = zip(guess["relations"], guess["relation_scores"], strict=True)
    return {**guess, "relations": [relation for relation, chance in scored if chance >= threshold]}


def _save(folder: Path, settings: dict[str, Any]) -> None:
    text = json.dumps(settings, indent=2) + "\n"
    (folder / "settings.json").write_text(text, encoding="utf-8")
