"""From files to a graph: what holds for every build, and what resolution and assembly decide.

The builds are real: captured pages, the shipped model, the embedded store.  Decisions are tested
with findings made by hand.
"""

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from hypothesis import given, settings
from hypothesis import strategies as st

from extractors import gold, score
from extractors.choice import Choice
from extractors.findings import Extraction, Finding, Mention, Relation
from extractors.schema import KINDS, LABELS, RELATIONS, ROLES, allowed
from kg import assemble, build
from kg.cli import cli
from kg.errors import KgError
from kg.records import Node, Paper
from kg.stats import stats
from kg.store import arcade, archive, files

ROOT = Path(__file__).parents[1]


def run(*arguments: object) -> Result:
    return CliRunner().invoke(cli, [str(argument) for argument in arguments])


def tables(folder: Path, *sections: str) -> dict[str, bytes]:
    """The tables of a graph, by their names, which are digests of their content."""
    return {
        table.path: (folder / table.path).read_bytes()
        for section in sections or files.SECTIONS
        for table in files.manifest(folder).of(section)
    }


def graph_of(folder: Path) -> dict[str, bytes]:
    return tables(folder, "nodes", "edges")


def copy(folder: Path, to: Path) -> Path:
    return Path(shutil.copytree(folder, to / "graph"))


# --- Builds --------------------------------------------------------------------------------------


def test_the_pile_becomes_a_graph(built: Path) -> None:
    found = stats(built)
    assert (found["papers"], found["records"], found["rejected"]) == (8, 9, 0)
    assert (found["orphans"], found["edges_without_evidence"]) == (0, 0)
    assert found["entities"]["Method"] > 10
    assert found["entities"]["Concept"] > 10


def test_a_second_build_changes_nothing(built: Path, pile: list[Path], tmp_path: Path) -> None:
    folder = copy(built, tmp_path)
    before = {
        path: path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.name not in arcade._REWRITTEN
    }
    result = run("build", *pile, "--out", folder)
    assert (result.exit_code, result.stdout) == (0, "")
    assert result.stderr == f"{folder}: nothing new, 8 papers.\n"
    assert build.build([str(path) for path in pile], folder).extracted == 0
    for path, content in before.items():
        assert path.read_bytes() == content, path


def test_neither_order_nor_runs_matter(built: Path, pile: list[Path], tmp_path: Path) -> None:
    backwards = tmp_path / "backwards"
    build.build([str(path) for path in reversed(pile)], backwards)
    one_by_one = tmp_path / "one by one"
    new = [build.build([str(path)], one_by_one).new for path in (pile[1], pile[2], pile[0])]
    assert new == [3, 3, 2]  # The third run reads one paper again, now with its date.
    assert tables(backwards) == tables(built)
    assert tables(one_by_one) == tables(built)


def test_more_papers_are_added(built: Path, pile: list[Path], tmp_path: Path) -> None:
    made = build.build([str(pile[0])], tmp_path / "graph")
    assert (made.papers, made.new, made.extracted, made.changed) == (3, 3, 3, True)
    titles = {node.properties["title"] for node in files.nodes(tmp_path / "graph", ["Paper"])}
    assert titles < {node.properties["title"] for node in files.nodes(built, ["Paper"])}


def test_an_edge_quotes_its_paper(built: Path) -> None:
    texts = {paper.id: paper.text for paper in archive.papers(built, files.manifest(built))}
    for edge in files.edges(built, [role.upper() for role in ROLES]):
        said: Any = edge.properties
        evidence = [said[name] for name in ("forms", "starts", "ends", "sentences")]
        assert {len(items) for items in evidence} == {said["mentions"]} != {0}
        for form, start, end, sentence in zip(*evidence, strict=True):
            assert texts[edge.source][start:end] == form
            assert form in sentence
            assert sentence in texts[edge.source]
        assert 0 < said["score"] <= 1
    for edge in files.edges(built, [relation.upper() for relation in RELATIONS]):
        said = edge.properties
        assert said["support"] == len(said["papers"]) == len(said["sentences"]) > 0
        assert all(s in texts[p] for p, s in zip(said["papers"], said["sentences"], strict=True))


def test_every_mention_stands_where_it_says(built: Path) -> None:
    made = files.manifest(built)
    texts = {archive.digest(paper.text): paper.text for paper in archive.papers(built, made)}
    found = archive.extractions(built, made.extractor, frozenset(texts))
    assert found.keys() == texts.keys()
    mentions = [
        (texts[key][mention.start : mention.end], mention.form)
        for key, extraction in found.items()
        for finding in extraction.findings
        for mention in finding.mentions
    ]
    assert len(mentions) > 100
    assert all(quoted == form for quoted, form in mentions)


def test_every_edge_joins_what_it_may(built: Path) -> None:
    labels = {node.id: node.label for node in files.nodes(built)}
    for edge in files.edges(built):
        ends = labels[edge.source], labels[edge.target]
        if edge.label == "RELATED_TO":
            assert ends == ("Paper", "Paper")
            assert edge.source < edge.target
        elif edge.label.lower() in ROLES:
            assert ends[0] == "Paper" != ends[1]
        else:
            assert allowed(ends[0], edge.label.lower(), ends[1])
            assert edge.source != edge.target


def test_the_store_holds_what_the_files_hold(built: Path) -> None:
    counts = arcade.ask(built, "MATCH (n) RETURN count(n) AS nodes")[0]["nodes"]
    assert counts == sum(table.rows for table in files.manifest(built).of("nodes"))
    edges = arcade.ask(built, "MATCH ()-[e]->() RETURN count(e) AS edges")[0]["edges"]
    assert edges == sum(table.rows for table in files.manifest(built).of("edges"))


def test_what_is_extracted_is_gold(pile: list[Path], tmp_path: Path) -> None:
    out = tmp_path / "found.jsonl"
    result = run("extract", pile[2], "-o", out)
    assert (result.exit_code, result.output) == (0, "")
    records = list(gold.records([out]))
    assert len(records) == 3
    for record in records:
        text = gold.text(record)
        names = [entity["name"] for entity in record["entities"]]
        assert len(set(names)) == len(names) > 3
        for entity in record["entities"]:
            assert entity["type"] in LABELS
            assert (entity.get("kind") in KINDS) == (entity["type"] == "Concept")
            assert entity["role"] in ROLES
            assert [text[start:end] for start, end, _ in entity["spans"]]
            assert {text[start:end] for start, end, _ in entity["spans"]} == set(entity["mentions"])
        for head, relation, tail in record["relations"]:
            assert relation in RELATIONS
            assert {head, tail} <= set(names)
    # The scorer reads it as gold: it agrees with itself wholly.
    agreed = score.score((record, record) for record in records)
    assert agreed.entity.f1 == agreed.relation.f1 == 1


def test_a_table_that_is_lost_is_made_anew(built: Path, pile: list[Path], tmp_path: Path) -> None:
    folder = copy(built, tmp_path)
    lost = files.manifest(folder).of("nodes")[0]
    (folder / lost.path).unlink()
    result = run("build", *pile, "--out", folder)
    assert result.exit_code == 0, result.output
    assert graph_of(folder) == graph_of(built)


# --- Kills ---------------------------------------------------------------------------------------

#: Build, and kill oneself just before the n-th file gets its name or goes.
SUICIDE = """
import os, signal, sys
from pathlib import Path
from kg import build
left = int(sys.argv[1])
def audit(event, arguments):
    global left
    if event not in ("os.rename", "os.remove"):
        return
    # What has got its name is looked for once more under its former one, in vain.
    if ".lock" not in str(arguments[0]) and os.path.exists(arguments[0]):
        left -= 1
        if left < 0:
            os.kill(os.getpid(), signal.SIGKILL)
sys.addaudithook(audit)
build.build(sys.argv[3:], Path(sys.argv[2]))
"""


def python(*arguments: object) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, *map(str, arguments)],
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


@pytest.fixture(scope="module")
def growing(built: Path, pile: list[Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The graph of the first capture, which knows already what is in the others' texts."""
    folder = tmp_path_factory.mktemp("growing") / "graph"
    (table,) = files.manifest(built).of("extractions")
    (folder / "extractions").mkdir(parents=True)
    shutil.copy(built / table.path, folder / table.path)
    assert build.build([str(pile[0])], folder).extracted == 0
    shutil.copy(built / table.path, folder / table.path)
    return folder


@pytest.mark.skipif(os.name != "posix", reason="SIGKILL")
@pytest.mark.slow
def test_a_build_killed_at_any_step_leaves_a_graph(
    built: Path, growing: Path, pile: list[Path], tmp_path: Path
) -> None:
    before, after = stats(growing), stats(built)
    ends = Counter[str]()
    # Some two dozen files are named, the last the manifest; then those of the former graph go.
    for step in (0, *sorted(random.Random(1).sample(range(1, 18), 4)), *range(18, 30, 2)):
        folder = copy(growing, tmp_path / str(step))
        child = python("-c", SUICIDE, step, folder, *pile)
        code = child.wait(timeout=600)
        if code == 0:
            ends["done"] += 1
            assert graph_of(folder) == graph_of(built)
            break
        assert code == -signal.SIGKILL
        found = stats(folder)
        assert found in (before, after)
        ends["before" if found == before else "after"] += 1
        assert tables(folder) == tables(growing if found == before else built)
        build.build([str(path) for path in pile], folder)
        assert tables(folder) == tables(built)
        assert not list(folder.glob("*/.part-*"))
    assert min(ends["before"], ends["after"]) > 0


@pytest.mark.skipif(os.name != "posix", reason="SIGKILL")
@pytest.mark.slow
def test_a_build_killed_at_any_moment_leaves_a_graph(
    pile: list[Path], built: Path, tmp_path: Path
) -> None:
    first = tmp_path / "first"
    build.build([str(pile[0])], first)
    command = ("-m", "kg.cli", "build", *pile, "--out")
    started = time.monotonic()
    assert python(*command, copy(first, tmp_path / "whole")).wait(timeout=600) == 0
    whole = time.monotonic() - started
    chance = random.Random(2)
    folder = copy(first, tmp_path)
    for _ in range(3):
        child = python(*command, folder)
        time.sleep(chance.uniform(0.1, 0.9) * whole)
        child.kill()
        child.wait()
        assert stats(folder) in (stats(first), stats(built))
        papers = arcade.ask(folder, "MATCH (p:Paper) RETURN count(p) AS papers")
        assert papers == [{"papers": stats(folder)["papers"]}]
    assert run("build", *pile, "--out", folder).exit_code == 0
    assert tables(folder) == tables(built)


def test_two_builds_of_one_graph_do_not_meet(built: Path, pile: list[Path], tmp_path: Path) -> None:
    folder = copy(built, tmp_path)
    with files.lock(folder):
        result = run("build", *pile, "--out", folder)
    assert result.exit_code == 1
    assert f"is being built by process {os.getpid()}" in result.stderr


# --- Findings made by hand -----------------------------------------------------------------------


def found(
    *forms: str,
    label: str = "Method",
    role: str = "uses",
    kind: str | None = None,
    score: float = 0.9,
) -> Finding:
    """A finding with these forms; where they stand is left to ``read_as``."""
    kind = kind or ("other" if label == "Concept" else None)
    mentions = tuple(Mention(0, len(form), form, score) for form in forms)
    return Finding(forms[0], label, kind, role, score, 0.8, mentions)


def read_as(
    id_: str, *findings: Finding, relations: Iterable[Relation] = (), published: str | None = None
) -> tuple[Paper, Extraction]:
    """A paper that says just the forms of these findings, and what was found in it."""
    text, placed = "", []
    for finding in findings:
        mentions = []
        for mention in finding.mentions:
            start = len(text)
            text += f"{mention.form}. "
            end = start + len(mention.form)
            mentions.append(Mention(start, end, mention.form, mention.score))
        placed.append((finding, tuple(mentions)))
    text = text.strip() or "Nothing."
    ends = [mention.end + 1 for _, mentions in placed for mention in mentions] or [len(text)]
    sentences = tuple(zip([0, *(end + 1 for end in ends[:-1])], ends, strict=True))
    extraction = Extraction(
        findings=tuple(
            Finding(f.name, f.label, f.kind, f.role, f.score, f.role_score, mentions)
            for f, mentions in placed
        ),
        relations=tuple(relations),
        sentences=sentences,
        by="hand 1",
    )
    return Paper(id_, text, ids=(id_,), published=published, sources=(f"{id_}#1",)), extraction


def graph(*papers: tuple[Paper, Extraction]) -> assemble.Graph:
    return assemble.graph(
        [paper for paper, _ in papers], {paper.id: extraction for paper, extraction in papers}
    )


def entities(*papers: tuple[Paper, Extraction]) -> dict[str, Node]:
    return {node.id: node for node in graph(*papers).nodes if node.label != "Paper"}


def names(*papers: tuple[Paper, Extraction]) -> dict[str, set[str]]:
    """Name of each entity -> the other forms that name it."""
    said: dict[str, set[str]] = {}
    for node in entities(*papers).values():
        properties: Any = node.properties
        said[properties["name"]] = set(properties["aliases"])
    return said


def test_an_abbreviation_is_what_papers_define_it_as() -> None:
    assert names(
        read_as("a", found("large language model", "LLM")),
        read_as("b", found("LLMs")),
        read_as("c", found("Large Language Models", "LLMs")),
    ) == {"large language model": {"Large Language Models", "LLM", "LLMs"}}


def test_an_abbreviation_of_two_things_stays_apart() -> None:
    assert names(
        read_as("a", found("continual learning", "CL")),
        read_as("b", found("curriculum learning", "CL")),
        read_as("c", found("CL")),
    ) == {"continual learning": set(), "curriculum learning": set(), "CL": set()}


def test_who_defines_an_ambiguous_abbreviation_means_its_own() -> None:
    made = graph(
        read_as("a", found("continual learning", "CL", "CL", "CL")),
        read_as("b", found("curriculum learning", "CL")),
    )
    assert {(edge.source, edge.target) for edge in made.edges} == {
        ("a", "method:continual-learning"),
        ("b", "method:curriculum-learning"),
    }
    (edge,) = (edge for edge in made.edges if edge.source == "a")
    assert edge.properties["mentions"] == 4


@pytest.mark.parametrize(
    ("forms", "name"),
    [
        (["graph neural networks", "graph neural network", "graph neural network"], None),
        (["fine-tuning", "fine tuning", "finetuning", "Fine-Tuning"], "fine-tuning"),
        (["Reinforcement Learning", "reinforcement learning"], "reinforcement learning"),
        (["ImageNet", "ImageNet dataset", "ImageNet"], "ImageNet"),
        (["GPT-4", "GPT4", "GPT-4"], "GPT-4"),
        (["Schrödinger bridge", "Schrodinger bridges"], "Schrödinger bridge"),
        (["policies", "policy"], "policy"),
    ],
)
def test_spellings_meet(forms: list[str], name: str | None) -> None:
    papers = [read_as(str(number), found(form)) for number, form in enumerate(forms)]
    (made,) = names(*papers)
    assert made == (name or forms[-1])
    assert names(*papers)[made] == set(forms) - {made}


@pytest.mark.parametrize(
    "forms",
    [
        ["language model", "large language model"],
        ["GPT-3", "GPT-4"],
        ["bias", "biases in data"],
        ["world model", "world"],
        ["C", "C++"],
        ["Llama 2", "Llama 27"],
    ],
)
def test_different_things_stay_apart(forms: list[str]) -> None:
    papers = [read_as(str(number), found(form)) for number, form in enumerate(forms)]
    assert names(*papers).keys() == set(forms)


def test_a_common_noun_keeps_its_head() -> None:
    said = names(read_as("a", found("diffusion")), read_as("b", found("diffusion model")))
    assert said.keys() == {"diffusion", "diffusion model"}


def test_one_finding_may_have_two_names() -> None:
    papers = read_as("a", found("DINO-WM", "DINO World Model")), read_as("b", found("DINO-WM"))
    assert names(*papers) == {"DINO-WM": {"DINO World Model"}}


def test_a_loose_word_of_one_paper_joins_nothing() -> None:
    others = [read_as(f"p{number}", found("transformer")) for number in range(4)]
    others += [read_as(f"q{number}", found("encoder")) for number in range(4)]
    assert names(*others, read_as("z", found("transformer", "encoder"))).keys() == {
        "transformer",
        "encoder",
    }


def test_the_label_is_that_of_most_weight() -> None:
    papers = [
        read_as("a", found("MMLU", label="Benchmark", score=0.9)),
        read_as("b", found("MMLU", label="Dataset", score=0.5)),
        read_as("c", found("MMLU", label="Dataset", score=0.3)),
    ]
    (node,) = entities(*papers).values()
    assert (node.id, node.label, node.properties["papers"]) == ("benchmark:mmlu", "Benchmark", 3)
    more = read_as("d", found("MMLU", label="Dataset", score=0.2))
    assert list(entities(*papers, more)) == ["dataset:mmlu"]


def test_the_kind_is_that_of_most_weight() -> None:
    task, metric = (found("accuracy", label="Concept", kind=kind) for kind in ("task", "metric"))
    (node,) = entities(read_as("a", metric), read_as("b", task), read_as("c", metric)).values()
    assert node.properties["kind"] == "metric"


def test_the_role_is_the_strongest() -> None:
    made = graph(read_as("a", found("X-Net", role="mentions"), found("x-nets", role="introduces")))
    (edge,) = made.edges
    assert (edge.label, edge.properties["forms"]) == ("INTRODUCES", ("X-Net", "x-nets"))


def test_statements_of_one_thing_add_up() -> None:
    pair = found("DINO-WM"), found("Dreamer")
    made = graph(
        read_as("a", *pair, relations=[Relation(0, "outperforms", 1, 0.5, 0, 8)]),
        read_as("b", *pair, relations=[Relation(0, "outperforms", 1, 0.8, 0, 8)]),
    )
    (edge,) = (edge for edge in made.edges if edge.label == "OUTPERFORMS")
    assert (edge.source, edge.target) == ("method:dino-wm", "method:dreamer")
    assert edge.properties == {
        "support": 2, "score": 0.9, "papers": ("a", "b"), "sentences": ("DINO-WM.", "DINO-WM."),
    }  # fmt: skip


def test_a_relation_that_lost_its_ends_is_none() -> None:
    spellings = found("X-Net"), found("x-nets")
    loop = read_as("a", *spellings, relations=[Relation(0, "builds_on", 1, 0.9, 0, 6)])
    assert {edge.label for edge in graph(loop).edges} == {"USES"}
    data = found("MMLU", label="Dataset")
    stated = [Relation(0, "evaluated_on", 1, 0.9, 0, 6)]
    voted = [read_as(str(number), found("MMLU", label="Concept")) for number in range(3)]
    made = graph(read_as("a", found("X-Net"), data, relations=stated), *voted)
    assert "EVALUATED_ON" not in {edge.label for edge in made.edges}
    assert "EVALUATED_ON" in {
        edge.label for edge in graph(read_as("a", found("X-Net"), data, relations=stated)).edges
    }


def test_the_first_year_is_the_least_known() -> None:
    dates = "2024-05", None, "2023"
    papers = [read_as(str(n), found("BERT"), published=date) for n, date in enumerate(dates)]
    (node,) = entities(*papers).values()
    assert (node.properties["first_year"], node.properties["idf"]) == (2023, 0.0)


#: Forms that are spelled alike, abbreviate each other, or do not.
FORMS = (
    "large language model", "Large Language Models", "LLM", "LLMs", "language model", "LM",
    "latent model", "continual learning", "curriculum learning", "CL", "ImageNet",
    "ImageNet dataset", "image net", "diffusion", "diffusion models", "C++", "GPT-4", "gpt4", "—",
)  # fmt: skip


@st.composite
def readings(draw: st.DrawFn) -> list[tuple[Paper, Extraction]]:
    """Some papers that name some of the forms, with relations between what they name."""
    made = []
    for number in range(draw(st.integers(1, 6))):
        findings = [
            found(
                *draw(st.lists(st.sampled_from(FORMS), min_size=1, max_size=3)),
                label=draw(st.sampled_from(list(LABELS))),
                role=draw(st.sampled_from(ROLES)),
                score=draw(st.sampled_from([0.3, 0.6, 0.9])),
            )
            for _ in range(draw(st.integers(0, 4)))
        ]
        relations = []
        if findings:
            place = st.integers(0, len(findings) - 1)
            relations = [
                Relation(head, label, tail, 0.7, 0, 3)
                for head, label, tail in draw(
                    st.lists(st.tuples(place, st.sampled_from(list(RELATIONS)), place), max_size=3)
                )
            ]
        year = draw(st.sampled_from([None, "2020", "2024"]))
        made.append(read_as(f"p{number}", *findings, relations=relations, published=year))
    return made


def whole(made: assemble.Graph) -> Any:
    return (
        [(node.id, node.label, dict(node.properties)) for node in made.nodes],
        [(edge.source, edge.label, edge.target, dict(edge.properties)) for edge in made.edges],
    )


@given(readings(), st.randoms(use_true_random=False))
def test_the_order_of_papers_does_not_matter(
    papers: list[tuple[Paper, Extraction]], chance: random.Random
) -> None:
    shuffled = list(papers)
    chance.shuffle(shuffled)
    assert whole(graph(*shuffled)) == whole(graph(*papers))


@given(readings())
def test_whatever_is_found_makes_a_sound_graph(papers: list[tuple[Paper, Extraction]]) -> None:
    made = graph(*papers)
    labels = {node.id: node.label for node in made.nodes}
    assert len(labels) == len(made.nodes)
    findings = [finding for _, extraction in papers for finding in extraction.findings]
    named: set[str] = set()
    for node in made.nodes:
        said: Any = node.properties
        if node.label != "Paper":
            named |= {said["name"], *said["aliases"]}
            assert said["papers"] > 0
            assert said["name"] not in said["aliases"]
            assert (said["kind"] is None) == (node.label != "Concept")
    # A form beside others may be a loose name, which is quoted but names nothing on its own.
    assert {one.forms[0] for one in findings if len(one.forms) == 1} <= named
    quoted: set[str] = set()
    for edge in made.edges:
        said = edge.properties
        quoted |= set(said.get("forms", ()))
        assert edge.source != edge.target
        if edge.label.lower() in RELATIONS:
            assert allowed(labels[edge.source], edge.label.lower(), labels[edge.target])
    assert quoted == {form for one in findings for form in one.forms}
    counts: list[Any] = [edge.properties.get("mentions", 0) for edge in made.edges]
    assert sum(counts) == sum(len(one.mentions) for one in findings)


# --- Related papers ------------------------------------------------------------------------------

#: Names that never meet: each is an entity of its own.
TERMS = ("Alpha", "Bravo", "Charlie", "Delta", "Echo", "Foxtrot", "Golf", "Hotel")


def relatives(made: assemble.Graph) -> dict[tuple[str, str], tuple[float, tuple[str, ...]]]:
    """All pairs of related papers, by brute force from the nodes and the other edges."""
    papers = [node.id for node in made.nodes if node.label == "Paper"]
    entity: dict[str, Any] = {node.id: node.properties for node in made.nodes}
    cap = max(assemble.HUB_PAPERS, assemble.HUB_SHARE * len(papers))
    of = defaultdict(set)
    for edge in made.edges:
        if edge.label != "RELATED_TO" and entity[edge.target]["papers"] <= cap:
            of[edge.source].add(edge.target)
    weights = {}
    for a in papers:
        for b in papers:
            cents = sum(round(100 * entity[shared]["idf"]) for shared in of[a] & of[b])
            if a != b and cents:
                weights[a, b] = cents
    pairs = {}
    for a in papers:
        mates = sorted((b for b in papers if (a, b) in weights), key=lambda b: (-weights[a, b], b))
        for b in mates[: assemble.RELATED]:
            rare = (e for e in of[a] & of[b] if entity[e]["idf"])
            shared = sorted(rare, key=lambda e: (-entity[e]["idf"], e))
            names = tuple(entity[e]["name"] for e in shared)
            pairs[min(a, b), max(a, b)] = (weights[a, b] / 100, names)
    return pairs


@given(st.integers(1, 45), st.integers(1, len(TERMS)), st.randoms(use_true_random=False))
@settings(max_examples=40)
def test_related_papers_are_those_of_brute_force(
    papers: int, terms: int, chance: random.Random
) -> None:
    share = chance.random()
    made = graph(
        *(
            read_as(f"p{number:02}", *(found(t) for t in TERMS[:terms] if chance.random() < share))
            for number in range(papers)
        )
    )
    related: dict[tuple[str, str], Any] = {
        (edge.source, edge.target): (edge.properties["weight"], edge.properties["shared"])
        for edge in made.edges
        if edge.label == "RELATED_TO"
    }
    assert related == relatives(made)


def test_a_hub_relates_nothing() -> None:
    hub = assemble.HUB_PAPERS + 1
    papers = [read_as(f"p{number:02}", found("Alpha")) for number in range(hub)]
    papers += [read_as(f"q{number:02}", found("Bravo")) for number in range(2)]
    pairs = [(e.source, e.target) for e in graph(*papers).edges if e.label == "RELATED_TO"]
    assert pairs == [("q00", "q01")]


def test_a_paper_has_ten_relatives_of_its_own_choice() -> None:
    papers = [read_as(f"p{number:02}", found("Alpha")) for number in range(assemble.RELATED + 5)]
    papers += [read_as(f"q{number:02}") for number in range(20)]
    chosen: Sequence[Any] = [e for e in graph(*papers).edges if e.label == "RELATED_TO"]
    of_last = [edge for edge in chosen if edge.target == papers[assemble.RELATED + 4][0].id]
    assert len(of_last) == assemble.RELATED
    assert all(edge.properties["shared"] == ("Alpha",) for edge in chosen)


def test_rejections_of_other_files_are_kept(built: Path, tmp_path: Path) -> None:
    folder = copy(built, tmp_path)
    broken, fixed = tmp_path / "broken.jsonl", '{"title": "Fast Model Editing at Scale"}\n'
    known = json.dumps({"title": "Collaborative Development of NLP models"})
    broken.write_text(f"{fixed}nonsense\n")
    (tmp_path / "other.jsonl").write_text(f"{fixed}null\n{known}\n")
    for text in (f"{fixed}nonsense\n", f"{fixed}nonsense\n", fixed):
        broken.write_text(text)
        build.build([str(broken)], folder)
    build.build([str(tmp_path / "other.jsonl")], folder)
    lines = (folder / "rejected.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["file"] for line in lines] == ["other.jsonl"]


def test_a_model_with_labels_of_its_own_makes_no_graph(tmp_path, pile):
    own = {"types": ["Drug", "Method"], "roles": ["mentions"], "relations": {}}
    model = tmp_path / "model"
    model.mkdir()
    settings = {"name": "drugs", "version": "1", "schema": own}
    (model / "settings.json").write_text(json.dumps(settings), encoding="utf-8")
    options = build.Options(choice=Choice(model=str(model)))
    with pytest.raises(KgError, match=r"no place for: Drug[\s\S]*kg extract"):
        build.build([str(path) for path in pile], tmp_path / "graph", options)
    assert not (tmp_path / "graph").exists()
