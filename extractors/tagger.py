"""The trained mention tagger, as a spaCy component that runs an ONNX model on the CPU."""

import json
import os
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray
from scipy.special import expit, log_softmax, logit
from spacy.language import Language
from spacy.tokens import Doc, Span, SpanGroup
from tokenizers import Tokenizer

from .schema import TAGS, TYPES
from .terms import generic
from .words import Cutter, Pieces

#: Name of the component, declared as an entry point too.
FACTORY: Final = "paperlattice_tagger"

Array = NDArray[np.float32]

#: States and tag scores of words.
Output = tuple[Array, Array]
CORES: Final = os.cpu_count() or 1


def transitions() -> Array:
    """Give what may follow what, tags x tags: 0 or minus infinity; I needs B or I of its type."""
    table = np.zeros((len(TAGS), len(TAGS)), dtype=np.float32)
    for column, tag in enumerate(TAGS):
        if tag.startswith("I-"):
            allowed = [TAGS.index("B" + tag[1:]), column]
            table[[row for row in range(len(TAGS)) if row not in allowed], column] = -np.inf
    return table


TRANSITIONS: Final = transitions()
START: Final = np.array([-np.inf if t.startswith("I-") else 0 for t in TAGS], dtype=np.float32)


def viterbi(scores: Array) -> NDArray[np.int64]:
    """Give the best path of tags that may follow each other: words x tags -> words."""
    best = scores[0] + START
    back = np.zeros(scores.shape, dtype=np.int64)
    for word in range(1, len(scores)):
        ways = best[:, None] + TRANSITIONS
        back[word] = ways.argmax(0)
        best = ways.max(0) + scores[word]
    path = np.zeros(len(scores), dtype=np.int64)
    path[-1] = best.argmax()
    for word in range(len(scores) - 1, 0, -1):
        path[word - 1] = back[word, path[word]]
    return path


@dataclass(frozen=True, slots=True)
class Calibration:
    """Platt scaling (1999): the log odds of a score, stretched and moved, become a probability."""

    slope: float = 1.0
    offset: float = 0.0

    def __call__(self, score: float) -> float:
        """Give the probability that a span with this score is right."""
        return float(expit(self.slope * logit(np.clip(score, 1e-4, 1 - 1e-4)) + self.offset))


class Tagger:
    """Set the scored mentions in ``doc.spans``, the encoder's states in ``doc.tensor``."""

    def __init__(self, model: bytes, tokenizer: Tokenizer, calibration: Calibration) -> None:
        options = ort.SessionOptions()
        options.log_severity_level = 3
        # Texts run beside each other, each on one core: no core waits for another.
        options.intra_op_num_threads = 1
        self.session = ort.InferenceSession(model, options, providers=["CPUExecutionProvider"])
        self.cutter = Cutter(tokenizer)
        self.calibration = calibration

    def __call__(self, doc: Doc) -> Doc:
        """Tag one text."""
        return next(self.pipe([doc]))

    def pipe(self, stream: Iterable[Doc], *, batch_size: int = 32) -> Iterator[Doc]:
        """Tag texts in their order; ``batch_size`` of them are under way at a time."""
        waiting: deque[tuple[Doc, list[Pieces], list[Future[Output]]]] = deque()
        with ThreadPoolExecutor(CORES) as pool:
            for doc in stream:
                pieces = self.cutter.windows(doc)
                waiting.append((doc, pieces, [pool.submit(self._run, piece) for piece in pieces]))
                if len(waiting) > batch_size:
                    yield self._tagged(*waiting.popleft())
            while waiting:
                yield self._tagged(*waiting.popleft())

    def _run(self, piece: Pieces) -> Output:
        """Give the states and tag scores of the first piece of each word of one window.

        A window runs alone: the 8-bit products scale by all that is in a run, so that in company
        a text's findings would depend on its neighbours.
        """
        feed = {
            "ids": np.array([piece.ids]),
            "shapes": np.array([piece.shapes]),
            "mask": np.ones((1, len(piece.ids)), dtype=np.int64),
        }
        states, tags = self.session.run(["states", "tags"], feed)
        firsts = list(piece.firsts)
        return states[0, firsts], tags[0, firsts]

    def _tagged(self, doc: Doc, pieces: Sequence[Pieces], futures: Sequence[Future[Output]]) -> Doc:
        states, scores = zip(*(future.result() for future in futures), strict=True)
        self._set(doc, pieces, states, scores)
        return doc

    def _set(
        self, doc: Doc, pieces: Sequence[Pieces], states: Sequence[Array], scores: Sequence[Array]
    ) -> None:
        tensor: Array = np.zeros((len(doc), states[0].shape[1]), dtype=np.float32)
        tags: Array = np.full((len(doc), len(TAGS)), -30.0, dtype=np.float32)
        tags[:, 0] = 0.0  # white space is outside
        for word, window, row in _owners(pieces):
            tensor[word], tags[word] = states[window][row], scores[window][row]
        doc.tensor = tensor  # type: ignore[assignment]
        spans, chances = [], []
        logs = log_softmax(tags, axis=1)
        for first, stop, kind in bio_spans(viterbi(logs) if len(doc) else ()):
            start, end = trimmed(doc, first, stop)
            if start == end or generic(doc[start:end].text):
                continue
            begin, inside = 1 + 2 * kind, 2 + 2 * kind
            path = [logs[start, begin], *logs[start + 1 : end, inside]]
            spans.append(Span(doc, start, end, label=TYPES[kind]))
            chances.append(self.calibration(float(np.exp(np.mean(path)))))
        group = SpanGroup(doc, name="mentions", spans=spans)
        group.attrs["scores"] = chances
        doc.spans["mentions"] = group


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


def _owners(pieces: Sequence[Pieces]) -> Iterator[tuple[int, int, int]]:
    """Yield (word, window, row): of two windows the one in which the word lies deeper."""
    best: dict[int, tuple[int, int, int]] = {}
    for window, piece in enumerate(pieces):
        for row, word in enumerate(piece.words):
            depth = min(row, len(piece.words) - 1 - row) if len(pieces) > 1 else 0
            if word not in best or depth > best[word][0]:
                best[word] = (depth, window, row)
    for word, (_, window, row) in best.items():
        yield word, window, row


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


@Language.factory(FACTORY, assigns=["doc.spans", "doc.tensor"], default_config={"model": ""})
def make(nlp: Language, name: str, model: str) -> Tagger:
    """Make the component from a model's folder."""
    del nlp, name
    return load(Path(model))


def load(folder: Path) -> Tagger:
    """Load the encoder, its tokenizer and the calibration of a model's folder."""
    settings = json.loads((folder / "settings.json").read_text(encoding="utf-8"))
    return Tagger(
        (folder / "encoder.onnx").read_bytes(),
        Tokenizer.from_file(str(folder / "tokenizer.json")),
        Calibration(**settings["calibration"]),
    )
