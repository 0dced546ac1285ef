"""A user's glossary: read with its errors, found in texts, honoured in the graph."""

import csv
import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from extractors import glossary, ruler, words
from extractors.choice import Choice
from extractors.faults import Fault
from extractors.findings import Finding, Mention, Relation
from extractors.glossary import Glossary, Term
from extractors.terms import normal
from kg import build
from kg.glossary import honour
from kg.records import Node
from kg.resolve import count, decide, merge
from kg.store import archive, files

SAE = Term("sparse autoencoder", "Method", None, ("SAE", "dictionary learning"))
RAG = Term("retrieval-augmented generation", "Method", None, ("RAG",))
DRIFT = Term("concept drift", "Concept")


def table(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path


# --- Files ------------------------------------------------------------------------------------


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_a_table_is_read_whatever_parts_its_cells(tmp_path, delimiter):
    rows = [
        ["name", "type", "aliases", "kind"],
        ["sparse autoencoder", "methods", "SAE|dictionary learning", ""],
        ["concept drift", "Concept", "", ""],
        ["F1", "metric", "F-score", ""],
    ]
    text = "\ufeff" + "\n".join(delimiter.join(row) for row in rows)
    assert glossary.read(table(tmp_path / "terms.csv", text)).terms == (
        SAE,
        DRIFT,
        Term("F1", "Concept", "metric", ("F-score",)),
    )


@pytest.mark.parametrize(
    ("text", "where", "what"),
    [
        ("term,kind\nx,y\n", "line 1", "no columns name and type"),
        ("name,type\nSAE,Method\nx,Thing\n", "line 3", "'Thing'"),
        ("name,type\n\n,Method\n", "line 3", "no name"),
        ("name,type,kind\nx,Concept,big\n", "line 2", "'big'"),
        ("name,type\nSAE,Method\nsaes,Dataset\n", "line 3", "line 2"),
        ("name,type\nx,Method,more\n", "line 2", "3 cells"),
        ("name,type,aliases\nx,Method,--\n", "line 2", "'--'"),
        ('name,type\n"x,Method\n', "line", "unexpected end"),
        ("name,type\n", "terms.csv", "no term"),
        ("", "line 1", "no columns"),
    ],
)
def test_what_is_wrong_in_a_table_is_told_with_its_line(tmp_path, text, where, what):
    with pytest.raises(Fault) as caught:
        glossary.read(table(tmp_path / "terms.csv", text))
    assert where in caught.value.what
    assert what in caught.value.what
    assert caught.value.remedy


SKOS = """
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
@prefix ex: <http://example.org/> .
ex:methods a skos:Concept ; skos:prefLabel "Methods"@en .
ex:sae a skos:Concept ; skos:prefLabel "sparse autoencoder"@en, "spärlicher Autoencoder"@de ;
  skos:altLabel "SAE", "dictionary learning"@en ; skos:broader ex:learning .
ex:learning a skos:Concept ; skos:prefLabel "learning method" ; skos:broader ex:methods .
ex:glue a skos:Concept, ex:Benchmark ; skos:prefLabel "GLUE" .
ex:drift a skos:Concept ; skos:prefLabel "concept drift"@en .
ex:tasks a skos:Collection ; skos:prefLabel "Tasks" ; skos:member ex:qa .
ex:qa a skos:Concept ; skos:prefLabel "question answering"@en-GB .
"""


def test_a_vocabulary_is_read(tmp_path):
    terms = glossary.read(table(tmp_path / "terms.ttl", SKOS)).terms
    assert {term.name: (term.label, term.kind, set(term.aliases)) for term in terms} == {
        "sparse autoencoder": ("Method", None, {"SAE", "dictionary learning"}),
        "learning method": ("Method", None, set()),
        "GLUE": ("Benchmark", None, set()),
        "concept drift": ("Concept", None, set()),
        "question answering": ("Concept", "task", set()),
    }


def test_what_is_wrong_in_a_vocabulary_is_told(tmp_path):
    broken = table(tmp_path / "broken.ttl", "@prefix skos: oops")
    with pytest.raises(Fault, match=r"broken\.ttl: is no turtle"):
        glossary.read(broken)
    nameless = SKOS.replace('skos:prefLabel "GLUE"', 'skos:notation "GLUE"')
    with pytest.raises(Fault, match=r"http://example\.org/glue: has no skos:prefLabel"):
        glossary.read(table(tmp_path / "nameless.ttl", nameless))
    with pytest.raises(Fault, match="no such glossary"):
        glossary.read(tmp_path / "absent.ttl")


def test_the_digest_is_of_the_terms_not_of_their_order():
    assert Glossary((SAE, RAG)).digest == Glossary((RAG, SAE)).digest
    assert Glossary((SAE,)).digest != Glossary((Term("SAE", "Method"),)).digest


# --- In texts ---------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def found():
    nlp = words.blank()
    matcher = ruler.Ruler(nlp, Glossary((SAE, RAG, DRIFT, Term("C++", "Method"))))

    def find(text):
        return [(span.text, term.name) for span, term in matcher.mentions(nlp(text))]

    return find


@pytest.mark.parametrize(
    ("text", "forms"),
    [
        ("Sparse-Autoencoders (SAEs) drift", ["Sparse-Autoencoders", "SAEs"]),
        ("a rag is no RAG, LLM-based RAG+RL", ["RAG", "RAG"]),
        ("retrieval augmented generation", ["retrieval augmented generation"]),
        ("the title has sparse\nautoencoders", []),
        ("C and C++ and C+", ["C++"]),
        ("concept-drifts of concepts", ["concept-drifts"]),
        ("one-concept drift, concept drift-based, CNN-RAG", ["concept drift", "RAG"]),
        ("", []),
    ],
)
def test_terms_are_found_in_their_forms(found, text, forms):
    assert [form for form, _ in found(text)] == forms


@given(st.text(alphabet="aSE -\n(),.RAG", max_size=60))
def test_any_text_can_be_searched(found, text):
    assert all(form in text for form, _ in found(text))


def finding(name: str, *places: tuple[int, int, str], label: str = "Dataset", role="uses"):
    mentions = tuple(Mention(start, end, form, 0.5) for start, end, form in places)
    return Finding(name, label, None, role, 0.5, 0.7, mentions)


def test_one_finding_of_two_terms_is_parted_and_two_of_one_are_joined():
    text = "SAE and RAG; dictionary learning x"
    findings = (
        finding("both", (0, 3, "SAE"), (8, 11, "RAG")),
        finding("dictionary", (13, 32, "dictionary learning"), role="introduces"),
        finding("x", (33, 34, "x"), label="Method"),
    )
    terms = {(0, 3): SAE, (8, 11): RAG, (13, 32): SAE}
    relations = (
        Relation(0, "builds_on", 2, 0.5, 0, 12),
        Relation(1, "builds_on", 2, 0.9, 13, 34),
        Relation(0, "builds_on", 1, 0.9, 0, 34),
    )
    made, stated = ruler.named(text, findings, relations, terms)
    assert [(f.name, f.label, f.role, f.score, f.forms) for f in made] == [
        ("sparse autoencoder", "Method", "introduces", 1.0, ("SAE", "dictionary learning")),
        ("retrieval-augmented generation", "Method", "uses", 1.0, ("RAG",)),
        ("x", "Method", "uses", 0.5, ("x",)),
    ]
    assert [(r.head, r.tail, r.score) for r in stated] == [(0, 2, 0.9)]


def test_a_term_that_nothing_holds_is_added():
    made, _ = ruler.named("a RAG", (), (), {(2, 5): RAG})
    assert [(f.name, f.role, f.role_score, f.forms) for f in made] == [
        ("retrieval-augmented generation", "mentions", 0.5, ("RAG",))
    ]


# --- In the graph -----------------------------------------------------------------------------


def test_what_the_collection_joins_is_named_by_the_glossary():
    findings = [
        finding("s", (0, 1, "sparse autoencoder"), (2, 3, "SAE"), (4, 5, "sparse coder")),
        finding("d", (0, 1, "dictionary learning")),
        finding("o", (0, 1, "other thing")),
    ]
    counts = count(findings)
    decisions = decide(counts, merge(counts, findings))
    made, given_ = honour(decisions, counts, Glossary((SAE,)))
    one = made[normal("SAE")]
    assert one == made[normal("dictionary learning")] == given_["sparse autoencoder"]
    assert (one.id, one.label, one.name) == (
        "method:sparse-autoencoder",
        "Method",
        "sparse autoencoder",
    )
    assert {"SAE", "dictionary learning"} <= set(one.aliases)
    assert made[normal("other thing")] == decisions[normal("other thing")]


def test_terms_that_the_collection_joins_stay_apart_if_the_glossary_says_so():
    findings = [finding("s", (0, 1, "sparse autoencoder"), (2, 3, "SAE"), (4, 5, "SAE coder"))]
    counts = count(findings)
    decisions = decide(counts, merge(counts, findings))
    two = Glossary((Term("sparse autoencoder", "Method"), Term("SAE", "Dataset")))
    made, _ = honour(decisions, counts, two)
    assert made["sae"].id == "dataset:sae"
    assert made["sparse autoencoder"].id == "method:sparse-autoencoder"
    assert {decision.id for decision in made.values()} >= {"dataset:sae"}


NAMES = st.lists(
    st.sampled_from(["SAE", "sparse autoencoder", "RAG", "rag tool", "drift", "LLM", "LLMs"]),
    min_size=1,
    max_size=4,
    unique=True,
)


@given(st.lists(NAMES, min_size=1, max_size=6))
def test_every_term_has_an_entity_and_ids_are_of_one_decision(papers):
    findings = [finding("f", *((0, 1, form) for form in forms)) for forms in papers]
    counts = count(findings)
    decisions = decide(counts, merge(counts, findings))
    made, given_ = honour(decisions, counts, Glossary((SAE, Term("LLM", "Concept"))))
    assert made.keys() == decisions.keys()
    by_id: dict[str, object] = {}
    for decision in (*made.values(), *given_.values()):
        assert by_id.setdefault(decision.id, decision) == decision
    for form in ("sae", "sparse autoencoder"):
        assert made.get(form, given_["sparse autoencoder"]) == given_["sparse autoencoder"]


def graph(folder: Path) -> dict[str, Node]:
    return {node.id: node for node in files.nodes(folder)}


def test_a_graph_has_the_glossarys_entity_and_is_made_anew_when_it_changes(tmp_path):
    papers = tmp_path / "papers.jsonl"
    papers.write_text(
        '{"title": "Foundation agents for gripping", "abstract": "We grip mugs with GripNet, and '
        'our wobbly grippers hold. GripNet uses a wobbly gripper."}\n',
        encoding="utf-8",
    )
    rows = [["name", "type", "aliases"], ["elastic gripper", "Benchmark", "wobbly gripper"]]
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    terms = table(tmp_path / "terms.csv", text.getvalue())
    options = build.Options(choice=Choice(glossary=terms))
    folder = tmp_path / "graph"
    build.build([str(papers)], folder, options)
    node = graph(folder)["benchmark:elastic-gripper"]
    assert node.properties["name"] == "elastic gripper"
    assert set(node.properties["aliases"]) == {"wobbly gripper", "wobbly grippers"}
    again = build.build([str(papers)], folder, options)
    assert not again.changed
    assert again.extracted == 0
    terms.write_text(text.getvalue().replace("Benchmark", "Method"), encoding="utf-8")
    changed = build.build([str(papers)], folder, options)
    assert changed.extracted == 1
    assert "method:elastic-gripper" in graph(folder)
    extraction = next(
        iter(
            archive.extractions(
                folder,
                build.extractor(options.choice),
                frozenset(
                    {
                        archive.digest(paper.text)
                        for paper in archive.papers(folder, files.manifest(folder))
                    }
                ),
            ).values()
        )
    )
    own = next(f for f in extraction.findings if f.name == "elastic gripper")
    assert own.score == 1.0
    assert own.forms == ("wobbly grippers", "wobbly gripper")
