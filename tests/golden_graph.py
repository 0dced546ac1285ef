"""A small graph with hostile names, whose answers can be counted by hand.

Six papers, twelve entities, every type of edge.  ``papers``, ``idf`` and ``first_year`` of the
entities follow from the roles, so a change below changes them too.
"""

import math
from collections.abc import Iterator
from pathlib import Path

import pytest

from kg.records import EDGES, NODES, Edge, Node
from kg.store import files

HOSTILE = 'O\'Reilly "$x" \\ {net}*'

#: id -> title, abstract, published.
PAPERS = {
    "arxiv:2411.04983": (
        "DINO-WM: World Models",
        "Zero-shot planning with world models.",
        "2024-11",
    ),
    "arxiv:2407.00001": (
        "Quotes \"double\" and 'single' (and [brackets]) in $titles",
        "We beat Dreamer.",
        "2024-07-01",
    ),
    "doi:10.1000/back\\slash": (
        "Back\\slash \\d+ and\nnewline?",
        "Text {x: 1} `tick` // no",
        "2025",
    ),
    "title:aaaa": ("Emoji 🦕 papers: été naïve 中文", None, "2025-02"),
    "arxiv:2501.00005": ("A Survey of World Models", "Planning on Atari 100k.", "2025-01"),
    "arxiv:2301.00006": ("Lonely paper", "Nothing in common.", "2023"),
}
DINO, QUOTES, BACK, EMOJI, SURVEY, LONELY = PAPERS

#: id -> label, name, aliases, kind.
ENTITIES: dict[str, tuple[str, str, tuple[str, ...], str | None]] = {
    "method:dino-wm": ("Method", "DINO-WM", ("DINO World Model",), None),
    "method:dreamer": ("Method", "Dreamer", ("DreamerV3", "Dreamer V3"), None),
    "method:hostile": ("Method", HOSTILE, ("it's \\ `x`",), None),
    "method:td-mpc2": ("Method", "TD-MPC2", (), None),
    "dataset:pointmaze": ("Dataset", "PointMaze", (), None),
    "dataset:d4rl": ("Dataset", "D4RL 🦕", (), None),
    "benchmark:atari": ("Benchmark", "Atari 100k", ("Atari-100k",), None),
    "benchmark:wall": ("Benchmark", "Wall", (), None),
    "concept:planning": ("Concept", "zero-shot planning", ("planning",), "task"),
    "concept:control": ("Concept", "visual control", (), "task"),
    "concept:success": ("Concept", "success rate", (), "metric"),
    "concept:dynamics": ("Concept", "latent\ndynamics", (), "other"),
}

#: paper -> role -> entities.
ROLES = {
    DINO: {
        "INTRODUCES": ["method:dino-wm"],
        "EVALUATES_ON": ["benchmark:wall", "concept:success"],
        "USES": ["dataset:pointmaze"],
        "COMPARES_TO": ["method:dreamer"],
        "STUDIES": ["concept:planning"],
        "MENTIONS": ["concept:dynamics"],
    },
    QUOTES: {
        "INTRODUCES": ["method:hostile"],
        "EVALUATES_ON": ["benchmark:atari"],
        "COMPARES_TO": ["method:dreamer", "method:td-mpc2"],
        "STUDIES": ["concept:control"],
    },
    BACK: {
        "INTRODUCES": ["dataset:d4rl"],
        "USES": ["method:td-mpc2"],
        "STUDIES": ["concept:planning"],
    },
    EMOJI: {
        "USES": ["method:dreamer"],
        "EVALUATES_ON": ["benchmark:atari"],
        "STUDIES": ["concept:control"],
    },
    SURVEY: {
        "STUDIES": ["concept:planning", "method:dreamer"],
        "MENTIONS": ["benchmark:atari", "method:dino-wm"],
    },
}

#: head, relation, tail, papers that state it.
RELATIONS = [
    ("method:dino-wm", "EVALUATED_ON", "benchmark:wall", [DINO]),
    ("method:dino-wm", "APPLIED_TO", "concept:planning", [DINO, SURVEY]),
    ("method:hostile", "BUILDS_ON", "method:td-mpc2", [QUOTES]),
    ("method:dino-wm", "OUTPERFORMS", "method:dreamer", [DINO]),
    ("method:hostile", "OUTPERFORMS", "method:dreamer", [QUOTES]),
    ("benchmark:atari", "MEASURES", "concept:control", [QUOTES]),
    ("method:dreamer", "SUBTYPE_OF", "method:td-mpc2", [EMOJI]),
    ("concept:dynamics", "PART_OF", "method:dino-wm", [DINO]),
]

RELATED = [
    (DINO, SURVEY, 1.5, ("DINO-WM", "Dreamer")),
    (QUOTES, EMOJI, 1.25, ("Atari 100k",)),
]


def sentence(paper: str, entity: str) -> str:
    """The sentence in which a paper names an entity."""
    return f'Here we say: {ENTITIES[entity][1]} in "{PAPERS[paper][0]}".'


def nodes() -> list[Node]:
    """All nodes, sorted."""
    made = [
        Node(
            id_,
            "Paper",
            {
                "title": title,
                "abstract": abstract,
                "published": published,
                "year": int(published[:4]),
                "url": None,
                "authors": ("Ada O'Hara", "Bo 🦕") if id_ == DINO else (),
                "author_count": 2 if id_ == DINO else None,
                "organization": "ACME" if id_ == DINO else None,
                "ids": (id_,),
                "sources": ("a.txt#1", "b.txt#2") if id_ == DINO else (f"a.txt#{index}",),
            },
        )
        for index, (id_, (title, abstract, published)) in enumerate(PAPERS.items(), start=2)
    ]
    for id_, (label, name, aliases, kind) in ENTITIES.items():
        by = [
            paper for paper, roles in ROLES.items() if any(id_ in all_ for all_ in roles.values())
        ]
        properties = {
            "name": name,
            "aliases": aliases,
            "kind": kind,
            "papers": len(by),
            "idf": round(math.log(len(PAPERS) / len(by)), 6),
            "first_year": min(int(PAPERS[paper][2][:4]) for paper in by),
        }
        made.append(Node(id_, label, properties))
    return sorted(made, key=lambda node: (list(NODES).index(node.label), node.id))


def edges() -> list[Edge]:
    """All edges, sorted."""
    made = [
        Edge(
            paper,
            role,
            entity,
            {
                "score": 0.5 + len(entity) / 100,
                "mentions": 2,
                "forms": (ENTITIES[entity][1], "it"),
                "starts": (3, 40),
                "ends": (5, 42),
                "sentences": (sentence(paper, entity), "It is."),
            },
        )
        for paper, roles in ROLES.items()
        for role, entities in roles.items()
        for entity in entities
    ]
    made += [
        Edge(
            head,
            relation,
            tail,
            {
                "support": len(papers),
                "score": 0.75,
                "papers": tuple(papers),
                "sentences": tuple(sentence(paper, tail) for paper in papers),
            },
        )
        for head, relation, tail, papers in RELATIONS
    ]
    made += [
        Edge(a, "RELATED_TO", b, {"weight": weight, "shared": shared})
        for a, b, weight, shared in RELATED
    ]
    return sorted(made, key=lambda edge: (list(EDGES).index(edge.label), edge.source, edge.target))


def write(folder: Path) -> files.Manifest:
    """Write the graph into a folder and commit it."""
    made = files.Manifest(
        tables=(*files.write_nodes(folder, nodes()), *files.write_edges(folder, edges())),
        extractor="golden 1",
        counts={"records": 7},
    )
    files.write(folder / "rejected.jsonl", b'{"file": "x", "entry": 1, "line": 1, "reason": "y"}\n')
    files.commit(folder, made)
    return made


@pytest.fixture(scope="module")
def graph(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the golden graph, its store built."""
    from kg.store import arcade

    folder = tmp_path_factory.mktemp("golden")
    write(folder)
    arcade.load(folder)
    return folder


@pytest.fixture(autouse=True, scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep what is cached for the user's next query out of the tests."""
    with pytest.MonkeyPatch.context() as patch:
        nowhere = tmp_path_factory.mktemp("cache") / "file"
        nowhere.write_text("no folder")
        patch.setenv("KG_CACHE", str(nowhere))
        yield
