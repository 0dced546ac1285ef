"""From mentions to what they say: entities of the text, their roles, relations between them.

A spaCy component over the states that the tagger leaves in ``doc.tensor``.  Its arithmetic is
that of ``extractors/network.py``, in numpy.
"""

import math
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise
from pathlib import Path
from typing import Final

import networkx as nx
import numpy as np
from numpy.typing import NDArray
from scipy.special import erf, expit, softmax
from spacy.language import Language
from spacy.tokens import Doc, Span
from threadpoolctl import ThreadpoolController

from . import lexicon
from .findings import Finding, Mention, Relation
from .lexicon import Lexicon
from .logistic import AS_THEY_ARE, Logistic, logistic, odds
from .schema import OURS, Schema, kind_of, label_of, schema
from .terms import SIMILARITY_SIZE, abbreviates, normal, similarity, titled, written

#: Name of the component, declared as an entry point too.
FACTORY: Final = "paperlattice_links"

Array = NDArray[np.float32]

#: Upper bounds of the signed word distances that the relation head tells apart.
DISTANCES: Final = (-60, -30, -15, -8, -4, 0, 4, 8, 15, 30, 60)
#: Numbers about an entity that its states do not show (see ``features``).
FEATURES: Final = 4
#: Pairs of entities whose best relation has less of a chance are not looked at.
UNLIKELY: Final = 0.05
#: ``LIKENESS`` numbers say how alike two groups of forms are.
LIKENESS: Final = SIMILARITY_SIZE


def ends(own: Schema) -> NDArray[np.bool_]:
    """Give what a schema allows: head type x tail type x relation."""
    table = [[[own.allows(a, r, b) for r in own.relations] for b in own.types] for a in own.types]
    return np.array(table, dtype=bool).reshape(len(own.types), len(own.types), -1)


@dataclass(frozen=True, slots=True)
class Row:
    """A mention as the heads see it: words (last included), type, entity, sentence."""

    first: int
    last: int
    type: int
    entity: int
    sentence: int


def features(rows: Sequence[Row], entities: int) -> list[list[float]]:
    """Give numbers about each entity: mentions, in the title, first place, sentences.

    The title is sentence 0; the first place is a share of the place of the last mention.
    """
    length = max((row.last for row in rows), default=0) + 1
    table = []
    for entity in range(entities):
        own = [row for row in rows if row.entity == entity]
        table.append(
            [
                math.log(len(own)),
                float(any(row.sentence == 0 for row in own)),
                min(row.first for row in own) / length,
                math.log(len({row.sentence for row in own})),
            ]
        )
    return table


def distances(rows: Sequence[Row]) -> NDArray[np.int64]:
    """Give the class of distance of each pair of mentions: signed, and whether in one sentence."""
    starts = np.array([row.first for row in rows])
    sentences = np.array([row.sentence for row in rows])
    away = np.searchsorted(DISTANCES, starts[None] - starts[:, None], side="left")
    together = sentences[None] == sentences[:, None]
    near: NDArray[np.int64] = away * 2 + together
    return near


@dataclass(frozen=True, slots=True)
class Heads:
    """The trained heads: arrays by the parameter names of ``network.Network``."""

    arrays: Mapping[str, Array]

    def linear(self, name: str, x: Array) -> Array:
        """Apply one linear layer: rows x in -> rows x out."""
        y: Array = x @ self.arrays[f"{name}.weight"].T + self.arrays[f"{name}.bias"]
        return y

    def mention_states(self, words: Array, rows: Sequence[Row]) -> Array:
        """Give the states of mentions, from the states of the text's words."""
        ends = np.concatenate(
            [words[[row.first for row in rows]], words[[row.last for row in rows]]], axis=1
        )
        typed = self.arrays["typed.weight"][[row.type for row in rows]]
        return _gelu(self.linear("mention", ends) + typed)

    def roles(self, states: Array, rows: Sequence[Row], entities: int) -> Array:
        """Give the probabilities of roles: entities x roles."""
        owners = [row.entity for row in rows]
        pooled = [
            np.concatenate([own.max(0), own.mean(0)]) for own in _gathered(states, owners, entities)
        ]
        both = np.concatenate([pooled, features(rows, entities)], axis=1).astype(np.float32)
        scores: Array = softmax(self.linear("role.2", _gelu(self.linear("role.0", both))), axis=1)
        return scores

    def mention_relations(self, states: Array, rows: Sequence[Row]) -> Array:
        """Give the scores of relations: mentions x mentions x relations."""
        head, tail = self.linear("head", states), self.linear("tail", states)
        hidden = head[:, None] + tail[None] + self.linear("both", head[:, None] * tail[None])
        near = self.arrays["distance.weight"][distances(rows)]
        return self.linear("relation", _gelu(hidden + near))

    def sames(self, groups: Sequence[Array], pairs: Array, likeness: Array) -> Array:
        """Give the probability that two groups of forms name one thing: one a pair."""
        pooled = np.array([own.mean(0) for own in groups])
        a, b = pooled[pairs[:, 0]], pooled[pairs[:, 1]]
        both = np.concatenate([np.abs(a - b), a * b, likeness], axis=1).astype(np.float32)
        scores: Array = expit(self.linear("same.2", _gelu(self.linear("same.0", both)))[:, 0])
        return scores


def _gelu(x: Array) -> Array:
    y: Array = erf(x * np.float32(1 / math.sqrt(2)))
    # In place: of all pairs of mentions these are millions of numbers.
    y += 1
    y *= x
    y *= 0.5
    return y


def _gathered(states: Array, owners: Sequence[int], count: int) -> list[Array]:
    index = np.array(owners)
    return [states[index == owner] for owner in range(count)]


@dataclass(frozen=True, slots=True)
class Group:
    """The mentions of one normal form within a text, as positions in the list of mentions."""

    key: str
    members: tuple[int, ...]


def groups(spans: Sequence[Span]) -> list[Group]:
    """Gather the mentions that differ in case, hyphen or plural alone."""
    members: dict[str, list[int]] = {}
    for index, span in enumerate(spans):
        members.setdefault(normal(span.text), []).append(index)
    return [Group(key, tuple(own)) for key, own in members.items()]


def defined(spans: Sequence[Span]) -> Iterator[tuple[int, int]]:
    """Yield neighbours of which one defines the other: ``Full Form (FF)``, ``FF (Full Form)``."""
    for index, (left, right) in enumerate(pairwise(spans)):
        between = left.doc[left.end : right.start].text.strip()
        if between == "(" and (
            abbreviates(right.text, left.text) or abbreviates(left.text, right.text)
        ):
            yield index, index + 1


def entities(found: Sequence[Group], same: Iterable[tuple[int, int]]) -> list[tuple[int, ...]]:
    """Give the mentions of each entity: groups joined by ``same``, in the order of the text."""
    graph: nx.Graph[int] = nx.Graph()
    graph.add_nodes_from(range(len(found)))
    graph.add_edges_from(same)
    return sorted(
        tuple(sorted(member for group in part for member in found[group].members))
        for part in nx.connected_components(graph)
    )


#: Before anything is fitted: the best mention's score, the role's, the relation's.
ENTITY: Final = Logistic((1.0, *(0.0,) * (2 + lexicon.EVIDENCE)))
ROLE: Final = AS_THEY_ARE
RELATION: Final = Logistic((1.0, 0.0, 0.0))


@dataclass(frozen=True, slots=True)
class Judges:
    """What turns evidence into the probabilities that stand on nodes and edges.

    ``entity`` takes what ``evidence`` gives, ``role`` the log odds of the role, and ``relation``
    those of the relation and of its two entities.
    """

    entity: Logistic = ENTITY
    role: Logistic = ROLE
    relation: Logistic = RELATION


def evidence(
    forms: Sequence[str], scores: Sequence[float], label: str, counts: Lexicon
) -> tuple[float, ...]:
    """Say what speaks for an entity: its mentions in the text, and what the collection knows.

    In order: the best and the mean log odds of its mentions, log of their number, and the
    ``Lexicon.evidence``.
    """
    each = odds(scores)
    return (
        float(each.max()),
        float(each.mean()),
        math.log(len(scores)),
        *counts.evidence(forms, label),
    )


@dataclass(frozen=True, slots=True)
class Candidate:
    """What may be an entity: its mentions by position, its type, how sure it is."""

    members: tuple[int, ...]
    type: str
    score: float


class Links:
    """Set ``doc._.findings`` and ``doc._.relations`` from the spans of the tagger."""

    def __init__(
        self,
        heads: Heads,
        thresholds: Mapping[str, float],
        judges: Judges,
        counts: Lexicon,
        own: Schema = OURS,
    ) -> None:
        self.heads = heads
        self.thresholds = thresholds
        self.judges = judges
        self.counts = counts
        self.schema = own
        self.allowed = ends(own)
        self.threads = ThreadpoolController()

    def __call__(self, doc: Doc) -> Doc:
        """Group the mentions of ``doc``, and find roles and relations."""
        # The products here are small: numpy's threads would mostly wait for each other, and they
        # wait in circles on the cores that the encoder needs.
        with self.threads.limit(limits=1, user_api="blas"):
            candidates = self.candidates(doc)
            kept = [one for one in candidates if one.score >= self.thresholds["entity"]]
            if kept:
                self._link(doc, kept)
        return doc

    def candidates(self, doc: Doc) -> list[Candidate]:
        """Give what the mentions of ``doc`` may name, whatever the threshold."""
        spans = list(doc.spans["mentions"])
        scores = list(doc.spans["mentions"].attrs["scores"])
        if not spans:
            return []
        states = self.heads.mention_states(
            np.asarray(doc.tensor, dtype=np.float32), self._rows(spans)
        )
        return [self._candidate(part, spans, scores) for part in self._entities(spans, states)]

    def _rows(self, spans: Sequence[Span]) -> list[Row]:
        types = self.schema.types
        ends = [sentence.end for sentence in spans[0].doc.sents]
        return [
            Row(
                span.start,
                span.end - 1,
                types.index(span.label_),
                0,
                bisect_right(ends, span.start),
            )
            for span in spans
        ]

    def _candidate(
        self, part: tuple[int, ...], spans: Sequence[Span], scores: Sequence[float]
    ) -> Candidate:
        own = [scores[member] for member in part]
        type_ = self._vote([spans[member].label_ for member in part], own)
        if max(own) == 1:  # Given, not guessed.
            return Candidate(part, type_, 1.0)
        forms = list(dict.fromkeys(spans[member].text for member in part))
        known = evidence(forms, own, label_of(type_), self.counts)
        return Candidate(part, type_, self.judges.entity(*known))

    def _vote(self, labels: Sequence[str], scores: Sequence[float]) -> str:
        """Give the type with the most weight; of equals the one that the schema names first."""
        weight = dict.fromkeys(self.schema.types, 0.0)
        for label, score in zip(labels, scores, strict=True):
            weight[label] += score
        return max(weight, key=weight.__getitem__)

    def _link(self, doc: Doc, kept: Sequence[Candidate]) -> None:
        spans = list(doc.spans["mentions"])
        scores = list(doc.spans["mentions"].attrs["scores"])
        chosen = [member for one in kept for member in one.members]
        alone = self._rows(spans)
        types = [self.schema.types.index(one.type) for one in kept]
        rows = [
            Row(alone[m].first, alone[m].last, types[n], n, alone[m].sentence)
            for n, one in enumerate(kept)
            for m in one.members
        ]
        # The states are those of the mentions as they were tagged, whatever their entity became.
        states = self.heads.mention_states(
            np.asarray(doc.tensor, dtype=np.float32), [alone[m] for m in chosen]
        )
        roles = self.heads.roles(states, rows, len(kept))
        doc._.findings = tuple(
            self._finding(one, [(spans[m], scores[m]) for m in one.members], roles[n])
            for n, one in enumerate(kept)
        )
        if self.schema.relations and self.thresholds["relation"] <= 1:
            found = self._relations(states, rows, kept, list(doc.sents))
            doc._.relations = tuple(found)

    def _finding(
        self, one: Candidate, mentions: Sequence[tuple[Span, float]], roles: Array
    ) -> Finding:
        best = int(roles.argmax())
        return Finding(
            name=name([span.text for span, _ in mentions]),
            label=label_of(one.type),
            kind=kind_of(one.type),
            role=self.schema.roles[best],
            score=round(one.score, 4),
            role_score=round(self.judges.role(float(odds(roles[best]))), 4),
            mentions=tuple(
                Mention(span.start_char, span.end_char, span.text, round(chance, 4))
                for span, chance in mentions
            ),
        )

    def _entities(self, spans: list[Span], states: Array) -> list[tuple[int, ...]]:
        """Join the groups that name one thing."""
        found = groups(spans)
        owner = {member: n for n, group in enumerate(found) for member in group.members}
        joined = {(owner[a], owner[b]) for a, b in defined(spans)}
        labels = [{label_of(spans[m].label_) for m in group.members} for group in found]
        pairs = [(a, b) for a, b in combinations(range(len(found)), 2) if labels[a] & labels[b]]
        if pairs:
            forms = [sorted({spans[m].text for m in group.members}) for group in found]
            likeness = np.array([similarity(forms[a], forms[b]) for a, b in pairs])
            chances = self.heads.sames(
                [states[list(group.members)] for group in found], np.array(pairs), likeness
            )
            joined |= {
                pair
                for pair, chance in zip(pairs, chances, strict=True)
                if chance >= self.thresholds["same"]
            }
        return entities(found, joined)

    def _relations(
        self,
        states: Array,
        rows: list[Row],
        kept: Sequence[Candidate],
        sentences: list[Span],
    ) -> Iterator[Relation]:
        scores = self.heads.mention_relations(states, rows)
        owners = np.array([row.entity for row in rows])
        types = [self.schema.types.index(one.type) for one in kept]
        chances = relation_chances(scores, owners, self.allowed[np.ix_(types, types)])
        sure = [float(odds(one.score)) for one in kept]
        names = tuple(self.schema.relations)
        for head, tail in np.argwhere(chances.max(2) >= UNLIKELY).tolist():
            relation = int(chances[head, tail].argmax())
            chance = float(odds(chances[head, tail, relation]))
            score = self.judges.relation(chance, sure[head], sure[tail])
            if score < self.thresholds["relation"]:
                continue
            own, other = np.flatnonzero(owners == head), np.flatnonzero(owners == tail)
            block = scores[np.ix_(own, other)][:, :, relation]
            start, end = _sentence(block, own.tolist(), other.tolist(), rows, sentences)
            yield Relation(head, names[relation], tail, round(score, 4), start, end)


def relation_chances(
    scores: Array, owners: NDArray[np.int64], allowed: NDArray[np.bool_]
) -> NDArray[np.float32]:
    """Give the probabilities of relations: entities x entities x relations.

    ``scores`` are those of mentions x mentions x relations, ``owners`` the entity of each mention,
    ``allowed`` which relation the schema has for a pair of entities.  The score of a pair is the
    log of the sum over its mentions; no relation scores 0; what is not allowed has no chance.
    """
    count = len(allowed)
    top = scores.max()
    belongs = (owners[None] == np.arange(count)[:, None]).astype(np.float32)
    sums = np.einsum("hm,mnr,tn->htr", belongs, np.exp(scores - top), belongs, optimize=True)
    with np.errstate(divide="ignore"):
        logits = np.log(sums) + top
    logits[~allowed] = -np.inf
    logits[np.arange(count), np.arange(count)] = -np.inf
    odds = np.exp(logits)
    chances: NDArray[np.float32] = odds / (1 + odds.sum(2, keepdims=True))
    return chances


def _sentence(
    block: Array, heads: list[int], tails: list[int], rows: list[Row], sentences: list[Span]
) -> tuple[int, int]:
    """Give the bounds of the sentence that holds the best pair of mentions.

    A pair within one sentence is preferred; else it is the sentence of the later mention.
    """
    together = np.array([[rows[h].sentence == rows[t].sentence for t in tails] for h in heads])
    block = np.where(together, block, block - 1e3) if together.any() else block
    h, t = np.unravel_index(int(block.argmax()), block.shape)
    sentence = sentences[max(rows[heads[h]].sentence, rows[tails[t]].sentence)]
    return bounds(sentence)


def bounds(span: Span) -> tuple[int, int]:
    """Give the offsets of a span without white space at its ends."""
    text = span.text
    start = span.start_char + len(text) - len(text.lstrip())
    return start, start + len(text.strip())


def name(forms: Sequence[str]) -> str:
    """Give the form by which an entity is called: spelled out, unless that too is a name.

    ``forms`` has one item a mention.

    >>> name(["Large Language Models", "LLMs", "large language models", "LLM"])
    'large language model'
    >>> name(["DINO-WM", "DINO World Model", "DINO-WM"])
    'DINO-WM'
    """
    counts = Counter(forms)
    spelled = {
        form: number
        for form, number in counts.items()
        if any(abbreviates(other, form) for other in counts if other != form)
    }
    short = {form: number for form, number in counts.items() if form not in spelled}
    if spelled and titled(spelled) and sum(short.values()) > sum(spelled.values()):
        return written(short)
    return written(spelled or counts)


@Language.factory(
    FACTORY,
    requires=["doc.spans", "doc.tensor"],
    assigns=["doc._.findings", "doc._.relations"],
    default_config={"model": ""},
)
def make(nlp: Language, name: str, model: str) -> Links:
    """Make the component from a model's folder."""
    del nlp, name
    return load(Path(model))


def load(folder: Path) -> Links:
    """Load the heads and thresholds of a model's folder."""
    import json

    for extension in ("findings", "relations"):
        if not Doc.has_extension(extension):
            Doc.set_extension(extension, default=())
    with np.load(folder / "heads.npz") as arrays:
        heads = Heads({key: arrays[key].astype(np.float32) for key in arrays.files})
    settings = json.loads((folder / "settings.json").read_text(encoding="utf-8"))
    judges = Judges(**{key: logistic(data) for key, data in settings.get("judges", {}).items()})
    return Links(
        heads,
        settings["thresholds"],
        judges,
        lexicon.read(folder),
        schema(settings.get("schema")),
    )
