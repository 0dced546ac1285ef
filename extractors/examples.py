"""Annotated records as numbers, in batches: what the network is trained on.  Needs torch."""

import random
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any, Final, TypeVar

import torch
from spacy.tokens import Doc
from tokenizers import Tokenizer
from torch import Tensor

from . import gold, heads, words
from .network import Entities
from .schema import Schema, type_of
from .terms import normal, similarity

Item = TypeVar("Item")

#: The answer that nothing is learned from: torch's own mark of it.
OPEN: Final = -100
#: Share of the word pieces of a silver text that are hidden (see ``noisy``).
HIDDEN: Final = 0.1
_NOTHING: Final[Mapping[str, Any]] = {"spans": (), "roles": (), "relations": ()}


@dataclass(frozen=True, slots=True)
class Example:
    """One annotated text as numbers: its first window, tags of words, entities, and answers.

    ``valid`` says which relations are asked for, of those that the schema has: entities x entities
    x relations.  Tags and roles that are ``OPEN`` are not asked for.
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
    """Turn an annotated record into numbers; mentions beyond the window are left out.

    A record may have ``open`` parts (``silver.record``).
    """
    left = record.get("open", _NOTHING)
    places = list(_places(record, doc, pieces, schema))
    tags = torch.zeros(len(pieces.words), dtype=torch.long)
    for place in places:
        tags[place.first] = 1 + 2 * place.type
        tags[place.first + 1 : place.last + 1] = 2 + 2 * place.type
    for word in _words(left["spans"], doc, pieces):
        if tags[word] == 0:
            tags[word] = OPEN
    kept = list(dict.fromkeys(place.entity for place in places))
    chosen = [record["entities"][index] for index in kept]
    types = [schema.types.index(type_of(entity)) for entity in chosen]
    roles = [schema.roles.index(entity.get("role", "mentions")) for entity in chosen]
    valid = torch.tensor(heads.ends(schema)[types][:, types])
    names = {entity["name"]: number for number, entity in enumerate(chosen)}
    for head, tail in left["relations"]:
        if head in names and tail in names:
            valid[names[head], names[tail]] = False
    entities, sames = _entities(places, kept)
    return Example(
        pieces=pieces,
        tags=tags,
        entities=entities,
        valid=valid,
        roles=torch.tensor(
            [OPEN if n in left["roles"] else role for n, role in zip(kept, roles, strict=True)],
            dtype=torch.long,
        ),
        relations=tuple(_relations(record, names, schema)),
        # Which forms are one thing a model says by rules too, so it has nothing to learn of itself.
        sames=sames[:0] if "open" in record else sames,
    )


def _words(spans: Iterable[tuple[int, int]], doc: Doc, pieces: words.Pieces) -> Iterator[int]:
    """Yield the words of the window that lie in the spans."""
    place = {word: index for index, word in enumerate(pieces.words)}
    for start, end in spans:
        for token in doc.char_span(start, end) or ():
            if token.i in place:
                yield place[token.i]


def noisy(example: Example, mask: int, chance: random.Random) -> Example:
    """Hide some word pieces by ``mask``, so that a model does not just repeat what it said."""
    first, *inner, last = example.pieces.ids
    hidden = (mask if chance.random() < HIDDEN else piece for piece in inner)
    return replace(example, pieces=replace(example.pieces, ids=(first, *hidden, last)))


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
    seen = [heads.Row(a, b, type_, owner, sent) for a, b, type_, owner, _, sent in rows]
    return Entities(
        mentions=torch.tensor(rows, dtype=torch.long),
        features=torch.tensor(heads.features(seen, len(kept))),
        pairs=torch.tensor(pairs, dtype=torch.long).view(-1, 2),
        likeness=torch.tensor([similarity(forms[a], forms[b]) for a, b in pairs]),
    ), sames


def _relations(
    record: gold.Record, names: Mapping[str, int], schema: Schema
) -> Iterator[tuple[int, int, int]]:
    order = tuple(schema.relations)
    for head, name, tail in record["relations"]:
        if head in names and tail in names and head != tail:
            yield names[head], order.index(name), names[tail]


def batches(
    items: Sequence[Item], length: Callable[[Item], int], size: int, chance: random.Random
) -> Iterator[list[Item]]:
    """Yield shuffled batches of texts of like length, so that little is padded."""
    order = list(range(len(items)))
    chance.shuffle(order)
    bundles = []
    for start in range(0, len(order), size * 16):
        part = sorted(order[start : start + size * 16], key=lambda i: length(items[i]))
        bundles += [part[i : i + size] for i in range(0, len(part), size)]
    chance.shuffle(bundles)
    for bundle in bundles:
        yield [items[i] for i in bundle]


def padded(batch: Sequence[words.Pieces]) -> tuple[Tensor, Tensor, Tensor]:
    """Give ids, shapes and mask of a batch of windows: batch x length."""
    # Few different sizes keep the allocator from falling to pieces over a long run.
    length = -(-max(len(pieces.ids) for pieces in batch) // 32) * 32
    ids = torch.zeros(len(batch), length, dtype=torch.long)
    shapes, mask = torch.zeros_like(ids), torch.zeros_like(ids)
    for row, pieces in enumerate(batch):
        size = len(pieces.ids)
        ids[row, :size] = torch.tensor(pieces.ids)
        shapes[row, :size] = torch.tensor(pieces.shapes)
        mask[row, :size] = 1
    return ids, shapes, mask
