"""The network that is trained: one encoder, and heads for mentions, roles and relations.

Needs torch (the extra ``train``).  ``extractors/tagger.py`` and ``extractors/heads.py`` run what
comes out of it with onnxruntime and numpy; their arithmetic follows this file line by line.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from transformers import BertModel

from .heads import DISTANCES, FEATURES, LIKENESS, NOWHERE, PARTS
from .schema import OURS, Schema
from .words import SHAPES

MENTION, PAIR = 256, 192
#: Channels in which a pair of mentions looks at the text.
CONTEXT = 128


@dataclass(frozen=True, slots=True)
class Entities:
    """The entities of one text, as the heads see them.

    ``mentions`` has rows (first word, last word, type, entity, group, sentence), where a group
    is the mentions of one normal form; ``features`` one row an entity; ``pairs`` the rows
    (group, group) that may name one thing, ``likeness`` their ``similarity``.
    """

    mentions: Tensor
    features: Tensor
    pairs: Tensor
    likeness: Tensor


class Network(nn.Module):
    """A BERT encoder with four heads, trained together."""

    def __init__(self, encoder: BertModel, schema: Schema = OURS) -> None:
        super().__init__()
        self.schema = schema
        size = encoder.config.hidden_size
        self.encoder = encoder
        # Starts at nothing, so that the encoder begins as it was pretrained.
        self.shape = nn.Embedding(len(SHAPES), size)
        nn.init.zeros_(self.shape.weight)
        self.drop = nn.Dropout(0.1)
        self.tag = nn.Linear(size, len(schema.tags))
        self.mention = nn.Linear(2 * size, MENTION)
        self.typed = nn.Embedding(len(schema.types), MENTION)
        self.role = nn.Sequential(
            nn.Linear(2 * MENTION + FEATURES, MENTION),
            nn.GELU(),
            nn.Linear(MENTION, len(schema.roles)),
        )
        self.head = nn.Linear(MENTION, PAIR)
        self.tail = nn.Linear(MENTION, PAIR)
        self.both = nn.Linear(PAIR, PAIR)
        self.ask = nn.Linear(MENTION, CONTEXT)
        self.key = nn.Linear(size, CONTEXT)
        self.value = nn.Linear(size, PAIR)
        # Starts at nothing, so that mentions speak for themselves first.
        nn.init.zeros_(self.value.weight)
        self.distance = nn.Embedding(2 * (len(DISTANCES) + 1), PAIR)
        self.relation = nn.Linear(PAIR, len(schema.relations))
        self.same = nn.Sequential(
            nn.Linear(2 * MENTION + LIKENESS, 64), nn.GELU(), nn.Linear(64, 1)
        )

    def encode(self, ids: Tensor, shapes: Tensor, mask: Tensor | None) -> Tensor:
        """Give the states of word pieces: batch x length (-> x size); ``mask`` is 0 at padding."""
        embedded = self.encoder.embeddings.word_embeddings(ids) + self.shape(shapes)
        states: Tensor = self.encoder(inputs_embeds=embedded, attention_mask=mask)[0]
        return states

    def mention_states(self, words: Tensor, mentions: Tensor) -> Tensor:
        """Give the states of mentions, from the states of one text's words."""
        ends = torch.cat([words[mentions[:, 0]], words[mentions[:, 1]]], dim=1)
        return nn.functional.gelu(self.mention(self.drop(ends)) + self.typed(mentions[:, 2]))

    def roles(self, states: Tensor, entities: Entities) -> Tensor:
        """Give the scores of roles: entities x roles."""
        owner, count = entities.mentions[:, 3], len(entities.features)
        pooled = torch.cat(
            [pool(states, owner, count, "amax"), pool(states, owner, count, "mean")], dim=1
        )
        scores: Tensor = self.role(torch.cat([pooled, entities.features], dim=1))
        return scores

    def relations(self, words: Tensor, states: Tensor, entities: Entities) -> Tensor:
        """Give the scores of relations: entities x entities x relations; none scores 0.

        Each pair of mentions is scored, and the pair of entities gets the log of the sum.
        """
        scores = self.mention_relations(words, states, entities)
        owner, count = entities.mentions[:, 3], len(entities.features)
        rows = _logsumexp(scores.flatten(1), owner, count).view(count, len(owner), -1)
        return (
            _logsumexp(rows.transpose(0, 1).flatten(1), owner, count)
            .view(count, count, -1)
            .transpose(0, 1)
        )

    def mention_relations(self, words: Tensor, states: Tensor, entities: Entities) -> Tensor:
        """Give the scores of relations: mentions x mentions x relations."""
        head, tail = self.head(states), self.tail(states)
        hidden = head[:, None] + tail[None] + self.both(head[:, None] * tail[None])
        hidden = hidden + self.context(words, states)
        near = distances(entities.mentions[:, 0], entities.mentions[:, 5])
        scores: Tensor = self.relation(nn.functional.gelu(hidden + self.distance(near)))
        return scores

    def context(self, words: Tensor, states: Tensor) -> Tensor:
        """Give what the text says where both of two mentions look: mentions x mentions x pair.

        Localized context pooling (Zhou et al. 2021), with attention of its own.
        """
        ask = self.ask(states).view(len(states), PARTS, -1)
        key = self.key(words).view(len(words), PARTS, -1)
        scale = (CONTEXT // PARTS) ** -0.5
        looks = (torch.einsum("mpc,wpc->mpw", ask, key) * scale).softmax(2)
        both = torch.einsum("hpw,tpw->htw", looks, looks)
        both = both / (both.sum(2, keepdim=True) + NOWHERE)
        pooled: Tensor = both @ self.value(words)
        return pooled

    def sames(self, states: Tensor, entities: Entities) -> Tensor:
        """Give the scores that two groups of forms name one thing: one a pair."""
        groups = entities.mentions[:, 4]
        pooled = pool(states, groups, int(groups.max()) + 1, "mean")
        a, b = pooled[entities.pairs[:, 0]], pooled[entities.pairs[:, 1]]
        both = torch.cat([(a - b).abs(), a * b, entities.likeness], dim=1)
        scores: Tensor = self.same(both)[:, 0]
        return scores


def distances(starts: Tensor, sentences: Tensor) -> Tensor:
    """Give the class of distance between mentions: signed, and whether in one sentence."""
    away = torch.bucketize(starts[None] - starts[:, None], torch.tensor(DISTANCES))
    return away * 2 + (sentences[None] == sentences[:, None]).long()


def pool(states: Tensor, owner: Tensor, count: int, how: str) -> Tensor:
    """Gather the rows of ``states`` by ``owner``: count x size."""
    index = owner[:, None].expand_as(states)
    empty = torch.zeros(count, states.shape[1], dtype=states.dtype)
    return empty.scatter_reduce(0, index, states, how, include_self=False)


def _logsumexp(scores: Tensor, owner: Tensor, count: int) -> Tensor:
    top = pool(scores.detach(), owner, count, "amax")
    total = pool((scores - top[owner]).exp(), owner, count, "sum")
    return total.clamp_min(1e-12).log() + top


def relation_loss(scores: Tensor, valid: Tensor, gold: Sequence[tuple[int, int, int]]) -> Tensor:
    """Give the mean cross-entropy over the pairs of entities that any relation may join.

    ``valid`` says which may: entities x entities x relations; what is gold counts as valid.
    """
    valid, count = valid.clone(), len(valid)
    target = torch.zeros(count, count, dtype=torch.long)
    for head, relation, tail in gold:
        target[head, tail] = relation + 1
        valid[head, tail, relation] = True
    scores = scores.masked_fill(~valid, -30.0)
    logits = torch.cat([torch.zeros_like(scores[..., :1]), scores], dim=2)
    ask = valid.any(2) & ~torch.eye(count, dtype=torch.bool)
    if not ask.any():
        return scores.sum() * 0
    return nn.functional.cross_entropy(logits[ask], target[ask])
