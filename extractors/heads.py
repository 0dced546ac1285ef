"""The trained heads in numpy: their arithmetic is that of ``extractors/network.py``."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.special import erf, expit, softmax

from .schema import Schema
from .terms import SIMILARITY_SIZE

Array = NDArray[np.float32]

#: The file in a model's folder.
FILE: Final = "heads.npz"
#: Upper bounds of the signed word distances that the relation head tells apart.
DISTANCES: Final = (-60, -30, -15, -8, -4, 0, 4, 8, 15, 30, 60)
#: Parts in which a pair of mentions looks at the text, each by itself.
PARTS: Final = 4
#: How many pairs of mentions times words are looked at at a time.
BLOCK: Final = 4_000_000
#: Keeps a pair that looks nowhere together from a division by nothing.
NOWHERE: Final = 1e-5
#: Numbers about an entity that its states do not show (see ``features``).
FEATURES: Final = 4
#: ``LIKENESS`` numbers say how alike two groups of forms are.
LIKENESS: Final = SIMILARITY_SIZE


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

    def mention_relations(self, words: Array, states: Array, rows: Sequence[Row]) -> Array:
        """Give the scores of relations: mentions x mentions x relations."""
        head, tail = self.linear("head", states), self.linear("tail", states)
        hidden = head[:, None] + tail[None] + self.linear("both", head[:, None] * tail[None])
        hidden += self.context(words, states)
        near = self.arrays["distance.weight"][distances(rows)]
        return self.linear("relation", _gelu(hidden + near))

    def context(self, words: Array, states: Array) -> Array:
        """Give what the text says where two mentions both look: mentions x mentions x channels."""
        ask, key = (
            self.linear(name, x).reshape(len(x), PARTS, -1).transpose(1, 0, 2)
            for name, x in (("ask", states), ("key", words))
        )
        looks = softmax(ask @ key.transpose(0, 2, 1) * np.float32(ask.shape[2] ** -0.5), axis=2)
        value = self.linear("value", words)
        # A long text has millions of pairs and thousands of words: they are not all held at once.
        size = max(1, BLOCK // looks[0].size)
        starts = range(0, len(states), size)
        return np.concatenate([_pooled(looks[:, n : n + size], looks, value) for n in starts])

    def sames(self, groups: Sequence[Array], pairs: Array, likeness: Array) -> Array:
        """Give the probability that two groups of forms name one thing: one a pair."""
        pooled = np.array([own.mean(0) for own in groups])
        a, b = pooled[pairs[:, 0]], pooled[pairs[:, 1]]
        both = np.concatenate([np.abs(a - b), a * b, likeness], axis=1).astype(np.float32)
        scores: Array = expit(self.linear("same.2", _gelu(self.linear("same.0", both)))[:, 0])
        return scores


def _pooled(heads: Array, tails: Array, value: Array) -> Array:
    """Give the mean of ``value`` where two mentions both look: heads x tails x channels."""
    both: Array = np.einsum("phw,ptw->htw", heads, tails)
    both /= both.sum(2, keepdims=True) + np.float32(NOWHERE)
    return both @ value


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


def ends(own: Schema) -> NDArray[np.bool_]:
    """Give what a schema allows: head type x tail type x relation."""
    table = [[[own.allows(a, r, b) for r in own.relations] for b in own.types] for a in own.types]
    return np.array(table, dtype=bool).reshape(len(own.types), len(own.types), -1)


def load(folder: Path) -> Heads:
    """Load the heads of a model's folder; they are stored in half precision."""
    with np.load(folder / FILE) as arrays:
        return Heads({key: arrays[key].astype(np.float32) for key in arrays.files})
