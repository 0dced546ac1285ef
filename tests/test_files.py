"""The files of record: what is written is read, in equal bytes, or the last good graph stays."""

import dataclasses
import json
import os
import random
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path

import golden_graph
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kg.errors import KgError
from kg.records import EDGES, NODES, Edge, Node
from kg.store import files


def names(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def parquet(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*.parquet")}


def run(code: str, *arguments: object, **options: object) -> subprocess.Popen[str]:
    paths = os.pathsep.join([str(Path(__file__).parent), *sys.path])
    return subprocess.Popen(
        [sys.executable, "-c", code, *map(str, arguments)],
        env={**os.environ, "PYTHONPATH": paths},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **options,  # type: ignore[call-overload]
    )


def test_what_is_written_is_read(tmp_path: Path) -> None:
    golden_graph.write(tmp_path)
    for read, made in (
        (list(files.nodes(tmp_path)), golden_graph.nodes()),
        (list(files.edges(tmp_path)), golden_graph.edges()),
    ):
        assert sorted(map(repr, read)) == sorted(map(repr, map(complete, made)))


def complete(record: Node | Edge) -> Node | Edge:
    """Give the record with what it leaves out: None, or an empty list."""
    types = {**NODES, **EDGES}[record.label]
    properties = {
        name: record.properties.get(name, () if type_.endswith("s") else None)
        for name, type_ in types.items()
    }
    return dataclasses.replace(record, properties=properties)


def test_every_type_of_node_and_edge_is_in_the_golden_graph() -> None:
    assert {node.label for node in golden_graph.nodes()} == set(NODES)
    assert {edge.label for edge in golden_graph.edges()} == set(EDGES)


texts = st.text(st.characters(codec="utf-8"), max_size=20)


@settings(max_examples=30, deadline=None)
@given(
    st.dictionaries(
        texts.filter(bool),
        st.tuples(texts, st.lists(texts).map(tuple), st.floats(allow_nan=False), st.integers(0, 9)),
        max_size=30,
    )
)
def test_any_text_survives(
    tmp_path_factory: pytest.TempPathFactory, rows: dict[str, tuple[object, ...]]
) -> None:
    folder = tmp_path_factory.mktemp("any")
    keys = ("name", "aliases", "idf", "papers")
    made = [
        Node(id_, "Method", dict(zip(keys, row, strict=True))) for id_, row in sorted(rows.items())
    ]
    files.commit(folder, files.Manifest(tables=files.write_nodes(folder, made)))
    assert list(map(repr, files.nodes(folder))) == list(map(repr, map(complete, made)))


def test_the_bytes_do_not_depend_on_how_labels_alternate(tmp_path: Path) -> None:
    grouped, mixed = tmp_path / "a", tmp_path / "b"
    golden_graph.write(grouped)
    nodes = sorted(golden_graph.nodes(), key=lambda node: node.id)
    edges = sorted(golden_graph.edges(), key=lambda edge: (edge.source, edge.target, edge.label))
    made = files.Manifest(
        tables=(*files.write_nodes(mixed, iter(nodes)), *files.write_edges(mixed, iter(edges)))
    )
    files.commit(mixed, made)
    assert parquet(grouped) == parquet(mixed)
    assert made.digest == files.manifest(grouped).digest


def test_many_rows_come_in_batches(tmp_path: Path) -> None:
    count = files.BATCH * 2 + 7
    made = (Node(f"{number:09}", "Dataset", {"name": "x"}) for number in range(count))
    (table,) = files.write_nodes(tmp_path, made)
    assert table.rows == count
    assert [batch.num_rows for batch in files.read_table(tmp_path, table)] == [4096, 4096, 7]
    (row,) = files.select(tmp_path, table, "id", f"{count - 1:09}")
    assert row["id"] == f"{count - 1:09}"
    assert list(files.select(tmp_path, table, "id", "none")) == []


@pytest.mark.parametrize(
    ("ids", "fault"), [(["b", "a"], "comes after"), (["a", "a"], "comes twice")]
)
def test_nodes_out_of_order_are_a_mistake_of_the_maker(
    tmp_path: Path, ids: list[str], fault: str
) -> None:
    with pytest.raises(ValueError, match=fault):
        files.write_nodes(tmp_path, (Node(id_, "Method", {"name": id_}) for id_ in ids))
    assert names(tmp_path) == []


def test_unknown_properties_are_a_mistake_of_the_maker(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="unknown properties: \\['nmae'\\]"):
        files.write_nodes(tmp_path, [Node("a", "Method", {"nmae": "x"})])
    assert names(tmp_path) == []


def test_tables_of_other_sections_are_general(tmp_path: Path) -> None:
    schema = pa.schema([("text", pa.string()), ("data", pa.binary())])
    batch = pa.RecordBatch.from_pydict({"text": ["a\n"], "data": [b"\0"]}, schema=schema)
    first = files.write_table(tmp_path, "papers", "part", schema, [batch])
    again = files.write_table(tmp_path, "papers", "part", schema, iter([batch]))
    assert first == again
    assert first.path.startswith("papers/part-")
    (read,) = files.read_table(tmp_path, first, columns=["data"])
    assert read.to_pylist() == [{"data": b"\0"}]
    empty = files.write_table(tmp_path, "papers", "none", schema, [])
    assert list(files.read_table(tmp_path, empty)) == []
    assert empty.rows == 0


def test_what_the_manifest_does_not_name_goes(tmp_path: Path) -> None:
    golden_graph.write(tmp_path)
    before = names(tmp_path)
    (tmp_path / "nodes" / ".part-killed").write_bytes(b"half")
    (tmp_path / "edges" / "USES-000000000000.parquet").write_bytes(b"former")
    files.commit(tmp_path, files.manifest(tmp_path))
    assert names(tmp_path) == before


def test_the_digest_follows_nodes_and_edges_alone(tmp_path: Path) -> None:
    made = golden_graph.write(tmp_path)
    schema = pa.schema([("id", pa.string())])
    paper = files.write_table(tmp_path, "papers", "x", schema, [])
    assert dataclasses.replace(made, tables=(*made.tables, paper)).digest == made.digest
    assert dataclasses.replace(made, tables=made.tables[1:]).digest != made.digest
    assert dataclasses.replace(made, tables=made.tables[::-1]).digest == made.digest


def test_a_graph_is_as_readable_as_its_folder(tmp_path: Path) -> None:
    former = os.umask(0o022)
    try:
        golden_graph.write(tmp_path)
    finally:
        os.umask(former)
    modes = {stat.S_IMODE((tmp_path / name).stat().st_mode) for name in names(tmp_path)}
    assert modes == {0o644}


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (None, "no graph there"),
        ("", "not a manifest"),
        ("[]", "not a manifest"),
        ('{"format": 1}', "not a manifest"),
        ('{"format": 1, "tables": [{"path": 1}]}', "not a manifest"),
        ('{"format": 99, "tables": []}', "has format 99"),
        ("\udcff", "not a manifest"),
    ],
)
def test_what_is_no_graph_is_said(tmp_path: Path, content: str | None, what: str) -> None:
    if content is not None:
        (tmp_path / "manifest.json").write_bytes(content.encode("utf-8", "surrogateescape"))
    with pytest.raises(KgError, match=what):
        files.manifest(tmp_path)


def test_no_folder_is_said(tmp_path: Path) -> None:
    with pytest.raises(KgError, match="no such folder"):
        files.manifest(tmp_path / "none")
    (tmp_path / "file").write_text("")
    with pytest.raises(KgError, match="no such folder"):
        files.manifest(tmp_path / "file")
    with pytest.raises(KgError, match="file: Not a directory"):
        files.write_nodes(tmp_path / "file", golden_graph.nodes())


def test_a_lost_or_damaged_table_is_said(tmp_path: Path) -> None:
    made = golden_graph.write(tmp_path)
    path = tmp_path / made.of("nodes")[0].path
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(KgError, match="Build the graph again"):
        list(files.nodes(tmp_path))
    path.unlink()
    with pytest.raises(KgError, match="is missing"):
        list(files.nodes(tmp_path))


def test_one_build_at_a_time(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from kg.store import files\n"
        "with files.lock(Path(sys.argv[1])): print('held', flush=True); sys.stdin.read()"
    )
    with run(code, tmp_path, stdin=subprocess.PIPE) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "held\n"
        with (
            pytest.raises(KgError, match=f"is being built by process {child.pid} on "),
            files.lock(tmp_path),
        ):
            pass
        child.kill()
    with files.lock(tmp_path):  # A lock does not outlive its process.
        pass


_GENERATIONS = """
import itertools, sys
from pathlib import Path
from kg.records import Node
from kg.store import files
folder = Path(sys.argv[1])
for number in itertools.count(1):
    nodes = (Node(f"{i:05}", "Method", {"name": f"{number}"}) for i in range(9000))
    with files.lock(folder):
        files.commit(folder, files.Manifest(tables=files.write_nodes(folder, nodes)))
    print(number, flush=True)
"""


def test_a_kill_at_any_moment_leaves_a_whole_graph(tmp_path: Path) -> None:
    chance = random.Random(7)
    for _ in range(8):
        child = run(_GENERATIONS, tmp_path)
        assert child.stdout is not None
        assert child.stdout.readline() == "1\n"
        time.sleep(chance.uniform(0, 0.3))
        child.send_signal(signal.SIGKILL)
        output, _ = child.communicate()
        done = [1, *map(int, output.split())][-1]
        found = [node.properties["name"] for node in files.nodes(tmp_path)]
        assert len(found) == 9000
        # What was said to be done is there, or the one that was being done.
        assert set(found) <= {str(done), str(done + 1)}
        assert len(set(found)) == 1


_FULL = """
import resource, sys
from pathlib import Path
from kg.errors import KgError
from kg.records import Node
from kg.store import files
folder = Path(sys.argv[1])
resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))
nodes = (Node(f"{i:09}", "Method", {"name": f"{i * 7919 % 99991}"}) for i in range(100_000))
try:
    files.write_nodes(folder, nodes)
except KgError as error:
    print(error)
"""


def test_no_room_leaves_the_last_good_graph(tmp_path: Path) -> None:
    golden_graph.write(tmp_path)
    before = {name: (tmp_path / name).read_bytes() for name in names(tmp_path)}
    child = run(_FULL, tmp_path)
    output, errors = child.communicate()
    assert output.splitlines()[0] == f"{tmp_path}: File too large"
    assert "the last good graph is unharmed" in output
    assert errors == ""
    assert {name: (tmp_path / name).read_bytes() for name in names(tmp_path)} == before


def test_the_manifest_says_what_was_built(tmp_path: Path) -> None:
    golden_graph.write(tmp_path)
    data = json.loads((tmp_path / "manifest.json").read_text(encoding="utf-8"))
    assert data["extractor"] == "golden 1"
    assert data["counts"] == {"records": 7}
    assert {table["section"] for table in data["tables"]} == {"nodes", "edges"}
    assert sum(table["rows"] for table in data["tables"]) == 18 + 32
