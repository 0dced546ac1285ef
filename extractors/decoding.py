"""From scores of tags to mentions: the best way to part a text into mentions and what is none."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
from numpy.typing import NDArray
from spacy.tokens import Doc, Span, SpanGroup

from .lexicon import LONGEST as LONGEST_KNOWN
from .lexicon import Lexicon
from .logistic import AS_THEY_ARE, Logistic, odds
from .schema import OURS, Schema
from .terms import generic, plain_words, singular

Array = NDArray[np.float32]

#: Words of the longest mention.
LONGEST: Final = 12
#: Added to the log odds that a collection tags a form: one that it tags in one place of eight
#: counts as much as one that it does not know.
KNOWN: Final = 2.0

#: Bounds of a run of words (first, after the last), and log odds that a collection tags its form.
Known = Mapping[tuple[int, int], float]


@dataclass(frozen=True, slots=True)
class Decoding:
    """How scores of tags become mentions.

    ``outside`` is taken off the log probability of being outside: more mentions are proposed, and
    what the whole text and the collection say decides which of them stand (``judges.Judges``).
    ``known`` is how much it counts where the bounds are drawn that the collection tags the form.
    """

    outside: float = 0.0
    known: float = 0.0
    calibration: Logistic = AS_THEY_ARE


#: Texts repeat their words.
_words = lru_cache(maxsize=50_000)(plain_words)


def known(doc: Doc, counts: Lexicon) -> Known:
    """Give what the collection knows of the forms in a text."""
    if not counts.papers:
        return {}
    words = [_words(token.text) for token in doc]
    breaks = [token.is_space for token in doc]
    found = {}
    for start in range(len(words)):
        before: list[str] = []
        for end in range(start, min(start + LONGEST_KNOWN, len(words))):
            if breaks[end] or not words[start]:
                break
            if own := words[end]:
                key = " ".join([*before, *own[:-1], singular(own[-1])])
                if key in counts.tagged:
                    found[start, end + 1] = counts.tagging(key)
                before += own
                if " ".join(before) not in counts.begun:
                    break
    return found


def parts(logs: Array, way: Decoding, known: Known) -> list[tuple[int, int, int]]:
    """Give the mentions (first word, after the last, type) of the best way to part a text.

    ``logs`` are the log probabilities of the tags, words x tags: 0 is outside; 1, 3, 5 begin a
    mention, and 2, 4, 6 go on with it.
    """
    worth, types = _runs(logs)
    for (start, end), chance in known.items():
        worth[start][end - start - 1] += way.known * (chance + KNOWN)
    outside = (logs[:, 0] - way.outside).tolist()
    # The best worth of the words up to here, and the length of the mention that ends there.
    best, taken = [0.0], [0]
    for end in range(1, len(logs) + 1):
        top, length = best[-1] + outside[end - 1], 0
        for size in range(1, min(LONGEST, end) + 1):
            with_it = best[end - size] + worth[end - size][size - 1]
            if with_it > top:
                top, length = with_it, size
        best.append(top)
        taken.append(length)
    found, end = [], len(logs)
    while end > 0:
        if length := taken[end]:
            found.append((end - length, end, int(types[end - length, length - 1])))
        end -= length or 1
    return found[::-1]


def _runs(logs: Array) -> tuple[list[list[float]], NDArray[np.int64]]:
    """Give the worth of every run of words as a mention of its best type, and that type.

    Both are words x lengths, by the first word and the length less one.
    """
    count = len(logs)
    begin, inside = logs[:, 1::2], logs[:, 2::2]
    sums = np.concatenate([np.zeros_like(inside[:1]), np.cumsum(inside, axis=0)])
    worth = np.full((count, LONGEST), -np.inf)
    types = np.zeros((count, LONGEST), dtype=np.int64)
    for size in range(1, min(LONGEST, count) + 1):
        each = begin[: count - size + 1] + sums[size:] - sums[1 : count - size + 2]
        worth[: len(each), size - 1] = each.max(axis=1)
        types[: len(each), size - 1] = each.argmax(axis=1)
    return worth.tolist(), types


def mentions(doc: Doc, way: Decoding, known: Known, own: Schema = OURS) -> SpanGroup:
    """Decode the log probabilities of a document's tags; ``attrs["scores"]`` has one a span."""
    logs = doc.user_data["tags"]
    # A generic word is no node of our graph; others may have a label for it.
    named = own == OURS
    spans, scores = [], []
    for first, stop, kind in parts(logs, way, known):
        start, end = trimmed(doc, first, stop)
        if start == end or (named and generic(doc[start:end].text)):
            continue
        begin, inside = 1 + 2 * kind, 2 + 2 * kind
        path = [logs[start, begin], *logs[start + 1 : end, inside]]
        spans.append(Span(doc, start, end, label=own.types[kind]))
        scores.append(way.calibration(float(odds(np.exp(np.mean(path))))))
    group = SpanGroup(doc, name="mentions", spans=spans)
    group.attrs["scores"] = scores
    return group


def trimmed(doc: Doc, start: int, end: int) -> tuple[int, int]:
    """Give the bounds of a span without brackets and LaTeX that it opens or closes alone."""
    while start < end and _loose(doc, end - 1, start, end):
        end -= 1
    while start < end and _loose(doc, start, start, end):
        start += 1
    return start, end


#: What a term neither begins nor ends with.
_LOOSE: Final = frozenset(
    {*"a an and as at by for from in its of on or our the their to via with".split()}
    | {*"$\\,;:.-–'\"’", "``", "''", "'s", "’s"}
)
_PARTNERS: Final = {"(": ")", ")": "(", "[": "]", "]": "[", "{": "}", "}": "{"}


def _loose(doc: Doc, index: int, start: int, end: int) -> bool:
    word = doc[index].text
    partner = _PARTNERS.get(word)
    if partner:
        return partner not in doc[start:end].text
    return word in _LOOSE


def bio_spans(path: Sequence[int] | NDArray[np.int64]) -> Iterator[tuple[int, int, int]]:
    """Yield ``(first word, word after the last, type)`` of a path of tags.

    >>> list(bio_spans([0, 1, 2, 0, 1, 1, 3, 4]))
    [(1, 3, 0), (4, 5, 0), (5, 6, 0), (6, 8, 1)]
    """
    start, kind = -1, -1
    for word, tag in enumerate([*path, 0]):
        if start >= 0 and not (tag and tag % 2 == 0 and (tag - 1) // 2 == kind):
            yield start, word, kind
            start = -1
        if tag % 2 == 1:
            start, kind = word, int(tag - 1) // 2
