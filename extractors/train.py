"""Make a model from annotated records.  Needs the extra ``train`` (torch).

One network learns mentions, roles, relations and which forms name one thing at the same time.
Every epoch leaves a checkpoint; a run that was stopped goes on from the last one.
"""

import json
import math
import random
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import torch
from spacy.tokens import Doc
from tokenizers import Tokenizer
from torch import Tensor, nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler

from . import base as bases
from . import calibrate, export, gold, links, words
from .links import ALLOWED, RELATION_NAMES
from .network import Entities, Network, relation_loss
from .schema import ROLES, TAGS, TYPES
from .tagger import bio_spans
from .terms import normal, similarity

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Example:
    """One annotated text as numbers: its first window, tags of words, entities, and answers."""

    pieces: words.Pieces
    tags: Tensor
    entities: Entities | None
    types: Tensor
    roles: Tensor
    relations: tuple[tuple[int, int, int], ...]
    sames: Tensor


def example(record: gold.Record, doc: Doc, pieces: words.Pieces) -> Example:
    """Turn an annotated record into numbers; mentions beyond the window are left out."""
    place = {word: index for index, word in enumerate(pieces.words)}
    sentence = {token.i: n for n, sent in enumerate(doc.sents) for token in sent}
    tags = torch.zeros(len(pieces.words), dtype=torch.long)
    rows: list[tuple[int, int, int, int, int, int]] = []
    kept: dict[int, int] = {}
    groups: dict[tuple[int, str], int] = {}
    forms: list[list[str]] = []
    group_owner: list[int] = []
    for start, end, index in gold.spans(record):
        span = doc.char_span(start, end)
        if span is None or span.start not in place or span.end - 1 not in place:
            continue
        entity = record["entities"][index]
        type_ = TYPES.index(
            f"{entity['type']}:{entity['kind']}" if entity.get("kind") else entity["type"]
        )
        first, last = place[span.start], place[span.end - 1]
        tags[first] = TAGS.index(f"B-{TYPES[type_]}")
        tags[first + 1 : last + 1] = TAGS.index(f"I-{TYPES[type_]}")
        owner = kept.setdefault(index, len(kept))
        key = (owner, normal(span.text))
        if key not in groups:
            groups[key] = len(groups)
            forms.append([])
            group_owner.append(owner)
        forms[groups[key]].append(span.text)
        rows.append((first, last, type_, owner, groups[key], sentence[span.start]))
    chosen = [record["entities"][index] for index in kept]
    names = {entity["name"]: number for number, entity in enumerate(chosen)}
    pairs = list(combinations(range(len(forms)), 2))
    mentions = torch.tensor(rows, dtype=torch.long)
    entities = Entities(
        mentions=mentions,
        features=torch.tensor(
            links.features(
                [links.Row(a, b, type_, owner, sent) for a, b, type_, owner, _, sent in rows],
                len(chosen),
            )
        ),
        pairs=torch.tensor(pairs, dtype=torch.long).view(-1, 2),
        likeness=torch.tensor([similarity(forms[a], forms[b]) for a, b in pairs]),
    )
    types = torch.zeros(len(chosen), dtype=torch.long)
    for row in reversed(rows):
        types[row[3]] = row[2]
    return Example(
        pieces=pieces,
        tags=tags,
        entities=entities if rows else None,
        types=types,
        roles=torch.tensor([ROLES.index(entity["role"]) for entity in chosen], dtype=torch.long),
        relations=tuple(
            (names[head], RELATION_NAMES.index(name), names[tail])
            for head, name, tail in record["relations"]
            if head in names and tail in names and head != tail
        ),
        sames=torch.tensor([float(group_owner[a] == group_owner[b]) for a, b in pairs]),
    )


def examples(records: Iterable[gold.Record], tokenizer: Tokenizer) -> list[Example]:
    """Turn annotated records into numbers."""
    nlp, cutter = words.blank(), words.Cutter(tokenizer)
    made = []
    for record in records:
        doc = nlp(gold.text(record))
        made.append(example(record, doc, cutter.windows(doc)[0]))
    return made


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


def loss(network: Network, batch: Sequence[Example], half: bool) -> dict[str, Tensor]:
    """Give the loss of each head over a batch."""
    with torch.autocast("cpu", torch.bfloat16, enabled=half):
        states = network.encode(*padded(batch)).float()
    parts: dict[str, list[Tensor]] = {"tag": [], "role": [], "relation": [], "same": []}
    for row, item in enumerate(batch):
        own = states[row][list(item.pieces.firsts)]
        tags = network.tag(network.drop(own))
        parts["tag"].append(nn.functional.cross_entropy(tags, item.tags))
        if item.entities is None:
            continue
        mentions = network.mention_states(own, item.entities.mentions)
        roles = network.roles(mentions, item.entities)
        parts["role"].append(nn.functional.cross_entropy(roles, item.roles))
        scores = network.relations(mentions, item.entities)
        parts["relation"].append(relation_loss(scores, item.types, item.relations))
        if len(item.sames):
            sames = network.sames(mentions, item.entities)
            parts["same"].append(nn.functional.binary_cross_entropy_with_logits(sames, item.sames))
    return {name: torch.stack(values).mean() for name, values in parts.items() if values}


#: How much each head's loss counts.
WEIGHTS = {"tag": 1.0, "role": 0.15, "relation": 0.8, "same": 0.3}


@dataclass(frozen=True, slots=True)
class Recipe:
    """The settings of a training."""

    epochs: int = 4
    batch: int = 8
    rate: float = 1e-4
    head_rate: float = 1e-3
    warmup: float = 0.1
    seed: int = 1


def train(
    train_records: Sequence[gold.Record],
    dev_records: Sequence[gold.Record],
    base: str,
    folder: Path,
    recipe: Recipe,
    say: Say,
) -> Network:
    """Train a network and return it; checkpoints go to ``folder``."""
    torch.manual_seed(recipe.seed)
    encoder, tokenizer = bases.load(base)
    network = Network(encoder)
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer.save(str(folder / "tokenizer.json"))
    items, dev = examples(train_records, tokenizer), examples(dev_records, tokenizer)
    steps = recipe.epochs * math.ceil(len(items) / recipe.batch)
    optimizer = _optimizer(network, recipe)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda step: _rate(step, steps, recipe.warmup)
    )
    checkpoint = folder / "checkpoint.pt"
    first = _resume(checkpoint, network, optimizer, schedule)
    half = _half_is_faster(network, items[: recipe.batch])
    say(f"{len(items)} texts, {steps} steps, {'bfloat16' if half else 'float32'}")
    for epoch in range(first, recipe.epochs):
        chance = random.Random(recipe.seed * 1000 + epoch)
        network.train()
        started, sums = time.time(), dict.fromkeys(WEIGHTS, 0.0)
        for step, batch in enumerate(batches(items, recipe.batch, chance), 1):
            parts = loss(network, batch, half)
            torch.stack([WEIGHTS[name] * part for name, part in parts.items()]).sum().backward()
            nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            optimizer.step()
            schedule.step()
            optimizer.zero_grad()
            for name, part in parts.items():
                sums[name] += part.item()
            if step % 20 == 0:
                means = " ".join(f"{name} {total / step:.3f}" for name, total in sums.items())
                pace = (time.time() - started) / step
                say(f"epoch {epoch + 1} step {step} {means} {pace:.2f} s/step")
        _save(checkpoint, network, optimizer, schedule, epoch + 1)
        say(f"epoch {epoch + 1} dev {json.dumps(_check(network, dev, half))}")
    return network


def make(
    gold_files: Sequence[Path],
    dev_file: Path,
    folder: Path,
    *,
    base: str,
    recipe: Recipe,
    name: str,
    say: Say,
) -> dict[str, Any]:
    """Train, export and calibrate a model in ``folder``; give its scores on the held-out texts."""
    train_records = list(gold.records(gold_files))
    dev_records = list(gold.records([dev_file]))
    network = train(train_records, dev_records, base, folder / "training", recipe, say)
    say("Exporting ...")
    settings = {"name": name, "version": str(recipe.seed), "trained_on": len(train_records)}
    export.write(network, folder / "training" / "tokenizer.json", folder, settings)
    say("Calibrating ...")
    return calibrate.calibrate(folder, dev_records)


def _optimizer(network: Network, recipe: Recipe) -> Optimizer:
    # The table of word pieces stays as it was pretrained: 3,000 texts touch a part of it.
    network.encoder.embeddings.word_embeddings.weight.requires_grad_(False)
    encoder = [p for p in network.encoder.parameters() if p.requires_grad]
    own = {id(p) for p in network.encoder.parameters()}
    heads = [p for p in network.parameters() if id(p) not in own]
    return torch.optim.AdamW(
        [{"params": encoder, "lr": recipe.rate}, {"params": heads, "lr": recipe.head_rate}],
        weight_decay=0.01,
    )


def _rate(step: int, steps: int, warmup: float) -> float:
    rise = max(1, int(steps * warmup))
    return step / rise if step < rise else max(0.0, (steps - step) / max(1, steps - rise))


def _half_is_faster(network: Network, batch: Sequence[Example]) -> bool:
    """Measure one step in each precision: bfloat16 is slow where the processor lacks it."""
    times = []
    for half in (False, True, False, True):
        started = time.time()
        torch.stack(list(loss(network, batch, half).values())).sum().backward()
        times.append(time.time() - started)
        network.zero_grad()
    return times[3] < times[2]


def _save(
    path: Path, network: Network, optimizer: Optimizer, schedule: LRScheduler, epoch: int
) -> None:
    state = {
        "network": network.state_dict(),
        "optimizer": optimizer.state_dict(),
        "schedule": schedule.state_dict(),
        "epoch": epoch,
    }
    torch.save(state, path.with_suffix(".new"))
    path.with_suffix(".new").replace(path)


def _resume(path: Path, network: Network, optimizer: Optimizer, schedule: LRScheduler) -> int:
    if not path.exists():
        return 0
    state = torch.load(path, weights_only=True)
    network.load_state_dict(state["network"])
    optimizer.load_state_dict(state["optimizer"])
    schedule.load_state_dict(state["schedule"])
    return int(state["epoch"])


def _check(network: Network, dev: Sequence[Example], half: bool) -> dict[str, float]:
    """Give quick figures on held-out texts: tags, and roles and relations of the gold entities."""
    network.eval()
    right = wrong = missed = roles = entities = 0
    pairs = np.zeros(3)
    with torch.no_grad():
        for item in dev:
            with torch.autocast("cpu", torch.bfloat16, enabled=half):
                states = network.encode(*padded([item])).float()[0]
            own = states[list(item.pieces.firsts)]
            guess = set(bio_spans(network.tag(own).argmax(1).tolist()))
            truth = set(bio_spans(item.tags.tolist()))
            right += len(guess & truth)
            wrong += len(guess - truth)
            missed += len(truth - guess)
            if item.entities is None:
                continue
            mentions = network.mention_states(own, item.entities.mentions)
            roles += int((network.roles(mentions, item.entities).argmax(1) == item.roles).sum())
            entities += len(item.roles)
            pairs += _relation_counts(network.relations(mentions, item.entities), item)
    return {
        "span_f1": round(2 * right / max(1, 2 * right + wrong + missed), 4),
        "role": round(roles / max(1, entities), 4),
        "relation_f1": round(2 * pairs[0] / max(1, 2 * pairs[0] + pairs[1] + pairs[2]), 4),
    }


def _relation_counts(scores: Tensor, item: Example) -> np.ndarray:
    valid = torch.from_numpy(ALLOWED)[item.types[:, None], item.types[None]]
    best = scores.masked_fill(~valid, -30.0).max(2)
    guess = {
        (int(h), int(best.indices[h, t]), int(t)) for h, t in (best.values > 0).nonzero() if h != t
    }
    truth = set(item.relations)
    return np.array([len(guess & truth), len(guess - truth), len(truth - guess)])
