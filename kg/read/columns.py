"""Tables of papers: which column holds what, in the dialects of those who export them.

Names are compared by their words, ``Author(s)`` and ``author_s`` are one.  Several columns may
hold one field: the first that is not empty in a row counts.
"""

import datetime
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from kg.errors import KgError
from kg.read import curies, fields, hints, kinds, latex, names
from kg.records import Paper, Rejected

#: A field -> what Scopus, Web of Science, PubMed, IEEE Xplore, ACM, Springer, Embase, EBSCO,
#: ProQuest, Lens, Dimensions, OpenAlex, Cochrane, Covidence, Rayyan, Publish or Perish, Zotero,
#: EndNote, JabRef and data sets of papers call it, the most telling name first.
NAMES: Final = {
    "title": "article title|document title|item title|paper title|title of article|title|titles|ti"
    "|t1|primary title|display name|paper name|original title|translated title",
    "abstract": "abstract|abstract note|ab|n2|abstract text|abstracttext|abstracts|summary"
    "|original abstract|notes abstract|paper abstract|paper summary",
    "authors": "author full names|af|authors|author|author names|au|a1|author s|full author names"
    "|authors parsed|authorships author display name|first authors|author list|authorlist"
    "|creators|creator|researchers|paper authors",
    "published": "publication date|date published|published|publish time|published at|pub date"
    "|pubdate|published date|date of publication|cover date|online date|date|da|pd|y1|submitted"
    "|submission date|paper published at",
    "year": "publication year|year|published year|pubyear|pub year|py|year published"
    "|year of publication|yr",
    "month": "publication month|published month|month",
    "doi": "doi|item doi|di|do|digital object identifier|digitalobjectidentifier|doi link|doi url"
    "|prism doi",
    "arxiv": "arxiv id|arxiv|arxivid|arxiv url|eprint",
    "url": "url|link|article url|articleurl|document url|documenturl|html url|paper url|urls|ur"
    "|source urls|source url|url link|plink|permalink|web url|pdf link|full text link"
    "|external url|html link|pdf url",
    "venue": "source title|publication title|journal|journal book|journal title|so"
    "|publication name|venue|secondary title|booktitle|book title|conference name|conference"
    "|jf|t2|jo|pubtitle|container title|primary location source display name|publication"
    "|journal ref|source",
    "kind": "document type|dt|item type|publication type|doc type|doctype|documenttype|type"
    "|article type|articletype|type of reference|reference type|bibliography type|entry type"
    "|content type|ty|type of work|m3",
    "organization": "organization|organisation|institution|school",
    "id": "id|paper id|paperid|identifier|key|unique id|accession number",
    "pmid": "pmid|pubmed id|medline pmid|pm|ids pmid|pubmed",
    "pmcid": "pmcid|pmc id|pmc",
    "wos": "ut unique wos id|ut|wos id|unique wos id",
    "scopus": "eid|scopus eid",
    "openalex": "openalex id|openalex",
    "mag": "mag id|microsoft academic id",
    "lens": "lens id",
    "s2": "s2 id|semantic scholar id",
    "acl": "acl id|anthology id",
}
#: The fields that ``--columns`` knows; the rest are numbers that only their owners use.
GIVEN: Final = (
    *("title", "abstract", "authors", "published", "year", "doi", "arxiv", "pmid", "url", "venue"),
    *("kind", "organization", "id"),
)
_NUMBERS: Final = ("pmid", "pmcid", "wos", "scopus", "openalex", "mag", "lens", "s2", "acl")
_RANKED: Final = {
    name: (field, rank)
    for field, called in NAMES.items()
    for rank, name in enumerate(called.split("|"))
}
#: The words of a column's name -> the field it holds.
FIELDS: Final = {name: field for name, (field, _) in _RANKED.items()}
_WORD: Final = re.compile(r"[^\W_]+")
_CAMEL: Final = re.compile(r"(?<=[a-z])(?=[A-Z][a-z])")
#: Fields that can be told by their look, and what numbers of their owners look like.
_TELLING: Final = {
    "year": re.compile(r"\s*(?:1[5-9]|20)\d\d\b"),
    "doi": re.compile(r"\s*(?:doi:|https?:|10\.)"),
    "url": re.compile(r"\s*(?:https?:|www\.)"),
}
_NUMBERED: Final = {
    "wos": re.compile(r"(?:WOS:|ISI:)?([A-Z0-9]{12,20})"),
    "scopus": re.compile(r"(2-s2\.0-\d+)"),
    "lens": re.compile(r"(\d[\d-]{10,})"),
    "s2": re.compile(r"([0-9a-f]{40}|\d+)"),
}
#: Embase sets into one cell where and when: ``Cancer (2004) 102:4 (253-258). Date of …: 2004``.
_CITED: Final = re.compile(r"(.+?) \(((?:19|20)\d\d)\) (?:.*Date of Publication: (.+))?")
_ANY: Final = re.compile(r"(.+)", re.DOTALL)
#: What a cell says that holds nothing.
_NOTHING: Final = frozenset(("", "nan", "none", "null", "n/a", "na", "#n/a", "nat", "[]", "-"))
#: How much of a column's name an error shows: it may be a whole abstract.
_SHOWN: Final = 40
#: JabRef's tables hold BibTeX, and under a name of no meaning the abstract.
_JABREF: Final = ("citation key", "bibliography type")


@dataclass(frozen=True, slots=True)
class Columns:
    """Where a table holds what: a field -> its columns, counted from 0, the best first."""

    places: Mapping[str, tuple[int, ...]]
    names: tuple[str, ...]
    latex: bool = False
    #: Columns were given by number, and what should be the header is a row.
    headless: bool = False

    def values(self, field: str, row: Sequence[Any]) -> Iterator[Any]:
        """Yield what the row's columns of a field hold, without what is empty."""
        for place in self.places.get(field, ()):
            value = row[place] if place < len(row) else None
            if isinstance(value, str) and value.strip().lower() in _NOTHING:
                continue
            if value is not None:
                yield value

    def line(self, field: str, row: Sequence[Any]) -> str:
        """Give a field of the row as text."""
        return next(filter(None, map(line, self.values(field, row))), "")


def key(name: Any) -> str:
    """Give the words of a column's name.

    >>> key(" Author(s)"), key("PubMed ID"), key("best_oa_location.license"), key("articleTitle")
    ('author s', 'pubmed id', 'best oa location license', 'article title')
    """
    plain = " ".join(_WORD.findall(line(name).casefold()))
    spaced = " ".join(_WORD.findall(_CAMEL.sub(" ", line(name)).casefold()))
    return spaced if plain not in FIELDS and spaced in FIELDS else plain


def line(value: Any) -> str:
    """Give a cell as text: a whole number without a fraction, a date as ISO writes it.

    >>> line(2021.0), line(datetime.date(2021, 3, 4)), line(None), line(["a", "b"])
    ('2021', '2021-03-04', '', 'a b')
    """
    if isinstance(value, str):
        return value
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if value is None or isinstance(value, (bool, Mapping)):
        return ""
    if isinstance(value, float):
        return f"{value:.0f}" if value.is_integer() and abs(value) < 1e15 else repr(value)
    if isinstance(value, datetime.datetime):
        return value.date().isoformat()
    if isinstance(value, datetime.date):
        return value.isoformat()
    if isinstance(value, Iterable):
        return " ".join(filter(None, map(line, value)))
    return str(value)


def columns(header: Sequence[Any], given: Mapping[str, str] | None = None) -> Columns | None:
    """Give where the table with this header holds what; None where it has no titles.

    ``given`` is a field -> the name or the number (from 1) of its column, over all that is known.
    """
    known = [key(name) for name in header]
    places: dict[str, list[tuple[int, int]]] = {}
    for place, name in enumerate(known):
        if name in _RANKED:
            field, rank = _RANKED[name]
            places.setdefault(field, []).append((rank, place))
    if "bibliography type" in known and "abstract" not in places and "custom1" in known:
        places["abstract"] = [(0, known.index("custom1"))]
    found = {field: tuple(place for _, place in sorted(ranked)) for field, ranked in places.items()}
    for field, name in (given or {}).items():
        place_ = _place(name, header, known)
        if place_ is None:
            return None
        found[field] = (place_,)
    if "title" not in found:
        return None
    return Columns(
        places=found,
        names=tuple(line(name) for name in header),
        latex=any(mark in known for mark in _JABREF),
        headless=not places and all(name.isdecimal() for name in (given or {}).values()),
    )


def _place(name: str, header: Sequence[Any], known: Sequence[str]) -> int | None:
    written = [line(cell).strip() for cell in header]
    if name.strip() in written:
        return written.index(name.strip())
    if key(name) in known:
        return known.index(key(name))
    if name.isdecimal() and 1 <= int(name) <= len(header):
        return int(name) - 1
    return None


def realigned(known: Columns, row: Sequence[Any], delimiter: str) -> Sequence[Any] | None:
    """Give a row of too many cells in its columns, or None where nobody can tell how.

    Scopus writes rows with a column more than the header somewhere behind the abstract, and
    others set no quotes around an abstract that comes last.  The year, DOI and address must
    stand where they belong.
    """
    width = len(known.names)
    cut = 1 + max(
        place for field in ("title", "abstract") for place in known.places.get(field, (0,))
    )
    if cut == width:
        fitted = [*row[: width - 1], delimiter.join(map(line, row[width - 1 :]))]
    else:
        fitted = [*row[:cut], *row[len(row) - width + cut :]]
    told = [
        bool(pattern.match(text))
        for field, pattern in _TELLING.items()
        if (text := known.line(field, fitted))
    ]
    return fitted if told and all(told) else None


def check(given: Mapping[str, str] | None) -> None:
    """Raise ``KgError`` for a field that nobody knows."""
    for field in given or ():
        if field not in GIVEN:
            raise KgError(
                f"--columns {field}=…: no field of a paper is called {field!r}.",
                remedy=f"The fields are {', '.join(GIVEN)}.",
            )


def missing(file: str, header: Sequence[Any], given: Mapping[str, str] | None = None) -> KgError:
    """Give the error that a table has no column for titles, or not one that was named."""
    seen = [text[:_SHOWN] for name in header if (text := line(name).strip())]
    known = [key(name) for name in header]
    wanted = [name for name in (given or {}).values() if _place(name, header, known) is None]
    what = f"no column is called {wanted[0]!r}" if wanted else "no column is known to hold titles"
    example = seen[0] if seen else "NAME"
    return KgError(
        f"{file}: {what}. Its columns are: {', '.join(seen[:60]) or 'none'}.",
        remedy=f"Name the columns: --columns title={example!r},abstract=… "
        f"(of {', '.join(GIVEN)}; or a number, counted from 1).",
    )


def paper(
    place: tuple[str, int, int | None], known: Columns, row: Sequence[Any]
) -> Paper | Rejected:
    """Give the paper of a row, or why there is none; ``place`` is file, entry and line."""
    title, abstract = known.line("title", row), known.line("abstract", row)
    authors = next(filter(None, map(names.listed, known.values("authors", row))), [])
    if known.latex:
        title, abstract = latex.text(title), latex.text(abstract)
        authors = [latex.text(name) for name in authors]
    named = [part.strip() for kind in known.values("kind", row) for part in line(kind).split(";")]
    excerpt = " | ".join(filter(None, map(line, row)))
    if why := kinds.against(named, title, abstract, bool(authors)):
        return fields.rejected(*place, why, excerpt)
    venue = next((text for text in map(line, known.values("venue", row)) if text != "Scopus"), "")
    published = _published(known, row)
    if match := _CITED.match(venue):
        venue, published = match[1], published or hints.published(match[2], match[3])
    try:
        return fields.paper(
            f"{place[0]}#{place[1]}",
            title=title,
            abstract=abstract,
            arxiv=hints.arxiv(known.line("arxiv", row), known.line("id", row), venue),
            doi=known.line("doi", row),
            ids=_ids(known, row),
            published=published,
            url=hints.address(known.line("url", row), known.line("doi", row)),
            authors=authors,
            organization=known.line("organization", row),
            venue=venue,
        )
    except ValueError as error:
        return fields.rejected(*place, error, excerpt)


def _ids(known: Columns, row: Sequence[Any]) -> Iterator[str]:
    for prefix in _NUMBERS:
        number = known.line(prefix, row).strip()
        if match := _NUMBERED.get(prefix, _ANY).fullmatch(number):
            yield f"{prefix}:{match[1]}"
    given = known.line("id", row).strip()
    if "://" in given:
        yield from curies.of_url(given)
        yield f"openalex:{given}"  # one it is not is none
    elif ":" in given or given.startswith("10."):
        yield given if ":" in given.partition("/")[0] else f"doi:{given}"
    yield from hints.ids(given, known.line("url", row))


def _published(known: Columns, row: Sequence[Any]) -> str | None:
    year, date, month = (known.line(field, row) for field in ("year", "published", "month"))
    if month.isdecimal():
        month = f"{year}-{month:0>2}"
    return hints.published(year, date, month)
