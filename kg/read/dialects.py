"""Papers out of JSON objects, in each dialect that the services of the field speak.

A dialect is a function from a record, its keys in lower case, to the arguments of
``fields.paper``.  Values have any type: ``_line`` and ``_names`` make the best of them.
"""

from collections.abc import Callable, Iterator
from itertools import islice
from typing import Any, Final

from kg.read import curies, fields, kinds
from kg.records import Paper

Record = dict[str, Any]
Arguments = dict[str, Any]


def paper(source: str, record: Record) -> Paper:
    """Give the paper of a JSON object.  Raises ``ValueError`` with the reason when there is none.

    >>> paper("works.jsonl#1", {"id": "2406.11944", "title": "Transcoders"}).id
    'arxiv:2406.11944'
    """
    record = {str(key).lower(): value for key, value in record.items()}
    for wrapper in ("paper", "citingpaper", "citedpaper"):
        if isinstance(inner := record.get(wrapper), dict):
            # What the wrapper says (comments, organisation) holds where the paper says nothing.
            known = {str(key).lower(): value for key, value in inner.items() if value is not None}
            record = {**record, **known}
    arguments = _dialect(record)(record)
    title, abstract, authors = (arguments[name] for name in ("title", "abstract", "authors"))
    if why := kinds.against(_kinds(record), title, abstract, bool(authors)):
        raise ValueError(why)
    return fields.paper(source, **arguments)


def _kinds(record: Record) -> Iterator[str | None]:
    """Yield what services call a work."""
    kind = _string(record.get("type"))
    yield "front matter" if kind == "paratext" else kind  # OpenAlex's name for covers and the like
    if isinstance(named := record.get("publicationtypes"), list):
        yield from map(_string, named)


def _dialect(record: Record) -> Callable[[Record], Arguments]:
    for mark, dialect in _DIALECTS.items():
        if mark in record:
            return dialect
    return _plain


def _arxiv(record: Record) -> Arguments:
    """arXiv's metadata snapshot (https://www.kaggle.com/datasets/Cornell-University/arxiv)."""
    versions = record.get("versions")
    first = versions[0] if isinstance(versions, list) and versions else None
    return {
        **_plain(record),
        "arxiv": _string(record.get("id")),
        "published": _line(first.get("created")) if isinstance(first, dict) else None,
        "venue": _line(record.get("journal-ref")),
        "comments": None,  # here the authors' remark ("12 pages, 3 figures"), not a count
    }


def _openalex(record: Record) -> Arguments:
    """OpenAlex works (https://docs.openalex.org/api-entities/works/work-object)."""
    plain = _plain(record)
    place = record.get("primary_location") or record.get("host_venue")
    place = place if isinstance(place, dict) else {}
    venue = place.get("source")
    locations = record.get("locations")
    addresses = [
        _line(location.get("landing_page_url"))
        for location in (locations if isinstance(locations, list) else [])
        if isinstance(location, dict)
    ]
    ids = [curie for address in addresses for curie in curies.of_url(address or "")]
    return plain | {
        "abstract": _uninverted(record.get("abstract_inverted_index")) or plain["abstract"],
        "ids": [*plain["ids"], *(curie for curie in ids if curie.startswith("arxiv:"))],
        "url": _line(place.get("landing_page_url")),
        "venue": _line(venue.get("display_name")) if isinstance(venue, dict) else None,
        "comments": None,
    }


def _semantic_scholar(record: Record) -> Arguments:
    """Semantic Scholar papers, of the API and of the datasets (https://api.semanticscholar.org)."""
    others = record.get("externalids")
    others = others if isinstance(others, dict) else {}
    named = {str(key).lower(): _line(value) for key, value in others.items()}
    corpus = _line(record.get("corpusid")) or named.get("corpusid")
    pairs = {
        "s2": _line(record.get("paperid")),
        "s2:CorpusId": corpus,
        "acl": named.get("acl"),
        "pmid": named.get("pubmed"),
        "pmcid": named.get("pubmedcentral"),
        "mag": named.get("mag"),
    }
    plain = _plain(record)
    return plain | {
        "arxiv": named.get("arxiv"),
        "doi": named.get("doi") or plain["doi"],
        "ids": [f"{prefix}:{value}" for prefix, value in pairs.items() if value],
        "published": _line(record.get("publicationdate")) or _line(record.get("year")),
        "venue": _line(record.get("venue")) or _line(record.get("journal")),
        "comments": None,
    }


def _daily(record: Record) -> Arguments:
    """Hugging Face's daily papers (https://huggingface.co/api/daily_papers)."""
    organization = record.get("organization")
    if isinstance(organization, dict):
        organization = organization.get("fullname") or organization.get("name")
    return _plain(record) | {
        "arxiv": _string(record.get("id")),
        "published": _line(record.get("publishedat")),
        "organization": _line(organization),
        "comments": record.get("numcomments"),
    }


def _crossref(record: Record) -> Arguments:
    """Crossref works and CSL-JSON, as Zotero exports it."""
    issued = next(filter(None, (_parts(record.get(key)) for key in _ISSUED)), None)
    plain = _plain(record)
    return plain | {
        "published": issued,
        "authors": _names(record.get("author")),
        "venue": _line(record.get("container-title")),
        "comments": None,
    }


_ISSUED: Final = ("published", "issued", "published-online", "published-print")


def _plain(record: Record) -> Arguments:
    """Any object that calls a title a title."""

    def first(*keys: str) -> str | None:
        for key in keys:
            if key in record and (line := _line(record[key])):
                return line
        return None

    authors = record.get("authors_parsed") or record.get("authors") or record.get("authorships")
    return {
        "title": first("title", "display_name", "paper_title"),
        "abstract": first("abstract", "summary", "abstracttext", "paperabstract"),
        "arxiv": next((record[key] for key in _ARXIV_KEYS if record.get(key)), None),
        "doi": first("doi"),
        "ids": list(_ids(record)),
        "published": first(*_DATES),
        "url": first("url", "link", "pdf_url"),
        "authors": _names(authors if authors is not None else record.get("author")),
        "author_count": record.get("author_count"),
        "organization": first("organization"),
        "venue": first("venue", "journal", "booktitle", "container-title", "journal-ref"),
        "comments": record.get("comments"),
    }


_ARXIV_KEYS: Final = ("arxiv_id", "arxivid", "arxiv", "eprint")
_DATES: Final = (
    "published",
    "publication_date",
    "publicationdate",
    "publishedat",
    "published_date",
    "date",
    "publication_year",
    "year",
)
#: A key that only one dialect has -> the dialect.  The first that is there counts.
_DIALECTS: Final[dict[str, Callable[[Record], Arguments]]] = {
    "abstract_inverted_index": _openalex,
    "authorships": _openalex,
    "authors_parsed": _arxiv,
    "paperid": _semantic_scholar,
    "corpusid": _semantic_scholar,
    "externalids": _semantic_scholar,
    "numcomments": _daily,
    "submittedondailyat": _daily,
    "discussionid": _daily,
    "container-title": _crossref,
    "issued": _crossref,
    "published-print": _crossref,
    "indexed": _crossref,
}
_ID_KEYS: Final = {
    "pmid": "pmid",
    "pubmed_id": "pmid",
    "pmcid": "pmcid",
    "acl_id": "acl",
    "openalex": "openalex",
    "openalex_id": "openalex",
    "s2_id": "s2",
}


def _ids(record: Record) -> Iterator[str]:
    """Yield the CURIEs of a record; an ``id`` that only its file understands is none."""
    others = record.get("ids")
    others = others if isinstance(others, dict) else {}
    for named in (record, others):
        for key in _ID_KEYS.keys() & named.keys():
            if written := _line(named[key]):
                yield from curies.curies(f"{_ID_KEYS[key]}:{written}")
    listed = record.get("ids")
    for value in (record.get("id"), *(listed if isinstance(listed, list) else ())):
        written = _string(value) or ""
        prefix = written.partition(":")[0].strip().lower()
        if prefix in curies.PREFIXES and prefix != "title":
            yield from curies.curies(written)
        elif "openalex.org/" in written:
            yield from curies.curies(f"openalex:{written}")
        elif found := curies.arxiv(written):
            yield found
        elif written.startswith("10."):
            yield from curies.dois(written)
        else:
            yield from curies.of_url(written)


def _string(value: Any) -> str | None:
    """Give a value that must be a string: the number 2406.1190 is no longer an arXiv id."""
    return value if isinstance(value, str) else None


def _line(value: Any) -> str | None:
    """Give the text in a value: itself, a number, the first of a list, an object's text."""
    for _ in range(4):
        if isinstance(value, str):
            return value or None
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            return str(value)
        if isinstance(value, list):
            value = next((item for item in value if item), None)
        elif isinstance(value, dict):
            keys = ("value", "text", "#text", "name", "display_name", "title")
            value = next((value[key] for key in keys if value.get(key)), None)
        else:
            return None
    return None


def _names(value: Any) -> list[str]:
    """Give the authors' names out of any way in which services list them."""
    if isinstance(value, str):
        for between in (";", " and ", ","):
            if between in value:
                return value.split(between)
        return [value]
    if isinstance(value, dict):
        value = [value]
    return [name for item in value if (name := _name(item))] if isinstance(value, list) else []


def _name(item: Any) -> str | None:
    if isinstance(item, list):  # arXiv's parsed names: last, first, suffix
        last, first, suffix = (*(_line(part) or "" for part in item[:3]), "", "", "")[:3]
        return f"{first} {last} {suffix}"
    if not isinstance(item, dict):
        return _line(item)
    if isinstance(item.get("author"), dict):  # OpenAlex's authorship
        return _line(item["author"].get("display_name")) or _line(item.get("raw_author_name"))
    if item.get("family"):  # Crossref, CSL
        parts = ("given", "non-dropping-particle", "family", "suffix")
        return " ".join(filter(None, (_line(item.get(part)) for part in parts)))
    return _line(item) or _line(item.get("literal"))


def _parts(issued: Any) -> str | None:
    """Give the date of Crossref's ``{"date-parts": [[2021, 5, 3]]}``, or the text beside it."""
    if not isinstance(issued, dict):
        return _line(issued)
    parts = issued.get("date-parts")
    first = parts[0] if isinstance(parts, list) and parts else None
    if isinstance(first, list) and first and first[0]:
        return "-".join(str(part).zfill(2) for part in first[:3])
    return _line(issued.get("raw")) or _line(issued.get("literal"))


_LONGEST_ABSTRACT: Final = 50_000


def _uninverted(index: Any) -> str | None:
    """Give the text of an inverted index: word -> its positions.

    >>> _uninverted({"to": [0, 2], "be": [1, 3]})
    'to be to be'
    """
    if not isinstance(index, dict):
        return _line(index)
    inner = index.get("InvertedIndex")
    index = inner if isinstance(inner, dict) else index
    pairs = (
        (position, str(word))
        for word, positions in index.items()
        for position in (positions if isinstance(positions, list) else [])
        if type(position) is int
    )
    # No more than an abstract can have, whatever the index says.
    return " ".join(word for _, word in sorted(islice(pairs, _LONGEST_ABSTRACT))) or None
