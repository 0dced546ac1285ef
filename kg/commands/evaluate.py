"""``kg evaluate``: how well a model agrees with annotated papers."""

import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

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
@click.option("--model", default="base", show_default=True, help="A shipped model, or a folder.")
@click.option(
    "--labels",
    metavar="THEIRS=OURS,...",
    help="What gold's labels are in the model's, or a JSON or TOML file that says so.",
)
@click.option(
    "--errors", type=click.Path(path_type=Path, dir_okay=False), help="Page of the worst papers."
)
@click.option("--worst", default=30, show_default=True, help="How many papers that page shows.")
@click.option("--json", "as_data", is_flag=True, help="As JSON.")
def command(
    gold: tuple[Path, ...],
    model: str,
    labels: str | None,
    errors: Path | None,
    worst: int,
    as_data: bool,
) -> None:
    """Score the extraction against the annotated papers of GOLD, JSON records one a line.

    An entity is right if gold has one of the same type that shares a form; a role or kind is
    counted on the right entities; a linked entity has type and role right; a span is right if
    bounds and type are. Reliability sets scores beside the share that is right.

    Files of public sets, {"id", "text", "entities": [[start, end, label]], "relations": [[head,
    tail, label]]}, are read too; they have no roles. With --labels what has no counterpart on
    the other side is left out on both.
    """
    pairs, left = compared(_pairs(gold, model), labels)
    if errors is not None:
        from extractors import review

        errors.write_text(review.page(pairs, worst), encoding="utf-8")
    from extractors import score

    summary = {**score.score(pairs).summary(), "left_out": left}
    click.echo(json.dumps(summary, indent=2) if as_data else lines(summary))


def _pairs(gold: Sequence[Path], model: str) -> "list[Pair]":
    """Give what the model finds in each text of gold, and gold."""
    from extractors import gold as annotated
    from extractors import pipeline
    from kg import build, progress

    build.extractor(model)
    try:
        records = list(annotated.records(gold))
    except annotated.NotGold as error:
        raise KgError(
            str(error), remedy="See what kg extract writes: gold has the same form."
        ) from error
    if not records:
        raise KgError(f"{', '.join(map(str, gold))}: no record", remedy="Name files that have.")
    found = pipeline.extract(pipeline.load(model), [annotated.text(record) for record in records])
    tracked = progress.track(found, len(records), "Extracting")
    pairs: list[Pair] = []
    for record, extraction in zip(records, tracked, strict=True):
        guess = annotated.record(record["id"], record["title"], record["abstract"], extraction)
        # Where gold has the very places of mentions, those of the guess are compared with them.
        pairs.append((annotated.exact(guess) if "spans" in record else guess, record))
    return pairs


def compared(pairs: "list[Pair]", text: str | None) -> "tuple[list[Pair], dict[str, Any]]":
    """Give the pairs in the classes that a map of labels makes, and what it leaves out."""
    if not text:
        return pairs, {}
    from extractors import labels, schema
    from extractors.faults import Fault

    try:
        known = [*schema.LABELS, *schema.TYPES, *schema.RELATIONS]
        aligned = labels.alignment(labels.read(text, dict.fromkeys(known)))
    except Fault as fault:
        raise KgError(fault.what, remedy=fault.remedy) from fault
    if not any(entity["type"] in aligned.theirs for _, r in pairs for entity in r["entities"]):
        found = dict.fromkeys(
            entity["type"] for _, record in pairs for entity in record["entities"]
        )
        raise KgError(
            f"--labels {text}: gold has none of these labels", remedy=f"It has: {', '.join(found)}."
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
        f"{summary['texts']} texts",
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
