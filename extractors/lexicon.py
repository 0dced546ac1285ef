"""How often a collection of papers writes a form, and how often, and as what, it was tagged there.

A form that is tagged wherever it stands is a term; one that is tagged in one paper of fifty is
not.  A model carries the counts of a large collection that it read itself; they are mined from
what it found, not from annotations.
"""

import gzip
import math
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from .findings import Extraction
from .schema import label_of, type_of
from .terms import normal, plain_words, singular

#: The file in a model's folder.
FILE: Final = "lexicon.tsv.gz"
#: Words of the longest form that is counted.
LONGEST: Final = 6
#: Numbers that ``Lexicon.evidence`` gives.
EVIDENCE: Final = 4


@dataclass(frozen=True, slots=True)
class Lexicon:
    """Counts by normal form: papers that write it, and papers where it was tagged, by type."""

    types: tuple[str, ...] = ()
    papers: Mapping[str, int] = field(default_factory=dict)
    tagged: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    #: The first words of longer forms, one, two and so on: what does not begin so leads nowhere.
    begun: frozenset[str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        begun = {
            key[:place] for key in self.tagged for place, char in enumerate(key) if char == " "
        }
        object.__setattr__(self, "begun", frozenset(begun))

    def evidence(self, forms: Iterable[str], label: str) -> tuple[float, ...]:
        """Say what the collection knows of an entity's forms, by the one that it tagged most.

        In order: log of papers tagged; log odds that the form is tagged where it stands; log odds
        that its label is ``label`` where it is; whether it was never tagged.

        >>> counts = Lexicon(("Method", "Dataset"), {"bert": 10}, {"bert": (8, 0)})
        >>> [round(number, 2) for number in counts.evidence(["BERT"], "Method")]
        [2.2, 1.0, 2.2, 0.0]
        >>> [round(number, 2) for number in counts.evidence(["BART"], "Method")]
        [0.0, 0.0, 0.0, 1.0]
        """
        none = (0,) * len(self.types)
        known = {key: self.tagged.get(key, none) for key in map(normal, forms)}
        best = max(sorted(known), key=lambda key: sum(known[key]))
        total = sum(known[best])
        own = sum(
            number
            for type_, number in zip(self.types, known[best], strict=True)
            if label_of(type_) == label
        )
        return (
            math.log1p(total),
            self.tagging(best),
            _odds((own + 1) / (total + 2)),
            float(total == 0),
        )

    def tagging(self, key: str) -> float:
        """Give the log odds that a normal form is tagged where it stands."""
        total = sum(self.tagged.get(key, ()))
        written = max(self.papers.get(key, 0), total)
        return _odds((total + 1.5) / (written + 3))


def _odds(share: float) -> float:
    return math.log(share / (1 - share))


def mine(
    found: Sequence[tuple[str, Extraction]], types: Sequence[str], *, least: int = 2
) -> Lexicon:
    """Count the forms that were tagged in ``least`` texts or more, of (text, what was found)."""
    tagged: dict[str, Counter[str]] = {}
    for _, extraction in found:
        own: dict[str, str] = {}
        for finding in extraction.findings:
            type_ = type_of({"type": finding.label, "kind": finding.kind})
            for form in finding.forms:
                own.setdefault(normal(form), type_)
        for key, type_ in own.items():
            tagged.setdefault(key, Counter())[type_] += 1
    kept = {key: counts for key, counts in tagged.items() if counts.total() >= least}
    papers: Counter[str] = Counter()
    for text, _ in found:
        papers.update({key for key in written(text) if key in kept})
    return Lexicon(
        tuple(types),
        {key: papers[key] for key in sorted(kept)},
        {key: tuple(kept[key][type_] for type_ in types) for key in sorted(kept)},
    )


def written(text: str) -> Iterator[str]:
    """Yield the normal form of every run of words of a text, none across a line break.

    >>> list(written("Large language models"))
    ['large', 'large language', 'large language model', 'language', 'language model', 'model']
    """
    for line in text.splitlines():
        words = plain_words(line)
        last = [singular(word) for word in words]
        for start in range(len(words)):
            for end in range(start, min(start + LONGEST, len(words))):
                yield " ".join([*words[start:end], last[end]])


def write(lexicon: Lexicon, folder: Path) -> None:
    """Write the counts, a line a form; equal counts give equal bytes."""
    lines = ["\t".join(("form", "papers", *lexicon.types))]
    for key, papers in lexicon.papers.items():
        lines.append("\t".join((key, str(papers), *map(str, lexicon.tagged[key]))))
    with (folder / FILE).open("wb") as file:
        file.write(gzip.compress("\n".join(lines).encode(), mtime=0))


def read(folder: Path) -> Lexicon:
    """Read the counts of a model; none if it has none."""
    path = folder / FILE
    if not path.exists():
        return Lexicon()
    rows = [line.split("\t") for line in gzip.decompress(path.read_bytes()).decode().split("\n")]
    (_, _, *types), *counts = rows
    return Lexicon(
        tuple(types),
        {key: int(papers) for key, papers, *_ in counts},
        {key: tuple(map(int, numbers)) for key, _, *numbers in counts},
    )
