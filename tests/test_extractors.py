"""Words, tags, links, gold and scores; the shipped model on real text."""

import json
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from extractors import (
    decoding,
    gold,
    heads,
    lexicon,
    links,
    logistic,
    pipeline,
    score,
    tagger,
    terms,
    words,
)
from extractors.findings import Extraction
from extractors.lexicon import Lexicon
from extractors.schema import (
    OURS,
    RELATIONS,
    ROLES,
    TYPES,
    Schema,
    allowed,
    kind_of,
    label_of,
    schema,
    schema_of,
)

TITLE = "Transcoders Find Interpretable LLM Feature Circuits"
ABSTRACT = (
    "A key goal in mechanistic interpretability is circuit analysis. Sparse autoencoders (SAEs) "
    "are linear combinations of neurons. We train transcoders on GPT2-small and evaluate them on "
    "the IMDB dataset; SAE-based circuits and SAEs are compared."
)
TEXT = f"{TITLE}\n{ABSTRACT}"


@pytest.fixture(scope="session")
def nlp():
    return pipeline.load()


@pytest.fixture(scope="session")
def extraction(nlp) -> Extraction:
    return next(pipeline.extract(nlp, [TEXT]))


# --- Words ------------------------------------------------------------------------------------


def test_a_title_is_a_sentence_of_its_own():
    sentences = [sentence.text.strip() for sentence in words.blank()(TEXT).sents]
    assert sentences[0] == TITLE
    assert sentences[1].startswith("A key goal")


@pytest.mark.parametrize("form", ["SAE", "GPT2-small", "SAEs", "IMDB", "transcoders"])
def test_terms_begin_and_end_where_words_do(form):
    doc = words.blank()(TEXT)
    for start, end in gold.occurrences(TEXT, form):
        assert doc.char_span(start, end) is not None


@pytest.fixture(scope="session")
def cutter(nlp) -> words.Cutter:
    return nlp.get_pipe(tagger.FACTORY).cutter


@given(
    st.lists(st.sampled_from(["model", "Zeitgeist", "x" * 400, "\u4e2d", "(", "3.5"]), max_size=900)
)
@settings(max_examples=25, deadline=None)
def test_windows_cover_every_word_and_fit_the_encoder(cutter, text):
    doc = words.blank()(" ".join(text))
    pieces = cutter.windows(doc)
    assert all(len(piece.ids) == len(piece.shapes) <= words.LENGTH for piece in pieces)
    covered = {word for piece in pieces for word in piece.words}
    assert covered == {token.i for token in doc if not token.is_space}


# --- Tags -------------------------------------------------------------------------------------

TAGS = OURS.tags


def worth(scores, parted):
    """Give the sum of scores of a text parted into mentions and what is none."""
    tags = np.zeros(len(scores), dtype=int)
    for start, end, type_ in parted:
        tags[start:end] = 2 + 2 * type_
        tags[start] = 1 + 2 * type_
    return float(scores[range(len(scores)), tags].sum())


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_a_text_is_parted_in_the_best_way(data):
    size = data.draw(st.integers(1, 6))
    numbers = st.floats(-5, 0, width=32)
    cells = data.draw(st.lists(numbers, min_size=size * 5, max_size=size * 5))
    scores = np.array(cells, dtype=np.float32).reshape(size, 5)

    def ways(start):
        """Yield every way to part the words from ``start`` on."""
        if start == size:
            yield []
            return
        yield from ways(start + 1)
        for end in range(start + 1, size + 1):
            for rest in ways(end):
                for type_ in (0, 1):
                    yield [(start, end, type_), *rest]

    best = max(worth(scores, way) for way in ways(0))
    found = decoding.parts(scores, decoding.Decoding(), {})
    assert worth(scores, found) == pytest.approx(best, abs=1e-4)
    assert all(a[1] <= b[0] for a, b in pairwise(found))


def test_bounds_follow_what_a_collection_tags():
    counts = Lexicon(("Method",), {"beam search": 50, "search": 60}, {"beam search": (45,)})
    doc = words.blank()("fast beam search wins")
    logs = np.log(
        np.array([[0.5, 0.4, 0.1], [0.2, 0.35, 0.45], [0.1, 0.1, 0.8], [0.98, 0.01, 0.01]])
    ).astype(np.float32)
    known = decoding.known(doc, counts)
    assert list(known) == [(1, 3)]
    alone, helped = (
        decoding.parts(logs, decoding.Decoding(known=weight), known) for weight in (0.0, 0.5)
    )
    assert [doc[a:b].text for a, b, _ in alone] == ["fast beam search"]
    assert [doc[a:b].text for a, b, _ in helped] == ["beam search"]


@pytest.mark.parametrize("text", ["Pre-training of LLMs (large language models)", "", "A*\n\nB"])
def test_what_is_known_of_a_text_is_what_its_forms_are_known_by(text):
    counts = Lexicon(
        ("Method",),
        {"pre training": 9, "llm": 9, "large language model": 9},
        {"pre training": (3,), "llm": (9,), "large language model": (5,)},
    )
    doc = words.blank()(text)
    known = decoding.known(doc, counts)
    assert all(
        chance == counts.tagging(terms.normal(doc[a:b].text)) for (a, b), chance in known.items()
    )
    assert len(known) == (3 if text.startswith("Pre") else 0)


def test_types_cover_labels_and_kinds():
    assert {label_of(type_) for type_ in TYPES} == {"Method", "Dataset", "Benchmark", "Concept"}
    assert [kind_of(type_) for type_ in TYPES if kind_of(type_)] == ["task", "metric", "other"]


@pytest.mark.parametrize(
    ("text", "span", "kept"),
    [
        (r"the \textbf{CoF} method", "CoF}", "CoF"),
        ("use CodeReviewQA}$ now", "CodeReviewQA}$", "CodeReviewQA"),
        ("the F(x) net", "F(x)", "F(x)"),
        ("(GPT-4) here", "(GPT-4", "GPT-4"),
        ("on Elman's data", "Elman's", "Elman"),
        ("a $ sign", "$", ""),
    ],
)
def test_loose_brackets_are_trimmed(text, span, kept):
    doc = words.blank()(text)
    start = text.index(span)
    whole = doc.char_span(start, start + len(span))
    first, stop = decoding.trimmed(doc, whole.start, whole.end)
    assert doc[first:stop].text == kept


def test_an_eager_tagger_proposes_more(nlp):
    doc = nlp(TEXT)
    shy = decoding.mentions(doc, decoding.Decoding(0.0), {})
    eager = decoding.mentions(doc, decoding.Decoding(3.0), {})
    assert 0 < len(shy) < len(eager)
    assert all(0 < chance < 1 for chance in eager.attrs["scores"])


# --- Own labels -------------------------------------------------------------------------------


def test_generic_words_are_none_of_our_entities_but_may_be_of_other_labels():
    doc = words.blank()("the model")
    other = Schema(("Generic", *TYPES[1:]), (), {})
    doc.user_data["tags"] = np.full((2, len(OURS.tags)), -9.0, dtype=np.float32)
    doc.user_data["tags"][[0, 1], [0, 1]] = 0.0
    assert not decoding.mentions(doc, decoding.Decoding(), {}, OURS)
    (found,) = decoding.mentions(doc, decoding.Decoding(), {}, other)
    assert (found.text, found.label_) == ("model", "Generic")


def test_gold_with_our_labels_has_our_schema():
    record = {
        "entities": [{"name": "x", "type": "Concept", "kind": "task", "role": "studies"}],
        "relations": [],
    }
    assert schema_of([record]) is OURS
    assert schema(None) is OURS


def test_gold_with_labels_of_its_own_makes_a_schema():
    record = {
        "entities": [{"name": "a", "type": "Gene"}, {"name": "b", "type": "Drug"}],
        "relations": [["b", "inhibits", "a"], ["b", "inhibits", "lost"]],
    }
    made = schema_of([record])
    assert made.tags == ("O", "B-Drug", "I-Drug", "B-Gene", "I-Gene")
    assert made.roles == ("mentions",)
    assert made.allows("Drug", "inhibits", "Gene")
    assert not made.allows("Gene", "inhibits", "Drug")
    assert schema(json.loads(json.dumps(made.data()))) == made


# --- Evidence ---------------------------------------------------------------------------------


def test_a_judge_learns_what_is_right():
    generator = np.random.default_rng(1)
    evidence = generator.normal(size=(4000, 2))
    right = generator.random(4000) < 1 / (1 + np.exp(-(2 * evidence[:, 0] - 1)))
    judge = logistic.fit(evidence, right)
    assert judge.weights[0] == pytest.approx(2, abs=0.2)
    assert judge.weights[1] == pytest.approx(0, abs=0.2)
    assert logistic.logistic(json.loads(json.dumps(judge.data()))) == judge


def test_a_lexicon_counts_papers_that_write_and_papers_that_tag(extraction, tmp_path):
    silent = Extraction((), (), (), "nobody")
    found = [(TEXT, extraction), (TEXT, extraction), ("Transcoders are new.", silent)]
    counts = lexicon.mine(found, TYPES)
    assert counts.papers["transcoder"] == 3
    assert sum(counts.tagged["transcoder"]) == 2
    assert "key goal" not in counts.papers
    assert lexicon.mine(found[1:], TYPES).papers == {}
    lexicon.write(counts, tmp_path)
    assert lexicon.read(tmp_path) == counts
    assert lexicon.read(tmp_path / "nothing") == Lexicon()


# --- Links ------------------------------------------------------------------------------------


def test_relation_chances_follow_the_schema_and_sum_to_one_at_most():
    generator = np.random.default_rng(1)
    scores = generator.normal(size=(5, 5, len(RELATIONS))).astype(np.float32)
    owners = np.array([0, 1, 1, 2, 0])
    types = [TYPES.index(name) for name in ("Method", "Benchmark", "Concept:task")]
    chances = heads.relation_chances(scores, owners, heads.ends(OURS)[np.ix_(types, types)])
    assert (chances.sum(2) < 1).all()
    for head, tail, relation in np.argwhere(chances > 0):
        labels = [label_of(TYPES[types[end]]) for end in (head, tail)]
        assert allowed(labels[0], list(RELATIONS)[relation], labels[1])
    # By hand: benchmark's two mentions against the method's two.
    block = scores[np.ix_([0, 4], [1, 2])]
    odds = {
        name: np.exp(block[:, :, n]).sum()
        for n, name in enumerate(RELATIONS)
        if allowed("Method", name, "Benchmark")
    }
    expected = odds["evaluated_on"] / (1 + sum(odds.values()))
    assert chances[0, 1, 0] == pytest.approx(expected, rel=1e-4)


def test_a_pair_of_mentions_reads_where_both_look(monkeypatch):
    generator = np.random.default_rng(1)
    sizes = {"ask": (32, 16), "key": (32, 24), "value": (12, 24)}
    arrays = {f"{name}.weight": generator.normal(size=size) for name, size in sizes.items()}
    arrays |= {f"{name}.bias": np.zeros(size[0]) for name, size in sizes.items()}
    words, states = generator.normal(size=(9, 24)), generator.normal(size=(5, 16))
    words[3] *= 20  # What all mentions look at, or none.
    arrays["ask.bias"] = arrays["key.weight"] @ words[3]
    context = heads.Heads(arrays).context(words, states)
    assert context.shape == (5, 5, 12)
    assert context == pytest.approx(context.transpose(1, 0, 2))
    assert context[0, 1] == pytest.approx(arrays["value.weight"] @ words[3], rel=1e-2)
    monkeypatch.setattr(heads, "BLOCK", 1)
    assert heads.Heads(arrays).context(words, states) == pytest.approx(context)


def test_a_definition_joins_full_form_and_abbreviation():
    doc = words.blank()("We use sparse autoencoders (SAEs) here.")
    spans = [doc[2:4], doc[5:6]]
    assert [span.text for span in spans] == ["sparse autoencoders", "SAEs"]
    assert list(links.defined(spans)) == [(0, 1)]


@pytest.mark.parametrize("word", ["bias", "analysis", "loss", "corpus", "atlas"])
def test_a_word_that_looks_like_a_plural_stays(word):
    assert terms.singular(word) == word


@given(st.text(max_size=40))
def test_the_normal_form_is_stable(form):
    assert terms.normal(terms.normal(form)) == terms.normal(form)


# --- The shipped model ------------------------------------------------------------------------


def test_offsets_are_those_of_the_forms(extraction):
    assert extraction.findings
    for finding in extraction.findings:
        assert finding.role in ROLES
        assert 0 < finding.score <= 1
        for mention in finding.mentions:
            assert TEXT[mention.start : mention.end] == mention.form


def test_the_obvious_is_found(extraction):
    forms = {form for finding in extraction.findings for form in finding.forms}
    assert "mechanistic interpretability" in forms
    owner = next(f for f in extraction.findings if "SAEs" in f.forms)
    assert {"Sparse autoencoders", "SAEs"} <= set(owner.forms)
    assert owner.label == "Method"


def test_relations_join_findings_in_sentences_of_the_text(extraction):
    for relation in extraction.relations:
        head, tail = (extraction.findings[end] for end in (relation.head, relation.tail))
        assert allowed(head.label, relation.label, tail.label)
        assert (relation.start, relation.end) in extraction.sentences


def test_what_is_found_does_not_depend_on_neighbours(nlp):
    texts = [TEXT, "A survey", TEXT * 3, TEXT]
    together = list(pipeline.extract(nlp, texts))
    alone = [next(pipeline.extract(nlp, [text])) for text in texts]
    assert together == alone


def test_a_long_text_is_read_to_its_end(nlp):
    text = TITLE + "\n" + "Nothing is said in this sentence about anything. " * 150 + ABSTRACT
    found = next(pipeline.extract(nlp, [text]))
    assert any(m.start > len(text) - 200 for f in found.findings for m in f.mentions)


@pytest.mark.parametrize("text", ["", "\n", " ", "?", "\u200b", "{{{{ $$ }}", "a" * 3000])
def test_text_without_terms_is_no_trouble(nlp, text):
    found = next(pipeline.extract(nlp, [text]))
    assert all(text[m.start : m.end] == m.form for f in found.findings for m in f.mentions)


# --- Gold and scores --------------------------------------------------------------------------

RECORD = {
    "id": "p1",
    "title": "KVAE for series",
    "abstract": "KVAE extends VAEs. A VAE is tested on ETT with MSE.",
    "entities": [
        {"name": "KVAE", "type": "Method", "role": "introduces", "mentions": ["KVAE"]},
        {"name": "VAE", "type": "Method", "role": "uses", "mentions": ["VAEs", "VAE"]},
        {"name": "ETT", "type": "Dataset", "role": "evaluates_on", "mentions": ["ETT"]},
        {
            "name": "MSE",
            "type": "Concept",
            "kind": "metric",
            "role": "evaluates_on",
            "mentions": ["MSE"],
        },
    ],
    "relations": [["KVAE", "builds_on", "VAE"], ["KVAE", "evaluated_on", "ETT"]],
}


def test_every_whole_word_occurrence_is_a_mention():
    found = [(RECORD["entities"][n]["name"], s) for s, _, n in gold.spans(RECORD)]
    assert found == [("KVAE", 0), ("KVAE", 16), ("VAE", 29), ("VAE", 37), ("ETT", 54), ("MSE", 63)]


def test_gold_against_itself_is_perfect():
    summary = score.score([(RECORD, RECORD)]).summary()
    for name in ("entity", "linked", "relation", "span"):
        assert summary[name]["f1"] == 1.0
    assert summary["role_accuracy"] == summary["kind_accuracy"] == 1.0


def test_scores_count_what_is_wrong_and_what_is_missed():
    guess = json.loads(json.dumps(RECORD))
    guess["entities"][2]["type"] = "Benchmark"  # wrong type: one wrong, one missed
    guess["entities"][1]["role"] = "studies"
    guess["relations"] = [["KVAE", "builds_on", "VAE"], ["VAE", "builds_on", "KVAE"]]
    summary = score.score([(guess, RECORD)]).summary()
    assert summary["entity"]["precision"] == summary["entity"]["recall"] == 0.75
    assert summary["role_accuracy"] == pytest.approx(2 / 3, abs=1e-4)
    assert summary["linked"]["f1"] == 0.5
    assert (summary["relation"]["precision"], summary["relation"]["recall"]) == (0.5, 0.5)
    assert summary["types"]["Dataset"]["recall"] == 0.0


def test_a_shared_form_is_enough_to_match():
    guess = json.loads(json.dumps(RECORD))
    guess["entities"][1] |= {"name": "autoencoder", "mentions": ["autoencoder", "vae"]}
    assert score.matches(guess["entities"], RECORD["entities"])[1] == 1


def test_an_extraction_becomes_a_record_of_the_same_shape(extraction):
    record = gold.record("p", TITLE, ABSTRACT, extraction)
    names = [entity["name"] for entity in record["entities"]]
    assert len(set(names)) == len(names)
    assert all(head in names and tail in names for head, _, tail in record["relations"])
    spans = {(s, e) for entity in record["entities"] for s, e, _ in entity["spans"]}
    assert spans == {(m.start, m.end) for f in extraction.findings for m in f.mentions}


def test_the_model_in_the_package_is_whole():
    folder = Path(pipeline.__file__).parent / "models" / "base"
    settings_ = json.loads((folder / "settings.json").read_text())
    assert set(settings_["thresholds"]) == {"entity", "same", "relation"}
    assert (folder / "README.md").exists()
