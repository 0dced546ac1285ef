"""``kg export``: a graph for other tools."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Final

import click

from kg.errors import KgError
from kg.store import formats

PROFILES: Final = ("rdf11", "lean", "owl", "rdf12", "star")


def _neo4j_admin(graph: Path, out: Path) -> None:
    from kg.store import neo4j_admin

    neo4j_admin.export(graph, out, say=_say)


#: Format that is not RDF -> what writes it.
OTHERS: Final[dict[str, Callable[[Path, Path], None]]] = {"neo4j-admin": _neo4j_admin}


@click.command(
    epilog="""\b
Example:
  kg export graph graph.ttl
  kg export graph graph.nt.gz --check
  kg export graph graph.owl --profile owl
  kg export graph graph.jsonld --base-iri https://example.org/graph/ --describe description
  kg export graph csv --format neo4j-admin"""
)
@click.argument("graph", type=click.Path(path_type=Path))
@click.argument("out", type=click.Path(path_type=Path))
@click.option(
    "--format",
    "form",
    type=click.Choice([*formats.RDF, *OTHERS]),
    help="What to write; else the name of OUT tells, with .gz behind it or not.",
)
@click.option(
    "--profile",
    type=click.Choice(PROFILES),
    default="rdf11",
    show_default=True,
    help="rdf11: any tool reads it; lean: without sentences; owl: for Protégé and ROBOT; "
    "rdf12: what RDF 1.2 adds to rdf11; star: RDF-star, for older stores.",
)
@click.option("--base-iri", "base", metavar="IRI", help="Where nodes and edges are named.")
@click.option("--check", is_flag=True, help="Read what was written, and name the rules it breaks.")
@click.option(
    "--describe",
    "about",
    type=click.Path(path_type=Path),
    metavar="FOLDER",
    help="Write there what publishing needs: void.ttl (VoID and DCAT), ontology.ttl, shapes.ttl.",
)
def command(
    graph: Path,
    out: Path,
    form: str | None,
    profile: str,
    base: str | None,
    check: bool,
    about: Path | None,
) -> None:
    """Write GRAPH to OUT, a file of RDF, or a folder for neo4j-admin; - is standard output.

    The same graph gives the same bytes. In RDF each edge is a triple, and a statement with its
    confidence and the sentences that say so.
    """
    form = form or formats.named(out)
    if form in OTHERS:
        if profile != "rdf11" or base or check or about:
            raise KgError(
                f"--format {form} is not RDF",
                remedy="Leave out --profile, --base-iri, --check and --describe.",
            )
        OTHERS[form](graph, out)
        return
    if str(out) == "-" and (check or about):
        raise KgError("--check and --describe need a file", remedy="Give its name for -.")
    _rdf(graph, out, form, profile, base, check, about)


def _rdf(
    graph: Path,
    out: Path,
    form: str,
    profile: str,
    base: str | None,
    check: bool,
    about: Path | None,
) -> None:
    # Arrow's own allocator keeps what it was given, more than half of what all this needs.
    os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")
    from kg.store.rdf import description, dump, terms

    plan = dump.Plan(form, profile, base or terms.BASE, packed=formats.packed(out))
    count = dump.export(graph, out, plan, check=check, say=_say)
    _say(f"{out}: {count:,} {'lines' if profile == 'star' else 'triples'}.")
    if about:
        names = description.describe(graph, out, plan, about)
        _say(f"{about}: {', '.join(names)}.")


def _say(text: str) -> None:
    click.echo(text, err=True)
