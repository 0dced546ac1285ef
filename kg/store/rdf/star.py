"""The legacy profile ``star``: RDF-star of 2021, for Jena up to 5.3, GraphDB, RDF4J and n10s.

What the profile ``rdf11`` says of an edge is said of the quoted triple itself.  RDF 1.2 has given
up that syntax, so no library of today writes it; a line of N-Triples-star is Turtle-star too.
"""

from collections.abc import Iterator
from pathlib import Path

from pyoxigraph import Triple

from kg.store import files
from kg.store.rdf import profiles, triples
from kg.store.rdf.iris import Iris


def lines(folder: Path, iris: Iris) -> Iterator[str]:
    """Yield the graph in ``folder`` as lines without their ends."""
    made = files.manifest(folder)
    context = triples.context(made, iris, profiles.unique_names(folder))
    yield from map(_line, profiles.head(made, context))
    for row in files.nodes(folder):
        yield from map(_line, profiles.with_text(row, context))
    for link in files.edges(folder):
        edge = triples.edge(link, context)
        yield _line(edge.triple)
        for predicate, object_ in (*edge.facts, *profiles.links(edge)):
            yield f"<< {edge.triple} >> {predicate} {object_} ."
        for name, facts in edge.evidence:
            yield from map(_line, triples.about(name, facts))


def _line(triple: Triple) -> str:
    return f"{triple} ."
