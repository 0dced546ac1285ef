"""``kg extract``: papers in, annotated records out."""

import datetime
import json
from typing import IO

import click

from kg.commands.build import columns, warn


@click.command(
    epilog="""\b
Example:
  kg extract papers/*.txt -o found.jsonl
  kg extract library.bib | jq '.entities[].name'"""
)
@click.argument("inputs", nargs=-1, required=True, metavar="INPUT...")
@click.option(
    "--out", "-o", type=click.File("w", encoding="utf-8", atomic=True), default="-", help="A file."
)
@click.option("--reader", metavar="FORMAT", help="Format of the inputs; it is detected otherwise.")
@click.option("--columns", "named", metavar="FIELD=COLUMN,...", help="Which columns of a table.")
@click.option("--captured", type=click.DateTime(["%Y-%m-%d", "%Y"]), help="When a page was taken.")
@click.option("--model", default="base", show_default=True, help="A shipped model, or a folder.")
def command(
    inputs: tuple[str, ...],
    out: IO[str],
    reader: str | None,
    named: str | None,
    captured: datetime.datetime | None,
    model: str,
) -> None:
    """Write what is found in the papers of INPUTs, one JSON record a line.

    A record has the entities of one paper with type, role, forms, offsets and scores, and the
    relations between them.
    """
    from extractors import gold, pipeline
    from kg import build, progress, read

    build.extractor(model)
    options = build.Options(reader, columns(named), captured.date() if captured else None, model)
    records, rejected, _ = build.take(inputs, options, progress.track)
    papers = read.merge(records)
    found = pipeline.extract(pipeline.load(model), (paper.text for paper in papers))
    for paper, extraction in zip(
        papers, progress.track(found, len(papers), "Extracting"), strict=True
    ):
        record = gold.record(paper.id, paper.title, paper.abstract, extraction)
        out.write(json.dumps(record, ensure_ascii=False) + "\n")
    warn(rejected, None)
