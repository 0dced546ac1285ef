"""Cut text into words, sentences and word pieces: the same for training and for use."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import spacy
from spacy.language import Language
from spacy.pipeline import Sentencizer
from spacy.tokens import Doc, Token
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


def shape(token: Token) -> int:
    """Give the position in ``SHAPES`` of how ``token`` is written."""
    word = token.text
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


def windows(docs: Iterable[Doc], tokenizer: Tokenizer) -> list[list[Pieces]]:
    """Cut documents into windows of at most 512 pieces that overlap by 128.

    A line break becomes [SEP], so that the encoder sees where the title ends.
    """
    return [_windows(doc, tokenizer) for doc in docs]


def _windows(doc: Doc, tokenizer: Tokenizer) -> list[Pieces]:
    encoding = tokenizer.encode(
        [token.text for token in doc], is_pretokenized=True, add_special_tokens=False
    )
    known = tokenizer.get_vocab()
    cls, sep, unk = known["[CLS]"], known["[SEP]"], known["[UNK]"]
    pieces: list[list[int]] = [[] for _ in doc]
    for word, piece in zip(encoding.word_ids, encoding.ids, strict=True):
        if word is not None:
            pieces[word].append(piece)
    for index, token in enumerate(doc):
        if token.is_space:
            pieces[index] = [sep] if "\n" in token.text else []
        elif not pieces[index]:  # a character that the encoder's vocabulary drops
            pieces[index] = [unk]
        # One endless "word" (a URL, a broken formula) must not fill a window.
        del pieces[index][48:]
    cuts = _cuts([len(piece) for piece in pieces])
    return [_window(doc, pieces, start, end, cls, sep) for start, end in cuts]


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


def _window(doc: Doc, pieces: list[list[int]], start: int, end: int, cls: int, sep: int) -> Pieces:
    ids, shapes, words, firsts = [cls], [7], [], []
    for index in range(start, end):
        if pieces[index]:
            words.append(index)
            firsts.append(len(ids))
            ids.extend(pieces[index])
            shapes.extend([shape(doc[index])] * len(pieces[index]))
    return Pieces((*ids, sep), (*shapes, 7), tuple(words), tuple(firsts))
