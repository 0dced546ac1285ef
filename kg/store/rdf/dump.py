"""Files of RDF: written row by row in constant memory, the same bytes for the same graph."""

import contextlib
import gzip
import re
import shutil
import sys
import tempfile
import uuid
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final

import pyoxigraph
from pyoxigraph import Literal, RdfFormat, Triple

from kg.errors import KgError
from kg.store import files
from kg.store.rdf import rules, star
from kg.store.rdf.iris import Iris
from kg.store.rdf.profiles import PROFILES
from kg.store.rdf.terms import BASE, PREFIXES

Say = Callable[[str], None]

#: Name of a format, and ending of its files -> syntax.
FORMATS: Final = {
    "ttl": RdfFormat.TURTLE,
    "nt": RdfFormat.N_TRIPLES,
    "jsonld": RdfFormat.JSON_LD,
    "trig": RdfFormat.TRIG,
    "nq": RdfFormat.N_QUADS,
    "rdf": RdfFormat.RDF_XML,
}
#: Profile -> the formats that can say it, where not all can.
_ABLE: Final = {"rdf12": ("ttl", "nt", "trig", "nq"), "star": ("ttl", "nt")}
#: Broken rules that are told.
_FAULTS: Final = 20
#: What XML has no way to write.
_NO_XML: Final = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


@dataclass(frozen=True, slots=True)
class Plan:
    """How to write: the format, the profile, where things are named, and whether to compress.

    Raises ``KgError`` for what does not go together.
    """

    form: str
    profile: str = "rdf11"
    base: str = BASE
    packed: bool = False

    def __post_init__(self) -> None:
        Iris(self.base)
        if self.form not in _ABLE.get(self.profile, FORMATS):
            raise KgError(
                f"--profile {self.profile} cannot be written as {self.form}",
                remedy=f"It can be written as: {', '.join(_ABLE[self.profile])}.",
            )


def export(
    folder: Path, out: Path, plan: Plan, *, check: bool = False, say: Say = lambda text: None
) -> int:
    """Write the graph in ``folder`` as RDF, and give the number of triples.

    ``out`` is replaced when all is written; ``-`` is standard output.  With ``check`` what was
    written is read again, and ``out`` stays what it was if a rule is broken.  Raises ``KgError``.
    """
    if check and plan.profile not in rules.RULES:
        raise KgError(
            f"--check knows no rules of --profile {plan.profile}",
            remedy=f"It checks: {', '.join(rules.RULES)}.",
        )
    files.manifest(folder)
    with _replaced(out) as stream:
        with _packed(stream, plan.packed) as target:
            written = _write(folder, target, plan)
        stream.flush()
        if check:
            say(f"Checking {written:,} triples ...")
            verify(Path(stream.name), folder, plan)
    return written


def _write(folder: Path, stream: IO[bytes], plan: Plan) -> int:
    iris = Iris(plan.base)
    if plan.profile == "star":
        lines = Counted(star.lines(folder, iris))
        stream.writelines(f"{line}\n".encode() for line in lines)
        return lines.count
    triples = PROFILES[plan.profile](folder, iris)
    counted = Counted(_writable(triples) if plan.form == "rdf" else triples)
    write(counted, stream, plan.form)
    return counted.count


def write(triples: Iterable[Triple], stream: IO[bytes], form: str) -> None:
    """Write triples in a format."""
    prefixes = PREFIXES if form != "nt" else None
    pyoxigraph.serialize(triples, stream, format=FORMATS[form], prefixes=prefixes)


def verify(path: Path, folder: Path, plan: Plan) -> None:
    """Read an export, and raise ``KgError`` with the rules that it breaks."""
    with loaded(path, form=plan.form, packed=plan.packed) as store:
        faults = [*rules.broken(store, plan.profile), *rules.missing(store, folder)]
    with unpacked(path, plan.packed) as stream:
        faults += rules.odd(pyoxigraph.parse(stream, format=FORMATS[plan.form]))
    if faults:
        told = "\n".join(f"  {fault}" for fault in faults[:_FAULTS])
        more = f"\n  ... and {len(faults) - _FAULTS} more" if len(faults) > _FAULTS else ""
        raise KgError(
            f"The export of {folder} breaks {len(faults)} rules; it was not kept.\n{told}{more}",
            remedy="If kg build made the graph, this is an error of ours: please report it.",
        )


@contextlib.contextmanager
def loaded(path: Path, *, form: str, packed: bool = False) -> Iterator[pyoxigraph.Store]:
    """Load a file into a store on disk that goes afterwards; raise ``KgError`` if it is no RDF."""
    place = tempfile.mkdtemp(prefix="kg-")
    try:
        store = pyoxigraph.Store(place)
        try:
            with unpacked(path, packed) as stream:
                store.bulk_load(stream, format=FORMATS[form])
        except (SyntaxError, ValueError, EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise KgError(f"{path}: not {form}: {error}", remedy="Give --format.") from error
        yield store
    finally:
        store = None  # type: ignore[assignment]  # Closes it, which Windows needs.
        shutil.rmtree(place, ignore_errors=True)


def unpacked(path: Path, packed: bool) -> IO[bytes]:
    """Open a file, compressed or not."""
    return gzip.open(path) if packed else path.open("rb")  # type: ignore[return-value]


@dataclass(slots=True)
class Counted:
    """Counts what is written on its way."""

    items: Iterable[Any]
    count: int = 0

    def __iter__(self) -> Iterator[Any]:
        for item in self.items:
            self.count += 1
            yield item


def _writable(triples: Iterable[Triple]) -> Iterator[Triple]:
    """Pass triples on; raise ``KgError`` for what XML cannot say."""
    for triple in triples:
        if isinstance(triple.object, Literal) and (found := _NO_XML.search(triple.object.value)):
            raise KgError(
                f"{triple.subject} {triple.predicate}: XML has no way to write the character "
                f"U+{ord(found[0]):04X}",
                remedy="Take another format, such as ttl: all of them have.",
            )
        yield triple


@contextlib.contextmanager
def _packed(stream: IO[bytes], packed: bool) -> Iterator[IO[bytes]]:
    if packed:
        # Neither name nor time, so that equal graphs have equal bytes.
        with gzip.GzipFile("", "wb", 6, stream, 0) as target:
            yield target  # type: ignore[misc]
    else:
        yield stream


@contextlib.contextmanager
def _replaced(out: Path) -> Iterator[IO[bytes]]:
    """Give a stream that becomes the file ``out`` if all goes well; ``-`` is standard output."""
    if str(out) == "-":
        yield sys.stdout.buffer
        return
    part = out.with_name(f".{out.name}.{uuid.uuid4().hex[:8]}.part")
    try:
        with part.open("xb") as stream:
            yield stream
        part.replace(out)
    except OSError as error:
        # What is full is told by the name of the file, and without a traceback.
        raise KgError(
            f"{out}: {error.strerror or error}",
            remedy="Make room there, or give another file; what was there is unharmed.",
        ) from error
    finally:
        part.unlink(missing_ok=True)
