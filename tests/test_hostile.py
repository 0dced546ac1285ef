"""Input that is broken, odd or meant to harm: a clear error or a rejection, and nothing lost.

Good papers beside a bad file are ones whose texts the graph knows, so that no model is loaded.
"""

import gzip
import json
import random
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

import pytest
from click.testing import CliRunner, Result

from kg.cli import cli
from kg.stats import stats
from kg.store import arcade, files

ROOT: Final = Path(__file__).parents[1]

#: A paper of the pile, by its title alone: its record meets the one that the graph has.
GOOD: Final = {"title": "Fast Model Editing at Scale"}
LINE: Final = json.dumps(GOOD).encode() + b"\n"
TITLE: Final = GOOD["title"].encode()


def run(*arguments: object, **options: Any) -> Result:
    return CliRunner().invoke(cli, [str(argument) for argument in arguments], **options)


@pytest.fixture
def graph(built: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(built, tmp_path / "graph"))


def content(folder: Path) -> dict[str, bytes]:
    """All that a graph consists of, byte by byte, but for what the engine writes anew."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.name not in arcade._REWRITTEN
    }


def repairable(result: Result, *said: str) -> None:
    """Check that a command ended with an error that tells the user what to do."""
    assert result.exit_code == 1, result.output
    assert isinstance(result.exception, SystemExit)
    assert "Error: " in result.stderr
    assert "Traceback" not in result.output
    assert len(result.stderr) < 3000
    for part in said:
        assert part in result.stderr


# --- Files that are rejected, whole or in part ------------------------------------------------

ATOM = (
    b'<feed xmlns="http://www.w3.org/2005/Atom"><entry><id>http://arxiv.org/abs/2110.11309</id>'
    b"<title>Fast Model Editing at Scale</title><summary>A.</summary></entry>"
)
BOMB = (
    b'<?xml version="1.0"?><!DOCTYPE collection [<!ENTITY a "lol">'
    + b"".join(b'<!ENTITY %c "%s">' % (c, b"&%c;" % (c - 1) * 10) for c in range(98, 107))
    + b']><collection id="x"><volume><paper><title>&j;</title></paper></volume></collection>'
)
DEEP = b"[" * 200_000

#: What a file holds -> how many good records, how many rejected, and what is said of the first.
REJECTED: Final[dict[str, tuple[bytes, int, int, str]]] = {
    "empty.jsonl": (b"", 0, 1, "the file is empty"),
    "blank.bib": (b" \n\t\n" * 10, 0, 1, "the file is empty"),
    "empty.jsonl.gz": (gzip.compress(b""), 0, 1, "the file is empty"),
    "cut.jsonl": (LINE + LINE[:20], 1, 1, "line 2: no JSON"),
    "cut.json": (b"[" + LINE + b',{"title": "Half', 1, 1, "breaks off"),
    "cut.jsonl.gz": (gzip.compress(LINE) + gzip.compress(LINE)[:10], 1, 1, "file is damaged"),
    "cut.xml": (ATOM + b"<entry><title>Ha", 1, 1, "no element found"),
    "cut.bib": (b"@article{a, title={%b}}\n@article{b, title={H" % TITLE, 1, 1, "entry 2"),
    "cut.ris": (b"TY  - JOUR\nTI  - %b\nER  -\nTY  - JOUR\nAU" % TITLE, 1, 1, "entry 2"),
    "nulls.jsonl": (LINE + b'null\n{"title": null, "abstract": null}\n', 1, 2, "not a JSON object"),
    "types.jsonl": (LINE + b'{"title": {}, "abstract": true}\n"text"\n3.14\n', 1, 3, "neither"),
    "zeros.jsonl": (LINE + b"\0" * 5000 + b"\n", 1, 1, "line 2"),
    "deep.json": (DEEP, 0, 1, "recursion"),
    "deep.jsonl": (LINE + b'{"title": "Deep", "x": ' + DEEP + b"\n" + LINE, 2, 1, "line 2"),
    "number.jsonl": (LINE + b'{"title": "N", "year": ' + b"9" * 5000 + b"}\n", 1, 1, "line 2"),
    "nothing.jsonl": (b'{"title": "", "abstract": "  "}\n', 0, 1, "neither title nor abstract"),
    "bomb.xml": (BOMB, 0, 1, "EntitiesForbidden"),
    "menu.txt": (b"Get trending papers in your email inbox!\nSubscribe\n", 0, 1, "no paper found"),
}


@pytest.mark.parametrize("name", REJECTED)
def test_what_is_broken_is_rejected_and_the_rest_kept(
    graph: Path, pile: list[Path], tmp_path: Path, name: str
) -> None:
    bad = tmp_path / name
    text, good, number, said = REJECTED[name]
    bad.write_bytes(text)
    before = stats(graph)
    result = run("build", bad, pile[2], "--out", graph)
    assert result.exit_code == 0, result.output
    told = [line for line in result.stderr.splitlines() if line.startswith("Rejected: ")]
    assert len(told) == number
    assert told[0].startswith(f"Rejected: {name}")
    assert said in told[0]
    lines = (graph / "rejected.jsonl").read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["file"] for line in lines] == [name] * number
    after = stats(graph)
    assert (after["records"], after["rejected"]) == (before["records"] + good, number)
    assert {**after, "records": 0, "rejected": 0} == {**before, "records": 0, "rejected": 0}


#: What stops a build: nothing of the file can be read.
BROKEN: Final = {
    "cut.parquet": (b"PAR1" + b"\0" * 100, "not a whole Parquet file"),
    "cut.xlsx": (b"PK\x03\x04" + b"\0" * 100, "the workbook cannot be read"),
    "noise.jsonl": (LINE + random.Random(6).randbytes(5000), "not a text file"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_what_cannot_be_read_at_all_stops_before_anything_changes(
    graph: Path, pile: list[Path], tmp_path: Path, name: str
) -> None:
    text, said = BROKEN[name]
    (tmp_path / name).write_bytes(text)
    before = content(graph)
    repairable(run("build", pile[2], tmp_path / name, "--out", graph), f"{name}: {said}")
    assert content(graph) == before


def test_a_bad_file_alone_leaves_the_graph(graph: Path, tmp_path: Path) -> None:
    (tmp_path / "empty.jsonl").touch()
    before = content(graph)
    fresh = tmp_path / "fresh"
    repairable(run("build", tmp_path / "empty.jsonl", "--out", fresh), "No paper was found in")
    assert not (fresh / "manifest.json").exists()
    assert run("build", tmp_path / "empty.jsonl", "--out", graph).exit_code == 0
    assert {k: v for k, v in content(graph).items() if k != "rejected.jsonl"} == {
        k: v for k, v in before.items() if k != "rejected.jsonl"
    }


# --- Files that stop a build ---------------------------------------------------------------------

UNKNOWN: Final = {
    "noise.bin": random.Random(3).randbytes(100_000),
    "picture.csv": b"\x89PNG\r\n\x1a\n" + random.Random(4).randbytes(5000),
    "program": b"\x7fELF" + b"\0" * 1000,
    "prose.txt": b"Call me Ishmael. Some years ago, never mind how long precisely.\n" * 50,
    "page.html": b"<!DOCTYPE html><html><body><p>Papers</p></body></html>",
    "noise.gz": gzip.compress(random.Random(5).randbytes(5000)),
}


@pytest.mark.parametrize("name", UNKNOWN)
def test_an_unknown_format_stops_before_anything_changes(
    graph: Path, pile: list[Path], tmp_path: Path, name: str
) -> None:
    (tmp_path / name).write_bytes(UNKNOWN[name])
    before = content(graph)
    result = run("build", pile[2], tmp_path / name, "--out", graph)
    repairable(result, f"{name} is of no known format", "bibtex", "Web of Science", "--reader")
    assert content(graph) == before


def test_what_is_not_there_stops_before_anything_changes(
    graph: Path, pile: list[Path], tmp_path: Path
) -> None:
    before = content(graph)
    (tmp_path / "dangling.bib").symlink_to(tmp_path / "gone.bib")
    (tmp_path / "folder").mkdir()
    for name, said in {
        "dangling.bib": "No such file or directory",
        "missing.bib": "No such file or directory",
        "folder": "Is a directory",
    }.items():
        repairable(run("build", pile[2], tmp_path / name, "--out", graph), said)
    assert content(graph) == before


@pytest.mark.parametrize("name", ["loop.bib", "x" * 300, "a\0b"])
def test_a_path_that_leads_nowhere_is_told(graph: Path, tmp_path: Path, name: str) -> None:
    (tmp_path / "loop.bib").symlink_to(tmp_path / "loop.bib")
    repairable(run("build", tmp_path / name, "--out", graph), name)


@pytest.mark.skipif(not Path("/proc/self/mem").exists(), reason="Linux has a file that fails")
def test_a_file_that_fails_while_it_is_read_is_told(graph: Path) -> None:
    ended = limited(1 << 40, "build", "/proc/self/mem", "--out", graph)
    assert (ended.returncode, "Traceback" in ended.stderr) == (1, False)
    assert "Input/output error" in ended.stderr


def test_wrong_usage_of_build_is_told(graph: Path, pile: list[Path], tmp_path: Path) -> None:
    (tmp_path / "file").write_text("I was here first.")
    for arguments, said in (
        (["--out", tmp_path / "file"], "file"),
        (["--out", tmp_path / "file" / "graph"], "file"),
        (["--out", graph, "--reader", "word"], "There is no reader 'word'"),
        (["--out", graph, "--columns", "title"], "is not FIELD=COLUMN"),
        (["--out", graph, "--columns", "title=Name"], "--columns is for"),
        (["--out", graph, "--model", "gpt"], "There is no model 'gpt'"),
    ):
        repairable(run("build", pile[2], *arguments), said)
    assert (tmp_path / "file").read_text() == "I was here first."
    assert run("build", "--out", graph).exit_code == 2
    assert run("build", pile[2], "--captured", "yesterday").exit_code == 2


def test_a_broken_manifest_is_told(graph: Path, pile: list[Path]) -> None:
    for text in ("", "{", "[]", '{"format": 99}', '{"format": 1, "tables": 3}'):
        (graph / files.MANIFEST).write_text(text)
        for command in (["build", pile[2], "--out", graph], ["stats", graph], ["show", graph, "x"]):
            repairable(run(*command), "manifest.json")


# --- Odd text that is read -----------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32", "latin-1", "cp1252"])
def test_other_encodings_are_read(graph: Path, tmp_path: Path, encoding: str) -> None:
    lines = [GOOD, {"title": GOOD["title"], "authors": ["Zoë Müller", "Ångström"]}]
    text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
    (tmp_path / "odd.jsonl").write_bytes(text.encode(encoding))
    result = run("build", tmp_path / "odd.jsonl", "--out", graph)
    assert result.exit_code == 0, result.output
    card = json.loads(run("show", graph, GOOD["title"], "--json").stdout)
    assert card["authors"] == ["Zoë Müller", "Ångström"]


def test_odd_characters_are_cleaned(graph: Path, tmp_path: Path) -> None:
    title = "\\ud800Fast\\u0000 Model\\u200b \\u001b[31mEditing\\r\\nat \\udfffScale"
    (tmp_path / "odd.jsonl").write_text(f'{{"title": "{title}"}}\n')
    before = stats(graph)["papers"]
    result = run("build", tmp_path / "odd.jsonl", "--out", graph)
    assert result.exit_code == 0, result.output
    assert "\x1b" not in result.stderr
    assert stats(graph)["papers"] - before in (0, 1)


def test_a_line_of_50_megabytes_is_rejected(graph: Path, tmp_path: Path) -> None:
    with (tmp_path / "long.jsonl").open("wb") as stream:
        stream.write(LINE + b'{"title": "Long", "abstract": "' + b"word " * 10_000_000 + b'"}\n')
        stream.write(LINE)
    result = run("build", tmp_path / "long.jsonl", "--out", graph)
    assert result.exit_code == 0
    assert "Rejected: long.jsonl, entry 2, line 2: 50,000," in result.stderr
    assert (graph / "rejected.jsonl").stat().st_size < 2000
    assert stats(graph)["records"] == 11


def test_a_field_of_a_megabyte_in_a_table_is_rejected(graph: Path, tmp_path: Path) -> None:
    rows = f'title,abstract\n"{GOOD["title"]}",\nLong,"{"word " * 200_000}"\n'
    (tmp_path / "long.csv").write_text(rows)
    result = run("build", tmp_path / "long.csv", "--out", graph)
    assert result.exit_code == 0, result.output
    assert result.stderr.count("Rejected: ") == 1
    assert stats(graph)["records"] == 10


def test_standard_input_may_be_empty_or_noise(graph: Path) -> None:
    assert run("build", "-", "--out", graph, input=LINE).exit_code == 0
    assert "the file is empty" in run("build", "-", "--out", graph, input=b"").stderr
    repairable(run("build", "-", "--out", graph, input=b"\0\1\2"), "is of no known format")


# --- No room -------------------------------------------------------------------------------------

#: Run ``kg`` in a process whose files may not grow beyond a size.
LIMITED = """
import resource, sys
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[1]), resource.RLIM_INFINITY))
sys.argv[:2] = ["kg"]
from kg.cli import main
main()
"""


def limited(size: int, *arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", LIMITED, str(size), *map(str, arguments)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.skipif(sys.platform == "win32", reason="limits of POSIX")
@pytest.mark.parametrize("size", [0, 100, 2_000])
def test_no_room_for_a_table_leaves_the_graph(
    graph: Path, pile: list[Path], tmp_path: Path, size: int
) -> None:
    (tmp_path / "new.jsonl").write_text('{"title": "Fast Model Editing at Scale", "year": 2021}')
    before = content(graph)
    ended = limited(size, "build", tmp_path / "new.jsonl", "--out", graph)
    assert ended.returncode == 1
    assert "Traceback" not in ended.stderr
    assert "Error: " in ended.stderr
    assert "the last good graph is unharmed" in ended.stderr
    after = content(graph)
    assert {name: after[name] for name in before if "rejected" not in name} == {
        name: text for name, text in before.items() if "rejected" not in name
    }
    assert not [name for name in after if ".part-" in name]
    assert run("build", tmp_path / "new.jsonl", "--out", graph).exit_code == 0
    assert json.loads(run("show", graph, GOOD["title"], "--json").stdout)["published"] == "2021"


@pytest.mark.skipif(sys.platform == "win32", reason="limits of POSIX")
def test_no_room_for_the_store_leaves_the_files(
    graph: Path, pile: list[Path], tmp_path: Path
) -> None:
    shutil.rmtree(graph / "store")
    ended = limited(60_000, "build", pile[2], "--out", graph)
    assert (ended.returncode, "Traceback" in ended.stderr) == (1, False)
    assert "Error: " in ended.stderr
    assert stats(graph)["papers"] == 8
    assert not list((graph / "store").glob("*-*-*"))
    rows = run("query", graph, "MATCH (p:Paper) RETURN count(p) AS n", "--json")
    assert json.loads(rows.stdout) == [{"n": 8}]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="Linux has a disk that is full")
@pytest.mark.parametrize("command", [["stats"], ["stats", "--json"]])
def test_no_room_for_the_output_is_told(graph: Path, command: list[str]) -> None:
    with Path("/dev/full").open("wb") as full:
        ended = subprocess.run(
            [sys.executable, "-m", "kg.cli", command[0], str(graph), *command[1:]],
            cwd=ROOT,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert ended.returncode == 1
    assert "Traceback" not in ended.stderr
