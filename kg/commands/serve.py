"""``kg serve``: a graph for notebooks and Neo4j Browser."""

import signal
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from kg.store.bolt import Bolt


@click.command(
    epilog="""\b
Example:
  kg serve graph
  kg serve graph --port 7687 --browser neo4j-browser-5.24.0.jar"""
)
@click.argument("graph", type=click.Path(path_type=Path))
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=0,
    help="Port for Bolt; a free one by default.",
)
@click.option(
    "--http-port",
    type=click.IntRange(0, 65535),
    default=0,
    help="Port for the style and the guide; a free one by default.",
)
@click.option(
    "--browser",
    "jar",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="JAR",
    help="Serve Neo4j Browser too, from its file neo4j-browser-VERSION.jar, which Maven Central "
    "has under org.neo4j.client.",
)
def command(graph: Path, port: int, http_port: int, jar: Path | None) -> None:
    """Serve GRAPH on this machine until Ctrl-C, for reading.

    Any driver of Neo4j and Neo4j Browser can ask it over Bolt. The password is a new one each
    time. Neo4j Browser fetches a style and a guide for it over HTTP, by the lines that are shown.
    """
    from kg import browser, web
    from kg.store import bolt

    # So that the server stops and its copy goes, as after Ctrl-C.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with (
        web.serve(browser.routes(jar), port=http_port) as site,
        bolt.serve(graph, port=port, say=lambda text: click.echo(text, err=True)) as served,
    ):
        _show(served, site, jar)
        try:
            # A signal may reach one of Java's threads, which does not wake this one.
            while not threading.Event().wait(0.5):
                pass
        except KeyboardInterrupt:
            click.echo("Stopped.", err=True)


def _show(served: "Bolt", site: str, jar: Path | None) -> None:
    from kg import browser

    click.echo(f"URI       {served.uri}")
    click.echo(f"User      {served.user}")
    click.echo(f"Password  {served.password}")
    click.echo(f"Database  {served.database}")
    if jar:
        address = browser.address(site, served.uri, served.user, served.database)
        click.echo(f"Browser   {address}")
    click.echo("\nIn Neo4j Browser, once connected, type:")
    click.echo(f"  :style {site}{browser.STYLE}")
    click.echo(f"  :guide {site}{browser.GUIDE}")
    click.echo(f"Favourites to download and drop on its page: {site}{browser.FAVOURITES}\n")
    click.echo("Serving until Ctrl-C.", err=True)
