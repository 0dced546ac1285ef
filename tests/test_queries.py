"""The named queries: their files are checked, and their answers counted by hand."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import neo4j_server
import pytest
from golden_graph import (
    BACK,
    DINO,
    EMOJI,
    ENTITIES,
    HOSTILE,
    LONELY,
    PAPERS,
    QUOTES,
    SURVEY,
    graph,
    sentence,
)
from hypothesis import given
from hypothesis import strategies as st

from kg import build, queries
from kg.errors import KgError
from kg.store import arcade
from kg.store.neo4j import loading
from kg.store.neo4j.ask import ask as neo4j_ask
from kg.store.neo4j.connection import Login

__all__ = ["graph"]

TITLES = {id_: title for id_, (title, _, _) in PAPERS.items()}


def ask(graph: Path, name: str, **given: object) -> list[dict[str, Any]]:
    query = queries.load(name)
    rows = arcade.ask(graph, query.text, queries.bind(query, given))
    return [queries.rounded(row) for row in rows]


def table(rows: list[dict[str, Any]], *columns: str) -> list[tuple[Any, ...]]:
    return [tuple(row[column] for column in columns) for row in rows]


# --- Answers -------------------------------------------------------------------------------------


def test_shared_entities(graph: Path) -> None:
    # idf is ln(6 papers / papers of the entity): DINO-WM ln 3, planning ln 2, Dreamer ln 1.5.
    assert table(
        ask(graph, "shared-entities", title="DINO-WM*"), "id", "score", "shared", "related", "year"
    ) == [
        (SURVEY, 2.1972, ["DINO-WM", "zero-shot planning", "Dreamer"], TITLES[SURVEY], 2025),
        (BACK, 0.6931, ["zero-shot planning"], TITLES[BACK], 2025),
        (EMOJI, 0.4055, ["Dreamer"], TITLES[EMOJI], 2025),
        (QUOTES, 0.4055, ["Dreamer"], TITLES[QUOTES], 2024),
    ]
    assert table(ask(graph, "shared-entities", title=DINO, hub=3), "id") == [(SURVEY,), (BACK,)]
    assert len(ask(graph, "shared-entities", title=DINO, limit=1)) == 1
    assert ask(graph, "shared-entities", title=LONELY) == []


def test_benchmark_usage(graph: Path) -> None:
    rows = ask(graph, "benchmark-usage")
    assert table(rows, "benchmark", "role", "id") == [
        ("Atari 100k", "EVALUATES_ON", EMOJI),
        ("Atari 100k", "EVALUATES_ON", QUOTES),
        ("Atari 100k", "MENTIONS", SURVEY),
        ("D4RL 🦕", "INTRODUCES", BACK),
        ("PointMaze", "USES", DINO),
        ("Wall", "EVALUATES_ON", DINO),
    ]
    assert rows[0]["sentence"] == sentence(EMOJI, "benchmark:atari")
    assert table(ask(graph, "benchmark-usage", benchmark="atari-100K"), "id") == [
        (EMOJI,),
        (QUOTES,),
        (SURVEY,),
    ]


def test_compared_with(graph: Path) -> None:
    assert table(
        ask(graph, "compared-with", method="dreamer"),
        "compared", "papers", "better", "worse", "titles",
    ) == [
        ("DINO-WM", 1, 0, 1, [TITLES[DINO]]),
        (HOSTILE, 1, 0, 1, [TITLES[QUOTES]]),
        ("TD-MPC2", 1, 0, 0, [TITLES[QUOTES]]),
    ]  # fmt: skip
    # Each pair once from either side; the survey studies Dreamer but compares nothing.
    assert len(ask(graph, "compared-with")) == 8


def test_datasets_for_task(graph: Path) -> None:
    columns = ("task", "dataset", "label", "papers", "stated", "titles")
    assert table(ask(graph, "datasets-for-task"), *columns) == [
        ("visual control", "Atari 100k", "Benchmark", 2, 1, [TITLES[EMOJI], TITLES[QUOTES]]),
        ("zero-shot planning", "D4RL 🦕", "Dataset", 1, 0, [TITLES[BACK]]),
        ("zero-shot planning", "PointMaze", "Dataset", 1, 0, [TITLES[DINO]]),
        ("zero-shot planning", "Wall", "Benchmark", 1, 0, [TITLES[DINO]]),
    ]
    # By an alias.
    assert len(ask(graph, "datasets-for-task", task="planning")) == 3


def test_methods_for_task(graph: Path) -> None:
    columns = ("task", "method", "papers", "introduced", "stated", "titles")
    assert table(ask(graph, "methods-for-task"), *columns) == [
        ("zero-shot planning", "DINO-WM", 2, 1, 2, [TITLES[SURVEY], TITLES[DINO]]),
        ("visual control", HOSTILE, 1, 1, 0, [TITLES[QUOTES]]),
        ("visual control", "Dreamer", 1, 0, 0, [TITLES[EMOJI]]),
        ("zero-shot planning", "TD-MPC2", 1, 0, 0, [TITLES[BACK]]),
    ]


def test_introduced_by(graph: Path) -> None:
    assert table(ask(graph, "introduced-by"), "introduced", "label", "id", "sentence") == [
        ("D4RL 🦕", "Dataset", BACK, sentence(BACK, "dataset:d4rl")),
        ("DINO-WM", "Method", DINO, sentence(DINO, "method:dino-wm")),
        (HOSTILE, "Method", QUOTES, sentence(QUOTES, "method:hostile")),
    ]
    assert table(ask(graph, "introduced-by", title="dino*"), "introduced") == [("DINO-WM",)]


def test_trend(graph: Path) -> None:
    # 2024: two papers, 2025: three, 2023: one.
    assert table(ask(graph, "trend", entity="DREAMER"), "entity", "year", "papers", "share") == [
        ("Dreamer", 2024, 2, 1.0),
        ("Dreamer", 2025, 2, 0.6667),
    ]
    assert len(ask(graph, "trend")) == 18
    assert table(ask(graph, "trend", limit=3), "entity", "year") == [
        ("Dreamer", 2024),
        ("Dreamer", 2025),
        ("Atari 100k", 2024),
    ]


def test_top_entities(graph: Path) -> None:
    columns = ("name", "label", "kind", "papers", "first_year", "id")
    assert table(ask(graph, "top-entities", limit=3), *columns) == [
        ("Dreamer", "Method", None, 4, 2024, "method:dreamer"),
        ("Atari 100k", "Benchmark", None, 3, 2024, "benchmark:atari"),
        ("zero-shot planning", "Concept", "task", 3, 2024, "concept:planning"),
    ]
    assert table(ask(graph, "top-entities", label="concept", kind="task"), "name", "papers") == [
        ("zero-shot planning", 3),
        ("visual control", 2),
    ]
    assert table(ask(graph, "top-entities", label="Dataset"), "name") == [
        ("D4RL 🦕",),
        ("PointMaze",),
    ]


def test_untried_pairs(graph: Path) -> None:
    # No entity of six papers is as rare as that.
    assert ask(graph, "untried-pairs") == []
    assert ask(graph, "untried-pairs", papers=1, idf=1.2) == []
    assert ask(graph, "untried-pairs", papers=2, idf=0) == []
    assert ask(graph, "untried-pairs", papers=1, idf=0) == [
        {
            "method": "TD-MPC2",
            "benchmark": "Wall",
            "tasks": ["zero-shot planning"],
            "method_papers": 2,
            "benchmark_papers": 1,
        }
    ]


def test_path(graph: Path) -> None:
    columns = ("steps", "via", "roles", "rarity")
    assert table(ask(graph, "path", start=QUOTES, end="dino*"), *columns) == [
        (2, [TITLES[QUOTES], "Dreamer", TITLES[DINO]], ["COMPARES_TO", "COMPARES_TO"], 0.4055)
    ]
    # Three ways of two steps, the rarest entity first.
    assert [row["via"][1] for row in ask(graph, "path", start=DINO, end=SURVEY)] == [
        "DINO-WM",
        "zero-shot planning",
        "Dreamer",
    ]
    assert ask(graph, "path", start=DINO, end=LONELY) == []
    assert ask(graph, "path", start=DINO, end=DINO) == []


def test_evidence(graph: Path) -> None:
    assert ask(graph, "evidence", source="DINO-WM", target="dreamer*") == [
        {
            "source": "DINO-WM",
            "edge": "OUTPERFORMS",
            "target": "Dreamer",
            "sentence": sentence(DINO, "method:dreamer"),
            "score": 0.75,
            "paper": DINO,
        }
    ]
    assert table(
        ask(graph, "evidence", source=QUOTES, target=HOSTILE), "edge", "sentence", "paper"
    ) == [
        ("INTRODUCES", sentence(QUOTES, "method:hostile"), QUOTES),
        ("INTRODUCES", "It is.", QUOTES),
    ]


def test_search(graph: Path) -> None:
    assert table(ask(graph, "search", text="newline"), "found", "label", "id") == [
        (TITLES[BACK], "Paper", BACK)
    ]
    # A name without aliases; an alias; a phrase; a beginning; the abstract; none of them.
    assert table(ask(graph, "search", text="mpc2"), "id") == [("method:td-mpc2",)]
    assert table(ask(graph, "search", text="dreamerv3"), "id") == [("method:dreamer",)]
    assert {row["id"] for row in ask(graph, "search", text='"world models"')} == {DINO, SURVEY}
    assert {row["id"] for row in ask(graph, "search", text="lonel*")} == {LONELY}
    assert {row["id"] for row in ask(graph, "search", text="beat")} == {QUOTES}
    assert ask(graph, "search", text="nothingofthekind") == []
    assert table(ask(graph, "search", text="dreamer dreamerv3"), "id", "score") == [
        (QUOTES, 1.0),
        ("method:dreamer", 1.0),
    ]
    assert table(ask(graph, "search", text="dreamer", label="method"), "id") == [
        ("method:dreamer",)
    ]


@pytest.mark.parametrize(
    "text", ["(unbalanced", '"open', "a:b", "\\", "+ - && || !", "AND", "x OR", "[a TO b]", "~^2"]
)  # fmt: skip
def test_search_takes_any_text(graph: Path, text: str) -> None:
    try:
        ask(graph, "search", text=text)
    except KgError as error:
        assert "has no words" in str(error)


@pytest.mark.parametrize("name", queries.names())
def test_answers_have_one_order(graph: Path, name: str) -> None:
    given = {
        "shared-entities": {"title": "*"},
        "path": {"start": "*", "end": "*", "limit": 100},
        "search": {"text": "world dreamer planning"},
    }.get(name, {"limit": 100})
    rows = ask(graph, name, **given)
    assert ask(graph, name, **given) == rows
    assert all(
        isinstance(value, str | int | float | list | None) for row in rows for value in row.values()
    )


# --- Globs ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("paper", PAPERS)
def test_a_title_finds_itself(graph: Path, paper: str) -> None:
    cypher = "MATCH (p:Paper) WHERE p.title =~ $title RETURN p.id AS id"
    for glob in (TITLES[paper], TITLES[paper].upper(), f"*{TITLES[paper][2:-2]}*"):
        rows = arcade.ask(graph, cypher, {"title": queries.pattern(glob)})
        assert rows == [{"id": paper}]


@pytest.mark.parametrize("entity", ENTITIES)
def test_names_and_aliases_find_their_entity(graph: Path, entity: str) -> None:
    _, name, aliases, _ = ENTITIES[entity]
    for called in (name, *aliases):
        assert {row["target"] for row in ask(graph, "evidence", target=called)} == {name}


@given(st.text(), st.text())
def test_a_glob_without_wildcards_matches_itself_alone(text: str, other: str) -> None:
    text, other = (part.replace("*", "").replace("?", "") for part in (text, other))
    assert re.fullmatch(queries.pattern(text), text)
    if other.casefold() != text.casefold() and other.lower() != text.lower():
        found = re.fullmatch(queries.pattern(text), other)
        # Python folds a few characters (ſ, K) that neither way of lowering does.
        assert not found or len(other) == len(text)


@given(st.text("ab.\n"), st.text("ab.\n"), st.text("ab.\n"))
def test_wildcards(head: str, middle: str, tail: str) -> None:
    glob = re.compile(queries.pattern(f"{head}*{tail}"))
    assert glob.fullmatch(head + middle + tail)
    one = re.compile(queries.pattern(f"{head}?{tail}"))
    assert bool(one.fullmatch(head + middle + tail)) or len(middle) != 1
    assert not one.fullmatch(head + tail)


# --- Files ---------------------------------------------------------------------------------------


def test_all_are_documented_and_checked() -> None:
    for name in queries.names():
        query = queries.load(name)
        assert query.purpose.endswith("."), name
        assert "limit" in {parameter.name for parameter in query.parameters}, name
        assert not query.code.startswith("//"), name


def test_all_keep_to_the_portable_text() -> None:
    for name in queries.names():
        code = queries.load(name).code
        assert not re.search(r"-\[\w*\]", code), f"{name}: a relationship without a type"
        assert not re.search(r"\bapoc\.|\bgds\.|SHORTEST |\bSEARCH\b", code), name
        assert "ORDER BY" in code, name
        assert "LIMIT $limit" in code, name


GOOD = '// Says.\n//\n// title: glob = "*" - the title\nRETURN $title AS title\n'


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("RETURN 1", "line 1: no documentation"),
        (GOOD.replace(": glob", ": globb"), "line 3: unknown type globb"),
        (GOOD.replace("RETURN", "// more\nRETURN"), "line 4: not a parameter: more"),
        (GOOD.replace("$title", "$titel"), "used and declared differ: titel, title"),
        (GOOD.replace('glob = "*"', "int = x"), "title must be of type int, not 'x'"),
        (GOOD.replace("// title", "// x: int - y\n// title"), "used and declared differ: x"),
    ],
)
def test_a_wrong_file_is_said(tmp_path: Path, text: str, what: str) -> None:
    path = tmp_path / "wrong.cypher"
    path.write_text(text)
    with pytest.raises(KgError, match=re.escape(what)):
        queries.load(str(path))


def test_a_file_of_ones_own_is_a_named_query(tmp_path: Path) -> None:
    path = tmp_path / "mine.cypher"
    path.write_text(GOOD)
    query = queries.load(str(path))
    assert (query.name, query.purpose) == ("mine", "Says.")
    assert query.parameters == (queries.Parameter("title", "glob", "*", "the title"),)
    assert query.code == "RETURN $title AS title"
    assert queries.bind(query, {"title": "a.b"}) == {"title": "(?isu)a\\.b"}
    with pytest.raises(KgError, match="cannot be read"):
        queries.load(str(tmp_path / "none.cypher"))


@pytest.mark.parametrize(
    ("name", "given", "what"),
    [
        ("path", {"start": "x"}, "path needs the parameter end"),
        ("trend", {"entiti": "x"}, "trend has no parameter entiti"),
        ("trend", {"limit": "many"}, "limit must be of type int, not 'many'"),
        ("search", {"text": " ** "}, "text has no words"),
    ],
)
def test_a_wrong_parameter_is_said(name: str, given: dict[str, str], what: str) -> None:
    with pytest.raises(KgError, match=re.escape(what)) as caught:
        queries.bind(queries.load(name), given)
    assert f"{name} takes " in caught.value.remedy


def test_a_wrong_name_is_said_with_the_next_best() -> None:
    with pytest.raises(KgError, match="Did you mean shared-entities"):
        queries.load("shared-entity")


def test_values_may_be_texts_or_numbers() -> None:
    query = queries.load("trend")
    assert queries.bind(query, {"limit": 5}) == queries.bind(query, {"limit": "5"})
    # A title that is a number stays one; one that is quoted as in JSON loses the quotes.
    assert queries.bind(query, {"entity": 2024})["entity"] == "(?isu)2024"
    assert queries.bind(query, {"entity": '"2024"'})["entity"] == "(?isu)2024"


# --- Neo4j ---------------------------------------------------------------------------------------


#: What is asked with more than a limit: query -> parameters.
WIDE = {
    "shared-entities": {"title": "*"},
    "path": {"start": "*", "end": "*"},
    "untried-pairs": {"papers": 1, "idf": 0},
}
#: The same of the captures, in which all ways between all papers would be too many.
CAPTURED = {"shared-entities": {"title": "*world*"}, "path": {"start": "DINO-WM*", "end": "*"}}
#: Graph -> words that some of its papers and entities have.
WORDS = {
    "graph": "world dreamer",
    "built": "diffusion personality",
    "captures": "diffusion planning",
}


@pytest.fixture(scope="module")
def captures(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The graph of the five captures."""
    folder = tmp_path_factory.mktemp("captures") / "graph"
    samples = Path(__file__).parent / "samples"
    build.build([str(path) for path in sorted(samples.glob("00*.txt"))], folder)
    return folder


@pytest.fixture(scope="module")
def recent(tmp_path_factory: pytest.TempPathFactory) -> Iterator[neo4j_server.Server]:
    """A server of the last release that Maven has, where there is a Java for it."""
    if not neo4j_server.java(neo4j_server.RECENT):
        pytest.skip(f"Neo4j {neo4j_server.missing(neo4j_server.RECENT)}")
    with neo4j_server.running(tmp_path_factory.mktemp("recent"), neo4j_server.RECENT) as running:
        yield running


@pytest.fixture(
    scope="module",
    params=[
        "neo4j_server graph",
        "neo4j_server built",
        pytest.param("neo4j_server captures", marks=pytest.mark.slow),
        "recent built",
    ],
)
def both(request: pytest.FixtureRequest) -> Iterator[tuple[Path, Login, str]]:
    """A graph's folder, a server that has it, and some of its words.

    Each graph is loaded in the place of the one before it.
    """
    which, name = request.param.split()
    server = request.getfixturevalue(which)
    folder = request.getfixturevalue(name)
    login = Login(server.uri, server.user, server.password)
    loading.load(folder, login, name="contract", replace=True)
    yield folder, login, WORDS[name]
    neo4j_server.forget(server, "contract")


@pytest.mark.neo4j
@pytest.mark.parametrize("name", queries.names())
def test_neo4j_gives_the_same_rows(both: tuple[Path, Login, str], name: str) -> None:
    folder, login, words = both
    query = queries.load(name)
    wide = CAPTURED if words == WORDS["captures"] else WIDE
    given = {"text": words} if name == "search" else wide.get(name, {})
    values = queries.bind(query, {**given, "limit": 1000})
    rows = queries.rounded(arcade.ask(folder, query.text, values))
    found = queries.rounded(neo4j_ask(login, query.text, values))
    if name == "search":  # Both rank by Lucene, over other fields.
        rows, found = ([{**row, "score": 0} for row in each] for each in (rows, found))
        rows, found = (sorted(each, key=str) for each in (rows, found))
    assert found == rows
    assert rows or name == "untried-pairs"
