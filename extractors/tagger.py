"""The trained mention tagger, as a spaCy component that runs an ONNX model on the CPU."""

import json
import os
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Final

import numpy as np
import onnxruntime as ort
from numpy.typing import NDArray
from scipy.special import log_softmax
from spacy.language import Language
from spacy.tokens import Doc
from tokenizers import Tokenizer

from . import decoding, lexicon
from .decoding import Decoding
from .lexicon import Lexicon
from .logistic import logistic
from .schema import OURS, Schema, schema
from .words import Cutter, Pieces

#: Name of the component, declared as an entry point too.
FACTORY: Final = "paperlattice_tagger"

Array = NDArray[np.float32]

#: States and tag scores of words.
Output = tuple[Array, Array]
CORES: Final = os.cpu_count() or 1
#: What onnxruntime makes of "add, then normalise" takes four times as long as the two.
SLOWER: Final = ("SkipLayerNormFusion",)


class Tagger:
    """Set the scored mentions in ``doc.spans``, the encoder's states in ``doc.tensor``.

    The log probabilities of the tags, words x tags, stay in ``doc.user_data["tags"]``.
    """

    def __init__(
        self,
        model: bytes,
        tokenizer: Tokenizer,
        way: Decoding,
        counts: Lexicon,
        own: Schema = OURS,
    ) -> None:
        options = ort.SessionOptions()
        options.log_severity_level = 3
        # Texts run beside each other, each on one core: no core waits for another.
        options.intra_op_num_threads = 1
        self.session = ort.InferenceSession(
            model, options, providers=["CPUExecutionProvider"], disabled_optimizers=SLOWER
        )
        self.cutter = Cutter(tokenizer)
        self.way = way
        self.counts = counts
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
        feed = {"ids": np.array([piece.ids]), "shapes": np.array([piece.shapes])}
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
        known = decoding.known(doc, self.counts)
        doc.spans["mentions"] = decoding.mentions(doc, self.way, known, self.schema)
        return doc


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


@Language.factory(FACTORY, assigns=["doc.spans", "doc.tensor"], default_config={"model": ""})
def make(nlp: Language, name: str, model: str) -> Tagger:
    """Make the component from a model's folder."""
    del nlp, name
    return load(Path(model))


def load(folder: Path) -> Tagger:
    """Load the encoder, its tokenizer, and what decodes it from a model's folder."""
    settings = json.loads((folder / "settings.json").read_text(encoding="utf-8"))
    return Tagger(
        (folder / "encoder.onnx").read_bytes(),
        Tokenizer.from_file(str(folder / "tokenizer.json")),
        Decoding(settings["outside"], settings["known"], logistic(settings["calibration"])),
        lexicon.read(folder),
        schema(settings.get("schema")),
    )
