"""The ACL Anthology's XML (https://github.com/acl-org/acl-anthology, ``data/xml``)."""

from collections.abc import Iterator
from xml.etree.ElementTree import Element

from kg.read import fields, kinds, markup
from kg.read.source import Source
from kg.records import Paper, Rejected


def papers(source: Source) -> Iterator[Paper | Rejected]:
    """Yield the papers of a collection; front matter is none."""
    entry, collection, volume, meta = 0, "", "", Element("meta")
    for element in markup.elements(source, {"meta", "paper"}, begins={"collection", "volume"}):
        if isinstance(element, Rejected):
            yield element
        elif element.tag == "collection":
            collection = element.get("id", "")
        elif element.tag == "volume":
            volume, meta = element.get("id", ""), Element("meta")
        elif element.tag == "meta":
            meta = _kept(element)
        else:
            entry += 1
            curie = f"acl:{anthology_id(collection, volume, element.get('id', ''))}"
            try:
                yield paper(f"{source.name}#{entry}", element, meta, curie)
            except ValueError as error:
                yield fields.rejected(source.name, entry, None, error, markup.text(element))


def paper(source: str, element: Element, meta: Element, curie: str) -> Paper:
    """Give the paper of one element in a volume with this ``meta``.

    Raises ``ValueError`` with the reason when there is none.
    """
    title, abstract = (markup.text(element.find(name)) for name in ("title", "abstract"))
    people = element.findall("author")
    if why := kinds.against((), title, abstract, bool(people)):
        raise ValueError(why)
    month = element.findtext("month") or meta.findtext("month") or ""
    year = element.findtext("year") or meta.findtext("year") or ""
    return fields.paper(
        source,
        title=title,
        abstract=abstract,
        doi=element.findtext("doi"),
        ids=[curie],
        published=f"{month} {year}",
        authors=map(_name, people),
        venue=markup.text(meta.find("journal-title")) or markup.text(meta.find("booktitle")),
        url=f"https://aclanthology.org/{curie.removeprefix('acl:')}",
    )


def anthology_id(collection: str, volume: str, paper: str) -> str:
    """Give the Anthology's id of a paper.

    >>> anthology_id("2020.acl", "main", "1"), anthology_id("P19", "1", "1")
    ('2020.acl-main.1', 'P19-1001')
    >>> anthology_id("W19", "1", "7"), anthology_id("D19", "50", "3")
    ('W19-0107', 'D19-5003')
    """
    if collection[:1].isdigit() or not (volume.isdecimal() and paper.isdecimal()):
        return f"{collection}-{volume}.{paper}"
    workshops = collection[0] == "W" or collection == "C69"
    if workshops or (collection == "D19" and int(volume) >= 5):
        return f"{collection}-{int(volume):02}{int(paper):02}"
    return f"{collection}-{int(volume)}{int(paper):03}"


def _name(author: Element) -> str:
    parts = (author.findtext("first"), author.findtext("last"), author.findtext("suffix"))
    return " ".join(part.strip() for part in parts if part and part.strip())


def _kept(meta: Element) -> Element:
    """Copy what the papers need of ``meta``, which is freed when its volume goes on."""
    kept = Element("meta")
    kept.extend(child for child in meta if child.tag != "editor")
    return kept
