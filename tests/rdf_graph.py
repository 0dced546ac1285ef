"""A tiny graph whose texts, offsets and counts agree, for tests that break its export."""

from pathlib import Path

from kg.records import Edge, Node
from kg.store import files

ONE, TWO = "arxiv:2411.00001", "doi:10.1000/x(1)"
TITLES = {ONE: "AlphaNet: better maps", TWO: "Maps by BetaNet"}
ABSTRACTS = {ONE: "AlphaNet beats BetaNet on MapBench. It is 🦕 fast.", TWO: None}
NET, RIVAL, BENCH, TASK = "method:alphanet", "method:betanet", "benchmark:mapbench", "concept:maps"


def text(paper: str) -> str:
    """The text of a paper."""
    return "\n".join(filter(None, (TITLES[paper], ABSTRACTS[paper])))


def role(paper: str, label: str, entity: str, *forms: str, score: float = 0.5) -> Edge:
    """An edge with the first place of each form."""
    starts = [text(paper).index(form) for form in forms]
    return Edge(
        paper,
        label,
        entity,
        {
            "score": score,
            "mentions": len(forms),
            "forms": forms,
            "starts": tuple(starts),
            "ends": tuple(start + len(form) for start, form in zip(starts, forms, strict=True)),
            "sentences": tuple(
                TITLES[paper] if form in TITLES[paper] else _first() for form in forms
            ),
        },
    )


def _first() -> str:
    return str(ABSTRACTS[ONE]).split(" It")[0]


def write(folder: Path, *, second: str = TITLES[TWO]) -> files.Manifest:
    """Write the graph into a folder; ``second`` is the title of the second paper."""
    nodes = [
        Node(BENCH, "Benchmark", _entity("MapBench", 1)),
        Node(TASK, "Concept", {**_entity("maps", 1, "Maps", "map"), "kind": "task"}),
        Node(NET, "Method", _entity("AlphaNet", 1)),
        Node(RIVAL, "Method", _entity("BetaNet", 2, "Beta net")),
        Node(ONE, "Paper", _paper(ONE, "2024-11", ("Ada O'Hara", "Bo 🦕"), TITLES[ONE])),
        Node(TWO, "Paper", _paper(TWO, "2024", (), second)),
    ]
    edges = [
        role(ONE, "COMPARES_TO", RIVAL, "BetaNet"),
        role(ONE, "EVALUATES_ON", BENCH, "MapBench", score=1.0),
        role(ONE, "INTRODUCES", NET, "AlphaNet", "AlphaNet beats"),
        Edge(
            NET,
            "OUTPERFORMS",
            RIVAL,
            {"support": 1, "score": 0.0, "papers": (ONE,), "sentences": (_first(),)},
        ),
        Edge(ONE, "RELATED_TO", TWO, {"weight": 0.69, "shared": ("BetaNet",)}),
        role(ONE, "STUDIES", TASK, "maps"),
        role(TWO, "INTRODUCES", RIVAL, "BetaNet"),
    ]
    edges.sort(key=lambda edge: (edge.label, edge.source, edge.target))
    made = files.Manifest(
        tables=(*files.write_nodes(folder, nodes), *files.write_edges(folder, edges)),
        extractor="tiny 1",
        parameters={"version": "0"},
    )
    files.commit(folder, made)
    return made


def _entity(name: str, papers: int, *aliases: str) -> dict[str, object]:
    return {"name": name, "aliases": aliases, "papers": papers, "idf": 0.69, "first_year": 2024}


def _paper(id_: str, published: str, authors: tuple[str, ...], title: str) -> dict[str, object]:
    return {
        "title": title,
        "abstract": ABSTRACTS[id_],
        "published": published,
        "year": int(published[:4]),
        "url": "https://arxiv.org/abs/2411.00001" if id_ == ONE else None,
        "authors": authors,
        "author_count": len(authors),
        "comments": 0,
        "ids": (id_,),
        "sources": ("a.txt#1",),
    }
