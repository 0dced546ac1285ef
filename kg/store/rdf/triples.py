"""The mapping: a row of the graph's files becomes triples.

Nothing is lost: each property of a node or an edge has its triples, an empty text and a zero have
theirs, and only null has none.  Lists are values of one property, in no order; one whose order or
repetitions these do not show (it is not sorted, or has a value twice) is told in full as JSON, by
``pl:listed``.
"""

import hashlib
import itertools
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from pyoxigraph import Literal, NamedNode, Triple

from extractors.schema import LABELS, RELATIONS
from kg.errors import KgError
from kg.records import Edge, Node
from kg.store.files import Manifest
from kg.store.rdf.iris import Iris, quoted
from kg.store.rdf.terms import (
    CLASSES,
    KIND_CLASSES,
    KNOWN,
    PROPERTIES,
    TYPE,
    integer,
    issued,
    number,
    offset,
    page,
    term,
)

Object = NamedNode | Literal
#: What is said of one thing.
Facts = Iterator[tuple[NamedNode, Object]]
#: A thing, and all that is said of it.
Described = tuple[NamedNode, tuple[tuple[NamedNode, Object], ...]]
#: Name of an entity -> its id, where no other has that name.
Names = Mapping[str, str]

#: Labels of the nodes that are no papers.
ENTITIES: Final = tuple(LABELS)
_RELATIONS: Final = frozenset(relation.upper() for relation in RELATIONS)
_LABEL: Final = term("rdfs:label")
_ID: Final = term("pl:id")
_TITLE: Final = term("dcterms:title")
_ABSTRACT: Final = term("dcterms:abstract")
_ISSUED: Final = term("dcterms:issued")
_IDENTIFIER: Final = term("dcterms:identifier")
_CREATOR: Final = term("dcterms:creator")
_PART: Final = term("dcterms:isPartOf")
_FORMAT: Final = term("dcterms:format")
_ARXIV: Final = term("fabio:hasArXivId")
_SAME: Final = term("owl:sameAs")
_URL: Final = term("schema:url")
_COMMENTS: Final = term("schema:commentCount")
_YEAR: Final = term("pl:year")
_AUTHORS: Final = term("pl:authorCount")
_ORGANIZATION: Final = term("pl:organization")
_VENUE: Final = term("pl:venue")
_SOURCE: Final = term("pl:source")
_LISTED: Final = term("pl:listed")
_PERSON: Final = term("foaf:Person")
_PERSON_NAME: Final = term("foaf:name")
_POSITION: Final = term("pl:position")
_SHA256: Final = term("pl:sha256")
_NAME: Final = term("skos:prefLabel")
_ALIAS: Final = term("skos:altLabel")
_SCHEME: Final = term("skos:inScheme")
_KIND: Final = term("pl:kind")
_PAPERS: Final = term("pl:paperCount")
_IDF: Final = term("pl:idf")
_FIRST_YEAR: Final = term("pl:firstYear")
_CONFIDENCE: Final = term("pl:confidence")
_MENTIONS: Final = term("pl:mentionCount")
_SUPPORT: Final = term("pl:support")
_WEIGHT: Final = term("pl:weight")
_SHARED: Final = term("pl:shared")
_SHARED_ENTITY: Final = term("pl:sharedEntity")
_EVIDENCE: Final = term("pl:evidence")
_SENTENCE: Final = term("pl:sentence")
_HAS_SOURCE: Final = term("oa:hasSource")
_START: Final = term("oa:start")
_END: Final = term("oa:end")
_EXACT: Final = term("oa:exact")
_TEXT: Final = term("pl:Text")
_GENERATED: Final = term("prov:wasGeneratedBy")
_ENTITY: Final = term("pl:Entity")
_EDGE: Final = term("pl:Edge")
_LINK: Final = term("pl:PaperLink")
_EVIDENCE_CLASS: Final = term("pl:Evidence")
_ACTIVITY: Final = term("prov:Activity")
_PARAMETERS: Final = term("pl:parameters")
_ASSOCIATED: Final = term("prov:wasAssociatedWith")
_AGENT: Final = term("prov:SoftwareAgent")
_SOFTWARE: Final = term("schema:SoftwareApplication")
_SOFTWARE_NAME: Final = term("schema:name")
_VERSION: Final = term("schema:softwareVersion")
_PLAIN: Final = Literal("text/plain")
_CONCEPTS: Final = Literal("Concepts of the graph")


@dataclass(frozen=True, slots=True)
class Context:
    """What a row does not say itself: how things are named, who found them, names of entities."""

    iris: Iris
    run: NamedNode
    names: Names


@dataclass(frozen=True, slots=True)
class Statement:
    """An edge: the triple, the name and class of the edge, what is said of it, its evidence.

    ``evidence`` has each one's name and what is said of it.
    """

    triple: Triple
    edge: NamedNode
    class_: NamedNode
    facts: tuple[tuple[NamedNode, Object], ...]
    evidence: tuple[Described, ...]


def about(subject: NamedNode, facts: Iterable[tuple[NamedNode, Object]]) -> list[Triple]:
    """Give facts as triples of a subject."""
    return [Triple(subject, predicate, object_) for predicate, object_ in facts]


# --- Nodes ----------------------------------------------------------------------------------------


def node(row: Node, context: Context) -> list[Triple]:
    """Give the triples of a paper or an entity itself."""
    if row.label == "Paper":
        return about(context.iris.paper(row.id), _paper(row, context))
    return about(context.iris.entity(row.id), _entity(row, context))


def authors(row: Node, context: Context) -> list[Triple]:
    """Give the triples of a paper's authors: each is a person of that paper alone."""
    names: Any = row.properties.get("authors") or ()
    made = []
    for position, name in enumerate(names, start=1):
        person = context.iris.person(row.id, position)
        made += [
            Triple(person, TYPE, _PERSON),
            Triple(person, _PERSON_NAME, Literal(name)),
            Triple(person, _POSITION, integer(position)),
        ]
    return made


def text(row: Node, context: Context) -> list[Triple]:
    """Give the triples of a paper's text, in which offsets count."""
    iri = context.iris.text(row.id)
    return [
        Triple(iri, TYPE, _TEXT),
        Triple(iri, _PART, context.iris.paper(row.id)),
        Triple(iri, _FORMAT, _PLAIN),
        Triple(iri, _SHA256, Literal(hashlib.sha256(read(row).encode()).hexdigest())),
    ]


def read(row: Node) -> str:
    """Give the text of a paper that was read, in which offsets count."""
    title, abstract = row.properties.get("title"), row.properties.get("abstract")
    return f"{title or ''}\n{abstract}" if abstract else str(title or "")


def _paper(row: Node, context: Context) -> Facts:
    known: Mapping[str, Any] = row.properties
    yield TYPE, CLASSES["Paper"]
    yield TYPE, KNOWN["Paper"]
    yield _ID, Literal(row.id)
    yield _LABEL, Literal(_shown(known.get("title"), row.id))
    yield from _texts(known, {"title": _TITLE, "abstract": _ABSTRACT})
    if known.get("published") is not None:
        yield _ISSUED, issued(known["published"])
    yield from _whole(known, {"year": _YEAR, "author_count": _AUTHORS, "comments": _COMMENTS})
    yield from _texts(known, {"organization": _ORGANIZATION, "venue": _VENUE})
    if known.get("url") is not None:
        yield _URL, page(known["url"])
    yield from _values(_IDENTIFIER, known.get("ids"))
    yield from _values(_SOURCE, known.get("sources"))
    for id_ in dict.fromkeys(known.get("ids") or ()):
        yield from _elsewhere(id_)
    for position, _ in enumerate(known.get("authors") or (), start=1):
        yield _CREATOR, context.iris.person(row.id, position)
    yield from _listed(ids=known.get("ids"), sources=known.get("sources"))


def _elsewhere(id_: str) -> Facts:
    """Give what else a paper is called: its arXiv number, its DOI as a resource."""
    scheme, _, rest = id_.partition(":")
    if scheme == "arxiv":
        yield _ARXIV, Literal(rest)
        yield _SAME, NamedNode(f"https://doi.org/10.48550/arxiv.{quoted(rest, '/')}")
    elif scheme == "doi":
        yield _SAME, NamedNode(f"https://doi.org/{quoted(rest, '/:;()')}")


def _entity(row: Node, context: Context) -> Facts:
    known: Mapping[str, Any] = row.properties
    kind, name = known.get("kind"), known.get("name")
    aliases = known.get("aliases") or ()
    yield TYPE, CLASSES[row.label]
    yield TYPE, _ENTITY
    if row.label in KNOWN:
        yield TYPE, KNOWN[row.label]
    if kind in KIND_CLASSES:
        yield TYPE, KIND_CLASSES[kind]
    yield _ID, Literal(row.id)
    yield _LABEL, Literal(_shown(name, row.id))
    yield from _texts(known, {"name": _NAME, "kind": _KIND})
    # SKOS forbids that a label is both.
    yield from _values(_ALIAS, [alias for alias in aliases if alias != name])
    if row.label == "Concept":
        yield _SCHEME, context.iris.concepts()
    yield from _whole(known, {"papers": _PAPERS, "first_year": _FIRST_YEAR})
    yield from _numbers(known, {"idf": _IDF})
    yield from _listed({"aliases"} if name in aliases else (), aliases=aliases)


def _shown(name: str | None, id_: str) -> str:
    """Give a label, which must show something."""
    return " ".join((name or "").split()) or id_


# --- Edges ----------------------------------------------------------------------------------------


def edge(row: Edge, context: Context) -> Statement:
    """Give an edge in parts, which the profiles put together each in its way."""
    iris = context.iris
    evidence: tuple[Described, ...] = ()
    if row.label == "RELATED_TO":
        ends = iris.paper(row.source), iris.paper(row.target)
        class_, facts = _LINK, tuple(_link(row, context))
    elif row.label in _RELATIONS:
        ends = iris.entity(row.source), iris.entity(row.target)
        class_, facts = _EDGE, tuple(_scored(row))
        evidence = tuple(_stated(row, context))
    else:
        ends = iris.paper(row.source), iris.entity(row.target)
        class_, facts = _EDGE, tuple(_scored(row))
        evidence = tuple(_mentions(row, context))
    return Statement(
        triple=Triple(ends[0], PROPERTIES[row.label], ends[1]),
        edge=iris.edge(row.source, row.label, row.target),
        class_=class_,
        facts=facts,
        evidence=evidence,
    )


def _scored(row: Edge) -> Facts:
    yield from _numbers(row.properties, {"score": _CONFIDENCE})
    yield from _whole(row.properties, {"mentions": _MENTIONS, "support": _SUPPORT})


def _link(row: Edge, context: Context) -> Facts:
    shared: Sequence[str] = row.properties.get("shared") or ()  # type: ignore[assignment]
    yield from _numbers(row.properties, {"weight": _WEIGHT})
    yield from _values(_SHARED, shared)
    for name in dict.fromkeys(shared):
        if name in context.names:
            yield _SHARED_ENTITY, context.iris.entity(context.names[name])
    yield from _listed(shared=shared)


def _mentions(row: Edge, context: Context) -> Iterator[Described]:
    found = _parallel(row, "starts", "ends", "forms", "sentences")
    text = context.iris.text(row.source)
    ordered = _ascending([item[:2] for item in found])
    for position, (name, item) in enumerate(_named(row, found, context.iris), start=1):
        start, end, form, sentence = item
        facts: list[tuple[NamedNode, Object]] = [
            (TYPE, _EVIDENCE_CLASS),
            (_HAS_SOURCE, text),
            (_START, offset(start)),
            (_END, offset(end)),
            (_EXACT, Literal(form)),
            (_SENTENCE, Literal(sentence)),
            (_GENERATED, context.run),
        ]
        yield name, tuple(facts if ordered else [*facts, (_POSITION, integer(position))])


def _stated(row: Edge, context: Context) -> Iterator[Described]:
    found = _parallel(row, "papers", "sentences")
    ordered = _ascending([item[:1] for item in found])
    for position, (name, item) in enumerate(_named(row, found, context.iris), start=1):
        paper, sentence = item
        facts: list[tuple[NamedNode, Object]] = [
            (TYPE, _EVIDENCE_CLASS),
            (_HAS_SOURCE, context.iris.text(paper)),
            (_SENTENCE, Literal(sentence)),
            (_GENERATED, context.run),
        ]
        yield name, tuple(facts if ordered else [*facts, (_POSITION, integer(position))])


def _parallel(row: Edge, *names: str) -> list[tuple[Any, ...]]:
    lists: list[Any] = [row.properties.get(name) or () for name in names]
    if len({len(values) for values in lists}) > 1:
        raise KgError(
            f"{row.label} {row.source} -> {row.target}: {', '.join(names)} differ in length",
            remedy="Build the graph again: kg build INPUT... --out GRAPH",
        )
    return list(zip(*lists, strict=True))


def _ascending(keys: Sequence[tuple[Any, ...]]) -> bool:
    return all(a < b for a, b in itertools.pairwise(keys))


def _named(
    row: Edge, found: Sequence[tuple[Any, ...]], iris: Iris
) -> Iterator[tuple[NamedNode, tuple[Any, ...]]]:
    """Name each evidence by its edge and content; what comes again is counted."""
    met: Counter[tuple[Any, ...]] = Counter()
    for item in found:
        again = (str(met[item]),) if met[item] else ()
        met[item] += 1
        yield iris.evidence(row.source, row.label, row.target, *map(str, item), *again), item


# --- Provenance -----------------------------------------------------------------------------------


def parameters(made: Manifest) -> str:
    """Give the parameters of a graph as JSON."""
    return _json(made.parameters)


def context(made: Manifest, iris: Iris, names: Names) -> Context:
    """Give what the rows of a graph have in common."""
    return Context(iris, iris.run(made.extractor, parameters(made)), names)


def provenance(made: Manifest, context: Context) -> list[Triple]:
    """Give what made the graph: the run, and the extractor with its version."""
    run = context.run
    facts = [Triple(run, TYPE, _ACTIVITY), Triple(run, _PARAMETERS, Literal(parameters(made)))]
    if made.extractor:
        name, version = agent(made.extractor)
        iri = context.iris.extractor(name, version)
        facts += [
            Triple(run, _ASSOCIATED, iri),
            Triple(iri, TYPE, _AGENT),
            Triple(iri, TYPE, _SOFTWARE),
            Triple(iri, _LABEL, Literal(made.extractor)),
            Triple(iri, _SOFTWARE_NAME, Literal(name)),
            Triple(iri, _VERSION, Literal(version)),
        ]
    return facts


def agent(by: str) -> tuple[str, str]:
    """Give the name and version of an extractor.

    >>> agent("paperlattice-base 1"), agent("mine")
    (('paperlattice-base', '1'), ('mine', 'unknown'))
    """
    name, blank, version = by.rpartition(" ")
    return (name, version) if blank else (by, "unknown")


def scheme(context: Context) -> list[Triple]:
    """Give the scheme that all concepts are in."""
    iri = context.iris.concepts()
    return [Triple(iri, TYPE, term("skos:ConceptScheme")), Triple(iri, _LABEL, _CONCEPTS)]


# --- Values ---------------------------------------------------------------------------------------


def _texts(known: Mapping[str, Any], properties: Mapping[str, NamedNode]) -> Facts:
    for name, predicate in properties.items():
        if known.get(name) is not None:
            yield predicate, Literal(known[name])


def _whole(known: Mapping[str, Any], properties: Mapping[str, NamedNode]) -> Facts:
    for name, predicate in properties.items():
        if known.get(name) is not None:
            yield predicate, integer(known[name])


def _numbers(known: Mapping[str, Any], properties: Mapping[str, NamedNode]) -> Facts:
    for name, predicate in properties.items():
        if known.get(name) is not None:
            yield predicate, number(known[name])


def _values(predicate: NamedNode, values: Sequence[str] | None) -> Facts:
    for value in dict.fromkeys(values or ()):
        yield predicate, Literal(value)


def _listed(also: Any = (), /, **lists: Sequence[str] | None) -> Facts:
    """Tell in full the lists that are not sorted or have a value twice, and those in ``also``."""
    odd = {
        name: list(values)
        for name, values in lists.items()
        if values and (name in also or list(values) != sorted(set(values)))
    }
    if odd:
        yield _LISTED, Literal(_json(odd))


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
