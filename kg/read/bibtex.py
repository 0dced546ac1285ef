r"""BibTeX and BibLaTeX, as reference managers, publishers and databases write them.

A file is cut at the lines on which an entry begins, so that a broken entry costs no other, and
each piece is parsed by bibtexparser.  Keys may hold blanks and come twice; values may be wrapped,
lack a comma between them, or hold what looks like the beginning of an entry.
"""

import logging
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from kg.read import fields, hints, kinds, latex, names
from kg.read.source import Source
from kg.records import Paper, Rejected

_START: Final = re.compile(r"\s*@\s*([^\W\d]\w*)\s*[{(]")
_KEY: Final = re.compile(r"(\s*@\s*[^\W\d]\w*\s*[{(])([^,\n]*)(,?)")
_ODD: Final = re.compile(r"[^\w:.+/ -]")
_FIELD: Final = re.compile(r"""\s*,?\s*([^\W\d][\w:.+/-]*)\s*=\s*(.*)""", re.DOTALL)
_LINE: Final = re.compile(r"""^[ \t]*([^\W\d][\w-]*)[ \t]*=[ \t]*(?=[{"])""", re.MULTILINE)
_LINE_END: Final = re.compile(r"""[}"]\s*,?\s*[})]?\s*$""")
_BRACE: Final = re.compile(r"(?<!\\)[{}]")
_QUOTE: Final = re.compile(r'(?<!\\)[{}"]')
#: Types that begin an entry even on an indented line within a value that is still open.
_TYPES: Final = frozenset(
    (
        *("article", "book", "booklet", "collection", "comment", "conference", "dataset"),
        *("electronic", "inbook", "incollection", "inproceedings", "manual", "mastersthesis"),
        *("misc", "online", "patent", "phdthesis", "preamble", "proceedings", "report"),
        *("software", "string", "techreport", "thesis", "unpublished"),
    )
)
#: Stands for an at sign within a value, where the parser would take it for an entry.
_AT: Final = "\ue000"

#: Where an arXiv id stands; dblp has it in the volume of ``CoRR``.
_ARXIV_PLACES: Final = ("eprint", "volume", "journal", "howpublished", "number", "note")
_NUMBERED: Final = {"pmid": "pmid", "pubmed_id": "pmid", "pmcid": "pmcid", "pmc": "pmcid"}
_VENUES: Final = ("journal", "journaltitle", "booktitle", "eventtitle", "maintitle")
_ESCAPED: Final = re.compile(r"\\(?=[_%&#~$])|\\url\b|[{}\s]")
Fields = dict[str, str]


def papers(source: Source) -> Iterator[Paper | Rejected]:
    """Yield the papers of a BibTeX file; ``@string`` is applied, ``@comment`` left out."""
    # bibtexparser reports what it cannot read to a log that Python prints when nobody listens.
    logging.getLogger("bibtexparser").addHandler(logging.NullHandler())
    entry = 0
    macros: dict[str, str] = {}
    with source.text() as lines:
        for line, piece in _pieces(lines):
            for block, raw in _blocks(piece):
                found = _taken(block, raw, macros)
                if not found:
                    continue
                entry += 1
                place = (source.name, entry, line + block.start_line)
                if isinstance(found, str):
                    yield fields.rejected(*place, found, raw)
                else:
                    yield _paper(place, *found, raw)


def _pieces(
    lines: Iterable[str], first: int = 1, *, comments: bool = True
) -> Iterator[tuple[int, str]]:
    """Cut a file where entries begin: the number of the first line, and the text from there.

    What a comment encloses is no entry, unless the comment is never closed.
    """
    begin, kept, depth, comment = first, list[str](), 0, False
    for number, line in enumerate(lines, first):
        start = _START.match(line) if "@" in line else None
        inside = depth > 0 and (comment or line[:1].isspace())
        if start and inside and (comment or start[1].lower() not in _TYPES):
            kept.append(line.replace("@", _AT, 1))
        elif start:
            if kept:
                yield begin, "".join(kept)
            begin, kept, depth = number, [line], 0
            comment = comments and start[1].lower() == "comment"
        elif kept:  # else it stands before the first entry
            kept.append(line)
        depth += line.count("{") - line.count("}") if kept else 0
    if comment and depth > 0:
        within = (line.replace(_AT, "@") for line in kept[1:])
        yield from _pieces(within, begin + 1, comments=False)
    elif kept:
        yield begin, "".join(kept)


def _blocks(piece: str) -> list[tuple[Any, str]]:
    """Give what bibtexparser finds in a piece: blocks, each with its text."""
    from bibtexparser.model import Entry, ImplicitComment
    from bibtexparser.splitter import Splitter

    blocks = Splitter(_KEY.sub(_keyed, piece, count=1)).split().blocks
    told = [block for block in blocks if not isinstance(block, ImplicitComment)]
    if len(told) > 1:
        return [(block, str(block.raw)) for block in told]
    if told and isinstance(told[0], Entry) and len(blocks) == 2:
        # A brace too many may have closed the entry before its end.
        rest = str(blocks[1].raw).lstrip(" ,")
        if _FIELD.match(rest):
            for block in Splitter(f"@misc{{key,{rest}").split().blocks:
                told[0].fields += block.fields if isinstance(block, Entry) else []
    return [(block, piece) for block in told]


def _keyed(match: re.Match[str]) -> str:
    """Give the beginning of an entry a key that any parser takes."""
    start, key, comma = match.groups()
    start = re.sub(r"@\s*(\w+)\s*", r"@\1", start)
    if start.lstrip()[1:-1].lower() in ("string", "comment", "preamble"):
        return match[0]
    if _FIELD.match(key):  # there is no key
        return f"{start}key,{key}{comma}"
    return f"{start}{_ODD.sub('_', key)}{comma}"


def _taken(block: Any, raw: str, macros: dict[str, str]) -> tuple[str, Fields] | str | None:
    """Give type and fields of an entry, or why it is broken; None for what is no entry."""
    from bibtexparser import model

    if isinstance(block, model.String):
        macros[block.key.lower()] = _value(block.value, macros)[0]
    if isinstance(block, model.DuplicateFieldKeyBlock):
        block = block.ignore_error_block
    if isinstance(block, model.Entry):
        found: Fields = {}
        for field in block.fields:
            _put(found, field.key, field.value, macros)
        return block.entry_type.lower(), found
    if isinstance(block, model.ParsingFailedBlock):
        return _saved(raw, str(getattr(block.error, "abort_reason", block.error)))
    return None


def _saved(raw: str, reason: str) -> tuple[str, Fields] | str | None:
    """Give what can be saved of an entry with a brace too many, by the lines of its fields."""
    start = _START.match(raw)
    if not start or start[1].lower() in ("comment", "preamble"):
        return None
    found: Fields = {}
    if "end of file" not in reason:
        parts = _LINE.split(raw)
        for key, value in zip(parts[1::2], parts[2::2], strict=True):
            found.setdefault(key.lower(), _LINE_END.sub("", value)[1:])
    if found:
        return start[1].lower(), found
    return f"the entry is broken: {'it is not closed' if 'end of file' in reason else reason}"


def _put(found: Fields, key: str, raw: str, macros: Mapping[str, str]) -> None:
    """Put a field, and those that follow in it because a comma is missing."""
    while True:
        value, rest = _value(raw, macros)
        key = key.lower()
        if len(value) > len(found.get(key, "")):
            found[key] = value
        if not (more := _FIELD.match(rest)):
            return
        key, raw = more.groups()


def _value(raw: str, macros: Mapping[str, str]) -> tuple[str, str]:
    """Give the text of a value, its pieces joined and macros applied, and what follows it."""
    pieces = []
    rest = raw.strip()
    while rest:
        if rest[0] == "{":
            end = _closing(rest)
            piece, rest = rest[1:end], rest[end + 1 :].lstrip()
        elif rest[0] == '"':
            end = _closing_quote(rest)
            piece, rest = rest[1:end], rest[end + 1 :].lstrip()
        else:
            word, glue, after = rest.partition("#")
            first, _, others = word.partition("\n" if "\n" in word else " ")
            if _FIELD.match(others):  # the comma is missing
                word, glue, after = first, "", rest[len(first) :]
            piece, rest = macros.get(word.strip().lower(), word), glue + after
        pieces.append(piece)
        if not rest.startswith("#"):
            break
        rest = rest[1:].lstrip()
    if rest and not _FIELD.match(rest):
        pieces.append(f" {rest}")
        rest = ""
    return "".join(pieces).strip(), rest


def _closing(value: str) -> int:
    depth = 0
    for brace in _BRACE.finditer(value):
        depth += 1 if brace[0] == "{" else -1
        if depth == 0:
            return brace.start()
    return len(value)


def _closing_quote(value: str) -> int:
    depth = 0
    for mark in _QUOTE.finditer(value, 1):
        if mark[0] == '"' and depth == 0:
            return mark.start()
        depth += (mark[0] == "{") - (mark[0] == "}")
    return len(value)


def _paper(place: tuple[str, int, int], kind: str, found: Fields, raw: str) -> Paper | Rejected:
    def text(*names: str) -> str:
        value = next((found[name] for name in names if found.get(name)), "")
        return latex.text(value.replace(_AT, "@"))

    title, abstract = text("title"), text("abstract")
    if subtitle := text("subtitle"):
        title = f"{title}: {subtitle}"
    authors = list(_authors(found.get("author", "")))
    named = (kind, text("document_type"), text("type"))
    if why := kinds.against(named, title, abstract, bool(authors)):
        return fields.rejected(*place, why, raw)
    try:
        return fields.paper(
            f"{place[0]}#{place[1]}",
            title=title,
            abstract=abstract,
            arxiv=hints.arxiv(*(found.get(name) for name in _ARXIV_PLACES)),
            doi=found.get("doi"),
            ids=_ids(found),
            published=_published(found),
            url=hints.address(_ESCAPED.sub("", found.get("url", "")), found.get("doi")),
            authors=authors,
            organization=text("school", "institution"),
            venue=text(*_VENUES),
        )
    except ValueError as error:
        return fields.rejected(*place, error, raw)


def _authors(raw: str) -> Iterator[str]:
    from bibtexparser.middlewares.names import split_multiple_persons_names

    line = " ".join(raw.split())
    if ";" in line and " and " not in line:
        line = line.replace(";", " and ")
    for name in split_multiple_persons_names(line):
        # A name in braces is one name, its commas part nothing.
        whole = name.startswith("{") and _closing(name) == len(name) - 1
        yield from names.people([latex.text(name.replace(",", "") if whole else name)])


def _ids(found: Fields) -> Iterator[str]:
    for name, prefix in _NUMBERED.items():
        if name in found:
            yield f"{prefix}:{found[name]}"
    if found.get("eprinttype", "").lower() == "pubmed":
        yield f"pmid:{found.get('eprint', '')}"
    yield from hints.ids(*(found.get(name) for name in ("note", "unique-id", "url")))


def _published(found: Fields) -> str | None:
    date, year, month, day = (
        latex.text(found.get(name, "")) for name in ("date", "year", "month", "day")
    )
    month = f"{year}-{month:0>2}" if month.isdecimal() else f"{day} {month}"
    return hints.published(date, year, month) or hints.published(
        found.get("earlyaccessdate"), found.get("issue_date")
    )
