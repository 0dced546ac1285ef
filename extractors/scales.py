"""Scores of any extractor as shares that are right: Platt's scaling (1999), fitted on gold."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from .faults import Fault
from .findings import Extraction
from .logistic import AS_THEY_ARE, Logistic, fit, logistic, odds

#: What is scaled: that an entity is one, that it has its role, that a relation holds.
PARTS: Final = ("entity", "role", "relation")


@dataclass(frozen=True, slots=True)
class Scale:
    """What makes of the log odds of a score the share that is right, for each of ``PARTS``."""

    entity: Logistic = AS_THEY_ARE
    role: Logistic = AS_THEY_ARE
    relation: Logistic = AS_THEY_ARE

    @property
    def digest(self) -> str:
        """Eight hex digits of the numbers."""
        return hashlib.sha256(repr(self).encode()).hexdigest()[:8]

    def scaled(self, extraction: Extraction) -> Extraction:
        """Give an extraction with its scores scaled; what a glossary made sure stays so."""
        findings = tuple(
            replace(
                finding,
                score=1.0 if finding.score == 1.0 else _share(self.entity, finding.score),
                role_score=_share(self.role, finding.role_score),
                mentions=tuple(
                    replace(m, score=1.0 if m.score == 1.0 else _share(self.entity, m.score))
                    for m in finding.mentions
                ),
            )
            for finding in extraction.findings
        )
        relations = tuple(
            replace(r, score=_share(self.relation, r.score)) for r in extraction.relations
        )
        return replace(extraction, findings=findings, relations=relations)


def fitted(judged: Mapping[str, Sequence[tuple[float, bool]]]) -> Scale:
    """Fit a scale to what ``extractors.score`` judged: scores, and whether they are right.

    What is always right or always wrong says nothing of a scale, and stays as it is.
    """
    return Scale(**{part: _line(judged[part]) for part in PARTS})


def _share(line: Logistic, score: float) -> float:
    return round(line(float(odds(score))), 4)


def _line(judged: Sequence[tuple[float, bool]]) -> Logistic:
    if len({right for _, right in judged}) < 2:
        return AS_THEY_ARE
    return fit([[float(odds(score))] for score, _ in judged], [right for _, right in judged])


def data(scale: Scale) -> dict[str, Any]:
    """Give a scale as what JSON can hold; ``scale(data)`` reads it."""
    return {part: getattr(scale, part).data() for part in PARTS}


def scale(data: Mapping[str, Any]) -> Scale:
    """Read a scale from what ``data`` gave."""
    return Scale(**{part: logistic(data[part]) for part in PARTS})


def read(path: Path) -> Scale:
    """Read a scale; raise ``Fault`` for another file."""
    try:
        return scale(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError, LookupError) as error:
        raise Fault(
            f"{path}: is no calibration: {error}", "Make one: kg evaluate --fit."
        ) from error
