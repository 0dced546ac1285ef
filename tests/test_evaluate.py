"""Scores beside gold of any labelling: reliability, maps of labels, the page of errors, scales."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from extractors import gold, labels, review, scales, score, silver
from extractors.choice import Choice
from extractors.faults import Fault
from extractors.findings import Extraction, Finding, Mention, Relation
from extractors.logistic import AS_THEY_ARE, Logistic, odds
from kg.cli import cli
from kg.commands.evaluate import compared, lines

#: A text in the form of the public sets: "parsing" twice, once as another thing.
PUBLIC = {
    "id": "p1",
    "text": "A parser for parsing. Parsing is scored by F1; the <b>parser</b> wins.",
    "entities": [
        [2, 8, "Method"],
        [13, 20, "Task"],
        [22, 29, "Task"],
        [43, 45, "Metric"],
        [54, 60, "Generic"],
    ],
    "relations": [[0, 1, "USED-FOR"], [0, 2, "USED-FOR"], [3, 0, "EVALUATE-FOR"]],
}


def written(path: Path, *records: object) -> Path:
    path.write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def public(tmp_path_factory) -> gold.Record:
    folder = tmp_path_factory.mktemp("public")
    return next(gold.records([written(folder / "p.jsonl", PUBLIC)]))


# --- What a model annotates itself ------------------------------------------------------------


def test_silver_keeps_what_is_sure_and_leaves_the_rest_open():
    text = "An XNet for parsing\nXNet beats YNet at parsing, by beam search."

    def found(form: str, label: str, score: float, role_score: float = 0.9) -> Finding:
        places = [Mention(a, b, form, score) for a, b in gold.occurrences(text, form)]
        kind = "task" if label == "Concept" else None
        return Finding(form, label, kind, "uses", score, role_score, tuple(places))

    findings = (
        found("XNet", "Method", 0.9),
        found("beam search", "Method", 0.3),
        found("YNet", "Method", 0.5, role_score=0.4),
        found("parsing", "Concept", 0.8),
    )
    relations = (
        Relation(0, "outperforms", 2, 0.7, 0, 10),
        Relation(0, "applied_to", 3, 0.3, 0, 10),
        Relation(0, "builds_on", 1, 0.9, 0, 10),
    )
    made = silver.record(text, Extraction(findings, relations, ((0, len(text)),), "a model"))
    assert gold.text(made) == text
    assert [entity["name"] for entity in made["entities"]] == ["XNet", "YNet", "parsing"]
    assert [text[a:b] for a, b, _ in gold.spans(made)] == [
        *("XNet", "parsing", "XNet", "YNet", "parsing"),
    ]
    assert made["relations"] == [["XNet", "outperforms", "YNet"]]
    left = made["open"]
    assert [text[a:b] for a, b in left["spans"]] == ["beam search"]
    assert left["roles"] == [1]
    assert left["relations"] == [("XNet", "parsing")]


# --- The form of the public sets --------------------------------------------------------------


def test_a_public_record_keeps_its_very_spans(public):
    assert gold.text(public) == PUBLIC["text"]
    names = [(e["name"], e["type"], e["mentions"]) for e in public["entities"]]
    assert names == [
        ("parser", "Method", ["parser"]),
        ("parsing", "Task", ["parsing", "Parsing"]),
        ("F1", "Metric", ["F1"]),
        ("parser (Generic 2)", "Generic", ["parser"]),
    ]
    assert gold.spans(public) == [(2, 8, 0), (13, 20, 1), (22, 29, 1), (43, 45, 2), (54, 60, 3)]
    assert public["relations"] == [
        ["parser", "USED-FOR", "parsing"],
        ["F1", "EVALUATE-FOR", "parser"],
    ]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"entities": [[2, 800, "Task"]]}, "2 to 800 is no part of the text"),
        ({"entities": [[2, 2, "Task"]]}, "2 to 2 is no part"),
        ({"entities": [["a", 3, "Task"]]}, "has no [start, end, label]"),
        ({"entities": [[2, 3]]}, "has no [start, end, label]"),
        ({"relations": [[0, 9, "USED-FOR"]]}, "[head, tail, label]"),
        ({"text": 7}, "has no [start, end, label]"),
    ],
)
def test_what_is_wrong_in_a_public_record_is_told_with_its_line(tmp_path, change, told):
    path = written(tmp_path / "p.jsonl", PUBLIC, {**PUBLIC, **change})
    with pytest.raises(gold.NotGold) as caught:
        list(gold.records([path]))
    assert "line 2" in str(caught.value)
    assert told in str(caught.value)


WORDS = st.lists(
    st.tuples(
        st.sampled_from(["cat", "cats", "Dog", "dog", "é\U0001f40d"]), st.sampled_from("XYO")
    ),
    max_size=12,
)


@given(WORDS)
def test_a_public_record_against_itself_is_perfect(words):
    text, entities, start = "", [], 0
    for word, label in words:
        if label != "O":
            entities.append([start, start + len(word), label])
        text += word + " "
        start = len(text)
    record = gold._record(json.dumps({"text": text, "entities": entities}), "here")
    assert [list(span[:2]) for span in gold.spans(record)] == [e[:2] for e in entities]
    summary = score.score([(record, record)]).summary()
    for name in ("entity", "span"):
        assert summary[name]["gold"] == summary[name]["predicted"]
        assert summary[name]["f1"] == (1.0 if entities else 0.0)
    assert summary["role_accuracy"] is None


# --- Maps of labels ---------------------------------------------------------------------------

OURS = ["Method", "Dataset", "Benchmark", "Concept", "Concept:task", "applied_to"]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("map.json", '{"Task": "Concept:task", "Material": ["Dataset", "Benchmark"]}'),
        ("map.toml", 'Task = "Concept:task"\nMaterial = "Dataset|Benchmark"\n'),
    ],
)
def test_a_map_may_be_a_file(tmp_path, name, content):
    path = tmp_path / name
    path.write_text(content, encoding="utf-8")
    expected = {"Task": ("Concept:task",), "Material": ("Dataset", "Benchmark")}
    assert labels.read(str(path), OURS) == expected
    assert labels.read("Task=Concept:task, Material=Dataset|Benchmark", OURS) == expected


@pytest.mark.parametrize("text", ["Task=Taks", "Task=", "nowhere.json", "Task", "=Method"])
def test_what_is_wrong_in_a_map_is_told(text):
    with pytest.raises(Fault) as caught:
        labels.read(text, OURS)
    assert "--labels" in caught.value.what
    assert caught.value.remedy


def extraction() -> Extraction:
    def one(name: str, label: str, kind: str | None, start: int, chance: float) -> Finding:
        mention = Mention(start, start + len(name), name, chance)
        return Finding(name, label, kind, "uses", chance, 0.9, (mention,))

    return Extraction(
        (
            one("parser", "Method", None, 2, 0.9),
            one("Parsing", "Concept", "task", 22, 0.8),
            one("F1", "Concept", "metric", 43, 0.7),
            one("wins", "Concept", "other", 66, 0.4),
            one("scored", "Benchmark", None, 33, 0.3),
        ),
        (Relation(0, "applied_to", 1, 0.8, 0, 20),),
        ((0, 21), (22, 70)),
        "x 1",
    )


def test_what_has_no_counterpart_is_left_out_on_both_sides(public):
    guess = gold.exact(gold.record("p1", PUBLIC["text"], "", extraction()))
    choice = Choice(labels="Task=Concept:task,Method=Method,Material=Dataset|Benchmark")
    pairs, left = compared([(guess, public)], choice)
    summary = score.score(pairs).summary()
    # Gold: parser, parsing twice; found: parser, Parsing once, and a Benchmark that is none.
    assert summary["span"]["predicted"] == 3
    assert summary["span"]["gold"] == 3
    assert summary["span"]["f1"] == pytest.approx(2 / 3, abs=1e-4)
    assert summary["types"]["Material"]["predicted"] == 1
    assert summary["types"]["Task"]["f1"] == 1.0
    assert summary["relation"]["gold"] == summary["relation"]["predicted"] == 0
    assert left == {"gold": {"Metric": 1, "Generic": 1}, "predicted": {"Concept": 2}}
    shown = lines({"by": "x 1", **summary, "left_out": left})
    assert "left out, gold: Metric 1, Generic 1" in shown
    assert "introduces" not in shown


def test_relations_are_compared_if_the_map_names_them(public):
    guess = gold.exact(gold.record("p1", PUBLIC["text"], "", extraction()))
    choice = Choice(labels="Task=Concept:task,Method=Method,USED-FOR=applied_to")
    pairs, _ = compared([(guess, public)], choice)
    relation = score.score(pairs).summary()["relation"]
    assert (relation["gold"], relation["predicted"], relation["f1"]) == (1, 1, 1.0)


# --- Reliability and scales -------------------------------------------------------------------

JUDGED = st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=60)


@given(JUDGED)
def test_bins_hold_all_and_the_error_is_their_mean_distance(judged):
    table = score.reliability(judged)
    assert sum(row["count"] for row in table["bins"]) == len(judged)
    assert all(row["from"] - 1e-9 <= row["score"] <= row["to"] + 1e-4 for row in table["bins"])
    weighted = sum(row["count"] * abs(row["score"] - row["right"]) for row in table["bins"])
    assert table["ece"] == pytest.approx(weighted / len(judged), abs=2e-3)


def test_a_fitted_scale_makes_scores_shares_that_are_right():
    # Of what has the score 0.9 six in ten are right, of 0.6 three in ten.
    judged = [(0.9, n % 10 < 6) for n in range(200)] + [(0.6, n % 10 < 3) for n in range(200)]
    parts = {"entity": judged, "role": [(0.5, True)] * 9, "relation": judged}
    scale = scales.fitted(parts)
    assert scale.entity(odds(0.9)) == pytest.approx(0.6, abs=0.01)
    assert scale.relation(odds(0.6)) == pytest.approx(0.3, abs=0.01)
    assert scale.role == AS_THEY_ARE
    assert scales.scale(json.loads(json.dumps(scales.data(scale)))) == scale
    scaled = scale.scaled(extraction())
    assert scaled.findings[0].score == pytest.approx(0.6, abs=0.01)
    assert scaled.findings[0].mentions[0].score == scaled.findings[0].score


def test_what_a_glossary_made_sure_stays_sure():
    one = Finding("x", "Method", None, "uses", 1.0, 0.9, (Mention(0, 1, "x", 1.0),))
    scale = scales.Scale(entity=Logistic((0.5,), -1.0))
    scaled = scale.scaled(Extraction((one,), (), ((0, 1),), "x"))
    assert scaled.findings[0].score == scaled.findings[0].mentions[0].score == 1.0


def test_a_cut_leaves_nothing_that_hangs_in_the_air():
    cut = extraction().cut(0.65)
    assert [finding.name for finding in cut.findings] == ["parser", "Parsing"]
    assert [(r.head, r.tail) for r in cut.relations] == [(0, 1)]
    assert not extraction().cut(0.75).relations
    assert extraction().cut(0) == extraction()


# --- The page ---------------------------------------------------------------------------------


def test_the_page_shows_the_worst_paper_and_what_is_wrong(public):
    guess = gold.exact(gold.record("p1", PUBLIC["text"], "", extraction()))
    other = {**public, "id": "perfect"}
    page = review.page([(other, other), (guess, public)])
    assert "1 of 2 papers" in page
    assert "p1 · A parser" in page
    assert "perfect" not in page
    assert "&lt;b&gt;" in page
    assert "<b>" not in page
    assert page.count('class="off" style') >= 3
    assert "parser applied_to Parsing" in page


# --- The command ------------------------------------------------------------------------------


def test_the_command_scores_a_public_set_and_writes_page_and_scale(tmp_path):
    path = written(tmp_path / "p.jsonl", PUBLIC)
    page, fit = tmp_path / "errors.html", tmp_path / "scale.json"
    arguments = ["evaluate", str(path), "--labels", "Task=Concept:task,Method=Method"]
    ended = CliRunner().invoke(
        cli, [*arguments, "--errors", str(page), "--fit", str(fit), "--json"]
    )
    assert ended.exit_code == 0, ended.output
    summary = json.loads(ended.stdout)
    assert summary["span"]["gold"] == 3
    assert summary["role_accuracy"] is None
    assert "reliability" in summary
    assert page.read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    again = CliRunner().invoke(cli, [*arguments, "--calibration", str(fit)])
    assert again.exit_code == 0, again.output
    assert "calibration" in again.stdout


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["--labels", "Tsak=Method"], "It has: Method, Task"),
        (["--labels", "Task=Thing"], "there is no such label"),
        (["--extractor", "spacy:x"], "gliner:NAME"),
        (["--extractor", "llm:"], "There is no extractor"),
        (["--model", "nowhere"], "There is no model"),
        (["--calibration", "nowhere.json"], "is no calibration"),
        (["--glossary", "nowhere.csv"], "no such glossary"),
    ],
)
def test_what_is_wrong_with_options_is_told(tmp_path, arguments, told):
    path = written(tmp_path / "p.jsonl", PUBLIC)
    ended = CliRunner().invoke(cli, ["evaluate", str(path), *arguments])
    assert ended.exit_code == 1
    assert told in ended.output
