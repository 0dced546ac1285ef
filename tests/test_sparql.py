"""SPARQL: the rows of the Cypher queries, whatever the parameters; its store; its protocol."""

import http.client
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import threading
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyoxigraph
import pytest
import rdflib
from click.testing import CliRunner, Result
from golden_graph import DINO, ENTITIES, HOSTILE, LONELY, PAPERS, QUOTES, graph, write
from hypothesis import given
from hypothesis import strategies as st
from rdflib.plugins.stores.sparqlstore import SPARQLStore

from kg import endpoint, queries, web
from kg.cli import cli
from kg.errors import KgError
from kg.store import arcade, projection
from kg.store.rdf import oxigraph, sparql

__all__ = ["graph"]

ROOT = Path(__file__).parents[1]
COUNT = "SELECT (COUNT(*) AS ?n) { ?p a pl:Paper }"
#: Query -> what it is asked beside its defaults, so that all have rows.
WIDE: dict[str, list[dict[str, Any]]] = {
    "shared-entities": [{"title": "*"}, {"title": "*", "hub": 3}],
    "path": [{"start": "*", "end": "*"}],
    "untried-pairs": [{"papers": 1, "idf": 0}],
    "evidence": [{}, {"source": "*", "target": "d*"}, {"source": QUOTES, "target": HOSTILE}],
    "top-entities": [{}, {"label": "concept", "kind": "task"}],
    "trend": [{}, {"entity": "D*"}],
    "compared-with": [{}, {"method": "dreamer*"}],
}


@pytest.fixture(scope="module")
def store(graph: Path) -> Iterator[sparql.Store]:
    with oxigraph.opened(graph) as made:
        yield made


@pytest.fixture(autouse=True)
def interruptible() -> Iterator[None]:
    """Give Ctrl-C back to the tests, which the command leaves to the system."""
    before = signal.getsignal(signal.SIGINT)
    yield
    signal.signal(signal.SIGINT, before)


def asked(store: sparql.Store, name: str, **values: object) -> list[dict[str, Any]]:
    query = queries.load(name, ".rq")
    found = sparql.ask(store, query.text, queries.bind(query, values))
    return [queries.rounded(row) for row in sparql.rows(found, query.lists)]


def in_cypher(graph: Path, name: str, **values: object) -> list[dict[str, Any]]:
    query = queries.load(name)
    rows = arcade.ask(graph, query.text, queries.bind(query, values))
    return [queries.rounded(row) for row in rows]


def run(*arguments: object, text: bytes | None = None) -> Result:
    return CliRunner().invoke(cli, [str(argument) for argument in arguments], input=text)


# --- The named queries ---------------------------------------------------------------------------


def test_each_query_is_there_in_both_languages() -> None:
    assert queries.names(".rq") == queries.names()
    for name in queries.names():
        one, other = queries.load(name), queries.load(name, ".rq")
        assert other.parameters == one.parameters, name
        assert other.purpose.startswith(one.purpose.partition("\n")[0]), name


@pytest.mark.parametrize("which", ["graph", "built"])
@pytest.mark.parametrize("name", sorted({*queries.names()} - {"search"}))
def test_both_languages_give_the_same_rows(
    request: pytest.FixtureRequest, which: str, name: str
) -> None:
    folder = request.getfixturevalue(which)
    with oxigraph.opened(folder) as store:
        for values in WIDE.get(name, [{}]):
            for limit in (3, 1000):
                limited = {**values, "limit": limit}
                rows = in_cypher(folder, name, **limited)
                if name == "path":  # Longer ways are Cypher's alone.
                    rows = [row for row in rows if row["steps"] <= 4]
                assert asked(store, name, **limited)[: len(rows)] == rows, limited
                assert rows or which == "built"


def test_search_finds_the_same_in_its_own_order(graph: Path, store: sparql.Store) -> None:
    for text in ("newline", "mpc2", "dreamerv3", '"world models"', "lonel*", "nothingofthekind"):
        found, rows = asked(store, "search", text=text), in_cypher(graph, "search", text=text)
        assert {row["id"] for row in found} == {row["id"] for row in rows}, text
    # All of the words, and one of two.
    found = asked(store, "search", text="dreamer lonely", label="Paper")
    assert {row["score"] for row in found} == {0.5}
    assert {row["id"] for row in found} == {LONELY, QUOTES}
    assert asked(store, "search", text="dreamer", label="method")[0]["id"] == "method:dreamer"


@pytest.mark.parametrize("paper", PAPERS)
def test_a_title_finds_itself(store: sparql.Store, paper: str) -> None:
    query = "SELECT ?id { ?p dcterms:title ?t ; pl:id ?id FILTER(REGEX(?t, $glob, 'is')) }"
    title = PAPERS[paper][0]
    for glob in (title, title.upper(), f"*{title[2:-2]}*"):
        rows = sparql.rows(sparql.ask(store, query, {"glob": queries.sparql_pattern(glob)}))
        assert rows == [{"id": paper}]


@pytest.mark.parametrize("entity", ENTITIES)
def test_names_and_aliases_find_their_entity(store: sparql.Store, entity: str) -> None:
    _, name, aliases, _ = ENTITIES[entity]
    for called in (name, *aliases):
        assert {row["target"] for row in asked(store, "evidence", target=called)} == {name}


@pytest.mark.parametrize(
    "text", ["(unbalanced", '"open', "a:b", "\\", "+ - && || !", "AND", "[a TO b]", "~^2", "$x }"]
)
def test_search_takes_any_text(store: sparql.Store, text: str) -> None:
    try:
        asked(store, "search", text=text)
    except KgError as error:
        assert "has no words" in str(error)


# --- Parameters ----------------------------------------------------------------------------------

HOSTILE_VALUES = [
    'a"b', "a'b", "}", '" } INSERT DATA { <a:a> <a:a> 1 } #', '"""', "'''", "\\", '\\"', "a\nb",
    "\r", "$limit", "?x", "<a:a>", "#", "\u202eRTL \u0627", "🦕", "\x00\x01", '") || true || ("',
    "SERVICE <http://a> {", "{" * 200,
]  # fmt: skip


@pytest.mark.parametrize("value", HOSTILE_VALUES)
def test_a_value_is_bound_whatever_is_in_it(store: sparql.Store, value: str) -> None:
    assert _echoed(store, value) == value
    for name in {*queries.names()} - {"search"}:
        takes = [p.name for p in queries.load(name).parameters if p.type == "glob"]
        assert asked(store, name, **dict.fromkeys(takes, value)) == []
    assert sparql.rows(sparql.ask(store, COUNT)) == [{"n": len(PAPERS)}]


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_any_text_is_bound(text: str) -> None:
    assert _echoed(sparql.Store(), text) == text


def _echoed(store: sparql.Store, value: Any) -> Any:
    (row,) = sparql.rows(sparql.ask(store, "SELECT ($value AS ?x) {}", {"value": value}))
    return row["x"]


@pytest.mark.parametrize("value", [0, -5, 10**30, True, False, 0.5, "", sparql.value("<a:b>")])
def test_a_value_keeps_its_type(value: Any) -> None:
    found = _echoed(sparql.Store(), value)
    assert found == (value.value if isinstance(value, pyoxigraph.NamedNode) else value)
    assert type(found) is type(value) or isinstance(value, pyoxigraph.NamedNode)


@pytest.mark.parametrize(
    ("text", "made"),
    [
        ("{ ?x ?y $a }", '{ ?x ?y "v" }'),
        ("{ ?x ?y '$a' # $a\n}", None),
        ('{ ?x <a:$a> """ "$a" """ }', None),
        ("{ ?x ?y $ab }", None),
    ],
)
def test_parameters_stand_neither_in_texts_nor_names_nor_comments(
    text: str, made: str | None
) -> None:
    if made:
        assert sparql.bound(text, {"a": "v"}) == made
    else:
        with pytest.raises(KgError, match=r"has no parameter \$a"):
            sparql.bound(text, {"a": "v"})


@pytest.mark.parametrize("value", ["\ud800", {"a": 1}, None])
def test_what_cannot_be_a_term_is_said(value: Any) -> None:
    with pytest.raises(KgError, match="cannot be written in SPARQL"):
        sparql.bound("$a", {"a": value})


# --- What is refused -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "what"),
    [
        (" \n", "is empty"),
        ("SELECT ?x { ?x a pl:Method ", "line 1, column 28: expected one of"),
        ("SELECT ?x {\n ?x a foo:Bar }", "The prefix foo: is not known"),
        ("SELECT ?x ?x {", "The query is no SPARQL"),
        ("hello", "line 1, column 6"),
        ("INSERT DATA { <a:a> <a:a> 1 }", "INSERT would write"),
        ("# x\nPREFIX a: <a:>\nDELETE WHERE { ?x ?y ?z }", "DELETE would write"),
        ("drop all", "DROP would write"),
        ("SELECT * { SERVICE <http://127.0.0.1:1/> { ?x ?y ?z } }", "asks another server"),
        ("SELECT * { service # x\n silent ?y { ?x ?y ?z } }", "asks another server"),
        ("SELECT * " + "{" * 101 + "}" * 101, "brackets 101 deep"),
        (f"SELECT * {{ }} #{'x' * sparql.LIMIT}", "characters"),
    ],
)
def test_what_is_wrong_is_said_with_a_remedy(store: sparql.Store, text: str, what: str) -> None:
    with pytest.raises(KgError, match=re.escape(what)) as caught:
        sparql.rows(sparql.ask(store, text))
    assert caught.value.remedy


def test_a_query_may_go_deep() -> None:
    text = f"SELECT (({'!' * 50_000}true) AS ?x) {{}}"
    rows = sparql.roomy(lambda: sparql.rows(sparql.ask(sparql.Store(), text)))
    assert rows == [{"x": True}]
    assert threading.stack_size() == 0


# --- The command ---------------------------------------------------------------------------------

BENCHMARKS = "{ ?b a pl:Benchmark ; skos:prefLabel ?name }"


def test_the_command_asks_by_name_file_text_and_input(graph: Path, tmp_path: Path) -> None:
    plain, named = tmp_path / "plain.rq", tmp_path / "named.rq"
    plain.write_text(f"\ufeffSELECT ?name {BENCHMARKS} ORDER BY ?name LIMIT 1", encoding="utf-8")
    named.write_text(
        f"# Says.\n#\n# n: int = 2 - rows\nSELECT ?name {BENCHMARKS} ORDER BY ?name LIMIT $n"
    )
    one, both = "name\n----------\nAtari 100k\n", "name\n----------\nAtari 100k\nWall\n"
    assert run("sparql", graph, plain).stdout == one
    assert run("sparql", graph, named).stdout == both
    assert run("sparql", graph, named, "--param", "n=1").stdout == one
    assert run("sparql", graph, "-", text=plain.read_bytes()).stdout == one
    said = run("sparql", graph, f"SELECT ?name {BENCHMARKS} LIMIT $n", "--param", "n=1")
    assert said.stdout.startswith("name\n")
    assert run("sparql", graph, "trend").stdout == run("query", graph, "trend").stdout


def test_rows_are_given_as_table_json_csv_and_in_the_formats_of_the_standards(
    graph: Path,
) -> None:
    asked = ("sparql", graph, f"SELECT ?name ?b {BENCHMARKS} ORDER BY ?name LIMIT 1")
    iri = "https://w3id.org/paperlattice/id/benchmark/atari"
    assert json.loads(run(*asked, "--json").stdout) == [{"name": "Atari 100k", "b": iri}]
    assert run(*asked, "--csv").stdout == f"name,b\nAtari 100k,{iri}\n"
    assert run(*asked, "--format", "csv").stdout_bytes == f"name,b\r\nAtari 100k,{iri}\r\n".encode()
    for form in ("srj", "srx", "tsv"):
        written = run(*asked, "--format", form).stdout_bytes
        found = pyoxigraph.parse_query_results(written, sparql.RESULTS[form])
        assert isinstance(found, pyoxigraph.QuerySolutions)
        values = [[row[0].value, row[1].value] for row in found]
        assert values == [["Atari 100k", iri]], form


def test_triples_are_given_in_the_formats_of_the_standards(graph: Path) -> None:
    asked = ("sparql", graph, f"CONSTRUCT {{ ?b rdfs:label ?name }} {BENCHMARKS}")
    names = {"Atari 100k", "Wall"}
    for form, kind in sparql.GRAPHS.items():
        found = pyoxigraph.parse(run(*asked, "--format", form).stdout_bytes, kind)
        assert {quad.object.value for quad in found} == names, form
    assert run(*asked).stdout.startswith("@prefix ")
    said = run("sparql", graph, "DESCRIBE ?p { ?p pl:id $id }", "--param", f"id={DINO}")
    assert "DINO-WM: World Models" in said.stdout
    assert run("sparql", graph, "ASK { ?x a pl:Paper }").stdout == "true\n"
    assert run("sparql", graph, "ASK { ?x a pl:Nothing }", "--json").stdout == "false\n"


@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        (["trent"], "Did you mean trend?"),
        (["path", "--param", "start=x"], "path needs the parameter end"),
        (["trend", "--param", "x=1"], "trend has no parameter x"),
        (["trend", "--param", "x"], "is not K=V"),
        (["SELECT * {}", "--param", "x=1"], "has no parameter $x"),
        (["SELECT $x {}", "--param", "x=<a b>"], "no IRI"),
        (["none.rq"], "none.rq: cannot be read"),
        (["SELECT * {"], "line 1, column"),
        (["trend", "--format", "ttl"], "Give --format: srj, srx, csv, tsv."),
        (["DESCRIBE <a:a>", "--json"], "Give --format: ttl, nt, jsonld, rdf."),
        (["trend", "--json", "--format", "srj"], "exclude each other"),
    ],
)
def test_errors_are_told_with_a_remedy(graph: Path, arguments: list[str], what: str) -> None:
    said = run("sparql", graph, *arguments)
    assert (said.exit_code, said.stdout) == (1, "")
    assert what in said.stderr


def test_what_gives_no_rows_is_said(graph: Path, tmp_path: Path) -> None:
    said = run("sparql", graph, "trend", "--param", "entity=dream")
    assert (said.exit_code, said.stdout) == (0, "")
    assert '--param entity="*dream*"' in said.stderr
    assert "$id is a variable here" in run("sparql", graph, "ASK { ?p pl:id $id }").stderr
    assert "no such folder" in run("sparql", tmp_path / "none", "trend").stderr
    assert "no UTF-8" in run("sparql", graph, "-", text=b"\xff").stderr


# --- The store -----------------------------------------------------------------------------------


def test_the_store_is_built_when_it_is_stale_alone(tmp_path: Path) -> None:
    write(tmp_path)
    said: list[str] = []
    place = oxigraph.load(tmp_path, say=said.append)
    assert oxigraph.load(tmp_path, say=said.append) == place
    assert len(said) == 1
    assert said[0].startswith("The store is missing: building it from the files (18 nodes, ")
    # A copy is as good, though its files have other times.
    shutil.copytree(tmp_path, tmp_path / "copy", copy_function=shutil.copyfile)
    oxigraph.load(tmp_path / "copy", say=said.append)
    assert len(said) == 1
    shutil.rmtree(tmp_path / "copy")
    _rewrite(tmp_path)
    other = oxigraph.load(tmp_path, say=said.append)
    assert said[1].startswith("The store is stale")
    # The former one is gone.
    assert [path for path in other.parent.iterdir() if path.is_dir()] == [other]


def _rewrite(folder: Path) -> None:
    from dataclasses import replace

    from kg.store import files

    files.commit(folder, replace(files.manifest(folder), extractor="golden 2"))


@pytest.mark.parametrize("fault", ["cut", "other", "lost", "stamp"])
def test_a_broken_store_is_built_anew(tmp_path: Path, fault: str) -> None:
    write(tmp_path)
    content = oxigraph.load(tmp_path) / projection.CONTENT
    kept = (path for path in content.iterdir() if path.name not in oxigraph._REWRITTEN)
    victim = max(kept, key=lambda path: path.stat().st_size)
    match fault:
        case "cut":
            victim.write_bytes(victim.read_bytes()[:100])
        case "other":
            victim.write_bytes(bytes(victim.stat().st_size))
        case "lost":
            (content / "CURRENT").unlink()
        case "stamp":
            (content.parent / "stamp.json").write_text("{")
    said: list[str] = []
    with oxigraph.opened(tmp_path, say=said.append) as store:
        assert sparql.rows(sparql.ask(store, COUNT)) == [{"n": len(PAPERS)}]
    assert said[0].startswith("The store is broken")


CODE = """
import os, signal, sys
from pathlib import Path
from kg.store.rdf import oxigraph, sparql
if sys.argv[2:] == ["die"]:
    oxigraph.projection.files.write = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
with oxigraph.opened(Path(sys.argv[1]), say=print) as store:
    print(sparql.rows(sparql.ask(store, "SELECT (COUNT(*) AS ?n) { ?p a pl:Paper }")))
"""


def child(folder: Path, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", CODE, str(folder), *arguments],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def test_processes_may_build_at_once(tmp_path: Path) -> None:
    write(tmp_path)
    said = [started.communicate(timeout=120)[0] for started in [child(tmp_path) for _ in range(3)]]
    assert all(text.endswith("[{'n': 6}]\n") for text in said), said
    assert sum("building it" in text for text in said) == 1


@pytest.mark.skipif(sys.platform == "win32", reason="has no SIGKILL")
def test_a_build_that_is_killed_leaves_the_last_store(tmp_path: Path) -> None:
    write(tmp_path)
    with oxigraph.opened(tmp_path) as store:
        last = oxigraph.load(tmp_path)
        _rewrite(tmp_path)
        killed = child(tmp_path, "die")
        said, _ = killed.communicate(timeout=120)
        assert killed.returncode == -signal.SIGKILL
        assert "The store is stale" in said
        assert last.is_dir()
        assert sparql.rows(sparql.ask(store, COUNT)) == [{"n": len(PAPERS)}]
    said, _ = child(tmp_path).communicate(timeout=120)
    assert said.endswith("[{'n': 6}]\n")
    assert len([path for path in (tmp_path / "sparql").iterdir() if path.is_dir()]) == 1


@pytest.mark.skipif(os.name == "nt", reason="folders are not locked so")
def test_where_nobody_may_write_is_said(tmp_path: Path) -> None:
    write(tmp_path)
    (tmp_path / "sparql").write_text("no folder")
    with pytest.raises(KgError, match="the store could not be built") as caught:
        oxigraph.load(tmp_path)
    assert "copy the graph" in caught.value.remedy


# --- The protocol --------------------------------------------------------------------------------

FORM = "application/x-www-form-urlencoded"


@pytest.fixture(scope="module")
def site(store: sparql.Store) -> Iterator[str]:
    with web.serve(endpoint.routes(store)) as made:
        yield f"{made}{endpoint.PATH}"


def fetched(
    site: str, content: str | bytes | None = None, **headers: str
) -> tuple[int, str, bytes, Any]:
    """Ask, and give status, media type, content and all headers."""
    data = content.encode() if isinstance(content, str) else content
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    try:
        with urllib.request.urlopen(urllib.request.Request(site, data, named)) as found:
            return found.status, found.headers.get_content_type(), found.read(), found.headers
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.headers.get_content_type(), error.read(), error.headers


def query(text: str, **more: str) -> str:
    return urllib.parse.urlencode({"query": text, **more})


def test_a_query_comes_in_three_ways(site: str) -> None:
    ways = [
        fetched(f"{site}?{query(COUNT)}"),
        fetched(site, query(COUNT), Content_Type=FORM),
        fetched(site, query(COUNT), Content_Type=f"{FORM}; charset=UTF-8"),
        fetched(site, COUNT, Content_Type="application/sparql-query"),
    ]
    for status, kind, content, headers in ways:
        assert (status, kind) == (200, "application/sparql-results+json")
        assert json.loads(content)["results"]["bindings"][0]["n"]["value"] == "6"
        # Pages of any origin may read, as all of kg serve.
        assert headers["Access-Control-Allow-Origin"] == "*"


@pytest.mark.parametrize(
    ("accept", "rows", "triples"),
    [
        ("*/*", "application/sparql-results+json", "text/turtle"),
        ("application/sparql-results+xml", "application/sparql-results+xml", None),
        ("text/csv, application/n-triples", "text/csv", "application/n-triples"),
        ("application/json", "application/json", "application/json"),
        ("text/tab-separated-values;q=0.5, text/csv;q=0.1", "text/tab-separated-values", None),
        ("image/png, */*;q=0.1", "application/sparql-results+json", "text/turtle"),
        ("application/rdf+xml;q=0.9, text/*;q=0.1", "text/csv", "application/rdf+xml"),
        ("text/csv;q=0, text/*", "text/tab-separated-values", "text/turtle"),
        ("image/png", None, None),
        ("text/csv;q=many", None, None),
    ],
)
def test_the_format_is_what_is_accepted(
    site: str, accept: str, rows: str | None, triples: str | None
) -> None:
    for text, expected in ((COUNT, rows), (f"CONSTRUCT WHERE {BENCHMARKS}", triples)):
        status, kind, content, _ = fetched(f"{site}?{query(text)}", Accept=accept)
        assert (status, kind if status == 200 else None) == (200 if expected else 406, expected)
        assert content


@pytest.mark.parametrize(
    ("asked", "content", "kind", "status", "what"),
    [
        (query("SELECT * {"), None, None, 400, "line 1, column"),
        (query("INSERT DATA { <a:a> <a:a> 1 }"), None, None, 400, "would write"),
        (query("SELECT * { SERVICE <http://a/> {} }"), None, None, 400, "another server"),
        (f"{query(COUNT)}&{query(COUNT)}", None, None, 400, "2 queries"),
        (query(COUNT, **{"default-graph-uri": "a:a"}), None, None, 400, "one graph"),
        ("query=%FF", None, None, 400, "cannot be read"),
        ("", "", FORM, 400, "0 queries"),
        ("", query(COUNT), "text/plain", 415, "text/plain is not known"),
        ("", b"\xff", "application/sparql-query", 400, "no UTF-8"),
        ("", "update=DROP+ALL", FORM, 403, "would write"),
        ("", "DROP ALL", "application/sparql-update", 403, "would write"),
        ("update=DROP+ALL", None, None, 403, "would write"),
    ],
)
def test_what_is_no_query_is_refused(
    site: str, asked: str, content: str | bytes | None, kind: str | None, status: int, what: str
) -> None:
    headers = {"Content-Type": kind} if kind else {}
    found = fetched(f"{site}?{asked}", content, **headers)
    assert (found[0], found[1]) == (status, "text/plain")
    assert what in found[2].decode()
    assert json.loads(fetched(f"{site}?{query(COUNT)}")[2])


def test_other_hosts_and_unknown_lengths_are_refused(site: str) -> None:
    assert fetched(f"{site}?{query(COUNT)}", Host="rebound.example.org")[0] == 421
    # Only the head is sent: who is refused may find the connection closed before the body.
    asked = http.client.HTTPConnection(urllib.parse.urlsplit(site).netloc, timeout=30)
    asked.putrequest("POST", urllib.parse.urlsplit(site).path)
    asked.putheader("Content-Type", FORM)
    asked.putheader("Transfer-Encoding", "chunked")
    asked.endheaders()
    assert asked.getresponse().status == 411
    asked.close()


def test_the_service_describes_itself(site: str) -> None:
    status, kind, content, _ = fetched(site)
    assert (status, kind) == (200, "text/turtle")
    described = rdflib.Graph().parse(data=content, format="turtle")
    namespace = rdflib.Namespace("http://www.w3.org/ns/sparql-service-description#")
    assert list(described.objects(None, namespace.endpoint)) == [rdflib.URIRef(site)]


@pytest.mark.parametrize("method", ["GET", "POST", "POST_FORM"])
def test_rdflib_asks_it(site: str, method: Any) -> None:
    remote = rdflib.Graph(SPARQLStore(site, method=method, returnFormat="xml"))
    paper = rdflib.URIRef("https://w3id.org/paperlattice/ns#Paper")
    assert len(set(remote.subjects(rdflib.RDF.type, paper))) == len(PAPERS)
    names = remote.query(f"SELECT ?name {BENCHMARKS}")
    assert {str(row[0]) for row in names} == {"Atari 100k", "Wall"}


def test_queries_are_answered_beside_one_that_takes_long(site: str) -> None:
    started = threading.Event()

    def long() -> None:
        started.set()
        text = "SELECT (COUNT(*) AS ?n) { ?a ?b ?c . ?d ?e ?f FILTER(STR(?a) > STR(?f)) }"
        fetched(f"{site}?{query(text)}")

    other = threading.Thread(target=long)
    other.start()
    started.wait()
    for _ in range(3):
        assert fetched(f"{site}?{query(COUNT)}")[0] == 200
    other.join()


def test_kg_serve_answers_until_it_is_ended(graph: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "kg.cli", "serve", str(graph), "--sparql"],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as served:
        assert served.stdout is not None
        try:
            line = next(line for line in served.stdout if line.startswith("SPARQL"))
            address = line.split()[1]
            assert address.startswith("http://localhost:")
            assert json.loads(fetched(f"{address}?{query(COUNT)}")[2])
        finally:
            served.send_signal(signal.SIGINT)
        assert served.wait(60) == 0
    said = run("serve", "--sparql")
    assert said.exit_code == 1
    assert "kg serve GRAPH --sparql" in said.stderr
