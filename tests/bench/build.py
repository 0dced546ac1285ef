"""Time and memory of builds and of a query, beside a yardstick, since processors differ.

    python tests/bench/build.py --corpus arxiv.jsonl.gz --papers 10000

The yardstick is spaCy's English tokenizer and its usual named-entity recogniser over the same
texts: HashEmbedCNN (width 96, depth 4) and the transition-based parser, at random weights, on
which speed does not depend, in one process.  Beside it stand the whole build and the extraction
alone, once loaded and warm.  Each step runs in a process of its own, whose peak memory is taken.
Measure where torch is not installed: spaCy loads it wherever it is.
"""

import argparse
import glob
import gzip
import itertools
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from spacy.language import Language

ROOT: Final = Path(__file__).parents[2]
#: How often the query is asked; each time in a new process.
ASKED: Final = 5
#: Texts of which the paces are taken, and those before them that warm up.
TEXTS: Final = 500
WARM: Final = 16
QUERY: Final = "MATCH (p:Paper)-[:USES]->(m:Method) RETURN m.name AS name, count(p) AS papers"


@dataclass(frozen=True, slots=True)
class Step:
    """What one step took; ``ratio`` is its pace by that of the yardstick on the same texts."""

    name: str
    papers: int
    seconds: float
    megabytes: float
    ratio: float | None = None

    @property
    def pace(self) -> float:
        """Papers a second."""
        return self.papers / self.seconds


def main() -> None:
    """Measure all steps, and print them."""
    options = parsed()
    if options.pace:
        which, texts = options.pace
        print(pace(PIPELINES[which](), json.loads(Path(texts).read_text(encoding="utf-8"))))
        return
    with tempfile.TemporaryDirectory() as scratch:
        # The archive of Java's classes is made by the first build, as for a user.
        os.environ["KG_CACHE"] = str(Path(scratch) / "cache")
        steps = []
        for step in measured(options, Path(scratch)):
            print(f"{step.name}: {step.seconds:.1f} s", file=sys.stderr, flush=True)
            steps.append(step)
    machine = f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"
    if options.json:
        shown = [{**asdict(step), "pace": round(step.pace, 2)} for step in steps]
        print(json.dumps({"machine": machine, "steps": shown}, indent=2))
    else:
        print(f"{machine}\n\n{table(steps)}")


def parsed() -> argparse.Namespace:
    """Parse the options."""
    usage = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    usage.add_argument("--captures", default=str(ROOT / "tests/samples/*.txt"), help="a glob")
    usage.add_argument("--corpus", help="JSON lines, compressed or not; left out if not given")
    usage.add_argument("--papers", type=int, default=10_000, help="how many of the corpus")
    usage.add_argument("--json", action="store_true", help="print JSON")
    usage.add_argument("--pace", nargs=2, help=argparse.SUPPRESS)
    return usage.parse_args()


def measured(options: argparse.Namespace, scratch: Path) -> Iterator[Step]:
    """Yield the steps: builds of each input, each beside its yardstick, and the query."""
    inputs = {"captures": sorted(glob.glob(options.captures))}  # noqa: PTH207 - given as a glob
    if options.corpus:
        inputs["corpus"] = [str(cut(Path(options.corpus), options.papers, scratch))]
    for name, files in inputs.items():
        graph = scratch / name
        build = ["-m", "kg.cli", "build", *files, "--out", str(graph)]
        seconds, megabytes, _ = timed(build)
        papers = stats(graph)["papers"]
        texts = texts_of(graph)
        (scratch / "texts.json").write_text(json.dumps(texts), encoding="utf-8")
        paces = {}
        for which in PIPELINES:
            _, memory, said = timed([__file__, "--pace", which, str(scratch / "texts.json")])
            paces[which] = Step(f"{name}: {which}", len(texts), len(texts) / float(said), memory)
        known = paces["yardstick"]
        yield Step(f"{name}: build", papers, seconds, megabytes, papers / seconds / known.pace)
        yield replace(paces["extraction"], ratio=paces["extraction"].pace / known.pace)
        yield known
        yield Step(f"{name}: build, nothing new", papers, *timed(build)[:2])
        asked = [timed(["-m", "kg.cli", "query", str(graph), QUERY]) for _ in range(ASKED)]
        yield Step(
            f"{name}: cold query",
            papers,
            statistics.median(seconds for seconds, _, _ in asked),
            max(megabytes for _, megabytes, _ in asked),
        )


def timed(arguments: Sequence[str]) -> tuple[float, float, str]:
    """Run Python; give seconds, peak megabytes, and what it wrote to standard output."""
    paths = os.pathsep.join([str(ROOT), *sys.path[1:]])
    with tempfile.TemporaryFile() as output:
        started = time.perf_counter()
        child = subprocess.Popen(
            [sys.executable, *arguments], stdout=output, env={**os.environ, "PYTHONPATH": paths}
        )
        _, status, usage = os.wait4(child.pid, 0)
        seconds = time.perf_counter() - started
        child.returncode = os.waitstatus_to_exitcode(status)
        if child.returncode:
            raise SystemExit(f"{arguments} ended with {child.returncode}")
        output.seek(0)
        # Linux counts kilobytes, macOS bytes.
        megabytes = usage.ru_maxrss / (1 << 20 if sys.platform == "darwin" else 1 << 10)
        return seconds, megabytes, output.read().decode()


def yardstick() -> "Language":
    """Make spaCy's usual recogniser."""
    import spacy
    from spacy.util import fix_random_seed

    fix_random_seed(1)
    nlp = spacy.blank("en")
    recogniser: Any = nlp.add_pipe("ner")
    for label in ("Method", "Dataset", "Benchmark", "Concept"):
        recogniser.add_label(label)
    nlp.initialize()
    return nlp


def extraction() -> "Language":
    """Load the shipped model."""
    from extractors import pipeline

    return pipeline.load()


PIPELINES: Final = {"extraction": extraction, "yardstick": yardstick}


def pace(nlp: "Language", texts: Sequence[str]) -> float:
    """Give the texts a second of a pipeline that is warm."""
    for _ in nlp.pipe(texts[:WARM]):
        pass
    started = time.perf_counter()
    for _ in nlp.pipe(texts):
        pass
    return len(texts) / (time.perf_counter() - started)


def cut(corpus: Path, papers: int, folder: Path) -> Path:
    """Write the first lines of a corpus to a file."""
    made = folder / "corpus.jsonl"
    opener = gzip.open if corpus.suffix == ".gz" else Path.open
    with opener(corpus, "rb") as lines, made.open("wb") as out:
        out.writelines(itertools.islice(lines, papers))
    return made


def stats(graph: Path) -> dict[str, Any]:
    """Give what ``kg stats --json`` counts."""
    found: dict[str, Any] = json.loads(timed(["-m", "kg.cli", "stats", str(graph), "--json"])[2])
    return found


def texts_of(graph: Path) -> list[str]:
    """Give the texts of the first of a graph's papers: what the build has read for entities."""
    query = f"MATCH (p:Paper) RETURN p.title AS title, p.abstract AS abstract LIMIT {TEXTS}"
    rows = json.loads(timed(["-m", "kg.cli", "query", str(graph), query, "--json"])[2])
    return [f"{row['title']}\n{row['abstract'] or ''}" for row in rows]


def table(steps: Sequence[Step]) -> str:
    """Give the steps as a table."""
    lines = [f"{'':<30}{'papers':>8}{'seconds':>10}{'papers/s':>10}{'peak MB':>9}{'ratio':>8}"]
    for step in steps:
        ratio = "" if step.ratio is None else f"{step.ratio:.2f}"
        pace = f"{step.pace:.1f}" if "query" not in step.name else ""
        lines.append(
            f"{step.name:<30}{step.papers:>8,}{step.seconds:>10.2f}{pace:>10}"
            f"{step.megabytes:>9,.0f}{ratio:>8}"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    main()
