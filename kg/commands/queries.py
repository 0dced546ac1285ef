"""``kg queries``: what the named queries answer and take."""

import click

from kg import queries
from kg.output import as_json


@click.command(
    epilog="""\b
Example:
  kg queries
  kg queries shared-entities
  kg queries shared-entities --sparql"""
)
@click.argument("name", required=False)
@click.option("--sparql", is_flag=True, help="In SPARQL, for kg sparql, instead of Cypher.")
@click.option("--json", "as_data", is_flag=True, help="As JSON.")
def command(name: str | None, sparql: bool, as_data: bool) -> None:
    """List the named queries, or describe the one called NAME.

    Each can be asked in Cypher, by kg query, and in SPARQL, by kg sparql.
    """
    ending = ".rq" if sparql else ".cypher"
    chosen = [queries.load(each, ending) for each in ([name] if name else queries.names(ending))]
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
    if len(languages := _languages(query)) == 1:
        lines.append(f"    in {languages[0]} alone")
    return "\n".join(lines)


def _languages(query: queries.Query) -> list[str]:
    """Give the languages that a query can be asked in."""
    return [
        language
        for language, ending in (("cypher", ".cypher"), ("sparql", ".rq"))
        if ending == query.ending or query.name in queries.names(ending)
    ]


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
        "languages": _languages(query),
        "sparql" if query.ending == ".rq" else "cypher": query.code,
    }
