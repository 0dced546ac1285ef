"""A graph in a real Neo4j: loaded, kept in step beside what others have there, and asked."""

import os
import random
import subprocess
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import neo4j
import neo4j_server
import pytest
from click.testing import CliRunner
from golden_graph import BACK, DINO, LONELY, QUOTES, SURVEY, edges, graph, nodes

from kg.cli import cli
from kg.errors import KgError
from kg.records import Edge, Node
from kg.store import files, neo4j_admin
from kg.store.neo4j import loading
from kg.store.neo4j.ask import ask
from kg.store.neo4j.connection import Login, connected, is_uri

__all__ = ["graph"]
pytestmark = pytest.mark.neo4j

Content = tuple[dict[str, Any], dict[tuple[str, str, str], Any]]


@pytest.fixture(scope="module")
def login(neo4j_server: neo4j_server.Server) -> Login:
    return Login(neo4j_server.uri, neo4j_server.user, neo4j_server.password)


@pytest.fixture(scope="module")
def driver(login: Login) -> Iterator[neo4j.Driver]:
    with neo4j.GraphDatabase.driver(login.uri, auth=(login.user, login.password)) as driver:
        yield driver


@pytest.fixture
def name(driver: neo4j.Driver, request: pytest.FixtureRequest) -> Iterator[str]:
    """The name of a graph of this test; what is marked by it, or ``test``, goes afterwards."""
    name = f"test-{abs(hash(request.node.name))}"
    yield name
    for mine in (name, f"{name}.b"):
        driver.execute_query(f"MATCH (n) WHERE n.`kg_{mine}` IS NOT NULL DETACH DELETE n")
        driver.execute_query("MATCH (g:KgGraph {name: $name}) DELETE g", name=mine)
    driver.execute_query("MATCH (n) WHERE n.test OR n:KgFormer DETACH DELETE n")


def write(folder: Path, some_nodes: Iterable[Node], some_edges: Iterable[Edge]) -> Path:
    """Write a graph of some nodes, and of those edges whose ends are among them."""
    some_nodes = list(some_nodes)
    ids = {node.id for node in some_nodes}
    kept = [edge for edge in some_edges if {edge.source, edge.target} <= ids]
    tables = (*files.write_nodes(folder, some_nodes), *files.write_edges(folder, kept))
    files.commit(folder, files.Manifest(tables=tables))
    return folder


def without(folder: Path, *ids: str) -> Path:
    return write(folder, [node for node in nodes() if node.id not in ids], edges())


def plain(properties: Any) -> dict[str, Any]:
    return {
        key: list(value) if isinstance(value, tuple) else value
        for key, value in properties.items()
        if value is not None
    }


def of_files(folder: Path) -> Content:
    return (
        {
            node.id: (
                sorted({node.label, "Paper" if node.label == "Paper" else "Entity"}),
                {"id": node.id, **plain(node.properties)},
            )
            for node in files.nodes(folder)
        },
        {(e.source, e.label, e.target): plain(e.properties) for e in files.edges(folder)},
    )


def of_database(driver: neo4j.Driver, name: str) -> Content:
    mark = f"kg_{name}"

    def own(item: Any) -> dict[str, Any]:
        return {key: value for key, value in item.items() if not key.startswith("kg_")}

    found = driver.execute_query(f"MATCH (n) WHERE n.`{mark}` IS NOT NULL RETURN n")[0]
    ends = driver.execute_query(
        f"MATCH (a)-[r]->(b) WHERE r.`{mark}` IS NOT NULL RETURN a.id AS a, r, b.id AS b"
    )[0]
    keys = [(row["a"], row["r"].type, row["b"]) for row in ends]
    assert len(keys) == len(set(keys)), "a relationship is there twice"
    assert len(found) == len({row["n"]["id"] for row in found}), "a node is there twice"
    return (
        {row["n"]["id"]: (sorted(row["n"].labels), own(row["n"])) for row in found},
        {key: own(row["r"]) for key, row in zip(keys, ends, strict=True)},
    )


def last_write(driver: neo4j.Driver) -> frozenset[str]:
    """The bookmark of the last transaction that wrote."""
    with driver.session() as session:
        session.run("RETURN 1").consume()
        return session.last_bookmarks().raw_values


# --- Loading and keeping in step ------------------------------------------------------------------


def test_a_load_gives_what_the_files_hold(
    graph: Path, login: Login, driver: neo4j.Driver, name: str
) -> None:
    made = loading.load(graph, login, name=name)
    assert (made.nodes, made.edges) == ({"created": 18}, {"created": len(edges())})
    assert of_database(driver, name) == of_files(graph)
    before = last_write(driver)
    again = loading.load(graph, login, name=name)
    assert not again.changed
    assert last_write(driver) == before
    assert driver.execute_query("SHOW INDEXES YIELD state WHERE state <> 'ONLINE'")[0] == []
    assert ask(login, "MATCH (p:Paper {id: $id}) RETURN p", {"id": DINO})[0]["p"]["labels"] == [
        "Paper"
    ]


def test_only_the_difference_is_written(
    graph: Path, login: Login, driver: neo4j.Driver, name: str, tmp_path: Path
) -> None:
    loading.load(without(tmp_path, LONELY, SURVEY), login, name=name)
    # One paper comes, one goes, one changes, an edge changes.
    changed = [
        Node(n.id, n.label, {**n.properties, "venue": "ICLR", "abstract": None})
        if n.id == QUOTES
        else n
        for n in nodes()
        if n.id != BACK
    ]
    first, *rest = edges()
    better = Edge(first.source, first.label, first.target, {**first.properties, "score": 0.9})
    folder = write(tmp_path, changed, [better, *rest])
    planned = loading.load(folder, login, name=name, dry_run=True)
    assert of_database(driver, name) != of_files(folder)
    made = loading.load(folder, login, name=name)
    assert planned == made
    of = {paper: sum(paper in (e.source, e.target) for e in edges()) for paper in (SURVEY, BACK)}
    assert made.nodes == {"created": 2, "updated": 1, "deleted": 1}
    assert made.edges == {"created": of[SURVEY], "updated": 1, "deleted": of[BACK]}
    assert of_database(driver, name) == of_files(folder)


def test_what_others_wrote_is_left_alone(
    graph: Path, login: Login, driver: neo4j.Driver, name: str, tmp_path: Path
) -> None:
    loading.load(graph, login, name=name)
    driver.execute_query(
        "MATCH (d:Paper {id: $dino}) MATCH (q:Paper {id: $quotes}) MATCH (b:Paper {id: $back}) "
        "MATCH (s:Paper {id: $survey}) "
        "CREATE (me:Person {test: true})-[:READ {at: 1}]->(d) CREATE (me)-[:READ]->(s) "
        "CREATE (:Paper {id: 'mine', test: true, title: 'T'})-[:USES {score: 1}]->"
        "(:Method {id: 'm', test: true}) "
        "SET d.stars = 5, q.stars = 4, q:Favourite, b.stars = 3 "
        "WITH d MATCH (d)-[r:INTRODUCES]->() SET r.note = 'good'",
        dino=DINO, quotes=QUOTES, back=BACK, survey=SURVEY,
    )  # fmt: skip
    # What it says of them, and what it says no more.
    changed = [
        Node(n.id, n.label, {**n.properties, "venue": "X"}) if n.id == BACK else n
        for n in nodes()
        if n.id not in (DINO, QUOTES, LONELY)
    ]
    made = loading.load(write(tmp_path, changed, edges()), login, name=name)
    assert made.nodes == {"updated": 1, "deleted": 1, "kept": 2}
    assert made.edges["kept"] == 1
    left = driver.execute_query(
        "MATCH (n:KgFormer) RETURN n.id AS id, labels(n) AS labels, properties(n) AS p"
    )[0]
    assert {row["id"]: (sorted(row["labels"]), row["p"]) for row in left} == {
        DINO: (["KgFormer"], {"id": DINO, "title": "DINO-WM: World Models", "stars": 5}),
        QUOTES: (["Favourite", "KgFormer"], {**left_title(QUOTES), "stars": 4}),
    }
    count = "MATCH (:Person {test: true})-[r:READ]->(x) RETURN count(r) AS n, collect(r.at) AS at"
    assert driver.execute_query(count)[0][0].data() == {"n": 2, "at": [1]}
    noted = driver.execute_query("MATCH ()-[r {note: 'good'}]->() RETURN properties(r) AS p")[0]
    assert [row["p"] for row in noted] == [{"note": "good"}]
    assert driver.execute_query("MATCH (p {id: 'mine'})-[:USES]->(m) RETURN m.id")[0]
    # When the papers come back, what hung on them is there.
    back = loading.load(graph, login, name=name)
    assert back.nodes == {"created": 3, "updated": 1}
    held, _ = of_database(driver, name)
    assert held[DINO][1]["stars"] == 5
    assert held[BACK][1]["stars"] == 3
    assert held[QUOTES][0] == ["Favourite", "Paper"]
    assert driver.execute_query(count)[0][0]["n"] == 2


def left_title(paper: str) -> dict[str, str]:
    return {
        "id": paper,
        "title": next(str(n.properties["title"]) for n in nodes() if n.id == paper),
    }


@pytest.mark.parametrize("seed", range(2))
def test_two_graphs_side_by_side(
    seed: int, login: Login, driver: neo4j.Driver, name: str, tmp_path: Path
) -> None:
    """Whatever the order of loads, both have what their files hold, and show what the last says."""
    chance = random.Random(seed)
    folders = {name: tmp_path / "a", f"{name}.b": tmp_path / "b"}
    for which in (*folders, *chance.choices(list(folders), k=4)):
        some = []
        for node in chance.sample(nodes(), 14):
            own = "venue" if node.label == "Paper" else "kind"
            some.append(Node(node.id, node.label, {**node.properties, own: which}))
        some.sort(key=lambda node: (node.label, node.id))
        write(folders[which], some, [edge for edge in edges() if chance.random() < 0.8])
        loading.load(folders[which], login, name=which, replace=True)
        assert of_database(driver, which) == of_files(folders[which])
        for other in folders.keys() - {which}:
            if (folders[other] / files.MANIFEST).exists():
                there, wanted = of_database(driver, other), of_files(folders[other])
                assert [part.keys() for part in there] == [part.keys() for part in wanted]
    # What one overwrote and left, the next load of the other puts right; then nothing is to do.
    loading.load(write(tmp_path / "one", nodes()[:1], []), login, name=name, replace=True)
    other = f"{name}.b"
    assert loading.load(folders[other], login, name=other).changed
    assert of_database(driver, other) == of_files(folders[other])
    assert not loading.load(folders[other], login, name=other).changed


def test_another_graph_of_the_same_name_is_not_replaced_unasked(
    graph: Path, login: Login, driver: neo4j.Driver, name: str, tmp_path: Path
) -> None:
    loading.load(graph, login, name=name)
    few = without(tmp_path, DINO, QUOTES, BACK, SURVEY)
    with pytest.raises(KgError, match="of 6 papers, of which this one lacks 4") as caught:
        loading.load(few, login, name=name)
    assert "--replace" in caught.value.remedy
    assert of_database(driver, name) == of_files(graph)
    loading.load(few, login, name=name, replace=True)
    assert of_database(driver, name) == of_files(few)


def test_ids_of_somebody_else_keep_the_load_out(
    graph: Path, login: Login, driver: neo4j.Driver, name: str
) -> None:
    driver.execute_query("CREATE (:Paper {id: $id, test: true, title: 'Mine'})", id=DINO)
    with pytest.raises(KgError, match=f"labelled Paper that somebody else wrote.*{DINO}"):
        loading.load(graph, login, name=name)
    assert of_database(driver, name) == ({}, {})
    driver.execute_query("MATCH (p:Paper {id: $id}) SET p:Note REMOVE p:Paper", id=DINO)
    loading.load(graph, login, name=name)
    assert of_database(driver, name) == of_files(graph)


def test_others_nodes_without_unique_ids_do_not_keep_it_out(
    graph: Path, login: Login, driver: neo4j.Driver, name: str
) -> None:
    rows = driver.execute_query(
        "SHOW CONSTRAINTS YIELD name, labelsOrTypes AS l WHERE 'Method' IN l"
    )
    for row in rows[0]:
        driver.execute_query(f"DROP CONSTRAINT `{row['name']}`")
    driver.execute_query("UNWIND [1, 1] AS id CREATE (:Method {id: id, test: true})")
    said: list[str] = []
    loading.load(graph, login, name=name, say=said.append)
    assert [text for text in said if "Method.id cannot be declared unique" in text]
    assert of_database(driver, name) == of_files(graph)
    driver.execute_query("MATCH (m:Method {test: true}) DELETE m")
    index = "SHOW INDEXES YIELD name, labelsOrTypes AS l, type WHERE 'Method' IN l RETURN name"
    for row in driver.execute_query(index)[0]:
        driver.execute_query(f"DROP INDEX `{row['name']}`")


# --- What breaks ----------------------------------------------------------------------------------


LOADER = """
import os, sys
from pathlib import Path
from kg.store.neo4j import loading, writes
from kg.store.neo4j.connection import Login
folder, uri, user, name, count = sys.argv[1:]
writes.ROWS = 3
def track(items, total, what):
    for number, item in enumerate(items):
        yield item
        if number == int(count):
            os.kill(os.getpid(), 9)
loading.load(Path(folder), Login(uri, user, os.environ["NEO4J_PASSWORD"]), name=name, track=track)
"""


@pytest.mark.skipif(os.name != "posix", reason="kills a process")
@pytest.mark.parametrize("count", [8, 30])
def test_a_killed_load_is_completed(
    count: int, graph: Path, login: Login, driver: neo4j.Driver, name: str
) -> None:
    arguments = [str(graph), login.uri, login.user, name, str(count)]
    done = subprocess.run(
        [sys.executable, "-c", LOADER, *arguments],
        check=False,
        env={**os.environ, "NEO4J_PASSWORD": login.password},
        cwd=Path(__file__).parents[1],
    )
    assert done.returncode == -9
    there = of_database(driver, name)
    assert 0 < len(there[0]) + len(there[1]) < 18 + len(edges())
    made = loading.load(graph, login, name=name)
    assert made.nodes["created"] + len(there[0]) == 18
    assert of_database(driver, name) == of_files(graph)


def test_two_loads_at_once(graph: Path, login: Login, driver: neo4j.Driver, name: str) -> None:
    made: list[loading.Summary] = []
    first = threading.Event()

    def hold(items: Iterable[Any], total: int, what: str) -> Iterator[Any]:
        for item in items:
            yield item
            first.set()

    def load(track: Callable[[Iterable[Any], int, str], Iterable[Any]]) -> None:
        made.append(loading.load(graph, login, name=name, track=track))

    threads = [threading.Thread(target=load, args=(hold,)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert sorted(summary.nodes.total() for summary in made) == [0, 0, 18]
    assert of_database(driver, name) == of_files(graph)


def test_one_hears_that_another_load_is_waited_for(
    graph: Path, login: Login, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kg.store.neo4j.lock._SOON", 0.5)
    said: list[str] = []
    with connected(login) as database:
        from kg.store.neo4j import schema
        from kg.store.neo4j.lock import locked

        schema.prepare(database, said.append, ("KgLock",))
        with locked(database, said.append):
            late = threading.Thread(
                target=loading.load, args=(graph, login), kwargs={"name": name, "say": said.append}
            )
            late.start()
            late.join(4)
            assert late.is_alive()
    late.join(60)
    assert not late.is_alive()
    assert said == ["Another load is under way: waiting for it"]


@pytest.mark.parametrize(
    ("change", "what", "remedy"),
    [
        ({"password": "wrong"}, "does not let neo4j in", "NEO4J_PASSWORD"),
        ({"database": "nowhere"}, "no database nowhere", "SHOW DATABASES"),
        ({"uri": "bolt://127.0.0.1:1"}, "does not answer", "port"),
        ({"uri": "bolt://nowhere.invalid"}, "does not answer", "port"),
        ({"uri": "bolt://me:secret@localhost"}, "names a user or a password", "--user"),
        ({"uri": "bolt://localhost:abc"}, "is no address", "bolt://localhost:7687"),
    ],
)
def test_what_is_wrong_is_told(
    change: dict[str, str], what: str, remedy: str, graph: Path, login: Login
) -> None:
    fields = {name: getattr(login, name) for name in ("uri", "user", "password", "database")}
    with pytest.raises(KgError, match=what) as caught:
        loading.load(graph, Login(**{**fields, **change}))
    assert remedy in caught.value.remedy
    assert "secret" not in str(caught.value)


def test_tls_to_a_server_without_is_told(
    graph: Path, login: Login, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kg.store.neo4j.connection.PATIENCE", 2)
    with pytest.raises(KgError, match="does not answer") as caught:
        loading.load(graph, Login(login.uri.replace("bolt://", "bolt+ssc://"), "neo4j", "x"))
    assert "one without bolt://" in caught.value.remedy


# --- Asking ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "cypher",
    ["CREATE (n:Paper {test: true}) RETURN n", "MATCH (n) SET n.x = 1", "DROP INDEX paper_text"],
)
def test_a_query_does_not_write(cypher: str, login: Login) -> None:
    with pytest.raises(KgError, match="would write"):
        ask(login, cypher)


@pytest.mark.parametrize(
    ("cypher", "what"),
    [("MATCH (n RETURN n", "Invalid input"), ("RETURN $x AS x", "misses a parameter")],
)
def test_a_wrong_query_is_told(cypher: str, what: str, login: Login) -> None:
    with pytest.raises(KgError, match=what):
        ask(login, cypher)


def test_the_commands(
    graph: Path, login: Login, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NEO4J_PASSWORD", login.password)
    monkeypatch.setenv("NEO4J_USER", login.user)

    def run(*arguments: str) -> tuple[str, str]:
        done = CliRunner().invoke(cli, arguments)
        assert done.exit_code == 0, done.output
        return done.stdout, done.stderr

    assert "this would change" in run("load", str(graph), login.uri, "--name", name, "--dry-run")[1]
    assert "nodes: 18 created" in run("load", str(graph), login.uri, "--name", name)[1]
    assert "up to date" in run("load", str(graph), login.uri, "--name", name)[1]
    named = ("top-entities", "--param", "limit=2", "--csv")
    assert run("query", login.uri, *named) == run("query", str(graph), *named)
    typed = ("RETURN $n + 1 AS n", "--param", "n=1", "--csv")
    assert run("query", login.uri, *typed) == ("n\n2\n", "")
    monkeypatch.delenv("NEO4J_PASSWORD")
    failed = CliRunner().invoke(cli, ["query", login.uri, "trend"])
    assert failed.exit_code == 1
    assert "NEO4J_PASSWORD" in failed.output


def test_uris() -> None:
    for scheme in ("bolt", "bolt+s", "bolt+ssc", "neo4j", "neo4j+s", "neo4j+ssc"):
        assert is_uri(f"{scheme}://host")
    assert not is_uri("bolt")
    assert not is_uri("C:\\graph")


# --- A server of one's own ------------------------------------------------------------------------


@pytest.mark.slow
def test_a_server_that_dies_and_one_that_is_read_only(
    graph: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A load that loses its server is completed; then the importer's way, read-only."""
    if lack := neo4j_server.missing():
        pytest.skip(f"Neo4j {lack}")
    server = neo4j_server.install(tmp_path / "home")
    login = Login(server.uri, server.user, server.password)
    monkeypatch.setattr("kg.store.neo4j.writes.ROWS", 3)
    with neo4j_server.started(server) as process:

        def deadly(items: Iterable[Any], total: int, what: str) -> Iterator[Any]:
            for number, item in enumerate(items):
                yield item
                if number == 25:
                    process.kill()
                    process.wait()

        with pytest.raises(KgError, match=r"broke|does not answer"):
            loading.load(graph, login, name="g", track=deadly)
    with neo4j_server.started(server), connected(login) as database:
        there = of_database(database.driver, "g")
        assert 0 < len(there[0]) + len(there[1]) < 18 + len(edges())
        loading.load(graph, login, name="g")
        assert of_database(database.driver, "g") == of_files(graph)
    # The importer makes it anew, and the next load knows it.
    out = tmp_path / "csv"
    neo4j_admin.export(graph, out, name="g")
    neo4j_server.script(server, out / neo4j_admin.COMMAND)
    with neo4j_server.started(server), connected(login) as database:
        made = loading.load(graph, login, name="g")
        assert (made.nodes.keys(), made.edges.keys()) == ({"updated"}, set())
        assert of_database(database.driver, "g") == of_files(graph)
        assert not loading.load(graph, login, name="g").changed
    neo4j_server.configure(server.home, {"server.databases.default_to_read_only": "true"})
    with neo4j_server.started(server):
        assert not loading.load(graph, login, name="g").changed
        with pytest.raises(KgError, match="may only be read"):
            loading.load(graph, login, name="other")
        assert ask(login, "MATCH (p:Paper) RETURN count(p) AS n") == [{"n": 6}]
