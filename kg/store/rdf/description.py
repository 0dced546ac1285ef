"""What publishing an export needs: its description in VoID and DCAT, the ontology, the shapes.

All counts are taken from the file that was written.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib.resources import files as resources
from pathlib import Path
from typing import Final

import pyoxigraph
from pyoxigraph import Literal, NamedNode, Triple

from kg.errors import KgError
from kg.store import files
from kg.store.rdf.dump import FORMATS, Plan, unpacked
from kg.store.rdf.iris import quoted
from kg.store.rdf.terms import CLASSES, ONTOLOGY, PREFIXES, TYPE, integer, offset, short, term

#: What lies in the package, beside what is computed.
SHIPPED: Final = ("ontology.ttl", "shapes.ttl")
_NAMESPACES: Final = {
    "dcat": "http://www.w3.org/ns/dcat#",
    "dcterms": PREFIXES["dcterms"],
    "pl": ONTOLOGY,
    "prov": PREFIXES["prov"],
    "void": "http://rdfs.org/ns/void#",
    "xsd": PREFIXES["xsd"],
}
_FEATURES: Final = "http://www.w3.org/ns/formats/"
_MEDIA: Final = "https://www.iana.org/assignments/media-types/"
_NAMES: Final = {
    "ttl": "Turtle",
    "nt": "N-Triples",
    "jsonld": "JSON-LD",
    "trig": "TriG",
    "nq": "N-Quads",
    "rdf": "RDF_XML",
}
_SAME: Final = term("owl:sameAs")


@dataclass(slots=True)
class Counts:
    """What a file holds: triples, things, things by class, triples by property, an example."""

    triples: int = 0
    things: int = 0
    classes: Counter[NamedNode] = field(default_factory=Counter)
    properties: Counter[NamedNode] = field(default_factory=Counter)
    example: NamedNode | None = None


def describe(graph: Path, out: Path, plan: Plan, folder: Path) -> list[str]:
    """Write ``void.ttl`` on the export ``out``, the ontology and the shapes into a folder.

    Gives the names of the files.  Raises ``KgError`` if the folder cannot be written.
    """
    triples = [*_dataset(graph, out, plan, counts(out, plan))]
    content = pyoxigraph.serialize(triples, format=FORMATS["ttl"], prefixes=_NAMESPACES)
    files.write(folder / "void.ttl", content or b"")
    for name in SHIPPED:
        files.write(folder / name, resources("kg.store.rdf").joinpath(name).read_bytes())
    return ["void.ttl", *SHIPPED]


def counts(out: Path, plan: Plan) -> Counts:
    """Count what an export holds; what is said of a thing must stand together, as we write it."""
    if plan.profile == "star":
        raise KgError(
            "--describe cannot read --profile star",
            remedy="Describe the export of the profile rdf11.",
        )
    found, last = Counts(), None
    with unpacked(out, plan.packed) as stream:
        for quad in pyoxigraph.parse(stream, format=FORMATS[plan.form]):
            found.triples += 1
            found.properties[quad.predicate] += 1
            if quad.predicate == TYPE and isinstance(quad.object, NamedNode):
                found.classes[quad.object] += 1
                found.things += quad.subject != last
                last = quad.subject
                if quad.object == CLASSES["Paper"] and isinstance(last, NamedNode):
                    found.example = found.example or last
    return found


def _dataset(graph: Path, out: Path, plan: Plan, found: Counts) -> Iterator[Triple]:
    iri = NamedNode(f"{plan.base}dataset")
    papers = found.classes[CLASSES["Paper"]]
    yield Triple(iri, TYPE, _term("void:Dataset"))
    yield Triple(iri, TYPE, _term("dcat:Dataset"))
    title = f"{graph.resolve().name}: knowledge graph of {papers:,} papers"
    yield Triple(iri, _term("dcterms:title"), Literal(title))
    yield Triple(iri, _term("void:uriSpace"), Literal(plan.base))
    for vocabulary in sorted({short(name).partition(":")[0] for name in found.properties}):
        if vocabulary in PREFIXES:
            yield Triple(iri, _term("void:vocabulary"), NamedNode(PREFIXES[vocabulary]))
    if found.example:
        yield Triple(iri, _term("void:exampleResource"), found.example)
    yield Triple(iri, _term("void:feature"), NamedNode(_FEATURES + _NAMES[plan.form]))
    yield Triple(iri, _term("void:triples"), integer(found.triples))
    yield Triple(iri, _term("void:entities"), integer(found.things))
    yield Triple(iri, _term("void:classes"), integer(len(found.classes)))
    yield Triple(iri, _term("void:properties"), integer(len(found.properties)))
    yield from _file(iri, out, plan)
    yield from _parts(iri, "class", "entities", found.classes)
    yield from _parts(iri, "property", "triples", found.properties)
    yield from _links(iri, found.properties[_SAME])


def _parts(dataset: NamedNode, what: str, unit: str, found: Counter[NamedNode]) -> Iterator[Triple]:
    """Yield the partitions by class or by property."""
    parts = {
        name: NamedNode(f"{dataset.value}/{what}/{quoted(short(name))}")
        for name in sorted(found, key=lambda name: name.value)
    }
    for part in parts.values():
        yield Triple(dataset, _term(f"void:{what}Partition"), part)
    for name, part in parts.items():
        yield Triple(part, _term(f"void:{what}"), name)
        yield Triple(part, _term(f"void:{unit}"), integer(found[name]))


def _links(dataset: NamedNode, number: int) -> Iterator[Triple]:
    """Yield the set of links to DOIs, if there are any."""
    if number:
        links = NamedNode(f"{dataset.value}/links/doi")
        yield Triple(links, TYPE, _term("void:Linkset"))
        yield Triple(links, _term("void:linkPredicate"), _SAME)
        yield Triple(links, _term("void:subjectsTarget"), dataset)
        yield Triple(links, _term("void:objectsTarget"), NamedNode("https://doi.org/"))
        yield Triple(links, _term("void:triples"), integer(number))


def _file(dataset: NamedNode, out: Path, plan: Plan) -> Iterator[Triple]:
    """Yield what the file is."""
    place = NamedNode(f"{dataset.value}/{quoted(out.name)}")
    file = NamedNode(f"{dataset.value}/distribution/{quoted(out.name)}")
    media = FORMATS[plan.form].media_type
    yield Triple(dataset, _term("void:dataDump"), place)
    yield Triple(dataset, _term("dcat:distribution"), file)
    yield Triple(file, TYPE, _term("dcat:Distribution"))
    yield Triple(file, _term("dcat:downloadURL"), place)
    yield Triple(file, _term("dcat:mediaType"), NamedNode(_MEDIA + media))
    if plan.packed:
        yield Triple(file, _term("dcat:compressFormat"), NamedNode(f"{_MEDIA}application/gzip"))
    yield Triple(file, _term("dcat:byteSize"), offset(out.stat().st_size))


def _term(name: str) -> NamedNode:
    prefix, _, rest = name.partition(":")
    return NamedNode(_NAMESPACES[prefix] + rest)
