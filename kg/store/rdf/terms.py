"""The terms of the export: namespaces, the classes and properties of our ontology, literals.

Classes and properties of labels, kinds, roles and relations follow from ``extractors/schema.py``
by way of ``kg.records``; ``ontology.ttl`` defines them all, which a test checks.
"""

import datetime
import math
import re
from decimal import Decimal
from functools import lru_cache
from typing import Final

from pyoxigraph import Literal, NamedNode

from extractors.schema import KINDS
from kg.records import EDGES, NODES

#: Our ontology, and where the things of a graph are named unless the user says otherwise.
ONTOLOGY: Final = "https://w3id.org/paperlattice/ns#"
BASE: Final = "https://w3id.org/paperlattice/id/"

#: Prefix -> namespace, as they stand at the head of a file.
PREFIXES: Final = {
    "cito": "http://purl.org/spar/cito/",
    "dcterms": "http://purl.org/dc/terms/",
    "fabio": "http://purl.org/spar/fabio/",
    "foaf": "http://xmlns.com/foaf/0.1/",
    "oa": "http://www.w3.org/ns/oa#",
    "owl": "http://www.w3.org/2002/07/owl#",
    "pl": ONTOLOGY,
    "prov": "http://www.w3.org/ns/prov#",
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
    "schema": "https://schema.org/",
    "skos": "http://www.w3.org/2004/02/skos/core#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}


def term(short: str) -> NamedNode:
    """Give the term of a prefixed name.

    >>> term("pl:uses").value
    'https://w3id.org/paperlattice/ns#uses'
    """
    prefix, _, name = short.partition(":")
    return NamedNode(PREFIXES[prefix] + name)


@lru_cache(1 << 10)
def short(name: NamedNode) -> str:
    """Give the prefixed name of a term, or its IRI if it is of no vocabulary of ours.

    >>> short(term("pl:uses"))
    'pl:uses'
    """
    for prefix, namespace in PREFIXES.items():
        if name.value.startswith(namespace):
            return f"{prefix}:{name.value.removeprefix(namespace)}"
    return name.value


def camel(label: str) -> str:
    """Give the name of a property.

    >>> camel("EVALUATES_ON"), camel("USES")
    ('evaluatesOn', 'uses')
    """
    first, *others = label.lower().split("_")
    return first + "".join(part.capitalize() for part in others)


#: Label of a node -> its class.
CLASSES: Final = {label: term(f"pl:{label}") for label in NODES}
#: Kind of a concept -> its class, below ``pl:Concept``.
KIND_CLASSES: Final = {
    kind: term("pl:OtherConcept" if kind == "other" else f"pl:{kind.capitalize()}")
    for kind in KINDS
}
#: Label of an edge -> its property.
PROPERTIES: Final = {label: term(f"pl:{camel(label)}") for label in EDGES}
#: Label of a node -> the well-known class that it has beside ours.
KNOWN: Final = {
    "Paper": term("schema:ScholarlyArticle"),
    "Dataset": term("schema:Dataset"),
    "Concept": term("skos:Concept"),
}

TYPE: Final = term("rdf:type")
DECIMAL: Final = term("xsd:decimal")
DOUBLE: Final = term("xsd:double")
INTEGER: Final = term("xsd:integer")
OFFSET: Final = term("xsd:nonNegativeInteger")

_DATES: Final = {
    re.compile(r"\d{4}", re.ASCII): (term("xsd:gYear"), "-01-01"),
    re.compile(r"\d{4}-\d\d", re.ASCII): (term("xsd:gYearMonth"), "-01"),
    re.compile(r"\d{4}-\d\d-\d\d", re.ASCII): (term("xsd:date"), ""),
}
#: An address that every parser of RDF takes as it is: no dot segments, nothing beyond ASCII.
_ADDRESS: Final = re.compile(r"https?://(?!.*/\.{1,2}(?:[/?#]|$))[!-~]+")


def number(value: float) -> Literal:
    """Give a number as xsd:decimal, which no tool rewrites; xsd:double where it has none.

    >>> str(number(1e-07)), number(0.5).value, number(math.inf).datatype == DOUBLE
    ('"0.0000001"^^<http://www.w3.org/2001/XMLSchema#decimal>', '0.5', True)
    """
    if not math.isfinite(value) or (value == 0 and math.copysign(1, value) < 0):
        said = {"inf": "INF", "-inf": "-INF", "nan": "NaN", "-0.0": "-0.0E0"}[repr(float(value))]
        return Literal(said, datatype=DOUBLE)
    text = repr(float(value))
    if "e" in text:
        text = format(Decimal(text), "f")
        text = text if "." in text else f"{text}.0"
    return Literal(text, datatype=DECIMAL)


def integer(value: int) -> Literal:
    """Give a whole number."""
    return Literal(str(value), datatype=INTEGER)


def offset(value: int) -> Literal:
    """Give an offset in code points as the Web Annotation model wants it."""
    return Literal(str(value), datatype=OFFSET if value >= 0 else INTEGER)


def issued(published: str) -> Literal:
    """Give a date, a year and month, or a year with its type; all else is text.

    >>> issued("2024-11").datatype.value, issued("2024-13").datatype.value
    ('http://www.w3.org/2001/XMLSchema#gYearMonth', 'http://www.w3.org/2001/XMLSchema#string')
    """
    for form, (type_, rest) in _DATES.items():
        if form.fullmatch(published):
            try:
                datetime.date.fromisoformat(published + rest)
            except ValueError:
                break
            return Literal(published, datatype=type_)
    return Literal(published)


def page(url: str) -> NamedNode | Literal:
    """Give an address as a resource, or as text where a parser may stumble over it.

    >>> str(page("https://arxiv.org/abs/2411.04983")), str(page("http://a b"))
    ('<https://arxiv.org/abs/2411.04983>', '"http://a b"')
    """
    if _ADDRESS.fullmatch(url):
        try:
            return NamedNode(url)
        except ValueError:
            pass
    return Literal(url)
