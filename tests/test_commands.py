"""What is written about the commands is true: README, help, examples, exit codes."""

import re
import shlex
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import click
import pytest
from click.testing import CliRunner, Result

from kg import queries, read
from kg.cli import cli
from kg.records import EDGES, NODES

ROOT: Final = Path(__file__).parents[1]
README: Final = (ROOT / "README.md").read_text(encoding="utf-8")
COMMANDS: Final = cli.list_commands(click.Context(cli))
LISTS: Final = {"README.md", "CONTRIBUTING.md", "CHANGELOG.md"}


def run(*arguments: object) -> Result:
    return CliRunner().invoke(cli, [str(argument) for argument in arguments])


def command(name: str) -> click.Command:
    found = cli.get_command(click.Context(cli), name)
    assert found is not None
    return found


def rows(heading: str) -> Iterator[list[str]]:
    """The rows of the table below a heading of the README, as cells."""
    section = README.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]
    for line in section.splitlines():
        if line.startswith("|") and not line.startswith(("|---", "| ---")):
            yield [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]


def lines() -> Iterator[tuple[str, str]]:
    """Every ``kg`` line of the documents and of the examples in the help, and where it stands."""
    for name in sorted(LISTS):
        text = (ROOT / name).read_text(encoding="utf-8")
        for kind, block in re.findall(r"(?ms)^```(\w*)\n(.*?)^```", text):
            for line in block.splitlines():
                # In a session, the other lines are what came out.
                if kind != "console" or line.startswith("$ "):
                    yield name, line
    for name in COMMANDS:
        for line in (command(name).epilog or "").splitlines():
            yield f"kg {name} --help", line
    for line in (cli.epilog or "").splitlines():
        yield "kg --help", line


def calls() -> Iterator[tuple[str, list[str]]]:
    """The calls of ``kg`` in those lines: their arguments, without pipes and redirections."""
    for where, line in lines():
        words = shlex.shlex(line.strip(), posix=True, punctuation_chars="|&;<>")
        words.whitespace_split = True
        call: list[str] | None = None
        for word in [*words, ";"]:
            if word.rpartition("/")[2] == "kg" and call is None:
                call = []
            elif set(word) <= set("|&;<>"):
                if call:
                    yield where, call
                call = None
            elif call is not None:
                call.append(word)


CALLS: Final = list(calls())


# --- The README ----------------------------------------------------------------------------------


def test_the_readme_has_every_command_once() -> None:
    named = [cells[0].strip("`").split()[1] for cells in rows("Commands") if "kg" in cells[0]]
    assert sorted(named) == COMMANDS


def test_the_readme_has_every_reader_once() -> None:
    named = [name for cells in rows("What it reads") for name in re.findall(r"`(\w+)`", cells[0])]
    assert sorted(named) == sorted(read.FORMATS)


def test_the_readme_has_every_node_and_edge() -> None:
    text = "\n".join(" ".join(cells) for cells in rows("The graph"))
    for kinds in (NODES, EDGES):
        for label, properties in kinds.items():
            line = next(line for line in text.splitlines() if f"`{label}`" in line)
            assert {name for name in properties if f"`{name}`" not in line} == set(), label


def test_the_readme_links_to_what_is_there() -> None:
    for target in re.findall(r"\]\((?!https?:)([^)]+)\)", README):
        assert (ROOT / target).exists()
    for cells in rows("The rooms"):
        for path in re.findall(r"`([^`]+/[^`]*)`", cells[0]):
            assert (ROOT / path).exists(), path


def test_the_readme_begins_with_two_lines_that_do_it_all() -> None:
    first, second = (line for line in README.splitlines() if line.startswith("python3 "))
    assert first.endswith("kg build tests/samples/*.txt --out graph")
    assert re.search(r"pytest -q$", second)
    for line in (first, second):
        assert "-m venv .venv && " in line
        assert "-c constraints.txt -e " in line
    assert len(list((ROOT / "tests/samples").glob("*.txt"))) == 5


# --- Examples and help ---------------------------------------------------------------------------


def test_every_command_is_shown_by_example() -> None:
    assert {call[0] for where, call in CALLS if where.startswith("kg") and call} == set(COMMANDS)
    for name in COMMANDS:
        assert name in {call[0] for where, call in CALLS if where == f"kg {name} --help"}


@pytest.mark.parametrize(("where", "call"), CALLS, ids=lambda value: " ".join(value)[:60])
def test_examples_are_calls_that_can_be_made(where: str, call: list[str]) -> None:
    assert call[0] in COMMANDS or call[0].startswith("COMMAND"), where
    if call[0] not in COMMANDS:
        return
    called = command(call[0])
    values, rest, _ = called.make_parser(click.Context(called)).parse_args(list(call[1:]))
    assert not rest
    if call[0] == "query" and queries.is_name(str(values["query"])):
        known: dict[str, Any] = dict(text.split("=", 1) for text in values.get("params") or ())
        queries.bind(queries.load(str(values["query"])), known)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_help_says_what_there_is(name: str) -> None:
    called = command(name)
    first = (called.help or "").split("\n\n")[0].rstrip()
    assert re.fullmatch(r"(?s)[A-Z].+[^.]\.", first)
    assert "Example:\n" in run(name, "--help").stdout
    for option in called.params:
        if isinstance(option, click.Option):
            assert (option.help or "").endswith("."), option.name


# --- Exit codes ----------------------------------------------------------------------------------


def kg(*arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "kg.cli", *map(str, arguments)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_process_ends_with_0_1_or_2(tmp_path: Path) -> None:
    for code, arguments in (
        (0, ["--version"]),
        (0, ["queries", "path"]),
        (1, ["queries", "nope"]),
        (1, ["stats", tmp_path]),
        (1, ["build", tmp_path / "no.bib", "--out", tmp_path / "graph"]),
        (2, ["queries", "--nope"]),
        (2, []),
    ):
        ended = kg(*arguments)
        assert ended.returncode == code, arguments
        assert "Traceback" not in ended.stderr
        # Results go to standard output, all else to standard error.
        assert bool(ended.stdout) == (code == 0)
        assert bool(ended.stderr) == (code != 0)


@pytest.mark.parametrize("name", COMMANDS)
def test_wrong_usage_is_2(name: str) -> None:
    result = run(name, "--no-such-option")
    assert result.exit_code == 2
    assert "Error: No such option" in result.stderr


@pytest.mark.parametrize("text", ["nonsense\n", "[]\n", '{"id": "x"}\n'])
def test_a_file_that_is_no_gold_is_told(tmp_path: Path, text: str) -> None:
    path = tmp_path / "gold.jsonl"
    path.write_text(text)
    result = run("evaluate", path)
    assert result.exit_code == 1
    assert isinstance(result.exception, SystemExit), result.exception
    assert f"{path}, line 1" in result.stderr


def test_training_without_torch_says_what_to_install(tmp_path: Path) -> None:
    (tmp_path / "gold.jsonl").touch()
    code = "import sys; sys.modules['torch'] = None; from kg.cli import main; main()"
    options = ["--dev", tmp_path / "gold.jsonl", "--out", tmp_path / "model"]
    ended = subprocess.run(
        [sys.executable, "-c", code, "train", tmp_path / "gold.jsonl", *options],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 1
    assert ended.stderr == (
        "Error: Training needs torch.\nInstall it: pip install 'paperlattice[train]'\n"
    )


def test_the_version_is_that_of_the_project() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert run("--version").stdout in (
        f"kg, version {project['version']}\n",
        "kg, version 0+checkout\n",
    )
