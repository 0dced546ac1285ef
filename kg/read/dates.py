"""Dates as sources write them, as far as they are written: no month or day is made up."""

import datetime
import re
from functools import lru_cache
from typing import Final

_NAMES: Final = (
    *("january", "february", "march", "april", "may", "june", "july"),
    *("august", "september", "october", "november", "december"),
)
_MONTHS: Final = {
    name[:length]: month
    for month, name in enumerate(_NAMES, 1)
    for length in range(3, len(name) + 1)
}
_ISO: Final = re.compile(r"(\d{4})(?:[-/.](\d{0,2})(?:[-/.](\d{0,2}))?)?(?!\d)(?![-/.]\d{3})")
_COMPACT: Final = re.compile(r"(\d{4})(\d{2})(\d{2})")
_BACKWARD: Final = re.compile(r"(?:(\d{1,2})([-/.]))?(\d{1,2})[-/.](\d{4})")
_YEAR: Final = re.compile(r"(?<!\d)(?:1[5-9]|20)\d\d(?!\d)")
_MONTH: Final = re.compile(
    r"(?:(?<![\d:/-])(\d{1,2})(?:st|nd|rd|th)?[\s,.-]*)?"
    rf"\b({'|'.join(sorted(_MONTHS, reverse=True))})\b\.?"
    r"(?:[\s,-]*(\d{1,2})(?:st|nd|rd|th)?(?![\d:/-]))?"
)


@lru_cache(maxsize=1 << 14)
def date(raw: str) -> str | None:
    """Give an ISO date, a year and month, or a year: as much as ``raw`` says for certain.

    >>> [date(raw) for raw in ("2021", "2021 May-Jun", "May 2021", "2021 May 3")]
    ['2021', '2021', '2021-05', '2021-05-03']
    >>> date("03/04/2021"), date("13/04/2021"), date("in press")
    ('2021', '2021-04-13', None)
    """
    line = " ".join(raw.split())
    if found := _ISO.match(line):
        year, month, day = (int(part or 0) for part in found.groups())
        if month or day or not re.search("[A-Za-z]", line):
            return _written(year, month, day)
    if found := _COMPACT.fullmatch(line):
        return _written(*map(int, found.groups()))
    if found := _BACKWARD.fullmatch(line):
        return _backward(found)
    return _in_words(line.lower())


def _backward(found: re.Match[str]) -> str | None:
    first, between, second, year = found.groups()
    if first is None:
        return _written(int(year), int(second))
    day, month = int(first), int(second)
    if between != "." and day <= 12 and month <= 12 and day != month:
        return _written(int(year))  # British or American: nobody can tell
    if month > 12:
        day, month = month, day
    return _written(int(year), month, day)


def _in_words(line: str) -> str | None:
    year = _YEAR.search(line)
    if not year:
        return None
    months: dict[int, re.Match[str]] = {}
    for match in _MONTH.finditer(line):
        months.setdefault(_MONTHS[match[2]], match)
    if len(months) != 1:
        return _written(int(year[0]))
    number, match = months.popitem()
    days = [int(day) for day in (match[1], match[3]) if day]
    return _written(int(year[0]), number, days[0] if len(days) == 1 else 0)


def _written(year: int, month: int = 0, day: int = 0) -> str | None:
    if not 1500 <= year <= 2100:
        return None
    if not 1 <= month <= 12:
        return f"{year}"
    try:
        return datetime.date(year, month, day).isoformat()
    except ValueError:
        return f"{year}-{month:02}"
