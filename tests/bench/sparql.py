"""Measure each named query in SPARQL beside its Cypher, on one graph and in one run.

    python tests/bench/sparql.py GRAPH [--only NAME]

Stores are built first if need be, which is measured too.  A query is asked with its defaults, which
is about all papers and entities, and about one of them; the best of three counts.  Seconds are
those of the processor, since other work on the machine lengthens those of the clock.
"""

import argparse
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))

from kg import queries
from kg.store import arcade
from kg.store.rdf import oxigraph, sparql

TIMES = 3


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("graph", type=Path)
    parser.add_argument("--only", help="one query")
    given = parser.parse_args()
    started = time.process_time()
    place = oxigraph.load(given.graph, say=print)
    seconds = time.process_time() - started
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    size = sum(path.stat().st_size for path in place.rglob("*")) // 1_000_000
    print(f"SPARQL store {seconds:.1f} s, {memory:,} MB at most, {size:,} MB on disk")
    started = time.process_time()
    arcade.load(given.graph, say=print)
    print(f"Cypher store {time.process_time() - started:.1f} s\n")
    print(f"{'query':18} {'asked':44} {'rows':>5} {'SPARQL s':>9} {'Cypher s':>9}")
    with oxigraph.opened(given.graph) as store, arcade.opened(given.graph) as database:
        ones = chosen(store)
        for name in [given.only] if given.only else queries.names(".rq"):
            for values in asked(name, ones):
                measure(name, values, store, database)


def chosen(store: sparql.Store) -> dict[str, str]:
    """Give a paper, and the entities of each label that most papers name."""
    found = sparql.rows(
        sparql.ask(
            store,
            "SELECT ?label (SAMPLE(?name) AS ?one) { { SELECT ?label (MAX(?n) AS ?most) { "
            "VALUES ?label { pl:Method pl:Benchmark pl:Task } ?e a ?label ; pl:paperCount ?n } "
            "GROUP BY ?label } ?e a ?label ; pl:paperCount ?most ; skos:prefLabel ?name } "
            "GROUP BY ?label",
        ),
        brief=True,
    )
    ids = sparql.rows(
        sparql.ask(store, "SELECT ?id { ?p a pl:Paper ; pl:id ?id } ORDER BY ?id LIMIT 2")
    )
    papers = {"paper": ids[0]["id"], "other": ids[1]["id"]}
    return {row["label"].removeprefix("pl:").lower(): row["one"] for row in found} | papers


def asked(name: str, ones: dict[str, str]) -> list[dict[str, Any]]:
    """Give what a query is asked about."""
    one: dict[str, Any] = {
        "benchmark-usage": {"benchmark": ones["benchmark"]},
        "compared-with": {"method": ones["method"]},
        "datasets-for-task": {"task": ones["task"]},
        "evidence": {"target": ones["benchmark"]},
        "introduced-by": {"title": ones["paper"]},
        "methods-for-task": {"task": ones["task"]},
        "path": {"start": ones["paper"], "end": ones["other"]},
        "search": {"text": "world models"},
        "shared-entities": {"title": ones["paper"]},
        "top-entities": {"label": "Benchmark"},
        "trend": {"entity": ones["method"]},
        "untried-pairs": {"method": ones["method"], "idf": 0},
    }[name]
    needed = [p for p in queries.load(name).parameters if p.default is None]
    return [one] if needed else [{}, one]


def measure(name: str, values: dict[str, Any], store: Any, database: Any) -> None:
    rq, cypher = queries.load(name, ".rq"), queries.load(name)

    def ask() -> list[Any]:
        return sparql.rows(sparql.ask(store, rq.text, queries.bind(rq, values)), rq.lists)

    rows, ours = timed(ask)
    other, theirs = timed(lambda: arcade.rows(database, cypher.text, queries.bind(cypher, values)))
    same = queries.rounded(rows) == queries.rounded(other)
    said = ", ".join(f"{key}={value}" for key, value in values.items()) or "(all)"
    print(
        f"{name:18} {said:44.44} {len(rows):5} {ours:9.2f} {theirs:9.2f}"
        f"{'' if same else '  other rows'}",
        flush=True,
    )


def timed(ask: Callable[[], list[Any]]) -> tuple[list[Any], float]:
    best, rows = float("inf"), []
    for _ in range(TIMES):
        started = time.process_time()
        rows = ask()
        best = min(best, time.process_time() - started)
        if best > 10:
            break
    return rows, best


if __name__ == "__main__":
    main()
