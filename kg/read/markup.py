"""XML as it comes: element by element, without its traps, up to where it breaks."""

import io
from collections.abc import Collection, Iterator
from typing import BinaryIO, cast
from xml.etree.ElementTree import Element, ParseError

from kg.read.fields import rejected
from kg.read.source import Source
from kg.records import Rejected


def elements(
    source: Source, tags: Collection[str], begins: Collection[str] = ()
) -> Iterator[Element | Rejected]:
    """Yield each element named in ``tags`` when it is whole, and frees it afterwards.

    Names are without their namespace, in what is asked and in what is given.  Of elements named
    in ``begins`` the start is given, with the attributes alone.  Where the XML breaks, the break
    is the last thing that is given; entities that a document declares for itself are refused.
    """
    from defusedxml.ElementTree import iterparse

    stack: list[Element] = []
    with source.open() as stream:
        events = iterparse(_without_margin(stream), events=("start", "end"))
        try:
            for event, element in events:
                if event == "start":
                    element.tag = element.tag.rpartition("}")[2]
                    stack.append(element)
                    if element.tag in begins:
                        yield element
                    continue
                stack.pop()
                if element.tag in tags:
                    yield element
                    element.clear()
                    if stack:
                        stack[-1].remove(element)
        except ParseError as error:
            line = error.position[0]
            yield rejected(source.name, None, line, f"the XML breaks off or is broken: {error}")
        except ValueError as error:  # defusedxml's refusals, and encodings that nobody knows
            yield rejected(source.name, None, None, f"the XML is refused: {error!r}")


def text(element: Element | None) -> str | None:
    """Give all text within an element, its inner tags left out."""
    return None if element is None else "".join(element.itertext())


def _without_margin(stream: BinaryIO) -> BinaryIO:
    """Skip the blank lines that some exports set before the XML declaration."""
    buffered = cast(io.BufferedReader, stream)
    while (margin := buffered.peek(1)[:1]) and margin in b" \t\r\n":
        buffered.read(1)
    return stream
