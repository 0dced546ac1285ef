"""Tables: CSV and TSV with any delimiter, and workbooks (``.xlsx``, ``.xls``).

Columns are found by name (``kg.read.columns``), below any lines of title.  A row that cannot be
read costs no other, not even one whose quote is never closed.
"""

import contextlib
import csv
import io
import warnings
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, islice, starmap
from typing import Any, Final

from kg.errors import KgError
from kg.read import columns as dialects
from kg.read import fields
from kg.read.columns import Columns
from kg.read.source import Source
from kg.records import Paper, Rejected

_OLD: Final = b"\xd0\xcf\x11\xe0"
_WORKBOOKS: Final = (b"PK\x03\x04", _OLD)
#: How many rows of a sheet are read at a time.
_BATCH: Final = 200
_DELIMITERS: Final = (",", ";", "\t", "|")
#: The largest that csv takes on every system.
_LONGEST_CELL: Final = 2**31 - 1
#: In how many lines the header is looked for.
_HEAD: Final = 100
#: In how many lines of a broken row the rows after it are looked for, each of so many lines.
_LOST: Final = 2000
_LONGEST_ROW: Final = 200
#: As many names of fields down the first column tell that the table lies on its side.
_TURNED: Final = 3


def papers(
    source: Source, *, columns: Mapping[str, str] | None = None
) -> Iterator[Paper | Rejected]:
    """Yield the papers of a table; ``columns`` is a field -> the name of its column.

    Raises ``KgError`` when no column holds titles, with the names of those there are.
    """
    dialects.check(columns)
    if source.head(4).startswith(_WORKBOOKS):
        return _of_workbook(source, columns)
    return _of_text(source, columns)


@dataclass(frozen=True, slots=True)
class _Row:
    """A row: its first line, its cells, and why they cannot be told."""

    line: int
    cells: Sequence[Any]
    broken: str = ""


def _of_text(source: Source, given: Mapping[str, str] | None) -> Iterator[Paper | Rejected]:
    csv.field_size_limit(_LONGEST_CELL)
    with source.text() as stream:
        head = list(islice(stream, _HEAD))
        lines: Iterator[str] = chain(head, stream)
        if _lies_on_its_side(head):
            yield from _turned(source.name, lines)
            return
        layout = _layout(source.name, head, given)
        lines = islice(lines, layout.skip, None)
        rows = _rows(lines, layout.delimiter, len(layout.known.names), layout.skip + 1)
        yield from _papers(source.name, layout.known, rows, delimiter=layout.delimiter)


def _papers(
    file: str, known: Columns, rows: Iterable[_Row], *, entry: int = 0, delimiter: str = ","
) -> Iterator[Paper | Rejected]:
    width = len(known.names)
    for row in rows:
        cells = row.cells
        if not any(map(dialects.line, cells)) or list(map(dialects.line, cells)) == [*known.names]:
            continue  # blank, or the header again where files were joined
        entry += 1
        fitted: Sequence[Any] | None = cells
        if any(map(dialects.line, cells[width:])):
            fitted = dialects.realigned(known, cells, delimiter)
        elif len(cells) == 1 < width:
            fitted = None  # a remark, or what is left of a row
        if row.broken or fitted is None:
            why = row.broken or f"{len(cells)} cells in the row, {width} in the header"
            yield fields.rejected(file, entry, row.line, why, " | ".join(map(str, cells)))
        else:
            yield dialects.paper((file, entry, row.line), known, fitted)


@dataclass(frozen=True, slots=True)
class _Layout:
    """How a text is parted into cells, and after how many lines its rows begin."""

    delimiter: str
    skip: int
    known: Columns


def _layout(file: str, head: list[str], given: Mapping[str, str] | None) -> _Layout:
    """Give the layout in which the most columns are known."""
    tried = [(delimiter, _tried(head, delimiter)) for delimiter in _DELIMITERS]
    found = [layout for one in tried if (layout := _with_delimiter(*one, given))]
    if found:
        return max(found, key=lambda layout: len(layout.known.places))
    widest = max((cells for _, rows in tried for _, cells in rows), key=len, default=[])
    raise dialects.missing(file, widest, given)


def _with_delimiter(
    delimiter: str, rows: list[tuple[int, list[str]]], given: Mapping[str, str] | None
) -> _Layout | None:
    """Give the layout with this delimiter, by the first row that names a column of titles."""
    for number, (end, header) in enumerate(rows):
        if not (known := dialects.columns(header, given)):
            continue
        if known.headless:
            return _Layout(delimiter, rows[number - 1][0] if number else 0, known)
        below = [cells for _, cells in rows[number + 1 : -1]]
        if below and all(len(cells) == len(header) + 1 and cells[-1] for cells in below):
            # R writes no name above the names of its rows.
            known = dialects.columns(["", *header], given) or known
        return _Layout(delimiter, end, known)
    return None


def _tried(head: list[str], delimiter: str) -> list[tuple[int, list[str]]]:
    """Give the first rows as this delimiter parts them, each with the number of its last line."""
    reader = csv.reader(head, delimiter=delimiter)
    rows: list[tuple[int, list[str]]] = []
    with contextlib.suppress(csv.Error):  # what follows is no table with this delimiter
        rows.extend((reader.line_num, cells) for cells in reader)
    return [(line, cells) for line, cells in rows if any(map(str.strip, cells))]


def _rows(lines: Iterable[str], delimiter: str, width: int, first: int) -> Iterator[_Row]:
    """Yield the rows; where a quote is not closed, the row of it is broken and no other."""
    returned: deque[str] = deque()
    lines = iter(lines)
    line = first
    while True:
        cells, used, error = _row(_fed(lines, returned), delimiter, strict=True)
        if error:
            returned.extendleft(reversed(used))
            cells, used, _ = _row(_fed(lines, returned), delimiter, strict=False)
        if not used:
            return
        broken = ""
        ended = "end of data" in error
        if ended or (len(used) > 1 and (error or len(cells) != width)):
            again = _next_row(used, delimiter, width)
            if again or ended:
                broken = "a quote of the row is not closed"
                returned.extendleft(reversed(used[again:] if again else []))
                used = used[:again] if again else used
                cells = ["".join(used)]
        elif len(cells) < width and not used[-1].endswith("\n"):
            broken = "the row is cut off: the file ends within it"
        yield _Row(line, cells, broken)
        line += len(used)


def _fed(lines: Iterator[str], returned: deque[str]) -> Iterator[str]:
    """Yield lines, those first that were given back."""
    while True:
        line = returned.popleft() if returned else next(lines, None)
        if line is None:
            return
        yield line


def _row(lines: Iterable[str], delimiter: str, *, strict: bool) -> tuple[list[str], list[str], str]:
    """Give the cells of the first row, the lines it took, and what is wrong with it."""
    used: list[str] = []

    def noted() -> Iterator[str]:
        for line in lines:
            used.append(line)
            yield line

    try:
        return next(csv.reader(noted(), delimiter=delimiter, strict=strict), []), used, ""
    except csv.Error as error:
        return [], used, str(error)


def _next_row(used: list[str], delimiter: str, width: int) -> int:
    """Give the index of the first line on which a whole row begins, 0 where there is none."""
    for index in range(1, min(len(used), _LOST) if width > 1 else 0):
        cells, _, error = _row(used[index : index + _LONGEST_ROW], delimiter, strict=True)
        if not error and len(cells) == width:
            return index
    return 0


def _lies_on_its_side(head: list[str]) -> bool:
    """Tell whether the names of the fields stand in the first column (Embase, by row)."""
    first = [cells[0] for _, cells in _tried(head, ",") if len(cells) > 1]
    names = {name for cell in first if (name := dialects.key(cell)) in dialects.FIELDS}
    return len(names) >= _TURNED and dialects.FIELDS.get(dialects.key(first[0])) == "title"


def _turned(file: str, lines: Iterable[str]) -> Iterator[Paper | Rejected]:
    """Yield the papers of a table in which each row is a field, each block of rows a paper."""
    entry, first, before = 0, 1, 0
    block: dict[str, str] = {}
    reader = csv.reader(lines)
    for cells in chain(reader, [None]):
        field = dialects.FIELDS.get(dialects.key(cells[0]), "") if cells else ""
        if block and (cells is None or field == "title"):
            entry += 1
            if known := dialects.columns(list(block)):
                yield dialects.paper((file, entry, first), known, list(block.values()))
            block = {}
        if cells and (block or field == "title"):
            first = first if block else before + 1
            block[cells[0]] = ("; " if field == "authors" else " ").join(cells[1:])
        before = reader.line_num


def _of_workbook(source: Source, given: Mapping[str, str] | None) -> Iterator[Paper | Rejected]:
    """Yield the papers of every sheet that has titles."""
    widest: Sequence[Any] = ()
    entry, any_titles = 0, False
    for rows in _sheets(source):
        head = list(islice(rows, _HEAD))
        widest = max(widest, *(row.cells for row in head), (), key=_filled)
        for index, row in enumerate(head):
            if not (known := dialects.columns(row.cells, given)):
                continue
            any_titles = True
            below = chain(head[index if known.headless else index + 1 :], rows)
            for found in _papers(source.name, known, below, entry=entry):
                yield found
                entry += 1
            break
        if head and head[-1].broken and not any_titles:
            raise _unreadable(source.name, head[-1].broken)
    if not any_titles:
        raise dialects.missing(source.name, widest, given)


def _filled(cells: Sequence[Any]) -> int:
    return sum(bool(dialects.line(cell).strip()) for cell in cells)


def _sheets(source: Source) -> Iterator[Iterator[_Row]]:
    """Yield the rows of each sheet."""
    with source.open() as stream:
        data = stream.read()
    sheets = _old_sheets(data) if data.startswith(_OLD) else _new_sheets(data)
    while True:
        sheet, error = _attempt(lambda: next(sheets, None))
        if error:
            raise _unreadable(source.name, error)
        if sheet is None:
            return
        yield _rows_of(sheet)


def _new_sheets(data: bytes) -> Iterator[Iterator[Sequence[Any]]]:
    from openpyxl import load_workbook
    from openpyxl.utils.escape import unescape

    def value(cell: Any) -> Any:
        # A carriage return is written _x000D_.
        return unescape(cell) if isinstance(cell, str) and "_x" in cell else cell

    workbook = load_workbook(io.BytesIO(data), read_only=True, data_only=True)
    for sheet in workbook.worksheets:
        # Some writers claim a million rows of sixteen thousand columns.
        sheet.reset_dimensions()
        yield (list(map(value, row)) for row in sheet.iter_rows(values_only=True))


def _old_sheets(data: bytes) -> Iterator[Iterator[Sequence[Any]]]:
    import xlrd  # type: ignore[import-untyped]

    def value(cell: Any) -> Any:
        if cell.ctype == xlrd.XL_CELL_DATE:
            return xlrd.xldate_as_datetime(cell.value, book.datemode)
        return cell.value if cell.ctype in (xlrd.XL_CELL_TEXT, xlrd.XL_CELL_NUMBER) else None

    # It prints what it finds odd, but for a place to write it.
    book = xlrd.open_workbook(file_contents=data, logfile=io.StringIO(), on_demand=True)
    for index in range(book.nsheets):
        yield (list(map(value, row)) for row in book.sheet_by_index(index).get_rows())


def _rows_of(sheet: Iterator[Sequence[Any]]) -> Iterator[_Row]:
    """Yield the rows of a sheet, the last one broken where it cannot be read to its end."""
    line = 1
    while True:
        batch, error = _attempt(lambda: list(islice(sheet, _BATCH)))
        if error:
            yield _Row(line, (f"rows from {line:,} on",), f"the sheet cannot be read: {error}")
            return
        if not batch:
            return
        yield from starmap(_Row, enumerate(batch, line))
        line += len(batch)


def _attempt(read: Callable[[], Any]) -> tuple[Any, str]:
    """Give what is read, or what is wrong: libraries fail on broken workbooks in any way."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the styles of a workbook are nobody's concern here
        try:
            return read(), ""
        except Exception as error:
            return None, str(error) or type(error).__name__


def _unreadable(name: str, error: str) -> KgError:
    return KgError(
        f"{name}: the workbook cannot be read: {error}",
        remedy="Open it and save it anew, as .xlsx without a password or as CSV.",
    )
