"""``kg build``: papers in, graph out."""

import datetime
from collections.abc import Sequence
from pathlib import Path

import click

from extractors.choice import Choice
from kg import options
from kg.errors import KgError
from kg.records import Rejected

#: How many rejected records are named on the screen; all of them are in the file.
SHOWN = 5


def columns(text: str | None) -> dict[str, str] | None:
    """Give the columns that ``title=Article Title,abstract=Abstract`` names."""
    if not text:
        return None
    pairs = [part.partition("=") for part in text.split(",")]
    if not all(name.strip() and column.strip() for name, _, column in pairs):
        raise KgError(
            f"--columns {text}: is not FIELD=COLUMN,...",
            remedy='Write: --columns "title=Article Title,abstract=Abstract"',
        )
    return {name.strip(): column.strip() for name, _, column in pairs}


@click.command(
    epilog="""\b
Example:
  kg build papers/*.txt --out graph
  kg build scopus.csv savedrecs.txt library.bib --out graph
  zcat arxiv.jsonl.gz | head -1000 | kg build - --out graph
  kg build papers/*.txt --glossary terms.csv --min-score 0.5 --out graph
  kg build papers/*.txt --extractor llm:qwen3 --url http://localhost:11434/v1"""
)
@click.argument("inputs", nargs=-1, required=True, metavar="INPUT...")
@click.option(
    "--out",
    "-o",
    type=click.Path(path_type=Path),
    default=Path("graph"),
    show_default=True,
    help="Folder of the graph; new papers are added to the one that is there.",
)
@click.option("--reader", metavar="FORMAT", help="Format of the inputs; it is detected otherwise.")
@click.option("--columns", "named", metavar="FIELD=COLUMN,...", help="Which columns of a table.")
@click.option(
    "--captured",
    type=click.DateTime(["%Y-%m-%d", "%Y"]),
    help="When a page was captured; dates that it shows without a year are of this year.",
)
@options.min_score
@options.extraction
def command(
    inputs: tuple[str, ...],
    out: Path,
    reader: str | None,
    named: str | None,
    captured: datetime.datetime | None,
    min_score: float,
    choice: Choice,
) -> None:
    """Read papers from INPUTs, and build or extend the graph of what they are about.

    An INPUT is a file, compressed by gzip or not, or - for standard input. Nothing is read twice:
    papers that the graph has are not extracted again, and building twice changes nothing.
    """
    from kg import build, progress

    given = build.Options(
        reader=reader,
        columns=columns(named),
        captured=captured.date() if captured else None,
        choice=choice,
        min_score=min_score,
    )
    made = build.build(inputs, out, given, track=progress.track, say=_say)
    _say(_told(made, out))
    warn(made.rejected, out / "rejected.jsonl")


def warn(rejected: Sequence[Rejected], where: Path | None) -> None:
    """Say on standard error what was rejected."""
    for item in rejected[:SHOWN]:
        place = f"{item.file}, entry {item.entry}" if item.entry else item.file
        place += f", line {item.line}" if item.line else ""
        _say(f"Rejected: {place}: {item.reason}")
    if len(rejected) > SHOWN:
        _say(f"... and {len(rejected) - SHOWN} more" + (f", see {where}" if where else ""))


def _told(made: "build.Summary", out: Path) -> str:  # type: ignore[name-defined]  # noqa: F821
    if not made.changed:
        return f"{out}: nothing new, {made.papers:,} papers."
    return (
        f"{out}: {made.papers:,} papers ({made.new:,} new, {made.extracted:,} texts extracted), "
        f"{made.entities:,} entities, {made.edges:,} edges."
    )


def _say(text: str) -> None:
    click.echo(text, err=True)
