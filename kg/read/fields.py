"""Make a ``Paper`` of the fields that a format gives: cleaning, ids and dates in one place."""

import re
import reprlib
from collections.abc import Iterable
from typing import Any, Final

from kg import clean
from kg.read import curies
from kg.read.dates import date
from kg.records import Paper, Rejected

#: Longer than any abstract: what is longer is a book, or a file gone wrong.
LONGEST: Final = 100_000
_EXCERPT: Final = 200
_REPR: Final = reprlib.Repr()
_REPR.maxstring = _REPR.maxother = _EXCERPT
_FIRST_SENTENCE: Final = re.compile(r".{20,300}?[.?!](?=\s)|.{1,200}(?=\s|$)")
_SUFFIX: Final = re.compile(r"(?:Jr|Sr|II|III|IV|V)\.?", re.IGNORECASE)


def paper(
    source: str,
    *,
    title: str | None,
    abstract: str | None = None,
    arxiv: str | None = None,
    doi: str | None = None,
    ids: Iterable[str] = (),
    published: str | None = None,
    url: str | None = None,
    authors: Iterable[str] = (),
    author_count: int | None = None,
    organization: str | None = None,
    venue: str | None = None,
    comments: int | None = None,
) -> Paper:
    """Give the paper of one record, cleaned.

    ``source`` is ``file#entry``.  ``arxiv`` and ``doi`` may be written in any usual way (URL,
    prefix, version); ``ids`` are further CURIEs (``acl:2020.acl-main.1``, ``pmid:123``,
    ``openalex:W1``, ``s2:…``).  ``published`` may be any usual date; what cannot be read as one
    is left out.  A paper without a title is called by its abstract's first sentence.  Raises
    ``ValueError`` with the reason when there is neither title nor abstract.
    """
    name, body = clean.title(title), clean.abstract(abstract)
    if not any(map(str.isalnum, name)):
        name = ""
    if not name and not body:
        raise ValueError("neither title nor abstract")
    if len(name) + len(body) > LONGEST:
        raise ValueError(f"{len(name) + len(body):,} characters are no abstract")
    if not name:
        name = _FIRST_SENTENCE.match(body)[0]  # type: ignore[index]
    found = list(_ids(arxiv, doi, ids, url))
    if not found or curies.tells(name):
        found.append(curies.of_title(name))
    known = curies.ordered(found)
    people = tuple(filter(None, map(author, authors)))
    return Paper(
        id=known[0],
        title=name,
        abstract=body,
        ids=known,
        published=date(published) if isinstance(published, str) else None,
        url=_url(url, known[0]),
        authors=people,
        author_count=_count(author_count) or len(people) or None,
        organization=clean.text(organization) or None,
        venue=clean.text(venue) or None,
        comments=_count(comments),
        sources=(source,),
    )


def author(name: Any) -> str:
    """Give an author's name in the order in which it is spoken.

    >>> [author(name) for name in ("Vaswani, Ashish", "King, Martin Luther, Jr.", "Ashish Vaswani")]
    ['Ashish Vaswani', 'Martin Luther King Jr.', 'Ashish Vaswani']
    """
    line = clean.text(name)
    if "," not in line:
        return line
    parts = [part for part in map(str.strip, line.split(",")) if part]
    if len(parts) == 3 and _SUFFIX.fullmatch(parts[1]):  # BibTeX: von Last, Jr, First
        parts = [parts[0], parts[2], parts[1]]
    if len(parts) == 2 and not _SUFFIX.fullmatch(parts[1]):
        return f"{parts[1]} {parts[0]}"
    if len(parts) == 3 and _SUFFIX.fullmatch(parts[2]):
        return f"{parts[1]} {parts[0]} {parts[2]}"
    return ", ".join(parts)


def rejected(
    file: str, entry: int | None, line: int | None, reason: object, raw: object = ""
) -> Rejected:
    """Give the record of what was not taken; ``raw`` is shortened to an excerpt."""
    begin = raw if isinstance(raw, str) else _REPR.repr(raw)
    excerpt = clean.text(begin[: 4 * _EXCERPT].replace("<", " <"))[:_EXCERPT]
    return Rejected(file, entry, line, clean.text(str(reason))[:_EXCERPT], excerpt)


def _ids(arxiv: str | None, doi: str | None, ids: Iterable[str], url: str | None) -> Iterable[str]:
    if isinstance(arxiv, str) and (found := curies.arxiv(arxiv)):
        yield found
    if isinstance(doi, str):
        yield from curies.dois(doi)
    for curie in ids:
        if isinstance(curie, str):
            yield from curies.curies(curie)
    if isinstance(url, str):
        yield from curies.of_url(url)


def _url(given: str | None, best: str) -> str | None:
    line = clean.text(given)
    if line.startswith(("http://", "https://")) and not any(curies.of_url(line)):
        return line.replace(" ", "%20")
    return curies.url(best)


def _count(number: Any) -> int | None:
    """Give a count that can be one (JSON holds anything)."""
    return number if type(number) is int and 0 <= number < 1_000_000 else None
