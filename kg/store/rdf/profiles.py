"""Ways to write the graph as triples, with the same names in all: what becomes of an edge.

``rdf11`` is the default, plain RDF 1.1: each edge is a triple, and an ``rdf:Statement`` that says
how sure it is and which sentences say so.  ``lean`` leaves the sentences out.  ``owl`` has
``owl:Axiom`` for ``rdf:Statement``, which OWL tools drop.  ``rdf12`` is what a store of RDF 1.2 is
given beside ``rdf11``.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from pyoxigraph import Triple

from kg.errors import KgError
from kg.store import files
from kg.store.rdf import triples
from kg.store.rdf.iris import Iris
from kg.store.rdf.terms import TYPE, term
from kg.store.rdf.triples import Context, Statement, Triples

_STATEMENT: Final = term("rdf:Statement")
_SUBJECT: Final = term("rdf:subject")
_PREDICATE: Final = term("rdf:predicate")
_OBJECT: Final = term("rdf:object")
_EVIDENCE: Final = term("pl:evidence")


def rdf11(folder: Path, iris: Iris) -> Triples:
    """Yield the triples of the graph in ``folder``: nodes, then edges, in the order of its files.

    Raises ``KgError`` if it is built anew meanwhile.
    """
    yield from _graph(folder, iris, reified)


def reified(edge: Statement) -> Triples:
    """Yield an edge as its triple, a statement about that, and the evidence."""
    yield edge.triple
    yield Triple(edge.edge, TYPE, edge.class_)
    yield Triple(edge.edge, TYPE, _STATEMENT)
    yield Triple(edge.edge, _SUBJECT, edge.triple.subject)
    yield Triple(edge.edge, _PREDICATE, edge.triple.predicate)
    yield Triple(edge.edge, _OBJECT, edge.triple.object)
    yield from triples.about(edge.edge, iter(edge.facts))
    for name, _ in edge.evidence:
        yield Triple(edge.edge, _EVIDENCE, name)
    for name, facts in edge.evidence:
        yield from triples.about(name, iter(facts))


def _graph(folder: Path, iris: Iris, edge: Callable[[Statement], Triples]) -> Triples:
    made = files.manifest(folder)
    context = triples.context(made, iris, unique_names(folder))
    yield from triples.provenance(made, context)
    yield from triples.scheme(context)
    for row in files.nodes(folder):
        yield from triples.node(row, context)
    for statement in _statements(folder, context):
        yield from edge(statement)
    if files.manifest(folder).digest != made.digest:
        raise KgError(f"{folder}: was built anew meanwhile", remedy="Export it again.")


def _statements(folder: Path, context: Context) -> Iterator[Statement]:
    for row in files.edges(folder):
        yield triples.statement(row, context)


def unique_names(folder: Path) -> dict[str, str]:
    """Give the ids of the entities that papers can share, by name, where the name tells them."""
    ids: dict[str, list[str]] = defaultdict(list)
    for row in files.nodes(folder, triples.ENTITIES):
        if (row.properties.get("papers") or 0) > 1 and row.properties.get("name"):  # type: ignore[operator]
            ids[str(row.properties["name"])].append(row.id)
    return {name: found[0] for name, found in ids.items() if len(found) == 1}
