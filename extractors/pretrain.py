"""Continued pretraining: an encoder learns how papers are worded, from their texts alone.

Whole words are hidden, and guessed from what is around them (masked language modelling, Devlin et
al. 2019), on the texts of the task and its corpus (Gururangan et al. 2020).  What comes of it is
another start for ``extractors.train``.  Needs the extra ``train`` (torch).
"""

import random
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import torch
from tokenizers import Tokenizer
from torch import Tensor, nn
from torch.optim.lr_scheduler import LambdaLR

from .examples import OPEN, batches, padded
from .network import Network
from .train import Say, half_is_faster, rate, write
from .words import Pieces

#: Share of a text's word pieces that are hidden.
HIDDEN: Final = 0.2
#: What stands in the place of a hidden word: [MASK] this often, and half of the rest of the time
#: another piece; else the word stays, and must be found to fit.
MASKED: Final = 0.8
#: A word of more pieces (a URL, a formula) nobody could guess.
LONGEST: Final = 12
#: Steps between two checkpoints.
EVERY: Final = 200


@dataclass(frozen=True, slots=True)
class Recipe:
    """The settings: texts a step, rates of encoder and head, share of steps that they rise.

    In the first steps, ``alone`` of them or a tenth, the head learns alone: it starts from nothing.
    """

    batch: int = 16
    rate: float = 3e-4
    head_rate: float = 1e-3
    warmup: float = 0.08
    alone: int = 40
    seed: int = 1


@dataclass(frozen=True, slots=True)
class Riddle:
    """A window with hidden words: ``answers`` are the pieces that stood there, else ``OPEN``."""

    pieces: Pieces
    answers: tuple[int, ...]


class Guesser(nn.Module):
    """The head that guesses word pieces.

    It begins by passing on what it gets: the first guess is the piece most like the state.
    """

    def __init__(self, network: Network) -> None:
        super().__init__()
        vocabulary, size = network.encoder.embeddings.word_embeddings.weight.shape
        self.dense = nn.Linear(size, size)
        nn.init.eye_(self.dense.weight)
        self.norm = nn.LayerNorm(size)
        self.bias = nn.Parameter(torch.zeros(vocabulary))

    def forward(self, states: Tensor, table: Tensor) -> Tensor:
        """Give the scores of the pieces in ``table``: rows x size -> rows x vocabulary."""
        hidden = self.norm(nn.functional.gelu(self.dense(states)))
        return nn.functional.linear(hidden, table, self.bias)


def pretrain(
    network: Network,
    texts: Sequence[Pieces],
    tokenizer: Tokenizer,
    folder: Path,
    recipe: Recipe,
    say: Say,
) -> None:
    """Let the encoder of ``network``, and its shapes, learn from windows of texts, each once.

    Checkpoints go to ``folder``; a run that was stopped goes on from the last one.
    """
    folder.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(recipe.seed)
    # Each text is seen once: nothing is dropped, for there is nothing to learn by heart.
    network.to(torch.get_default_device()).eval()
    network.encoder.requires_grad_(True)
    guesser = Guesser(network)
    chance = random.Random(recipe.seed)
    bundles = list(batches(texts, lambda text: len(text.ids), recipe.batch, chance))
    alone = min(recipe.alone, len(bundles) // 10)
    learned = [*network.encoder.parameters(), network.shape.weight]
    optimizer = torch.optim.AdamW(
        [
            {"params": learned, "lr": recipe.rate},
            {"params": guesser.parameters(), "lr": recipe.head_rate},
        ],
        betas=(0.9, 0.98),
        weight_decay=0.01,
    )
    schedule = LambdaLR(
        optimizer,
        [
            lambda step: rate(step, len(bundles), recipe.warmup) * (step >= alone),
            lambda step: rate(step, len(bundles), recipe.warmup),
        ],
    )
    parts: dict[str, Any] = {
        "network": network,
        "guesser": guesser,
        "optimizer": optimizer,
        "schedule": schedule,
    }
    path = folder / "checkpoint.pt"
    if path.exists():
        state = torch.load(path, weights_only=True)
        for name, part in parts.items():
            part.load_state_dict(state[name])
    riddles = Riddles(tokenizer, recipe.seed)
    first = [riddles.make(text) for text in bundles[0]]
    half = half_is_faster(optimizer, lambda half: loss(network, guesser, first, half))
    say(f"{len(texts)} texts to guess words of, {len(bundles)} steps")
    begun, started, total = schedule.last_epoch, time.time(), 0.0
    for step in range(begun + 1, len(bundles) + 1):
        missed = loss(network, guesser, [riddles.make(text) for text in bundles[step - 1]], half)
        missed.backward()
        nn.utils.clip_grad_norm_(learned, 1.0)
        optimizer.step()
        schedule.step()
        optimizer.zero_grad()
        total += missed.item()
        if step % 20 == 0:
            pace = (time.time() - started) / (step - begun)
            say(
                f"step {step} of {len(bundles)} loss {total / (step - begun):.3f} {pace:.2f} s/step"
            )
        if step % EVERY == 0 or step == len(bundles):
            write(path, {name: part.state_dict() for name, part in parts.items()})


def loss(network: Network, guesser: Guesser, batch: Sequence[Riddle], half: bool) -> Tensor:
    """Give the mean loss of guessing the hidden pieces of a batch."""
    ids, shapes, mask = padded([riddle.pieces for riddle in batch])
    answers = torch.full_like(ids, OPEN)
    for row, riddle in enumerate(batch):
        answers[row, : len(riddle.answers)] = torch.tensor(riddle.answers)
    hidden = answers != OPEN
    table = network.encoder.embeddings.word_embeddings.weight
    with torch.autocast(torch.get_default_device().type, torch.bfloat16, enabled=half):
        scores = guesser(network.encode(ids, shapes, mask)[hidden], table)
    return nn.functional.cross_entropy(scores.float(), answers[hidden])


class Riddles:
    """Hides words of windows."""

    def __init__(self, tokenizer: Tokenizer, seed: int) -> None:
        known = tokenizer.get_vocab()
        self.mask = known["[MASK]"]
        self.breaks = known["[SEP]"]
        self.others = [number for piece, number in known.items() if piece[0] != "["]
        self.seed = seed

    def make(self, pieces: Pieces) -> Riddle:
        """Hide some words of a window: of the same window always the same."""
        chance = random.Random(hash((self.seed, pieces.ids)))
        ids, answers = list(pieces.ids), [OPEN] * len(pieces.ids)
        ends = (*pieces.firsts[1:], len(ids) - 1)
        words = list(zip(pieces.firsts, ends, strict=True))
        chance.shuffle(words)
        left = HIDDEN * len(ids)
        for start, end in words:
            if left <= 0:
                break
            if end - start > LONGEST or ids[start] == self.breaks:
                continue
            left -= end - start
            answers[start:end] = ids[start:end]
            how = chance.random()
            if how < MASKED:
                ids[start:end] = [self.mask] * (end - start)
            elif how < (1 + MASKED) / 2:
                ids[start:end] = chance.choices(self.others, k=end - start)
        return Riddle(replace(pieces, ids=tuple(ids)), tuple(answers))
