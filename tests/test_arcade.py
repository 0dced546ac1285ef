"""The embedded store: a projection of the files that only ever reads, and is rebuilt if need be."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import golden_graph
import pytest
from golden_graph import DINO, EMOJI, graph

from kg.errors import KgError
from kg.records import Edge, Node
from kg.store import arcade, files

__all__ = ["graph"]

COUNT = "MATCH (p:Paper) RETURN count(p) AS papers"
ROOT = Path(__file__).parents[1]


@pytest.fixture
def fresh(tmp_path: Path) -> Path:
    """The folder of the golden graph without a store."""
    golden_graph.write(tmp_path)
    return tmp_path


def kg(*arguments: object, cwd: Path = ROOT, **variables: str) -> subprocess.Popen[str]:
    paths = os.pathsep.join([str(ROOT), *sys.path])
    return subprocess.Popen(
        [sys.executable, "-m", "kg.cli", *map(str, arguments)],
        env={**os.environ, "PYTHONPATH": paths, **variables},
        cwd=cwd,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def digests(folder: Path) -> dict[str, str]:
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file() and path.name not in arcade._REWRITTEN
    }


# --- What is in it -------------------------------------------------------------------------------


def expected(properties: dict[str, Any]) -> dict[str, Any]:
    """Give the properties as a store has them: lists for tuples, without what is not known."""
    plain = {n: list(v) if isinstance(v, tuple) else v for n, v in properties.items()}
    return {name: value for name, value in plain.items() if value is not None}


def full(record: Node | Edge) -> dict[str, Any]:
    lists = {
        name: ()
        for name, type_ in {**files.NODES, **files.EDGES}[record.label].items()
        if type_.endswith("s")
    }
    return expected({**lists, **record.properties})


def test_every_node_is_in_it_with_its_labels(graph: Path) -> None:
    rows = arcade.ask(graph, "MATCH (n) RETURN n ORDER BY n.id")
    wanted = [
        {
            "labels": ["Paper"] if node.label == "Paper" else sorted(["Entity", node.label]),
            "id": node.id,
            **full(node),
        }
        for node in sorted(golden_graph.nodes(), key=lambda node: node.id)
    ]
    assert [row["n"] for row in rows] == wanted


def test_every_edge_is_in_it(graph: Path) -> None:
    rows = arcade.ask(
        graph, "MATCH (a)-[r]->(b) RETURN a.id AS a, r AS r, b.id AS b ORDER BY a, type(r), b"
    )
    wanted = [
        {"a": edge.source, "r": {"type": edge.label, **full(edge)}, "b": edge.target}
        for edge in sorted(golden_graph.edges(), key=lambda e: (e.source, e.label, e.target))
    ]
    assert rows == wanted


def test_entities_are_found_by_either_label(graph: Path) -> None:
    def count(label: str) -> int:
        (row,) = arcade.ask(graph, f"MATCH (e:{label}) RETURN count(e) AS n")
        return int(row["n"])

    labels = ("Method", "Dataset", "Benchmark", "Concept")
    assert [count(label) for label in labels] == [4, 2, 2, 4]
    assert count("Entity") == 12
    assert count("Entity&Method") == 4


def test_an_id_is_looked_up_by_its_index(graph: Path) -> None:
    for label in ("Paper", "Entity", "Method"):
        (row,) = arcade.ask(graph, f"EXPLAIN MATCH (n:{label} {{id: 'x'}}) RETURN n.title AS t")
        assert "NodeIndexSeek" in row["executionPlanAsString"], label


def test_the_full_text_is_found_as_in_neo4j(graph: Path) -> None:
    cypher = (
        "CALL db.index.fulltext.queryNodes($index, $text) YIELD node, score "
        "RETURN node.id AS id ORDER BY score DESC, id"
    )
    for index, text, id_ in (
        ("paper_text", "emoji", EMOJI),
        ("paper_text", "zero-shot AND world", DINO),
        ("entity_text", "dreamerv3", "method:dreamer"),
        ("entity_text", '"world model"', "method:dino-wm"),
    ):
        assert arcade.ask(graph, cypher, {"index": index, "text": text}) == [{"id": id_}]


# --- Freshness -----------------------------------------------------------------------------------


def built(folder: Path) -> list[str]:
    """Ask the graph, and give what was said."""
    said: list[str] = []
    arcade.ask(folder, COUNT, say=said.append)
    return said


def test_a_store_is_built_once_and_told(fresh: Path) -> None:
    assert built(fresh) == ["The store is missing: building it from the files (18 nodes, 32 edges)"]
    assert built(fresh) == []


def test_a_stale_store_is_built_anew_and_the_former_goes(fresh: Path) -> None:
    built(fresh)
    nodes = [node for node in golden_graph.nodes() if node.id != golden_graph.LONELY]
    tables = files.write_nodes(fresh, nodes), files.write_edges(fresh, golden_graph.edges())
    files.commit(fresh, files.Manifest(tables=(*tables[0], *tables[1])))
    said: list[str] = []
    assert arcade.ask(fresh, COUNT, say=said.append) == [{"papers": 5}]
    assert said == ["The store is stale: building it from the files (17 nodes, 32 edges)"]
    assert len([path for path in (fresh / "store").iterdir() if path.is_dir()]) == 1


def test_a_store_of_another_engine_is_built_anew(
    fresh: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(arcade, "_engine", lambda: "25.1.1")
    built(fresh)
    monkeypatch.undo()
    assert built(fresh) == [
        "The store was built by another version: building it from the files (18 nodes, 32 edges)"
    ]


@pytest.mark.parametrize(
    "harm", ["lost", "cut", "garbled", "no stamp", "other stamp", "bare stamp"]
)
def test_a_broken_store_is_built_anew(fresh: Path, harm: str) -> None:
    place = arcade.load(fresh)
    victim = next((place / arcade.DATABASE).glob("USES_0.*"))
    if harm == "lost":
        victim.unlink()
    elif harm == "cut":
        victim.write_bytes(victim.read_bytes()[:-10])
    elif harm == "garbled":
        victim.write_bytes(b"\xff" * victim.stat().st_size)
    elif harm == "no stamp":
        (place / "stamp.json").unlink()
    else:
        stamp = '{"files": {"schema.json": 1}}' if harm == "other stamp" else "[]"
        (place / "stamp.json").write_text(stamp)
    (said,) = built(fresh)
    assert said.startswith("The store is broken: building it")
    assert built(fresh) == []


def test_what_killed_builds_left_goes(fresh: Path) -> None:
    left = fresh / "store" / ".part-left"
    left.mkdir(parents=True)
    (left / "x").write_text("x")
    built(fresh)
    assert not left.exists()


def test_a_moved_graph_keeps_its_store(
    fresh: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    built(fresh)
    moved = tmp_path_factory.mktemp("moved") / "it's a “graph” $x"
    shutil.copytree(fresh, moved, copy_function=shutil.copyfile)
    assert built(moved) == []
    # Its files have another time now, which is looked at once.
    stamp = (moved / "store" / arcade.load(moved).name / "stamp.json").read_text()
    assert stamp != (arcade.load(fresh) / "stamp.json").read_text()
    assert built(moved) == []


def test_who_has_it_open_goes_on_when_it_is_replaced(fresh: Path) -> None:
    with arcade.opened(fresh) as database:
        files.commit(
            fresh, files.Manifest(tables=files.write_nodes(fresh, golden_graph.nodes()[:2]))
        )
        assert arcade.ask(fresh, COUNT) == [{"papers": 2}]
        assert arcade.rows(database, COUNT) == [{"papers": 6}]
        cypher = "MATCH (p:Paper)-[r:USES]->(e:Entity) RETURN r.sentences AS s"
        assert len(arcade.rows(database, cypher)) == 3
    assert len([path for path in (fresh / "store").iterdir() if path.is_dir()]) == 1


def test_processes_ask_at_once_and_one_builds(fresh: Path) -> None:
    children = [kg("query", fresh, COUNT, "--json") for _ in range(3)]
    results = [child.communicate() for child in children]
    assert [json.loads(output) for output, _ in results] == [[{"papers": 6}]] * 3
    said = [line for _, errors in results for line in errors.splitlines()]
    assert sum("building it" in line for line in said) == 1
    assert set(said) <= {
        "The store is missing: building it from the files (18 nodes, 32 edges)",
        "Another process builds the store: waiting for it",
    }


def test_a_graph_that_may_not_be_written_says_so(fresh: Path) -> None:
    (fresh / "store").write_text("a file where the store should be")
    with pytest.raises(KgError, match="the store could not be built"):
        arcade.ask(fresh, COUNT)


# --- Asking --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "cypher",
    [
        "CREATE (:Paper {id: 'new'})",
        "MERGE (p:Paper {id: 'new'}) RETURN p.id AS id",
        "MATCH (p:Paper) SET p.title = 'x'",
        "MATCH (p:Paper) REMOVE p.title",
        "MATCH (p:Paper) DETACH DELETE p",
        "MATCH (p:Paper) CALL (p) { SET p.title = 'x' } RETURN p.id AS id",
        "FOREACH (x IN [1] | CREATE (:Paper))",
        "CREATE INDEX i FOR (p:Paper) ON (p.year)",
        "MATCH (p:Paper) RETURN p.id AS id UNION CREATE (p:Paper {id: 'u'}) RETURN p.id AS id",
    ],
)
def test_a_query_cannot_write(graph: Path, cypher: str) -> None:
    before = digests(graph)
    with pytest.raises(KgError, match="only a projection of the files"):
        arcade.ask(graph, cypher)
    assert digests(graph) == before


def test_words_of_writing_in_texts_are_no_writing(graph: Path) -> None:
    rows = arcade.ask(graph, "RETURN 'CREATE (n) SET n.x = 1 DELETE n' AS said // MERGE")
    assert rows == [{"said": "CREATE (n) SET n.x = 1 DELETE n"}]


@pytest.mark.parametrize(
    ("cypher", "what"),
    [
        ("MATCH (p:Paper) WHER p.x", "Unexpected input 'WHER' at line 1, column 16"),
        ("MATCH (p:Paper)\nWHERE p.year >\nRETURN p", "at line 3, column 7"),
        ("RETURN 'open", "line 1:7"),
        ("MATCH (p:Paper) RETURN q", "Variable 'q' not defined"),
        ("RETURN nope(1) AS x", "Unknown function 'nope'"),
        ("MATCH (p:Paper {id: $id}) RETURN p", "misses a parameter: id"),
        ("RETURN 1 / 0 AS x", "/ by zero"),
        ("RETURN 1 AS a; RETURN 2 AS a", "line 1, column 13"),
        ("", "empty"),
    ],
)
def test_a_wrong_query_gives_the_engines_message(graph: Path, cypher: str, what: str) -> None:
    with pytest.raises(KgError) as caught:
        arcade.ask(graph, cypher)
    assert what in str(caught.value)
    assert "com.arcadedb" not in str(caught.value)


def test_a_query_reads_the_graph_and_no_file(graph: Path, tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("secret")
    with pytest.raises(KgError, match="disabled"):
        arcade.ask(graph, f"LOAD CSV FROM 'file://{tmp_path}/x.csv' AS line RETURN line")


def test_parameters_keep_their_types(graph: Path) -> None:
    given = {
        "a": 1,
        "b": 2.5,
        "c": "x 'y' \\ 🦕",
        "d": [1, "z"],
        "e": {"f": None},
        "g": True,
        "h": None,
    }
    cypher = "RETURN " + ", ".join(f"${name} AS {name}" for name in given)
    assert arcade.ask(graph, cypher, given) == [given]


def test_nobody_hears_of_the_machine(graph: Path, tmp_path: Path) -> None:
    with kg("query", graph, COUNT, cwd=tmp_path) as child:
        output, errors = child.communicate()
    assert (output, errors) == ("papers\n------\n     6\n", "")
    assert list(tmp_path.iterdir()) == []


def test_a_garbled_archive_of_classes_is_no_fault(graph: Path, tmp_path: Path) -> None:
    archive = tmp_path / "cache"
    archive.mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("KG_CACHE", str(archive))
        name = arcade.java.archive(*arcade._installed())
    name.write_bytes(b"garbage" * 1000)
    with kg("query", graph, COUNT, "--json", KG_CACHE=str(archive)) as child:
        output, errors = child.communicate()
    assert (json.loads(output), errors) == ([{"papers": 6}], "")


def test_a_wrong_heap_is_said(graph: Path) -> None:
    with kg("query", graph, COUNT, KG_HEAP="lots") as child:
        output, errors = child.communicate()
    assert (child.returncode, output) == (1, "")
    assert "Check the variable KG_HEAP" in errors


def test_the_archive_of_classes_is_made_once_and_used(fresh: Path, tmp_path: Path) -> None:
    archive = tmp_path / "cache"
    variables = {"KG_CACHE": str(archive)}
    with kg("query", fresh, COUNT, "--json", **variables) as child:
        assert json.loads(child.communicate()[0]) == [{"papers": 6}]
    (made,) = archive.iterdir()
    assert made.stat().st_size > 10_000_000
    with kg("query", fresh, COUNT, "--json", **variables) as child:
        output, errors = child.communicate()
    assert (json.loads(output), errors) == ([{"papers": 6}], "")
