"""PubMed's XML (``PubmedArticleSet``), as its search, its yearly files and EFetch give it.

Each article is cut out of the stream and parsed alone: memory is bounded by one article, and a
broken one costs no other.
"""

import html
import re
from collections.abc import Iterator
from typing import IO, Final
from xml.etree.ElementTree import Element, ParseError, fromstring

from kg.read import fields, hints, kinds, names
from kg.read.source import Source
from kg.records import Paper, Rejected

_CHUNK: Final = 1 << 16
#: Longer than any article: what has no end by then has none.
_LONGEST: Final = 1 << 25
_MARK: Final = re.compile(r"<(/?)(Pubmed(?:Book)?Article|MedlineCitation)(?:\s[^<>]*)?>")
_LONGEST_MARK: Final = 200
_ENTITY: Final = re.compile(
    r"&(?!(?:amp|lt|gt|quot|apos|#\d{1,7}|#[xX][\da-fA-F]{1,6});)(\w{1,32};)?"
)
#: Characters, and their names in numbers, that XML forbids.
_CONTROL: Final = re.compile(
    r"[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]"
    r"|&#(?:0*[0-8]|0*1[124-9]|0*2\d|0*3[01]|[xX]0*[01]?[\da-fA-F]);"
)
_CITED: Final = "<ReferenceList>"
_CITED_END: Final = "</ReferenceList>"
#: The prefix of MathML may be declared where the article was cut out.  Within an element there
#: can be no declaration of entities, so that none can explode.
_FRAME: Final = '<set xmlns:mml="http://www.w3.org/1998/Math/MathML">{}</set>'
_BRACKETS: Final = re.compile(r"\s*\[(.*)\]\.?\s*", re.DOTALL)
_IDS: Final = {"pubmed": "pmid", "pmc": "pmcid"}
_ARTICLE: Final = "MedlineCitation/Article"
_BOOK: Final = "BookDocument"


def papers(source: Source) -> Iterator[Paper | Rejected]:
    """Yield the papers of a file of PubMed's XML, articles and books."""
    with source.text() as stream:
        for entry, (line, text, whole) in enumerate(_articles(stream), 1):
            place = (source.name, entry, line)
            if not whole:
                yield fields.rejected(*place, "the article is cut off: it has no end", text)
                continue
            try:
                article = _parsed(text)
            except ValueError as error:
                yield fields.rejected(*place, f"the article is broken XML: {error}", text)
                continue
            yield _paper(place, article, text)


def _articles(stream: IO[str]) -> Iterator[tuple[int, str, bool]]:
    """Yield each article's first line, its text, and whether it has an end."""
    line, text, seen, inside = 1, "", 0, ""
    while chunk := stream.read(_CHUNK):
        text += chunk
        while mark := _MARK.search(text, seen):
            if inside.startswith("Pubmed") and mark[2] == "MedlineCitation":
                seen = mark.end()
                continue
            cut = mark.end() if mark[1] else mark.start()
            if inside:
                yield line, text[:cut], bool(mark[1])
            line += text.count("\n", 0, cut)
            text, inside = text[cut:], "" if mark[1] else mark[2]
            seen = mark.end() - cut
        seen = max(seen, len(text) - _LONGEST_MARK)
        if inside and len(text) > _LONGEST:
            yield line, text, False
            inside = ""
        if not inside:
            line += text.count("\n", 0, seen)
            text, seen = text[seen:], 0
    if inside:
        yield line, text, False


def _parsed(text: str) -> Element:
    """Give the article's element.  Raises ``ValueError`` for what cannot be repaired."""
    # The cited papers are most of the text, and nothing of them is read.
    begin, end = text.find(_CITED), text.rfind(_CITED_END)
    if 0 <= begin < end:
        text = text[:begin] + text[end + len(_CITED_END) :]
    try:
        found = fromstring(_FRAME.format(text))
    except ParseError:
        try:
            found = fromstring(_FRAME.format(_CONTROL.sub("", _ENTITY.sub(_entity, text))))
        except ParseError as error:
            raise ValueError(str(error).partition(":")[0]) from error
    # A citation may stand alone, without the article around it.
    return found if found[0].tag == "MedlineCitation" else found[0]


def _entity(match: re.Match[str]) -> str:
    character = html.unescape(match[0])
    return "&amp;" + match[0][1:] if character == match[0] else character


def _text(element: Element | None) -> str:
    return " ".join("".join(element.itertext()).split()) if element is not None else ""


def _first(article: Element, *paths: str) -> Element | None:
    return next((found for path in paths if (found := article.find(path)) is not None), None)


def _paper(place: tuple[str, int, int], article: Element, raw: str) -> Paper | Rejected:
    title = _title(article)
    abstract = _abstract(article)
    authors = _authors(article)
    named = [
        _text(kind)
        for path in (f"{_ARTICLE}/PublicationTypeList/*", f"{_BOOK}/PublicationType")
        for kind in article.iterfind(path)
    ]
    if why := kinds.against(named, title, abstract, bool(authors)):
        return fields.rejected(*place, why, title or raw)
    try:
        return fields.paper(
            f"{place[0]}#{place[1]}",
            title=title,
            abstract=abstract,
            doi=_doi(article),
            ids=_ids(article),
            published=_published(article),
            authors=names.people(authors),
            venue=_text(_first(article, f"{_ARTICLE}/Journal/Title", f"{_BOOK}/Book/BookTitle")),
        )
    except ValueError as error:
        return fields.rejected(*place, error, raw)


def _title(article: Element) -> str:
    paths = (f"{_ARTICLE}/ArticleTitle", f"{_ARTICLE}/VernacularTitle", f"{_BOOK}/ArticleTitle")
    titles = [_text(article.find(path)) for path in (*paths, f"{_BOOK}/Book/BookTitle")]
    for title in titles:
        # Brackets mark a translation, and "[Not Available]." that there is none.
        bare = match[1] if (match := _BRACKETS.fullmatch(title)) else title
        if bare and bare.lower() != "not available":
            return bare
    return ""


def _abstract(article: Element) -> str:
    paths = (f"{_ARTICLE}/Abstract", f"{_BOOK}/Abstract", "MedlineCitation/OtherAbstract")
    for path in paths:
        for whole in article.iterfind(path):
            parts = [
                f"{label}: {text}" if (label := _label(part)) else text
                for part in whole.iterfind("AbstractText")
                if (text := _text(part))
            ]
            if parts:
                return " ".join(parts)
    return ""


def _label(part: Element) -> str:
    label = part.get("Label", "").strip(" :")
    return "" if label.upper() in ("UNLABELLED", "UNASSIGNED", "ABSTRACT") else label


def _authors(article: Element) -> list[str]:
    found = []
    for path in (f"{_ARTICLE}/AuthorList/Author", f"{_BOOK}/AuthorList/Author"):
        for author in article.iterfind(path):
            last, first, suffix, group = (
                _text(author.find(tag))
                for tag in ("LastName", "ForeName", "Suffix", "CollectiveName")
            )
            if author.get("ValidYN") != "N":
                spoken = f"{first or _text(author.find('Initials'))} {last} {suffix}"
                found.append(spoken if last else group)
    return found


def _doi(article: Element) -> str:
    places = (
        f"{_ARTICLE}/ELocationID[@EIdType='doi']",
        "PubmedData/ArticleIdList/ArticleId[@IdType='doi']",
        f"{_BOOK}/ArticleIdList/ArticleId[@IdType='doi']",
    )
    return " ".join(_text(found) for path in places for found in article.iterfind(path))


def _ids(article: Element) -> Iterator[str]:
    for path in ("MedlineCitation/PMID", f"{_BOOK}/PMID"):
        yield from (f"pmid:{_text(found)}" for found in article.iterfind(path))
    # The lists of ids of the cited papers look alike, but lie deeper.
    for path in ("PubmedData/ArticleIdList/ArticleId", f"{_BOOK}/ArticleIdList/ArticleId"):
        for found in article.iterfind(path):
            if prefix := _IDS.get(found.get("IdType", "")):
                yield f"{prefix}:{_text(found)}"


def _published(article: Element) -> str | None:
    paths = (
        f"{_ARTICLE}/Journal/JournalIssue/PubDate",
        f"{_BOOK}/ContributionDate",
        f"{_BOOK}/Book/PubDate",
        f"{_ARTICLE}/ArticleDate",
    )
    for date in map(article.find, paths):
        if date is None:
            continue
        year, month, day = (_text(date.find(tag)) for tag in ("Year", "Month", "Day"))
        if month.isdecimal():
            month = f"{year}-{month:0>2}" + (f"-{day:0>2}" if day else "")
        elif month:
            month = f"{month} {day} {year}"
        if found := hints.published(year, month, _text(date.find("MedlineDate"))):
            return found
    return None
