"""Spans from models of others: GLiNER, and any token classifier of transformers.

Each is a finder: ``spans`` yields what it finds in each text, ``told`` what was left out.  What
they say of a text is checked against it.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Protocol

from .faults import Fault
from .schema import KINDS, LABELS, TYPES

#: Start, end, one of our types, score.
Spanned = tuple[int, int, str, float]
#: Start, end, form, label of the model, score.
Said = tuple[int, int, str, str, float]

#: What GLiNER is asked for, and our type of it.
ASKED: Final = {
    "method, model or algorithm": "Method",
    "dataset": "Dataset",
    "benchmark": "Benchmark",
    "task": "Concept:task",
    "metric": "Concept:metric",
    "scientific concept": "Concept:other",
}
#: GLiNER's spans below are not taken.
THRESHOLD: Final = 0.4
#: Texts that a model is given at a time.
BATCH: Final = 8


class Finder(Protocol):
    """Finds spans in texts."""

    def spans(self, texts: Sequence[str]) -> Iterator[Sequence[Spanned]]:
        """Yield the spans of each text."""
        ...

    def told(self) -> Iterator[str]:
        """Yield what is to be said after a run."""
        ...


@dataclass(slots=True)
class Model:
    """A model of others: ``say`` gives what it says of some texts, ``types`` is our type of it."""

    name: str
    say: Callable[[Sequence[str]], Sequence[Sequence[Said]]]
    types: Mapping[str, str]
    unmapped: Counter[str] = field(default_factory=Counter)
    invented: int = 0

    def spans(self, texts: Sequence[str]) -> Iterator[Sequence[Spanned]]:
        """Yield the spans of each text that stand in it and have one of our types."""
        for start in range(0, len(texts), BATCH):
            part = texts[start : start + BATCH]
            for text, said in zip(part, self.say(part), strict=True):
                yield list(self._checked(text, said))

    def _checked(self, text: str, said: Sequence[Said]) -> Iterator[Spanned]:
        for start, end, form, label, score in said:
            # Some tokenizers count the space before a word as a part of it.
            begin, stop = start, end
            while begin < stop and text[begin : begin + 1].isspace():
                begin += 1
            while begin < stop and text[stop - 1 : stop].isspace():
                stop -= 1
            if not 0 <= begin < stop <= len(text) or text[begin:stop] != form.strip():
                self.invented += 1
            elif label in self.types:
                yield begin, stop, self.types[label], min(max(score, 0.0), 1.0)
            else:
                self.unmapped[label] += 1

    def told(self) -> Iterator[str]:
        """Yield what was left out."""
        if self.invented:
            yield f"Dropped: {self.invented:,} spans that are not in the text."
        if self.unmapped:
            counts = ", ".join(f"{label} {n:,}" for label, n in self.unmapped.most_common())
            yield f"Left out, since --labels does not name them: {counts}."


def whole(label: str) -> str:
    """Give the type of a label: of a Concept without a kind that of the last kind."""
    return (
        f"{label}:{KINDS[-1]}" if label not in TYPES and f"{label}:{KINDS[-1]}" in TYPES else label
    )


def ours(theirs: Sequence[str], given: Mapping[str, str], name: str) -> dict[str, str]:
    """Give our type of each label: as given, else of a label or kind that is called like ours.

    Raises ``Fault`` if that is none.
    """
    like = {label.lower(): whole(label) for label in LABELS}
    like |= {kind: f"Concept:{kind}" for kind in KINDS if f"Concept:{kind}" in TYPES}
    found = {}
    for label in theirs:
        if label in given:
            found[label] = whole(given[label])
        elif not given and label.lower() in like:
            found[label] = like[label.lower()]
    if not found:
        raise Fault(
            f"{name} has no label that is one of ours; it has: {', '.join(theirs)}.",
            f"Say what they are: --labels {next(iter(theirs), 'THEIRS')}=Method,...",
        )
    return found


# --- Token classifiers ------------------------------------------------------------------------


def classifier(name: str, labels: Mapping[str, str]) -> Model:
    """Open a token classifier of transformers: a folder, or a name of the hub."""
    try:
        import transformers
    except ModuleNotFoundError as error:
        raise _missing("transformers", error) from error
    try:
        network = transformers.AutoModelForTokenClassification.from_pretrained(name)
        tokenizer = transformers.AutoTokenizer.from_pretrained(name, use_fast=True)
    except (OSError, ValueError) as error:
        raise _unloaded(f"transformers:{name}", error) from error
    tags = dict.fromkeys(str(tag) for tag in network.config.id2label.values())
    theirs = list(dict.fromkeys(_untagged(tag) for tag in tags if tag != "O"))
    # Positions of some families begin at 2.
    longest = min(tokenizer.model_max_length, network.config.max_position_embeddings - 2)
    tokenizer.model_max_length = longest
    run = transformers.pipeline(
        "token-classification",
        model=network,
        tokenizer=tokenizer,
        aggregation_strategy="first",
        stride=longest // 4,
    )

    def say(texts: Sequence[str]) -> list[list[Said]]:
        return [
            [
                (
                    int(span["start"]),
                    int(span["end"]),
                    text[span["start"] : span["end"]],
                    span["entity_group"],
                    float(span["score"]),
                )
                for span in (run(text) if text.strip() else ())
            ]
            for text in texts
        ]

    return Model(name, say, ours(theirs, labels, f"transformers:{name}"))


def _untagged(tag: str) -> str:
    """Give the label of a tag: ``B-Task`` -> ``Task``."""
    return tag[2:] if tag[:2] in ("B-", "I-", "E-", "S-", "L-", "U-") else tag


# --- GLiNER -----------------------------------------------------------------------------------


def gliner(name: str, labels: Mapping[str, str]) -> Model:
    """Open a GLiNER model: a folder, or a name of the hub; it is asked for the labels given."""
    try:
        from gliner import GLiNER
    except ModuleNotFoundError as error:
        raise _missing("gliner", error) from error
    local = Path(name).is_dir()
    try:
        network = GLiNER.from_pretrained(name, local_files_only=local)
    except (OSError, ValueError) as error:
        raise _unloaded(f"gliner:{name}", error) from error
    types = {label: whole(type_) for label, type_ in (labels or ASKED).items()}
    asked = list(types)
    network.eval()

    def say(texts: Sequence[str]) -> list[list[Said]]:
        return [list(_windowed(network, text, asked)) for text in texts]

    return Model(name, say, types)


def _windowed(network: Any, text: str, asked: Sequence[str]) -> Iterator[Said]:
    """Yield what GLiNER finds; it would cut what is longer than its window."""
    words = [(start, end) for _, start, end in network.data_processor.words_splitter(text)]
    for first, stop, low, high in windows(len(words), int(network.config.max_len)):
        begin, end = words[first][0], words[stop - 1][1]
        for span in network.predict_entities(text[begin:end], list(asked), threshold=THRESHOLD):
            start = begin + int(span["start"])
            if words[low][0] <= start <= words[high - 1][1]:
                stop_ = begin + int(span["end"])
                yield start, stop_, str(span["text"]), str(span["label"]), float(span["score"])


def windows(count: int, size: int) -> Iterator[tuple[int, int, int, int]]:
    """Yield windows over ``count`` words: first and stop, and which of its words are its own.

    They overlap by a quarter; each word belongs to the window in which it lies deeper.

    >>> list(windows(10, 8))
    [(0, 8, 0, 7), (6, 10, 7, 10)]
    """
    overlap = size // 4
    first = low = 0
    while low < count:
        stop = min(count, first + size)
        high = count if stop == count else stop - overlap // 2
        yield first, stop, low, high
        first, low = stop - overlap, high


def _missing(extra: str, error: ModuleNotFoundError) -> Fault:
    return Fault(
        f"{extra}: needs {error.name}.", f"Install it: pip install 'paperlattice[{extra}]'"
    )


def _unloaded(name: str, error: Exception) -> Fault:
    said = " ".join(str(error).split())[:300]
    return Fault(f"{name} could not be loaded: {said}", "Name a folder, or a model of the hub.")


#: What is written before a name -> how to open it.
OPEN: Final[Mapping[str, Callable[[str, Mapping[str, str]], Finder]]] = {
    "gliner": gliner,
    "transformers": classifier,
}
