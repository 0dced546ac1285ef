"""Neo4j Browser, the real one in Chromium, on ``kg serve`` and on Neo4j: style, guide, favourites.

Browser is GPLv3: its app is fetched by Maven into the user's cache, and only looked at.
"""

import contextlib
import html
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import neo4j
import neo4j_server
import pytest
from golden_graph import graph
from playwright.sync_api import Page, expect, sync_playwright

from kg import browser, queries, web
from kg.records import EDGES, NODES
from kg.store import arcade, bolt
from kg.store.neo4j import loading
from kg.store.neo4j.connection import Login

__all__ = ["graph"]

VERSION = "5.24.0"
#: Milliseconds that the app may take for anything.
PATIENCE = 120_000

GUIDE = (browser.folder() / "guide.html").read_text(encoding="utf-8")
STYLE = (browser.folder() / "paperlattice.grass").read_text(encoding="utf-8")
#: The queries of each slide.
SLIDES = [
    [html.unescape(text) for text in re.findall(r"<pre [^>]*>(.*?)</pre>", slide, re.DOTALL)]
    for slide in re.findall(r"<slide [^>]*>(.*?)</slide>", GUIDE, re.DOTALL)
]
QUERIES = dict(browser.favourites()) | {
    f"guide {number}.{place}": text
    for number, slide in enumerate(SLIDES, start=1)
    for place, text in enumerate(slide, start=1)
}
#: The one that gives no rows on the pile: its papers share no task.
UNTRIED = "untried-pairs.cypher"
#: Selector -> what is said of it.
RULES = {
    selector: dict(re.findall(r"([\w-]+): \"?([^;\"]+)\"?;", said))
    for selector, said in re.findall(r"(\S+) \{(.*?)\n\}", STYLE, re.DOTALL)
}


@dataclass(frozen=True, slots=True)
class Place:
    """A database with the graph, and who may enter."""

    uri: str
    user: str
    password: str
    database: str


@pytest.fixture(scope="module", params=["serve", pytest.param("neo4j", marks=pytest.mark.neo4j)])
def place(request: pytest.FixtureRequest, built: Path) -> Iterator[Place]:
    if request.param == "serve":
        with bolt.serve(built) as served:
            yield Place(served.uri, served.user, served.password, served.database)
        return
    server: neo4j_server.Server = request.getfixturevalue("neo4j_server")
    loading.load(built, Login(server.uri, server.user, server.password), name="browser")
    yield Place(server.uri, server.user, server.password, "neo4j")
    neo4j_server.forget(server, "browser")


@pytest.fixture(scope="module")
def driver(place: Place) -> Iterator[neo4j.Driver]:
    with neo4j.GraphDatabase.driver(place.uri, auth=(place.user, place.password)) as made:
        yield made


# --- The files -----------------------------------------------------------------------------------


def test_the_style_has_a_rule_for_every_label_and_type() -> None:
    assert list(RULES) == list(dict.fromkeys(RULES))
    assert set(RULES) == {
        "node", "relationship", "node.Entity",
        *(f"node.{label}" for label in NODES), *(f"relationship.{label}" for label in EDGES),
    }  # fmt: skip
    # Of the rules that fit a node the last one wins: Method after Entity.
    assert all(
        list(RULES).index("node.Entity") < list(RULES).index(f"node.{label}")
        for label in NODES
        if label != "Paper"
    )
    assert len({RULES[f"node.{label}"]["color"] for label in NODES}) == len(NODES)
    assert RULES["node.Paper"]["caption"] == "{title}"


def test_the_guide_shows_the_colours_of_the_style() -> None:
    found = re.findall(r'<span style="background:(#\w+);[^>]*>(\w+)</span>', GUIDE)
    assert {label: color for color, label in found} == {
        label: RULES[f"node.{label}"]["color"] for label in NODES
    }
    assert [len(slide) for slide in SLIDES] == [1, 1, 1, 1, 1, 2]


def test_a_favourite_begins_with_its_name_and_what_to_change() -> None:
    names = []
    for name, text in browser.favourites():
        lines = text.splitlines()
        assert re.fullmatch(r"// [A-Z].*[^.]", lines[0]), name
        assert re.fullmatch(r"// .*\.", lines[1]), name
        names.append(lines[0])
        # A drawing of more is none that one can read.
        assert int(re.findall(r"LIMIT (\d+)", text)[-1]) <= 100
    assert len(set(names)) == len(names) >= 12


@pytest.mark.parametrize("name", sorted(QUERIES.keys() - {UNTRIED}))
def test_every_query_gives_rows(place: Place, driver: neo4j.Driver, name: str) -> None:
    rows, _, _ = driver.execute_query(
        QUERIES[name], database_=place.database, routing_=neo4j.RoutingControl.READ
    )
    assert rows


def test_untried_pairs_are_those_of_the_named_query(graph: Path) -> None:
    query = queries.load("untried-pairs")
    named = arcade.ask(graph, query.text, queries.bind(query, {"papers": 1, "idf": 1}))
    found = arcade.ask(graph, QUERIES[UNTRIED])
    assert named
    assert {(row["method"], row["benchmark"]) for row in named} <= {
        (row["method"], row["benchmark"]) for row in found
    }


# --- The app -------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def app() -> Path:
    """The file of Browser, which Maven fetches once."""
    cache = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "paperlattice"
    jar = cache / f"neo4j-browser-{VERSION}.jar"
    if not jar.exists():
        if shutil.which("mvn") is None:
            _lack("Maven, to fetch Neo4j Browser (Debian: maven)")
        artifact = f"org.neo4j.client:neo4j-browser:{VERSION}"
        fetch = ["mvn", "-q", "-B", "dependency:copy", f"-Dartifact={artifact}"]
        part = cache / f"browser-{os.getpid()}"
        subprocess.run([*fetch, f"-DoutputDirectory={part}"], check=True, timeout=600)
        (part / jar.name).replace(jar)
        part.rmdir()
    return jar


def _lack(what: str) -> None:
    if "CI" in os.environ:
        pytest.fail(f"These tests need {what}")
    pytest.skip(f"needs {what}")


@pytest.fixture(scope="module")
def site(app: Path) -> Iterator[str]:
    with web.serve(browser.routes(app)) as made:
        yield made


@pytest.fixture(scope="module")
def elsewhere() -> Iterator[str]:
    """The style and the guide at another origin than the app's."""
    with web.serve(browser.routes()) as made:
        yield made


@pytest.fixture(scope="module")
def page(place: Place, site: str) -> Iterator[Page]:
    """Browser, logged in by the address that ``kg serve`` shows."""
    names = ("chromium", "chromium-browser", "google-chrome", "chrome")
    executable = next(filter(None, map(shutil.which, names)), None)
    if executable is None:
        _lack("Chromium (Debian: chromium)")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=executable,
            # Within a container it has no sandbox, and what it opens is ours.
            args=["--no-sandbox", "--disable-dev-shm-usage"],
        )
        with contextlib.closing(chromium):
            made = chromium.new_page(viewport={"width": 1500, "height": 900})
            made.set_default_timeout(PATIENCE)
            expect.set_options(timeout=PATIENCE)
            made.goto(browser.address(site, place.uri, place.user, place.database))
            expect(made.get_by_test_id("username")).to_have_value(place.user)
            made.get_by_test_id("password").fill(place.password)
            made.get_by_test_id("connect").click()
            expect(made.get_by_test_id("boltaddress")).to_have_count(0)
            yield made


def run(page: Page, text: str) -> None:
    """Type into the editor, and run it."""
    editor = page.get_by_test_id("activeEditor").locator(".view-lines").first
    editor.click()
    page.keyboard.press("Control+A")
    page.keyboard.press("Delete")
    page.keyboard.insert_text(text)
    page.keyboard.press("Escape")
    page.keyboard.press("Control+Enter")


def clear(page: Page) -> None:
    run(page, ":clear")
    expect(page.get_by_test_id("frame")).to_have_count(0)


@pytest.mark.browser
@pytest.mark.slow
def test_style_and_guide_are_fetched_from_another_origin(page: Page, elsewhere: str) -> None:
    run(page, f":style {elsewhere}{browser.STYLE}")
    expect(page.get_by_test_id("frame").first).to_contain_text("node.Benchmark {")
    # It is kept a little later.
    kept = page.wait_for_function("JSON.parse(localStorage.getItem('neo4j.grass'))")
    assert kept.json_value() == RULES
    run(page, f":guide {elsewhere}{browser.GUIDE}")
    drawer = page.get_by_test_id("guidesDrawer")
    expect(drawer).to_contain_text("1. What is in the graph")
    expect(page.get_by_test_id(f"pagination-{len(SLIDES)}")).to_be_visible()
    expect(page.get_by_test_id(f"pagination-{len(SLIDES) + 1}")).to_have_count(0)


@pytest.mark.browser
@pytest.mark.slow
def test_the_guide_can_be_walked(page: Page, site: str) -> None:
    run(page, ":style reset")
    run(page, f":guide {site}{browser.GUIDE}")
    drawer = page.get_by_test_id("guidesDrawer")
    for number, slide in enumerate(SLIDES, start=1):
        page.get_by_test_id(f"pagination-{number}").click()
        expect(drawer.locator("h3")).to_contain_text(f"{number}. ")
        if number == 1:
            drawer.get_by_text("Draw in these colours").click()
            expect(page.get_by_test_id("frame").first).to_contain_text("node.Benchmark {")
        for place in range(len(slide)):
            clear(page)
            drawer.locator("pre i").nth(place).click()
            frame = page.get_by_test_id("frame").first
            drawn = "RETURN label" not in slide[place] and "sentence" not in slide[place]
            expect(frame.locator("g.node" if drawn else "table tbody tr").first).to_be_visible()
            assert page.get_by_test_id("cypherFrameErrorMessage").count() == 0


@pytest.mark.browser
@pytest.mark.slow
def test_a_paper_is_drawn_in_the_style(page: Page, place: Place, driver: neo4j.Driver) -> None:
    query = dict(browser.favourites())["paper.cypher"]
    rows, _, _ = driver.execute_query(query, database_=place.database)
    clear(page)
    run(page, query)
    nodes = page.locator("g.node")
    entities = {row["e"]["name"] for row in rows}
    expect(nodes).to_have_count(1 + len(entities))
    found = nodes.evaluate_all(
        """nodes => nodes.map(node => [
            [...node.querySelectorAll('text.caption')].map(line => line.textContent).join(''),
            node.querySelector('circle.b-outline').getAttribute('fill')])"""
    )
    captions = {re.sub(r"…?$", "", caption).strip(): fill for caption, fill in found}
    colors = {label: RULES[f"node.{label}"]["color"] for label in NODES}
    for row in rows:
        for node, name in ((row["p"], row["p"]["title"]), (row["e"], row["e"]["name"])):
            (label,) = node.labels & colors.keys()
            fits = [fill for caption, fill in captions.items() if name.startswith(caption)]
            # Entity, which these have too, does not win.
            assert fits and set(fits) <= set(colors.values()), name
            assert colors[label] in fits, name
    widths = {RULES[f"relationship.{row['r'].type}"]["shaft-width"] for row in rows}
    assert len(widths) > 1
    # The abstract shows when the paper is clicked, cut short.
    nodes.first.click()
    pane = page.get_by_test_id("viz-details-pane-body")
    expect(pane).to_contain_text("abstract")
    expect(pane).to_contain_text("Show all")
    box = pane.bounding_box()
    assert box is not None
    assert box["height"] < 900


@pytest.mark.browser
@pytest.mark.slow
def test_favourites_are_imported_by_one_drop(page: Page, site: str) -> None:
    page.evaluate(
        """async url => {
            const file = new File([await (await fetch(url)).blob()], 'favourites.zip');
            const data = new DataTransfer();
            data.items.add(file);
            document.querySelector('.filedrop').dispatchEvent(
                new DragEvent('drop', {bubbles: true, dataTransfer: data}));
        }""",
        site + browser.FAVOURITES,
    )
    page.wait_for_function("localStorage.getItem('neo4j.documents').includes('A benchmark with')")
    kept = page.evaluate("JSON.parse(localStorage.getItem('neo4j.documents'))")
    texts = {one["content"] for one in kept}
    assert {text for _, text in browser.favourites()} <= texts
    folders = page.evaluate("JSON.parse(localStorage.getItem('neo4j.folders'))")
    assert "Paperlattice" in {folder["name"] for folder in folders}
