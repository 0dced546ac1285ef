"""``kg stats``: what a graph holds."""

from pathlib import Path
from typing import Any

import click

from kg.output import as_json


@click.command(
    epilog="""\b
Example:
  kg stats graph
  kg stats graph --json"""
)
@click.argument("graph", type=click.Path(path_type=Path))
@click.option("--json", "as_data", is_flag=True, help="As JSON.")
def command(graph: Path, as_data: bool) -> None:
    """Count the papers, entities and edges of GRAPH, and what they lack."""
    from kg.stats import stats

    found = stats(graph)
    click.echo(as_json(found) if as_data else _lines(found))


def _lines(found: dict[str, Any]) -> str:
    lines = []
    for name, value in found.items():
        said = name.replace("_", " ")
        if isinstance(value, dict):
            lines.append(f"{said:<24}{sum(value.values()):>10,}")
            lines += [f"  {label:<22}{count:>10,}" for label, count in value.items()]
        elif isinstance(value, int):
            lines.append(f"{said:<24}{value:>10,}")
        else:
            lines.append(f"{said:<24}{value}")
    return "\n".join(lines)
