"""From mentions to what they say: entities of the text, their roles, relations between them.

A spaCy component over the states that the tagger leaves in ``doc.tensor``.  Its arithmetic is
that of ``extractors/network.py``, in numpy.
"""

import math
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

from .findings import Finding, Mention, Relation
from .schema import RELATIONS, ROLES, TYPES, allowed, kind_of, label_of
from .terms import SIMILARITY_SIZE, abbreviates, normal, similarity, titled, written

#: Name of the component, declared as an entry point too.
FACTORY: Final = "paperlattice_links"

Array = NDArray[np.float32]

RELATION_NAMES: Final = tuple(RELATIONS)
#: Upper bounds of the signed word distances that the relation head tells apart.
DISTANCES: Final = (-60, -30, -15, -8, -4, 0, 4, 8, 15, 30, 60)
#: Numbers about an entity that its states do not show (see ``features``).
FEATURES: Final = 4
#: ``LIKENESS`` numbers say how alike two groups of forms are.
LIKENESS: Final = SIMILARITY_SIZE

#: [head type, tail type, relation]: what the schema allows.
ALLOWED: Final = np.array(
    [[[allowed(label_of(a), r, label_of(b)) for r in RELATION_NAMES] for b in TYPES] for a in TYPES]
)


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
    y: Array = (0.5 * x * (1 + erf(x / math.sqrt(2)))).astype(np.float32)
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


class Links:
    """Set ``doc._.findings`` and ``doc._.relations`` from the spans of the tagger."""

    def __init__(self, heads: Heads, thresholds: Mapping[str, float]) -> None:
        self.heads = heads
        self.thresholds = thresholds

    def __call__(self, doc: Doc) -> Doc:
        """Group the mentions of ``doc``, and find roles and relations."""
        spans = list(doc.spans["mentions"])
        scores = list(doc.spans["mentions"].attrs["scores"])
        if spans:
            self._link(doc, spans, scores)
        return doc

    def _link(self, doc: Doc, spans: list[Span], scores: list[float]) -> None:
        sentences = list(doc.sents)
        order = {token.i: number for number, sent in enumerate(sentences) for token in sent}
        alone = [
            Row(span.start, span.end - 1, TYPES.index(span.label_), 0, order[span.start])
            for span in spans
        ]
        states = self.heads.mention_states(np.asarray(doc.tensor, dtype=np.float32), alone)
        parts = self._entities(spans, states)
        kept = [part for part in parts if self._score(part, scores) >= self.thresholds["entity"]]
        if not kept:
            return
        types = [_vote([spans[m].label_ for m in part], [scores[m] for m in part]) for part in kept]
        rows = [
            Row(alone[m].first, alone[m].last, TYPES.index(types[n]), n, alone[m].sentence)
            for n, part in enumerate(kept)
            for m in part
        ]
        chosen = [m for part in kept for m in part]
        roles = self.heads.roles(states[chosen], rows, len(kept))
        doc._.findings = tuple(
            finding(
                [spans[m] for m in part],
                [scores[m] for m in part],
                types[n],
                roles[n],
                self._score(part, scores),
            )
            for n, part in enumerate(kept)
        )
        if self.thresholds["relation"] <= 1:
            doc._.relations = tuple(self._relations(states[chosen], rows, types, sentences))

    def _score(self, part: Sequence[int], scores: Sequence[float]) -> float:
        return max(scores[m] for m in part)

    def _entities(self, spans: list[Span], states: Array) -> list[tuple[int, ...]]:
        """Join the groups that name one thing."""
        found = groups(spans)
        owner = {member: n for n, group in enumerate(found) for member in group.members}
        joined = {(owner[a], owner[b]) for a, b in defined(spans)}
        pairs = list(combinations(range(len(found)), 2))
        if pairs:
            forms = [sorted({spans[m].text for m in group.members}) for group in found]
            labels = [{label_of(spans[m].label_) for m in group.members} for group in found]
            likeness = np.array([similarity(forms[a], forms[b]) for a, b in pairs])
            chances = self.heads.sames(
                [states[list(group.members)] for group in found], np.array(pairs), likeness
            )
            joined |= {
                pair
                for pair, chance in zip(pairs, chances, strict=True)
                if chance >= self.thresholds["same"] and labels[pair[0]] & labels[pair[1]]
            }
        return entities(found, joined)

    def _relations(
        self, states: Array, rows: list[Row], types: list[str], sentences: list[Span]
    ) -> Iterator[Relation]:
        scores = self.heads.mention_relations(states, rows)
        owners = np.array([row.entity for row in rows])
        chances = relation_chances(scores, owners, [TYPES.index(type_) for type_ in types])
        best = chances.argmax(2)
        for head, tail in np.argwhere(chances.max(2) >= self.thresholds["relation"]).tolist():
            relation = int(best[head, tail])
            own, other = np.flatnonzero(owners == head), np.flatnonzero(owners == tail)
            block = scores[np.ix_(own, other)][:, :, relation]
            start, end = _sentence(block, own.tolist(), other.tolist(), rows, sentences)
            score = round(float(chances[head, tail, relation]), 4)
            yield Relation(head, RELATION_NAMES[relation], tail, score, start, end)


def relation_chances(
    scores: Array, owners: NDArray[np.int64], types: Sequence[int]
) -> NDArray[np.float32]:
    """Give the probabilities of relations: entities x entities x relations.

    ``scores`` are those of mentions x mentions x relations, ``owners`` the entity of each mention,
    ``types`` the type of each entity.  The score of a pair of entities is the log of the sum over
    their mentions; no relation scores 0; what the schema forbids has no chance.
    """
    count = len(types)
    top = scores.max()
    belongs = (owners[None] == np.arange(count)[:, None]).astype(np.float32)
    sums = np.einsum("hm,mnr,tn->htr", belongs, np.exp(scores - top), belongs, optimize=True)
    with np.errstate(divide="ignore"):
        logits = np.log(sums) + top
    logits[~ALLOWED[np.ix_(types, types)]] = -np.inf
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


def _vote(labels: Sequence[str], scores: Sequence[float]) -> str:
    """Give the type with the most weight; of equals the one that the schema names first."""
    weight = dict.fromkeys(TYPES, 0.0)
    for label, score in zip(labels, scores, strict=True):
        weight[label] += score
    return max(weight, key=weight.__getitem__)


def finding(
    spans: Sequence[Span], scores: Sequence[float], type_: str, roles: Array, score: float
) -> Finding:
    """Give one entity of the text, named by its best form."""
    best = int(roles.argmax())
    return Finding(
        name=name([span.text for span in spans]),
        label=label_of(type_),
        kind=kind_of(type_),
        role=ROLES[best],
        score=round(score, 4),
        role_score=round(float(roles[best]), 4),
        mentions=tuple(
            Mention(span.start_char, span.end_char, span.text, round(chance, 4))
            for span, chance in zip(spans, scores, strict=True)
        ),
    )


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
    return Links(heads, settings["thresholds"])
