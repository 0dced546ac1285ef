"""Measure how a graph gets into Neo4j, beside the writer of neo4j-graphrag.

    python tests/bench/load.py GRAPH [--more GRAPH] [--warm GRAPH] [--apoc JAR]

Each loads into a new server of its own, made as for the tests.  ``--more`` is the same graph after
some papers were added: what the load of the difference writes is counted.  The writer needs
``pip install neo4j-graphrag``, and the jar of APOC
(``mvn dependency:copy -Dartifact=org.neo4j.procedure:apoc-core:5.26.5:jar:core``); without
``--apoc`` it is left out.
"""

import argparse
import asyncio
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import neo4j

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE.parent), str(HERE.parents[1])]

import neo4j_server  # noqa: E402

from kg.store import files  # noqa: E402
from kg.store.neo4j import loading  # noqa: E402
from kg.store.neo4j.connection import Login  # noqa: E402


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("graph", type=Path)
    parser.add_argument("--more", type=Path, help="the graph after papers were added")
    parser.add_argument("--apoc", type=Path, help="jar of APOC, for neo4j-graphrag")
    given = parser.parse_args()
    rows = sum(
        table.rows for part in ("nodes", "edges") for table in files.manifest(given.graph).of(part)
    )
    with served() as login:
        ours = timed(
            f"kg load, {rows:,} rows", rows, lambda: loading.load(given.graph, login, name="g")
        )
        before = bookmark(login)
        timed("kg load again", 0, lambda: loading.load(given.graph, login, name="g"))
        print(f"{'':40} {'no' if bookmark(login) == before else 'SOME'} writes")
        if given.more:
            made: list[loading.Summary] = []
            timed(
                "kg load of more", 0, lambda: made.append(loading.load(given.more, login, name="g"))
            )
            print(f"{'':40} nodes {dict(made[0].nodes)}, edges {dict(made[0].edges)}")
    if given.apoc:
        with served(given.apoc) as login:
            theirs = timed("neo4j-graphrag Neo4jWriter", rows, lambda: other(given.graph, login))
        print(f"kg load is {theirs / ours:.1f} times as fast")


@contextmanager
def served(*plugins: Path) -> Iterator[Login]:
    with tempfile.TemporaryDirectory() as folder:
        server = neo4j_server.install(Path(folder) / "home")
        for plugin in plugins:
            shutil.copy(plugin, server.home / "plugins")
        neo4j_server.configure(server.home, {"dbms.security.procedures.unrestricted": "apoc.*"})
        with neo4j_server.started(server):
            yield Login(server.uri, server.user, server.password)


def timed(what: str, rows: int, do: "object") -> float:
    started = time.perf_counter()
    do()  # type: ignore[operator]
    spent = time.perf_counter() - started
    print(
        f"{what:40} {spent:8.2f} s" + (f" {rows / spent:10,.0f} rows/s" if rows else ""), flush=True
    )
    return spent


def bookmark(login: Login) -> frozenset[str]:
    with driven(login) as driver, driver.session() as session:
        session.run("RETURN 1").consume()
        return session.last_bookmarks().raw_values


def driven(login: Login) -> neo4j.Driver:
    return neo4j.GraphDatabase.driver(login.uri, auth=(login.user, login.password))


def other(graph: Path, login: Login) -> None:
    """Write the same nodes and edges by neo4j-graphrag, as its pipeline would."""
    from neo4j_graphrag.components.kg_writer import Neo4jWriter
    from neo4j_graphrag.components.types import Neo4jGraph, Neo4jNode, Neo4jRelationship

    whole = Neo4jGraph(
        nodes=[
            Neo4jNode(id=node.id, label=node.label, properties=plain(node.properties))
            for node in files.nodes(graph)
        ],
        relationships=[
            Neo4jRelationship(
                start_node_id=edge.source,
                end_node_id=edge.target,
                type=edge.label,
                properties=plain(edge.properties),
            )
            for edge in files.edges(graph)
        ],
    )
    with driven(login) as driver:
        done = asyncio.run(Neo4jWriter(driver).run(whole))
        assert done.status == "SUCCESS", done
        with driver.session() as session:
            count = session.run("RETURN COUNT { () } + COUNT { ()-->() } AS n").single(strict=True)
            print(f"{'':40} {count['n']:,} rows are there")


def plain(properties: "object") -> dict[str, object]:
    return {
        name: list(value) if isinstance(value, tuple) else value
        for name, value in properties.items()  # type: ignore[attr-defined]
        if value is not None
    }


if __name__ == "__main__":
    main()
