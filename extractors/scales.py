"""Scores of any extractor as shares that are right: Platt's scaling (1999), fitted on gold."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Final

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
    from .calibrate import platt

    lines = {}
    for part in PARTS:
        pairs = judged[part]
        if len({right for _, right in pairs}) < 2:
            lines[part] = Line()
            continue
        made = platt([score for score, _ in pairs], [right for _, right in pairs])
        lines[part] = Line(**made)
    return Scale(**lines)


def write(scale: Scale) -> str:
    """Give a scale as JSON."""
    return json.dumps(asdict(scale), indent=2) + "\n"


def read(path: Path) -> Scale:
    """Read a scale; raise ``Fault`` for another file."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        return Scale(**{part: Line(**found[part]) for part in PARTS})
    except (OSError, ValueError, TypeError, LookupError) as error:
        raise Fault(
            f"{path}: is no calibration: {error}", "Make one: kg evaluate --fit."
        ) from error
