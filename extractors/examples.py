"""Annotated records as numbers, in batches: what the network is trained on.  Needs torch."""

import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import torch
from spacy.tokens import Doc
from tokenizers import Tokenizer
from torch import Tensor

from . import gold, links, words
from .network import Entities
from .schema import Schema, type_of
from .terms import normal, similarity


@dataclass(frozen=True, slots=True)
class Example:
    """One annotated text as numbers: its first window, tags of words, entities, and answers.

    ``valid`` says which relations the schema has: entities x entities x relations.
    """

    pieces: words.Pieces
    tags: Tensor
    entities: Entities | None
    valid: Tensor
    roles: Tensor
    relations: tuple[tuple[int, int, int], ...]
    sames: Tensor


@dataclass(frozen=True, slots=True)
class _Place:
    """A mention in the window: its words (last included), type, entity, form and sentence."""

    first: int
    last: int
    type: int
    entity: int
    form: str
    sentence: int


def examples(records: Iterable[gold.Record], tokenizer: Tokenizer, schema: Schema) -> list[Example]:
    """Turn annotated records into numbers."""
    nlp, cutter = words.blank(), words.Cutter(tokenizer)
    made = []
    for record in records:
        doc = nlp(gold.text(record))
        made.append(example(record, doc, cutter.windows(doc)[0], schema))
    return made


def example(record: gold.Record, doc: Doc, pieces: words.Pieces, schema: Schema) -> Example:
    """Turn an annotated record into numbers; mentions beyond the window are left out."""
    places = list(_places(record, doc, pieces, schema))
    tags = torch.zeros(len(pieces.words), dtype=torch.long)
    for place in places:
        tags[place.first] = 1 + 2 * place.type
        tags[place.first + 1 : place.last + 1] = 2 + 2 * place.type
    kept = list(dict.fromkeys(place.entity for place in places))
    chosen = [record["entities"][index] for index in kept]
    types = [schema.types.index(type_of(entity)) for entity in chosen]
    entities, sames = _entities(places, kept)
    return Example(
        pieces=pieces,
        tags=tags,
        entities=entities,
        valid=torch.tensor(links.ends(schema)[types][:, types]),
        roles=torch.tensor(
            [schema.roles.index(entity.get("role", "mentions")) for entity in chosen],
            dtype=torch.long,
        ),
        relations=tuple(_relations(record, chosen, schema)),
        sames=sames,
    )


def _places(
    record: gold.Record, doc: Doc, pieces: words.Pieces, schema: Schema
) -> Iterator[_Place]:
    place = {word: index for index, word in enumerate(pieces.words)}
    sentence = {token.i: n for n, sent in enumerate(doc.sents) for token in sent}
    for start, end, index in gold.spans(record):
        span = doc.char_span(start, end)
        if span is None or span.start not in place or span.end - 1 not in place:
            continue
        yield _Place(
            place[span.start],
            place[span.end - 1],
            schema.types.index(type_of(record["entities"][index])),
            index,
            span.text,
            sentence[span.start],
        )


def _entities(places: Sequence[_Place], kept: Sequence[int]) -> tuple[Entities | None, Tensor]:
    """Give the entities as the heads see them, and which groups of forms are the same entity."""
    order = {index: number for number, index in enumerate(kept)}
    groups: dict[tuple[int, str], list[str]] = {}
    rows = []
    for place in places:
        key = (place.entity, normal(place.form))
        groups.setdefault(key, []).append(place.form)
        group = list(groups).index(key)
        owner = order[place.entity]
        rows.append((place.first, place.last, place.type, owner, group, place.sentence))
    owners, forms = [entity for entity, _ in groups], list(groups.values())
    pairs = list(combinations(range(len(forms)), 2))
    sames = torch.tensor([float(owners[a] == owners[b]) for a, b in pairs])
    if not rows:
        return None, sames
    seen = [links.Row(a, b, type_, owner, sent) for a, b, type_, owner, _, sent in rows]
    return Entities(
        mentions=torch.tensor(rows, dtype=torch.long),
        features=torch.tensor(links.features(seen, len(kept))),
        pairs=torch.tensor(pairs, dtype=torch.long).view(-1, 2),
        likeness=torch.tensor([similarity(forms[a], forms[b]) for a, b in pairs]),
    ), sames


def _relations(
    record: gold.Record, chosen: Sequence[Any], schema: Schema
) -> Iterator[tuple[int, int, int]]:
    names = {entity["name"]: number for number, entity in enumerate(chosen)}
    order = tuple(schema.relations)
    for head, name, tail in record["relations"]:
        if head in names and tail in names and head != tail:
            yield names[head], order.index(name), names[tail]


def batches(items: Sequence[Example], size: int, chance: random.Random) -> Iterator[list[Example]]:
    """Yield shuffled batches of texts of like length, so that little is padded."""
    order = list(range(len(items)))
    chance.shuffle(order)
    bundles = []
    for start in range(0, len(order), size * 16):
        part = sorted(order[start : start + size * 16], key=lambda i: len(items[i].pieces.ids))
        bundles += [part[i : i + size] for i in range(0, len(part), size)]
    chance.shuffle(bundles)
    for bundle in bundles:
        yield [items[i] for i in bundle]


def padded(batch: Sequence[Example]) -> tuple[Tensor, Tensor, Tensor]:
    """Give ids, shapes and mask of a batch: batch x length."""
    # Few different sizes keep the allocator from falling to pieces over a long run.
    length = -(-max(len(item.pieces.ids) for item in batch) // 32) * 32
    ids = torch.zeros(len(batch), length, dtype=torch.long)
    shapes, mask = torch.zeros_like(ids), torch.zeros_like(ids)
    for row, item in enumerate(batch):
        size = len(item.pieces.ids)
        ids[row, :size] = torch.tensor(item.pieces.ids)
        shapes[row, :size] = torch.tensor(item.pieces.shapes)
        mask[row, :size] = 1
    return ids, shapes, mask
