"""The names of things: IRIs that follow from ids and contents alone, so that equal graphs agree.

All are ASCII and valid in every syntax; different ids have different IRIs.  What has no id of its
own (edges, evidence) is named by the first 80 bits of the SHA-256 of what it is.
"""

import hashlib
import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final
from urllib.parse import quote

from pyoxigraph import NamedNode

from extractors.schema import LABELS
from kg.errors import KgError
from kg.store.rdf.terms import BASE

#: Heads of the ids of entities: ``method``, ``dataset``, ...
_HEADS: Final = frozenset(label.lower() for label in LABELS)
_DIGITS: Final = 20
_DOTS: Final = re.compile(r"(?<![^/])\.{1,2}(?![^/])")
_BASE: Final = re.compile(r"[a-z][a-z0-9+.-]*:\S*[/#:]", re.ASCII)


def digest(*parts: str) -> str:
    """Give a name for what the parts are, in that order.

    >>> digest("a", "b")
    'f04cdced9736a69da610'
    """
    text = "\x1f".join(parts).encode("utf-8", "surrogatepass")
    return hashlib.sha256(text).hexdigest()[:_DIGITS]


def quoted(text: str, safe: str = "") -> str:
    """Percent-encode all but letters, digits, ``-._~`` and ``safe``; dot segments too.

    >>> quoted("C++"), quoted("10.1000/a b", "/"), quoted("a/../b", "/")
    ('C%2B%2B', '10.1000/a%20b', 'a/%2E%2E/b')
    """
    made = quote(text, safe=safe)
    return _DOTS.sub(lambda dots: "%2E" * len(dots[0]), made) if "." in made else made


@lru_cache(1 << 13)
def paper_path(id_: str) -> str:
    """Give the path of a paper.

    >>> paper_path("arxiv:2411.04983"), paper_path("doi:10.1162/tacl_a_1"), paper_path("odd/id")
    ('arxiv/2411.04983', 'doi/10.1162/tacl_a_1', 'odd%2Fid')
    """
    head, colon, rest = id_.partition(":")
    return f"{quoted(head)}/{quoted(rest, '/')}" if colon else quoted(id_)


@lru_cache(1 << 13)
def entity_path(id_: str) -> str:
    """Give the path of an entity.

    >>> entity_path("method:dino-wm"), entity_path("odd:id")
    ('method/dino-wm', 'entity/odd%3Aid')
    """
    head, colon, rest = id_.partition(":")
    return f"{head}/{quoted(rest)}" if colon and head in _HEADS else f"entity/{quoted(id_)}"


@dataclass(frozen=True, slots=True)
class Iris:
    """Names things below one base, which ends in ``/``, ``#`` or ``:``."""

    base: str = BASE

    def __post_init__(self) -> None:
        try:
            valid = _BASE.fullmatch(self.base) and self.base.isascii() and NamedNode(self.base)
        except ValueError:
            valid = None
        if not valid:
            raise KgError(
                f"--base-iri {self.base!r} is no absolute IRI that ends in / or #",
                remedy=f"Give one such as {BASE}",
            )

    def paper(self, id_: str) -> NamedNode:
        """Name a paper by its id."""
        return NamedNode(f"{self.base}paper/{paper_path(id_)}")

    def text(self, id_: str) -> NamedNode:
        """Name the text of a paper, in which offsets count."""
        return NamedNode(f"{self.base}text/{paper_path(id_)}")

    def person(self, paper: str, position: int) -> NamedNode:
        """Name an author by the paper and the place on it, counted from 1; nobody is merged."""
        return NamedNode(f"{self.base}person/{position}/{paper_path(paper)}")

    def entity(self, id_: str) -> NamedNode:
        """Name an entity by its id."""
        return NamedNode(f"{self.base}{entity_path(id_)}")

    def edge(self, source: str, label: str, target: str) -> NamedNode:
        """Name an edge by its ends and label."""
        return NamedNode(f"{self.base}edge/{digest(source, label, target)}")

    def evidence(self, *parts: str) -> NamedNode:
        """Name an evidence by its edge and what it says."""
        return NamedNode(f"{self.base}evidence/{digest(*parts)}")

    def concepts(self) -> NamedNode:
        """Name the scheme of all concepts."""
        return NamedNode(f"{self.base}concepts")

    def run(self, extractor: str, parameters: str) -> NamedNode:
        """Name what made the graph, by the extractor and parameters: runs alike are one."""
        return NamedNode(f"{self.base}run/{digest(extractor, parameters)}")

    def extractor(self, name: str, version: str) -> NamedNode:
        """Name an extractor by its name and version."""
        return NamedNode(f"{self.base}extractor/{quoted(name)}/{quoted(version)}")
