"""``kg serve``: a graph for notebooks and Neo4j Browser."""

import contextlib
import signal
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import click

from kg.errors import KgError

if TYPE_CHECKING:
    from kg.store.bolt import Bolt
    from kg.web import Route

_PORT = click.IntRange(0, 65535)


@click.command(
    epilog="""\b
Example:
  kg serve graph
  kg serve graph --port 7687 --browser neo4j-browser-5.24.0.jar
  kg serve graph --sparql --http-port 7475
  kg serve --http-port 7475"""
)
@click.argument("graph", type=click.Path(path_type=Path), required=False)
@click.option("--port", type=_PORT, default=0, help="Port for Bolt; a free one by default.")
@click.option(
    "--http-port",
    type=_PORT,
    default=0,
    help="Port for the style and the guide; a free one by default.",
)
@click.option(
    "--http-host",
    default="127.0.0.1",
    show_default=True,
    help="Address to listen on for them; in a container 0.0.0.0. Bolt is for this machine alone.",
)
@click.option(
    "--browser",
    "jar",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="JAR",
    help="Serve Neo4j Browser too, from its file neo4j-browser-VERSION.jar, which Maven Central "
    "has under org.neo4j.client.",
)
@click.option(
    "--sparql",
    "with_sparql",
    is_flag=True,
    help="Answer the SPARQL 1.1 protocol over HTTP too. It knows no password: programs of this "
    "machine, and web pages in your browser, may read the graph there.",
)
def command(
    graph: Path | None,
    port: int,
    http_port: int,
    http_host: str,
    jar: Path | None,
    with_sparql: bool,
) -> None:
    """Serve GRAPH on this machine until Ctrl-C, for reading.

    Any driver of Neo4j and Neo4j Browser can ask it over Bolt. The password is a new one each
    time. Neo4j Browser fetches a style and a guide over HTTP, by the lines that are shown; without
    GRAPH there is nothing but these, for a graph that `kg load` brought to Neo4j.
    """
    from kg import browser, endpoint, web
    from kg.store import bolt

    if with_sparql and graph is None:
        raise KgError("--sparql serves a graph", remedy="Give it: kg serve GRAPH --sparql")
    # So that the server stops and its copy goes, as after Ctrl-C.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with contextlib.ExitStack() as stack:
        routes = browser.routes(jar)
        if with_sparql and graph:
            routes |= _sparql(graph, stack)
        site = stack.enter_context(web.serve(routes, port=http_port, host=http_host))
        served = graph and stack.enter_context(bolt.serve(graph, port=port, say=_say))
        _show(served or None, site, jar)
        if with_sparql:
            click.echo(f"SPARQL    {site}{endpoint.PATH}\n")
        _say("Serving until Ctrl-C.")
        try:
            # A signal may reach one of Java's threads, which does not wake this one.
            while not threading.Event().wait(0.5):
                pass
        except KeyboardInterrupt:
            click.echo("Stopped.", err=True)


def _show(served: "Bolt | None", site: str, jar: Path | None) -> None:
    from kg import browser

    if served:
        click.echo(f"URI       {served.uri}")
        click.echo(f"User      {served.user}")
        click.echo(f"Password  {served.password}")
        click.echo(f"Database  {served.database}")
    if jar:
        login = (served.uri, served.user, served.database) if served else ()
        click.echo(f"Browser   {browser.address(site, *login)}")
    click.echo("\nIn Neo4j Browser, once connected, type:")
    click.echo(f"  :style {site}{browser.STYLE}")
    click.echo(f"  :guide {site}{browser.GUIDE}")
    click.echo(f"Favourites, to download and drop on its page: {site}{browser.FAVOURITES}\n")


def _sparql(graph: Path, stack: contextlib.ExitStack) -> "dict[str, Route]":
    """Give the route of SPARQL, whose store stays open until the stack ends."""
    from kg import endpoint
    from kg.store.rdf import oxigraph

    return endpoint.routes(stack.enter_context(oxigraph.opened(graph, say=_say)))


def _say(text: str) -> None:
    click.echo(text, err=True)
