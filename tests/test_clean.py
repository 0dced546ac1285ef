import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from kg import clean

FRAGMENTS = st.sampled_from(
    [
        *(
            "&amp;",
            "&lt;",
            "&gt;",
            "&#x26;",
            "lt;",
            "amp;",
            "&#38;",
            "&nbsp;",
            "&copy;",
            "&",
            ";",
            "<",
        ),
        *(
            ">",
            "<i>",
            "</i>",
            "<jats:p>",
            "<jats:title>",
            "Abstract",
            "</jats:title>",
            "<sub",
            "2</sub>",
        ),
        *(
            "\0",
            "\u200b",
            "\ud83d",
            "\ude00",
            "\ufeff",
            "e\u0301",
            "Ã©",
            "â€™",
            "ﬁ",
            "\u2028",
            "\t",
            "\n ",
        ),
        *(
            "Results",
            "RESULTS:",
            "Background",
            "Here",
            "We",
            ".",
            "?",
            " ",
            "problems.",
            ": ",
            "Abstract: ",
        ),
        *(
            "© 2021 Elsevier Ltd",
            "All rights reserved.",
            "(c) 2020 The Authors",
            "Published by Elsevier Ltd",
        ),
        *(
            "This article is protected by copyright.",
            "no abstract available",
            "[",
            "]",
            "Copyright",
            "$x<y$",
        ),
    ]
)
TEXTS = st.one_of(
    st.text(), st.lists(st.one_of(FRAGMENTS, st.text(max_size=3)), max_size=12).map("".join)
)


@settings(deadline=None)
@given(TEXTS)
@example("&am&amp;p;lt;i&gt;")
def test_cleaning_twice_is_cleaning_once(raw: str) -> None:
    for cleaned in (clean.text, clean.title, clean.abstract):
        once = cleaned(raw)
        assert cleaned(once) == once


@settings(deadline=None)
@given(TEXTS)
def test_what_is_clean_is_one_line_that_can_be_written(raw: str) -> None:
    line = clean.text(raw)
    assert line == " ".join(line.split())
    assert line.encode("utf-8").decode() == line
    assert not any(ord(character) < 32 or 127 <= ord(character) < 160 for character in line)


@settings(deadline=None)
@given(
    st.text(
        alphabet=st.characters(
            codec="ascii", categories=["L", "N", "Zs", "Sm"], exclude_characters=">"
        )
    )
)
def test_plain_words_stay_as_they_are(raw: str) -> None:
    assert clean.text(raw) == " ".join(raw.split())


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("p < 0.05, x<y and a<b c> d", "p < 0.05, x<y and a<b c> d"),
        ("0.1<p<0.5; 3 <i 5", "0.1<p<0.5; 3 <i 5"),
        (
            "tokens <s>, </s>, <mask>, <think> and <SEG>",
            "tokens <s>, </s>, <mask>, <think> and <SEG>",
        ),
        ("(p &lt; 0.05) &amp;amp; more", "(p < 0.05) & more"),
        ("H<sub>2</sub>O and <jats:italic>E. coli</jats:italic>", "H2O and E. coli"),
        ("one<br/>two<p>three</p>", "one two three"),
        ('see <a href="https://x.org/?a=1&copy=2">here</a>', "see here"),
        ("https://x.org/?a=1&copy=2&lt=3", "https://x.org/?a=1&copy=2&lt=3"),
        ("<mml:math><mml:mi>x</mml:mi></mml:math> &#x3b1;", "x α"),
        ("<![CDATA[A & B]]>", "A & B"),
        ("AT&T; R&D; &unknown; &A;", "AT&T; R&D; &unknown; &A;"),
        ("cafe\u0301 \ud83d\ude00 \ud83d x\0y\u200bz", "café 😀 xyz"),
        ("eﬃcient ﬁne-tuning", "efficient fine-tuning"),
        ("the authorâ€™s naÃ¯ve model", "the author’s naïve model"),
        ("Ã la carte, SÃO PAULO", "Ã la carte, SÃO PAULO"),
        (r"$\alpha$-divergence, H\"older, 5\%", r"$\alpha$-divergence, H\"older, 5\%"),
        (None, ""),
        (17, ""),
        (["a"], ""),
    ],
)
def test_text(raw: object, expected: str) -> None:
    assert clean.text(raw) == expected


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("A study of birds.", "A study of birds"),
        ("Smith et al.", "Smith et al."),
        ("Agents in the U.S.A.", "Agents in the U.S.A."),
        ("To be or not...", "To be or not..."),
        ("Is it?", "Is it?"),
        ("[Not Available].", ""),
        ("null", ""),
        ("Null results in learning", "Null results in learning"),
    ],
)
def test_title(raw: str, expected: str) -> None:
    assert clean.title(raw) == expected


@pytest.mark.parametrize(
    "raw",
    [
        "[No abstract available]",
        "No abstract available.",
        "[ABSTRACT NOT AVAILABLE]",
        "An abstract is unavailable. This article is available as HTML full text and PDF.",
        "No abstract",
        "Abstract",
        "N/A",
        "nan",
        "-",
        "<p>No abstract is available for this article.</p>",
        "© 2021 Elsevier Ltd. All rights reserved.",
        " ",
    ],
)
def test_no_abstract_is_none(raw: str) -> None:
    assert clean.abstract(raw) == ""


BODY = "We propose a new model. It works well."


@pytest.mark.parametrize(
    "tail",
    [
        " © 2021 Elsevier Ltd",
        " © 2021 Elsevier Ltd. All rights reserved.",
        "© 2021, The Author(s), under exclusive licence to Springer Nature Switzerland AG.",
        " © The Author(s) 2020. Published by Oxford University Press.",
        " Copyright © 2019 John Wiley & Sons, Ltd.",
        " (C) 2013 Elsevier B.V. All rights reserved.",
        " (C) 2012 Published by Elsevier Ltd. Peer-review under responsibility of X.",
        " Crown Copyright © 2020 Published by Elsevier Inc. All rights reserved.",
        " Copyright (c) 2020 The Authors.",
        " © 2020 IEEE.",
        " Published by Elsevier Inc.",
        " This article is protected by copyright. All rights reserved.",
        " [ABSTRACT FROM AUTHOR]",
        " Copyright of Neural Computing is the property of Springer Nature and its content may not"
        " be copied or emailed to multiple sites without the copyright holder's written permission."
        " (Copyright applies to all Abstracts.)",
        " &copy; 2018 by the authors. Licensee MDPI, Basel, Switzerland.",
    ],
)
def test_a_copyright_notice_goes(tail: str) -> None:
    assert clean.abstract(BODY + tail) == BODY


@pytest.mark.parametrize(
    "notice",
    ["© 2016 IEEE.", "© 2015 Elsevier B.V. All rights reserved.", "Copyright © 2015 ACM. "],
)
def test_a_copyright_notice_in_front_goes(notice: str) -> None:
    assert clean.abstract(notice + BODY) == BODY


@pytest.mark.parametrize(
    "raw",
    [
        "We test (a) a model, (b) data and (c) 2020 news items from three countries.",
        "We study copyright. Copyright law and generative models meet in the work of 2021.",
        "Detectors of © signs are rare, so we propose one that shows good results on logos.",
        "Abstract interpretation is a theory of sound approximation.",
        "Abstract Meaning Representation (AMR) is a formalism.",
        "Abstractive summarization compresses text.",
        "Abstract-level reasoning matters.",
        "AbstractBeam finds programs. It uses library learning.",
        "Next.js and Node.JS run in ASP.NET; see github.com/In-Time and e.g.We.",
        "ResultsDB stores what PointNet and BackgroundNet find.",
        "Results show that None of the methods is available.",
        "The ratio is 3.5:A and the version is V.The one.",
    ],
)
def test_an_abstract_that_only_looks_like_it_stays(raw: str) -> None:
    assert clean.abstract(raw) == raw


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("Many problems.Results Here, we win.", "Many problems. Results Here, we win."),
        ("Many problems.RESULTS: Here, we win.", "Many problems. RESULTS: Here, we win."),
        ("BACKGROUND:We ask. METHODS:They answer.", "BACKGROUND: We ask. METHODS: They answer."),
        (
            "BackgroundThe need is great. ResultsWe win.",
            "Background: The need is great. Results: We win.",
        ),
        ("It grew (by 5%).In this work, we ask.", "It grew (by 5%). In this work, we ask."),
        ("Abstract\n  We win.", "We win."),
        ("ABSTRACT We win.", "We win."),
        ("Abstract—This paper wins.", "This paper wins."),
        ("Abstract: Objective: To win.", "Objective: To win."),
        ("AbstractWe win.", "We win."),
        ("<jats:title>Abstract</jats:title><jats:p>We win.</jats:p>", "We win."),
        (
            "<jats:sec><jats:title>Background</jats:title><jats:p>We ask.</jats:p></jats:sec>"
            "<jats:sec><jats:title>Results:</jats:title><jats:p>We win.</jats:p></jats:sec>",
            "Background: We ask. Results: We win.",
        ),
        ("First paragraph.\n\nSecond paragraph.", "First paragraph. Second paragraph."),
    ],
)
def test_headings_and_labels(raw: str, expected: str) -> None:
    assert clean.abstract(raw) == expected


@pytest.mark.parametrize(
    "other",
    [
        "Holder's DINO-WM: Pre-training alpha",
        '{DINO}-{WM}: Pretraining of H{\\"o}lder',
    ],
)
def test_titles_differ_when_their_words_do(other: str) -> None:
    assert clean.title_key(other) != clean.title_key("DINO-WM: Pre-training")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Attention Is All You Need", "attention is all you need."),
        ("{DINO-WM}: World {Models}", "DINO–WM  world models"),
        (r"H\"older regularity", "Hölder Regularity"),
        (r"\textbf{Deep} {\'E}tude $\alpha$", "Deep Étude α"),
        ("100% sure", r"100\% sure"),
        ("Łódź straße", "Lodz strasse"),
    ],
)
def test_titles_agree(one: str, other: str) -> None:
    assert clean.title_key(one) == clean.title_key(other) != ""


def test_hostile_nesting_ends() -> None:
    assert len(clean.text("&amp;" * 1 + "amp;" * 200_000)) < 1_000_000
    assert len(clean.text("<i" * 50_000 + ">" * 50_000)) < 1_000_000
