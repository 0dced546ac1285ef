"""``kg import``: a graph from what ``kg export`` wrote."""

from pathlib import Path

import click

from kg.store import formats


@click.command(
    epilog="""\b
Example:
  kg export graph graph.ttl.gz
  kg import rdf graph.ttl.gz --out copy"""
)
@click.argument("kind", type=click.Choice(["rdf"]), metavar="rdf")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--out",
    "-o",
    required=True,
    type=click.Path(path_type=Path),
    help="Folder of the graph, which is a new one.",
)
@click.option(
    "--format", "form", type=click.Choice([*formats.RDF]), help="Else the name of FILE tells."
)
def command(kind: str, file: Path, out: Path, form: str | None) -> None:
    """Make a graph of FILE, which kg export wrote with the profile rdf11.

    Nodes and edges are those of the graph that was exported. What the extractor found in each text
    is not in the file: a kg build that adds to the graph reads all its texts again.
    """
    from kg.store.rdf import restoration

    del kind
    form, packed = form or formats.named(file), formats.packed(file)
    made = restoration.restore(file, out, form=form, packed=packed, say=_say)
    rows = {
        section: sum(table.rows for table in made.of(section)) for section in ("nodes", "edges")
    }
    _say(f"{out}: {rows['nodes']:,} nodes, {rows['edges']:,} edges.")


def _say(text: str) -> None:
    click.echo(text, err=True)
