"""What all tests share: the option for golden files, and a small graph of real papers."""

import os
import re
import shutil
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import hypothesis
import neo4j_server as server
import pytest
from golden_graph import cache

__all__ = ["cache"]

SAMPLES = Path(__file__).parent / "samples"

# A shell that starts the tests in the background has them ignore Ctrl-C, and what they start too.
signal.signal(signal.SIGINT, signal.default_int_handler)

# How long an example takes says more of the machine than of the code.
hypothesis.settings.register_profile("paperlattice", deadline=None)
hypothesis.settings.load_profile("paperlattice")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update-golden", action="store_true", help="Write golden files anew, to look at the diff."
    )


@pytest.fixture(scope="session")
def neo4j_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[server.Server]:
    """A Neo4j: that of NEO4J_URI, NEO4J_USER and NEO4J_PASSWORD, else one started for the tests.

    That is one from Maven's artifacts, else one of Docker.  Where none is to be had the tests are
    skipped; in CI that is a failure.
    """
    if "NEO4J_URI" in os.environ:
        user = os.environ.get("NEO4J_USER", "neo4j")
        yield server.Server(os.environ["NEO4J_URI"], user, os.environ["NEO4J_PASSWORD"])
        return
    if lack := server.missing():
        if shutil.which("docker"):
            with server.contained() as running:
                yield running
            return
        if "CI" in os.environ:
            pytest.fail(f"Neo4j {lack}")
        pytest.skip(f"set NEO4J_URI and NEO4J_PASSWORD, or: Neo4j {lack}")
    with server.running(tmp_path_factory.mktemp("neo4j")) as running:
        yield running


@pytest.fixture(scope="session")
def pile(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Three captures of three entries each, cut from the samples: nine records of eight papers.

    One paper stands in the first and in the second, with its date and without it.
    """
    cuts: dict[str, Callable[[str], str]] = {
        "000_c752a1002a1e3c9d.txt": lambda text: _dated(text, 5, 6),
        "003_46f0e4f4a59777ad.txt": lambda text: _bare(text, 1, 7, 8),
        "004_58597aa3e2d486b5.txt": lambda text: _dated(text, 1, 2, 3),
    }
    folder = tmp_path_factory.mktemp("pile")
    for name, cut in cuts.items():
        text = (SAMPLES / name).read_text(encoding="utf-8")
        (folder / name).write_text(cut(text), encoding="utf-8")
    return [folder / name for name in cuts]


@pytest.fixture(scope="session")
def built(pile: list[Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The graph of the pile, built by the shipped model in one run; tests must not change it."""
    from kg import build

    folder = tmp_path_factory.mktemp("built") / "graph"
    build.build([str(path) for path in pile], folder)
    return folder


def _dated(text: str, *entries: int) -> str:
    """Cut a capture, below twelve lines of head, by what ends in authors and date.

    An entry that lacks them comes with the next one.
    """
    lines = text.splitlines(keepends=True)
    found = re.findall(r"(?s).+?\n  • \d+ authors?\n·\n[^\n]+\n\n", "".join(lines[12:]))
    return "".join([*lines[:12], *(found[entry - 1] for entry in entries)])


def _bare(text: str, *entries: int) -> str:
    """Cut a capture of one line a title and one an abstract, below two lines of head."""
    lines = text.splitlines(keepends=True)
    pairs = ["".join(lines[2 * entry : 2 * entry + 2]) for entry in entries]
    return "".join([*lines[:2], *pairs])
