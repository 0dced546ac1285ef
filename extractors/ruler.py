"""A glossary over the model: its terms are found first, and are called and typed as it says.

Two spaCy components: one between tagger and links, which puts the glossary's mentions in place of
those of the model that they overlap, and one after the links, which names what they found.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from spacy.language import Language
from spacy.matcher import PhraseMatcher
from spacy.tokens import Doc, Span, SpanGroup
from spacy.util import filter_spans

from .findings import Finding, Mention, Relation
from .glossary import Glossary, Term, read
from .schema import KINDS, ROLES, allowed, label_of
from .terms import normal

#: Names of the components.
FACTORY: Final = "paperlattice_glossary"
NAMES: Final = "paperlattice_glossary_names"

#: Between the words of a term these make no difference.
_JOINTS: Final = frozenset("-–—‐‑_")
#: The role of a term of which nothing else is known, and how sure that is.
UNSEEN: Final = ("mentions", 0.5)

#: Bounds of a mention -> the term that it names.
Terms = Mapping[tuple[int, int], Term]


@dataclass(frozen=True, slots=True)
class _Plain:
    """A text as the normal forms of its words, and where these stand in it."""

    doc: Doc
    places: tuple[int, ...]


def _plain(doc: Doc) -> _Plain:
    kept = [
        token
        for token in doc
        if token.text not in _JOINTS and ("\n" in token.text or not token.is_space)
    ]
    words = [normal(token.text) or token.text for token in kept]
    return _Plain(Doc(doc.vocab, words=words), tuple(token.i for token in kept))


def shouts(form: str) -> bool:
    """Tell whether a form is written in capitals, so that a common word may look like it.

    >>> [shouts(form) for form in ("RAG", "SAEs", "LoRA", "rag", "Transformer", "ImageNet")]
    [True, True, True, False, False, False]
    """
    letters = [char for char in form.removesuffix("s") if char.isalpha()]
    return 2 * sum(char.isupper() for char in letters) > len(letters)


class Ruler:
    """Set the mentions of a glossary's terms, and ``doc._.terms``."""

    def __init__(self, nlp: Language, glossary: Glossary) -> None:
        self.terms = glossary.terms
        self.matcher = PhraseMatcher(nlp.vocab)
        for number, term in enumerate(self.terms):
            for form in term.forms:
                loud = "!" if shouts(form) else ""
                self.matcher.add(f"{number}{loud}", [_plain(nlp.make_doc(form)).doc])

    def __call__(self, doc: Doc) -> Doc:
        """Put the glossary's mentions in place of those of the model that they overlap."""
        found = self.mentions(doc)
        group = doc.spans["mentions"]
        old = list(zip(group, group.attrs["scores"], strict=True))
        taken = {token.i: span for span, _ in found for token in span}
        kinds = {
            id(taken[token.i]): span.label_ for span, _ in old for token in span if token.i in taken
        }
        new = [
            (Span(doc, span.start, span.end, label=_type(term, kinds.get(id(span)))), 1.0)
            for span, term in found
        ]
        new += [(span, score) for span, score in old if not any(t.i in taken for t in span)]
        new.sort(key=lambda item: item[0].start)
        made = SpanGroup(doc, name="mentions", spans=[span for span, _ in new])
        made.attrs["scores"] = [score for _, score in new]
        doc.spans["mentions"] = made
        doc._.terms = {(span.start_char, span.end_char): term for span, term in found}
        return doc

    def mentions(self, doc: Doc) -> list[tuple[Span, Term]]:
        """Give the longest mentions of terms, in the order of the text."""
        plain = _plain(doc)
        found: dict[tuple[int, int], tuple[Span, Term]] = {}
        for key, start, end in self.matcher(plain.doc):
            name = doc.vocab.strings[key]
            first, last = plain.places[start], plain.places[end - 1]
            span = doc[first : last + 1]
            loud = name.endswith("!")
            if shouts(span.text) if loud else not _second(doc, first):
                found[first, last] = (span, self.terms[int(name.rstrip("!"))])
        kept = filter_spans([span for span, _ in found.values()])
        return [found[span.start, span.end - 1] for span in kept]


def _second(doc: Doc, word: int) -> bool:
    """Tell whether a word is tied to the one before: ``world`` in ``real-world models``."""
    before = doc[max(word - 2, 0) : word]
    return (
        len(before) == 2
        and before[1].text in _JOINTS
        and not any(token.whitespace_ for token in before)
    )


def _type(term: Term, model: str | None) -> str:
    """Give the type of a mention; a kind that the glossary leaves open is that of the model."""
    if term.label != "Concept":
        return term.label
    if term.kind:
        return f"{term.label}:{term.kind}"
    return model if model and label_of(model) == term.label else f"{term.label}:{KINDS[-1]}"


def name(doc: Doc) -> Doc:
    """Name, type and part the findings of a text as its glossary's terms say."""
    if doc._.terms:
        found = named(doc.text, doc._.findings, doc._.relations, doc._.terms)
        doc._.findings, doc._.relations = found
    return doc


def named(
    text: str, findings: Sequence[Finding], relations: Sequence[Relation], terms: Terms
) -> tuple[tuple[Finding, ...], tuple[Relation, ...]]:
    """Give findings and relations with each term as one finding.

    A finding that holds two terms is parted, two that hold one term are joined, and a term that
    none holds has the role ``UNSEEN``.
    """
    held = {(mention.start, mention.end) for finding in findings for mention in finding.mentions}
    lone = [_lone(text, *place, term) for place, term in terms.items() if place not in held]
    parts: dict[object, list[Finding]] = {}
    place: dict[int, list[object]] = {}
    for number, finding in enumerate([*findings, *lone]):
        for term, part in _parts(finding, terms):
            key: object = term or number
            parts.setdefault(key, []).append(part)
            place.setdefault(number, []).append(key)
    made = {key: _joined(own, key) for key, own in parts.items()}
    order = {key: position for position, key in enumerate(made)}
    new = tuple(made.values())
    moved: dict[tuple[int, str, int], Relation] = {}
    for relation in relations:
        head, tail = (
            order[_end(place[end], made, relation)] for end in (relation.head, relation.tail)
        )
        key_ = (head, relation.label, tail)
        right = head != tail and allowed(new[head].label, relation.label, new[tail].label)
        if right and (key_ not in moved or moved[key_].score < relation.score):
            moved[key_] = replace(relation, head=head, tail=tail)
    return new, tuple(moved.values())


def _lone(text: str, start: int, end: int, term: Term) -> Finding:
    mention = Mention(start, end, text[start:end], 1.0)
    return Finding(term.name, term.label, None, UNSEEN[0], 1.0, UNSEEN[1], (mention,))


def _parts(finding: Finding, terms: Terms) -> Iterator[tuple[Term | None, Finding]]:
    """Yield the finding, or, if it holds several terms, its mentions of each."""
    own = [terms.get((mention.start, mention.end)) for mention in finding.mentions]
    held = [term for term in dict.fromkeys(own) if term]
    if len(held) < 2:
        yield (held[0] if held else None), finding
        return
    most = max(held, key=own.count)
    for term in held:
        mentions = tuple(
            mention
            for mention, one in zip(finding.mentions, own, strict=True)
            if (one or most) == term
        )
        yield term, replace(finding, mentions=mentions)


def _joined(parts: Sequence[Finding], key: object) -> Finding:
    """Give one finding of several, with the strongest role; named by the term if it has one."""
    first = min(parts, key=lambda part: (ROLES.index(part.role), -part.role_score))
    if not isinstance(key, Term):
        return first
    kind = (key.kind or first.kind or KINDS[-1]) if key.label == "Concept" else None
    mentions = sorted(
        (mention for part in parts for mention in part.mentions), key=lambda m: m.start
    )
    return replace(
        first, name=key.name, label=key.label, kind=kind, score=1.0, mentions=tuple(mentions)
    )


def _end(keys: Sequence[object], made: Mapping[object, Finding], relation: Relation) -> object:
    """Give the part of a finding that stands in the relation's sentence, else the first."""
    for key in keys:
        if any(relation.start <= mention.start < relation.end for mention in made[key].mentions):
            return key
    return keys[0]


def declare() -> None:
    """Make ``doc._.terms`` known to spaCy."""
    if not Doc.has_extension("terms"):
        Doc.set_extension("terms", default=None)


@Language.factory(
    FACTORY,
    requires=["doc.spans"],
    assigns=["doc.spans", "doc._.terms"],
    default_config={"file": ""},
)
def make(nlp: Language, name: str, file: str) -> Ruler:
    """Make the component from a glossary's file."""
    del name
    declare()
    return Ruler(nlp, read(Path(file)))


@Language.factory(NAMES, requires=["doc._.findings"], assigns=["doc._.findings"])
def make_names(nlp: Language, name: str) -> "Names":
    """Make the component that names."""
    del nlp, name
    declare()
    return Names()


class Names:
    """Name the findings of the glossary's terms."""

    def __call__(self, doc: Doc) -> Doc:
        """Name those of one text."""
        return name(doc)
