"""What exports tell beside their proper fields: ids in notes and venues, dates in pieces."""

import re
from collections.abc import Iterator
from typing import Any, Final

from kg.read import curies
from kg.read.dates import date

_ARXIV: Final = re.compile(
    r"\barxiv(?:\.org)?\s*[:./]\s*(?:(?:abs|pdf)/)?([\w.-]+/?\d+)|^\s*abs/([\w.-]+/?\d+)\s*$",
    re.IGNORECASE,
)
_PMID: Final = re.compile(r"\bPMID:?\s*(\d{1,9})\b|\b(\d{1,9})\s*\[pmid\]", re.IGNORECASE)
_OTHERS: Final = (
    (re.compile(r"\b(?:WOS|ISI):\s?(0*[A-Z0-9]{12,20})\b"), "wos"),
    (re.compile(r"\b(2-s2\.0-\d{6,14})\b"), "scopus"),
    (re.compile(r"\b(PMC\d{4,9})\b"), "pmcid"),
)
#: Addresses of databases that ask for a subscription, or that died with a session.
_DATABASE: Final = re.compile(
    r"//[\w.-]*(?:scopus|embase|ebscohost|proquest|ovid|ovidsp|webofscience|webofknowledge)\.com"
)
#: A note may speak of much; what it begins with is the paper's.
_BEGINNING: Final = 300
_YEAR: Final = re.compile(r"(?<!\d)(?:1[5-9]|20)\d\d(?!\d)")


def arxiv(*places: Any) -> str | None:
    """Give the arXiv id that one of the places names, the first that does.

    >>> arxiv(None, "arXiv preprint arXiv:2406.11944v2")
    'arxiv:2406.11944'
    """
    for place in places:
        if not isinstance(place, str):
            continue
        if found := curies.arxiv(place):
            return found
        if match := _ARXIV.search(place[:_BEGINNING]):
            return curies.arxiv(match[1] or match[2])
    return None


def ids(*places: Any) -> Iterator[str]:
    """Yield the ids that the places name: of PubMed, of Web of Science, of Scopus.

    >>> list(ids("PMID: 33355555", "https://www.scopus.com/inward/record.uri?eid=2-s2.0-85116700878"))
    ['pmid:33355555', 'scopus:2-s2.0-85116700878']
    """
    for place in places:
        if not isinstance(place, str):
            continue
        beginning = place[:_BEGINNING]
        if match := _PMID.search(beginning):
            yield f"pmid:{match[1] or match[2]}"
        for pattern, prefix in _OTHERS:
            if match := pattern.search(beginning):
                yield f"{prefix}:{match[1]}"


def address(url: Any, doi: Any) -> str | None:
    """Give the address of a paper, but not that of a database where there is a DOI.

    >>> address("https://www.scopus.com/inward/record.uri?eid=1", "10.5555/1")
    >>> address("https://www.scopus.com/inward/record.uri?eid=1", "")
    'https://www.scopus.com/inward/record.uri?eid=1'
    """
    if not isinstance(url, str) or (doi and _DATABASE.search(url)):
        return None
    return url


def published(*written: Any) -> str | None:
    """Give the most exact of the dates that agree with the first year that is written.

    What has no year belongs to that year.

    >>> published("2018", "SEP"), published("2020", "2019-11-30"), published("2019//", "2019/03/01")
    ('2018-09', '2020', '2019-03-01')
    """
    lines = [line for line in written if isinstance(line, str) and line.strip()]
    years = [found for line in lines if (found := date(line) if _YEAR.search(line) else None)]
    if not years:
        return None
    year = years[0][:4]
    dated = [
        date(line if _YEAR.search(line) or line.strip().isdecimal() else f"{line} {year}")
        for line in lines
    ]
    return max((found for found in dated if found and found.startswith(year)), key=len)
