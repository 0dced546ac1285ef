"""``kg sparql``: ask a graph in SPARQL."""

import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from kg import queries
from kg.errors import KgError
from kg.output import as_csv, as_json, as_table, terminal_width

if TYPE_CHECKING:
    from kg.store.rdf.sparql import Answer


@click.command(
    epilog="""\b
Example:
  kg sparql graph shared-entities --param title="DINO-WM*"
  kg sparql graph "SELECT ?name { ?m a pl:Method ; skos:prefLabel ?name } LIMIT 5"
  kg sparql graph "DESCRIBE ?p { ?p pl:id $id }" --param id=arxiv:2411.04983 --format nt
  kg sparql graph - --format srj < question.rq > answer.srj"""
)
@click.argument("graph", type=click.Path(path_type=Path))
@click.argument("query", metavar="NAME|FILE.rq|SPARQL|-")
@click.option("--param", "params", multiple=True, metavar="K=V", help="A parameter; repeatable.")
@click.option("--json", "form", flag_value="json", help="Rows as JSON, as kg query gives them.")
@click.option("--csv", "form", flag_value="csv", help="Rows as CSV.")
@click.option(
    "--format",
    "standard",
    type=click.Choice(["srj", "srx", "csv", "tsv", "ttl", "nt", "jsonld", "rdf"]),
    help="A format of the standards: srj (JSON), srx (XML), csv, tsv for SELECT and ASK, "
    "the others for CONSTRUCT and DESCRIBE.",
)
def command(
    graph: Path, query: str, params: tuple[str, ...], form: str | None, standard: str | None
) -> None:
    """Ask GRAPH a named query (see: kg queries) or SPARQL; - is standard input.

    It is asked as RDF, as kg export writes it; our prefixes need no PREFIX. Parameters of SPARQL
    stand as $name: JSON where they can be read as such, <IRI>, else text.
    """
    if form and standard:
        raise KgError(f"--{form} and --format exclude each other", remedy="Give one of the two.")
    given = dict(map(queries.given, params))
    named, text = _asked(query)
    from kg.store.rdf import oxigraph, sparql

    values = queries.bind(named, given) if named else {k: sparql.value(v) for k, v in given.items()}
    for name in queries.parameters(text):
        if name not in values:
            _say(f"${name} is a variable here; --param {name}=... would give it a value.")
    with oxigraph.opened(graph, say=_say) as store:
        # Nothing is written from here on, and the engine does not hear of Ctrl-C.
        signal.signal(signal.SIGINT, signal.SIG_DFL)

        def answer() -> None:
            found = sparql.ask(store, text, values)
            if standard:
                _write(sparql.written(found, standard))
            else:
                _show(found, form, named, given)

        sparql.roomy(answer)


def _asked(query: str) -> tuple[queries.Query | None, str]:
    """Give the SPARQL that is asked, and the named query that it is of, if it is.

    The file of a named query begins with a comment, which tells what it takes.
    """
    if query == "-":
        return None, _read()
    if not queries.is_name(query, ".rq"):
        return None, query
    if query.endswith(".rq") and not (text := queries.read(Path(query))).startswith("#"):
        return None, text
    named = queries.load(query, ".rq")
    return named, named.text


def _show(
    found: "Answer", form: str | None, named: queries.Query | None, given: dict[str, str]
) -> None:
    """Show rows, or whether there are any, or triples as Turtle."""
    from kg.store.rdf import sparql

    if sparql.kind(found) == "truth":
        click.echo(as_json(bool(found)))
    elif sparql.kind(found) == "triples":
        if form:
            raise KgError(
                f"Triples cannot be written as {form}",
                remedy="Give --format: ttl, nt, jsonld, rdf.",
            )
        _write(sparql.written(found, "ttl"))
    else:
        lists = named.lists if named else ()
        rows = sparql.rows(found, lists, brief=form is None)
        if named:
            rows = [queries.rounded(row) for row in rows]
        if not rows:
            _say(queries.unmatched(named, given) if named else "No rows.")
        if form == "json":
            click.echo(as_json(rows))
        elif rows:
            click.echo(as_csv(rows) if form == "csv" else as_table(rows, width=terminal_width()))


def _read() -> str:
    try:
        return sys.stdin.buffer.read().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise KgError(
            f"Standard input is no UTF-8: {error}", remedy="Save the query as UTF-8."
        ) from error


def _write(content: bytes) -> None:
    sys.stdout.buffer.write(content if content.endswith(b"\n") else content + b"\n")
    sys.stdout.buffer.flush()


def _say(text: str) -> None:
    click.echo(text, err=True)
