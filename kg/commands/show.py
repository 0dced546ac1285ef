"""``kg show``: the card of a paper or an entity."""

import textwrap
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import Any

import click

from kg.output import as_json, cell, terminal_width

Card = dict[str, Any]

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
  kg show graph "DINO-WM*"
  kg show graph arxiv:2411.04983 --json"""
)
@click.argument("graph", type=click.Path(path_type=Path))
@click.argument("what", metavar="PAPER|ENTITY")
@click.option("--json", "as_data", is_flag=True, help="As JSON.")
def command(graph: Path, what: str, as_data: bool) -> None:
    """Show all that GRAPH says of a paper or an entity, with the sentences that say so.

    It is named by its id, its title, name or alias, a glob of one (* and ?), or a part of one.
    """
    from kg.cards import card

    found = card(graph, what)
    if as_data:
        click.echo(as_json(found))
    else:
        width = min(terminal_width() or 100, 120)
        lines = _paper(found) if found["label"] == "Paper" else _entity(found)
        click.echo("\n".join(_wrapped(line, width) for line in lines))


def _paper(card: Card) -> Iterator[str]:
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
        yield ""
        yield _title(role)
        for entity in sorted(entities, key=lambda entity: (-entity["score"], entity["name"])):
            yield f"  {cell(entity['name'])} ({entity['label']}, {entity['score']:.2f})"
            yield from _quoted(entity["sentences"])
    if card["related"]:
        yield ""
        yield "Related papers"
        for paper in card["related"]:
            yield f"  {cell(paper['title'])} [{paper['id']}] ({paper['weight']:.2f})"
            yield f"    shares {cell(paper['shared'])}"


def _entity(card: Card) -> Iterator[str]:
    yield cell(card["name"])
    kind = f", {card['kind']}" if card["kind"] else ""
    since = f" · since {card['first_year']}" if card["first_year"] else ""
    papers = "1 paper" if card["papers_count"] == 1 else f"{card['papers_count']:,} papers"
    yield f"{card['label']}{kind} {card['id']} · {papers}{since}"
    if others := [name for name in card["aliases"] if name != card["name"]]:
        yield f"Also: {cell(others)}"
    for role, papers_ in groupby(card["papers"], key=lambda paper: paper["role"]):
        yield ""
        yield _BY[role]
        for paper in sorted(papers_, key=lambda paper: (-paper["score"], paper["id"])):
            yield f"  {cell(paper['title'])} [{paper['id']}] ({paper['score']:.2f})"
            yield from _quoted(paper["sentences"])
    if card["relations"]:
        yield ""
        yield "Relations"
    for relation in card["relations"]:
        said = relation["relation"].replace("_", " ")
        ends = (card["name"], relation["name"])
        head, tail = ends if relation["direction"] == "to" else reversed(ends)
        yield f"  {cell(head)} {said} {cell(tail)} ({relation['score']:.2f})"
        yield from _quoted(relation["sentences"], relation["papers"])


def _quoted(sentences: list[str], papers: list[str] | None = None) -> Iterator[str]:
    for number, sentence in enumerate(sentences):
        source = f" [{papers[number]}]" if papers else ""
        yield f"    “{cell(sentence)}”{source}"


def _title(role: str) -> str:
    return role.replace("_", " ").capitalize()


def _wrapped(line: str, width: int) -> str:
    indent = " " * (len(line) - len(line.lstrip()))
    return textwrap.fill(
        line, width, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
    )
