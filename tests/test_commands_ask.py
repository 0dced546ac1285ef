"""The commands that ask a graph, as a user calls them, and ``kg.open``."""

import csv
import io
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import neo4j
import pytest
from click.testing import CliRunner, Result
from golden_graph import (
    BACK,
    DINO,
    EMOJI,
    HOSTILE,
    LONELY,
    PAPERS,
    SURVEY,
    edges,
    graph,
    nodes,
)

import kg
from kg.cli import cli
from kg.errors import KgError
from kg.output import as_table, cell

__all__ = ["graph"]

ROOT = Path(__file__).parents[1]


def run(*arguments: object) -> Result:
    return CliRunner().invoke(cli, [str(argument) for argument in arguments])


def start(*arguments: object) -> subprocess.Popen[str]:
    paths = os.pathsep.join([str(ROOT), *sys.path])
    return subprocess.Popen(
        [sys.executable, "-m", "kg.cli", *map(str, arguments)],
        env={**os.environ, "PYTHONPATH": paths, "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def commands() -> list[str]:
    # A module may not be called import: import_.py is kg import.
    return sorted(path.stem.strip("_") for path in (ROOT / "kg/commands").glob("[a-z]*.py"))


# --- kg ------------------------------------------------------------------------------------------


def test_help_lists_every_command() -> None:
    text = run("--help").output
    for name in commands():
        assert f"  {name} " in text


@pytest.mark.parametrize("name", ["", *commands()])
def test_every_help_has_an_example(name: str) -> None:
    result = run(*name.split(), "--help")
    assert result.exit_code == 0
    assert "Example:\n" in result.output
    assert f"  kg {name}".rstrip() in result.output.partition("Example:")[2]


def test_help_waits_for_nothing_heavy() -> None:
    code = (
        "import sys; from click.testing import CliRunner; from kg.cli import cli\n"
        "assert CliRunner().invoke(cli, ['--help']).exit_code == 0\n"
        "print(sorted({name.partition('.')[0] for name in sys.modules}))"
    )
    paths = os.pathsep.join([str(ROOT), *sys.path])
    found = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": paths},
        capture_output=True,
        text=True,
        check=True,
    )
    heavy = {
        "spacy",
        "torch",
        "onnxruntime",
        "pyarrow",
        "numpy",
        "jpype",
        "neo4j",
        "networkx",
        "rich",
    }
    assert not heavy & set(eval(found.stdout))


def test_a_query_waits_for_nothing_heavy(graph: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from kg.store import arcade\n"
        "from kg import queries, output\n"
        f"arcade.ask(Path({str(graph)!r}), 'RETURN 1 AS x')\n"
        "print(sorted({name.partition('.')[0] for name in sys.modules}))"
    )
    paths = os.pathsep.join([str(ROOT), *sys.path])
    found = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": paths},
        capture_output=True,
        text=True,
        check=True,
    )
    heavy = {"spacy", "torch", "onnxruntime", "pyarrow", "neo4j", "networkx", "rich"}
    assert not heavy & set(eval(found.stdout))


def test_wrong_usage_is_another_code() -> None:
    assert run("query").exit_code == 2
    assert run("nope").exit_code == 2
    assert run("serve", "x", "--port", "99999").exit_code == 2


# --- kg query ------------------------------------------------------------------------------------


def test_rows_come_as_a_table(graph: Path) -> None:
    result = run("query", graph, "top-entities", "--param", "limit=2", "--param", "kind=task")
    assert result.stdout == (
        "name                label    kind  papers  first_year  id\n"
        "------------------  -------  ----  ------  ----------  ----------------\n"
        "zero-shot planning  Concept  task       3        2024  concept:planning\n"
        "visual control      Concept  task       2        2024  concept:control\n"
    )
    assert (result.exit_code, result.stderr) == (0, "")


def test_rows_come_as_json(graph: Path) -> None:
    result = run("query", graph, "introduced-by", "--json", "--param", f"title={PAPERS[EMOJI][0]}")
    assert json.loads(result.stdout) == []
    result = run("query", graph, "introduced-by", "--json", "--param", "title=quotes*")
    (row,) = json.loads(result.stdout)
    assert (row["introduced"], row["paper"]) == (HOSTILE, PAPERS["arxiv:2407.00001"][0])


def test_rows_come_as_csv(graph: Path) -> None:
    result = run("query", graph, "shared-entities", "--csv", "--param", f"title={DINO}")
    rows = list(csv.DictReader(io.StringIO(result.stdout)))
    assert [row["id"] for row in rows][:2] == [SURVEY, BACK]
    assert rows[1]["related"] == PAPERS[BACK][0]
    assert json.loads(rows[0]["shared"]) == ["DINO-WM", "zero-shot planning", "Dreamer"]
    assert run("query", graph, "introduced-by", "--csv", "--param", "title=none").stdout == ""


def test_cypher_takes_typed_parameters(graph: Path) -> None:
    result = run(
        "query", graph, "RETURN $a AS a, $b AS b, $c AS c, $d AS d", "--json",
        "--param", "a=5", "--param", "b=five", "--param", 'c=["x", null]', "--param", 'd="5"',
    )  # fmt: skip
    assert json.loads(result.stdout) == [{"a": 5, "b": "five", "c": ["x", None], "d": "5"}]


def test_a_file_of_ones_own_is_asked(graph: Path, tmp_path: Path) -> None:
    path = tmp_path / "mine.cypher"
    path.write_text("// Says.\n//\n// x: int = 3 - a number\nRETURN $x AS x\n")
    assert json.loads(run("query", graph, path, "--json").stdout) == [{"x": 3}]


def test_no_rows_is_said_beside_the_rows(graph: Path) -> None:
    result = run("query", graph, "introduced-by", "--param", "title=none")
    assert (result.exit_code, result.stdout) == (0, "")
    assert result.stderr == (
        'No rows. Names must match as a whole; for a part: --param title="*none*"\n'
    )
    result = run("query", graph, "introduced-by", "--param", "title=none*", "--json")
    assert (json.loads(result.stdout), result.stderr) == ([], "No rows.\n")
    result = run("query", graph, "MATCH (m:Metod {name: 'a:B'}) RETURN m.name AS name", "--csv")
    assert (result.stdout, result.stderr) == (
        "",
        "No rows: no graph has the label or type Metod.\n",
    )


@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        (["MATCH (p:Paper) WHER p.x"], "at line 1, column 16"),
        (["nope"], "There are: benchmark-usage"),
        (["path", "--param", "start=x"], "needs the parameter end"),
        (["trend", "--param", "entity"], "is not K=V"),
        (["CREATE (:Paper)"], "only a projection"),
    ],
)
def test_errors_are_told_not_traced(graph: Path, arguments: list[str], what: str) -> None:
    result = run("query", graph, *arguments)
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith("Error: ")
    assert what in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.parametrize("name", ["query", "show", "stats", "serve"])
def test_no_graph_is_told(tmp_path: Path, name: str) -> None:
    more = {"query": ["trend"], "show": ["x"]}.get(name, [])
    result = run(name, tmp_path, *more)
    assert result.exit_code == 1
    assert result.stderr == (
        f"Error: {tmp_path}: no graph there\nBuild it with: kg build INPUT... --out GRAPH\n"
    )


def test_a_closed_pipe_is_quiet(graph: Path) -> None:
    long = "UNWIND range(1, 50000) AS x RETURN x, 'some words to fill the pipe' AS words"
    with start("query", graph, long) as child:
        assert child.stdout is not None
        assert child.stderr is not None
        child.stdout.readline()
        child.stdout.close()
        assert child.stderr.read() == ""


# --- kg queries ----------------------------------------------------------------------------------


def test_queries_are_listed_and_described() -> None:
    listed = run("queries").stdout
    for name in ("shared-entities", "untried-pairs", "path"):
        assert f"\n\n{name}\n" in f"\n\n{listed}"
    one = run("queries", "path").stdout
    assert one.startswith("path\n  How two papers hang together")
    assert "--param start=...  the first paper's title or id (glob, must be given)" in one
    assert "--param limit=...  most rows (int, default 5)" in one
    assert "MATCH (a:Paper)" in one
    (data,) = json.loads(run("queries", "path", "--json").stdout)
    assert [parameter["name"] for parameter in data["parameters"]] == ["start", "end", "limit"]
    assert run("queries", "nope").exit_code == 1


# --- kg show -------------------------------------------------------------------------------------


def test_the_card_of_a_paper(graph: Path) -> None:
    text = run("show", graph, "dino-wm: world models").stdout
    for part in (
        "DINO-WM: World Models\nPaper arxiv:2411.04983 · 2024-11 · ACME\n",
        "\nAuthors: Ada O'Hara; Bo 🦕\nSources: a.txt#1; b.txt#2\n",
        "\n\nZero-shot planning with world models.\n\nIntroduces\n  DINO-WM (Method, 0.64)\n",
        "\nCompares to\n  Dreamer (Method, 0.64)\n    “Here we say: Dreamer in",
        "\nRelated papers\n  A Survey of World Models [arxiv:2501.00005] (1.50)\n    shares DINO",
    ):
        assert part in text


def test_the_card_of_an_entity(graph: Path) -> None:
    text = run("show", graph, "dino world model").stdout
    for part in (
        "DINO-WM\nMethod method:dino-wm · 2 papers · since 2024\nAlso: DINO World Model\n",
        "\nIntroduced by\n  DINO-WM: World Models [arxiv:2411.04983] (0.64)\n",
        "\nMentioned by\n  A Survey of World Models",
        "\n  DINO-WM outperforms Dreamer (0.75)\n    “Here we say",
        "\n  latent dynamics part of DINO-WM (0.75)\n",
    ):
        assert part in text
    assert len([line for line in text.splitlines() if line.endswith(f"[{SURVEY}]")]) == 1


def test_a_long_card_is_cut_unless_all_is_wanted(tmp_path: Path) -> None:
    from kg.records import Edge, Node
    from kg.store import files

    papers = [Node(f"p{n:02}", "Paper", {"title": f"title {n}"}) for n in range(13)]
    entity = Node("m", "Method", {"name": "m", "papers": 13})
    said = {"score": 0.5, "sentences": ("It is.",)}
    made = [Edge(paper.id, "USES", "m", said) for paper in papers]
    tables = (*files.write_nodes(tmp_path, [*papers, entity]), *files.write_edges(tmp_path, made))
    files.commit(tmp_path, files.Manifest(tables=tables))
    short, whole = (run("show", tmp_path, "m", *more).stdout for more in ([], ["--all"]))
    assert short.endswith("  ... and 3 more (--all)\n")
    assert (short.count("It is."), whole.count("It is.")) == (10, 13)


@pytest.mark.parametrize("paper", PAPERS)
def test_a_card_is_found_by_id_and_title(graph: Path, paper: str) -> None:
    for called in (paper, PAPERS[paper][0], PAPERS[paper][0].upper(), f"{PAPERS[paper][0][:-1]}?"):
        card = json.loads(run("show", graph, called, "--json").stdout)
        assert (card["label"], card["id"]) == ("Paper", paper)


def test_a_card_as_json_says_all(graph: Path) -> None:
    card = json.loads(run("show", graph, "method:dreamer", "--json").stdout)
    assert [(paper["role"], paper["id"]) for paper in card["papers"]] == [
        ("uses", EMOJI),
        ("compares_to", "arxiv:2407.00001"),
        ("compares_to", DINO),
        ("studies", SURVEY),
    ]
    assert [(r["relation"], r["direction"], r["name"]) for r in card["relations"]] == [
        ("outperforms", "from", "DINO-WM"),
        ("outperforms", "from", HOSTILE),
        ("subtype_of", "to", "TD-MPC2"),
    ]
    lonely = json.loads(run("show", graph, LONELY, "--json").stdout)
    assert (lonely["entities"], lonely["related"]) == ([], [])


def test_several_candidates_are_listed(graph: Path) -> None:
    result = run("show", graph, "world")
    assert result.exit_code == 1
    assert "'world' fits 3 papers and entities:" in result.stderr
    assert "  method:dino-wm  Method: DINO-WM\n" in result.stderr
    assert "nothing is called 'zzz'" in run("show", graph, "zzz").stderr


# --- kg stats ------------------------------------------------------------------------------------


def test_stats(graph: Path) -> None:
    found = json.loads(run("stats", graph, "--json").stdout)
    assert found == {
        "papers": 6,
        "records": 7,
        "rejected": 1,
        "title_only": 1,
        "entities": {"Method": 4, "Dataset": 2, "Benchmark": 2, "Concept": 4},
        "edges": {
            "INTRODUCES": 3, "EVALUATES_ON": 4, "USES": 3, "COMPARES_TO": 3, "STUDIES": 6,
            "MENTIONS": 3, "EVALUATED_ON": 1, "APPLIED_TO": 1, "BUILDS_ON": 1, "OUTPERFORMS": 2,
            "MEASURES": 1, "SUBTYPE_OF": 1, "PART_OF": 1, "RELATED_TO": 2,
        },
        "orphans": 1,
        "edges_without_evidence": 0,
        "extractor": "golden 1",
    }  # fmt: skip
    text = run("stats", graph).stdout
    assert "papers                           6\n" in text
    assert "  Benchmark                      2\n" in text


def test_stats_see_what_is_missing(tmp_path: Path) -> None:
    from kg.records import Edge, Node
    from kg.store import files

    entity = Node("m", "Method", {"name": "m"})
    said = {"sentences": ("",)}, {"sentences": ("a", "", "")}, {"sentences": ("a",)}, {}
    made = [Edge(f"p{number}", "USES", "m", dict(one)) for number, one in enumerate(said)]
    related = [Edge("p0", "RELATED_TO", "p1", {"shared": ()})]
    tables = (
        *files.write_nodes(tmp_path, [entity]),
        *files.write_edges(tmp_path, [*made, *related]),
    )
    files.commit(tmp_path, files.Manifest(tables=tables))
    found = json.loads(run("stats", tmp_path, "--json").stdout)
    assert (found["edges_without_evidence"], found["orphans"], found["rejected"]) == (4, 0, 0)


# --- kg serve ------------------------------------------------------------------------------------


@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGTERM])
def test_serve_until_told_to_stop(graph: Path, end: signal.Signals) -> None:
    with start("serve", graph) as child:
        assert child.stdout is not None
        said = dict(child.stdout.readline().split(maxsplit=1) for _ in range(4))
        said = {name: value.strip() for name, value in said.items()}
        with neo4j.GraphDatabase.driver(
            said["URI"], auth=(said["User"], said["Password"])
        ) as driver:
            rows, _, _ = driver.execute_query(
                "MATCH (p:Paper) RETURN count(p) AS n", database_=said["Database"]
            )
            assert rows[0]["n"] == 6
        child.send_signal(end)
        _, errors = child.communicate(timeout=120)
    assert child.returncode == 0
    assert "Traceback" not in errors


# --- In Python -----------------------------------------------------------------------------------


def test_open_asks_as_the_command_does(graph: Path) -> None:
    with kg.open(graph) as opened, kg.open(str(graph)) as again:
        rows = opened.query("shared-entities", title="DINO-WM*")
        assert rows == again.query("shared-entities", title="dino*")
        assert rows == json.loads(
            run("query", graph, "shared-entities", "--json", "--param", "title=DINO*").stdout
        )
        assert opened.query("RETURN $query AS x", query=[1]) == [{"x": [1]}]
        with pytest.raises(KgError, match="Unexpected input"):
            opened.query("MATCH (p:Paper) WHER p.x")
        assert opened.stats()["papers"] == 6
        again.close()
        assert opened.query("RETURN 1 AS x") == [{"x": 1}]
        assert again.query("RETURN 2 AS x") == [{"x": 2}]


def test_open_gives_papers_and_entities(graph: Path) -> None:
    with kg.open(graph) as opened:
        assert {paper["id"]: paper["title"] for paper in opened.papers()} == {
            id_: title for id_, (title, _, _) in PAPERS.items()
        }
        entities = opened.entities()
        assert len(entities) == 12
        assert entities[0]["label"] == "Benchmark"
        assert entities[0]["aliases"] == ("Atari-100k",)


def test_to_networkx_has_everything(graph: Path) -> None:
    with kg.open(graph) as opened:
        made = opened.to_networkx()
    assert set(made) == {node.id for node in nodes()}
    assert {(a, key, b) for a, b, key in made.edges(keys=True)} == {
        (edge.source, edge.label, edge.target) for edge in edges()
    }
    edge = made.edges["method:dino-wm", "method:dreamer", "OUTPERFORMS"]
    assert edge["papers"] == (DINO,)
    assert made.nodes[DINO]["authors"] == ("Ada O'Hara", "Bo 🦕")


def test_open_needs_a_graph(tmp_path: Path) -> None:
    with pytest.raises(KgError, match="no graph there"):
        kg.open(tmp_path)


# --- Text ----------------------------------------------------------------------------------------


def test_a_table_keeps_its_columns() -> None:
    rows: list[dict[str, Any]] = [
        {"name": "中文 🦕", "n": 1, "list": ["a", None], "map": {"x": True}},
        {"name": "tab\tand\x1b[31m red\n", "n": None, "list": [], "map": None},
    ]
    assert as_table(rows).splitlines() == [
        "name              n  list  map",
        "----------------  -  ----  -------",
        "中文 🦕           1  a;    x: true",
        "tab and [31m red",
    ]


def test_a_table_fits_its_terminal() -> None:
    rows = [{"text": "word " * 60, "n": 3}]
    lines = as_table(rows, width=40).splitlines()
    assert len(lines) > 5
    assert "word" in lines[2]
    assert cell("a\r\n b") == "a b"
