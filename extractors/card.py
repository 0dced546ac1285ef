"""The model card: what a model was made from, what it scores, what it is not good for."""

import datetime
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from . import gold

#: The file in a model's folder.
FILE: Final = "README.md"


def write(
    folder: Path, records: Sequence[gold.Record], scores: Mapping[str, Any], base: str
) -> None:
    """Write the card of the model in ``folder``, which was trained on ``records``."""
    text = card(json.loads((folder / "settings.json").read_text("utf-8")), records, scores, base)
    (folder / FILE).write_text(text, encoding="utf-8")


def card(
    settings: Mapping[str, Any],
    records: Sequence[gold.Record],
    scores: Mapping[str, Any],
    base: str,
) -> str:
    """Give the text of a card, in Markdown."""
    types = Counter(entity["type"] for record in records for entity in record["entities"])
    relations = Counter(name for record in records for _, name, _ in record["relations"])
    rows = [("entity", scores["entity"]), ("linked", scores["linked"])]
    rows += [("relation", scores["relation"]), ("span", scores["span"])]
    rows += [*scores["types"].items(), *scores["relations"].items()]
    today = datetime.datetime.now(datetime.UTC).date().isoformat()
    return "\n".join(
        [
            f"# {settings['name']} {settings['version']}",
            "",
            f"A model of Paperlattice, made on {today} by `kg train`, from the encoder `{base}`.",
            "",
            f"**Data**: {len(records):,} annotated texts with {types.total():,} entities "
            f"({_counts(types)}) and {relations.total():,} relations ({_counts(relations)}).",
            *_without_gold(settings),
            "",
            f"**Scores** on {scores['texts']} held-out texts, which also chose the best epoch, the "
            "thresholds and the calibration, so they flatter a little:",
            "",
            "| | precision | recall | F1 | gold |",
            "|---|---|---|---|---|",
            *(
                f"| {name} | {row['precision']:.3f} | {row['recall']:.3f} | {row['f1']:.3f} "
                f"| {row['gold']} |"
                for name, row in rows
                if row["gold"]
            ),
            "",
            f"Role of a matched entity: accuracy {scores['role_accuracy'] or 0:.3f}. Kind of a "
            f"concept: accuracy {scores['kind_accuracy'] or 0:.3f}.",
            "",
            "**Limits**: it was never tried on languages, subjects or kinds of text that the data "
            "does not have. A name that it has never seen is found by its surroundings alone.",
            "",
        ]
    )


def _without_gold(settings: Mapping[str, Any]) -> list[str]:
    silver, guessed = settings.get("silver", 0), settings.get("guessed", 0)
    lines = [f"Beside them {silver:,} texts that it annotated itself."] if silver else []
    return lines + ([f"Its encoder guessed words of {guessed:,} texts."] if guessed else [])


def _counts(counter: Counter[str]) -> str:
    return ", ".join(f"{name} {number:,}" for name, number in counter.most_common())
