"""``kg extract``: papers in, annotated records out."""

import datetime
import json
from typing import IO

import click

from extractors.choice import Choice
from kg import options
from kg.commands.build import columns, warn


@click.command(
    epilog="""\b
Example:
  kg extract papers/*.txt -o found.jsonl
  kg extract library.bib | jq '.entities[].name'
  kg extract papers/*.txt --extractor gliner:urchade/gliner_small-v2.1 --min-score 0.5"""
)
@click.argument("inputs", nargs=-1, required=True, metavar="INPUT...")
@click.option(
    "--out", "-o", type=click.File("w", encoding="utf-8", atomic=True), default="-", help="A file."
)
@click.option("--reader", metavar="FORMAT", help="Format of the inputs; it is detected otherwise.")
@click.option("--columns", "named", metavar="FIELD=COLUMN,...", help="Which columns of a table.")
@click.option("--captured", type=click.DateTime(["%Y-%m-%d", "%Y"]), help="When a page was taken.")
@options.min_score
@options.extraction
def command(
    inputs: tuple[str, ...],
    out: IO[str],
    reader: str | None,
    named: str | None,
    captured: datetime.datetime | None,
    min_score: float,
    choice: Choice,
) -> None:
    """Write what is found in the papers of INPUTs, one JSON record a line.

    A record has the entities of one paper with type, role, forms, offsets and scores, and the
    relations between them.
    """
    from extractors import choice as choices
    from extractors import gold
    from kg import build, progress, read

    build.extractor(choice)
    given = build.Options(reader, columns(named), captured.date() if captured else None)
    records, rejected, _ = build.take(inputs, given, progress.track)
    papers = read.merge(records)
    found = choices.extract(choice, [paper.text for paper in papers])
    tracked = progress.track(found, len(papers), "Extracting")
    with build.told():
        for paper, extraction in zip(papers, tracked, strict=True):
            kept = extraction.cut(min_score)
            record = gold.record(paper.id, paper.title, paper.abstract, kept)
            out.write(json.dumps(record, ensure_ascii=False) + "\n")
    warn(rejected, None)
