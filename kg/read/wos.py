"""Web of Science tagged text (``savedrecs.txt``, ``.ciw``, ``.isi``), of all its databases.

Records are cut here, so that a broken one costs no other; each is parsed by rispy.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final

from kg.read import fields, hints, kinds, names
from kg.read.source import Source
from kg.records import Paper, Rejected

_TAG: Final = re.compile(r"([A-Z][A-Z0-9])(?:\s(.*))?$")
#: Tags of the file, not of a record.
_FRAME: Final = frozenset(("FN", "VR", "EF"))
#: Tags that are read; the rest (the cited references above all) need not be parsed.
_READ: Final = re.compile("PT|A[UFB]|B[AF]|CA|GP|TI|SO|D[TI]|P[MDY]|EA|UT")
_AUTHORS: Final = (
    *("author_full_name", "authors", "book_authors_full_name", "book_authors"),
    *("group_authors", "book_group_authors"),
)
_PREFIXES: Final = {"wos": "wos", "isi": "wos", "medline": "pmid"}
_CUT_OFF: Final = "the record is cut off: the file ends before its ER"


@dataclass(slots=True)
class _Lines:
    """The lines of one record, in the course of being gathered."""

    first: int
    lines: list[str] = field(default_factory=list)
    tag: str = ""
    closed: bool = False

    def add(self, tag: str, line: str) -> None:
        """Add a line; one without a tag goes on with the one before."""
        self.tag = tag or self.tag
        if _READ.fullmatch(self.tag):
            self.lines.append(line if tag else f"   {line.strip()}")


def papers(source: Source) -> Iterator[Paper | Rejected]:
    """Yield the papers of a file of Web of Science."""
    with source.text() as lines:
        for entry, record in enumerate(_records(lines), 1):
            place = (source.name, entry, record.first)
            if record.closed:
                yield _paper(place, record.lines)
            else:
                yield fields.rejected(*place, _CUT_OFF, " ".join(record.lines))


def _records(lines: Iterable[str]) -> Iterator[_Lines]:
    record: _Lines | None = None
    for number, whole in enumerate(lines, 1):
        line = whole.rstrip().lstrip("\ufeff")
        tag = match[1] if (match := _TAG.match(line)) else ""
        if record and tag in ("ER", "PT"):  # what the next one begins is closed as well
            record.closed = True
            yield record
            record = None
        if tag in ("ER", *_FRAME) or not line.strip():
            continue
        if tag and not record:
            record = _Lines(number)
        if record:
            record.add(tag, line)
    if record:
        yield record


@lru_cache(maxsize=1)
def _parser() -> Any:
    import rispy

    return rispy.WokParser(skip_unknown_tags=True, ignore=[])


def _paper(place: tuple[str, int, int], lines: list[str]) -> Paper | Rejected:
    begin = [] if lines and lines[0].startswith("PT") else ["PT J"]
    record = _parser().parse_lines(iter([*begin, *lines, "ER"]))[0]
    title, abstract = record.get("document_title"), record.get("abstract")
    authors = next((found for tag in _AUTHORS if (found := _names(record.get(tag, [])))), [])
    named = [part.strip() for part in record.get("document_type", "").split(";")]
    if record["publication_type"] == "P":
        named.append("patent")
    if why := kinds.against(named, title, abstract, bool(authors)):
        return fields.rejected(*place, why, " ".join(lines))
    year = record.get("publication_year")
    try:
        return fields.paper(
            f"{place[0]}#{place[1]}",
            title=title,
            abstract=abstract,
            arxiv=hints.arxiv(record.get("publication_name")),
            doi=record.get("doi"),
            ids=_ids(record),
            published=hints.published(year, record.get("publication_date"))
            or record.get("early_access_date"),
            authors=authors,
            venue=record.get("publication_name"),
        )
    except ValueError as error:
        return fields.rejected(*place, error, " ".join(lines))


def _names(values: list[str]) -> list[str]:
    return [
        name
        for value in values
        for name in (names.listed(value) if ";" in value else names.people([value]))
    ]


def _ids(record: dict[str, Any]) -> Iterator[str]:
    if number := record.get("pubmed_id"):
        yield f"pmid:{number}"
    database, _, number = record.get("accession_number", "").partition(":")
    if number:
        yield f"{_PREFIXES.get(database.lower(), database.lower())}:{number.strip()}"
