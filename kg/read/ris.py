"""RIS, as databases, publishers and reference managers write it.

Records are cut here and their lines repaired (two tags run together, a value over many lines, one
blank for two, a missing ``TY`` or ``ER``); then each is parsed by rispy.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final

from kg.read import fields, hints, kinds, names
from kg.read.source import Source
from kg.records import Paper, Rejected

_TAG: Final = re.compile(r"\s*([A-Z][A-Z0-9])\s{2}-(?:\s*(.*))?$|\s*(PMC?ID)\s*-\s+(.*)$")
#: Some set one blank; but so may a text, therefore only where the ``TY`` does.
_LOOSE: Final = re.compile(r"\s*([A-Z][A-Z0-9])\s*-(?:\s+(.*))?$|\s*(PMC?ID)\s*-\s+(.*)$")
_BEGIN: Final = re.compile(r"\s*TY\s*-\s")
_END: Final = re.compile(r"\s*ER\s*(?:-.*)?$")
_KNOWN: Final = (
    "TY|ER|A[1-4BDNUV]|C[1-8ANPTY]|D[ABOP]|E[DPT]|I[DS]|J[12AFO]|KW|L[1-4AB]|M[1-3]|N[12V]|OP|P[BPY]"
    "|R[INP]|S[ENPT]|T[1-3AIT]|U[1-5R]|V[LO]|Y[12]"
)
#: A tag within a line: the break before it is lost.
_INNER: Final = re.compile(rf"(?:(?<=[^\sA-Z])|\s)(?=(?:{_KNOWN})  - )")
#: What begins a record whose ``TY`` is missing.
_OPENERS: Final = frozenset(("TI", "T1", "AU", "A1", "AB", "JF", "JO"))
_LISTED: Final = frozenset(("AU", "A1", "KW"))
_VENUES: Final = (
    *("alternate_title3", "secondary_title", "journal_name", "BT", "alternate_title2"),
    "alternate_title1",
)
#: Tags in use that rispy does not know.
_MORE: Final = ("BT", "ED", "L3", "PMCID", "PMID", "U1", "UT")
_DOI: Final = re.compile(r"\s*(?:doi:?\s*|https?://(?:dx\.)?doi\.org/)?10\.\d{4}", re.IGNORECASE)
#: Where a DOI stands when it has no tag of its own.
_WITH_DOI: Final = ("type_of_work", "notes", "L3", "file_attachments2")
_URL: Final = re.compile(r"\s*(?:https?:)?//")
_PUBMED: Final = re.compile(r"\b(?:pubmed|medline)\b", re.IGNORECASE)
Record = dict[str, list[str]]


@dataclass(slots=True)
class _Lines:
    """The lines of one record, in the course of being gathered."""

    first: int
    tags: list[tuple[str, str]] = field(default_factory=list)
    closed: bool = False

    def extend(self, line: str) -> None:
        """Add a line to the last value: another item of a list, else the same text."""
        tag, value = self.tags[-1]
        if tag in _LISTED:
            self.tags.append((tag, line))
        else:
            self.tags[-1] = (tag, f"{value} {line}")


def papers(source: Source) -> Iterator[Paper | Rejected]:
    """Yield the papers of a RIS file."""
    closing = False
    with source.text() as lines:
        for entry, (record, last) in enumerate(_records(lines), 1):
            closing |= record.closed
            place = (source.name, entry, record.first)
            if last and closing and not record.closed:
                reason = "the record is cut off: the file ends before its ER"
                yield fields.rejected(*place, reason, _raw(record))
            else:
                yield _paper(place, record)


def _records(lines: Iterable[str]) -> Iterator[tuple[_Lines, bool]]:
    """Yield the records, each with whether it is the last."""
    before: _Lines | None = None
    for record in _cut(lines):
        if before:
            yield before, False
        before = record
    if before:
        yield before, True


def _cut(lines: Iterable[str]) -> Iterator[_Lines]:
    record: _Lines | None = None
    pattern = _TAG
    for number, whole in enumerate(lines, 1):
        for line in _split(whole):
            if _BEGIN.match(line):
                pattern = _TAG if _TAG.match(line) else _LOOSE
                if record:
                    yield record
                record = _Lines(number)
            elif _END.match(line):
                if record:
                    record.closed = True
                    yield record
                record = None
            tag, value = _tagged(line, pattern)
            if record is None and tag in _OPENERS:
                record = _Lines(number)
            if record and tag and tag != "ER":
                record.tags.append((tag, value))
            elif record and record.tags and line and not tag:
                record.extend(line)
    if record:
        yield record


def _split(line: str) -> list[str]:
    """Give the lines that a line should have been."""
    parts = _INNER.split(line) if "  - " in line[6:] else [line]
    return [part.strip("\ufeff\n ") for part in parts]


def _tagged(line: str, pattern: re.Pattern[str]) -> tuple[str, str]:
    if match := pattern.match(line):
        return match[1] or match[3], (match[2] or match[4] or "").strip()
    return "", line


def _raw(record: _Lines) -> str:
    return " ".join(f"{tag}  - {value}" for tag, value in record.tags)


@lru_cache(maxsize=1)
def _parser() -> Any:
    """Give rispy's parser, told that any tag may come more than once and have four letters."""
    import rispy
    from rispy.config import TAG_KEY_MAPPING

    class Parser(rispy.RisParser):  # type: ignore[misc]
        def parse_line(self, line: str) -> tuple[str, str]:
            tag, _, value = line.partition("  - ")
            return tag, value

    mapping = {**TAG_KEY_MAPPING, **{tag: tag for tag in _MORE}}
    tags = [tag for tag in mapping if tag != "TY"]
    return Parser(mapping=mapping, list_tags=tags, delimiter_tags_mapping={})


def _parsed(record: _Lines) -> tuple[str, Record]:
    """Give the type and the other fields of a record, by rispy's names."""
    kind = next((value for tag, value in record.tags if tag == "TY"), "")
    lines = [f"{tag}  - {value}" for tag, value in record.tags if tag != "TY" and value]
    parsed = _parser().parse_lines(iter([f"TY  - {kind}", *lines, "ER  - "]))[0]
    return parsed.pop("type_of_reference"), parsed


def _paper(place: tuple[str, int, int], lines: _Lines) -> Paper | Rejected:
    kind, record = _parsed(lines)

    def values(*tags: str) -> list[str]:
        return [value for tag in tags for value in record.get(tag, ())]

    def first(*tags: str) -> str | None:
        return next(iter(values(*tags)), None)

    title = first("title", "primary_title", "BT", "short_title", "translated_title")
    abstract = max((" ".join(values(tag)) for tag in ("abstract", "notes_abstract")), key=len)
    doi = " ".join(values("doi") or filter(_DOI.match, values(*_WITH_DOI)))
    authors = _authors(values("authors") or values("first_authors"))
    if why := kinds.against((kind, first("type_of_work")), title, abstract, bool(authors)):
        return fields.rejected(*place, why, _raw(lines))
    try:
        return fields.paper(
            f"{place[0]}#{place[1]}",
            title=title,
            abstract=abstract,
            arxiv=hints.arxiv(*values(*_VENUES, "note", "accession_number", "urls")),
            doi=doi,
            ids=_ids(record),
            published=hints.published(*values("year", "publication_year", "date")),
            url=hints.address(next(filter(_URL.match, values("urls")), None), doi),
            authors=authors,
            organization=first("publisher") if kind in ("THES", "RPRT") else None,
            venue=first(*_VENUES),
        )
    except ValueError as error:
        return fields.rejected(*place, error, _raw(lines))


def _authors(given: list[str]) -> list[str]:
    # One a tag is the rule, but for those who write them all in one.
    return names.ordered(
        name
        for value in given
        for name in (names.listed(value) if ";" in value else names.people([value]))
    )


def _ids(record: Record) -> Iterator[str]:
    for tag, prefix in (("PMID", "pmid"), ("PMCID", "pmcid")):
        yield from (f"{prefix}:{value}" for value in record.get(tag, ()))
    numbers = record.get("accession_number", [])
    database = " ".join([*record.get("name_of_database", ()), *record.get("database_provider", ())])
    if _PUBMED.search(database):
        yield from (f"pmid:{number}" for number in numbers if number.isdecimal())
    if "embase" in database.lower():
        yield from (f"pmid:{number}" for number in record.get("custom5", ()) if number.isdecimal())
    for tag in ("urls", "U1", "UT", "notes"):
        yield from hints.ids(*record.get(tag, ()))
    yield from hints.ids(*numbers)
