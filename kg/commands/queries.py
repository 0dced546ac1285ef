"""``kg queries``: what the named queries answer and take."""

import click

from kg import queries
from kg.output import as_json


@click.command(
    epilog="""\b
Example:
  kg queries
  kg queries shared-entities"""
)
@click.argument("name", required=False)
@click.option("--json", "as_data", is_flag=True, help="As JSON.")
def command(name: str | None, as_data: bool) -> None:
    """List the named queries, or describe the one called NAME."""
    chosen = [queries.load(name)] if name else [queries.load(name) for name in queries.names()]
    if as_data:
        click.echo(as_json([_data(query) for query in chosen]))
    elif name:
        click.echo(_described(chosen[0]))
        click.echo(f"\n{_code(chosen[0])}")
    else:
        click.echo("\n\n".join(map(_described, chosen)))


def _described(query: queries.Query) -> str:
    lines = [query.name, *(f"  {line}" for line in query.purpose.splitlines())]
    for parameter in query.parameters:
        default = "must be given" if parameter.default is None else f"default {parameter.default}"
        lines.append(
            f"    --param {parameter.name}=...  {parameter.purpose} ({parameter.type}, {default})"
        )
    return "\n".join(lines)


def _code(query: queries.Query) -> str:
    return "\n".join(f"  {line}" for line in query.code.splitlines())


def _data(query: queries.Query) -> dict[str, object]:
    return {
        "name": query.name,
        "purpose": query.purpose,
        "parameters": [
            {"name": p.name, "type": p.type, "default": p.default, "purpose": p.purpose}
            for p in query.parameters
        ],
        "cypher": query.code,
    }
