"""From mentions to what they say: entities of the text, their roles, relations between them.

A spaCy component over the states that the tagger leaves in ``doc.tensor``.
"""

import json
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise
from pathlib import Path
from typing import Final

import networkx as nx
import numpy as np
from numpy.typing import NDArray
from spacy.language import Language
from spacy.tokens import Doc, Span
from threadpoolctl import ThreadpoolController

from . import heads, judges, lexicon
from .findings import Finding, Mention, Relation
from .heads import Heads, Row
from .judges import Judges
from .lexicon import Lexicon
from .logistic import logistic, odds
from .schema import OURS, Schema, kind_of, label_of, schema
from .terms import abbreviates, name, normal, similarity
from .words import bounds

#: Name of the component, declared as an entry point too.
FACTORY: Final = "paperlattice_links"

Array = NDArray[np.float32]

#: Pairs of entities whose best relation has less of a chance are not looked at.
UNLIKELY: Final = 0.05


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
        trained: Heads,
        thresholds: Mapping[str, float],
        judge: Judges,
        counts: Lexicon,
        own: Schema = OURS,
    ) -> None:
        self.heads = trained
        self.thresholds = thresholds
        self.judges = judge
        self.counts = counts
        self.schema = own
        self.allowed = heads.ends(own)
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
        known = judges.evidence(forms, own, label_of(type_), self.counts)
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
        words = np.asarray(doc.tensor, dtype=np.float32)
        states = self.heads.mention_states(words, [alone[m] for m in chosen])
        roles = self.heads.roles(states, rows, len(kept))
        doc._.findings = tuple(
            self._finding(one, [(spans[m], scores[m]) for m in one.members], roles[n])
            for n, one in enumerate(kept)
        )
        if self.schema.relations and self.thresholds["relation"] <= 1:
            found = self._relations(words, states, rows, kept, list(doc.sents))
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
        words: Array,
        states: Array,
        rows: list[Row],
        kept: Sequence[Candidate],
        sentences: list[Span],
    ) -> Iterator[Relation]:
        scores = self.heads.mention_relations(words, states, rows)
        owners = np.array([row.entity for row in rows])
        types = [self.schema.types.index(one.type) for one in kept]
        chances = heads.relation_chances(scores, owners, self.allowed[np.ix_(types, types)])
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


def _sentence(
    block: Array, first: list[int], second: list[int], rows: list[Row], sentences: list[Span]
) -> tuple[int, int]:
    """Give the bounds of the sentence that holds the best pair of mentions of two entities.

    A pair within one sentence is preferred; else it is the sentence of the later mention.
    """
    together = np.array([[rows[h].sentence == rows[t].sentence for t in second] for h in first])
    block = np.where(together, block, block - 1e3) if together.any() else block
    h, t = np.unravel_index(int(block.argmax()), block.shape)
    sentence = sentences[max(rows[first[h]].sentence, rows[second[t]].sentence)]
    return bounds(sentence)


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
    for extension in ("findings", "relations"):
        if not Doc.has_extension(extension):
            Doc.set_extension(extension, default=())
    settings = json.loads((folder / "settings.json").read_text(encoding="utf-8"))
    return Links(
        heads.load(folder),
        settings["thresholds"],
        Judges(**{key: logistic(data) for key, data in settings.get("judges", {}).items()}),
        lexicon.read(folder),
        schema(settings.get("schema")),
    )
