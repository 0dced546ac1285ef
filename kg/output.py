"""Rows as text: a table for people, JSON and CSV for programs."""

import csv
import io
import json
import sys
import unicodedata
from collections.abc import Sequence
from typing import Any

Row = dict[str, Any]


def as_json(value: Any) -> str:
    """Give JSON, indented; dates as ISO text."""
    return json.dumps(value, ensure_ascii=False, indent=2, default=str)


def as_csv(rows: Sequence[Row]) -> str:
    """Give CSV with a header; lists and maps are JSON within their field."""
    if not rows:
        return ""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(rows[0])
    for row in rows:
        writer.writerow(
            json.dumps(value, ensure_ascii=False, default=str)
            if isinstance(value, list | dict)
            else value
            for value in row.values()
        )
    return text.getvalue().removesuffix("\n")


def as_table(rows: Sequence[Row], *, width: int | None = None) -> str:
    """Give aligned columns under a header; cells wrap if a ``width`` of the whole is given."""
    if not rows:
        return ""
    header = [str(name) for name in rows[0]]
    cells = [[cell(value) for value in row.values()] for row in rows]
    numeric = _numeric(rows)
    if width is not None:
        return _fitted(header, cells, numeric, width)
    widths = [max(map(_width, column)) for column in zip(header, *cells, strict=True)]
    rule = ["-" * wide for wide in widths]
    return "\n".join(
        "  ".join(
            _pad(text, wide, right=right)
            for text, wide, right in zip(line, widths, numeric, strict=True)
        ).rstrip()
        for line in (header, rule, *cells)
    )


def cell(value: Any) -> str:
    r"""Give one value on one line.

    >>> cell(["a", "b"]), cell(None), cell(True), cell("two\nlines")
    ('a; b', '', 'true', 'two lines')
    """
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return "; ".join(map(cell, value))
    if isinstance(value, dict):
        return ", ".join(f"{name}: {cell(item)}" for name, item in value.items())
    # Control characters would move the cursor or colour the terminal.
    text = str(value)
    if not text.isprintable():
        text = "".join(char if char.isprintable() else " " for char in text)
    return " ".join(text.split())


def terminal_width() -> int | None:
    """Give the width of the terminal that standard output is, None if it is none."""
    if not sys.stdout.isatty():
        return None
    import shutil

    return shutil.get_terminal_size((100, 24)).columns


def _numeric(rows: Sequence[Row]) -> list[bool]:
    return [
        all(isinstance(row[name], int | float | None) for row in rows)
        and any(row[name] is not None for row in rows)
        for name in rows[0]
    ]


def _fitted(header: list[str], cells: list[list[str]], numeric: Sequence[bool], width: int) -> str:
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for name, right in zip(header, numeric, strict=True):
        table.add_column(Text(name), justify="right" if right else "left", overflow="fold")
    for line in cells:
        table.add_row(*map(Text, line))
    console = Console(width=width, force_terminal=True)
    with console.capture() as captured:
        console.print(table)
    return "\n".join(line.rstrip() for line in captured.get().splitlines()).strip("\n")


def _width(text: str) -> int:
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(char) else 1 + (unicodedata.east_asian_width(char) in "WF")
        for char in text
    )


def _pad(text: str, width: int, *, right: bool) -> str:
    blanks = " " * (width - _width(text))
    return blanks + text if right else text + blanks
