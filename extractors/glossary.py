"""A user's own terms, from a table or a SKOS vocabulary: how they are called, what they are.

A table is CSV with a header: ``name``, ``type``, and, if need be, ``aliases`` (parted by ``|`` or
``;``) and ``kind``.
"""

import csv
import hashlib
import io
import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from .faults import Fault
from .schema import KINDS, LABELS
from .terms import normal, singular

if TYPE_CHECKING:
    import rdflib

_TABLE: Final = {".csv", ".tsv", ".txt"}
_HEADER: Final = (
    "A glossary begins with a header: name,type,aliases,kind\n"
    "and goes on with rows such as: sparse autoencoder,Method,SAE|dictionary learning,"
)


@dataclass(frozen=True, slots=True)
class Term:
    """One term: ``kind`` is set for Concepts, unless the glossary leaves it to the model."""

    name: str
    label: str
    kind: str | None = None
    aliases: tuple[str, ...] = ()

    @property
    def forms(self) -> tuple[str, ...]:
        """The name and the aliases."""
        return (self.name, *self.aliases)


@dataclass(frozen=True, slots=True)
class Glossary:
    """All terms; no two have a form in common."""

    terms: tuple[Term, ...]

    @property
    def digest(self) -> str:
        """Eight hex digits that say whether two glossaries are the same, in whatever order."""
        rows = sorted(json.dumps(astuple(term)) for term in self.terms)
        return hashlib.sha256("\n".join(rows).encode()).hexdigest()[:8]


def read(path: Path) -> Glossary:
    """Read a glossary; raise ``Fault`` with the line (CSV) or the concept (SKOS) that is wrong."""
    try:
        rows = list(_rows(path) if path.suffix.lower() in _TABLE else _concepts(path))
    except FileNotFoundError as error:
        raise Fault(f"{path}: there is no such glossary.", "Name a CSV or SKOS file.") from error
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise Fault(f"{path}: {error}", "Give a glossary as CSV in UTF-8, or as SKOS.") from error
    if not rows:
        raise Fault(f"{path}: holds no term.", _HEADER)
    owners: dict[str, str] = {}
    for place, term in rows:
        for form in {normal(form) for form in term.forms}:
            if form in owners:
                raise Fault(
                    f"{place}: {form!r} is a form of the term in {owners[form]} too.",
                    "Give each form to one term.",
                )
            owners[form] = place
    return Glossary(tuple(term for _, term in rows))


def _term(
    place: str, name: str, type_: str, aliases: Iterable[str], kind: str | None
) -> tuple[str, Term]:
    label, own = typed(place, type_, kind)
    forms = dict.fromkeys(alias.strip() for alias in aliases)
    others = tuple(form for form in forms if form and form != name)
    for form in (name, *others):
        if not any(char.isalnum() for char in form):
            raise Fault(f"{place}: {form!r} is no term.", "A term has a letter or a digit.")
    return place, Term(name, label, own, others)


def typed(place: str, type_: str, kind: str | None) -> tuple[str, str | None]:
    """Give label and kind: of ``method``, ``Methods``, ``Concept`` and ``task``, ``Concept:task``.

    >>> typed("", "methods", None), typed("", "task", None), typed("", "Concept", "Metric")
    (('Method', None), ('Concept', 'task'), ('Concept', 'metric'))
    """
    word, _, own = type_.partition(":")
    label = _known(word, LABELS)
    if label is None and (found := _known(word, KINDS)):
        label, own = "Concept", found
    if label is None:
        choices = ", ".join((*LABELS, *(f"Concept:{name}" for name in KINDS)))
        raise Fault(f"{place}: there is no type {type_!r}.", f"Types are: {choices}.")
    wanted = (kind or own).strip()
    if not wanted or label != "Concept":
        return label, None
    if found := _known(wanted, KINDS):
        return label, found
    raise Fault(f"{place}: there is no kind {wanted!r}.", f"Kinds are: {', '.join(KINDS)}.")


def _known(word: str, names: Iterable[str]) -> str | None:
    key = singular(word.strip().lower())
    return next((name for name in names if name.lower() == key), None)


# --- Tables -----------------------------------------------------------------------------------


def _rows(path: Path) -> Iterator[tuple[str, Term]]:
    text = path.read_text(encoding="utf-8-sig")
    head = text.partition("\n")[0]
    # Spreadsheets write the delimiter of their country.
    delimiter = max(",;\t", key=head.count)
    lines = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    header = [name.strip().lower() for name in next(lines, [])]
    if not {"name", "type"} <= set(header):
        raise Fault(f"{path}, line 1: has no columns name and type.", _HEADER)
    try:
        for cells in lines:
            place = f"{path}, line {lines.line_num}"
            if any(cell.strip() for cell in cells):
                yield _row(place, header, cells)
    except csv.Error as error:
        raise Fault(f"{path}, line {lines.line_num}: {error}", "Close the quotes.") from error


def _row(place: str, header: Sequence[str], cells: Sequence[str]) -> tuple[str, Term]:
    if len(cells) > len(header):
        raise Fault(
            f"{place}: has {len(cells)} cells, the header {len(header)}.",
            'Part aliases by | or put them in quotes: "SAE|SAEs"',
        )
    row = {name: cell.strip() for name, cell in zip(header, cells, strict=False)}
    for column in ("name", "type"):
        if not row.get(column):
            raise Fault(f"{place}: has no {column}.", _HEADER)
    aliases = re.split(r"[|;]", row.get("aliases", ""))
    return _term(place, row["name"], row["type"], aliases, row.get("kind"))


# --- SKOS -------------------------------------------------------------------------------------


def _concepts(path: Path) -> Iterator[tuple[str, Term]]:
    import rdflib
    from rdflib.namespace import RDF, SKOS
    from rdflib.util import guess_format

    form = guess_format(str(path)) or "turtle"
    if not path.exists():
        raise FileNotFoundError(path)
    graph = rdflib.Graph()
    try:
        graph.parse(source=str(path), format=form)
    except Exception as error:  # each parser of rdflib has errors of its own
        raise Fault(
            f"{path}: is no {form}: {' '.join(str(error).split())[:200]}",
            "Give a glossary as CSV (.csv), or SKOS as .ttl, .rdf, .nt or .jsonld.",
        ) from error
    for concept in sorted(set(graph.subjects(RDF.type, SKOS.Concept)), key=str):
        place = f"{path}, {concept}"
        labels = _labels(graph, concept, [SKOS.prefLabel])
        if not labels:
            raise Fault(f"{place}: has no skos:prefLabel.", "Give it one.")
        if _category(labels[0]):  # a heading, such as "Methods"
            continue
        others = _labels(graph, concept, [SKOS.altLabel, SKOS.hiddenLabel])
        yield _term(place, labels[0], _skos_type(graph, concept), others, None)


def _labels(
    graph: "rdflib.Graph", node: "rdflib.term.Node", properties: "Sequence[rdflib.URIRef]"
) -> list[str]:
    """Give labels in English or in no language; if there are none, all."""
    import rdflib

    found = sorted(
        value
        for name in properties
        for value in graph.objects(node, name)
        if isinstance(value, rdflib.Literal) and str(value).strip()
    )
    english = [v for v in found if not v.language or v.language.lower().startswith("en")]
    return [str(value).strip() for value in english or found]


def _category(text: str) -> str | None:
    """Give the type that a heading or a class names, if it does."""
    if _known(text, LABELS) or _known(text, KINDS):
        return text
    return None


def _skos_type(graph: "rdflib.Graph", concept: "rdflib.term.Node") -> str:
    """Give what a concept is: by its class, collection, broader concepts or scheme.

    A concept of which these say nothing is a Concept.
    """
    from rdflib.namespace import DCTERMS, RDFS, SKOS

    names = [SKOS.prefLabel, RDFS.label, DCTERMS.title]
    for node in _about(graph, concept):
        local = re.split(r"[/#:]", str(node))[-1]
        for text in (local, *_labels(graph, node, names)):
            if node != SKOS.Concept and (found := _category(text)):
                return found
    return "Concept"


def _about(graph: "rdflib.Graph", concept: "rdflib.term.Node") -> "Iterator[rdflib.term.Node]":
    """Yield what may say what a concept is, the nearest first."""
    from rdflib.namespace import DCTERMS, RDF, SKOS

    yield from sorted(graph.objects(concept, RDF.type), key=str)
    yield from sorted(graph.objects(concept, DCTERMS.type), key=str)
    yield from sorted(graph.subjects(SKOS.member, concept), key=str)
    above = graph.transitive_objects(concept, SKOS.broader)
    yield from sorted({node for node in above if node and node != concept}, key=str)
    yield from sorted(graph.objects(concept, SKOS.inScheme), key=str)


def owners(glossary: Glossary) -> Mapping[str, Term]:
    """Give the term of each normal form."""
    return {normal(form): term for term in glossary.terms for form in term.forms}
