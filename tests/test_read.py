"""The readers of captures, JSON and XML, what they share, and the meeting of records."""

import codecs
import datetime
import gzip
import io
import json
import random
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import networkx as nx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kg import read
from kg.errors import KgError
from kg.read import curies, fields
from kg.read.dates import date
from kg.read.source import Source
from kg.records import Paper, Rejected

SAMPLES = Path(__file__).parent / "samples"
GOLDEN = Path(__file__).parent / "golden" / "captures.jsonl"
CAPTURES = sorted(SAMPLES.glob("00*.txt"))


def all_of(path: Path, **options: Any) -> list[Paper | Rejected]:
    return list(read.papers([Source(path.name, path)], **options))


def papers_of(path: Path, **options: Any) -> list[Paper]:
    found = all_of(path, **options)
    assert not [one for one in found if isinstance(one, Rejected)]
    return [one for one in found if isinstance(one, Paper)]


def written(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


# --- page captures --------------------------------------------------------------------------------


def test_captures_hold_407_entries_of_336_papers() -> None:
    found = [papers_of(path) for path in CAPTURES]
    assert [len(papers) for papers in found] == [53, 94, 86, 119, 55]
    merged = read.merge(paper for papers in found for paper in papers)
    assert len(merged) == 336
    assert sum(len(paper.sources) for paper in merged) == 407
    assert read.title_only(merged) == 0


def test_captures_give_what_was_checked_by_eye(pytestconfig: pytest.Config) -> None:
    rows = [
        {
            "source": paper.sources[0],
            "title": paper.title,
            "length": len(paper.abstract),
            "begin": paper.abstract[:40],
            "end": paper.abstract[-40:],
            "published": paper.published,
            "author_count": paper.author_count,
            "organization": paper.organization,
            "comments": paper.comments,
        }
        for path in CAPTURES
        for paper in papers_of(path)
    ]
    if pytestconfig.getoption("--update-golden", default=False):
        lines = (json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
        GOLDEN.write_text("".join(lines), encoding="utf-8")
    golden = [json.loads(line) for line in GOLDEN.read_text(encoding="utf-8").splitlines()]
    assert rows == golden


def test_captures_lose_and_double_no_line() -> None:
    for path in CAPTURES:
        lines = [" ".join(line.split()) for line in path.read_text(encoding="utf-8").splitlines()]
        read_lines = [part for paper in papers_of(path) for part in (paper.title, paper.abstract)]
        long = [line for line in lines if len(line) > 45 and "in your email inbox" not in line]
        assert sorted(line.removeprefix("Subscribe") for line in long) == sorted(
            line for line in read_lines if len(line) > 45
        )


def test_merging_keeps_every_field_that_one_capture_shows() -> None:
    merged = {paper.title: paper for path in CAPTURES for paper in papers_of(path)}
    merged |= {
        paper.title: paper
        for paper in read.merge(paper for path in CAPTURES for paper in papers_of(path))
    }
    dino = merged["DINO-WM: World Models on Pre-trained Visual Features enable Zero-shot Planning"]
    assert (dino.published, dino.author_count, dino.comments) == ("2024-11-07", 4, 2)
    assert [source.partition("#")[2] for source in dino.sources] == ["30", "23", "26"]
    assert merged[
        "Just Do It!? Computer-Use Agents Exhibit Blind Goal-Directedness"
    ].organization == ("Microsoft")
    agent = merged["Act2Goal: From World Model To General Goal-conditioned Policy"]
    assert (agent.organization, agent.comments) == ("AgiBot World", 3)


LONG = "Much has been written on agents, and most of it is long. " * 8
FOOT = "  • 3 authors\n·\n{}\n"


def capture(folder: Path, *blocks: str, between: str = "\n\n") -> Path:
    head = ["Get trending papers in your email inbox!", "Subscribe", "Daily Papers", "May 7"]
    return written(folder, "capture.txt", between.join([*head, *blocks]))


@pytest.mark.parametrize(
    ("days", "captured", "expected"),
    [
        (["Mar 12", "Dec 30, 2023"], None, ["2024-03-12", "2023-12-30"]),
        (["Mar 12", "Dec 30, 2023"], datetime.date(2026, 5, 7), ["2026-03-12", "2023-12-30"]),
        (["Mar 12 7", "Apr 1"], None, [None, None]),
        (["Feb 29", "Dec 30, 2023 12"], None, ["2024-02-29", "2023-12-30"]),
    ],
)
def test_a_date_without_a_year_is_of_the_year_of_the_capture(
    tmp_path: Path, days: list[str], captured: datetime.date | None, expected: list[str | None]
) -> None:
    blocks = [f"Title {day}\n\n{LONG}\n\n{FOOT.format(day)}" for day in days]
    found = papers_of(capture(tmp_path, *blocks), captured=captured)
    assert [paper.published for paper in found] == expected


def test_a_capture_is_not_older_than_what_it_shows(tmp_path: Path) -> None:
    path = capture(tmp_path, f"One title here\n\n{LONG}\n\n{FOOT.format('Dec 30, 2023')}")
    with pytest.raises(KgError, match="2023"):
        all_of(path, captured=datetime.date(2022, 1, 1))


def test_abstracts_of_several_paragraphs_are_whole(tmp_path: Path) -> None:
    blocks = [
        "A first title of some words",
        LONG,
        "Code is available at https://github.com/x/y",
        "Is this a title?",
        LONG,
        LONG,
        "We release everything.",
        FOOT.format("Jun 4, 2025 2"),
        "People never learn from their own errors.",
        LONG,
        "LLaMA",
        "A short abstract. It has two sentences.",
        FOOT.format("Jun 4, 2025"),
        "A title without an abstract",
        FOOT.format("Jun 4, 2025"),
        "Datasets",
        LONG,
        *("Previous", "Next", "Company", "TOS"),
    ]
    found = papers_of(capture(tmp_path, *blocks))
    long = " ".join(LONG.split())
    assert [(paper.title, paper.abstract) for paper in found] == [
        ("A first title of some words", f"{long} Code is available at https://github.com/x/y"),
        ("Is this a title?", f"{long} {long} We release everything."),
        ("People never learn from their own errors", long),
        ("LLaMA", "A short abstract. It has two sentences."),
        ("A title without an abstract", ""),
        ("Datasets", long),
    ]
    assert [paper.comments for paper in found] == [None, 2, None, None, None, None]


WORDS = st.sampled_from(
    [
        *("agents", "models", "learning", "of", "the", "in"),
        *("graphs", "for", "robust", "GPT-4", "Why"),
    ]
)
TITLES = st.builds(
    lambda words, end: " ".join(["On", *words]) + end,
    st.lists(WORDS, min_size=3, max_size=18),
    st.sampled_from(["", "", "?", "!", " (Extended)"]),
)
SENTENCES = st.lists(WORDS, min_size=4, max_size=20).map(
    lambda words: "We " + " ".join(words) + "."
)
PARAGRAPHS = st.lists(SENTENCES, min_size=5, max_size=12).map(" ".join)
FEET = st.one_of(
    st.none(),
    st.tuples(
        st.one_of(st.integers(1, 300), st.sampled_from(["nyu New York University", "ibm IBM"])),
        st.dates(datetime.date(2011, 1, 1), datetime.date(2025, 12, 31)),
        st.one_of(st.none(), st.integers(1, 99)),
    ),
)
ENTRIES = st.lists(
    st.tuples(TITLES, st.lists(PARAGRAPHS, min_size=1, max_size=3), FEET), min_size=1, max_size=8
)


def foot(shown: tuple[int | str, datetime.date, int | None]) -> str:
    who, day, comments = shown
    line = f"  • {who} authors" if isinstance(who, int) else who
    count = f" {comments}" if comments else ""
    return f"{line}\n·\n{day:%b} {day.day}, {day.year}{count}\n"


@settings(deadline=None, max_examples=60)
@given(ENTRIES, st.booleans())
def test_what_a_page_shows_is_what_is_read(
    tmp_path_factory: pytest.TempPathFactory, entries: list[Any], blanks: bool
) -> None:
    blocks = [
        block
        for title, body, shown in entries
        for block in (title, *body, *([foot(shown)] if shown else []))
    ]
    path = capture(tmp_path_factory.mktemp("c"), *blocks, between="\n\n" if blanks else "\n")
    found = papers_of(path)
    assert [paper.title for paper in found] == [title for title, _, _ in entries]
    assert [paper.abstract for paper in found] == [" ".join(body) for _, body, _ in entries]
    for paper, (_, _, shown) in zip(found, entries, strict=True):
        who, day, comments = shown or (None, None, None)
        assert paper.author_count == (who if isinstance(who, int) else None)
        assert (paper.organization or "") == (who.partition(" ")[2] if isinstance(who, str) else "")
        assert paper.published == (day.isoformat() if day else None)
        assert paper.comments == comments


# --- JSON -----------------------------------------------------------------------------------------


def test_arxivs_snapshot() -> None:
    attention, old = papers_of(SAMPLES / "arxiv-snapshot.jsonl")
    assert attention.id == "arxiv:1706.03762"
    assert attention.published == "2017-06-12"
    assert attention.authors[0] == "Ashish Vaswani" and attention.author_count == 8
    assert attention.comments is None
    assert attention.abstract.startswith("The dominant sequence") and "\n" not in attention.abstract
    assert old.id == "arxiv:math/0309136"
    assert {"doi:10.1016/s0166-8641(01)00164-5", "doi:10.1016/j.topol.2002.00001"} < set(old.ids)
    assert old.authors[-1] == "A. Skopenkov Jr."
    assert (
        old.title == "Obstructions to approximating maps of n-manifolds into R^{2n} by embeddings"
    )
    assert old.venue == "Topology Appl. 123:1 (2002), 3-14"


def test_plain_json_lines() -> None:
    first, *_ = papers_of(SAMPLES / "papers.jsonl")
    assert first.id == "arxiv:2503.11677"
    assert first.url == "https://arxiv.org/abs/2503.11677"
    assert first.published == "2025-03-18"
    assert first.authors[:2] == ("Jungyeon Park", "Anna Kochnev Goldstein")
    assert first.sources == ("papers.jsonl#1",)


def test_openalex() -> None:
    attention, state = papers_of(SAMPLES / "openalex.json")
    assert attention.ids[:2] == ("arxiv:1706.03762", "openalex:W2963403868")
    assert attention.abstract == (
        "The dominant sequence transduction models are based on complex recurrent networks. "
        "The best models use attention."
    )
    assert attention.authors == ("Ashish Vaswani", "Noam Shazeer")
    assert state.ids[:4] == (
        "doi:10.7717/peerj.4375",
        "pmid:29456894",
        "pmcid:PMC5815332",
        "openalex:W2741809807",
    )
    assert "impact of Open Access articles" in state.title
    assert (state.abstract, state.venue, state.published) == ("", "PeerJ", "2018-02-13")


def test_semantic_scholar() -> None:
    attention, bert = papers_of(SAMPLES / "semantic-scholar.json")
    assert "s2:204e3073870fae3d05bcbc2f6a8e263d9b72e776" in attention.ids
    assert "s2:CorpusId:13756489" in attention.ids
    assert bert.ids[:3] == ("arxiv:1810.04805", "doi:10.18653/v1/n19-1423", "acl:N19-1423")
    assert bert.published == "2019"


def test_daily_papers() -> None:
    (dino,) = papers_of(SAMPLES / "daily-papers.json")
    assert dino.id == "arxiv:2411.04983"
    assert (dino.organization, dino.comments) == ("New York University", 2)
    assert (dino.published, dino.author_count) == ("2024-11-07", 2)


def test_crossref_and_csl() -> None:
    (fold,) = papers_of(SAMPLES / "crossref.json")
    assert fold.title == "Highly accurate protein structure prediction with AlphaFold"
    assert fold.abstract == (
        "Proteins are essential to life & understanding their structure can facilitate a "
        "mechanistic understanding (p < 0.05)."
    )
    assert (fold.id, fold.published) == ("doi:10.1038/s41586-021-03819-2", "2021-07-15")
    assert fold.authors == ("John Jumper", "The AlphaFold Team")
    (deep,) = papers_of(SAMPLES / "zotero-csl.json")
    assert (deep.id, deep.published, deep.abstract) == ("doi:10.1038/nature14539", "2015-05", "")
    assert deep.authors == ("Yann LeCun", "Yoshua Bengio")


def test_one_paper_of_four_services_is_one() -> None:
    names = ("arxiv-snapshot.jsonl", "openalex.json", "semantic-scholar.json")
    records = [paper for name in names for paper in papers_of(SAMPLES / name)]
    merged = {paper.id: paper for paper in read.merge(records)}
    assert len(merged) == 4
    attention = merged["arxiv:1706.03762"]
    assert len(attention.sources) == 3
    assert attention.author_count == 8
    assert attention.abstract.endswith("dispensing with recurrence and convolutions entirely.")


@pytest.mark.parametrize(
    "record",
    [
        {"id": "https://openalex.org/W1", "authorships": [], "type": "editorial", "title": "On us"},
        {"authorships": [], "type": "paratext", "title": "Cover and contents"},
        {"indexed": {}, "type": "proceedings", "title": ["Proceedings of the Conference on X"]},
        {"paperId": "ab", "title": "Our year", "publicationTypes": ["Editorial"], "abstract": None},
        {"title": "Table of Contents"},
    ],
)
def test_what_is_no_paper_is_rejected(tmp_path: Path, record: dict[str, Any]) -> None:
    (one,) = all_of(written(tmp_path, "x.jsonl", json.dumps(record)))
    assert isinstance(one, Rejected) and one.reason.startswith("not a paper: ")


RECORD = {"title": "A paper of some words", "abstract": "It says something."}


@pytest.mark.parametrize(
    "shape",
    [
        lambda records: "\n".join(map(json.dumps, records)),
        lambda records: "\n\n" + "\r\n".join(map(json.dumps, records)) + "\n\n",
        json.dumps,
        lambda records: json.dumps(records, indent=1),
        lambda records: "[\n" + ",\n".join(map(json.dumps, records)) + "\n]\n",
        lambda records: json.dumps({"results": records, "meta": {"count": 3}}),
        lambda records: json.dumps({"meta": {"count": 3}, "data": records}, indent=4),
        lambda records: json.dumps({"message": {"items": records}}),
        lambda records: "\n".join(json.dumps(record, indent=2) for record in records),
        lambda records: json.dumps([{"paper": record} for record in records]),
    ],
)
def test_every_shape_of_json(tmp_path: Path, shape: Any) -> None:
    records = [RECORD | {"title": f"A paper of number {number}"} for number in range(3)]
    found = papers_of(written(tmp_path, "x.json", shape(records)))
    assert [paper.title for paper in found] == [record["title"] for record in records]
    assert [paper.sources for paper in found] == [(f"x.json#{n}",) for n in (1, 2, 3)]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ('{"title": "Half a rec', "no JSON"),
        ("null", "not a JSON object"),
        ("[1, 2]", "not a JSON object"),
        ('"a text"', "not a JSON object"),
        ("{}", "neither title nor abstract"),
        ('{"title": null, "abstract": "[No abstract available]"}', "neither title nor abstract"),
        ('{"title": {"a": []}, "abstract": [[]]}', "neither title nor abstract"),
        ("[" * 100_000, "nested too deep"),
        ('{"title":' * 100_000, "nested too deep"),
        (json.dumps({"title": "Long", "abstract": "word " * 1_000_000}), "no abstract"),
        ('{"title": ' + "9" * 5000 + "}", "no JSON"),
        ("\0\0\1garbage", "no JSON"),
    ],
)
@pytest.mark.parametrize("place", [0, 1, 2])
def test_a_bad_record_is_rejected_and_the_rest_is_read(
    tmp_path: Path, line: str, reason: str, place: int
) -> None:
    lines = [json.dumps(RECORD), json.dumps(RECORD)]
    lines.insert(place, line)
    found = all_of(written(tmp_path, "x.jsonl", "\n".join(lines)), reader="json")
    bad = [one for one in found if isinstance(one, Rejected)]
    assert len(found) - len(bad) == 2
    assert all(reason in one.reason and len(one.excerpt) <= 200 for one in bad)
    assert {(one.file, one.line) for one in bad} == {("x.jsonl", place + 1)}


@pytest.mark.parametrize("indent", [None, 2])
def test_an_array_is_read_around_a_broken_element(tmp_path: Path, indent: int | None) -> None:
    records = [RECORD | {"title": f"A paper of number {number}"} for number in range(4)]
    text = json.dumps(records, indent=indent).replace('number 1"', "number 1")
    found = all_of(written(tmp_path, "x.json", text))
    titles = [one.title for one in found if isinstance(one, Paper)]
    assert titles == [f"A paper of number {number}" for number in (0, 2, 3)]
    assert len(found) == 4


def test_what_stands_behind_an_array_is_said(tmp_path: Path) -> None:
    text = json.dumps([RECORD], indent=1) + "\n" + json.dumps([RECORD], indent=1)
    first, second = all_of(written(tmp_path, "x.json", text))
    assert isinstance(first, Paper)
    assert isinstance(second, Rejected) and "behind the end" in second.reason


@pytest.mark.parametrize("name", ["openalex.json", "semantic-scholar.json", "zotero-csl.json"])
def test_a_document_cut_off_gives_what_stands_before_the_cut(tmp_path: Path, name: str) -> None:
    text = (SAMPLES / name).read_text(encoding="utf-8")
    whole = papers_of(SAMPLES / name)
    for cut in range(1, len(text) - 5, max(1, len(text) // 40)):
        found = all_of(written(tmp_path, name, text[:cut]), reader="json")
        papers = [one for one in found if isinstance(one, Paper)]
        assert papers == whole[: len(papers)]
        assert len(papers) < len(found)
    lacking = json.dumps([RECORD, RECORD])[:-1]
    assert len(all_of(written(tmp_path, name, lacking))) == 3
    behind = json.dumps({"data": [RECORD], "next": 100})[:-4]
    assert len(all_of(written(tmp_path, name, behind))) == 2


ANY = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=8)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=6), inner, max_size=3)
    ),
    max_leaves=6,
)
KEYS = st.sampled_from(
    [
        *(
            "id",
            "ids",
            "title",
            "abstract",
            "authors",
            "author",
            "authors_parsed",
            "versions",
            "doi",
        ),
        *("DOI", "arxiv_id", "url", "published", "year", "abstract_inverted_index", "authorships"),
        *("primary_location", "locations", "paperId", "externalIds", "numComments", "organization"),
        *("issued", "container-title", "journal", "venue", "paper", "author_count", "comments"),
    ]
)


@settings(deadline=None, max_examples=150)
@given(st.dictionaries(KEYS, ANY, min_size=1))
def test_values_of_any_type_are_a_paper_or_rejected(
    tmp_path_factory: pytest.TempPathFactory, record: dict[str, Any]
) -> None:
    path = written(tmp_path_factory.mktemp("j"), "x.jsonl", json.dumps(record))
    for one in all_of(path, reader="json"):
        if isinstance(one, Paper):
            assert one.title and one.ids and one.id == one.ids[0]
            assert all(isinstance(name, str) and name for name in one.authors)
            json.dumps([one.title, one.abstract, *one.ids]).encode()


# --- XML ------------------------------------------------------------------------------------------


def test_arxivs_atom() -> None:
    first, second = papers_of(SAMPLES / "arxiv-api.xml")
    assert first.id == "arxiv:2406.11944"
    assert first.title == "Transcoders Find Interpretable LLM Feature Circuits"
    assert first.abstract.endswith("(recovery > 90%, $p < 0.05$).")
    assert first.authors == ("Jacob Dunefsky", "Philippe Chlenski", "Neel Nanda")
    assert (first.published, first.url) == ("2024-06-17", "https://arxiv.org/abs/2406.11944")
    assert second.ids[:2] == ("arxiv:hep-ex/0307015", "doi:10.1140/epjc/s2003-01326-x")
    assert second.venue == "Eur.Phys.J. C31 (2003) 17-29"


def test_an_answer_that_is_an_error_is_rejected(tmp_path: Path) -> None:
    path = written(
        tmp_path,
        "x.xml",
        '<feed xmlns="http://www.w3.org/2005/Atom"><entry><id>http://arxiv.org/api/errors#x</id>'
        "<title>Error</title><summary>incorrect id format</summary></entry></feed>",
    )
    (one,) = all_of(path)
    assert isinstance(one, Rejected) and "incorrect id format" in one.reason and one.entry == 1


def test_the_anthology() -> None:
    first, second = papers_of(SAMPLES / "acl-anthology.xml")
    assert first.ids[:2] == ("doi:10.18653/v1/2020.acl-main.1", "acl:2020.acl-main.1")
    assert first.published == "2020-07"
    assert first.authors[1] == "Grzegorz Chrupała"
    assert first.venue and first.venue.startswith("Proceedings of the 58th")
    assert second.id == "acl:2020.acl-main.467"
    assert second.title == "BART: Denoising O(n^2) Sequence-to-Sequence Pre-training"
    assert second.abstract.endswith("Code is at https://github.com/pytorch/fairseq.")
    assert second.authors == ("Mike Lewis", "Madonna")


@pytest.mark.parametrize("name", ["arxiv-api.xml", "acl-anthology.xml"])
def test_xml_cut_off_gives_what_stands_before_the_cut(tmp_path: Path, name: str) -> None:
    text = (SAMPLES / name).read_bytes()
    whole = papers_of(SAMPLES / name)
    reader = "arxiv" if "arxiv" in name else "acl"
    for cut in range(1, len(text) - 20, max(1, len(text) // 60)):
        found = all_of(written(tmp_path, name, text[:cut]), reader=reader)
        assert [one for one in found if isinstance(one, Paper)] == whole[: len(found) - 1]
        last = found[-1]
        assert isinstance(last, Rejected) and "XML" in last.reason


@pytest.mark.parametrize("reader", ["arxiv", "acl"])
def test_xml_that_explodes_is_refused(tmp_path: Path, reader: str) -> None:
    bomb = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">' + "".join(
        f'<!ENTITY {chr(98 + level)} "{f"&{chr(97 + level)};" * 10}">' for level in range(9)
    )
    path = written(
        tmp_path, "x.xml", f"<?xml version='1.0'?>{bomb}]><feed><title>&j;</title></feed>"
    )
    (one,) = all_of(path, reader=reader)
    assert isinstance(one, Rejected) and "refused" in one.reason
    outside = (
        '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/passwd">]><feed><entry>&a;</entry></feed>'
    )
    (one,) = all_of(written(tmp_path, "y.xml", outside), reader=reader)
    assert isinstance(one, Rejected) and "refused" in one.reason


# --- sources, encodings, formats ------------------------------------------------------------------


@pytest.mark.parametrize(
    "encode",
    [
        lambda text: text.encode(),
        lambda text: codecs.BOM_UTF8 + text.encode(),
        lambda text: text.encode("utf-16"),
        lambda text: codecs.BOM_UTF16_BE + text.encode("utf-16-be"),
        lambda text: text.encode("utf-32"),
        lambda text: gzip.compress(text.encode()),
        lambda text: gzip.compress(text.encode("utf-16")),
    ],
)
def test_encodings(tmp_path: Path, encode: Any) -> None:
    text = json.dumps(RECORD | {"title": "Über ein Café – 深度学习"}, ensure_ascii=False)
    (paper,) = papers_of(written(tmp_path, "x.jsonl", encode(text)))
    assert paper.title == "Über ein Café – 深度学习"


def test_a_file_of_windows_and_stray_bytes_in_utf8(tmp_path: Path) -> None:
    german = (
        "Über die Größe von Sprachmodellen und die Fähigkeit, für Bücher Schlüsse zu ziehen. " * 9
    )
    line = json.dumps({"title": german[:83], "abstract": german}, ensure_ascii=False)
    (paper,) = papers_of(written(tmp_path, "x.jsonl", line.encode("cp1252")))
    assert paper.title == german[:82]
    lines = f"{line}\n" * 50 + json.dumps(RECORD | {"title": "A stray na?ve one"}).replace("?", "ï")
    stray = lines.encode().replace("ï".encode(), b"\xef")
    found = papers_of(written(tmp_path, "y.jsonl", stray))
    assert (found[0].title, found[-1].title) == (german[:82], "A stray naïve one")


def test_far_beyond_the_first_look_an_encoding_is_still_recognised(tmp_path: Path) -> None:
    plain = json.dumps(RECORD) + "\n"
    chinese = {"title": "深度学习综述研究", "abstract": "我们提出一种新的方法。" * 40}
    text = plain * 5000 + json.dumps(chinese, ensure_ascii=False)
    found = papers_of(written(tmp_path, "x.jsonl", text.encode("gb18030")))
    assert found[-1].title == "深度学习综述研究"


def test_a_compressed_file_cut_off_gives_what_can_be_read(tmp_path: Path) -> None:
    numbers = random.Random(7)
    lines = [
        json.dumps(RECORD | {"title": f"A paper of number {numbers.random()}"}) for _ in range(2000)
    ]
    whole = gzip.compress("\n".join(lines).encode())
    found = all_of(written(tmp_path, "x.jsonl.gz", whole[: len(whole) // 2]))
    papers = [one for one in found if isinstance(one, Paper)]
    assert 500 < len(papers) < 1500
    assert [one.reason for one in found if isinstance(one, Rejected)][-1].startswith(
        "the compressed file is damaged"
    )


FILES = {
    "acl-anthology.xml": "ACL Anthology XML",
    "arxiv-api.xml": "arXiv's Atom XML",
    "arxiv-snapshot.jsonl": "JSON",
    "crossref.json": "JSON",
    "zotero-csl.json": "JSON",
    **{path.name: "text of Hugging Face" for path in CAPTURES},
}
BEGINNINGS = {
    "@article{a,\n title={B}}": "BibTeX",
    "Scopus\nEXPORT DATE: 12 May 2023\n\n@ARTICLE{Smith2021,\n author={A}": "BibTeX",
    "@inproceedings{ WOS:000123,\nTitle = {{A}}": "BibTeX",
    "% a comment\n@misc{x, title={y}}": "BibTeX",
    "\ufeffTY  - JOUR\nTI  - A\nER  -\n": "RIS",
    "\n\nTY  - CONF\r\nT1  - A\r\n": "RIS",
    "PMID- 123\nOWN - NLM\nTI  - A title\n": "MEDLINE / nbib",
    "\n\nPMID- 123\r\nOWN - NLM\r\nTI  - A\r\n": "MEDLINE / nbib",
    "FN Clarivate Analytics Web of Science\nVR 1.0\nPT J\nAU A\n": "Web of Science tagged text",
    "\ufeffFN Thomson Reuters Web of Science™\r\nVR 1.0\r\n": "Web of Science tagged text",
    "Authors,Title,Year,Abstract\nA,B,2020,C\n": "CSV or TSV",
    '\ufeff"Authors","Author full names","Title","Year"\n': "CSV or TSV",
    "PT\tAU\tBA\tTI\tSO\tAB\nJ\tA\t\tB\tC\tD\n": "CSV or TSV",
    "sep=;\nDocument Title;Authors\nA;B\n": "CSV or TSV",
    "PMID,Title,Authors\n1,A,B\n": "CSV or TSV",
    "<?xml version='1.0'?>\n<!DOCTYPE PubmedArticleSet>\n<PubmedArticleSet>\n": "PubMed XML",
    "PAR1\x15\x04": "Parquet",
    "PK\x03\x04\x14\0": "Excel workbook",
    '{"title": "x"}': "JSON",
    "[]": "JSON",
}


@pytest.mark.parametrize(("name", "expected"), FILES.items())
def test_samples_are_detected_whatever_they_are_called(
    tmp_path: Path, name: str, expected: str
) -> None:
    for path in (SAMPLES / name, written(tmp_path, "x.dat", (SAMPLES / name).read_bytes())):
        found = read.detect(Source(path.name, path))
        assert found and found.description.startswith(expected)


@pytest.mark.parametrize(("content", "expected"), BEGINNINGS.items())
def test_beginnings_are_detected(tmp_path: Path, content: str, expected: str) -> None:
    path = written(tmp_path, "x.txt", content)
    found = read.detect(Source(path.name, path))
    assert found and found.description.startswith(expected)
    assert found in read.FORMATS.values()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("x.txt", "Some text that is nothing in particular.\nMore of it."),
        ("x.csv", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + bytes(range(256)) * 9),
        ("x.pdf", b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n<<"),
        ("x.xml", "<html><body><title>No papers</title></body></html>"),
        ("x.xml", '<feed xmlns="http://www.w3.org/2005/Atom"><title>A blog</title></feed>'),
        ("x", bytes(range(256)) * 100),
        ("x", b"\n" * 200_000 + b"x"),
    ],
)
def test_a_file_of_no_known_format_is_an_error_that_lists_them(
    tmp_path: Path, name: str, content: str | bytes
) -> None:
    started = time.monotonic()
    with pytest.raises(KgError) as error:
        all_of(written(tmp_path, name, content))
    assert all(format_name in str(error.value) for format_name in read.FORMATS)
    assert "--reader" in error.value.remedy
    assert time.monotonic() - started < 5


@pytest.mark.parametrize("content", [b"", b" \n\n\t", codecs.BOM_UTF8, gzip.compress(b"")])
def test_an_empty_file_is_rejected(tmp_path: Path, content: bytes) -> None:
    (one,) = all_of(written(tmp_path, "x.bib", content))
    assert one == Rejected("x.bib", None, None, "the file is empty")


def test_what_cannot_be_opened_is_an_error_with_a_remedy(tmp_path: Path) -> None:
    with pytest.raises(KgError, match=r"papers/\*\.bib"):
        all_of(tmp_path)
    with pytest.raises(KgError, match="No such file"):
        all_of(tmp_path / "none.bib")
    with pytest.raises(KgError, match="null"):
        all_of(Path("a\0b"))


def test_options_that_no_input_takes_are_an_error() -> None:
    with pytest.raises(KgError, match="--columns"):
        all_of(SAMPLES / "papers.jsonl", columns={"title": "T"})
    with pytest.raises(KgError, match="--captured"):
        all_of(SAMPLES / "papers.jsonl", captured=datetime.date(2026, 1, 1))
    with pytest.raises(KgError, match="no reader 'pdf'"):
        all_of(SAMPLES / "papers.jsonl", reader="pdf")


def test_nothing_found_is_said(tmp_path: Path) -> None:
    (one,) = all_of(written(tmp_path, "x.xml", "<feed/>"), reader="arxiv")
    assert isinstance(one, Rejected) and "no paper found" in one.reason


def test_sources(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    names = []
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        names.append(str(written(tmp_path / folder, "x.txt", folder)))
    names.append(str(written(tmp_path / "b", "y.txt", "y")))
    stdin = io.TextIOWrapper(io.BytesIO(gzip.compress(json.dumps(RECORD).encode())))
    monkeypatch.setattr("sys.stdin", stdin)
    with read.sources([names[0], "-", *names, "-"]) as made:
        assert [source.name for source in made] == ["-", "a/x.txt", "b/x.txt", "y.txt"]
        (paper,) = read.papers(made[:1])
        assert isinstance(paper, Paper) and paper.sources == ("-#1",)
        spool = made[0].path
    assert not spool.exists()


@settings(deadline=None, max_examples=60)
@given(st.binary(max_size=300), st.sampled_from(["hf", "json", "arxiv", "acl", None]))
def test_junk_is_rejected_or_an_error(
    tmp_path_factory: pytest.TempPathFactory, junk: bytes, reader: str | None
) -> None:
    path = written(tmp_path_factory.mktemp("f"), "x.bin", junk)
    try:
        found = all_of(path, reader=reader)
    except KgError as error:
        assert error.remedy
    else:
        assert found


def test_spoiled_samples_raise_nothing(tmp_path: Path) -> None:
    chance = random.Random(11)
    names = [name for name in FILES if not name.startswith("00")] + [CAPTURES[0].name]
    for name in names:
        content = bytearray((SAMPLES / name).read_bytes())
        reader = next(
            key
            for key, one in read.FORMATS.items()
            if one == read.detect(Source("", SAMPLES / name))
        )
        for _ in range(20):
            spoiled = bytearray(content)
            for _ in range(chance.randrange(1, 20)):
                spoiled[chance.randrange(len(spoiled))] = chance.randrange(256)
            try:
                assert all_of(written(tmp_path, name, bytes(spoiled)), reader=reader)
            except KgError as error:
                assert error.remedy


# --- fields ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("2406.11944", "arxiv:2406.11944"),
        ("arXiv:2406.11944v12", "arxiv:2406.11944"),
        ("arxiv.2406.11944", "arxiv:2406.11944"),
        ("http://arxiv.org/abs/2406.11944v2", "arxiv:2406.11944"),
        ("https://arxiv.org/pdf/2406.11944.pdf", "arxiv:2406.11944"),
        ("https://www.arxiv.org/html/2406.11944v1/", "arxiv:2406.11944"),
        ("export.arxiv.org/abs/0704.0001?context=cs", "arxiv:0704.0001"),
        ("https://huggingface.co/papers/2406.11944", "arxiv:2406.11944"),
        ("https://doi.org/10.48550/arXiv.2406.11944", "arxiv:2406.11944"),
        ("10.48550/ARXIV.2406.11944", "arxiv:2406.11944"),
        ("oai:arXiv.org:0704.0001", "arxiv:0704.0001"),
        ("hep-th/9901001v3", "arxiv:hep-th/9901001"),
        ("math.GT/0309136", "arxiv:math/0309136"),
        ("arXiv:cs.CL/0101001 [cs.CL]", "arxiv:cs/0101001"),
        ("2413.11944", None),
        ("1234.5678", None),
        ("10.1145/2406.11944", None),
        ("none", None),
        ("", None),
    ],
)
def test_arxiv_ids(raw: str, expected: str | None) -> None:
    assert curies.arxiv(raw) == expected


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("10.1162/TACL_a_00001", ["doi:10.1162/tacl_a_00001"]),
        ("https://doi.org/10.1162/tacl%5Fa_00001", ["doi:10.1162/tacl_a_00001"]),
        ("doi: 10.1016/0004-3702(94)90041-8.", ["doi:10.1016/0004-3702(94)90041-8"]),
        ("(https://dx.doi.org/10.1000/x)", ["doi:10.1000/x"]),
        (
            "10.1002/(SICI)1097-0258(19960229)15:4&lt;361::AID-SIM168&gt;3.0.CO;2-4",
            ["doi:10.1002/(sici)1097-0258(19960229)15:4<361::aid-sim168>3.0.co;2-4"],
        ),
        (r"10.1007/978-3-030-12345-6{\_}12", ["doi:10.1007/978-3-030-12345-6_12"]),
        (
            "10.1103/PhysRevD.1 10.1103/PhysRevD.2",
            ["doi:10.1103/physrevd.1", "doi:10.1103/physrevd.2"],
        ),
        ("10.18653/v1/P19-1001", ["doi:10.18653/v1/p19-1001", "acl:P19-1001"]),
        ("not a doi", []),
        ("10.1/x", []),
    ],
)
def test_dois(raw: str, expected: list[str]) -> None:
    assert list(curies.dois(raw)) == expected


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("2021", "2021"),
        ("2021.0", "2021"),
        ("2021-05", "2021-05"),
        ("2021-05-03T10:00:00Z", "2021-05-03"),
        ("2021/05/03/", "2021-05-03"),
        ("2021/05//", "2021-05"),
        ("2021///Spring", "2021"),
        ("2021-00-00", "2021"),
        ("2021-02-30", "2021-02"),
        ("20210503", "2021-05-03"),
        ("May 2021", "2021-05"),
        ("2021 May 3", "2021-05-03"),
        ("2021 Dec 15-31", "2021-12"),
        ("2021 Nov-Dec", "2021"),
        ("2020 Dec-2021 Jan", "2020"),
        ("Spring 2021", "2021"),
        ("3rd September 2021", "2021-09-03"),
        ("JAN 15 2021", "2021-01-15"),
        ("Mon, 2 Apr 2007 19:18:42 GMT", "2007-04-02"),
        ("12/2021", "2021-12"),
        ("13.05.2021", "2021-05-13"),
        ("05/13/2021", "2021-05-13"),
        ("03/04/2021", "2021"),
        ("03.04.2021", "2021-04-03"),
        ("July–August 2020", "2020"),
        ("[2020]", "2020"),
        ("in press", None),
        ("0000", None),
        ("9999-01-01", None),
        ("", None),
        ("  ", None),
        ("12", None),
    ],
)
def test_dates(raw: str, expected: str | None) -> None:
    assert date(raw) == expected


@settings(deadline=None)
@given(st.text(alphabet="0123456789-/. TZ:JanMayDec", max_size=14))
def test_a_date_is_a_date_or_none(raw: str) -> None:
    found = date(raw)
    if found:
        datetime.date.fromisoformat((found + "-01-01")[:10])
        assert found[:4] in raw.replace("/", "").replace(" ", "") or found[:4] in raw


def test_papers_of_one_common_title_do_not_meet() -> None:
    first = fields.paper("a#1", title="Editorial", doi="10.1000/1")
    second = fields.paper("a#2", title="Editorial", doi="10.1000/2")
    third = fields.paper("a#3", title="Letter to the Editor", doi="10.1000/3")
    fourth = fields.paper("a#4", title="Letter to the Editor", doi="10.1000/4")
    assert len(read.merge([first, second, third, fourth])) == 4
    assert fields.paper("a#5", title="LLaMA").id.startswith("title:")


def test_a_paper_without_a_title_is_called_by_its_first_sentence() -> None:
    paper = fields.paper("a#1", title=None, abstract="We ask why e.g. X fails. Then we answer.")
    assert paper.title == "We ask why e.g. X fails."
    assert paper.abstract == "We ask why e.g. X fails. Then we answer."
    other = fields.paper("a#2", title="Why X", ids=paper.ids)
    assert [one.title for one in read.merge([paper, other])] == ["Why X"]
    for nothing in ("", "...", "[Untitled]", None):
        with pytest.raises(ValueError, match="neither"):
            fields.paper("a#1", title=nothing, abstract="[No abstract available]")


# --- merging --------------------------------------------------------------------------------------

IDS = st.sampled_from(
    [f"{prefix}:{number}" for prefix in ("arxiv", "doi", "title") for number in range(4)]
)
RECORDS = st.builds(
    lambda ids, **values: Paper(id=curies.ordered(ids)[0], ids=tuple(ids), **values),
    ids=st.lists(IDS, min_size=1, max_size=3),
    title=st.sampled_from(["A title", "A TITLE", "a title of words", "A sentence."]),
    abstract=st.sampled_from(["", "short", "longer", "another"]),
    published=st.sampled_from([None, "2021", "2021-05", "2021-05-03", "2020-01-01"]),
    url=st.sampled_from(
        [None, "https://arxiv.org/abs/2406.11944", "https://x.org", "https://y.org"]
    ),
    authors=st.sampled_from([(), ("A",), ("A", "B"), ("C", "D")]),
    author_count=st.sampled_from([None, 1, 3]),
    organization=st.sampled_from([None, "X", "Yz"]),
    venue=st.sampled_from([None, "V"]),
    comments=st.sampled_from([None, 0, 7]),
    sources=st.sampled_from([("a#1",), ("a#2",), ("b#1", "a#1")]),
)
PILES = st.lists(RECORDS, max_size=8)


@settings(deadline=None)
@given(PILES, PILES)
def test_merging_does_not_depend_on_the_order(first: list[Paper], second: list[Paper]) -> None:
    merged = read.merge(first + second)
    assert read.merge(second + first) == merged
    assert read.merge(read.merge(first) + second) == merged
    assert read.merge(read.merge(second) + read.merge(first)) == merged
    assert read.merge(merged) == merged
    assert read.merge(merged + first) == merged


@settings(deadline=None)
@given(PILES)
def test_papers_are_the_components_of_records_that_share_an_id(pile: list[Paper]) -> None:
    graph = nx.Graph()
    for place, paper in enumerate(pile):
        graph.add_edges_from((place, curie) for curie in paper.ids)
    merged = read.merge(pile)
    components = {
        frozenset(node for node in component if isinstance(node, str))
        for component in nx.connected_components(graph)
    }
    assert {frozenset(paper.ids) for paper in merged} == components
    assert [paper.id for paper in merged] == sorted({paper.id for paper in merged})
    assert {source for paper in merged for source in paper.sources} == {
        source for paper in pile for source in paper.sources
    }


def test_the_more_complete_field_wins() -> None:
    first = fields.paper(
        "a#1", title="DEEP THINGS OF OLD", doi="10.1000/1", published="2021", authors=["A", "B"]
    )
    second = fields.paper(
        "b#1",
        title="Deep things of old",
        abstract="We dig.",
        arxiv="2101.00001",
        published="2021-01-02",
        comments=3,
    )
    (paper,) = read.merge([first, second])
    assert paper.ids[:2] == ("arxiv:2101.00001", "doi:10.1000/1") and paper.id == paper.ids[0]
    assert (paper.title, paper.abstract) == ("Deep things of old", "We dig.")
    assert (paper.published, paper.authors, paper.comments) == ("2021-01-02", ("A", "B"), 3)
    assert paper.sources == ("a#1", "b#1")
    assert paper.url == "https://arxiv.org/abs/2101.00001"


def test_a_chain_of_many_records_is_one_paper() -> None:
    def chain() -> Iterator[Paper]:
        for number in range(20_000):
            yield Paper(
                f"doi:{number:06}",
                "T",
                ids=(f"doi:{number:06}", f"doi:{number + 1:06}"),
                sources=(f"a#{number}",),
            )

    records = list(chain())
    random.Random(3).shuffle(records)
    (paper,) = read.merge(records)
    assert len(paper.ids) == 20_001
    assert read.merge([replace(paper, ids=paper.ids[::-1])]) == [paper]
