"""What was found in a text: mentions, the entities that they name, and relations between these.

Offsets are code points into the text of the paper (title, line break, abstract) and half open:
``text[start:end] == form``.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final


@dataclass(frozen=True, slots=True)
class Mention:
    """One place in the text that names an entity; ``score`` is a probability."""

    start: int
    end: int
    form: str
    score: float


@dataclass(frozen=True, slots=True)
class Finding:
    """One entity of one paper, with every mention of it in the order of the text.

    ``kind`` is set for Concepts alone.  ``score`` is the probability that the entity is real and
    has this label; ``role_score`` that ``role`` is what it is to the paper.
    """

    name: str
    label: str
    kind: str | None
    role: str
    score: float
    role_score: float
    mentions: tuple[Mention, ...]

    @property
    def forms(self) -> tuple[str, ...]:
        """The different surface forms, in order of first appearance."""
        return tuple(dict.fromkeys(mention.form for mention in self.mentions))


@dataclass(frozen=True, slots=True)
class Relation:
    """A statement of the text: ``head`` and ``tail`` are positions in ``Extraction.findings``.

    ``start`` and ``end`` bound the sentence that states it best.
    """

    head: int
    label: str
    tail: int
    score: float
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Extraction:
    """All that one extractor found in one text.

    ``by`` names the extractor and its version; ``sentences`` are the bounds of the text's
    sentences, so that evidence can be quoted without a second look at the language.
    """

    findings: tuple[Finding, ...]
    relations: tuple[Relation, ...]
    sentences: tuple[tuple[int, int], ...]
    by: str

    def cut(self, score: float) -> "Extraction":
        """Give it without what has a lower score, a role counted with the entity that has it."""
        kept = [n for n, one in enumerate(self.findings) if one.score * one.role_score >= score]
        place = {old: new for new, old in enumerate(kept)}
        return replace(
            self,
            findings=tuple(self.findings[n] for n in kept),
            relations=tuple(
                replace(relation, head=place[relation.head], tail=place[relation.tail])
                for relation in self.relations
                if relation.score >= score and {relation.head, relation.tail} <= place.keys()
            ),
        )

    def spans(self) -> Iterator[tuple[int, int, str]]:
        """Yield ``(start, end, label)`` of every mention."""
        for finding in self.findings:
            for mention in finding.mentions:
                yield mention.start, mention.end, finding.label


#: What the ``by`` of an extraction ends with whose text got no answer: it is sought again.
UNANSWERED: Final = " (unanswered)"
