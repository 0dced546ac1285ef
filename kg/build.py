"""The whole way, from files to a graph that can be asked.  Read this first.

    files --read--> Paper --extract--> Extraction --assemble--> Node, Edge --write--> store

Reading and extraction add to what the graph's folder holds; everything after follows from it
anew, so the graph does not depend on the order of its inputs or on how they came in.
"""

import contextlib
import datetime
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Protocol, TypeVar

from extractors import choice as choices
from extractors import models
from extractors.choice import Choice
from extractors.faults import Fault
from extractors.findings import UNANSWERED, Extraction
from extractors.glossary import Glossary
from extractors.schema import LABELS
from kg import __version__, read
from kg.assemble import graph
from kg.errors import KgError
from kg.records import Paper, Rejected, json_ready
from kg.store import archive, files

#: Texts whose findings are saved together: what a killed run loses at most.
SAVED: Final = 1000

T = TypeVar("T")
#: What else the graph follows from: another version may resolve and assemble differently.
PARAMETERS: Final = {"version": __version__}

Say = Callable[[str], None]


class Track(Protocol):
    """Shows how far a long loop is; ``total`` is the number of items, 0 if it is not known."""

    def __call__(self, items: Iterable[T], total: int, what: str) -> Iterable[T]:
        """Give the items, one by one."""
        ...


def untracked(items: Iterable[T], total: int, what: str) -> Iterable[T]:
    """Show nothing."""
    del total, what
    return items


@dataclass(frozen=True, slots=True)
class Options:
    """How to read and to extract; the defaults suit most.

    Edges of a lower score than ``min_score`` do not come into the graph.
    """

    reader: str | None = None
    columns: Mapping[str, str] | None = None
    captured: datetime.date | None = None
    choice: Choice = field(default_factory=Choice)
    min_score: float = 0.0


@dataclass(frozen=True, slots=True)
class Summary:
    """What a build did: ``extracted`` texts were read for entities, the others were known.

    ``unanswered`` texts got no answer that can be read; the next build asks again.
    """

    papers: int
    new: int
    extracted: int
    rejected: tuple[Rejected, ...]
    entities: int
    edges: int
    changed: bool
    unanswered: int = 0


def build(
    inputs: Sequence[str],
    folder: Path,
    options: Options | None = None,
    *,
    track: Track = untracked,
    say: Say = lambda text: None,
) -> Summary:
    """Add the papers of ``inputs`` to the graph in ``folder``, and make the graph anew.

    Raises ``KgError`` for what the user can repair; the last good graph then stays.
    """
    options = options or Options()
    by = extractor(options.choice)
    check(options.choice)
    parameters = {**PARAMETERS, **({"min_score": options.min_score} if options.min_score else {})}
    with files.lock(folder):
        former = files.manifest(folder) if (folder / files.MANIFEST).exists() else files.Manifest()
        known = list(archive.papers(folder, former))
        found, rejected, names = take(inputs, options, track)
        papers = read.merge([*known, *found])
        if not papers:
            raise KgError(
                f"No paper was found in {', '.join(inputs)}.",
                remedy="\n".join(_told(item) for item in rejected[:5]) or "Give other inputs.",
            )
        write_rejected(folder, rejected, names)
        made, extracted, unanswered = former, 0, 0
        whole = all((folder / table.path).exists() for table in former.tables)
        follows = papers == known and (former.extractor, former.parameters) == (by, parameters)
        if not (whole and follows):
            texts, extracted = extract(folder, papers, options.choice, by, track)
            unanswered = sum(found.by != by for found in texts.values())
            say("Assembling the graph ...")
            glossary = terms(options.choice)
            # A graph that lacks answers is not what its extractor would find: it is never fresh.
            name = by + (UNANSWERED if unanswered else "")
            made = write(folder, papers, texts, name, parameters, glossary, options.min_score)
            files.commit(folder, made)
    load(folder, say)
    return Summary(
        papers=len(papers),
        new=len(papers) - len(known),
        extracted=extracted,
        rejected=tuple(rejected),
        entities=sum(table.rows for table in made.of("nodes")) - len(papers),
        edges=sum(table.rows for table in made.of("edges")),
        changed=made.digest != former.digest,
        unanswered=unanswered,
    )


def extractor(choice: Choice) -> str:
    """Give the name and version of the extractor; raise ``KgError`` if there is none such."""
    try:
        with told():
            return choices.by(choice)
    except FileNotFoundError as error:
        raise KgError(
            str(error), remedy="Leave --model out for the one that is shipped."
        ) from error


def check(choice: Choice) -> None:
    """Raise ``KgError`` for a model with labels that a graph does not have."""
    from extractors import labels

    ours = labels.known(models.DEFAULT)
    if foreign := [label for label in labels.known(choice.model) if label not in ours]:
        raise KgError(
            f"{choice.model}: finds what a graph has no place for: {', '.join(foreign)}",
            remedy="Use it with kg extract, or train one on gold that has the labels of a graph: "
            + ", ".join(LABELS),
        )


def terms(choice: Choice) -> Glossary | None:
    """Give the terms of the glossary, if there is one."""
    if choice.glossary is None:
        return None
    from extractors import glossary

    with told():
        return glossary.read(choice.glossary)


@contextlib.contextmanager
def told() -> Iterator[None]:
    """Tell faults of an extraction as what the user can repair."""
    try:
        yield
    except Fault as fault:
        raise KgError(fault.what, remedy=fault.remedy) from fault


def take(
    inputs: Sequence[str], options: Options, track: Track
) -> tuple[list[Paper], list[Rejected], frozenset[str]]:
    """Read all inputs: papers, one a record, what was rejected, and the names of the inputs."""
    found: list[Paper] = []
    rejected: list[Rejected] = []
    with read.sources(list(inputs)) as sources:
        records = read.papers(
            sources, reader=options.reader, columns=options.columns, captured=options.captured
        )
        for record in track(records, 0, "Reading"):
            if isinstance(record, Paper):
                found.append(record)
            else:
                rejected.append(record)
        names = frozenset(source.name for source in sources)
    return found, rejected, names


def extract(
    folder: Path, papers: Sequence[Paper], choice: Choice, by: str, track: Track
) -> tuple[archive.Found, int]:
    """Give what is found in all papers' texts, by digest; only new texts are read.

    What was found is saved every ``SAVED`` texts, so that a killed run need not begin again.
    """
    texts = {archive.digest(paper.text): paper.text for paper in papers}
    found = archive.extractions(folder, by, frozenset(texts))
    missing = sorted(texts.keys() - found.keys())
    if not missing:
        return found, 0
    results = choices.extract(choice, [texts[key] for key in missing])
    part: list[tuple[str, Extraction]] = []
    tracked = track(results, len(missing), "Extracting")
    with told():
        for key, extraction in zip(missing, tracked, strict=True):
            found[key] = extraction
            part.append((key, extraction))
            if len(part) == SAVED:
                archive.write_extractions(folder, part, "part")
                part = []
    return found, len(missing)


def write(
    folder: Path,
    papers: Sequence[Paper],
    found: archive.Found,
    by: str,
    parameters: Mapping[str, Any],
    glossary: Glossary | None = None,
    min_score: float = 0.0,
) -> files.Manifest:
    """Assemble the graph, write all tables, and give the manifest that makes them count."""
    made = graph(
        papers,
        {paper.id: found[archive.digest(paper.text)] for paper in papers},
        glossary=glossary,
        min_score=min_score,
    )
    tables = (
        archive.write_papers(folder, papers),
        archive.write_extractions(folder, sorted(found.items()), "extractions"),
        *files.write_nodes(folder, made.nodes),
        *files.write_edges(folder, made.edges),
    )
    counts = {table.name: table.rows for table in tables}
    return files.Manifest(tables=tables, extractor=by, parameters=parameters, counts=counts)


def write_rejected(folder: Path, rejected: Sequence[Rejected], read_now: frozenset[str]) -> None:
    """Replace what earlier runs rejected of the files that were read now; keep the rest."""
    path = folder / "rejected.jsonl"
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    kept = {line for line in lines if json.loads(line)["file"] not in read_now}
    kept |= {json.dumps(json_ready(item), ensure_ascii=False) for item in rejected}
    files.write(path, "".join(f"{line}\n" for line in sorted(kept)).encode())


def load(folder: Path, say: Say) -> None:
    """Make the embedded store from the files, so that the first query need not."""
    from kg.store import arcade

    arcade.load(folder, say=say)


def _told(item: Rejected) -> str:
    where = f"{item.file}, entry {item.entry}" if item.entry else item.file
    return f"{where}: {item.reason}"
