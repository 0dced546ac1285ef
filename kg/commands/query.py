"""``kg query``: ask a graph, in its folder or in Neo4j."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from kg import queries
from kg.output import Row, as_csv, as_json, as_table, terminal_width


@click.command(
    epilog="""\b
Example:
  kg query graph shared-entities --param title="DINO-WM*"
  kg query graph top-entities --param label=Benchmark --csv > benchmarks.csv
  kg query graph "MATCH (m:Method) RETURN m.name AS name ORDER BY name LIMIT 5"
  kg query bolt://localhost:7687 trend --param entity=transformer"""
)
@click.argument("graph", metavar="GRAPH|bolt://HOST:PORT")
@click.argument("query", metavar="NAME|CYPHER")
@click.option("--param", "params", multiple=True, metavar="K=V", help="A parameter; repeatable.")
@click.option("--json", "form", flag_value="json", help="Rows as JSON.")
@click.option("--csv", "form", flag_value="csv", help="Rows as CSV.")
@click.option("--database", envvar="NEO4J_DATABASE", help="Of Neo4j; the user's own by default.")
@click.option(
    "--user",
    envvar=["NEO4J_USER", "NEO4J_USERNAME"],
    default="neo4j",
    show_default=True,
    help="Of Neo4j; the password is asked for, or taken from NEO4J_PASSWORD.",
)
def command(
    graph: str,
    query: str,
    params: tuple[str, ...],
    form: str | None,
    database: str | None,
    user: str,
) -> None:
    """Ask GRAPH, a folder or a database of Neo4j, a named query (see: kg queries) or Cypher.

    Parameters of Cypher are JSON where they can be read as such, else text. In named queries *
    stands for any text and ? for one character, whatever the case.
    """
    given = dict(map(queries.given, params))
    named = queries.load(query) if queries.is_name(query) else None
    values = (
        queries.bind(named, given) if named else {k: queries.typed(v) for k, v in given.items()}
    )
    rows = _rows(graph, named.text if named else query, values, user, database)
    if named:
        rows = [queries.rounded(row) for row in rows]
    if not rows:
        _say(_no_rows(query, given))
    if form == "json":
        click.echo(as_json(rows))
    elif rows:
        click.echo(as_csv(rows) if form == "csv" else as_table(rows, width=terminal_width()))


def _rows(
    graph: str, cypher: str, values: dict[str, Any], user: str, database: str | None
) -> list[Row]:
    from kg.store.neo4j import connection

    if not connection.is_uri(graph):
        from kg.store import arcade

        return arcade.ask(Path(graph), cypher, values, say=_say)
    from kg.store.neo4j.ask import ask

    password = connection.password(user, graph, _ask)
    return ask(connection.Login(graph, user, password, database), cypher, values)


def _ask(text: str) -> str:
    given: str = click.prompt(text, hide_input=True, err=True)
    return given


def _no_rows(query: str, given: Mapping[str, str]) -> str:
    """Say that nothing was found, and why that may be."""
    if not queries.is_name(query):
        names = queries.unknown(query)
        return (
            f"No rows: no graph has the label or type {', '.join(names)}." if names else "No rows."
        )
    return queries.unmatched(queries.load(query), given)


def _say(text: str) -> None:
    click.echo(text, err=True)
