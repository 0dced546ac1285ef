"""Read papers: one module a format, each with ``papers(source, …)``, imported on use.

A new format is one module, one row of ``FORMATS`` and one sample in ``tests/samples``.
"""

import datetime
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Final

from kg.errors import KgError
from kg.read.fields import rejected
from kg.read.source import MARKS, Source, sources
from kg.read.union import merge, title_only
from kg.records import Paper, Rejected

__all__ = ["FORMATS", "Format", "detect", "merge", "papers", "sources", "title_only"]


@dataclass(frozen=True, slots=True)
class Format:
    """A format: what it is, how a file of it begins, and the module that reads it.

    ``begins`` is searched in the head of a file, as text; ``magic`` are the first bytes of what is
    no text.  ``extensions`` count where the content does not tell; names like ``.xml``, which any
    format may have, are left out.  ``options`` are what the reader takes.
    """

    description: str
    module: str
    extensions: tuple[str, ...]
    begins: str = ""
    magic: tuple[bytes, ...] = ()
    options: tuple[str, ...] = ()


#: Columns that a table of papers has, in the words of those who export such tables.
_TITLE_COLUMN: Final = r"(?:article |document |paper |primary )?title|TI|name of article"
_COLUMN: Final = rf"""[\t,;|]?[ "']*(?:{_TITLE_COLUMN})[ "']*(?=[\t,;|\r\n]|\Z)"""

#: Name -> format.  The first whose beginning is found is taken: the narrow stand before the wide.
FORMATS: Final[dict[str, Format]] = {
    "parquet": Format(
        "Parquet", "parquet", (".parquet", ".pq"), magic=(b"PAR1",), options=("columns",)
    ),
    "excel": Format(
        "Excel workbook",
        "table",
        (".xlsx", ".xlsm", ".xls"),
        magic=(b"PK\x03\x04", b"\xd0\xcf\x11\xe0"),
        options=("columns",),
    ),
    "hf": Format(
        "text of Hugging Face's papers pages (.txt)",
        "hf",
        (),
        begins=r"(?m)^(?:Get trending papers in your email inbox|by ?AK and the research community)"
        r"|^[ \t]*• \d+ authors?[ \t]*\r?\n·[ \t]*\r?\n",
        options=("captured",),
    ),
    "acl": Format("ACL Anthology XML", "acl", (), begins=r"<collection\s+id=|<!DOCTYPE collection"),
    "arxiv": Format(
        "arXiv's Atom XML",
        "arxiv",
        (".atom",),
        begins=r"<(?:\w+:)?feed\b[^>]*>[\s\S]{0,20000}?\barxiv\.org\b",
    ),
    "pubmed": Format(
        "PubMed XML",
        "pubmed",
        (),
        begins=r"<(?:PubmedArticleSet|PubmedArticle|PubmedBookArticle|MedlineCitation)[\s>]",
    ),
    "json": Format(
        "JSON or JSON lines: arXiv's snapshot, OpenAlex, Semantic Scholar, Crossref, CSL-JSON, "
        "Hugging Face's daily papers, or any with a title and an abstract",
        "jsonl",
        (".jsonl", ".ndjson", ".json"),
        begins=r"\A\s*(?:\[\s*)*(?:\{\s*[\"}]|\[\s*\])",
    ),
    "nbib": Format(
        "MEDLINE / nbib",
        "medline",
        (".nbib", ".medline"),
        begins=r"(?m)^PMID ?- ?\d+\s*$(?=[\s\S]{0,5000}?^(?:TI|OWN|STAT|AB|DP) {0,2}- )",
    ),
    "ris": Format("RIS", "ris", (".ris",), begins=r"(?m)^\ufeff?TY {1,2}- ?[A-Z]"),
    "wos": Format(
        "Web of Science tagged text",
        "wos",
        (".ciw", ".isi"),
        begins=r"(?m)\A\s*FN .{0,80}\r?\nVR |^PT [A-Z]\r?\n(?:AU|BA|CA|GP) ",
    ),
    "bibtex": Format(
        "BibTeX",
        "bibtex",
        (".bib", ".bibtex"),
        begins=r"(?m)^[ \t]*@[ \t]*[A-Za-z]+\s*[{(]\s*[^\s{}]",
    ),
    "table": Format(
        "CSV or TSV",
        "table",
        (".csv", ".tsv", ".tab"),
        begins=rf"(?i)\A\s*(?:sep=.\s*)?(?:[^\n]*[\t,;|])?{_COLUMN}",
        options=("columns",),
    ),
}


def papers(
    sources: Sequence[Source],
    *,
    reader: str | None = None,
    columns: Mapping[str, str] | None = None,
    captured: datetime.date | None = None,
) -> Iterator[Paper | Rejected]:
    """Yield the papers of all sources, and what is rejected; records of one paper are not met yet.

    ``reader`` is the name of the format of all, where it is not to be detected.  ``columns`` say
    which column of a table is which field, ``captured`` when a page was captured.  Raises
    ``KgError``, before anything is read, for a source that has no known format, and for options
    that no source takes.
    """
    given = {"columns": columns, "captured": captured}
    options = {name: value for name, value in given.items() if value}
    plan = [(source, _format(reader) if reader else detect(source)) for source in sources]
    for name in options:
        if plan and not any(format_ and name in format_.options for _, format_ in plan):
            able = ", ".join(key for key, format_ in FORMATS.items() if name in format_.options)
            raise KgError(
                f"--{name} is for {able}; no input is of that format.",
                remedy=f"Leave --{name} out, or name the format with --reader.",
            )
    return _papers(plan, options)


def _papers(
    plan: Sequence[tuple[Source, Format | None]], options: Mapping[str, Any]
) -> Iterator[Paper | Rejected]:
    for source, format_ in plan:
        if format_ is None:
            yield rejected(source.name, None, None, "the file is empty")
            continue
        module = import_module(f"kg.read.{format_.module}")
        taken = {name: value for name, value in options.items() if name in format_.options}
        found = False
        try:
            for found_one in module.papers(source, **taken):
                found = True
                yield found_one
        except OSError as error:
            raise KgError(
                f"{source.path}: {error.strerror or error}", remedy="Give a file that can be read."
            ) from error
        for reason in source.breaks:
            yield rejected(source.name, None, None, reason)
        if not found and not source.breaks:
            yield rejected(
                source.name, None, None, f"no paper found, read as {format_.description}"
            )


def detect(source: Source) -> Format | None:
    """Tell the format of a source, by its content first and its name second; None if it is empty.

    Raises ``KgError`` with the known formats when it is none of them.
    """
    head = source.head()
    text = _text(head)
    if not text.strip():
        return None
    for format_ in FORMATS.values():
        if format_.magic and head.startswith(format_.magic):
            return format_
        if format_.begins and re.search(format_.begins, text):
            return format_
    name = source.path.name.lower().removesuffix(".gz")
    for format_ in FORMATS.values():
        # What a name says counts for text alone: a picture called papers.csv is no table.
        if name.endswith(format_.extensions) and "\0" not in text:
            return format_
    raise KgError(
        f"{source.path} is of no known format.",
        remedy=f"Name one with --reader, out of:\n{known()}",
    )


def known() -> str:
    """Give the known formats, one a line."""
    return "\n".join(
        f"  {name:<8} {format_.description} {' '.join(format_.extensions)}".rstrip()
        for name, format_ in FORMATS.items()
    )


def _format(name: str) -> Format:
    if name not in FORMATS:
        raise KgError(f"There is no reader {name!r}.", remedy=f"Known are:\n{known()}")
    return FORMATS[name]


def _text(head: bytes) -> str:
    """Give the head as text, whatever its encoding: only its shape is looked at."""
    encoding = next((name for mark, name in MARKS if head.startswith(mark)), "utf-8")
    return head.decode(encoding, "replace")
