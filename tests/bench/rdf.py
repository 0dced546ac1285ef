"""Measure the RDF export beside rdflib in one run, and compare what other tools read.

    python tests/bench/rdf.py GRAPH                what each profile and format costs
    python tests/bench/rdf.py GRAPH --million      1,000,000 triples, here and by rdflib
    python tests/bench/rdf.py GRAPH --tools        the same triples by rapper, serdi, riot, rdflib
    python tests/bench/rdf.py GRAPH --shapes       pyshacl on the whole graph

Every measurement runs in a process of its own; seconds are those of the processor and of the
clock, since other work on the machine lengthens the second.  riot runs if RIOT is a command line
that ends in it, such as RIOT="java -cp jena/* riotcmd.riot", with --output=nt.
"""

import argparse
import hashlib
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from itertools import islice
from pathlib import Path

MILLION = 1_000_000
_FORMATS = {"ttl": "turtle", "nt": "ntriples", "trig": "trig", "nq": "nquads", "rdf": "rdfxml"}


def child(what: str, *arguments: object) -> str:
    """Run a measurement of this file in a new process, and give its line."""
    command = [sys.executable, __file__, "--child", what, *map(str, arguments)]
    # As kg export has it.
    environment = {**os.environ, "ARROW_DEFAULT_MEMORY_POOL": "system"}
    ended = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, env=environment)
    return ended.stdout.strip()


def export(graph: str, out: str, form: str, profile: str) -> str:
    """Write an export, and tell what it cost."""
    from kg.store.rdf import dump

    plan = dump.Plan(form, profile, packed=out.endswith(".gz"))
    count = dump.export(Path(graph), Path(out), plan)
    return f"{count:>10,} {_cost()} {Path(out).stat().st_size / 1e6:>8.1f} MB"


def first(graph: str, out: str) -> str:
    """Write the first million triples by the exporter's way."""
    from kg.store.rdf import dump, profiles
    from kg.store.rdf.iris import Iris

    with Path(out).open("wb") as stream:
        dump.write(islice(profiles.rdf11(Path(graph), Iris()), MILLION), stream, "ttl")
    return f"paperlattice  {_cost()}"


def by_rdflib(path: str, out: str) -> str:
    """Write the same triples by rdflib's graph in memory."""
    import rdflib

    made = rdflib.Graph()
    made.parse(path, format="turtle")
    reading = time.process_time()
    made.serialize(out, format="turtle")
    return f"rdflib        {_cost()} (of these {reading:.1f} s to fill its graph)"


def _cost() -> str:
    import resource  # Not on Windows.

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    return f"{time.process_time():>7.1f} s cpu {time.monotonic() - START:>7.1f} s {peak:>6} MB peak"


def digest(command: str, form: str) -> str:
    """Give the number and a digest of the triples that a command writes, whatever their order."""
    import pyoxigraph as ox

    from kg.store.rdf import dump

    if form == "rdflib":
        import rdflib

        rdflib.NORMALIZE_LITERALS = False
        triples = ox.parse(
            "".join(f"{s.n3()} {p.n3()} {o.n3()} .\n" for s, p, o in rdflib.Graph().parse(command)),
            format=ox.RdfFormat.TURTLE,
        )
        return _digest(quad.triple for quad in triples)
    if form in dump.FORMATS:
        quads = ox.parse(path=command, format=dump.FORMATS[form])
        return _digest(quad.triple for quad in quads)
    with subprocess.Popen(shlex.split(command), stdout=subprocess.PIPE) as tool:
        assert tool.stdout
        made = _digest(q.triple for q in ox.parse(tool.stdout, format=ox.RdfFormat.N_TRIPLES))
    return made if tool.returncode == 0 else f"exit code {tool.returncode}"


def _digest(triples: object) -> str:
    seen = set()
    for triple in triples:  # type: ignore[attr-defined]
        seen.add(hashlib.sha256(str(triple).encode()).digest()[:16])
    whole = 0
    for item in seen:
        whole ^= int.from_bytes(item, "big")
    return f"{len(seen):>10,} {whole:032x}"


def shapes(graph: str) -> str:
    """Tell whether the graph conforms to the shapes."""
    from importlib.resources import files

    import pyshacl
    import rdflib

    import kg

    with kg.open(graph) as opened:
        data = opened.to_rdflib()
    shipped = [
        rdflib.Graph().parse(data=files("kg.store.rdf").joinpath(name).read_text("utf-8"))
        for name in ("shapes.ttl", "ontology.ttl")
    ]
    conforms, _, said = pyshacl.validate(data, shacl_graph=shipped[0], ont_graph=shipped[1])
    return f"{len(data):,} triples: {'conforms' if conforms else said} {_cost()}"


def tools(graph: Path, place: Path) -> None:
    """Show what each tool reads of each format."""
    for form in ("ttl", "nt", "jsonld", "trig", "nq", "rdf"):
        out = place / f"graph.{form}"
        child("export", graph, out, form, "rdf11")
        name = _FORMATS.get(form, "")
        commands = {"oxigraph": (str(out), form)}
        if shutil.which("rapper") and name:
            commands["rapper"] = (f"rapper -q -i {name} -o ntriples {out}", "tool")
        if shutil.which("serdi") and name not in ("", "rdfxml"):
            commands["serdi"] = (f"serdi -q -i {name} -o ntriples {out}", "tool")
        if riot := os.environ.get("RIOT"):
            commands["riot"] = (f"{riot} --strict --output=nt {out}", "tool")
        if form == "ttl" and out.stat().st_size < 100_000_000:
            commands["rdflib"] = (str(out), "rdflib")
        for tool, command in commands.items():
            print(f"{form:<7} {tool:<9} {child('digest', *command)}", flush=True)
        out.unlink()


def main() -> None:
    """Measure what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("graph", type=Path)
    for name in ("million", "tools", "shapes"):
        parser.add_argument(f"--{name}", action="store_true")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        if asked.million:
            print(child("first", asked.graph, place / "first.ttl"), flush=True)
            print(child("by_rdflib", place / "first.ttl", place / "second.ttl"), flush=True)
        elif asked.tools:
            tools(asked.graph, place)
        elif asked.shapes:
            print(child("shapes", asked.graph))
        else:
            for profile in ("rdf11", "lean", "owl", "rdf12", "star"):
                able = (
                    ("nt", "ttl")
                    if profile in ("rdf12", "star")
                    else ("nt", "ttl", "ttl.gz", "jsonld", "trig", "nq", "rdf")
                )
                for form in able if profile == "rdf11" else able[:2]:
                    out = place / f"graph.{form}"
                    cost = child("export", asked.graph, out, form.removesuffix(".gz"), profile)
                    print(f"{profile:<6} {form:<7} {cost}", flush=True)
                    out.unlink()


START = time.monotonic()
if __name__ == "__main__":
    if sys.argv[1:2] == ["--child"]:
        print(globals()[sys.argv[2]](*sys.argv[3:]))
    else:
        main()
