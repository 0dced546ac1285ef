"""The graph as RDF: lossless, the same bytes, valid for every tool, and faults found."""

# What breaks an export is read best on one line.
# ruff: noqa: E501

import functools
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from importlib.resources import files as resources
from pathlib import Path
from typing import Any, Final

import golden_graph
import pyoxigraph as ox
import pytest
import rdf_graph
from click.testing import CliRunner
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import kg
from extractors.schema import KINDS, LABELS, RELATIONS, ROLES
from kg.cli import cli
from kg.errors import KgError
from kg.records import EDGES, NODES, Edge, Node
from kg.store import files, formats
from kg.store.rdf import description, dump, memory, profiles, restoration, rules, terms
from kg.store.rdf.iris import Iris, entity_path, paper_path
from kg.store.rdf.terms import term

FORMS: Final = [*formats.RDF]


@pytest.fixture(scope="module")
def golden(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The graph of hostile names."""
    folder = tmp_path_factory.mktemp("golden")
    golden_graph.write(folder)
    return folder


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The graph whose texts and offsets agree."""
    folder = tmp_path_factory.mktemp("tiny")
    rdf_graph.write(folder)
    return folder


def exported(graph: Path, out: Path, **plan: Any) -> Path:
    """Export a graph by the name of the file."""
    dump.export(graph, out, dump.Plan(formats.named(out), packed=formats.packed(out), **plan))
    return out


def parsed(path: Path) -> set[ox.Triple]:
    """The triples of a file, by Oxigraph."""
    return {quad.triple for quad in ox.parse(path=path, format=dump.FORMATS[formats.named(path)])}


def tables(graph: Path) -> list[tuple[str, str]]:
    """The tables of nodes and edges, which are named by their content."""
    made = files.manifest(graph)
    return sorted((table.section, table.path) for table in (*made.of("nodes"), *made.of("edges")))


def restored(path: Path) -> list[tuple[str, str]]:
    """The tables of the graph that an export gives."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "back"
        restoration.restore(path, folder, form=formats.named(path), packed=formats.packed(path))
        return tables(folder)


# --- The ontology ---------------------------------------------------------------------------------


def test_the_ontology_defines_what_the_schema_names() -> None:
    defined = {triple.subject for triple in profiles.ontology() if triple.predicate == terms.TYPE}
    named = {*terms.CLASSES.values(), *terms.PROPERTIES.values(), *terms.KIND_CLASSES.values()}
    assert named <= defined
    assert set(terms.CLASSES) == set(NODES) == {"Paper", *LABELS}
    assert set(terms.PROPERTIES) == set(EDGES)
    assert set(terms.KIND_CLASSES) == set(KINDS)
    parents = {
        (t.subject, t.object)
        for t in profiles.ontology()
        if t.predicate in (term("rdfs:subPropertyOf"), term("rdfs:subClassOf"))
    }
    for names, parent in ((ROLES, "pl:isAbout"), (RELATIONS, "pl:relation")):
        for name in names:
            assert (terms.PROPERTIES[name.upper()], term(parent)) in parents
    for label in LABELS:
        assert (terms.CLASSES[label], term("pl:Entity")) in parents


def test_each_term_is_labelled_and_explained() -> None:
    ours = {
        t.subject for t in profiles.ontology() if str(t.subject).startswith(f"<{terms.ONTOLOGY}")
    }
    for name in ours:
        said = {t.predicate for t in profiles.ontology() if t.subject == name}
        assert {term("rdfs:label"), term("rdfs:comment")} <= said, name


def test_each_term_of_ours_is_in_use(built: Path, golden: Path, tmp_path: Path) -> None:
    used: set[Any] = {term(f"pl:{name}") for name in ("isAbout", "relation")}
    used |= {*terms.CLASSES.values(), *terms.KIND_CLASSES.values(), *terms.PROPERTIES.values()}
    for number, graph in enumerate((built, golden)):
        triples = parsed(exported(graph, tmp_path / f"{number}.nt"))
        used |= {t.predicate for t in triples} | {t.object for t in triples}
    ours = {
        t.subject for t in profiles.ontology() if str(t.subject).startswith(f"<{terms.ONTOLOGY}")
    }
    # What is out of order in no graph here is tested with odd ones below.
    assert ours - used <= {term(f"pl:{name}") for name in ("venue", "organization")}


def test_local_names_are_unique() -> None:
    # Tools such as n10s can leave the namespaces out.
    known = {t.subject.value for t in profiles.ontology() if isinstance(t.subject, ox.NamedNode)}
    known |= {term(name).value for names in profiles.DECLARED.values() for name in names.split()}
    known -= {terms.ONTOLOGY.rstrip("#")}
    local = [re.split("[/#]", name)[-1] for name in known]
    twice = {name for name in local if local.count(name) > 1}
    # Ours and the well-known class, on the same nodes; prov:Entity and ours, which are not written.
    assert twice == {"Dataset", "Concept", "Entity", "name"}


def test_terms_of_others_are_as_their_vocabularies_spell_them() -> None:
    import rdflib

    closed = {
        "dcterms": rdflib.DCTERMS,
        "foaf": rdflib.FOAF,
        "owl": rdflib.OWL,
        "prov": rdflib.PROV,
        "rdf": rdflib.RDF,
        "rdfs": rdflib.RDFS,
        "skos": rdflib.SKOS,
    }
    names = " ".join((*profiles.DECLARED.values(), rules.KNOWN)).split()
    assert {name.partition(":")[0] for name in names} >= {*closed} - {"owl"}
    for name in names:
        prefix, _, local = name.partition(":")
        if prefix in closed:
            assert rdflib.URIRef(term(name).value) in closed[prefix], name
            assert str(closed[prefix]) + local == term(name).value


# --- Names ----------------------------------------------------------------------------------------


@given(st.sets(st.text(st.characters(exclude_categories=["Cs"])), min_size=2, max_size=8))
def test_names_differ_and_are_valid(ids: set[str]) -> None:
    iris = Iris()
    papers, entities = {paper_path(i) for i in ids}, {entity_path(i) for i in ids}
    assert len(papers) == len(entities) == len(ids)
    made = [name(i).value for i in ids for name in (iris.paper, iris.entity, iris.text)]
    assert len(set(made)) == 3 * len(ids)
    for name in made:
        assert re.fullmatch(r"[A-Za-z0-9:/._~%#-]+", name)
        assert not re.search(r"/\.{1,2}(/|$)", name)


@pytest.mark.parametrize(
    "base", ["id/", "https://example.org/x", "http://a b/", "https://exämple/", ""]
)
def test_a_base_must_be_an_iri(base: str) -> None:
    with pytest.raises(KgError, match="--base-iri"):
        Iris(base)


# --- There and back -------------------------------------------------------------------------------


@pytest.mark.parametrize("form", FORMS)
def test_a_graph_comes_back(built: Path, tmp_path: Path, form: str) -> None:
    assert restored(exported(built, tmp_path / f"graph.{form}")) == tables(built)


def test_hostile_names_come_back(golden: Path, tmp_path: Path) -> None:
    for form in FORMS:
        assert restored(exported(golden, tmp_path / f"graph.{form}.gz")) == tables(golden)


def test_what_was_read_comes_back(built: Path, tmp_path: Path) -> None:
    out = exported(built, tmp_path / "graph.ttl")
    made = restoration.restore(out, tmp_path / "back", form="ttl")
    was = files.manifest(built)
    assert [table.path for table in made.of("papers")] == [t.path for t in was.of("papers")]
    assert (made.extractor, made.parameters, made.digest) == (
        was.extractor,
        was.parameters,
        was.digest,
    )
    with kg.open(tmp_path / "back") as back, kg.open(built) as graph:
        assert back.stats() == graph.stats()


def test_the_order_of_triples_does_not_count(built: Path, tmp_path: Path) -> None:
    out = exported(built, tmp_path / "graph.nt")
    lines = out.read_bytes().splitlines(keepends=True)
    (tmp_path / "other.nt").write_bytes(b"".join(sorted(lines, key=hash)))
    assert restored(tmp_path / "other.nt") == tables(built)


#: Any text that a Parquet table can hold.
TEXT: Final = st.text(st.characters(exclude_categories=["Cs"]), max_size=12) | st.sampled_from(
    [
        "",
        "0",
        " a ",
        "a \"b\" 'c'",
        "a\\nb\\",
        "a\r\nb\tc\n",
        "<>{}|^`",
        "\u202eabc\u200f",
        "🦕é",
        "]]>",
        "&amp;",
        "@en",
        "_:b",
    ]
)
NUMBER: Final = st.floats(allow_nan=False) | st.sampled_from(
    [float("nan"), 0.0, -0.0, 1e-300, 5e-324, 1.7e308, 0.1, 1e16]
)
WHOLE: Final = st.integers(-(2**63), 2**63 - 1) | st.just(0)
VALUES: Final = {
    "string": st.none() | TEXT,
    "int": st.none() | WHOLE,
    "float": st.none() | NUMBER,
    "strings": st.lists(TEXT, max_size=3).map(tuple),
    "ints": st.nothing(),
}
PUBLISHED: Final = (
    st.none()
    | st.dates().map(str)
    | st.sampled_from(["2024", "2024-02", "2024-02-30", "0000", "x"])
)
URLS: Final = (
    st.none()
    | TEXT
    | st.sampled_from(["https://a.org/b?c=d#e", "http://a/../b", "https://ü.org/", "http://[x"])
)


@st.composite
def graphs(draw: st.DrawFn) -> tuple[list[Node], list[Edge]]:
    """A graph of any texts and numbers, of two papers and two entities."""
    ids = draw(st.lists(TEXT, min_size=4, max_size=4, unique=True))
    papers, entities = sorted(ids[:2]), sorted(ids[2:])
    nodes = [Node(i, "Concept", _drawn(draw, NODES["Concept"])) for i in entities]
    for id_ in papers:
        known = _drawn(draw, NODES["Paper"])
        nodes.append(Node(id_, "Paper", {**known, "published": draw(PUBLISHED), "url": draw(URLS)}))
    edges = []
    for label in sorted(EDGES):
        sources = papers if "starts" in EDGES[label] or label == "RELATED_TO" else entities
        ends = (sources[0], papers[1] if label == "RELATED_TO" else entities[1])
        lists = [name for name in EDGES[label] if name in restoration.PARALLEL]
        known = _drawn(draw, {k: v for k, v in EDGES[label].items() if k not in lists})
        rows = draw(st.lists(st.tuples(*(_item(name, papers) for name in lists)), max_size=3))
        known |= {name: tuple(row[i] for row in rows) for i, name in enumerate(lists)}
        edges.append(Edge(ends[0], label, ends[1], known))
    return nodes, edges


def _drawn(draw: st.DrawFn, types: dict[str, Any]) -> dict[str, Any]:
    return {name: draw(VALUES[type_]) for name, type_ in types.items()}


def _item(name: str, papers: list[str]) -> st.SearchStrategy[Any]:
    if name == "papers":
        return st.sampled_from(papers)
    return st.integers(-1, 3) if name in ("starts", "ends") else TEXT


@given(graphs())
@settings(max_examples=12, suppress_health_check=list(HealthCheck))
def test_any_graph_comes_back(made: tuple[list[Node], list[Edge]]) -> None:
    with tempfile.TemporaryDirectory() as place:
        graph, written = Path(place) / "graph", set()
        rows = (*files.write_nodes(graph, made[0]), *files.write_edges(graph, made[1]))
        files.commit(graph, files.Manifest(rows, extractor="any 1"))
        for form in FORMS:
            out = Path(place) / f"graph.{form}"
            try:
                exported(graph, out)
            except KgError as error:
                assert form == "rdf" and "XML has no way to write" in str(error)
                continue
            assert restored(out) == tables(graph), form
            written.add(frozenset(map(str, parsed(out))))
        assert len(written) == 1


def test_lists_that_do_not_fit_are_told(tmp_path: Path) -> None:
    odd = {"forms": ("a", "b"), "starts": (1,), "ends": (2,), "sentences": ("a",)}
    node = Node("arxiv:1", "Paper", {"title": "a"})
    rows = (
        *files.write_nodes(tmp_path, [node]),
        *files.write_edges(tmp_path, [Edge("arxiv:1", "USES", "method:a", odd)]),
    )
    files.commit(tmp_path, files.Manifest(rows))
    with pytest.raises(KgError, match="differ in length"):
        exported(tmp_path, tmp_path / "graph.ttl")
    assert not [path for path in tmp_path.iterdir() if path.is_file() and path.suffix != ".json"]


# --- Bytes ----------------------------------------------------------------------------------------


def test_the_same_graph_has_the_same_bytes(built: Path, tmp_path: Path) -> None:
    for name in ("graph.ttl", "graph.nt.gz", "graph.jsonld"):
        first = exported(built, tmp_path / name).read_bytes()
        assert exported(built, tmp_path / name).read_bytes() == first


def test_a_changed_paper_changes_its_lines_only(tiny: Path, tmp_path: Path) -> None:
    rdf_graph.write(tmp_path / "other", second="Maps by BetaNet, again")
    was, now = (
        set(exported(graph, tmp_path / f"{graph.name}.nt").read_text().splitlines())
        for graph in (tiny, tmp_path / "other")
    )
    changed = {line.split()[0] for line in was ^ now}
    iris = Iris()
    assert changed == {str(iris.paper(rdf_graph.TWO)), str(iris.text(rdf_graph.TWO))}


def test_zero_and_empty_are_written(tmp_path: Path) -> None:
    known = {"name": "", "papers": 0, "idf": 0.0, "aliases": ("",)}
    files.commit(
        tmp_path, files.Manifest(files.write_nodes(tmp_path, [Node("method:", "Method", known)]))
    )
    out = exported(tmp_path, tmp_path / "graph.nt")
    said = {str(t.predicate): t.object for t in parsed(out) if str(t.subject).endswith("method/>")}
    assert said[str(term("pl:paperCount"))].value == "0"  # type: ignore[union-attr]
    assert said[str(term("pl:idf"))].value == "0.0"  # type: ignore[union-attr]
    assert said[str(term("skos:prefLabel"))].value == ""  # type: ignore[union-attr]
    assert restored(out) == tables(tmp_path)


# --- Other parsers --------------------------------------------------------------------------------


@pytest.fixture
def exact() -> Iterator[None]:
    """Have rdflib leave values as they are written."""
    import rdflib

    rdflib.NORMALIZE_LITERALS = False
    yield
    rdflib.NORMALIZE_LITERALS = True


# Warnings of rdflib at itself.
@pytest.mark.filterwarnings("ignore:.*is deprecated, use Dataset:DeprecationWarning")
@pytest.mark.parametrize("form", FORMS)
def test_rdflib_reads_the_same(golden: Path, tmp_path: Path, form: str, exact: None) -> None:
    import rdflib

    out = exported(golden, tmp_path / f"graph.{form}")
    names = {"ttl": "turtle", "jsonld": "json-ld", "nq": "nquads", "rdf": "xml"}
    found = rdflib.Dataset(default_union=True)
    found.parse(out, format=names.get(form, form))
    canonical = ox.parse(
        b"".join(f"{s.n3()} {p.n3()} {o.n3()} .\n".encode() for s, p, o, _ in found.quads()),
        format=ox.RdfFormat.TURTLE,
    )
    assert {quad.triple for quad in canonical} == parsed(out)


def test_rdflib_in_memory_has_the_same(golden: Path, tmp_path: Path) -> None:
    with kg.open(golden) as graph:
        made = graph.to_rdflib()
    lines = made.serialize(format="nt").encode()
    found = {quad.triple for quad in ox.parse(lines, format=ox.RdfFormat.N_TRIPLES)}
    assert found == parsed(exported(golden, tmp_path / "graph.nt"))
    with pytest.raises(KgError, match="no profile star"):
        memory.graph(golden, profile="star")


@pytest.mark.parametrize(
    "tool",
    [
        *(["rapper", "-q", "-o", "ntriples", "-i", i] for i in ("turtle", "ntriples", "rdfxml")),
        *(["serdi", "-q", "-o", "ntriples", "-i", i] for i in ("turtle", "ntriples", "trig")),
    ],
    ids=lambda tool: f"{tool[0]} {tool[-1]}",
)
def test_other_tools_read_the_same(golden: Path, tmp_path: Path, tool: list[str]) -> None:
    if not shutil.which(tool[0]):
        pytest.skip(f"{tool[0]} is not installed (Debian: raptor2-utils, serdi)")
    form = {"turtle": "ttl", "ntriples": "nt", "rdfxml": "rdf", "trig": "trig"}[tool[-1]]
    out = exported(golden, tmp_path / f"graph.{form}")
    read = subprocess.run([*tool, out], capture_output=True, check=True)
    assert not read.stderr
    assert {q.triple for q in ox.parse(read.stdout, format=ox.RdfFormat.N_TRIPLES)} == parsed(out)


# --- Profiles -------------------------------------------------------------------------------------


def test_profiles_have_the_same_names(tiny: Path, tmp_path: Path) -> None:
    whole, lean, owl, more = (
        parsed(exported(tiny, tmp_path / f"{profile}.ttl", profile=profile))
        for profile in ("rdf11", "lean", "owl", "rdf12")
    )
    assert lean < whole
    assert not {t for t in lean if t.predicate in (term("pl:sentence"), term("pl:evidence"))}
    statements = {t.subject for t in whole if t.object == term("rdf:Statement")}
    assert {t.subject for t in owl if t.object == term("owl:Axiom")} == statements
    assert {t.subject for t in more} == statements
    assert {t.object for t in more} <= whole
    # Everything else of the graph is in the profile for OWL as it is.
    assert not {t for t in whole - owl if t.subject not in statements}


def test_star_says_of_quoted_triples_what_statements_say(tiny: Path, tmp_path: Path) -> None:
    lines = exported(tiny, tmp_path / "graph.nt", profile="star").read_text("utf-8").splitlines()
    plain = [line for line in lines if not line.startswith("<<")]
    (tmp_path / "plain.nt").write_text("\n".join(plain), "utf-8")
    whole = parsed(exported(tiny, tmp_path / "whole.nt"))
    statements = {t.subject for t in whole if t.object == term("rdf:Statement")}
    assert parsed(tmp_path / "plain.nt") == {t for t in whole if t.subject not in statements}
    said = {t for t in whole if t.subject in statements and not _structure(t)}
    assert len(lines) - len(plain) == len(said)
    quoted = re.compile(r"<< (<\S+> <\S+> <\S+>) >> <\S+> .+ \.")
    assert {found[1] for line in lines if (found := quoted.fullmatch(line))} == {
        str(t) for t in whole if t.predicate in terms.PROPERTIES.values()
    }


def _structure(triple: ox.Triple) -> bool:
    return triple.predicate in map(term, ("rdf:type", "rdf:subject", "rdf:predicate", "rdf:object"))


def test_owl_declares_all_that_it_uses(built: Path, tmp_path: Path) -> None:
    triples = parsed(exported(built, tmp_path / "graph.owl", profile="owl"))
    declared = {t.subject for t in triples if str(t.object).startswith(f"<{terms.PREFIXES['owl']}")}
    own = {terms.TYPE, *map(term, ("rdfs:label", "rdfs:comment", "rdfs:range", "rdfs:domain"))}
    own |= set(map(term, ("rdfs:subClassOf", "rdfs:subPropertyOf", "owl:sameAs")))
    own |= {term(f"owl:annotated{part}") for part in ("Source", "Property", "Target")}
    assert {t.predicate for t in triples} - declared - own == set()
    # One kind of property each, as OWL 2 DL wants it.
    kinds = [
        t.subject
        for t in triples
        if str(t.object).endswith("Property>")
        and t.predicate == terms.TYPE
        and "Symmetric" not in str(t.object)
    ]
    assert len(kinds) == len(set(kinds))


@pytest.mark.parametrize(("profile", "form"), [("rdf12", "jsonld"), ("star", "rdf")])
def test_what_a_format_cannot_say_is_told(profile: str, form: str) -> None:
    with pytest.raises(KgError, match="cannot be written as"):
        dump.Plan(form, profile)


# --- Rules and shapes -----------------------------------------------------------------------------

P, E = (
    str(Iris().paper(rdf_graph.ONE)),
    str(Iris().edge(rdf_graph.ONE, "INTRODUCES", rdf_graph.NET)),
)
NET = str(Iris().entity(rdf_graph.NET))
V = "?v oa:start 0; oa:exact 'AlphaNet'"
LINK = str(Iris().edge(rdf_graph.ONE, "RELATED_TO", rdf_graph.TWO))

#: What is done to the export of the tiny graph, in SPARQL; each must be noticed by rules and shapes.
FAULTS: Final = {
    "the triple of a statement gone": f"DELETE DATA {{ {P} pl:introduces {NET} }}",
    "a triple without statement": f"INSERT DATA {{ {P} pl:uses {NET} }}",
    "an edge without its class": f"DELETE DATA {{ {E} a pl:Edge }}",
    "a statement that is none": f"DELETE DATA {{ {E} a rdf:Statement }}",
    "two subjects": f"INSERT DATA {{ {E} rdf:subject {NET} }}",
    "confidence above one": f"DELETE {{ {E} pl:confidence ?c }} INSERT {{ {E} pl:confidence 1.5 }} WHERE {{ {E} pl:confidence ?c }}",
    "confidence as double": f"DELETE {{ {E} pl:confidence ?c }} INSERT {{ {E} pl:confidence 5e-1 }} WHERE {{ {E} pl:confidence ?c }}",
    "no confidence": f"DELETE WHERE {{ {E} pl:confidence ?c }}",
    "end shifted": f"DELETE {{ ?v oa:end ?e }} INSERT {{ ?v oa:end '9'^^xsd:nonNegativeInteger }} WHERE {{ {V}; oa:end ?e }}",
    "start after end": f"DELETE {{ ?v oa:start ?e }} INSERT {{ ?v oa:start '50'^^xsd:nonNegativeInteger }} WHERE {{ {V}; oa:start ?e }}",
    "other words": f"DELETE {{ ?v oa:exact ?e }} INSERT {{ ?v oa:exact 'AlphaNot' }} WHERE {{ {V}; oa:exact ?e }}",
    "no offsets": f"DELETE {{ ?v oa:start ?s; oa:end ?e; oa:exact ?x }} WHERE {{ {V}; oa:start ?s; oa:end ?e; oa:exact ?x }}",
    "another sentence": f"DELETE {{ ?v pl:sentence ?s }} INSERT {{ ?v pl:sentence 'No.' }} WHERE {{ {V}; pl:sentence ?s }}",
    "evidence of no edge": f"DELETE WHERE {{ {E} pl:evidence ?v }}",
    "one evidence less": f"DELETE {{ {E} pl:evidence ?v }} WHERE {{ {E} pl:evidence ?v . {V} }}",
    "evidence without a run": f"DELETE {{ ?v prov:wasGeneratedBy ?r }} WHERE {{ {V}; prov:wasGeneratedBy ?r }}",
    "evidence from no text": f"DELETE {{ ?v oa:hasSource ?r }} WHERE {{ {V}; oa:hasSource ?r }}",
    "a text of no paper": f"DELETE WHERE {{ ?t dcterms:isPartOf {P} }}",
    "no version": "DELETE WHERE { ?a schema:softwareVersion ?v }",
    "no extractor": "DELETE WHERE { ?a prov:wasAssociatedWith ?v }",
    "two labels": f"INSERT DATA {{ {P} rdfs:label 'x' }}",
    "an empty label": f"DELETE {{ {P} rdfs:label ?l }} INSERT {{ {P} rdfs:label '' }} WHERE {{ {P} rdfs:label ?l }}",
    "no title": f"DELETE WHERE {{ {P} dcterms:title ?l }}",
    "no id": f"DELETE WHERE {{ {NET} pl:id ?l }}",
    "an entity gone": f"DELETE WHERE {{ {NET} ?p ?o }}",
    "a property of nobody": f"DELETE {{ {E} rdf:predicate ?p }} INSERT {{ {E} rdf:predicate pl:foo . {P} pl:foo {NET} }} WHERE {{ {E} rdf:predicate ?p }}",
    "an odd arXiv number": f"DELETE {{ {P} fabio:hasArXivId ?l }} INSERT {{ {P} fabio:hasArXivId '2411.1' }} WHERE {{ {P} fabio:hasArXivId ?l }}",
    "a date as text": f"DELETE {{ {P} dcterms:issued ?l }} INSERT {{ {P} dcterms:issued '2024-11' }} WHERE {{ {P} dcterms:issued ?l }}",
    "an alias that is the name": f"INSERT DATA {{ {NET} skos:altLabel 'AlphaNet' }}",
    "an entity that is none": f"DELETE DATA {{ {NET} a pl:Entity }}",
    "an entity of no label": f"DELETE DATA {{ {NET} a pl:Method }}",
    "an entity of two labels": f"INSERT DATA {{ {NET} a pl:Dataset, schema:Dataset }}",
    "a concept of no kind": "DELETE WHERE { ?c pl:kind ?k }",
    "a concept outside": "DELETE WHERE { ?c skos:inScheme ?k }",
    "an author without name": "DELETE WHERE { ?c foaf:name ?k }",
    "no weight": "DELETE WHERE { ?c pl:weight ?k }",
    "nothing shared": "DELETE WHERE { ?c pl:shared ?k }",
    "a shared entity gone": f"DELETE {{ {LINK} pl:sharedEntity ?e }} INSERT {{ {LINK} pl:sharedEntity pl:foo }} WHERE {{ {LINK} pl:sharedEntity ?e }}",
}
#: What only the rules notice: SHACL would need the schema, hashes or counts.
RULES_ONLY: Final = {
    "another abstract": f"DELETE {{ {P} dcterms:abstract ?l }} INSERT {{ {P} dcterms:abstract ?m }} WHERE {{ {P} dcterms:abstract ?l BIND(CONCAT(?l, ' More.') AS ?m) }}",
    "a blank node": f"INSERT DATA {{ {P} dcterms:creator [ a foaf:Person; foaf:name 'x'; pl:position 3 ] }}",
    "an unknown property": f"INSERT DATA {{ {P} pl:foo 1 }}",
    "an unknown class": f"INSERT DATA {{ {P} a pl:Foo }}",
    "one mention less": f"DELETE {{ {E} pl:mentionCount 2 }} INSERT {{ {E} pl:mentionCount 1 }} WHERE {{}}",
    "ends that may not join": f"INSERT DATA {{ {NET} pl:measures {NET} . <x:e> a pl:Edge, rdf:Statement; rdf:subject {NET}; rdf:predicate pl:measures; rdf:object {NET}; pl:confidence 0.5; pl:support 1; pl:evidence <x:v> . <x:v> a pl:Evidence; pl:sentence 'AlphaNet' }}",
    "a shared entity that one lacks": f"INSERT DATA {{ {LINK} pl:sharedEntity {NET} }}",
    "a paper gone": "DELETE WHERE { ?p a pl:Paper }",
}
HEAD: Final = "".join(f"PREFIX {name}: <{iri}>\n" for name, iri in terms.PREFIXES.items())


def faults(store: ox.Store, graph: Path) -> list[str]:
    """What the rules say of an export in a store."""
    return [*rules.broken(store, "rdf11"), *rules.missing(store, graph), *rules.odd(store)]


@pytest.fixture
def store(tiny: Path) -> ox.Store:
    """The export of the tiny graph, to be broken."""
    made = ox.Store()
    made.extend(ox.Quad(*triple) for triple in profiles.rdf11(tiny, Iris()))
    return made


def test_the_rules_hold(store: ox.Store, tiny: Path, built: Path, tmp_path: Path) -> None:
    assert faults(store, tiny) == []
    for profile in rules.RULES:
        for name in ("graph.ttl", "graph.nt.gz"):
            plan = dump.Plan(formats.named(Path(name)), profile, packed=name.endswith("gz"))
            assert dump.export(built, tmp_path / name, plan, check=True)


@pytest.mark.parametrize("fault", [*FAULTS, *RULES_ONLY])
def test_the_rules_notice(store: ox.Store, tiny: Path, fault: str) -> None:
    before = len(store), {*map(str, store)}
    store.update(HEAD + {**FAULTS, **RULES_ONLY}[fault])
    assert (len(store), {*map(str, store)}) != before
    assert faults(store, tiny)


@pytest.mark.parametrize("fault", ["", *FAULTS])
def test_the_shapes_notice(store: ox.Store, fault: str, exact: None) -> None:
    if fault:
        store.update(HEAD + FAULTS[fault])
    import rdflib

    conforms, said = shaped(rdflib.Graph().parse(_typed(store), format="nt"))
    assert conforms == (not fault), said


@functools.cache
def shipped(name: str) -> Any:
    """What the package has for publishing, for rdflib."""
    import rdflib

    content = resources("kg.store.rdf").joinpath(name).read_text("utf-8")
    return rdflib.Graph().parse(data=content)


def shaped(data: Any) -> tuple[bool, str]:
    """Whether a graph conforms to the shapes, and what is said if it does not."""
    import pyshacl

    shapes, ontology = shipped("shapes.ttl"), shipped("ontology.ttl")
    conforms, _, said = pyshacl.validate(data, shacl_graph=shapes, ont_graph=ontology)
    return conforms, said


def _typed(store: ox.Store) -> Any:
    """The triples with the types of offsets, which Oxigraph takes for integers."""
    import io

    lines = []
    for quad in store:
        line = f"{quad.triple} ."
        if quad.predicate in (term("oa:start"), term("oa:end")):
            line = line.replace("XMLSchema#integer", "XMLSchema#nonNegativeInteger")
        lines.append(line)
    return io.BytesIO("\n".join(lines).encode())


def test_the_captures_conform(built: Path, exact: None) -> None:
    with kg.open(built) as graph:
        conforms, said = shaped(graph.to_rdflib())
    assert conforms, said


def test_a_broken_export_is_not_kept(
    built: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "graph.ttl"
    out.write_text("what was there")
    wrong: Callable[..., list[ox.Triple]] = lambda edge, **_: [edge.triple]  # noqa: E731
    monkeypatch.setattr(profiles, "reified", wrong)
    with pytest.raises(KgError, match=r"breaks [0-9]+ rules") as error:
        dump.export(built, out, dump.Plan("ttl"), check=True)
    assert "triples INTRODUCES but 0 statements" in str(error.value)
    assert out.read_text() == "what was there"
    assert [path.name for path in tmp_path.iterdir()] == ["graph.ttl"]


# --- Description ----------------------------------------------------------------------------------


def test_the_description_counts_what_is_there(built: Path, tmp_path: Path) -> None:
    plan = dump.Plan("nt", packed=True)
    out = tmp_path / "graph.nt.gz"
    written = dump.export(built, out, plan)
    assert description.describe(built, out, plan, tmp_path / "about") == [
        "void.ttl",
        "ontology.ttl",
        "shapes.ttl",
    ]
    void = "http://rdfs.org/ns/void#"
    said = parsed(tmp_path / "about/void.ttl")
    value = {(t.subject, str(t.predicate)): t.object for t in said}
    triples = parsed(exported(built, tmp_path / "graph.nt"))
    dataset = ox.NamedNode(f"{terms.BASE}dataset")
    assert value[dataset, f"<{void}triples>"].value == str(written) == str(len(triples))  # type: ignore[union-attr]
    assert value[dataset, f"<{void}entities>"].value == str(len({t.subject for t in triples}))  # type: ignore[union-attr]
    for kind, count, mine in (
        (
            "class",
            "entities",
            lambda name: [t for t in triples if t.predicate == terms.TYPE and t.object == name],
        ),
        ("property", "triples", lambda name: [t for t in triples if t.predicate == name]),
    ):
        parts = [t for t in said if str(t.predicate) == f"<{void}{kind}>"]
        assert len(parts) > 10
        for part in parts:
            assert value[part.subject, f"<{void}{count}>"].value == str(len(mine(part.object)))  # type: ignore[union-attr]
    assert not [t for t in said if "Blank" in type(t.subject).__name__]


# --- Commands -------------------------------------------------------------------------------------


def run(*arguments: object, code: int = 0) -> str:
    """Run ``kg``, and give all that it says."""
    result = CliRunner().invoke(cli, [str(argument) for argument in arguments])
    assert result.exit_code == code, result.output
    return result.output


def test_the_commands_go_there_and_back(built: Path, tmp_path: Path) -> None:
    out = tmp_path / "graph.ttl.gz"
    said = run(
        "export",
        built,
        out,
        "--check",
        "--describe",
        tmp_path / "about",
        "--base-iri",
        "https://example.org/",
    )
    assert re.search(r"Checking [\d,]+ triples", said) and "void.ttl" in said
    assert "nodes" in run("import", "rdf", out, "--out", tmp_path / "back")
    assert tables(tmp_path / "back") == tables(built)
    assert "has a graph" in run("import", "rdf", out, "--out", tmp_path / "back", code=1)


def test_standard_output_has_the_file(tiny: Path, tmp_path: Path) -> None:
    whole = exported(tiny, tmp_path / "graph.nt").read_text("utf-8")
    result = CliRunner().invoke(cli, ["export", str(tiny), "-", "--format", "nt"])
    assert result.exit_code == 0 and result.stdout == whole


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["{graph}", "{place}/graph.xyz"], "its name does not tell the format"),
        (["{place}/no", "{place}/graph.ttl"], "no such folder"),
        (["{graph}", "{place}/no/graph.ttl"], "No such file or directory"),
        (["{graph}", "{place}/graph.ttl", "--base-iri", "x"], "is no absolute IRI"),
        (["{graph}", "-", "--format", "nt", "--check"], "need a file"),
        (["{graph}", "{place}/graph.ttl", "--profile", "owl", "--check"], "knows no rules"),
        (["{graph}", "{place}/csv", "--format", "neo4j-admin", "--check"], "is not RDF"),
    ],
)
def test_errors_say_what_to_do(tiny: Path, tmp_path: Path, arguments: list[str], said: str) -> None:
    filled = [argument.format(graph=tiny, place=tmp_path) for argument in arguments]
    assert said in run("export", *filled, code=1)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("<a> <b> .", "not ttl"),
        ("", "does not say what made the graph"),
        ("<x:a> <x:b> <x:c> .", "does not say what made the graph"),
        ("<x:a> a <https://w3id.org/paperlattice/ns#Paper> .", "1 papers and 0 texts"),
        ("<x:a> a <http://www.w3.org/ns/prov#Activity> .", "lacks a part"),
    ],
)
def test_what_is_no_export_of_ours_is_told(tmp_path: Path, content: str, said: str) -> None:
    (tmp_path / "graph.ttl").write_text(content)
    assert said in run("import", "rdf", tmp_path / "graph.ttl", "--out", tmp_path / "back", code=1)
    assert not (tmp_path / "back" / "manifest.json").exists()


@pytest.mark.parametrize("profile", ["lean", "owl", "rdf12"])
def test_other_profiles_do_not_come_back(tiny: Path, tmp_path: Path, profile: str) -> None:
    out = exported(tiny, tmp_path / "graph.ttl", profile=profile)
    assert "kg export" in run("import", "rdf", out, "--out", tmp_path / "back", code=1)
    assert not (tmp_path / "back" / "manifest.json").exists()
