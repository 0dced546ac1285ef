"""What ``kg serve`` offers: the store over Bolt, and style, guide and favourites over HTTP."""

import contextlib
import http.client
import io
import json
import os
import re
import signal
import socket
import subprocess
import sys
import urllib.request
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import neo4j
import pytest
from golden_graph import DINO, SURVEY, graph

from kg import browser, queries, web
from kg.errors import KgError
from kg.store import arcade, bolt
from kg.store.neo4j.values import plain

__all__ = ["graph"]

COUNT = "MATCH (p:Paper) RETURN count(p) AS papers"
ROOT = Path(__file__).parents[1]


# --- Bolt ----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def driver(graph: Path) -> Iterator[neo4j.Driver]:
    with (
        bolt.serve(graph) as served,
        neo4j.GraphDatabase.driver(served.uri, auth=(served.user, served.password)) as made,
    ):
        yield made


def over_bolt(driver: neo4j.Driver, cypher: str, **given: object) -> list[dict[str, Any]]:
    found, _, _ = driver.execute_query(cypher, given, database_=arcade.DATABASE)
    rows = [{name: plain(value) for name, value in row.items()} for row in found]
    return json.loads(json.dumps(rows, default=str), object_hook=shown)


def shown(properties: dict[str, Any]) -> dict[str, Any]:
    """Leave out what the full text is made of."""
    return {name: value for name, value in properties.items() if name != "_names"}


@pytest.mark.parametrize("name", queries.names())
def test_both_ways_give_the_same_rows(graph: Path, driver: neo4j.Driver, name: str) -> None:
    query = queries.load(name)
    given = {
        "shared-entities": {"title": "*"},
        "path": {"start": "*", "end": DINO},
        "search": {"text": "world dreamer"},
        "untried-pairs": {"papers": 1, "idf": 0},
    }.get(name, {})
    values = queries.bind(query, given)
    rows = queries.rounded(arcade.ask(graph, query.text, values))
    assert rows
    assert queries.rounded(over_bolt(driver, query.text, **values)) == rows


@pytest.mark.parametrize(
    "cypher",
    [
        "MATCH (p:Paper)-[r:USES]->(e) RETURN p, r, e ORDER BY p.id, e.id",
        "MATCH way = (p:Paper)-[:USES]->(e)<-[:COMPARES_TO]-(q) RETURN way ORDER BY p.id, q.id",
        "MATCH (p:Paper) RETURN p {.id, .year, all: [1, 2.5, null, true]} AS map ORDER BY p.id",
        "RETURN date('2024-01-02') AS d, duration('P1DT2H') AS u, localtime('03:04:05') AS l, "
        "localdatetime('2024-01-02T03:04:05') AS dt",
    ],
)
def test_both_ways_give_the_same_values(graph: Path, driver: neo4j.Driver, cypher: str) -> None:
    rows = arcade.ask(graph, cypher)
    assert over_bolt(driver, cypher) == json.loads(json.dumps(rows, default=str))


@pytest.mark.parametrize(
    "cypher",
    [
        "CREATE (:Paper {id: 'new'})",
        f"MATCH (p:Paper {{id: '{SURVEY}'}}) SET p.title = 'x'",
        "MATCH (p:Paper) DETACH DELETE p",
        "MERGE (:New {x: 1})",
    ],
)
def test_the_served_user_may_read_alone(driver: neo4j.Driver, cypher: str) -> None:
    with pytest.raises(neo4j.exceptions.ClientError, match="Forbidden"):
        over_bolt(driver, cypher)
    assert over_bolt(driver, COUNT) == [{"papers": 6}]


def test_a_wrong_password_does_not_enter(graph: Path) -> None:
    with (
        bolt.serve(graph) as served,
        neo4j.GraphDatabase.driver(served.uri, auth=("reader", "guess")) as guess,
        pytest.raises(neo4j.exceptions.AuthError),
    ):
        guess.verify_connectivity()


def test_the_server_stops_whatever_happens(graph: Path) -> None:
    with pytest.raises(RuntimeError, match="inside"), bolt.serve(graph) as served:
        port = int(served.uri.rpartition(":")[2])
        with socket.create_connection(("127.0.0.1", port)):
            pass
        raise RuntimeError("inside")
    with pytest.raises(ConnectionRefusedError), socket.create_connection(("127.0.0.1", port)):
        pass


def test_a_process_that_did_everything_ends_well(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; import golden_graph\n"
        "from kg.store import arcade, bolt\n"
        "folder = Path(sys.argv[1]); golden_graph.write(folder); arcade.load(folder)\n"
        f"print(arcade.ask(folder, {COUNT!r}))\n"
        "with bolt.serve(folder) as served: print(served.user)"
    )
    paths = os.pathsep.join([str(ROOT), str(ROOT / "tests"), *sys.path])
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)],
        env={**os.environ, "PYTHONPATH": paths},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "[{'papers': 6}]\nreader\n", "")


def test_a_port_in_use_is_said(graph: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with (
            pytest.raises(KgError, match="could not be served"),
            bolt.serve(graph, port=taken.getsockname()[1]),
        ):
            pass


# --- HTTP ----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    with web.serve(browser.routes()) as made:
        yield made


def fetch(
    site: str, path: str, method: str = "GET", **headers: str
) -> tuple[int, dict[str, str], bytes]:
    """Ask as a page of another origin does."""
    connection = http.client.HTTPConnection(site.removeprefix("http://"), timeout=20)
    with contextlib.closing(connection):
        connection.request(method, path, headers={"Origin": "https://example.org", **headers})
        found = connection.getresponse()
        return found.status, dict(found.getheaders()), found.read()


def test_style_and_guide_are_given_to_pages_of_any_origin(site: str) -> None:
    assert site.startswith("http://localhost:")
    for path, kind in [(browser.STYLE, "text/plain"), (browser.GUIDE, "text/html")]:
        status, headers, content = fetch(site, path)
        assert (status, headers["Access-Control-Allow-Origin"]) == (200, "*")
        assert headers["Content-Type"] == f"{kind}; charset=utf-8"
        file = (ROOT / "docker" / "neo4j" / path.strip("/")).read_text(encoding="utf-8")
        # The guide's link to the style leads to where it is served.
        assert content.decode() == file.replace("http://localhost:7475", site)
        status, headers, content = fetch(site, path, "HEAD")
        assert (status, content) == (200, b"")
        assert int(headers["Content-Length"]) > 1000


def test_preflights_are_answered_for_private_networks_too(site: str) -> None:
    asked = {
        "Access-Control-Request-Method": "GET",
        "Access-Control-Request-Headers": "pragma,cache-control",
        "Access-Control-Request-Private-Network": "true",
    }
    status, headers, content = fetch(site, browser.GUIDE, "OPTIONS", **asked)
    assert (status, content) == (204, b"")
    assert "Content-Length" not in headers
    assert headers["Access-Control-Allow-Origin"] == "*"
    assert headers["Access-Control-Allow-Headers"] == "*"
    assert "GET" in headers["Access-Control-Allow-Methods"]
    assert headers["Access-Control-Allow-Private-Network"] == "true"


@pytest.mark.parametrize(
    ("path", "method", "headers", "status"),
    [
        ("/", "GET", {}, 404),
        ("/../pyproject.toml", "GET", {}, 404),
        ("/paperlattice.grass/x", "GET", {}, 404),
        (browser.STYLE, "DELETE", {}, 501),
        # A name of somebody else's that leads to this machine.
        (browser.STYLE, "GET", {"Host": "rebound.example.org"}, 421),
        (browser.STYLE, "POST", {"Content-Length": "999999999999"}, 413),
        (browser.STYLE, "POST", {"Content-Length": "-1"}, 413),
        (browser.STYLE, "POST", {"Content-Length": "many"}, 413),
    ],
)
def test_other_requests_are_refused(
    site: str, path: str, method: str, headers: dict[str, str], status: int
) -> None:
    assert fetch(site, path, method, **headers)[0] == status
    assert fetch(site, browser.STYLE)[0] == 200


def test_routes_may_read_what_was_sent() -> None:
    def told(request: web.Request) -> web.Answer:
        said = f"{request.method} {request.path} {request.query} {request.headers['x-a']} "
        return web.Answer(said.encode() + request.body)

    with web.serve({"/sparql": told}) as site:
        asked = urllib.request.Request(
            f"{site}/sparql?query=a%20b", data="é".encode(), headers={"X-A": "1"}
        )
        with urllib.request.urlopen(asked) as found:
            assert found.read().decode() == "POST /sparql query=a%20b 1 é"


def test_the_favourites_are_one_archive(site: str) -> None:
    archive = zipfile.ZipFile(io.BytesIO(fetch(site, browser.FAVOURITES)[2]))
    assert {f"Paperlattice/{name}": text for name, text in browser.favourites()} == {
        name: archive.read(name).decode() for name in archive.namelist()
    }
    assert len(archive.namelist()) >= 12
    assert browser.archive() == browser.archive()


def test_an_http_port_in_use_is_said() -> None:
    with (
        web.serve({}) as site,
        pytest.raises(KgError, match="cannot be served over HTTP"),
        web.serve({}, port=int(site.rpartition(":")[2])),
    ):
        pass


def test_a_jar_that_is_no_browser_is_said(tmp_path: Path) -> None:
    other = tmp_path / "other.jar"
    other.write_bytes(browser.archive())
    broken = tmp_path / "broken.jar"
    broken.write_bytes(b"PK")
    for jar in (other, broken, tmp_path / "none.jar"):
        with pytest.raises(KgError, match="this is not Neo4j Browser"):
            browser.routes(jar)


def test_an_app_is_served_from_its_jar(tmp_path: Path) -> None:
    jar = tmp_path / "browser.jar"
    with zipfile.ZipFile(jar, "w") as made:
        made.writestr("browser/index.html", "<p>app</p>")
        made.writestr("browser/x/a.js", "1")
        made.writestr("META-INF/secret", "2")
    with web.serve(browser.routes(jar)) as site:
        for path in ("/browser/", "/browser/index.html", "/browser/?dbms=bolt://x"):
            status, headers, content = fetch(site, path)
            assert (status, headers["Content-Type"], content) == (200, "text/html", b"<p>app</p>")
        assert fetch(site, "/browser/x/a.js")[1]["Content-Type"] == "text/javascript"
        for path in ("/browser/none.js", "/browser/../META-INF/secret", "/META-INF/secret"):
            assert fetch(site, path)[0] == 404


# --- The command ---------------------------------------------------------------------------------


def test_the_command_says_what_to_type(graph: Path) -> None:
    paths = os.pathsep.join([str(ROOT), *sys.path])
    with subprocess.Popen(
        [sys.executable, "-m", "kg.cli", "serve", str(graph)],
        env={**os.environ, "PYTHONPATH": paths},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as child:
        assert child.stdout is not None
        said = "".join(child.stdout.readline() for _ in range(9))
        try:
            style, guide, zipped = re.findall(r"http://localhost:\d+/\S+", said)
            for url in (style, guide, zipped):
                with urllib.request.urlopen(url) as found:
                    assert found.status == 200
            assert f":style {style}\n" in said
            assert f":guide {guide}\n" in said
        finally:
            child.send_signal(signal.SIGINT)
        assert child.wait(60) == 0
