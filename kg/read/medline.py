"""MEDLINE's tagged format (``.nbib``), as PubMed, PubMed Central and ERIC write it.

Read without nbib: that stops a file at the first value it does not expect, and leaves out books,
ids in ``LID`` and authors without a full name.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

from kg.read import fields, hints, kinds, names
from kg.read.source import Source
from kg.records import Paper, Rejected

_TAG: Final = re.compile(r"(?:([A-Z]{2}) {2}|([A-Z]{3,4}) ?)-(?: (.*)|(\S.*))?$")
_BRACKETS: Final = re.compile(r"\[(.*)\]\.?")
_ELSEWHERE: Final = re.compile(r"Publisher: Abstract available", re.IGNORECASE)
_CUT_OFF: Final = "the record is cut off: the file ends before its SO"


@dataclass(slots=True)
class _Record:
    """One record, in the course of being gathered: tags and their values, in order."""

    first: int
    tags: list[tuple[str, str]] = field(default_factory=list)

    def values(self, *tags: str) -> list[str]:
        """Give the values of the tags, the first tag's first."""
        return [value for tag in tags for name, value in self.tags if name == tag and value]

    def begins_anew(self, tag: str, blank: bool) -> bool:
        """Tell whether ``tag`` begins the next record; a blank line alone does not."""
        if tag in ("PMID", "OWN", "TI") and any(name == tag for name, _ in self.tags):
            return tag != "TI" or blank
        return blank and tag in ("PMID", "PMC", "OWN")


def papers(source: Source) -> Iterator[Paper | Rejected]:
    """Yield the papers of a file in MEDLINE's format."""
    with source.text() as lines:
        entry, before, ended = 0, None, True
        for record in _records(lines):
            if before:
                entry += 1
                yield _paper((source.name, entry, before.first), before)
                ended = ended and bool(before.values("SO"))
            before = record
    if before:
        place = (source.name, entry + 1, before.first)
        if entry and ended and not before.values("SO"):  # where all others have one
            yield fields.rejected(*place, _CUT_OFF, _raw(before))
        else:
            yield _paper(place, before)


def _records(lines: Iterable[str]) -> Iterator[_Record]:
    record: _Record | None = None
    blank = True
    for number, whole in enumerate(lines, 1):
        line = whole.rstrip().lstrip("\ufeff")
        match = _TAG.match(line)
        if match:
            tag, value = match[1] or match[2], (match[3] or match[4] or "").strip()
            if record and record.begins_anew(tag, blank):
                yield record
                record = None
            record = record or _Record(number)
            record.tags.append((tag, value))
        elif record and line and (line[0] == " " or not blank):
            tag, value = record.tags[-1]
            record.tags[-1] = (tag, f"{value} {line.strip()}")
        blank = not line
    if record:
        yield record


def _raw(record: _Record) -> str:
    return " ".join(f"{tag:<4}- {value}" for tag, value in record.tags)


def _paper(place: tuple[str, int, int], record: _Record) -> Paper | Rejected:
    def first(*tags: str) -> str | None:
        return next(iter(record.values(*tags)), None)

    title = " ".join(record.values("TI")) or first("BTI", "CTI", "TT") or ""
    if bracketed := _BRACKETS.fullmatch(title):  # translated into English
        title = bracketed[1]
    abstract = " ".join(record.values("AB")) or first("OAB") or ""
    if _ELSEWHERE.match(abstract):
        abstract = ""
    authors = [*(record.values("FAU") or record.values("AU")), *record.values("CN")]
    if why := kinds.against(record.values("PT"), title, abstract, bool(authors)):
        return fields.rejected(*place, why, _raw(record))
    try:
        return fields.paper(
            f"{place[0]}#{place[1]}",
            title=title,
            abstract=abstract,
            doi=" ".join(value for value in record.values("AID", "LID") if "doi" in value.lower()),
            ids=_ids(record),
            published=hints.published(first("DP")) or first("DEP"),
            url=next((url for url in record.values("LID", "URL") if url.startswith("http")), None),
            authors=names.ordered(names.people(authors)),
            venue=first("JT", "TA", *(("BTI", "CTI") if record.values("TI") else ())),
        )
    except ValueError as error:
        return fields.rejected(*place, error, _raw(record))


def _ids(record: _Record) -> Iterator[str]:
    yield from (f"pmid:{number}" for number in record.values("PMID"))
    yield from (f"pmcid:{number}" for number in record.values("PMC"))
    if "ERIC" in record.values("OWN"):
        yield from (f"eric:{number}" for number in record.values("OID"))
