"""What must hold of an export, as queries for what breaks it: none may have a row.

They say what the SHACL shapes say and more, and take seconds where those take hours.  A pattern
binds ``?x``, the thing at fault.
"""
# A query is read best on one line.
# ruff: noqa: E501

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Final

import pyoxigraph
from pyoxigraph import BlankNode

from extractors.schema import KINDS, LABELS, RELATIONS, ROLES
from kg.store import files
from kg.store.rdf.profiles import DECLARED, ontology
from kg.store.rdf.terms import CLASSES, PREFIXES, PROPERTIES, TYPE, camel, term

#: Offenders that are named for each rule.
SHOWN: Final = 3

_HEAD: Final = "".join(f"PREFIX {name}: <{iri}>\n" for name, iri in PREFIXES.items())
_ROLES: Final = " ".join(f"pl:{camel(role)}" for role in ROLES)
_ENTITIES: Final = " ".join(f"pl:{label}" for label in LABELS)
_EDGES: Final = " ".join(map(str, PROPERTIES.values()))
_TEXT: Final = (
    "?paper dcterms:title ?title OPTIONAL { ?paper dcterms:abstract ?abstract } "
    'BIND(IF(STRLEN(COALESCE(?abstract, "")) > 0, CONCAT(?title, "\\n", ?abstract), ?title) AS ?text) '
)

#: Class -> what each of its things must have.
_NEEDED: Final = {
    "pl:Paper": "pl:id rdfs:label dcterms:title dcterms:identifier pl:source",
    **dict.fromkeys(
        (f"pl:{label}" for label in LABELS),
        "pl:id rdfs:label skos:prefLabel pl:paperCount pl:idf",
    ),
    "foaf:Person": "foaf:name pl:position",
    "pl:Edge": "rdf:subject rdf:predicate rdf:object pl:confidence",
    "pl:PaperLink": "rdf:subject rdf:predicate rdf:object pl:weight pl:shared",
    "prov:Activity": "pl:parameters prov:wasAssociatedWith",
    "prov:SoftwareAgent": "schema:name schema:softwareVersion",
}
#: Properties of which a thing has one value at most.
_SINGLE: Final = (
    "pl:id rdfs:label dcterms:title dcterms:abstract dcterms:issued pl:year pl:authorCount "
    "pl:organization pl:venue schema:url schema:commentCount pl:listed foaf:name pl:position "
    "skos:prefLabel pl:kind pl:paperCount pl:idf pl:firstYear rdf:subject rdf:predicate rdf:object "
    "pl:confidence pl:mentionCount pl:support pl:weight pl:parameters prov:wasAssociatedWith "
    "schema:name schema:softwareVersion"
)
#: Property -> what no value of it may be.
_WRONG: Final = {
    **dict.fromkeys(
        ("pl:id", "rdfs:label", "skos:prefLabel", "schema:name", "schema:softwareVersion"),
        "DATATYPE(?v) != xsd:string || STRLEN(?v) = 0",
    ),
    **dict.fromkeys(
        ("dcterms:title", "dcterms:abstract", "skos:altLabel", "foaf:name", "pl:shared"),
        "DATATYPE(?v) != xsd:string",
    ),
    **dict.fromkeys(
        ("pl:paperCount", "pl:mentionCount", "pl:support", "pl:position"),
        "DATATYPE(?v) != xsd:integer || ?v < 1",
    ),
    **dict.fromkeys(("pl:year", "pl:firstYear"), "DATATYPE(?v) != xsd:integer"),
    **dict.fromkeys(
        ("pl:authorCount", "schema:commentCount"), "DATATYPE(?v) != xsd:integer || ?v < 0"
    ),
    "pl:confidence": "DATATYPE(?v) != xsd:decimal || ?v < 0 || ?v > 1",
    "pl:idf": "DATATYPE(?v) != xsd:decimal || ?v < 0",
    "pl:weight": "DATATYPE(?v) != xsd:decimal || ?v <= 0",
    "pl:kind": f"?v NOT IN ({', '.join(map(repr, KINDS))})",
    "fabio:hasArXivId": r'!REGEX(?v, "^([0-9]{4}\\.[0-9]{4,5}|[a-z-]+(\\.[A-Z]{2})?/[0-9]{7})$")',
    "dcterms:issued": "(DATATYPE(?v) NOT IN (xsd:date, xsd:gYearMonth, xsd:gYear)) || "
    r'!REGEX(STR(?v), "^[0-9]{4}(-(0[1-9]|1[0-2])(-(0[1-9]|[12][0-9]|3[01]))?)?$")',
}
#: Name -> pattern, of an export with evidence and without.
_PLAIN: Final = {
    **{
        f"{class_} without {name}": f"?x a {class_} FILTER NOT EXISTS {{ ?x {name} ?v }}"
        for class_, names in _NEEDED.items()
        for name in names.split()
    },
    **{
        f"more than one {name}": f"?x {name} ?v, ?w FILTER(!SAMETERM(?v, ?w))"
        for name in _SINGLE.split()
    },
    **{f"wrong {name}": f"?x {name} ?v FILTER({wrong})" for name, wrong in _WRONG.items()},
    "paper that is no schema:ScholarlyArticle": "?x a pl:Paper FILTER NOT EXISTS { ?x a schema:ScholarlyArticle }",
    "author without a name": "?x dcterms:creator ?v FILTER NOT EXISTS { ?v foaf:name ?n }",
    "entity that is no pl:Entity": f"VALUES ?c {{ {_ENTITIES} }} ?x a ?c FILTER NOT EXISTS {{ ?x a pl:Entity }}",
    "entity of no label": f"?x a pl:Entity FILTER NOT EXISTS {{ VALUES ?c {{ {_ENTITIES} }} ?x a ?c }}",
    "entity of two labels": f"VALUES ?c {{ {_ENTITIES} }} VALUES ?d {{ {_ENTITIES} }} ?x a ?c, ?d FILTER(?c != ?d)",
    "entity that no edge leads to": f"VALUES ?c {{ {_ENTITIES} }} ?x a ?c FILTER NOT EXISTS {{ ?e rdf:object ?x }}",
    "concept outside of the scheme": "?x a pl:Concept FILTER NOT EXISTS { ?x skos:inScheme ?v . ?v a skos:ConceptScheme }",
    "concept without a kind": "?x a pl:Concept FILTER NOT EXISTS { ?x pl:kind ?v }",
    "name that is an alias too": "?x skos:prefLabel ?v; skos:altLabel ?v",
    "statement that is neither edge nor link": "?x a rdf:Statement FILTER NOT EXISTS { VALUES ?c { pl:Edge pl:PaperLink } ?x a ?c }",
    "edge that is no rdf:Statement": "VALUES ?c { pl:Edge pl:PaperLink } ?x a ?c FILTER NOT EXISTS { ?x a rdf:Statement }",
    "statement whose triple is not there": "?x rdf:subject ?s; rdf:predicate ?p; rdf:object ?o FILTER NOT EXISTS { ?s ?p ?o }",
    "statement of another property": f"?x rdf:predicate ?p FILTER NOT EXISTS {{ VALUES ?p {{ {_EDGES} }} }}",
    "role that leads from no paper to an entity": f"VALUES ?p {{ {_ROLES} }} ?x ?p ?o "
    f"FILTER NOT EXISTS {{ VALUES ?c {{ {_ENTITIES} }} ?x a pl:Paper . ?o a ?c }}",
    **{
        f"pl:{camel(relation)} between others than it may join": f"?x pl:{camel(relation)} ?o "
        f"FILTER NOT EXISTS {{ VALUES (?c ?d) {{ {' '.join(f'(pl:{h} pl:{t})' for h, t in sorted(ends))} }} ?x a ?c . ?o a ?d }}"
        for relation, ends in RELATIONS.items()
    },
    "pl:relatedTo between others than papers": "?x pl:relatedTo ?o FILTER NOT EXISTS { ?x a pl:Paper . ?o a pl:Paper }",
    "shared entity that a paper lacks": "?x pl:sharedEntity ?v; rdf:subject ?a; rdf:object ?b "
    "FILTER(NOT EXISTS { ?a ?p ?v } || NOT EXISTS { ?b ?q ?v })",
}
_EVIDENCE: Final = {
    **{
        f"pl:Evidence without {name}": f"?x a pl:Evidence FILTER NOT EXISTS {{ ?x {name} ?v }}"
        for name in ("oa:hasSource", "pl:sentence", "prov:wasGeneratedBy")
    },
    **{
        f"more than one {name}": f"?x {name} ?v, ?w FILTER(!SAMETERM(?v, ?w))"
        for name in (
            "oa:hasSource oa:start oa:end oa:exact pl:sentence prov:wasGeneratedBy pl:sha256 dcterms:isPartOf"
        ).split()
    },
    "edge without evidence": "?x a pl:Edge FILTER NOT EXISTS { ?x pl:evidence ?v }",
    "evidence that is no pl:Evidence": "?e pl:evidence ?x FILTER NOT EXISTS { ?x a pl:Evidence }",
    "evidence of no edge": "?x a pl:Evidence FILTER NOT EXISTS { ?e pl:evidence ?x }",
    "evidence of two edges": "?d pl:evidence ?x . ?e pl:evidence ?x FILTER(?d != ?e)",
    "evidence from no text": "?x oa:hasSource ?t FILTER NOT EXISTS { ?t a pl:Text; dcterms:isPartOf ?p . ?p a pl:Paper }",
    "evidence of a role without offsets": "?e pl:mentionCount ?n; pl:evidence ?x "
    "FILTER NOT EXISTS { ?x oa:start ?s; oa:end ?f; oa:exact ?t }",
    "wrong offset": "VALUES ?p { oa:start oa:end } ?x ?p ?v FILTER(!ISNUMERIC(?v) || DATATYPE(?v) = xsd:decimal || ?v < 0)",
    "oa:exact that the text has not from oa:start to oa:end": "?x oa:start ?s; oa:end ?e; oa:exact ?v; "
    f"oa:hasSource/dcterms:isPartOf ?paper . {_TEXT} FILTER(SUBSTR(?text, ?s + 1, ?e - ?s) != ?v)",
    "sentence that the text has not": "?x pl:sentence ?v; oa:hasSource/dcterms:isPartOf ?paper . "
    f"{_TEXT} FILTER(STRLEN(?v) = 0 || !CONTAINS(?text, ?v))",
    "text that is another": f"?x pl:sha256 ?v; dcterms:isPartOf ?paper . {_TEXT} FILTER(SHA256(?text) != ?v)",
    "paper without a text": "?x a pl:Paper FILTER NOT EXISTS { ?t a pl:Text; dcterms:isPartOf ?x; pl:sha256 ?h }",
    "run that is no prov:Activity": "?e prov:wasGeneratedBy ?x FILTER NOT EXISTS { ?x a prov:Activity }",
    **{
        f"{name} that is not the number of evidences": f"{{ SELECT ?x ?n (COUNT(?v) AS ?m) WHERE {{ ?x {name} ?n; pl:evidence ?v }} "
        "GROUP BY ?x ?n } FILTER(?n != ?m)"
        for name in ("pl:mentionCount", "pl:support")
    },
}
#: Terms of RDF and its like that an export has.
KNOWN: Final = "rdf:type rdf:subject rdf:predicate rdf:object rdf:Statement rdfs:label owl:sameAs"
#: Profile -> rules, the others have none.
RULES: Final = {"rdf11": {**_PLAIN, **_EVIDENCE}, "lean": _PLAIN}


def broken(store: pyoxigraph.Store, profile: str) -> Iterator[str]:
    """Yield what is wrong with an export in a store: the rule that it breaks, and where."""
    for name, pattern in RULES[profile].items():
        if found := things(store, f"{pattern} }} LIMIT {SHOWN}"):
            yield f"{name}: {', '.join(found)}"
    yield from unpaired(store)


def unpaired(store: pyoxigraph.Store) -> Iterator[str]:
    """Yield the properties of edges that have other numbers of triples and of statements."""
    for label, property_ in PROPERTIES.items():
        triples = count(store, f"?s {property_} ?o")
        statements = count(store, f"?e rdf:predicate {property_}")
        if triples != statements:
            yield f"{triples:,} triples {label} but {statements:,} statements of them"


def odd(quads: Iterable[pyoxigraph.Quad]) -> Iterator[str]:
    """Yield what no export has: blank nodes, and properties and classes that nobody defines.

    They are sought in all quads as they come, which a query would take far longer for.
    """
    known = {triple.subject for triple in ontology()}
    for names in (*DECLARED.values(), KNOWN):
        known |= {term(name) for name in names.split()}
    blank, terms = 0, set()
    for subject, predicate, object_, _ in quads:
        blank += isinstance(subject, BlankNode) or isinstance(object_, BlankNode)
        terms.add(object_ if predicate == TYPE else predicate)
    if blank:
        yield f"triples with a blank node: {blank:,}"
    yield from sorted(f"a term that no vocabulary has: {name}" for name in terms - known)


def missing(store: pyoxigraph.Store, folder: Path) -> Iterator[str]:
    """Yield the labels of which the export has another number than the graph."""
    made = files.manifest(folder)
    for section, terms in (("nodes", CLASSES), ("edges", PROPERTIES)):
        rows = {table.name: table.rows for table in made.of(section)}
        for label, name in terms.items():
            pattern = f"?x a {name}" if section == "nodes" else f"?x {name} ?o"
            if (found := count(store, pattern)) != rows.get(label, 0):
                yield f"{found:,} {label} where the graph has {rows.get(label, 0):,}"


def count(store: pyoxigraph.Store, pattern: str) -> int:
    """Count the solutions of a pattern."""
    found = _query(store, f"SELECT (COUNT(*) AS ?x) WHERE {{ {pattern} }}")
    return int(found[0].value)


def things(store: pyoxigraph.Store, rest: str) -> list[str]:
    """Give what ``?x`` may be in a pattern, of which the rest of the query is given."""
    return list(map(str, _query(store, f"SELECT DISTINCT ?x WHERE {{ {rest}")))


def _query(store: pyoxigraph.Store, query: str) -> list[Any]:
    rows: Any = store.query(_HEAD + query)
    return [row["x"] for row in rows]
