"""``kg load``: a graph into Neo4j."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import click


@click.command(
    epilog="""\b
Example:
  NEO4J_PASSWORD=... kg load graph bolt://localhost:7687
  kg load graph neo4j+s://abc.databases.neo4j.io --name agents --dry-run"""
)
@click.argument("graph", type=click.Path(path_type=Path))
@click.argument("uri", metavar="bolt://HOST:PORT", envvar="NEO4J_URI")
@click.option("--database", envvar="NEO4J_DATABASE", help="Database; the user's own by default.")
@click.option(
    "--user",
    envvar=["NEO4J_USER", "NEO4J_USERNAME"],
    default="neo4j",
    show_default=True,
    help="Who loads.",
)
@click.option("--name", help="What the graph is called there; the name of its folder by default.")
@click.option("--dry-run", is_flag=True, help="Say what would change, and write nothing.")
@click.option("--replace", is_flag=True, help="Even if most of the papers there would go.")
def command(
    graph: Path,
    uri: str,
    database: str | None,
    user: str,
    name: str | None,
    dry_run: bool,
    replace: bool,
) -> None:
    """Load GRAPH into Neo4j 5 or later, or bring there what has changed since the last load.

    The password is asked for, or taken from the environment variable NEO4J_PASSWORD. What others
    wrote into the database is left alone; several graphs may be in it, each under its name.
    """
    from kg import progress
    from kg.store.neo4j import loading
    from kg.store.neo4j.connection import Login, password

    def track(items: Iterable[Any], total: int, what: str) -> Iterable[Any]:
        return progress.track(items, total, what, unit="rows")

    login = Login(uri, user, password(user, uri, _ask), database)
    made = loading.load(
        graph, login, name=name, dry_run=dry_run, replace=replace, track=track, say=_say
    )
    _say(_told(made, uri, dry_run))


def _ask(text: str) -> str:
    given: str = click.prompt(text, hide_input=True, err=True)
    return given


def _told(made: "loading.Summary", uri: str, dry_run: bool) -> str:  # type: ignore[name-defined]  # noqa: F821
    if not made.changed:
        return f"{uri}: the graph {made.name} is up to date; nothing is written."
    lines = [f"{uri}: {'this would change' if dry_run else 'loaded'} the graph {made.name}:"]
    for what, counts in (("nodes", made.nodes), ("edges", made.edges)):
        said = ", ".join(f"{count:,} {act}" for act, count in sorted(counts.items()))
        lines.append(f"  {what}: {said or 'none'}")
    if kept := made.nodes["kept"] + made.edges["kept"]:
        lines.append(f"  {kept:,} are not the graph's any more but stay, for others use them.")
    return "\n".join(lines)


def _say(text: str) -> None:
    click.echo(text, err=True)
