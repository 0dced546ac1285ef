"""Train the network.  Needs the extra ``train`` (torch).

One network learns mentions, roles, relations and which forms name one thing at the same time.
Every epoch leaves a checkpoint; a run that was stopped goes on from the last one.
"""

import json
import math
import random
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from torch import Tensor, nn
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LambdaLR

from .decoding import bio_spans
from .examples import OPEN, Example, batches, noisy, padded
from .network import Network, relation_loss

Say = Callable[[str], None]

#: How much each head's loss counts.
WEIGHTS: Final = {"tag": 1.0, "role": 0.15, "relation": 0.8, "same": 0.3}


@dataclass(frozen=True, slots=True)
class Recipe:
    """The settings of a training.

    ``patience`` epochs without a better score on held-out texts end it.  ``decay`` is that of the
    moving average of the weights, a step: the average is what becomes the model.
    """

    epochs: int = 8
    batch: int = 8
    rate: float = 1e-4
    head_rate: float = 1e-3
    warmup: float = 0.1
    decay: float = 0.998
    patience: int = 2
    seed: int = 1


@dataclass(frozen=True, slots=True)
class Data:
    """What a network learns from: gold, silver, and what it is measured on."""

    gold: Sequence[Example]
    dev: Sequence[Example]
    silver: Sequence[Example] = ()
    #: The word piece that hides another one of a silver text.
    mask: int = 0


@dataclass(slots=True)
class Run:
    """A training under way: what a checkpoint holds."""

    network: Network
    optimizer: Optimizer
    schedule: LambdaLR
    average: dict[str, Tensor]
    epoch: int = 0
    best: float = -1.0
    best_epoch: int = 0


def train(network: Network, data: Data, folder: Path, recipe: Recipe, say: Say) -> None:
    """Train the network to that of the best epoch; checkpoints go to ``folder``."""
    folder.mkdir(parents=True, exist_ok=True)
    network.to(torch.get_default_device())
    parts = (len(data.gold), math.ceil(len(data.silver) / recipe.epochs))
    steps = recipe.epochs * sum(math.ceil(part / recipe.batch) for part in parts)
    run = _run(network, recipe, steps)
    _resume(run, folder)
    first = data.gold[: recipe.batch]
    half = half_is_faster(
        run.optimizer, lambda half: torch.stack([*loss(network, first, half).values()])
    )
    say(
        f"{len(data.gold)} texts, {len(data.silver)} silver, {steps} steps, "
        f"{'bfloat16' if half else 'float32'}"
    )
    while run.epoch < recipe.epochs and run.epoch - run.best_epoch < recipe.patience:
        _epoch(run, data, recipe, half, say)
        run.epoch += 1
        scores = _averaged(run, lambda: check(network, data.dev, half))
        if (mean := sum(scores.values()) / len(scores)) > run.best:
            run.best, run.best_epoch = mean, run.epoch
            write(folder / "best.pt", run.average)
        _save(run, folder)
        say(f"epoch {run.epoch} held out {json.dumps(scores)}")
    network.load_state_dict(torch.load(folder / "best.pt", weights_only=True))


def loss(network: Network, batch: Sequence[Example], half: bool) -> dict[str, Tensor]:
    """Give the loss of each head over a batch."""
    with torch.autocast(torch.get_default_device().type, torch.bfloat16, enabled=half):
        states = network.encode(*padded([item.pieces for item in batch])).float()
    parts: dict[str, list[Tensor]] = {"tag": [], "role": [], "relation": [], "same": []}
    for row, item in enumerate(batch):
        own = states[row][list(item.pieces.firsts)]
        tags = network.tag(network.drop(own))
        parts["tag"].append(nn.functional.cross_entropy(tags, item.tags, ignore_index=OPEN))
        if item.entities is None:
            continue
        mentions = network.mention_states(own, item.entities.mentions)
        if (item.roles != OPEN).any():
            roles = network.roles(mentions, item.entities)
            parts["role"].append(nn.functional.cross_entropy(roles, item.roles, ignore_index=OPEN))
        scores = network.relations(own, mentions, item.entities)
        parts["relation"].append(relation_loss(scores, item.valid, item.relations))
        if len(item.sames):
            sames = network.sames(mentions, item.entities)
            parts["same"].append(nn.functional.binary_cross_entropy_with_logits(sames, item.sames))
    return {name: torch.stack(values).mean() for name, values in parts.items() if values}


def _mixed(data: Data, recipe: Recipe, epoch: int) -> Iterator[list[Example]]:
    """Yield the batches of an epoch: all of the gold, and the epoch's share of the silver."""
    chance = random.Random(recipe.seed * 1000 + epoch)
    share = [noisy(item, data.mask, chance) for item in data.silver[epoch :: recipe.epochs]]
    mixed = [
        *batches(data.gold, _length, recipe.batch, chance),
        *batches(share, _length, recipe.batch, chance),
    ]
    chance.shuffle(mixed)
    yield from mixed


def _length(item: Example) -> int:
    return len(item.pieces.ids)


def _epoch(run: Run, data: Data, recipe: Recipe, half: bool, say: Say) -> None:
    run.network.train()
    started, sums = time.time(), dict.fromkeys(WEIGHTS, 0.0)
    for step, batch in enumerate(_mixed(data, recipe, run.epoch), 1):
        parts = loss(run.network, batch, half)
        torch.stack([WEIGHTS[name] * part for name, part in parts.items()]).sum().backward()
        nn.utils.clip_grad_norm_(run.network.parameters(), 1.0)
        run.optimizer.step()
        run.schedule.step()
        run.optimizer.zero_grad()
        # Counted over epochs: one of a few texts has fewer steps.
        if run.schedule.last_epoch % EVERY == 0:
            _follow(run, recipe.decay**EVERY)
        for name, part in parts.items():
            sums[name] += part.item()
        if step % 20 == 0:
            means = " ".join(f"{name} {total / step:.3f}" for name, total in sums.items())
            pace = (time.time() - started) / step
            say(f"epoch {run.epoch + 1} step {step} {means} {pace:.2f} s/step")


#: Steps between two looks of the moving average, which takes a tenth of a step's time.
EVERY: Final = 4


def _follow(run: Run, decay: float) -> None:
    """Move the average of the weights towards them; in the beginning it follows closely."""
    step = run.schedule.last_epoch
    decay = min(decay, (1 + step) / (10 + step))
    with torch.no_grad():
        for name, value in run.network.state_dict().items():
            if value.dtype.is_floating_point:
                run.average[name].lerp_(value, 1 - decay)


def _averaged(run: Run, measure: Callable[[], dict[str, float]]) -> dict[str, float]:
    """Measure with the averaged weights in place."""
    own = {name: value.clone() for name, value in run.network.state_dict().items()}
    run.network.load_state_dict(run.average)
    scores = measure()
    run.network.load_state_dict(own)
    return scores


def _run(network: Network, recipe: Recipe, steps: int) -> Run:
    # The table of word pieces stays as it was pretrained: 3,000 texts touch a part of it.
    network.encoder.embeddings.word_embeddings.weight.requires_grad_(False)
    encoder = [p for p in network.encoder.parameters() if p.requires_grad]
    own = {id(p) for p in network.encoder.parameters()}
    heads = [p for p in network.parameters() if id(p) not in own]
    optimizer = torch.optim.AdamW(
        [{"params": encoder, "lr": recipe.rate}, {"params": heads, "lr": recipe.head_rate}],
        weight_decay=0.01,
    )
    schedule = LambdaLR(optimizer, lambda step: rate(step, steps, recipe.warmup))
    average = {name: value.clone() for name, value in network.state_dict().items()}
    return Run(network, optimizer, schedule, average)


def rate(step: int, steps: int, warmup: float) -> float:
    """Give the share of the rate at a step: it rises, then falls to nothing."""
    rise = max(1, int(steps * warmup))
    return step / rise if step < rise else max(0.0, (steps - step) / max(1, steps - rise))


def half_is_faster(optimizer: Optimizer, losses: Callable[[bool], Tensor]) -> bool:
    """Measure one step in each precision: bfloat16 is slow where the processor lacks it.

    ``losses`` gives those of a batch, in bfloat16 or not; nothing is learned from them.
    """
    times = []
    for half in (False, True, False, True):
        started = time.time()
        losses(half).sum().backward()
        times.append(time.time() - started)
        optimizer.zero_grad()
    return times[3] < times[2]


def _save(run: Run, folder: Path) -> None:
    state = {
        "network": run.network.state_dict(),
        "optimizer": run.optimizer.state_dict(),
        "schedule": run.schedule.state_dict(),
        "average": run.average,
        "epoch": run.epoch,
        "best": run.best,
        "best_epoch": run.best_epoch,
    }
    write(folder / "checkpoint.pt", state)


def write(path: Path, state: Mapping[str, Any]) -> None:
    """Write a checkpoint, whole or not at all."""
    torch.save(state, path.with_suffix(".new"))
    path.with_suffix(".new").replace(path)


def _resume(run: Run, folder: Path) -> None:
    path = folder / "checkpoint.pt"
    if not path.exists():
        return
    state = torch.load(path, weights_only=True)
    run.network.load_state_dict(state["network"])
    run.optimizer.load_state_dict(state["optimizer"])
    run.schedule.load_state_dict(state["schedule"])
    run.average = state["average"]
    run.epoch, run.best, run.best_epoch = state["epoch"], state["best"], state["best_epoch"]


def check(network: Network, dev: Sequence[Example], half: bool) -> dict[str, float]:
    """Give quick figures on held-out texts: tags, and roles and relations of the gold entities."""
    network.eval()
    spans, pairs = np.zeros(3), np.zeros(3)
    roles = entities = 0
    with torch.no_grad():
        for item in dev:
            with torch.autocast(torch.get_default_device().type, torch.bfloat16, enabled=half):
                states = network.encode(*padded([item.pieces])).float()[0]
            own = states[list(item.pieces.firsts)]
            guess = set(bio_spans(network.tag(own).argmax(1).tolist()))
            spans += _counts(guess, set(bio_spans(item.tags.tolist())))
            if item.entities is None:
                continue
            mentions = network.mention_states(own, item.entities.mentions)
            roles += int((network.roles(mentions, item.entities).argmax(1) == item.roles).sum())
            entities += len(item.roles)
            scores = network.relations(own, mentions, item.entities)
            pairs += _counts(_stated(scores, item.valid), set(item.relations))
    return {
        "span_f1": _f1(spans),
        "role": round(roles / max(1, entities), 4),
        "relation_f1": _f1(pairs),
    }


def _counts(guess: set[Any], truth: set[Any]) -> np.ndarray:
    return np.array([len(guess & truth), len(guess - truth), len(truth - guess)])


def _f1(counts: np.ndarray) -> float:
    right, wrong, missed = counts
    return round(float(2 * right / max(1, 2 * right + wrong + missed)), 4)


def _stated(scores: Tensor, valid: Tensor) -> set[tuple[int, int, int]]:
    if not scores.shape[2]:
        return set()
    best = scores.masked_fill(~valid, -30.0).max(2)
    return {
        (int(h), int(best.indices[h, t]), int(t)) for h, t in (best.values > 0).nonzero() if h != t
    }
