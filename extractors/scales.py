"""Scores of any extractor as shares that are right: Platt's scaling (1999), fitted on gold."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Final

import numpy as np

from .faults import Fault
from .findings import Extraction

#: What is scaled: that an entity is one, that it has its role, that a relation holds.
PARTS: Final = ("entity", "role", "relation")


@dataclass(frozen=True, slots=True)
class Line:
    """Log odds are stretched and moved."""

    slope: float = 1.0
    offset: float = 0.0

    def __call__(self, score: float) -> float:
        """Give the share that is right among what has this score."""
        from scipy.special import expit, logit

        odds = float(logit(min(max(score, 1e-4), 1 - 1e-4)))
        return round(float(expit(self.slope * odds + self.offset)), 4)


@dataclass(frozen=True, slots=True)
class Scale:
    """A line for each of ``PARTS``."""

    entity: Line = Line()
    role: Line = Line()
    relation: Line = Line()

    @property
    def digest(self) -> str:
        """Eight hex digits of the numbers."""
        return hashlib.sha256(repr(self).encode()).hexdigest()[:8]

    def scaled(self, extraction: Extraction) -> Extraction:
        """Give an extraction with its scores scaled; what a glossary made sure stays so."""
        findings = tuple(
            replace(
                finding,
                score=1.0 if finding.score == 1.0 else self.entity(finding.score),
                role_score=self.role(finding.role_score),
                mentions=tuple(
                    replace(m, score=1.0 if m.score == 1.0 else self.entity(m.score))
                    for m in finding.mentions
                ),
            )
            for finding in extraction.findings
        )
        relations = tuple(replace(r, score=self.relation(r.score)) for r in extraction.relations)
        return replace(extraction, findings=findings, relations=relations)


def fitted(judged: Mapping[str, Sequence[tuple[float, bool]]]) -> Scale:
    """Fit a scale to what ``extractors.score`` judged: scores, and whether they are right.

    What is always right or always wrong says nothing of a scale, and stays as it is.
    """
    return Scale(**{part: _line(judged[part]) for part in PARTS})


def _line(judged: Sequence[tuple[float, bool]]) -> Line:
    from scipy.optimize import minimize
    from scipy.special import expit, logit

    truth = np.array([right for _, right in judged], dtype=float)
    if len(set(truth)) < 2:
        return Line()
    odds = logit(np.clip([score for score, _ in judged], 1e-4, 1 - 1e-4))

    def loss(line: Any) -> float:
        chance = np.clip(expit(line[0] * odds + line[1]), 1e-9, 1 - 1e-9)
        return float(-np.mean(truth * np.log(chance) + (1 - truth) * np.log(1 - chance)))

    slope, offset = minimize(loss, [1.0, 0.0], method="Nelder-Mead").x
    return Line(round(float(slope), 4), round(float(offset), 4))


def data(scale: Scale) -> dict[str, Any]:
    """Give a scale as what JSON can hold; ``scale(data)`` reads it."""
    return asdict(scale)


def scale(data: Mapping[str, Any]) -> Scale:
    """Read a scale from what ``data`` gave."""
    return Scale(**{part: Line(**data[part]) for part in PARTS})


def read(path: Path) -> Scale:
    """Read a scale; raise ``Fault`` for another file."""
    try:
        return scale(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError, LookupError) as error:
        raise Fault(
            f"{path}: is no calibration: {error}", "Make one: kg evaluate --fit."
        ) from error
