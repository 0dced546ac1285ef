"""From an export of the profile ``rdf11`` back to the graph, whatever the order of its triples.

Nodes and edges come back as they were, and the papers as they were read.  What was found in each
text (extractions) is in no export: building on finds it anew.
"""

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import pyoxigraph
from pyoxigraph import Literal, NamedNode

from kg.errors import KgError
from kg.records import EDGES, NODES, Edge, Node, Paper, Type
from kg.store import archive, files
from kg.store.rdf import dump, rules
from kg.store.rdf.terms import CLASSES, PROPERTIES, TYPE, short, term

#: What is said of a thing: property -> values.
Said = Mapping[str, list[Any]]

_PAPER: Final = {
    "title": "dcterms:title",
    "abstract": "dcterms:abstract",
    "published": "dcterms:issued",
    "year": "pl:year",
    "url": "schema:url",
    "author_count": "pl:authorCount",
    "organization": "pl:organization",
    "venue": "pl:venue",
    "comments": "schema:commentCount",
    "ids": "dcterms:identifier",
    "sources": "pl:source",
}
_ENTITY: Final = {
    "name": "skos:prefLabel",
    "aliases": "skos:altLabel",
    "kind": "pl:kind",
    "papers": "pl:paperCount",
    "idf": "pl:idf",
    "first_year": "pl:firstYear",
}
_EDGE: Final = {
    "score": "pl:confidence",
    "mentions": "pl:mentionCount",
    "support": "pl:support",
    "weight": "pl:weight",
    "shared": "pl:shared",
}
#: Property of an edge, a list parallel to others -> what an evidence says for it.
PARALLEL: Final = {
    "forms": "oa:exact",
    "starts": "oa:start",
    "ends": "oa:end",
    "papers": "oa:hasSource",
    "sentences": "pl:sentence",
}
#: By which the evidence of an edge is sorted, unless it tells its position.
_ORDER: Final = ("starts", "ends", "papers")
_RDF11: Final = "Export the graph anew: kg export GRAPH FILE (the profile rdf11)"


def restore(
    path: Path, folder: Path, *, form: str, packed: bool = False, say: dump.Say = lambda text: None
) -> files.Manifest:
    """Make the graph that an export holds in ``folder``, which has none.

    Raises ``KgError`` if there is one, or if the file is no export of ours.
    """
    with files.lock(folder):
        if (folder / files.MANIFEST).exists():
            raise KgError(f"{folder}: has a graph", remedy="Give another folder as --out.")
        say(f"Reading {path} ...")
        with dump.loaded(path, form=form, packed=packed) as store:
            whole(store)
            try:
                made = Export(store).write(folder)
            except LookupError as error:
                raise KgError("Something in the file lacks a part.", remedy=_RDF11) from error
        files.commit(folder, made)
    return made


def whole(store: pyoxigraph.Store) -> None:
    """Raise ``KgError`` for an export that lacks edges or evidence, as other profiles do."""
    if faults := list(rules.unpaired(store)):
        raise KgError(f"The file is not whole: {faults[0]}.", remedy=_RDF11)
    texts, papers = rules.count(store, "?x a pl:Text"), rules.count(store, "?x a pl:Paper")
    if texts != papers:
        raise KgError(f"The file has {papers:,} papers and {texts:,} texts.", remedy=_RDF11)


@dataclass(frozen=True, slots=True)
class Export:
    """An export in a store; ``ids`` are those of the nodes read so far, by their IRIs."""

    store: pyoxigraph.Store
    ids: dict[str, str] = field(default_factory=dict)

    def write(self, folder: Path) -> files.Manifest:
        """Write the tables of the graph, and give its manifest."""
        extractor, parameters = self.run()
        nodes = files.write_nodes(folder, self.nodes())
        edges = files.write_edges(folder, self.edges())
        if not nodes:
            raise KgError("There is no paper and no entity in the file.", remedy=_RDF11)
        papers = archive.write_papers(folder, map(_paper, self.nodes(["Paper"])))
        tables = (papers, *nodes, *edges)
        counts = {table.name: table.rows for table in tables}
        return files.Manifest(tables, extractor, parameters, counts)

    def run(self) -> tuple[str, Mapping[str, Any]]:
        """Give the extractor, by its name and version, and the parameters of the run."""
        for run in self.things(term("prov:Activity")):
            said = self.said(run)
            agents = said["prov:wasAssociatedWith"]
            by = self.said(NamedNode(agents[0]))["rdfs:label"][0] if agents else ""
            return by, json.loads(said["pl:parameters"][0])
        raise KgError("The file does not say what made the graph.", remedy=_RDF11)

    def nodes(self, labels: Sequence[str] = tuple(NODES)) -> Iterator[Node]:
        """Yield the nodes, label by label, sorted by id."""
        for label in labels:
            found = {}
            for iri in self.things(CLASSES[label]):
                found[self.one(iri, "pl:id")] = iri
                self.ids[iri.value] = self.one(iri, "pl:id")
            for id_ in sorted(found):
                yield Node(id_, label, self.node(found[id_], label))

    def node(self, iri: NamedNode, label: str) -> dict[str, Any]:
        """Give the properties of a node."""
        said = self.said(iri)
        names = _PAPER if label == "Paper" else _ENTITY
        made = _properties(said, NODES[label], names)
        if label == "Paper":
            people = [self.said(NamedNode(person)) for person in said["dcterms:creator"]]
            people.sort(key=lambda person: int(person["pl:position"][0]))
            made["authors"] = tuple(person["foaf:name"][0] for person in people)
        return made

    def edges(self) -> Iterator[Edge]:
        """Yield the edges, label by label, sorted by their ends; after the nodes."""
        for label in sorted(EDGES):
            found = {}
            for quad in self.store.quads_for_pattern(
                None, term("rdf:predicate"), PROPERTIES[label], None
            ):
                ends = [self.end(quad.subject, name) for name in ("rdf:subject", "rdf:object")]
                found[ends[0], ends[1]] = quad.subject
            for source, target in sorted(found):
                yield Edge(source, label, target, self.edge(found[source, target], label))

    def edge(self, iri: Any, label: str) -> dict[str, Any]:
        """Give the properties of an edge."""
        said = self.said(iri)
        made = _properties(said, EDGES[label], _EDGE)
        lists = [name for name in EDGES[label] if name in PARALLEL]
        found = [self.evidence(NamedNode(name), lists) for name in said["pl:evidence"]]
        found.sort(key=lambda item: item[0])
        for index, name in enumerate(lists):
            made[name] = tuple(values[index] for _, values in found)
        return made

    def evidence(self, iri: NamedNode, names: Sequence[str]) -> tuple[Any, tuple[Any, ...]]:
        """Give the key that an evidence is sorted by, and its part of each list."""
        said = self.said(iri)
        known = {name: said[PARALLEL[name]][0] for name in names}
        for name in {"starts", "ends"} & known.keys():
            known[name] = int(known[name])
        if "papers" in known:
            known["papers"] = self.ids[self.one(NamedNode(known["papers"]), "dcterms:isPartOf")]
        if position := said["pl:position"]:
            return (int(position[0]),), tuple(known.values())
        return tuple(known[name] for name in _ORDER if name in known), tuple(known.values())

    def end(self, edge: Any, name: str) -> str:
        """Give the id of an end of an edge."""
        return self.ids[self.one(edge, name)]

    def things(self, class_: NamedNode) -> Iterator[NamedNode]:
        """Yield the things of a class."""
        for quad in self.store.quads_for_pattern(None, TYPE, class_, None):
            if isinstance(quad.subject, NamedNode):
                yield quad.subject

    def said(self, iri: Any) -> Said:
        """Give what is said of a thing, by short names."""
        found: dict[str, list[Any]] = defaultdict(list)
        for quad in self.store.quads_for_pattern(iri, None, None, None):
            if isinstance(quad.object, NamedNode | Literal):
                found[short(quad.predicate)].append(quad.object.value)
        return found

    def one(self, iri: Any, name: str) -> str:
        """Give the value of a property that a thing must have."""
        for quad in self.store.quads_for_pattern(iri, term(name), None, None):
            if isinstance(quad.object, NamedNode | Literal):
                return quad.object.value
        raise KgError(f"{iri} has no {name} in the file.", remedy=_RDF11)


def _properties(said: Said, types: Mapping[str, Type], names: Mapping[str, str]) -> dict[str, Any]:
    listed = json.loads(said["pl:listed"][0]) if said["pl:listed"] else {}
    made: dict[str, Any] = {}
    for name, type_ in types.items():
        if name in listed:
            made[name] = tuple(listed[name])
        elif name in names:
            made[name] = _value(said[names[name]], type_)
    return made


def _value(values: Sequence[str], type_: Type) -> Any:
    if type_ == "strings":
        return tuple(sorted(values))
    if not values:
        return None
    return {"string": str, "int": int, "float": float}[type_](values[0])


def _paper(node: Node) -> Paper:
    known: dict[str, Any] = {**node.properties}
    known.pop("year")
    known["title"], known["abstract"] = known["title"] or "", known["abstract"] or ""
    return Paper(id=node.id, **known)
