"""Ways to write the graph as triples, with the same names in all: what becomes of an edge.

``rdf11``, the default, is plain RDF 1.1: an edge is a triple, and an ``rdf:Statement`` that says
how sure it is and which sentences say so.  ``lean`` leaves out the sentences, and with them where
offsets count.  ``owl`` has ``owl:Axiom`` for ``rdf:Statement``, which OWL tools drop, and brings
the ontology along.  ``rdf12`` is only what RDF 1.2 adds: a store is given it beside ``rdf11``.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator
from importlib.resources import files as resources
from pathlib import Path
from typing import Final

import pyoxigraph
from pyoxigraph import NamedNode, Triple

from kg.errors import KgError
from kg.records import Node
from kg.store import files
from kg.store.rdf import triples
from kg.store.rdf.iris import Iris
from kg.store.rdf.terms import ONTOLOGY, TYPE, term
from kg.store.rdf.triples import Context, Statement

Triples = Iterator[Triple]

_STATEMENT: Final = term("rdf:Statement")
_SUBJECT: Final = term("rdf:subject")
_PREDICATE: Final = term("rdf:predicate")
_OBJECT: Final = term("rdf:object")
_REIFIES: Final = term("rdf:reifies")
_AXIOM: Final = term("owl:Axiom")
_SOURCE: Final = term("owl:annotatedSource")
_PROPERTY: Final = term("owl:annotatedProperty")
_TARGET: Final = term("owl:annotatedTarget")
_ONTOLOGY: Final = term("owl:Ontology")
_EVIDENCE: Final = term("pl:evidence")

#: What OWL wants declared of the terms that are not ours.
DECLARED: Final = {
    "owl:Class": "foaf:Person oa:ResourceSelection prov:Activity prov:Entity prov:SoftwareAgent "
    "schema:Dataset schema:ScholarlyArticle schema:SoftwareApplication skos:Concept "
    "skos:ConceptScheme",
    "owl:ObjectProperty": "dcterms:creator dcterms:isPartOf oa:hasSource prov:wasAssociatedWith "
    "prov:wasGeneratedBy skos:inScheme",
    "owl:DatatypeProperty": "fabio:hasArXivId foaf:name oa:end oa:exact oa:start "
    "schema:commentCount schema:name schema:softwareVersion",
    "owl:AnnotationProperty": "dcterms:abstract dcterms:description dcterms:format "
    "dcterms:identifier dcterms:issued dcterms:license dcterms:title schema:url skos:altLabel "
    "skos:closeMatch skos:narrowMatch skos:prefLabel skos:relatedMatch",
    "rdfs:Datatype": "xsd:date xsd:gYear xsd:gYearMonth",
}


def rdf11(folder: Path, iris: Iris) -> Triples:
    """Yield the triples of the graph in ``folder``: nodes, then edges, in the order of its files.

    Raises ``KgError`` if the graph is damaged, or built anew meanwhile.
    """
    return _graph(folder, iris, with_text, reified)


def lean(folder: Path, iris: Iris) -> Triples:
    """Yield the triples of the graph but for its evidence."""
    return _graph(folder, iris, _without_text, lambda edge: reified(edge, evidence=False))


def owl(folder: Path, iris: Iris) -> Triples:
    """Yield the ontology, then the graph with its edges as annotated axioms."""
    yield Triple(NamedNode(f"{iris.base}graph"), TYPE, _ONTOLOGY)
    for type_, names in DECLARED.items():
        for name in names.split():
            yield Triple(term(name), TYPE, term(type_))
    for triple in ontology():
        if triple.subject != NamedNode(ONTOLOGY.rstrip("#")):
            yield triple
    yield from _graph(folder, iris, with_text, axiom)


def rdf12(folder: Path, iris: Iris) -> Triples:
    """Yield for each edge the triple term of RDF 1.2 that it reifies."""
    context = triples.context(files.manifest(folder), iris, {})
    for row in files.edges(folder):
        edge = triples.edge(row, context)
        yield Triple(edge.edge, _REIFIES, edge.triple)


#: Profile -> what gives its triples.
PROFILES: Final[dict[str, Callable[[Path, Iris], Triples]]] = {
    "rdf11": rdf11,
    "lean": lean,
    "owl": owl,
    "rdf12": rdf12,
}


def reified(edge: Statement, *, evidence: bool = True) -> list[Triple]:
    """Give an edge as its triple, a statement about that, and the evidence."""
    return [
        edge.triple,
        Triple(edge.edge, TYPE, edge.class_),
        Triple(edge.edge, TYPE, _STATEMENT),
        Triple(edge.edge, _SUBJECT, edge.triple.subject),
        Triple(edge.edge, _PREDICATE, edge.triple.predicate),
        Triple(edge.edge, _OBJECT, edge.triple.object),
        *_said(edge, evidence=evidence),
    ]


def axiom(edge: Statement) -> list[Triple]:
    """Give an edge as its triple, and an axiom that has the facts as annotations."""
    return [
        edge.triple,
        Triple(edge.edge, TYPE, _AXIOM),
        Triple(edge.edge, _SOURCE, edge.triple.subject),
        Triple(edge.edge, _PROPERTY, edge.triple.predicate),
        Triple(edge.edge, _TARGET, edge.triple.object),
        *_said(edge, evidence=True),
    ]


def links(edge: Statement) -> list[tuple[NamedNode, NamedNode]]:
    """Give what leads from an edge to its evidence."""
    return [(_EVIDENCE, name) for name, _ in edge.evidence]


def _said(edge: Statement, *, evidence: bool) -> list[Triple]:
    made = triples.about(edge.edge, edge.facts)
    if evidence:
        made += triples.about(edge.edge, links(edge))
        for name, facts in edge.evidence:
            made += triples.about(name, facts)
    return made


def head(made: files.Manifest, context: Context) -> list[Triple]:
    """Give what is said once: what made the graph, and the scheme of concepts."""
    return triples.provenance(made, context) + triples.scheme(context)


def with_text(row: Node, context: Context) -> list[Triple]:
    """Give the triples of a node; of a paper also those of its authors and text."""
    made = triples.node(row, context)
    if row.label == "Paper":
        made += triples.authors(row, context) + triples.text(row, context)
    return made


def _without_text(row: Node, context: Context) -> list[Triple]:
    made = triples.node(row, context)
    return made + triples.authors(row, context) if row.label == "Paper" else made


def _graph(
    folder: Path,
    iris: Iris,
    node: Callable[[Node, Context], list[Triple]],
    edge: Callable[[Statement], list[Triple]],
) -> Triples:
    made = files.manifest(folder)
    context = triples.context(made, iris, unique_names(folder))
    yield from head(made, context)
    for row in files.nodes(folder):
        yield from node(row, context)
    for link in files.edges(folder):
        yield from edge(triples.edge(link, context))
    if files.manifest(folder).digest != made.digest:
        raise KgError(f"{folder}: was built anew meanwhile", remedy="Export it again.")


def unique_names(folder: Path) -> dict[str, str]:
    """Give the ids of the entities that papers can share, by name, where the name tells them."""
    ids: dict[str, list[str]] = defaultdict(list)
    made = files.manifest(folder)
    columns = ["id", "name", "papers"]
    for table in made.of("nodes"):
        if table.name not in triples.ENTITIES:
            continue
        for batch in files.read_table(folder, table, columns=columns, rows=256):
            for id_, name, papers in zip(
                *(batch.column(c).to_pylist() for c in columns), strict=True
            ):
                if name is not None and (papers or 0) > 1:
                    ids[name].append(id_)
    return {name: found[0] for name, found in ids.items() if len(found) == 1}


def ontology() -> list[Triple]:
    """Give the ontology of the package."""
    content = resources("kg.store.rdf").joinpath("ontology.ttl").read_bytes()
    quads = pyoxigraph.parse(content, format=pyoxigraph.RdfFormat.TURTLE)
    return [quad.triple for quad in quads]
