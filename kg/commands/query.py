"""``kg query``: ask a graph."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from kg import queries
from kg.errors import KgError
from kg.output import as_csv, as_json, as_table, terminal_width


@click.command(
    epilog="""\b
Example:
  kg query graph shared-entities --param title="DINO-WM*"
  kg query graph top-entities --param label=Benchmark --csv > benchmarks.csv
  kg query graph "MATCH (m:Method) RETURN m.name AS name ORDER BY name LIMIT 5\""""
)
@click.argument("graph", type=click.Path(path_type=Path))
@click.argument("query", metavar="NAME|CYPHER")
@click.option("--param", "params", multiple=True, metavar="K=V", help="A parameter; repeatable.")
@click.option("--json", "form", flag_value="json", help="Rows as JSON.")
@click.option("--csv", "form", flag_value="csv", help="Rows as CSV.")
def command(graph: Path, query: str, params: tuple[str, ...], form: str | None) -> None:
    """Ask GRAPH a named query (see: kg queries), or one in Cypher.

    Parameters of Cypher are JSON where they can be read as such, else text. In named queries *
    stands for any text and ? for one character, whatever the case.
    """
    from kg.store import arcade

    given = dict(map(_parameter, params))
    if queries.is_name(query):
        named = queries.load(query)
        values = queries.bind(named, given)
        rows = arcade.ask(graph, named.text, values, say=_say)
        rows = [queries.rounded(row) for row in rows]
    else:
        rows = arcade.ask(graph, query, {k: _typed(v) for k, v in given.items()}, say=_say)
    if not rows:
        _say(_no_rows(query, given))
    if form == "json":
        click.echo(as_json(rows))
    elif rows:
        click.echo(as_csv(rows) if form == "csv" else as_table(rows, width=terminal_width()))


def _no_rows(query: str, given: Mapping[str, str]) -> str:
    """Say that nothing was found, and why that may be."""
    if not queries.is_name(query):
        names = queries.unknown(query)
        return (
            f"No rows: no graph has the label or type {', '.join(names)}." if names else "No rows."
        )
    whole = [
        f'--param {parameter.name}="*{given[parameter.name]}*"'
        for parameter in queries.load(query).parameters
        if parameter.type == "glob" and not set("*?") & set(given.get(parameter.name, "*"))
    ]
    return (
        f"No rows. Names must match as a whole; for a part: {' '.join(whole)}"
        if whole
        else "No rows."
    )


def _parameter(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise KgError(f"--param {text}: is not K=V", remedy='Write: --param title="DINO-WM*"')
    return name, value


def _typed(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _say(text: str) -> None:
    click.echo(text, err=True)
