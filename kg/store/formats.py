"""The formats that a graph is exported in, told by the names of files."""

from pathlib import Path
from typing import Final

from kg.errors import KgError

#: Format of RDF -> what its files end in.
RDF: Final = {
    "ttl": (".ttl", ".turtle"),
    "nt": (".nt",),
    "jsonld": (".jsonld",),
    "trig": (".trig",),
    "nq": (".nq",),
    "rdf": (".rdf", ".owl", ".xml"),
}


def named(path: Path) -> str:
    """Give the format of RDF that a file's name tells; raise ``KgError`` if it tells none.

    >>> named(Path("graph.nt.gz"))
    'nt'
    """
    name = path.name.lower().removesuffix(".gz")
    for form, endings in RDF.items():
        if name.endswith(endings):
            return form
    known = " ".join(ending for endings in RDF.values() for ending in endings)
    raise KgError(
        f"{path}: its name does not tell the format",
        remedy=f"Give --format, or a name that ends in {known}, and .gz if it is compressed.",
    )


def packed(path: Path) -> bool:
    """Tell whether a file is compressed, by its name."""
    return path.name.lower().endswith(".gz")
