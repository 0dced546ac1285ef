"""Lists of authors, as cells of tables and tags of exports hold them."""

import ast
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

_NOBODY: Final = re.compile(
    r"\W*(?:no authors?(?: name)?(?: id)?(?: (?:available|listed|found))?|anon(?:ymous)?|et\.? al"
    r"|others|and others|nan|none|null|n/?a|not available|unknown)?\W*",
    re.IGNORECASE,
)
#: Scopus sets its number after a full name, Zoological Record an address of mail, dblp a number
#: that tells namesakes apart.
_MARKS: Final = re.compile(
    r"\s*\((?:\d{5,}|[^()@\s]+@[^()\s]+)\)|(?<=[^\W\d_]) \d{4}$|\s+et\.? al\.?$", re.IGNORECASE
)
_INITIALS: Final = re.compile(r"(?:[^\W\d_]\.?[\s-]?){1,4}")
_SURNAME_FIRST: Final = re.compile(
    r"([^\W\d_][^,;]*?[^\W\d_])\s+(?!(?:I{2,3}|IV|JR|SR)\.?$)((?:[^\W\d_]\.?-?){1,4})"
)
_AND: Final = re.compile(r"\s+(?:and|&)\s+", re.IGNORECASE)
#: Springer sets no separator at all: ``Vivek K. PallipuramMohammad Bhuiyan``.
_GLUED: Final = re.compile(
    r"(?<=[a-zà-öø-ÿ])(?=[A-ZÀ-ÖØ-Þ][a-zà-öø-ÿ]+(?:-[A-Z][a-z]+)?\.?\s|[A-ZÀ-ÖØ-Þ]\.[\s-])"
)
_KEYS: Final = ("name", "full_name", "fullname", "display_name", "author", "raw_author_name")


def listed(cell: Any) -> list[str]:
    """Give the names in a cell, whatever separates them.

    >>> listed("Liu, Fengyuan (60410297700); Li, Chunyun (58862216200)")
    ['Liu, Fengyuan', 'Li, Chunyun']
    >>> listed("Phillips J.C., Braun R."), listed("Smith, John"), listed("Doe, A., Roe, B.")
    (['Phillips, J.C.', 'Braun, R.'], ['Smith, John'], ['Doe, A.', 'Roe, B.'])
    """
    return ordered(people(_parts(cell)))


def ordered(names: Iterable[str]) -> list[str]:
    """Give the names; where all are a surname and initials, with the comma between.

    >>> ordered(["Lim SM", "van der Berg J.-P."]), ordered(["Ann Lee", "Frank Thompson III"])
    (['Lim, SM', 'van der Berg, J.-P.'], ['Ann Lee', 'Frank Thompson III'])
    """
    found = list(names)
    matches = [_SURNAME_FIRST.fullmatch(name) for name in found]
    if all(match and match[2] == match[2].upper() for match in matches):
        return [f"{match[1]}, {match[2]}" for match in matches if match]
    return found


def people(names: Iterable[str]) -> Iterator[str]:
    """Yield the names that are somebody's, without what databases set behind them.

    >>> list(people(["Curie, M.", "[No author name available]", "others"]))
    ['Curie, M.']
    """
    for name in names:
        bare = _MARKS.sub("", " ".join(name.split())).strip(" ;|")
        if not _NOBODY.fullmatch(bare):
            yield bare


def _parts(cell: Any) -> Iterable[str]:
    if isinstance(cell, str):
        return _of_line(cell.strip())
    if isinstance(cell, Mapping):
        return filter(None, [_of_mapping(cell)])
    if isinstance(cell, Iterable):
        items = list(cell)
        if items and all(isinstance(item, (list, tuple)) for item in items):
            # arXiv's authors_parsed: last name, first names, suffix.
            return [", ".join(str(part) for part in item[:2] if part) for item in items]
        return [
            name for item in items if (name := item if isinstance(item, str) else _of_mapping(item))
        ]
    return ()


def _of_mapping(item: Any) -> str:
    if not isinstance(item, Mapping):
        return ""
    known = {str(key).lower(): value for key, value in item.items() if value}
    for key in _KEYS:
        if isinstance(value := known.get(key), str):
            return value
        if isinstance(value, Mapping):
            return _of_mapping(value)
    last, first = (
        next((known[key] for key in keys if isinstance(known.get(key), str)), None)
        for keys in (("family", "last_name", "last"), ("given", "first_name", "first"))
    )
    return ", ".join(filter(None, (last, first)))


def _of_line(line: str) -> Iterable[str]:
    if line[:1] == "[" and (items := _literal(line)):
        return _parts(items)
    for separator in (";", "|", "\n", " // "):
        if separator in line:
            return line.split(separator)
    if _AND.search(line):
        named = [part for piece in _AND.split(line) for part in (piece.strip(" ,"),) if part]
        # "A. Roe, B. Doe and C. Poe" is a sentence, "Roe, A. and Doe, B." is BibTeX.
        first = list(_between_commas(named[0])) if named else []
        return [*first, *named[1:]]
    if "," in line:
        return _between_commas(line)
    return _GLUED.split(line)


def _between_commas(line: str) -> Iterable[str]:
    parts = [part for part in map(str.strip, line.split(",")) if part]
    if len(parts) >= 2 and all(" " in part for part in parts):
        return parts
    if len(parts) >= 4 and len(parts) % 2 == 0 and all(map(_INITIALS.fullmatch, parts[1::2])):
        return [f"{last}, {first}" for last, first in zip(parts[::2], parts[1::2], strict=True)]
    if len(parts) >= 4:
        return parts
    return [line]


def _literal(line: str) -> Any:
    """Give the list that a table holds as Python or JSON writes it."""
    if len(line) > 1_000_000:
        return None
    try:
        found = ast.literal_eval(line)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return None
    return found if isinstance(found, list) else None
