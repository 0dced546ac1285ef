"""Measure building and asking, beside a yardstick in the same run.

    python tests/bench/build.py [--corpus arxiv.jsonl.gz] [--papers 10000] [--json]

The yardstick is what a spaCy user would run on a CPU: the English tokenizer, a tok2vec of width 96
and depth 4, and a transition-based ner, in one process over the same texts, with weights drawn by
chance (speed does not depend on them).  Processors differ: compare the ratios.
"""

import argparse
import gzip
import itertools
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

SAMPLES = Path(__file__).parents[1] / "samples"


def run(*arguments: str) -> tuple[float, float]:
    """Run ``kg`` in a process of its own: seconds, and gigabytes at its largest."""
    code = (
        "import resource, sys; from kg.cli import cli\n"
        "try: cli(sys.argv[1:], prog_name='kg')\n"
        "finally: print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, file=sys.stderr)"
    )
    started = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], check=True, capture_output=True, text=True
    )
    seconds = time.perf_counter() - started
    unit = 1 if sys.platform == "darwin" else 1024
    return seconds, int(done.stderr.split()[-1]) * unit / 1e9


def yardstick(texts: list[str]) -> float:
    """Give the texts a second of spaCy's tokenizer, tok2vec and ner."""
    import spacy

    nlp = spacy.blank("en")
    width = 96
    nlp.add_pipe(
        "ner",
        config={
            "model": {
                "@architectures": "spacy.TransitionBasedParser.v2",
                "state_type": "ner",
                "extra_state_tokens": False,
                "hidden_width": 64,
                "maxout_pieces": 2,
                "use_upper": True,
                "tok2vec": {
                    "@architectures": "spacy.Tok2Vec.v2",
                    "embed": {
                        "@architectures": "spacy.MultiHashEmbed.v2",
                        "width": width,
                        "attrs": ["NORM", "PREFIX", "SUFFIX", "SHAPE"],
                        "rows": [5000, 1000, 2500, 2500],
                        "include_static_vectors": False,
                    },
                    "encode": {
                        "@architectures": "spacy.MaxoutWindowEncoder.v2",
                        "width": width,
                        "depth": 4,
                        "window_size": 1,
                        "maxout_pieces": 3,
                    },
                },
            }
        },
    )
    for label in ("Method", "Dataset", "Benchmark", "Concept"):
        nlp.get_pipe("ner").add_label(label)
    nlp.initialize()
    list(nlp.pipe(texts[:32]))
    started = time.perf_counter()
    for _ in nlp.pipe(texts, batch_size=128):
        pass
    return len(texts) / (time.perf_counter() - started)


def extraction(texts: list[str]) -> float:
    """Give the texts a second of our pipeline."""
    from extractors import pipeline

    nlp = pipeline.load()
    list(pipeline.extract(nlp, texts[:32]))
    started = time.perf_counter()
    for _ in pipeline.extract(nlp, texts):
        pass
    return len(texts) / (time.perf_counter() - started)


def texts_of(path: Path, number: int) -> list[str]:
    """Give the first titles and abstracts of a corpus of JSON lines."""
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        records = [json.loads(line) for line in itertools.islice(lines, number)]
    return [f"{record['title']}\n{record['abstract']}" for record in records]


def captured() -> list[str]:
    """Give the texts of the captures."""
    from kg import read

    with read.sources(sorted(map(str, SAMPLES.glob("*.txt")))) as sources:
        return [paper.text for paper in read.merge(read.papers(sources))]


def measures(corpus: Path | None, number: int) -> dict[str, Any]:
    """Give all figures, by name."""
    found: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as scratch:
        graph = f"{scratch}/captures"
        captures = sorted(map(str, SAMPLES.glob("*.txt")))
        named = {
            "build of the captures": ("build", *captures, "--out", graph),
            "the same again": ("build", *captures, "--out", graph),
            "cold query": ("query", graph, "shared-entities", "--param", "title=DINO-WM*"),
        }
        if corpus:
            part = f"{scratch}/corpus.jsonl"
            with gzip.open(corpus, "rb") as lines, Path(part).open("wb") as out:
                out.writelines(itertools.islice(lines, number))
            large = f"{scratch}/large"
            named |= {
                f"build of {number} abstracts": ("build", part, "--out", large),
                f"{number} abstracts again": ("build", part, "--out", large),
                f"cold query of {number}": ("query", large, "top-entities"),
            }
        for name, arguments in named.items():
            seconds, memory = run(*arguments)
            found[name] = {"seconds": round(seconds, 1), "gigabytes": round(memory, 2)}
            print(f"{name:<32}{seconds:>9.1f} s{memory:>9.2f} GB", file=sys.stderr, flush=True)
        texts = texts_of(corpus, 500) if corpus else captured()
    ours, theirs = extraction(texts), yardstick(texts)
    found["papers a second"] = {
        "ours": round(ours, 1),
        "yardstick": round(theirs, 1),
        "ratio": round(ours / theirs, 2),
    }
    return found


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--corpus", type=Path, help="JSON lines with title and abstract, gzipped")
    parser.add_argument("--papers", type=int, default=10_000, help="how many of the corpus")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    found = measures(options.corpus, options.papers)
    if options.json:
        print(json.dumps(found, indent=2))
        return
    for name, values in found.items():
        print(f"{name:<32}", "  ".join(f"{key} {value:,}" for key, value in values.items()))


if __name__ == "__main__":
    main()
