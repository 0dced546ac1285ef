"""``kg serve``: a graph for notebooks and Neo4j Browser."""

import signal
import sys
import threading
from pathlib import Path

import click


@click.command(
    epilog="""\b
Example:
  kg serve graph
  kg serve graph --port 7687"""
)
@click.argument("graph", type=click.Path(path_type=Path))
@click.option(
    "--port", type=click.IntRange(0, 65535), default=0, help="Port; a free one by default."
)
def command(graph: Path, port: int) -> None:
    """Serve GRAPH over Bolt on this machine until Ctrl-C, for reading.

    Any driver of Neo4j and Neo4j Browser can ask it. The password is a new one each time.
    """
    from kg.store import arcade

    # So that the server stops and its copy goes, as after Ctrl-C.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with arcade.serve(graph, port=port, say=lambda text: click.echo(text, err=True)) as bolt:
        click.echo(f"URI       {bolt.uri}")
        click.echo(f"User      {bolt.user}")
        click.echo(f"Password  {bolt.password}")
        click.echo(f"Database  {bolt.database}")
        click.echo("Serving until Ctrl-C.", err=True)
        try:
            # A signal may reach one of Java's threads, which does not wake this one.
            while not threading.Event().wait(0.5):
                pass
        except KeyboardInterrupt:
            click.echo("Stopped.", err=True)
