"""``kg show``: the card of a paper or an entity."""

import sys
import textwrap
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import Any, Final

import click

from kg.output import as_json, cell, terminal_width

Card = dict[str, Any]

#: Entries under one heading, and sentences under one entry, that are shown unless all are wanted.
SHOWN: Final = 10

#: Role -> what stands above the papers of an entity.
_BY = {
    "introduces": "Introduced by",
    "evaluates_on": "Evaluated on by",
    "uses": "Used by",
    "compares_to": "Compared to by",
    "studies": "Studied by",
    "mentions": "Mentioned by",
}


@click.command(
    epilog="""\b
Example:
  kg show graph "DINO-WM: *"
  kg show graph arxiv:2411.04983 --json"""
)
@click.argument("graph", type=click.Path(path_type=Path))
@click.argument("what", metavar="PAPER|ENTITY")
@click.option("--all", "whole", is_flag=True, help=f"More than the first {SHOWN} of each kind.")
@click.option("--json", "as_data", is_flag=True, help="All of it as JSON.")
def command(graph: Path, what: str, whole: bool, as_data: bool) -> None:
    """Show all that GRAPH says of a paper or an entity, with the sentences that say so.

    It is named by its id, its title, name or alias, a glob of one (* and ?), or a part of one.
    """
    from kg.cards import card

    found = card(graph, what)
    if as_data:
        click.echo(as_json(found))
    else:
        width = min(terminal_width() or 100, 120)
        shown = sys.maxsize if whole else SHOWN
        lines = (_paper if found["label"] == "Paper" else _entity)(found, shown)
        click.echo("\n".join(_wrapped(line, width) for line in lines))


def _paper(card: Card, shown: int) -> Iterator[str]:
    yield cell(card["title"])
    known = [card[name] for name in ("id", "published", "venue", "organization") if card[name]]
    yield f"Paper {' · '.join(map(cell, known))}"
    count = card["author_count"]
    if card["authors"] or count:
        yield f"Authors: {cell(card['authors'])}" if card["authors"] else f"Authors: {count}"
    if others := [id_ for id_ in card["ids"] if id_ != card["id"]]:
        yield f"Also: {cell(others)}"
    if card["url"]:
        yield card["url"]
    yield f"Sources: {cell(card['sources'])}"
    if card["abstract"]:
        yield ""
        yield cell(card["abstract"])
    for role, entities in groupby(card["entities"], key=lambda entity: entity["role"]):
        yield from _headed(role.replace("_", " ").capitalize(), list(map(_named, entities)), shown)
    related = [
        [
            f"{cell(paper['title'])} [{paper['id']}] ({paper['weight']:.2f})",
            f"shares {cell(paper['shared'])}",
        ]
        for paper in card["related"]
    ]
    yield from _headed("Related papers", related, shown)


def _entity(card: Card, shown: int) -> Iterator[str]:
    yield cell(card["name"])
    kind = f", {card['kind']}" if card["kind"] else ""
    since = f" · since {card['first_year']}" if card["first_year"] else ""
    count = "1 paper" if card["papers_count"] == 1 else f"{card['papers_count']:,} papers"
    yield f"{card['label']}{kind} {card['id']} · {count}{since}"
    # Which letters are capital says little; the JSON has every form.
    forms = {name.casefold(): name for name in card["aliases"]}
    if others := [name for key, name in forms.items() if key != card["name"].casefold()]:
        yield f"Also: {cell(sorted(others))}"
    for role, papers in groupby(card["papers"], key=lambda paper: paper["role"]):
        entries = [
            [f"{cell(paper['title'])} [{paper['id']}] ({paper['score']:.2f})", *_quoted(paper)]
            for paper in papers
        ]
        yield from _headed(_BY[role], entries, shown)
    yield from _headed("Relations", [_related(card, one) for one in card["relations"]], shown)


def _named(entity: Card) -> list[str]:
    called = cell(entity["name"])
    return [f"{called} ({entity['label']}, {entity['score']:.2f})", *_quoted(entity)]


def _related(card: Card, relation: Card) -> list[str]:
    head, tail = cell(card["name"]), cell(relation["name"])
    if relation["direction"] == "from":
        head, tail = tail, head
    said = relation["relation"].replace("_", " ")
    return [f"{head} {said} {tail} ({relation['score']:.2f})", *_quoted(relation)]


def _quoted(said: Card) -> list[str]:
    """Give the sentences; those of a relation with the paper that each is from."""
    papers = said.get("papers") or [""] * len(said["sentences"])
    return [
        f"“{cell(sentence)}”{f' [{paper}]' if paper else ''}"
        for sentence, paper in zip(said["sentences"], papers, strict=True)
    ]


def _headed(heading: str, entries: list[list[str]], shown: int) -> Iterator[str]:
    if entries:
        yield ""
        yield heading
    for entry in entries[:shown]:
        yield f"  {entry[0]}"
        yield from (f"    {line}" for line in entry[1 : shown + 1])
        if len(entry) > shown + 1:
            yield f"    ... and {len(entry) - shown - 1} more"
    if len(entries) > shown:
        yield f"  ... and {len(entries) - shown} more (--all)"


def _wrapped(line: str, width: int) -> str:
    indent = " " * (len(line) - len(line.lstrip()))
    return textwrap.fill(
        line, width, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
    )
