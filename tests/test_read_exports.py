"""The exports of databases, publishers and reference managers are read, whole and broken."""

import csv
import datetime
import gzip
import io
import json
import random
import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import openpyxl
import pyarrow
import pyarrow.parquet
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kg.errors import KgError
from kg.read import columns, hints, kinds, latex, names, table
from kg.read.source import Source
from kg.records import Paper, Rejected, json_ready

HERE = Path(__file__).parent
SAMPLES = HERE / "samples" / "exports"
GOLDEN = HERE / "golden" / "exports.jsonl"
MODULES = {
    ".bib": "bibtex",
    ".ris": "ris",
    ".nbib": "medline",
    ".xml": "pubmed",
    ".txt": "wos",
    ".csv": "table",
    ".tsv": "table",
    ".xls": "table",
    ".xlsx": "table",
    ".parquet": "parquet",
}
#: Has no header: it is read with columns by number.
HEADLESS = "endnote.tsv"
FILES = sorted(path.name for path in SAMPLES.iterdir())
TEXTS = [name for name in FILES if Path(name).suffix not in (".xls", ".xlsx", ".parquet")]
#: What begins a record, to count those of a file by other means than its reader's.
BEGINNINGS = {
    ".bib": r"(?mi)(?:^|\}\} )@(?!comment|string|preamble)\w+ ?[{(]",
    ".ris": r"(?m)^(?:ER  - )?TY {1,2}- ",
    ".nbib": r"(?m)^\s*\n(?=PMID|OWN)",
    ".xml": r"<Pubmed(?:Book)?Article>",
    ".txt": r"(?m)^PT ",
}

LANTERN = "Lantern: Sparse routing for long-context language models"


def read(path: Path, name: str | None = None, **options: object) -> list[Paper | Rejected]:
    module = import_module(f"kg.read.{MODULES[Path(name or path.name).suffix]}")
    if (name or path.name) == HEADLESS:
        options = {"columns": {"authors": "1", "year": "2", "title": "3", "abstract": "5"}}
    return list(module.papers(Source(name or path.name, path), **options))


def read_bytes(folder: Path, name: str, data: bytes, **options: object) -> list[Paper | Rejected]:
    path = folder / name
    path.write_bytes(data)
    return read(path, name, **options)


def papers(found: list[Paper | Rejected]) -> list[Paper]:
    return [one for one in found if isinstance(one, Paper)]


def titles(found: list[Paper | Rejected]) -> list[str]:
    return [one.title for one in papers(found)]


def reasons(found: list[Paper | Rejected]) -> list[tuple[int | None, str]]:
    return [(one.line, one.reason) for one in found if isinstance(one, Rejected)]


def lines() -> Iterator[str]:
    for name in FILES:
        for one in read(SAMPLES / name):
            kind = {"": "rejected"} if isinstance(one, Rejected) else {"": "paper"}
            yield json.dumps(kind | json_ready(one), ensure_ascii=False)


def test_every_dialect_reads_as_it_did(request: pytest.FixtureRequest) -> None:
    now = list(lines())
    if request.config.getoption("--update-golden", default=False):
        GOLDEN.write_text("\n".join(now) + "\n", encoding="utf-8")
    assert now == GOLDEN.read_text(encoding="utf-8").splitlines()


@pytest.mark.parametrize(
    "name", [name for name in TEXTS if Path(name).suffix in BEGINNINGS and name != "broken.ris"]
)
def test_every_record_is_a_paper_or_rejected(name: str) -> None:
    text = (SAMPLES / name).read_text(encoding="utf-8-sig")
    text = re.sub(r"(?s)@Comment\{\n.*", "", text)  # what is commented out is no record
    assert len(read(SAMPLES / name)) == len(re.findall(BEGINNINGS[Path(name).suffix], text))


@pytest.mark.parametrize("name", FILES)
def test_entries_are_numbered_and_sources_named(name: str) -> None:
    found = read(SAMPLES / name)
    entries = [
        one.entry if isinstance(one, Rejected) else int(one.sources[0].removeprefix(f"{name}#"))
        for one in found
    ]
    assert entries == list(range(1, len(found) + 1))


def test_the_same_paper_has_the_same_id_in_every_dialect() -> None:
    found = {
        name: [one for one in papers(read(SAMPLES / name)) if one.title.startswith("Lantern")]
        for name in FILES
    }
    by_doi = {name for name, ones in found.items() if "10.5555/lantern.2021.001" in str(ones)}
    by_arxiv = {name for name, ones in found.items() if "arxiv:2103.99991" in str(ones)}
    assert len(by_doi) >= 18
    assert {"zotero.bib", "dblp.bib", "zotero.csv", "dimensions.csv", "papers.parquet"} <= by_arxiv
    for ones in found.values():
        for one in ones:
            assert one.published is None or one.published.startswith("2021")
            assert one.authors[0].endswith(("Müller", "Mueller", "Muller"))


def test_nothing_of_the_databases_gets_into_a_text() -> None:
    for name in FILES:
        for paper in papers(read(SAMPLES / name)):
            assert not re.search(
                r"©|\bElsevier\b|No abstract|No author|Times Cited|Export Date|[{}]''|\{\[|<\w",
                paper.text.replace("$O(n^{2})$", ""),
            ), (name, paper)
            assert not re.search(r"[a-z]\.[A-Z][a-z]+ ", paper.abstract), (name, paper)
            assert "conference" not in paper.title.lower()


# --- spoiled files ---------------------------------------------------------------------------


@pytest.mark.parametrize("name", TEXTS)
@pytest.mark.parametrize("spoil", ["crlf", "cr", "bom", "no bom", "utf-16", "gzip"])
def test_line_ends_marks_and_encodings_make_no_difference(
    name: str, spoil: str, tmp_path: Path
) -> None:
    raw = (SAMPLES / name).read_bytes()
    text = raw.decode(
        "utf-16" if name == "wos.tsv" else "cp1252" if name == "excel.csv" else "utf-8-sig"
    )
    unix = text.replace("\r\n", "\n")
    spoiled = {
        "crlf": unix.replace("\n", "\r\n").encode(),
        "cr": unix.replace("\n", "\r").encode(),
        "bom": b"\xef\xbb\xbf" + unix.encode(),
        "no bom": unix.encode(),
        "utf-16": unix.encode("utf-16"),
        "gzip": gzip.compress(raw),
    }[spoil]
    assert read_bytes(tmp_path, name, spoiled) == read(SAMPLES / name)


@pytest.mark.parametrize("name", ["wos.bib", "scopus.ris", "savedrecs.txt", "ieee.csv"])
def test_latin_1_is_read(name: str, tmp_path: Path) -> None:
    text = (SAMPLES / name).read_text(encoding="utf-8-sig")
    for letter, other in (("–", "-"), ("’", "'")):
        text = text.replace(letter, other)
    spoiled = text.encode("latin-1", "ignore")
    assert titles(read_bytes(tmp_path, name, spoiled)) == titles(read(SAMPLES / name))


#: The readers that can tell a record cut off, and how much must be left to tell by.
CUT = {
    "scopus.bib": 1,
    "wos.bib": 1,
    "jabref.bib": 1,
    "scopus.ris": 1,
    "ovid.ris": 1,
    "savedrecs.txt": 1,
    "pubmed.nbib": 1,
    "pubmed.xml": 0,
    "scopus.csv": 0,
    "ieee.csv": 0,
}


@pytest.mark.parametrize("name", CUT)
def test_a_file_that_is_cut_off_invents_nothing(name: str, tmp_path: Path) -> None:
    raw = (SAMPLES / name).read_bytes()
    whole = [(one.title, one.abstract) for one in papers(read(SAMPLES / name))]
    for end in range(0, len(raw), 23):
        try:
            found = read_bytes(tmp_path, name, raw[:end])
        except KgError:
            continue  # not even a header
        texts = [(one.title, one.abstract) for one in papers(found)]
        if len(found) > CUT[name]:
            assert texts == whole[: len(texts)], raw[:end][-80:]


@pytest.mark.parametrize("name", FILES)
@settings(max_examples=30, deadline=None, derandomize=True)
@given(seed=st.integers(0, 2**32))
def test_junk_in_a_file_raises_nothing_but_kg_errors(
    name: str, seed: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    dice = random.Random(seed)
    data = bytearray((SAMPLES / name).read_bytes())
    for _ in range(dice.randint(1, 8)):
        at = dice.randrange(len(data) + 1)
        match dice.randrange(4):
            case 0:
                del data[at : at + dice.randint(1, 200)]
            case 1:
                data[at:at] = dice.randbytes(dice.randint(1, 20))
            case 2:
                data[at:at] = dice.choice(
                    [b'"', b"{", b"}", b"\n", b"\x00", b"@x{", b"<", b"&", b","]
                )
            case _:
                data[at:at] = data[: dice.randint(1, 300)]
    try:
        found = read_bytes(tmp_path_factory.mktemp("junk"), name, bytes(data))
    except KgError:
        return
    for one in found:
        assert isinstance(one, (Paper, Rejected))
        if isinstance(one, Rejected):
            assert one.reason and len(one.excerpt) <= 200


# --- BibTeX ----------------------------------------------------------------------------------


def test_a_broken_entry_costs_no_other() -> None:
    found = read(SAMPLES / "broken.bib")
    assert reasons(found) == [
        (3, "the entry is broken: it is not closed"),
        (15, "neither title nor abstract"),
        (23, "the entry is broken: it is not closed"),
    ]
    assert [one.year for one in papers(found)] == [2001, *range(2003, 2010), 2011, 2012, 2013]
    assert papers(found)[2].venue == "Journal of Commas"
    assert papers(found)[3].authors == ("Paula Poe",)


def test_a_comment_that_is_never_closed_hides_nothing(tmp_path: Path) -> None:
    text = "@comment{open {\n@article{a, title={One}}\n@comment{x} @article{b, title={Two}}\n"
    assert titles(read_bytes(tmp_path, "x.bib", text.encode())) == ["One", "Two"]


def test_many_brackets_do_not_take_forever(tmp_path: Path) -> None:
    text = "@comment{" * 20_000 + "{" * 100_000 + "\n" + "@article{a, title={" * 5_000
    found = read_bytes(tmp_path, "x.bib", text.encode())
    assert len(found) <= 5_001


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        (r"M{\"u}ller, J\"org and Garc{\'\i}a", "Müller, Jörg and García"),
        (
            r"{\O}ystein {\AA}s \v{S}kvor \c{C}a {\l}uk \o re Erd{\H o}s na{\"\i}ve",
            "Øystein Ås Škvor Ça łuk øre Erdős naïve",
        ),
        (r"\~{n} \~n Andr\'e \'etude \.z \d{s} \r a", "ñ ñ André étude ż ṣ å"),
        (r"$O(n^{2})$ of {\textit{n}} tokens", "$O(n^{2})$ of n tokens"),
        (r"\(x_{i}\) and \[y\]", r"\(x_{i}\) and \[y\]"),
        (r"costs \$5 and \$6, 50\% \& \_a \#1", "costs $5 and $6, 50% & _a #1"),
        ("costs $5 million and $6 million", "costs $5 million and $6 million"),
        ("50% of a_b & c # d", "50% of a_b & c # d"),
        (r"{''}all{''} of {[}MASK{]} ``here''", '"all" of [MASK] "here"'),
        (r"$<$i$>$APOE$<$/i$>$", "<i>APOE</i>"),
        (r"O(n$\backslash$log n)", "O(n log n)"),
        (r"don\'t, Alzheimer\'s, caf\'e", "don't, Alzheimer's, café"),
        (r"et~al. (~50\%)", "et al. (~50%)"),
        (r"a -- b---c", "a – b—c"),
        (r"we show \cite{foo}. And\footnote{so} on", "we show. And so on"),
        (r"C:\Users\name", r"C:\Users\name"),
        (r"\unknown{kept} \begin{itemize}\item a\end{itemize}", "kept    a "),
        (r"\{x\} {\LaTeX} \textbackslash emph", r"{x} LaTeX \ emph"),
        ("trailing \\", "trailing \\"),
        ("", ""),
    ],
)
def test_latex_is_decoded(written: str, meant: str) -> None:
    assert latex.text(written) == meant


@given(st.text(alphabet="ab{}\\$~`'\"^=.c -\n%&", max_size=60))
def test_latex_never_fails_and_leaves_plain_text_alone(text: str) -> None:
    decoded = latex.text(text)
    assert decoded.count("b") <= text.count("b") + text.count("\\")
    plain = re.sub(r"[\\{}~`'$-]", "", text)
    assert latex.text(plain) == plain


# --- tagged formats --------------------------------------------------------------------------


def test_ris_is_repaired() -> None:
    found = read(SAMPLES / "broken.ris")
    first = papers(found)[0]
    assert first.authors == ("Jane Doe", "Richard Roe")
    assert first.ids[0] == "doi:10.5555/broken.1"
    assert first.abstract.endswith("AD - looks like a tag, and none is lost.")
    assert [one.year for one in papers(found)] == [2001, 2002, 2003, 2004, 2005, 2006]
    assert reasons(found) == [
        (33, "neither title nor abstract"),
        (36, "the record is cut off: the file ends before its ER"),
    ]


def test_one_record_without_an_end_is_kept(tmp_path: Path) -> None:
    found = read_bytes(tmp_path, "x.ris", b"TY  - JOUR\nTI  - It has no end\nPY  - 2001\n")
    assert titles(found) == ["It has no end"]


def test_medline_without_blank_lines_between_records(tmp_path: Path) -> None:
    text = "PMID- 1\nTI  - One of two\nSO  - a\nPMID- 2\nTI  - Two of\n      two\nSO  - b\n"
    assert titles(read_bytes(tmp_path, "x.nbib", text.encode())) == ["One of two", "Two of two"]


def test_pubmed_on_one_line_and_over_chunks(tmp_path: Path) -> None:
    article = (
        "<PubmedArticle><MedlineCitation><Article><ArticleTitle>Number {} of many</ArticleTitle>"
        "</Article></MedlineCitation></PubmedArticle>"
    )
    text = "<PubmedArticleSet>" + "".join(map(article.format, range(3000))) + "</PubmedArticleSet>"
    found = read_bytes(tmp_path, "x.xml", text.encode())
    assert titles(found) == [f"Number {number} of many" for number in range(3000)]


def test_no_entity_explodes(tmp_path: Path) -> None:
    text = (
        '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]><PubmedArticleSet><PubmedArticle>'
        "<MedlineCitation><Article><ArticleTitle>A title and &b;</ArticleTitle></Article>"
        "</MedlineCitation></PubmedArticle></PubmedArticleSet>"
    )
    assert titles(read_bytes(tmp_path, "x.xml", text.encode())) == ["A title and &b;"]


# --- tables ----------------------------------------------------------------------------------


def test_a_broken_row_costs_no_other() -> None:
    found = read(SAMPLES / "broken.csv")
    assert [one.year for one in papers(found)] == [2001, 2003, 2006, 2007]
    assert reasons(found) == [
        (4, "a quote of the row is not closed"),
        (6, "1 cells in the row, 4 in the header"),
        (7, "6 cells in the row, 4 in the header"),
        (8, "neither title nor abstract"),
        (13, "a quote of the row is not closed"),
    ]


def test_missing_columns_are_an_error_that_says_which_there_are(tmp_path: Path) -> None:
    with pytest.raises(KgError) as raised:
        read_bytes(tmp_path, "x.csv", b"Titel,Zusammenfassung\na,b\n")
    assert "x.csv" in str(raised.value)
    assert "Titel, Zusammenfassung" in str(raised.value)
    assert "--columns title='Titel',abstract=" in str(raised.value)


@pytest.mark.parametrize(
    "given", [{"title": "Titel", "abstract": "zusammenfassung"}, {"title": "1", "abstract": "2"}]
)
def test_columns_are_given_by_name_or_number(given: dict[str, str], tmp_path: Path) -> None:
    data = b"Titel,Zusammenfassung\nA title of words,An abstract\n"
    found = papers(read_bytes(tmp_path, "x.csv", data, columns=given))
    assert [(one.title, one.abstract) for one in found][-1] == ("A title of words", "An abstract")


def test_columns_that_are_not_there_and_fields_that_nobody_knows(tmp_path: Path) -> None:
    data = b"title,abstract\na,b\n"
    with pytest.raises(KgError, match=r"no column is called 'Titel'.*title, abstract"):
        read_bytes(tmp_path, "x.csv", data, columns={"title": "Titel"})
    with pytest.raises(KgError, match="no field of a paper is called 'titel'"):
        read_bytes(tmp_path, "x.csv", data, columns={"titel": "title"})


@pytest.mark.parametrize(
    "name",
    ["Article Title", "Document Title", "Item Title", "TI", "title ", '"Title"', "display_name"],
)
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_titles_are_found_in_any_dialect(name: str, delimiter: str, tmp_path: Path) -> None:
    rows = [["Publication Title", name, "AB"], ["A Journal", "A title of words", "An abstract"]]
    text = "\n".join(delimiter.join(row) for row in rows)
    found = papers(read_bytes(tmp_path, "x.csv", f"{text}\n".encode()))
    assert [(one.title, one.venue, one.abstract) for one in found] == [
        ("A title of words", "A Journal", "An abstract")
    ]


def test_large_cells_and_quoted_breaks(tmp_path: Path) -> None:
    stream = io.StringIO()
    csv.writer(stream).writerows(
        [
            ["title", "abstract", "references"],
            ["A title\nof lines", "Text", "x" * 300_000],
            ["B title", "Text", ""],
        ]
    )
    found = papers(read_bytes(tmp_path, "x.csv", stream.getvalue().encode()))
    assert titles(found) == ["A title of lines", "B title"]


def test_r_writes_no_name_above_the_names_of_rows(tmp_path: Path) -> None:
    data = (
        b'"title" "year"\n'.replace(b" ", b",")
        + b'"1","The first",2001\n"2","The second",2002\n"3","The third",2003\n'
    )
    found = papers(read_bytes(tmp_path, "x.csv", data))
    assert [(one.title, one.year) for one in found] == [
        ("The first", 2001),
        ("The second", 2002),
        ("The third", 2003),
    ]


def test_a_row_of_too_many_cells_is_put_in_its_columns() -> None:
    known = columns.columns(["title", "doi", "abstract", "x", "eid"])
    assert known
    row = ["T", "10.5555/1", "A", "x", "y", "2-s2.0-1"]
    assert columns.realigned(known, row, ",") == ["T", "10.5555/1", "A", "y", "2-s2.0-1"]
    assert columns.realigned(known, ["T", "and more", "10.5555/1", "A", "x", "e"], ",") is None
    last = columns.columns(["title", "year", "abstract"])
    assert last
    assert columns.realigned(last, ["T", "2001", "A", " with a comma"], ",") == [
        "T",
        "2001",
        "A, with a comma",
    ]


def test_workbooks_have_sheets_titles_above_the_header_numbers_and_dates(tmp_path: Path) -> None:
    workbook = openpyxl.Workbook()
    workbook.active.append(["nothing here"])
    sheet = workbook.create_sheet("one")
    sheet.append(["A table of papers"])
    sheet.append([None, "Title", "Year", "Publication Date", "PMID", "Abstract"])
    sheet.append([None, "First", 2021.0, datetime.date(2021, 3, 4), 33900001.0, "a_x000D_\nb"])
    other = workbook.create_sheet("two")
    other.append(["TI", "PY"])
    other.append(["Second", "2022"])
    workbook.save(tmp_path / "x.xlsx")
    first, second = papers(read(tmp_path / "x.xlsx"))
    assert (first.published, first.ids[0], first.abstract) == ("2021-03-04", "pmid:33900001", "a b")
    assert (second.title, second.sources) == ("Second", ("x.xlsx#2",))


@pytest.mark.parametrize("data", [b"PK\x03\x04 no", b"\xd0\xcf\x11\xe0" + b"0" * 600])
def test_a_workbook_that_cannot_be_read_is_an_error(data: bytes, tmp_path: Path) -> None:
    with pytest.raises(KgError, match=r"x\.xlsx: the workbook cannot be read"):
        read_bytes(tmp_path, "x.xlsx", data)


def test_a_workbook_without_titles_says_what_columns_there_are(tmp_path: Path) -> None:
    workbook = openpyxl.Workbook()
    workbook.active.append(["Name", "Value"])
    workbook.save(tmp_path / "x.xlsx")
    with pytest.raises(KgError, match="Its columns are: Name, Value"):
        read(tmp_path / "x.xlsx")


def test_a_table_is_read_line_by_line(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text("title,abstract\n" + "A title of words,An abstract\n" * 1000)
    rows = table.papers(Source("x.csv", path))
    assert isinstance(next(iter(rows)), Paper)


# --- Parquet ---------------------------------------------------------------------------------


def test_parquet_with_columns_in_columns(tmp_path: Path) -> None:
    paper = {
        "id": "2406.11944",
        "title": "Transcoders",
        "summary": "We do.",
        "authors": [{"name": "A B"}],
    }
    pyarrow.parquet.write_table(pyarrow.table({"paper": [paper] * 3}), tmp_path / "x.parquet")
    found = papers(read(tmp_path / "x.parquet"))
    assert [(one.id, one.abstract, one.authors) for one in found] == [
        ("arxiv:2406.11944", "We do.", ("A B",))
    ] * 3


def test_parquet_of_openalex(tmp_path: Path) -> None:
    work = {
        "id": ["https://openalex.org/W42"],
        "display_name": ["Deep nets"],
        "abstract_inverted_index": ['{"We": [0], "win": [1]}'],
    }
    pyarrow.parquet.write_table(pyarrow.table(work), tmp_path / "x.parquet")
    assert [one.abstract for one in papers(read(tmp_path / "x.parquet"))] == ["We win"]


def test_damaged_rows_of_parquet_cost_no_others(tmp_path: Path) -> None:
    rows = pyarrow.table({"title": [f"Paper number {number}" for number in range(3000)]})
    stream = io.BytesIO()
    pyarrow.parquet.write_table(rows, stream, row_group_size=1000, compression="gzip")
    data = bytearray(stream.getvalue())
    middle = pyarrow.parquet.ParquetFile(stream).metadata.row_group(1).column(0)
    start = middle.dictionary_page_offset or middle.data_page_offset
    data[start + 40 : start + 400] = bytes(360)
    found = read_bytes(tmp_path, "x.parquet", bytes(data))
    assert len(papers(found)) == 2000
    assert [one.reason[:36] for one in found if isinstance(one, Rejected)] == [
        "1,000 rows from here cannot be read:"
    ]
    assert papers(found)[-1].sources == ("x.parquet#3000",)


@pytest.mark.parametrize("data", [b"PAR1", b"PAR1 no PAR1", b""])
def test_parquet_that_is_not_whole_is_an_error(data: bytes, tmp_path: Path) -> None:
    with pytest.raises(KgError, match=r"x\.parquet: not a whole Parquet file"):
        read_bytes(tmp_path, "x.parquet", data)


def test_compressed_parquet(tmp_path: Path) -> None:
    data = gzip.compress((SAMPLES / "papers.parquet").read_bytes())
    assert read_bytes(tmp_path, "papers.parquet", data) == read(SAMPLES / "papers.parquet")


# --- what they share -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cell", "people"),
    [
        ("Liu, Fengyuan (60410297700); Li, C. (588622)", ["Liu, Fengyuan", "Li, C."]),
        ("Liu F., Adler D.G.", ["Liu, F.", "Adler, D.G."]),
        ("Lim SM, Shiau CWC, Lau Y.", ["Lim, SM", "Shiau, CWC", "Lau, Y."]),
        ("J. -P. Nominé; A. Roe", ["J. -P. Nominé", "A. Roe"]),
        (
            "Joseph Rottman, Erran Carmel, Mary Lacity",
            ["Joseph Rottman", "Erran Carmel", "Mary Lacity"],
        ),
        ("Smith, John", ["Smith, John"]),
        ("Smith, J., Doe, A.", ["Smith, J.", "Doe, A."]),
        ("Smith, J. and Doe, A.", ["Smith, J.", "Doe, A."]),
        ("A. Roe, B. Doe and C. Poe", ["A. Roe", "B. Doe", "C. Poe"]),
        ("Vivek K. PallipuramMelissa C. Smith", ["Vivek K. Pallipuram", "Melissa C. Smith"]),
        ("Kevin McDonald", ["Kevin McDonald"]),
        ("['Marx, Karl', 'Lindgren, Astrid']", ["Marx, Karl", "Lindgren, Astrid"]),
        ("[No author name available]", []),
        ("Massimo Aria|Corrado Cuccurullo", ["Massimo Aria", "Corrado Cuccurullo"]),
        ([{"name": "A B"}, {"family": "D", "given": "C"}, None], ["A B", "D, C"]),
        ([["Doe", "Jane", ""]], ["Doe, Jane"]),
        (None, []),
        (3, []),
    ],
)
def test_names_are_listed(cell: object, people: list[str]) -> None:
    assert names.listed(cell) == people


@pytest.mark.parametrize(
    ("kind", "title", "abstract", "why"),
    [
        ("Editorial", "On lamps", "", "an editorial"),
        ("Editorial Material", "On lamps", "It has an abstract.", None),
        ("Erratum", "Lantern", "[No abstract available]", "a correction"),
        ("Article", "Correction to: Lantern", None, "a correction"),
        ("Article", "Correction of bias in networks", None, None),
        ("Conference Review", "CIS 2021", "About many papers.", "a proceedings volume"),
        ("", "CIS 2021", "The proceedings contain 34 papers.", "a proceedings volume"),
        ("", "Proceedings of the 9th Conference on Systems", "", "a proceedings volume"),
        ("", "On the proceedings of a conference", "", None),
        ("", "Author Index", "", "front matter"),
        ("", "Learning an author index", "", None),
        ("Retracted Publication", "Lantern", "", None),
        (None, None, None, None),
    ],
)
def test_what_is_no_paper(kind: str, title: str, abstract: str, why: str | None) -> None:
    assert kinds.against([kind], title, abstract) == (why and f"not a paper: {why}")


def test_a_volume_by_name_alone_is_a_paper() -> None:
    assert kinds.against(["proceedings"], "Lantern", "We present it.", True) is None
    assert kinds.against(["proceedings"], "Lantern", "", True)
    assert kinds.against(["proceedings"], "Lantern", "We welcome you.")


@pytest.mark.parametrize(
    ("written", "date"),
    [
        (("2018", "SEP"), "2018-09"),
        (("2018", "MAR 15"), "2018-03-15"),
        (("2018", "APR-JUN"), "2018"),
        (("2021", "2019-11-30"), "2021"),
        (("2019///", "2019/03/01/"), "2019-03-01"),
        (("", "4-8 Aug. 2020"), "2020-08"),
        (("10 15",), None),
        ((None, 3), None),
    ],
)
def test_dates_in_pieces(written: tuple[object, ...], date: str | None) -> None:
    assert hints.published(*written) == date
