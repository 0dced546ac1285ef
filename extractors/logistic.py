"""Logistic regression: evidence becomes a probability.

With one number, the log odds of a score, it is the calibration of Platt (1999).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import minimize
from scipy.special import expit, logit

#: Scores nearer to 0 and 1 than this are as good as certain.
EDGE: Final = 1e-4


def odds(score: ArrayLike) -> Any:
    """Give the log odds of probabilities."""
    return logit(np.clip(score, EDGE, 1 - EDGE))


@dataclass(frozen=True, slots=True)
class Logistic:
    """A weight for each piece of evidence, and an offset."""

    weights: tuple[float, ...] = (1.0,)
    offset: float = 0.0

    def __call__(self, *evidence: float) -> float:
        """Give the probability that follows from the evidence.

        >>> Logistic((2.0,), 1.0)(-0.5)
        0.5
        """
        pairs = zip(self.weights, evidence, strict=True)
        return float(expit(sum(weight * number for weight, number in pairs) + self.offset))

    def data(self) -> dict[str, Any]:
        """Give the weights as what JSON can hold; ``logistic(data)`` reads them."""
        return {"weights": list(self.weights), "offset": self.offset}


def logistic(data: Mapping[str, Any]) -> Logistic:
    """Read what ``Logistic.data`` gave."""
    return Logistic(tuple(data["weights"]), data["offset"])


def fit(evidence: Sequence[Sequence[float]], right: Sequence[bool]) -> Logistic:
    """Fit the weights to cases, a row each, of which it is known whether they are right.

    A ridge of 1 on the standardised evidence keeps few cases from deciding much.
    """
    rows, truth = np.array(evidence, dtype=float), np.array(right, dtype=float)
    mean, spread = rows.mean(0), rows.std(0)
    spread[spread == 0] = 1.0
    table = np.column_stack([(rows - mean) / spread, np.ones(len(rows))])

    def loss(line: Any) -> tuple[float, Any]:
        log_odds = table @ line
        ridge = np.append(line[:-1], 0)
        gradient = table.T @ (expit(log_odds) - truth) + 2 * ridge
        return float(np.sum(np.logaddexp(0, log_odds) - truth * log_odds) + ridge @ ridge), gradient

    line = minimize(loss, np.zeros(table.shape[1]), jac=True).x
    weights = line[:-1] / spread
    return Logistic(
        tuple(round(float(weight), 4) for weight in weights),
        round(float(line[-1] - weights @ mean), 4),
    )


#: Log odds as they are.
AS_THEY_ARE: Final = Logistic()
