"""arXiv's Atom XML, as its API answers (https://info.arxiv.org/help/api/user-manual.html)."""

from collections.abc import Iterator
from xml.etree.ElementTree import Element

from kg.read import fields, markup
from kg.read.source import Source
from kg.records import Paper, Rejected


def papers(source: Source) -> Iterator[Paper | Rejected]:
    """Yield the papers of an Atom feed."""
    entry = 0
    for element in markup.elements(source, {"entry"}):
        if isinstance(element, Rejected):
            yield element
            continue
        entry += 1
        try:
            yield paper(f"{source.name}#{entry}", element)
        except ValueError as error:
            yield fields.rejected(source.name, entry, None, error, markup.text(element))


def paper(source: str, entry: Element) -> Paper:
    """Give the paper of one entry.  Raises ``ValueError`` with the reason when there is none."""
    place = entry.findtext("id") or ""
    if "/api/errors" in place:
        raise ValueError(f"arXiv answered with an error: {entry.findtext('summary')}")
    return fields.paper(
        source,
        title=markup.text(entry.find("title")),
        abstract=markup.text(entry.find("summary")),
        arxiv=place,
        doi=entry.findtext("doi"),
        published=entry.findtext("published"),
        authors=[author.findtext("name") or "" for author in entry.iter("author")],
        venue=entry.findtext("journal_ref"),
        url=place,
    )
