"""``kg evaluate``: how well a model agrees with annotated papers."""

import json
from pathlib import Path
from typing import Any

import click

from kg.errors import KgError


@click.command(
    epilog="""\b
Example:
  kg evaluate dev.jsonl
  kg evaluate dev.jsonl --model my-model --json"""
)
@click.argument("gold", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.option("--model", default="base", show_default=True, help="A shipped model, or a folder.")
@click.option("--json", "as_data", is_flag=True, help="As JSON.")
def command(gold: tuple[Path, ...], model: str, as_data: bool) -> None:
    """Score the extraction against the annotated papers of GOLD, JSON records one a line.

    An entity is right if gold has one of the same type that shares a form; a role or kind is
    counted on the right entities; a linked entity has type and role right; a span is right if
    bounds and type are.
    """
    from extractors import gold as annotated
    from extractors import pipeline, score
    from kg import build, progress

    build.extractor(model)
    try:
        records = list(annotated.records(gold))
    except annotated.NotGold as error:
        raise KgError(
            str(error), remedy="See what kg extract writes: gold has the same form."
        ) from error
    found = pipeline.extract(pipeline.load(model), [annotated.text(record) for record in records])
    pairs = [
        (annotated.record(record["id"], record["title"], record["abstract"], extraction), record)
        for record, extraction in zip(
            records, progress.track(found, len(records), "Extracting"), strict=True
        )
    ]
    summary = score.score(pairs).summary()
    click.echo(json.dumps(summary, indent=2) if as_data else _lines(summary))


def _lines(summary: dict[str, Any]) -> str:
    lines = [
        f"{summary['texts']} texts",
        f"{'':<22}{'precision':>10}{'recall':>10}{'F1':>10}{'gold':>8}",
    ]
    rows = {name: summary[name] for name in ("entity", "linked", "relation", "span")}
    for group in ("types", "roles", "relations"):
        rows |= {f"  {name}": row for name, row in summary[group].items()}
    for name, row in rows.items():
        lines.append(
            f"{name:<22}{row['precision']:>10.3f}{row['recall']:>10.3f}{row['f1']:>10.3f}"
            f"{row['gold']:>8}"
        )
    lines.append(f"{'role accuracy':<22}{summary['role_accuracy']:>30.3f}")
    lines.append(f"{'kind accuracy':<22}{summary['kind_accuracy']:>30.3f}")
    return "\n".join(lines)
