"""``kg evaluate``: how well a model agrees with annotated papers."""

import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from extractors.choice import Choice
from kg import options
from kg.errors import KgError

if TYPE_CHECKING:
    from extractors import gold as annotated
    from extractors.labels import Alignment

    #: What was found in a text, and what gold says of it.
    Pair = tuple[annotated.Record, annotated.Record]


@click.command(
    epilog="""\b
Example:
  kg evaluate dev.jsonl
  kg evaluate dev.jsonl --model my-model --json
  kg evaluate dev.jsonl --errors errors.html
  kg evaluate scierc.jsonl --labels "Task=Concept:task,Material=Dataset|Benchmark\""""
)
@click.argument("gold", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.option(
    "--errors", type=click.Path(path_type=Path, dir_okay=False), help="Page of the worst papers."
)
@click.option("--worst", default=30, show_default=True, help="How many papers that page shows.")
@click.option(
    "--fit", type=click.Path(path_type=Path, dir_okay=False), help="Write a file for --calibration."
)
@click.option("--json", "as_data", is_flag=True, help="As JSON.")
@options.extraction
def command(
    gold: tuple[Path, ...],
    errors: Path | None,
    worst: int,
    fit: Path | None,
    as_data: bool,
    choice: Choice,
) -> None:
    """Score the extraction against the annotated papers of GOLD, JSON records one a line.

    An entity is right if gold has one of the same type that shares a form; a role or kind is
    counted on the right entities; a linked entity has type and role right; a span is right if
    bounds and type are. Reliability sets scores beside the share that is right.

    --fit writes what makes the scores of any extractor such shares, for --calibration.

    Files of public sets, {"id", "text", "entities": [[start, end, label]], "relations": [[head,
    tail, label]]}, are read too; they have no roles. With --labels what has no counterpart on
    the other side is left out on both.
    """
    pairs, left = compared(_pairs(gold, choice), choice)
    if errors is not None:
        from extractors import review

        errors.write_text(review.page(pairs, worst), encoding="utf-8")
    from extractors import choice as choices
    from extractors import scales, score

    scores = score.score(pairs)
    if fit is not None:
        found = scales.data(scales.fitted(scores.judged))
        fit.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    summary = {"by": choices.by(choice), **scores.summary(), "left_out": left}
    click.echo(json.dumps(summary, indent=2) if as_data else lines(summary))


def _pairs(gold: Sequence[Path], choice: Choice) -> "list[Pair]":
    """Give what the model finds in each text of gold, and gold."""
    from extractors import choice as choices
    from extractors import gold as annotated
    from kg import build, progress

    build.extractor(choice)
    try:
        records = list(annotated.records(gold))
    except annotated.NotGold as error:
        raise KgError(
            str(error), remedy="See what kg extract writes: gold has the same form."
        ) from error
    if not records:
        raise KgError(f"{', '.join(map(str, gold))}: no record", remedy="Name files that have.")
    found = choices.extract(choice, [annotated.text(record) for record in records])
    tracked = progress.track(found, len(records), "Extracting")
    pairs: list[Pair] = []
    with build.told():
        for record, extraction in zip(records, tracked, strict=True):
            guess = annotated.record(
                str(record.get("id")), record["title"], record.get("abstract", ""), extraction
            )
            # Where gold has the very places of mentions, those of the guess meet them.
            pairs.append((annotated.exact(guess) if "spans" in record else guess, record))
    return pairs


def compared(pairs: "list[Pair]", choice: Choice) -> "tuple[list[Pair], dict[str, Any]]":
    """Give the pairs in the classes that a map of labels makes, and what it leaves out."""
    if not choice.labels:
        return pairs, {}
    from extractors import labels
    from kg import build

    with build.told():
        aligned = labels.alignment(labels.read(choice.labels, labels.known(choice.model)))
    types = dict.fromkeys(entity["type"] for _, record in pairs for entity in record["entities"])
    if not types.keys() & aligned.theirs.keys():
        if choice.other[0]:  # the map is of the extractor's labels, not of gold's
            return pairs, {}
        raise KgError(
            f"--labels {choice.labels}: gold has none of these labels",
            remedy=f"It has: {', '.join(types)}.",
        )
    return [(aligned.guess(guess), aligned.gold(truth)) for guess, truth in pairs], {
        "gold": _left(aligned, [truth for _, truth in pairs], ours=False),
        "predicted": _left(aligned, [guess for guess, _ in pairs], ours=True),
    }


def _left(
    aligned: "Alignment", records: "Sequence[annotated.Record]", *, ours: bool
) -> dict[str, int]:
    """Count the mentions that have no counterpart, by label."""
    from extractors import gold as annotated

    counts: Counter[str] = Counter()
    for record in records:
        before = Counter(record["entities"][n]["type"] for *_, n in annotated.spans(record))
        names = [e["type"] for e in record["entities"]]
        kept = (aligned.guess if ours else aligned.gold)(
            {
                **record,
                "entities": [{**e, "name": str(n)} for n, e in enumerate(record["entities"])],
            }
        )
        counts += before - Counter(
            names[int(kept["entities"][n]["name"])] for *_, n in annotated.spans(kept)
        )
    return dict(counts.most_common())


def lines(summary: dict[str, Any]) -> str:
    """Give the scores as a table for people."""
    made = [
        f"{summary['texts']} texts, {summary['by']}",
        f"{'':<22}{'precision':>10}{'recall':>10}{'F1':>10}{'gold':>8}",
    ]
    rows = {name: summary[name] for name in ("entity", "linked", "relation", "span")}
    for group in ("types", "roles", "relations"):
        rows |= {f"  {name}": row for name, row in summary[group].items()}
    for name, row in rows.items():
        if row["gold"] or (row["predicted"] and name.strip() not in ("linked", "relation")):
            made.append(
                f"{name:<22}{row['precision']:>10.3f}{row['recall']:>10.3f}{row['f1']:>10.3f}"
                f"{row['gold']:>8}"
            )
    shares = {f"{name} accuracy": summary[f"{name}_accuracy"] for name in ("role", "kind")}
    made += [f"{name:<22}{share:>30.3f}" for name, share in shares.items() if share is not None]
    made += _reliability(summary["reliability"])
    for side, counts in summary["left_out"].items():
        if counts:
            told = ", ".join(f"{name} {count}" for name, count in counts.items())
            made.append(f"left out, {side}: {told} (mentions without a counterpart)")
    return "\n".join(made)


def _reliability(tables: dict[str, Any]) -> list[str]:
    """Give the tables of scores beside shares that are right, side by side."""
    head = "".join(f"{name:>10}{'score':>8}{'right':>8}" for name in tables)
    bins = {name: {row["from"]: row for row in table["bins"]} for name, table in tables.items()}
    made = ["", f"{'reliability':<14}{head}"] if tables else []
    for start in sorted({start for rows in bins.values() for start in rows}):
        cells = ""
        for rows in bins.values():
            row = rows.get(start)
            cells += (
                f"{row['count']:>10}{row['score']:>8.2f}{row['right']:>8.2f}" if row else " " * 26
            )
        made.append(f"{f'{start:.1f} to {start + 0.1:.1f}':<14}{cells}".rstrip())
    if tables:
        errors = "".join(f"{table['ece']:>18.3f}{'':8}" for table in tables.values())
        made.append(f"{'mean error':<14}{errors}".rstrip())
    return made
