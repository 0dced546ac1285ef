"""Cut text into words, sentences and word pieces: the same for training and for use."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import spacy
from spacy.language import Language
from spacy.pipeline import Sentencizer
from spacy.tokens import Doc, Span
from spacy.util import compile_infix_regex, compile_prefix_regex, compile_suffix_regex
from tokenizers import Tokenizer

#: How a word is written, for encoders that know lower case only.
SHAPES = ("other", "lower", "Capital", "UPPER", "MiXed", "123", "A1", "special")


def blank() -> Language:
    """Make an English pipeline of tokenizer and sentences, without a tagger.

    Terms meet punctuation everywhere in abstracts (``LLM-based``, ``\\textit{CoF}``,
    ``RAG+RL``), so it splits where spaCy's English keeps together.
    """
    nlp = spacy.blank("en")
    defaults = nlp.Defaults
    joints = r"[-–—/()\[\]{},;:+_=~*’'\"<>$\\^|]"
    tokenizer: Any = nlp.tokenizer
    tokenizer.infix_finditer = compile_infix_regex([*(defaults.infixes or ()), joints]).finditer
    tokenizer.prefix_search = compile_prefix_regex(
        [*(defaults.prefixes or ()), r"[-–/~_^\\]"]
    ).search
    tokenizer.suffix_search = compile_suffix_regex(
        [*(defaults.suffixes or ()), r"[-–/+^_*\\]", r"\."]
    ).search
    # The line break ends the title, which seldom has a full stop.
    nlp.add_pipe("sentencizer", config={"punct_chars": [*Sentencizer.default_punct_chars, "\n"]})
    return nlp


def shape(word: str) -> int:
    """Give the position in ``SHAPES`` of how a word is written.

    >>> [SHAPES[shape(word)] for word in ("model", "Model", "LLM", "DiffAR", "2024", "R1", "(")]
    ['lower', 'Capital', 'UPPER', 'MiXed', '123', 'A1', 'other']
    """
    letters = any(char.isalpha() for char in word)
    if any(char.isdigit() for char in word):
        return 6 if letters else 5
    if not letters:
        return 0
    if word.islower():
        return 1
    if word.isupper() and len(word) > 1:
        return 3
    return 2 if word[1:].islower() or len(word) == 1 else 4


@dataclass(frozen=True, slots=True)
class Pieces:
    """One window of a document for the encoder.

    ``ids`` and ``shapes`` have one number a word piece (at most 512), with [CLS] and [SEP];
    ``words`` are the positions of the document's tokens in this window and ``firsts`` the
    position in ``ids`` of the first piece of each.
    """

    ids: tuple[int, ...]
    shapes: tuple[int, ...]
    words: tuple[int, ...]
    firsts: tuple[int, ...]


LENGTH = 512
OVERLAP = 128
#: Words whose pieces are kept.
WORDS = 200_000


class Cutter:
    """Cuts documents into windows of at most 512 pieces that overlap by 128.

    A line break becomes [SEP], so that the encoder sees where the title ends.  Words come again
    and again, so their pieces are kept.
    """

    def __init__(self, tokenizer: Tokenizer) -> None:
        known = tokenizer.get_vocab()
        self.tokenizer = tokenizer
        self.cls, self.sep, self.unk = known["[CLS]"], known["[SEP]"], known["[UNK]"]
        self.known: dict[str, tuple[tuple[int, ...], int]] = {}

    def windows(self, doc: Doc) -> list[Pieces]:
        """Cut one document."""
        pieces = [self._pieces(token.text) for token in doc]
        cuts = _cuts([len(ids) for ids, _ in pieces])
        return [self._window(pieces, start, end) for start, end in cuts]

    def _pieces(self, word: str) -> tuple[tuple[int, ...], int]:
        """Give the word's pieces and its shape."""
        if word not in self.known:
            if word.isspace():
                ids = [self.sep] if "\n" in word else []
            else:
                ids = self.tokenizer.encode(word, add_special_tokens=False).ids
                # One endless "word" (a URL, a broken formula) must not fill a window; a character
                # that the encoder does not know is a word nevertheless.
                ids = ids[:48] or [self.unk]
            if len(self.known) > WORDS:
                self.known.clear()
            self.known[word] = (tuple(ids), shape(word))
        return self.known[word]

    def _window(self, pieces: list[tuple[tuple[int, ...], int]], start: int, end: int) -> Pieces:
        ids, shapes, words, firsts = [self.cls], [7], [], []
        for index in range(start, end):
            own, form = pieces[index]
            if own:
                words.append(index)
                firsts.append(len(ids))
                ids.extend(own)
                shapes.extend([form] * len(own))
        return Pieces((*ids, self.sep), (*shapes, 7), tuple(words), tuple(firsts))


def _cuts(lengths: Sequence[int]) -> list[tuple[int, int]]:
    """Give the bounds of windows, in words, over words of so many pieces."""
    cuts = []
    start = 0
    while True:
        end, size = start, 0
        while end < len(lengths) and size + lengths[end] <= LENGTH - 2:
            size += lengths[end]
            end += 1
        cuts.append((start, end))
        if end >= len(lengths):
            return cuts
        start, size = end, 0
        while size < OVERLAP:
            start -= 1
            size += lengths[start]


def bounds(span: Span) -> tuple[int, int]:
    """Give the offsets of a span without white space at its ends."""
    text = span.text
    start = span.start_char + len(text) - len(text.lstrip())
    return start, start + len(text.strip())
