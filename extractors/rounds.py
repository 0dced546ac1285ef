"""From annotated records to a model, in rounds.  Needs the extra ``train`` (torch).

The first round learns from gold alone.  With a corpus, the model then reads it: for its lexicon,
and to annotate a part of it itself.  Its encoder guesses hidden words of a part of it, and the
second round learns from what was annotated beside the gold.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import torch
from tokenizers import Tokenizer

from . import base as bases
from . import calibrate, card, export, gold, lexicon, pipeline, pretrain, silver, words
from .examples import examples
from .findings import Extraction
from .network import Network
from .schema import OURS, schema_of
from .train import Data, Recipe, Say, train

#: Steps that it takes to learn what labels mean; of few texts that is many epochs, but not more.
ENOUGH: Final = 1300
MOST: Final = 40
#: The second round: few epochs, for it starts from what the first one made.
SECOND: Final[Mapping[str, Any]] = {"epochs": 3, "rate": 1.2e-4, "head_rate": 7e-4, "warmup": 0.06}
#: Texts whose words are guessed, unless said.
GUESSED: Final = 20_000
#: Texts that show what goes into the products of 8 bits.
SHOWN: Final = 40


def make(
    gold_files: Sequence[Path],
    dev_file: Path,
    folder: Path,
    *,
    base: str,
    epochs: int | None = None,
    patience: int | None = None,
    seed: int = 1,
    name: str,
    version: str,
    corpus: Sequence[str] = (),
    silver: int | None = None,
    guessed: int | None = None,
    say: Say,
) -> dict[str, Any]:
    """Train, export and calibrate a model in ``folder``; give its scores on the held-out texts.

    ``epochs`` and ``patience`` are those of the first round (see ``first_round``).  ``corpus`` are
    texts without annotations; the model annotates ``silver`` of them itself, twice as many as are
    annotated unless said, and guesses words of ``guessed`` of them, 20,000 unless said.
    """
    records, held_out = list(gold.records(gold_files)), list(gold.records([dev_file]))
    recipe = first_round(len(records), epochs, patience, seed)
    torch.manual_seed(seed)
    torch.set_default_device("cuda" if torch.cuda.is_available() else "cpu")
    encoder, tokenizer = bases.load(base)
    network = Network(encoder, schema_of(records)).to(torch.get_default_device())
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer.save(str(folder / "tokenizer.json"))
    settings = {"name": name, "version": version, "trained_on": len(records)}
    if network.schema != OURS:
        settings["schema"] = network.schema.data()
    made = Making(folder, settings, network, tokenizer, held_out, say)
    data = made.data(records)
    train(network, data, folder / "training", recipe, say)
    scores = made.finish()
    if corpus:
        scores = made.read_lexicon(corpus)
    if texts := corpus[: 2 * len(records) if silver is None else silver]:
        more = corpus[: GUESSED if guessed is None else guessed]
        scores = made.second_round(data, texts, more, replace(recipe, **SECOND))
    card.write(folder, records, scores, base)
    return scores


def first_round(texts: int, epochs: int | None, patience: int | None, seed: int) -> Recipe:
    """Give the recipe of the first round: the usual one, and more epochs where texts are few.

    The patience is a quarter of the epochs, unless given.
    """
    usual = Recipe(seed=seed)
    enough = math.ceil(ENOUGH / math.ceil(texts / usual.batch))
    epochs = epochs or max(usual.epochs, min(MOST, enough))
    return replace(usual, epochs=epochs, patience=patience or max(1, epochs // 4))


@dataclass(frozen=True, slots=True)
class Making:
    """A model in the making, in ``folder``; each step leaves it whole and gives its scores."""

    folder: Path
    settings: dict[str, Any]
    network: Network
    tokenizer: Tokenizer
    held_out: Sequence[gold.Record]
    say: Say

    def data(self, records: Sequence[gold.Record]) -> Data:
        """Give annotated records as the network learns from them."""
        own = self.network.schema
        return Data(
            examples(records, self.tokenizer, own), examples(self.held_out, self.tokenizer, own)
        )

    def finish(self) -> dict[str, Any]:
        """Export the network as it is, and calibrate the model."""
        self.say("Exporting and calibrating ...")
        texts = [gold.text(record) for record in self.held_out[:SHOWN]]
        export.write(
            self.network.cpu(), self.folder / "tokenizer.json", self.folder, self.settings, texts
        )
        return calibrate.calibrate(self.folder, self.held_out)

    def read_lexicon(self, texts: Sequence[str]) -> dict[str, Any]:
        """Mine the lexicon from texts."""
        lexicon.write(lexicon.mine(self._read(texts), self.network.schema.types), self.folder)
        return self.finish()

    def second_round(
        self, data: Data, texts: Sequence[str], more: Sequence[str], recipe: Recipe
    ) -> dict[str, Any]:
        """Annotate texts, and learn on with what is sure of them beside the gold.

        Before that the encoder guesses words of ``more`` texts, and of those of the gold.
        """
        silver.eager(self.folder)
        records = [silver.record(text, found) for text, found in self._read(texts)]
        data = replace(
            data,
            silver=examples(records, self.tokenizer, self.network.schema),
            mask=self.tokenizer.token_to_id("[MASK]") or 0,
        )
        if more:
            self._guess([*(item.pieces for item in data.gold), *self._windows(more)], recipe.seed)
            self.settings["guessed"] = len(data.gold) + len(more)
        train(self.network, data, self.folder / "second", recipe, self.say)
        self.settings["silver"] = len(records)
        return self.finish()

    def _guess(self, texts: Sequence[words.Pieces], seed: int) -> None:
        recipe = pretrain.Recipe(seed=seed)
        folder = self.folder / "pretraining"
        pretrain.pretrain(self.network, texts, self.tokenizer, folder, recipe, self.say)

    def _windows(self, texts: Sequence[str]) -> Iterator[words.Pieces]:
        nlp, cutter = words.blank(), words.Cutter(self.tokenizer)
        for text in texts:
            yield from cutter.windows(nlp(text))

    def _read(self, texts: Sequence[str]) -> list[tuple[str, Extraction]]:
        found = []
        nlp = pipeline.load(str(self.folder))
        for text, own in zip(texts, pipeline.extract(nlp, texts), strict=True):
            found.append((text, own))
            if len(found) % 500 == 0 or len(found) == len(texts):
                self.say(f"read {len(found):,} of {len(texts):,} texts")
        return found
