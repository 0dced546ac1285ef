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
from scipy.special import log_softmax
from spacy.language import Language
from spacy.tokens import Doc, Span, SpanGroup
from tokenizers import Tokenizer

from .logistic import AS_THEY_ARE, Logistic, logistic, odds
from .schema import OURS, Schema, schema
from .terms import generic
from .words import Cutter, Pieces

#: Name of the component, declared as an entry point too.
FACTORY: Final = "paperlattice_tagger"

Array = NDArray[np.float32]

#: States and tag scores of words.
Output = tuple[Array, Array]
CORES: Final = os.cpu_count() or 1


def viterbi(logs: Array) -> NDArray[np.int64]:
    """Give the best path of tags that may follow each other: words x tags -> words.

    Tag 0 is outside; 1, 3, 5 begin a mention, and 2, 4, 6 go on with it after themselves or what
    begins it.
    """
    tags = np.arange(logs.shape[1])
    inside = (tags > 0) & (tags % 2 == 0)
    ways = np.where(
        inside[None] & (tags[:, None] != tags) & (tags[:, None] != tags - 1), -np.inf, 0
    )
    best = logs[0] + np.where(inside, -np.inf, 0)
    back = np.zeros(logs.shape, dtype=np.int64)
    for word in range(1, len(logs)):
        reached = best[:, None] + ways
        back[word] = reached.argmax(0)
        best = reached.max(0) + logs[word]
    path = np.zeros(len(logs), dtype=np.int64)
    path[-1] = best.argmax()
    for word in range(len(logs) - 1, 0, -1):
        path[word - 1] = back[word, path[word]]
    return path


@dataclass(frozen=True, slots=True)
class Decoding:
    """How scores of tags become mentions.

    ``outside`` is taken off the log probability of being outside: more mentions are proposed, and
    which of them stand is decided by what the whole text and the collection say (``links.Judges``).
    """

    outside: float = 0.0
    calibration: Logistic = AS_THEY_ARE


class Tagger:
    """Set the scored mentions in ``doc.spans``, the encoder's states in ``doc.tensor``.

    The log probabilities of the tags, words x tags, stay in ``doc.user_data["tags"]``.
    """

    def __init__(
        self, model: bytes, tokenizer: Tokenizer, decoding: Decoding, own: Schema = OURS
    ) -> None:
        options = ort.SessionOptions()
        options.log_severity_level = 3
        # Texts run beside each other, each on one core: no core waits for another.
        options.intra_op_num_threads = 1
        self.session = ort.InferenceSession(model, options, providers=["CPUExecutionProvider"])
        self.cutter = Cutter(tokenizer)
        self.decoding = decoding
        self.schema = own

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
        tensor: Array = np.zeros((len(doc), states[0].shape[1]), dtype=np.float32)
        tags: Array = np.full((len(doc), len(self.schema.tags)), -30.0, dtype=np.float32)
        tags[:, 0] = 0.0  # white space is outside
        for word, window, row in _owners(pieces):
            tensor[word], tags[word] = states[window][row], scores[window][row]
        doc.tensor = tensor  # type: ignore[assignment]
        doc.user_data["tags"] = log_softmax(tags, axis=1)
        doc.spans["mentions"] = mentions(doc, self.decoding, self.schema.types)
        return doc


def mentions(doc: Doc, decoding: Decoding, types: Sequence[str]) -> SpanGroup:
    """Decode the log probabilities of a document's tags; ``attrs["scores"]`` has one a span."""
    logs = doc.user_data["tags"]
    eager = logs.copy()
    eager[:, 0] -= decoding.outside
    spans, scores = [], []
    for first, stop, kind in bio_spans(viterbi(eager) if len(doc) else ()):
        start, end = trimmed(doc, first, stop)
        if start == end or generic(doc[start:end].text):
            continue
        begin, inside = 1 + 2 * kind, 2 + 2 * kind
        path = [logs[start, begin], *logs[start + 1 : end, inside]]
        spans.append(Span(doc, start, end, label=types[kind]))
        scores.append(decoding.calibration(float(odds(np.exp(np.mean(path))))))
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
    """Load the encoder, its tokenizer, its schema and how it is decoded from a model's folder."""
    settings = json.loads((folder / "settings.json").read_text(encoding="utf-8"))
    return Tagger(
        (folder / "encoder.onnx").read_bytes(),
        Tokenizer.from_file(str(folder / "tokenizer.json")),
        Decoding(settings["outside"], logistic(settings["calibration"])),
        schema(settings.get("schema")),
    )
