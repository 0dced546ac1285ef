"""From evidence to probabilities: what stands on nodes and edges as their score."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from . import lexicon
from .lexicon import Lexicon
from .logistic import AS_THEY_ARE, Logistic, odds

#: Before anything is fitted: the best mention's score, the role's, the relation's.
ENTITY: Final = Logistic((1.0, *(0.0,) * (2 + lexicon.EVIDENCE)))
ROLE: Final = AS_THEY_ARE
RELATION: Final = Logistic((1.0, 0.0, 0.0))


@dataclass(frozen=True, slots=True)
class Judges:
    """What turns evidence into the probabilities that stand on nodes and edges.

    ``entity`` takes what ``evidence`` gives, ``role`` the log odds of the role, and ``relation``
    those of the relation and of its two entities.
    """

    entity: Logistic = ENTITY
    role: Logistic = ROLE
    relation: Logistic = RELATION


def evidence(
    forms: Sequence[str], scores: Sequence[float], label: str, counts: Lexicon
) -> tuple[float, ...]:
    """Say what speaks for an entity: its mentions in the text, and what the collection knows.

    In order: the best and the mean log odds of its mentions, log of their number, and the
    ``Lexicon.evidence``.
    """
    each = odds(scores)
    return (
        float(each.max()),
        float(each.mean()),
        math.log(len(scores)),
        *counts.evidence(forms, label),
    )
