"""Captures of Hugging Face's papers pages: text that a browser gave, in three layouts.

An entry is a title and an abstract, and in one layout a foot: authors or organisation, ``·``, date
and number of comments.  The paragraphs stand in blocks with blank lines between, or one a line.
Since an abstract may have several paragraphs and an entry no foot, what begins an entry is found
for the whole page at once, as the cheapest way to take each paragraph for a title or a body.
"""

import datetime
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from kg.errors import KgError
from kg.read import fields
from kg.read.source import Source
from kg.records import Paper, Rejected


@dataclass(frozen=True, slots=True)
class Paragraph:
    """One paragraph of the page; ``line`` is where it begins, counted from 1."""

    text: str
    line: int


@dataclass(frozen=True, slots=True)
class Foot:
    """What stands below an abstract; ``year`` is None where the page leaves it out."""

    author_count: int | None
    organization: str | None
    year: int | None
    day: str  # "Jun 17"
    comments: int | None


#: What the page says of itself, wherever it stands.
_NOTICES: Final = frozenset(
    {
        "subscribe",
        "daily papers",
        "trending papers",
        "get trending papers in your email inbox!",
        "get trending papers in your email inbox once a day!",
        "byak and the research community",
        "by ak and the research community",
    }
)
#: The page's menus: above and below its entries only, for among them a word may be a title.
_CHROME: Final = _NOTICES | {
    *("new", "hugging face", "models", "datasets", "spaces", "buckets", "community", "docs"),
    *("enterprise", "pricing", "log in", "sign up", "search", "day", "week", "month", "today"),
    *("previous", "next", "load more", "company", "tos", "privacy", "about", "careers", "website"),
    *("system theme", "inference providers", "inference endpoints", "huggingchat"),
}
_DATE: Final = re.compile(
    r"((?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*\.? \d{1,2})(?:, (\d{4}))?"
    r"(?:\s+(\d[\d,.]*k?))?"
)
_AUTHORS: Final = re.compile(r"•?\s*(\d+) authors?")
#: A subscription box that the capture glued to what follows it.
_GLUED: Final = re.compile(r"Subscribe(?=\S)")

_SENTENCE_END: Final = re.compile(r"""[.?!…]["'”’)\]}$]*$""")
_ADDRESS: Final = re.compile(r"https?://|\bgithub\.com/", re.IGNORECASE)
_LABEL: Final = re.compile(
    r"(?:abstract|background|introduction|objectives?|aims?|purpose|motivation|methods?|approach"
    r"|results?|findings|conclusions?|discussion|summary|significance|code|data|project)\b.{0,12}",
    re.IGNORECASE,
)


def papers(source: Source, *, captured: datetime.date | None = None) -> Iterator[Paper | Rejected]:
    """Yield the papers of a page capture.

    A date without a year is of the year of the capture: that of ``captured``, else that which
    the page states, else the year after the last one written out, for a page writes the years
    gone by.  Raises ``KgError`` when a page shows a later year than that in which it was captured.
    """
    with source.text() as stream:
        parts, head = _parts(stream.read().splitlines())
    year = _year(source, parts, captured, head)
    for number, (title, body, foot) in enumerate(_entries(parts), 1):
        try:
            yield _paper(f"{source.name}#{number}", title, body, foot, year)
        except ValueError as error:
            line = (title or body[0]).line
            shown = " ".join(part.text for part in (*([title] if title else []), *body))
            yield fields.rejected(source.name, number, line, error, shown)


def _paper(
    source: str, title: Paragraph | None, body: list[Paragraph], foot: Foot | None, year: int | None
) -> Paper:
    foot = foot or Foot(None, None, None, "", None)
    when = foot.year or year
    return fields.paper(
        source,
        title=title.text if title else None,
        abstract=" ".join(part.text for part in body),
        published=f"{foot.day}, {when}" if foot.day and when else None,
        author_count=foot.author_count,
        organization=foot.organization,
        comments=foot.comments,
    )


def _year(
    source: Source,
    parts: list[Paragraph | Foot],
    captured: datetime.date | None,
    head: int | None,
) -> int | None:
    last = max((part.year for part in parts if isinstance(part, Foot) and part.year), default=None)
    if captured and last and captured.year < last:
        raise KgError(
            f"{source.name} shows papers of {last}: it was not captured on {captured}.",
            remedy="Give the day of the capture, as in --captured 2026-05-07, or leave it out.",
        )
    return captured.year if captured else head or (last + 1 if last else None)


def _parts(lines: list[str]) -> tuple[list[Paragraph | Foot], int | None]:
    """Give the paragraphs and feet below the page's head, and the year that the head states."""
    start, year = _below_head(lines)
    while lines and lines[-1].strip().lower() in _CHROME | {""}:
        lines.pop()
    blocks = sum(not line.strip() for line in lines[start:]) * 4 >= len(lines) - start
    parts: list[Paragraph | Foot] = []
    open_block = False
    number = start
    while number < len(lines):
        line = lines[number].strip()
        if line == "·" and (date := _date(lines, number + 1)):
            parts.append(_foot(parts, date))
            number, open_block = number + 1, False
        elif not line or line.lower() in _NOTICES:
            open_block = False
        elif (
            open_block and isinstance(parts[-1], Paragraph) and not _is_line_of_foot(lines, number)
        ):
            parts[-1] = Paragraph(f"{parts[-1].text} {line}", parts[-1].line)
        else:
            parts.append(Paragraph(line, number + 1))
            open_block = blocks
        number += 1
    return parts, year


def _below_head(lines: list[str]) -> tuple[int, int | None]:
    """Give the first line below the page's head, out of which a glued box is cut."""
    year = None
    seen = False
    for number, raw in enumerate(lines):
        line = raw.strip()
        if found := _DATE.fullmatch(line):
            year = int(found[2]) if found[2] else year
        elif seen and _GLUED.match(line):
            lines[number] = _GLUED.sub("", line)
            return number, year
        elif line and line.lower() not in _CHROME:
            return number, year
        seen = seen or line.lower() in _CHROME
    return len(lines), year


def _is_line_of_foot(lines: list[str], number: int) -> bool:
    """Tell whether the line is the one above the ``·`` of a foot."""
    below = lines[number + 1].strip() if number + 1 < len(lines) else ""
    return below == "·" and bool(_date(lines, number + 2))


def _date(lines: list[str], number: int) -> re.Match[str] | None:
    return _DATE.fullmatch(lines[number].strip()) if number < len(lines) else None


def _foot(parts: list[Paragraph | Foot], date: re.Match[str]) -> Foot:
    """Make a foot of its date and the line above, which was taken for a paragraph."""
    above = parts.pop() if parts else None
    if isinstance(above, Foot):
        parts.append(above)
        above = None
    count = organization = None
    if above and (found := _AUTHORS.fullmatch(above.text)):
        count = int(found[1])
    elif above and len(above.text) <= 120 and not _SENTENCE_END.search(above.text):
        # The picture's name (the organisation's handle) stands before its full name.
        organization = above.text.partition(" ")[2].strip() or above.text
    elif above:
        parts.append(above)
    return Foot(count, organization, int(date[2]) if date[2] else None, date[1], _number(date[3]))


def _number(written: str | None) -> int | None:
    """Give a count as pages show it.

    >>> _number("12"), _number("1.2k"), _number(None)
    (12, 1200, None)
    """
    if not written:
        return None
    bare = written.removesuffix("k").replace(",", "")
    return (
        round(float(bare) * (1000 if written.endswith("k") else 1)) if bare.count(".") < 2 else None
    )


def _entries(
    parts: list[Paragraph | Foot],
) -> Iterator[tuple[Paragraph | None, list[Paragraph], Foot | None]]:
    """Yield each entry's title, paragraphs and foot."""
    title: Paragraph | None = None
    body: list[Paragraph] = []
    foot: Foot | None = None
    for part, role in zip(parts, _roles(parts), strict=True):
        if isinstance(part, Foot):
            foot = part
        elif role == _TITLE or foot:
            if title or body:
                yield title, body, foot
            title, body, foot = (part, [], None) if role == _TITLE else (None, [part], None)
        else:
            body.append(part)
    if title or body:
        yield title, body, foot


_TITLE, _BODY, _FOOT = range(3)
#: What it costs that one kind of paragraph follows another; begin and end of the page are feet.
_STEP: Final = {
    (_FOOT, _TITLE): 0.0,
    (_FOOT, _BODY): 10.0,  # an abstract whose title is lost
    (_FOOT, _FOOT): 10.0,
    (_TITLE, _TITLE): 4.0,  # a title without an abstract
    (_TITLE, _BODY): 0.0,
    (_TITLE, _FOOT): 2.0,
    (_BODY, _TITLE): 0.0,
    (_BODY, _BODY): 1.0,  # few abstracts have a second paragraph
    (_BODY, _FOOT): 0.0,
}


def _roles(parts: list[Paragraph | Foot]) -> list[int]:
    """Give each part its role, so that the sum of all costs is least (Viterbi's algorithm)."""
    costs = {_FOOT: 0.0}
    backs: list[dict[int, int]] = []
    for part in parts:
        choices = _costs(part)
        back, after = {}, {}
        for role, cost in choices.items():
            last = min(costs, key=lambda role_before: costs[role_before] + _STEP[role_before, role])
            back[role], after[role] = last, costs[last] + _STEP[last, role] + cost
        backs.append(back)
        costs = after
    role = min(costs, key=lambda last: costs[last] + _STEP[last, _FOOT])
    roles = []
    for back in reversed(backs):
        roles.append(role)
        role = back[role]
    return roles[::-1]


def _costs(part: Paragraph | Foot) -> dict[int, float]:
    """Give what it costs to take a part for each role that it can have."""
    if isinstance(part, Foot):
        return {_FOOT: 0.0}
    length = len(part.text)
    ends = bool(_SENTENCE_END.search(part.text))
    stops = part.text.endswith(".") and not part.text.endswith("...")
    address = bool(_ADDRESS.search(part.text))
    title = (
        max(0.0, (length - 200) / 40)
        + 3 * stops
        + 3 * address
        + 4 * bool(_LABEL.fullmatch(part.text))
        + 2 * len(re.findall(r"[a-z]{3}\. [A-Z]", part.text))
    )
    body = max(0.0, (300 - length) / 60 - 2.5 * (ends or address)) + 1.5 * (not ends)
    return {_TITLE: title, _BODY: body}
