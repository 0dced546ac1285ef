"""What a long run will take: measured on its first few texts, told before the others."""

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final, TypeVar

from .faults import Fault

T = TypeVar("T")

#: Texts that are measured.
FIRST: Final = 3
#: Fewer texts than this are not worth an estimate.
LARGE: Final = 20


@dataclass(frozen=True, slots=True)
class Estimate:
    """What the texts that are left will take; ``cost`` is None where no price is known."""

    texts: int
    seconds: float
    tokens: int
    cost: float | None

    def __str__(self) -> str:
        """Give one line for people.

        >>> print(Estimate(texts=900, seconds=5400, tokens=1_500_000, cost=0.6))
        About 900 texts more: 1 h 30 min, 1,500,000 tokens, 0.60 at the given price.
        """
        minutes = max(1, round(self.seconds / 60))
        hours, rest = divmod(minutes, 60)
        parts = [f"{hours} h {rest} min" if hours else f"{minutes} min"]
        if self.tokens:
            parts.append(f"{self.tokens:,} tokens")
        if self.cost is not None:
            parts.append(f"{self.cost:,.2f} at the given price")
        return f"About {self.texts:,} texts more: {', '.join(parts)}."


@dataclass(slots=True)
class Meter:
    """Counts texts and tokens while they are worked on, by any number of threads.

    ``price`` is that of a million tokens.
    """

    price: float | None = None
    texts: int = 0
    tokens: int = 0
    started: float = field(default_factory=time.monotonic)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, tokens: int = 0) -> None:
        """Count one text."""
        with self.lock:
            self.texts += 1
            self.tokens += tokens

    def cost(self, tokens: int) -> float | None:
        """Give what tokens cost."""
        return None if self.price is None else tokens * self.price / 1e6

    def estimate(self, left: int) -> Estimate:
        """Give what ``left`` texts more will take."""
        share = left / max(1, self.texts)
        tokens = round(self.tokens * share)
        return Estimate(left, (time.monotonic() - self.started) * share, tokens, self.cost(tokens))


def metered(
    results: Iterator[T],
    meter: Meter,
    total: int,
    say: Callable[[str], None],
    agree: Callable[[Estimate], bool],
) -> Iterator[T]:
    """Yield results; tell what the rest will take once some are there, and ask whether to go on.

    ``total`` is the number of texts that are to be worked on: those whose answers are known are
    none.  Raises ``Fault`` if ``agree`` does not.
    """
    told = total < LARGE
    for result in results:
        yield result
        if not told and meter.texts >= FIRST:
            told = True
            estimate = meter.estimate(total - meter.texts)
            say(str(estimate))
            if not agree(estimate):
                raise Fault("Stopped as you wished.", "What was answered so far is kept.")
