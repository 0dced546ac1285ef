"""The store that SPARQL asks: Oxigraph on disk, a projection of ``nodes/`` and ``edges/``.

It lies in ``sparql/`` beside them and holds what ``kg export`` writes, in the default graph.  It
is only ever opened for reading, so any number of processes may ask at once.
"""

import contextlib
import hashlib
from collections.abc import Iterator
from importlib.metadata import version
from itertools import chain, islice
from pathlib import Path
from typing import Final

import pyoxigraph
from pyoxigraph import Quad

from kg.errors import KgError
from kg.store import files, projection
from kg.store.projection import CONTENT, Say
from kg.store.rdf.iris import Iris
from kg.store.rdf.profiles import PROFILES
from kg.store.rdf.triples import parameters

#: Version of what is made of the files: another mapping to triples is another one.
LAYOUT: Final = 1
#: Triples that are loaded at a time, which bounds the memory.
_MANY: Final = 200_000
#: What the engine writes beside the data.
_REWRITTEN: Final = ("LOG", "LOCK")


def load(folder: Path, *, say: Say = lambda text: None) -> Path:
    """Build the store of the graph in ``folder`` unless it is there and fresh; give its place.

    ``say`` is told why and how much.  Raises ``KgError`` if there is no graph or no room.
    """
    made = files.manifest(folder)
    nodes, edges = (sum(table.rows for table in made.of(part)) for part in ("nodes", "edges"))
    return projection.load(
        _place(folder, made),
        lambda content: _fill(folder, content),
        what=f"{nodes:,} nodes, {edges:,} edges",
        say=say,
        rewritten=_REWRITTEN,
    )


@contextlib.contextmanager
def opened(folder: Path, *, say: Say = lambda text: None) -> Iterator[pyoxigraph.Store]:
    """Open the store of a graph for reading, built anew if need be."""
    place = load(folder, say=say)
    try:
        store = pyoxigraph.Store.read_only(str(place / CONTENT))
    except OSError:
        # Its files are those that were built, yet the engine cannot read them; or it has just
        # been replaced.
        projection.distrust(place)
        place = load(folder, say=say)
        store = pyoxigraph.Store.read_only(str(place / CONTENT))
    yield store


def _place(folder: Path, made: files.Manifest) -> Path:
    """Give the place of a store: the run and its parameters are among the triples too."""
    of = "\n".join((made.digest, made.extractor, parameters(made)))
    digest = hashlib.sha256(of.encode()).hexdigest()[:16]
    return folder / "sparql" / f"{digest}-{version('pyoxigraph')}-{LAYOUT}"


def _fill(folder: Path, content: Path) -> None:
    store = pyoxigraph.Store(content)
    quads = (Quad(*triple) for triple in PROFILES["rdf11"](folder, Iris()))
    try:
        while (first := next(quads, None)) is not None:
            store.bulk_extend(chain((first,), islice(quads, _MANY - 1)))
        store.flush()
    except OSError as error:
        raise KgError(
            f"{folder}: the store could not be built: {error}",
            remedy="Make room there, or copy the graph to where you may write.",
        ) from error
    finally:
        del store  # Closes it, which Windows needs before it is renamed.
