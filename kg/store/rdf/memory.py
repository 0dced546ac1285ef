"""The graph as a graph of rdflib."""

from pathlib import Path
from typing import TYPE_CHECKING

from pyoxigraph import Literal, NamedNode

from kg.errors import KgError
from kg.store.rdf.iris import Iris
from kg.store.rdf.profiles import PROFILES
from kg.store.rdf.terms import BASE, PREFIXES

if TYPE_CHECKING:
    import rdflib


def graph(folder: Path, *, profile: str = "rdf11", base: str | None = None) -> "rdflib.Graph":
    """Give the graph in ``folder`` as triples of rdflib; raise ``KgError`` for another profile."""
    import rdflib

    if profile not in PROFILES or profile == "rdf12":
        raise KgError(f"rdflib has no profile {profile}", remedy="Take rdf11, lean or owl.")

    def node(value: object) -> rdflib.term.Identifier:
        if isinstance(value, NamedNode):
            return rdflib.URIRef(value.value)
        assert isinstance(value, Literal)
        # As it is written: rdflib would write some dates and numbers in another way.
        type_ = value.datatype.value
        plain = type_ == "http://www.w3.org/2001/XMLSchema#string"
        return rdflib.Literal(
            value.value, datatype=None if plain else rdflib.URIRef(type_), normalize=False
        )

    made = rdflib.Graph()
    for prefix, namespace in PREFIXES.items():
        made.bind(prefix, namespace)
    for triple in PROFILES[profile](folder, Iris(base or BASE)):
        made.add((node(triple.subject), node(triple.predicate), node(triple.object)))
    return made
