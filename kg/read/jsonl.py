"""JSON: one object a line, an array, or the answer of a service that holds one."""

import json
import re
from collections.abc import Iterator
from itertools import count
from typing import IO, Any, Final

from kg.read import dialects, fields
from kg.read.source import Source
from kg.records import Paper, Rejected

#: A line longer than this is no record, and is not kept in memory.
_LONGEST_LINE: Final = 1 << 28
_CHUNK: Final = 1 << 20
_DECODER: Final = json.JSONDecoder()
#: Where services put their records.
_HOLDERS: Final = (
    "results",
    "data",
    "items",
    "papers",
    "works",
    "records",
    "message",
    "references",
)
_FIRST_ARRAY: Final = re.compile(rf'"(?:{"|".join(_HOLDERS)})"\s*:\s*(?=\[)')
_FIRST_KEY: Final = re.compile(r'\{\s*("(?:[^"\\]|\\.)*")')
_BETWEEN: Final = re.compile(r"[\s,]*")


def papers(source: Source) -> Iterator[Paper | Rejected]:
    """Yield the papers of a JSON file, in any dialect that ``dialects`` knows."""
    entries = count(1)
    with source.text() as stream:
        for line, value in _values(stream):
            for record in _records(value):
                yield _paper(source.name, next(entries), line, record)


def _paper(name: str, entry: int, line: int | None, record: Any) -> Paper | Rejected:
    if isinstance(record, _Broken):
        return fields.rejected(name, entry, line, record.reason, record.text)
    if not isinstance(record, dict):
        return fields.rejected(name, entry, line, "not a JSON object", record)
    try:
        return dialects.paper(f"{name}#{entry}", record)
    except ValueError as error:
        return fields.rejected(name, entry, line, error, record)


class _Broken:
    """What is no JSON, in the place of its value; ``goes_on`` if it only lacks its end."""

    def __init__(self, reason: str, text: str, *, goes_on: bool = False) -> None:
        self.reason, self.text, self.goes_on = reason, text[:1000], goes_on


def _records(value: Any) -> Iterator[Any]:
    """Yield the records in a value: itself, or those that it holds."""
    if isinstance(value, list):
        yield from value
        return
    if isinstance(value, dict) and not ("title" in value or "paper" in value):
        for holder in _HOLDERS:
            held = value.get(holder)
            if isinstance(held, list):
                yield from held
                return
            if holder == "message" and isinstance(held, dict):
                yield from _records(held)
                return
    yield value


def _values(stream: IO[str]) -> Iterator[tuple[int | None, Any]]:
    """Yield each JSON value with the number of its line."""
    lines = _lines(stream)
    number, first = next(lines, (0, ""))
    if not first:
        return
    value = _value(first)
    if isinstance(value, _Broken):
        number_of_second, second = next(lines, (0, ""))
        lone = not second or first.strip() in ("[", "{")
        if lone or (value.goes_on and isinstance(_value(second), _Broken)):
            # One value, broken or over several lines, not lines of which the first is broken.
            yield from _document(first + second, stream)
            return
        yield number, value
        number, value = number_of_second, _value(second)
    yield number, value
    for number, line in lines:
        yield number, _value(line)


def _lines(stream: IO[str]) -> Iterator[tuple[int, str]]:
    """Yield the lines that are not blank, numbered from 1; of one too long, its beginning."""
    for number in count(1):
        line = rest = stream.readline(_LONGEST_LINE)
        if not line:
            return
        while len(rest) >= _LONGEST_LINE and not rest.endswith("\n"):
            rest = stream.readline(_LONGEST_LINE)
        if not line.isspace():
            yield number, line


def _value(line: str) -> Any:
    if len(line) >= _LONGEST_LINE:
        return _Broken(f"the line has more than {_LONGEST_LINE:,} characters", line)
    try:
        return json.loads(line)
    except RecursionError:
        return _Broken("nested too deep", line)
    except json.JSONDecodeError as error:
        goes_on = line.lstrip()[:1] in ("[", "{") and error.pos >= len(line.rstrip())
        return _Broken(f"no JSON: {error}", line, goes_on=goes_on)
    except ValueError as error:
        return _Broken(f"no JSON: {error}", line)


def _document(begin: str, stream: IO[str]) -> Iterator[tuple[int | None, Any]]:
    """Yield the value of a whole document, or what can be read of it."""
    if begin.lstrip().startswith("["):
        yield from _elements(begin[begin.index("[") + 1 :], stream, _ARRAY)
        return
    text = begin + stream.read()
    value = _value(text)
    if not isinstance(value, _Broken):
        yield None, value
    elif array := _FIRST_ARRAY.search(text):
        yield from _elements(text[array.end() + 1 :], stream, _HELD)
    else:
        yield from _elements(text, stream, _VALUES)


#: What values stand in: an array of their own, an array in a broken object, or nothing.
_ARRAY, _HELD, _VALUES = range(3)


def _elements(text: str, stream: IO[str], where: int) -> Iterator[tuple[int | None, Any]]:
    """Yield one value after the other; one that is broken is left out.

    The text is read on in growing pieces, so that a large array does not stand in memory whole.
    """
    place, more, size = 0, True, _CHUNK
    while True:
        place = _BETWEEN.match(text, place).end()  # type: ignore[union-attr]
        if text.startswith("]", place):
            yield from _behind(text[place + 1 :] + stream.read(), where)
            return
        try:
            value, end = _DECODER.raw_decode(text, place)
        except (ValueError, RecursionError) as error:
            piece = stream.read(size) if more else ""
            if more := bool(piece):
                text, place, size = text[place:] + piece, 0, size * 2
                continue
            if place < len(text) or where != _VALUES:
                yield None, _Broken(f"the JSON breaks off or is broken: {error}", text[place:])
            following = _following(text, place)
            if following is None:
                return
            place = following
            continue
        yield None, value
        place, size = end, _CHUNK


def _behind(rest: str, where: int) -> Iterator[tuple[int | None, Any]]:
    if where == _HELD:
        yield None, _Broken("the JSON breaks off or is broken behind its records", rest[-200:])
    elif rest.strip():
        yield None, _Broken("more stands behind the end of the array", rest.strip())


def _following(text: str, place: int) -> int | None:
    """Find where the next object begins that has the first key of the broken one at ``place``."""
    key = _FIRST_KEY.match(text, place)
    after = key and re.compile(r"[,\n]\s*(?=\{\s*" + re.escape(key[1]) + r"\s*:)").search(
        text, place + 1
    )
    return after.end() if after else None
