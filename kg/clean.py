"""Clean the text that a source gives, once: every offset of the graph counts in what comes out.

``text`` takes the dress off (entities, tags, controls, white space) and leaves the words alone;
LaTeX stays as it is written.  ``title`` and ``abstract`` also take off what is not the author's.
All are idempotent.
"""

import html
import re
import unicodedata
from functools import lru_cache
from typing import Any, Final

#: Tags that end a line, and tags within a line: ``H<sub>2</sub>O`` is one word.  Only these are
#: taken for tags, for texts on language models speak of ``<s>``, ``<mask>`` and ``<think>``.
_BLOCK: Final = (
    "p|br|div|sec|title|list|list-item|ul|ol|li|label|h[1-6]|section|article|abstract|abstracttext|disp-quote"
    "|disp-formula|break|table|tr|td"
)
_INLINE: Final = (
    "i|b|em|strong|sub|sup|sc|tt|u|italic|bold|underline|monospace|roman|sans-serif|small|span|font"
    "|inf|scp|fixed-case|tex-math|inline-formula|alternatives|named-content|styled-content|xref"
    "|ext-link|uri|email|overline|strike|math|semantics|annotation|a"
)
_ATTRIBUTES: Final = r"""(?:\s+[\w:.-]+\s*=\s*(?:"[^"<>]*"|'[^'<>]*'|[^\s"'<>=]+))*\s*/?>"""
_PREFIX: Final = r"</?(?:(?:jats|xhtml|html|ns\d|bold|inline):)?"
_BLOCK_TAG: Final = re.compile(rf"{_PREFIX}(?:{_BLOCK}){_ATTRIBUTES}", re.IGNORECASE)
_INLINE_TAG: Final = re.compile(
    rf"(?:{_PREFIX}(?:{_INLINE})|</?(?:mml|m):[a-z]+){_ATTRIBUTES}", re.IGNORECASE
)
_MARKUP: Final = re.compile(r"<!--.*?-->|<!\[CDATA\[|\]\]>", re.DOTALL)
#: With the semicolon only: ``?id=1&copy=2`` in an address names no character.
_ENTITY: Final = re.compile(
    r"&(?:amp;|#0*38;|#[xX]0*26;)*(#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[a-zA-Z]\w{1,31});"
)

_UNSEEN: Final = re.compile(
    "[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\u00ad\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f"
    "\ufeff\ufff9-\ufffb\ufffe\uffff\U000e0000-\U000e007f]"
)
_SURROGATE: Final = re.compile("[\ud800-\udfff]")
_MOJIBAKE: Final = re.compile(
    "[ÂÃÄÅâÎÏÐÑã][\x80-\xbf\u0152-\u0192\u02c6\u02dc\u2013-\u203a\u20ac\u2122]"
)
_LIGATURES: Final = {
    0xFB00: "ff",
    0xFB01: "fi",
    0xFB02: "fl",
    0xFB03: "ffi",
    0xFB04: "ffl",
    0xFB05: "st",
    0xFB06: "st",
}
_LIGATURE: Final = re.compile("[\ufb00-\ufb06]")
_PASSES: Final = 16


def text(raw: Any) -> str:
    """Give ``raw`` in Unicode NFC on one line, without entities, tags and unseen characters.

    Anything but a string is no text.

    >>> text("The  <i>p</i>&#8209;value (p &lt; 0.05)\\n of H<sub>2</sub>O, x<y")
    'The p‑value (p < 0.05) of H2O, x<y'
    """
    if not isinstance(raw, str):
        return ""
    line = " ".join(raw.split())
    # Nested escapes (``&amp;lt;``) are undone layer by layer; the bound is for hostile input.
    for _ in range(_PASSES):
        if line.isascii() and line.isprintable() and "&" not in line and "<" not in line:
            break
        before, line = line, _pass(line)
        if line == before:
            break
    return line


def _pass(line: str) -> str:
    if "&" in line:
        line = _ENTITY.sub(_character, line)
    if "<" in line:
        line = _BLOCK_TAG.sub(" ", _MARKUP.sub(" ", line))
        line = _INLINE_TAG.sub("", line)
    if not line.isascii():
        line = _repaired(line)
    return " ".join(_UNSEEN.sub("", line).split())


def _character(match: re.Match[str]) -> str:
    entity = f"&{match[1]};"
    character = html.unescape(entity)
    return f"&{match[1]};" if character == entity else character


def _repaired(line: str) -> str:
    if _SURROGATE.search(line):
        # Halves that stand together are a character; a half that stands alone is nothing.
        line = line.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "ignore")
    if _LIGATURE.search(line):
        line = line.translate(_LIGATURES)
    if _MOJIBAKE.search(line):
        import ftfy

        line = ftfy.fix_encoding(line)
    return unicodedata.normalize("NFC", line)


_NO_TITLE: Final = re.compile(
    r"\W*(?:no title(?: available)?|title not available|untitled|not available|none|null|nan|n/?a)?"
    r"\W*",
    re.IGNORECASE,
)


def title(raw: Any) -> str:
    """Give the title in ``raw``; what only says that there is none is none.

    A final full stop goes (PubMed sets one), unless it belongs to the last word.

    >>> title("A <b>new</b> method.")
    'A new method'
    >>> title("[Untitled]")
    ''
    """
    line = text(raw)
    if _NO_TITLE.fullmatch(line):
        return ""
    last = line.rsplit(" ", 1)[-1]
    if line.endswith(".") and len(last) > 4 and "." not in last[:-1]:
        return line[:-1]
    return line


_NO_ABSTRACT: Final = re.compile(
    r"""\W*(?:
      (?:sorry,\ )?(?:there\ is\ )?no\ (?:abstract|summary)
      (?:\ (?:is\ )?(?:available|provided|found|given))?
    | (?:an\ |the\ )?(?:abstract|summary)\ (?:is\ )?
      (?:not\ (?:available|provided)|unavailable|missing)
      (?:\.\ This\ article\ is\ available\ as\ .{1,80})?
    | not\ available | none | null | nan | n/?a | abstract | undefined | tba | tbd
    )?(?:\ for\ this\ (?:article|paper|record))?\W*""",
    re.IGNORECASE | re.VERBOSE,
)

#: Words that begin a sentence, and the labels of structured abstracts: a full stop glued to one
#: of them, or a label glued to an opener, lost its blank.
_OPENERS: Final = (
    "A|An|The|This|These|Those|We|Our|Here|In|It|To|For|From|With|While|When|As|By|On|At|Of"
    "|However|Moreover|Furthermore|Although|Despite|Finally|Thus|Therefore|Recent|Recently|There"
    "|Both|Many|Most|Such|Using|Based|Given|Each|All|Two|Three"
)
_CAPITALIZED: Final = (
    "Abstract|Aims?|Approach|Availability(?: and implementation)?"
    "|Background(?: and [Oo]bjectives?)?|Conclusions?|Contexts?|Contributions?|Data [Ss]ources?"
    "|Design(?:/methodology/approach)?|Discussion|Evaluation|Findings|Funding|Hypothes[ie]s"
    "|Implications|Importance|Interpretation|Introduction|Key [Ww]ords|Limitations"
    "|Main [Rr]esults?|Main [Oo]utcome [Mm]easures?|Materials? (?:and|&) [Mm]ethods|Measurements?"
    "|Methodology|Methods?(?: and (?:[Mm]aterials|[Rr]esults))?|Motivation|Objectives?"
    "|Originality/value|Outcomes?|Participants|Patients|Practical [Ii]mplications|Problem|Purpose"
    "|Rationale|Registration|Relevance|Research [Ll]imitations/implications"
    "|Results?(?: and [Dd]iscussion)?|Scope|Settings?|Significance|Study (?:[Dd]esign|[Ss]election)"
    "|Summary|Supplementary [Ii]nformation|Trial [Rr]egistration"
)
_LABELS: Final = f"{_CAPITALIZED}|{_CAPITALIZED.upper()}"
_HEADING: Final = re.compile(
    r"<((?:jats:|\w+:)?title)>\s*([^<>]{1,80}?)\s*[:.]?\s*</\1>", re.IGNORECASE
)
_ABSTRACT_HEADING: Final = re.compile(
    rf"(?:(?i:abstract)\s*(?:[:.]|[—–]|--?\s)[\s—–-]*|ABSTRACT\s+(?=[A-Z])"
    rf"|Abstract\s?(?=(?:{_OPENERS}|{_LABELS})(?:[\s,:])))"
)
#: A capital that something is glued to, if what follows it begins a sentence; what is before it.
_GLUED: Final = re.compile(r"[A-Z](?<=[a-z.!?:][A-Z])")
_BEGINNING: Final = re.compile(rf"(?:{_LABELS}|{_OPENERS})[\s,:]")
_OPENING: Final = re.compile(rf"(?:{_OPENERS})[\s,]")
_END_BEFORE: Final = re.compile(r"[a-z0-9)\]%\"'”][.!?]$")
_LABEL_BEFORE: Final = re.compile(rf"(?:^|[.!?]\s)(?:{_LABELS})$")
_COLON_BEFORE: Final = re.compile(rf"\b(?:{_LABELS}):$")
_LONGEST_LABEL: Final = 48
_SPEECH: Final = re.compile(
    r"\b(?:we|our|this (?:paper|study|work)|propos\w+|results?|show\w*|approach|method)\b",
    re.IGNORECASE,
)
_NOTICES: Final = (
    re.compile(r"\s*\[ABSTRACT FROM (?:AUTHOR|PUBLISHER)S?\]\.?$", re.IGNORECASE),
    re.compile(r"\s*Copyright of .{1,200} is the property of .{1,600}$"),
    re.compile(r"\s*\(Copyright applies to all Abstracts\.\)$"),
    re.compile(r"(?:(?<=[.!?\])])\s*|\s+)All rights (?:are )?reserved\.?$", re.IGNORECASE),
    re.compile(r"\s*This article is protected by copyright\.?$", re.IGNORECASE),
    re.compile(
        r"(?<=[.!?\])])\s*Published by [A-Z][^.]{0,80}"
        r"(?:Ltd|Inc|B\.V|LLC|GmbH|Press|Limited|AG|S\.A)\.?$"
    ),
)
_COPYRIGHT: Final = re.compile(
    r"""(?:(?<=[.!?:;)\]"'”])\s*|\s+|^)
    (?:Crown\ )?(?:Copyrights?\s*)?
    (?:(?:©|&copy;)\s*(?:Copyright\s*)?(?=\d{4}|[A-Z(])
     |\([cC]\)\s*(?:Copyright\s*)?
      (?=(?:19|20)\d\d,?\s*(?:[A-Z(]|by\ |the\ [Aa]uthor)|The\ [Aa]uthor)
     |(?<=Copyright)\s+(?=(?:19|20)\d\d,?\s*(?:[A-Z(]|by\ |the\ [Aa]uthor))
    )""",
    re.VERBOSE,
)
_FIRST_NOTICE: Final = re.compile(
    r"""(?:Copyright\s*)?©\s*(?:Copyright\s*)?(?:(?:19|20)\d\d[,.]?\s*)?
    (?:[^.©]|(?<=\b[A-Z])\.){1,100}?(?:(?<!\b[A-Z])\.|\bB\.V\.|\bS\.A\.)
    (?:\s*(?:All\ rights\ reserved|Published\ by\ [^.]{1,60})\.)*\s*(?=[A-Z])""",
    re.VERBOSE,
)
_NOTICE_LENGTH: Final = 400


def abstract(raw: Any) -> str:
    """Give the abstract in ``raw`` without heading, copyright notice and glued labels.

    What only says that there is no abstract is none.

    >>> abstract("Abstract: It solves problems.Results Here, we win. © 2021 Elsevier Ltd")
    'It solves problems. Results Here, we win.'
    >>> abstract("[No abstract available]")
    ''
    """
    if not isinstance(raw, str):
        return ""
    if "<" in raw:
        raw = _HEADING.sub(r" \2: ", raw)
    line = text(raw)
    for _ in range(_PASSES):
        before, line = line, _bare(line)
        if line == before:
            break
    return line


def _bare(line: str) -> str:
    if len(line) < 120 and _NO_ABSTRACT.fullmatch(line):
        return ""
    if line[:8].lower() == "abstract":
        line = _ABSTRACT_HEADING.sub("", line, count=1) if _ABSTRACT_HEADING.match(line) else line
    return _without_notice(_unglued(line))


def _unglued(line: str) -> str:
    """Set blanks where sentences and labels run together, and colons behind glued labels."""
    pieces, begin = [], 0
    for capital in _GLUED.finditer(line):
        place = capital.start()
        if between := _between(line, place, max(0, place - _LONGEST_LABEL)):
            pieces += [line[begin:place], between]
            begin = place
    return "".join([*pieces, line[begin:]]) if pieces else line


def _between(line: str, place: int, margin: int) -> str:
    """Give what must stand before the capital at ``place``."""
    before = line[place - 1]
    if before == ":":
        return " " if _COLON_BEFORE.search(line, margin, place) else ""
    if before in ".!?":
        ends = _END_BEFORE.search(line, max(0, place - 2), place)
        return " " if ends and _BEGINNING.match(line, place) else ""
    if _OPENING.match(line, place) and _LABEL_BEFORE.search(line, margin, place):
        return ": "
    return ""


def _without_notice(line: str) -> str:
    tail = line[-1000:]
    if (
        "opyright" in tail
        or "reserved" in tail
        or "ublished by" in tail
        or "ABSTRACT" in tail.upper()
    ):
        for pattern in _NOTICES:
            line = pattern.sub("", line)
    if "©" in line or "(c)" in line or "(C)" in line or "Copyright" in line:
        if line.startswith(("©", "Copyright")) and (first := _FIRST_NOTICE.match(line)):
            line = line[first.end() :]
        for found in _COPYRIGHT.finditer(line, max(0, len(line) - _NOTICE_LENGTH)):
            if not _SPEECH.search(line, found.end()):
                return line[: found.start()].rstrip()
    return line


_LETTERS: Final = str.maketrans(
    {"ø": "o", "ł": "l", "æ": "ae", "œ": "oe", "đ": "d", "ı": "i", "ð": "d", "þ": "th"}
)
_MARKS: Final = re.compile("[\u0300-\u036f]")
_WORD: Final = re.compile(r"[^\W_]+[+#]*")


@lru_cache(maxsize=1)
def _latex() -> Any:
    from pylatexenc.latex2text import LatexNodes2Text

    return LatexNodes2Text(math_mode="text", strict_latex_spaces=False)


@lru_cache(maxsize=1 << 10)
def title_key(title: str) -> str:
    """Give the title's words, in which all ways to write one title agree.

    Case, accents, punctuation, white space and LaTeX make no difference.

    >>> title_key("{DINO}-{WM}: H\\\\\\"older's $\\\\alpha$ \\\\emph{Models}")
    'dino wm holder s α models'
    """
    if "\\" in title:
        try:
            # A per cent sign opens a comment in LaTeX, and stands for itself in a title.
            title = _latex().latex_to_text(re.sub(r"(?<!\\)%", r"\\%", title))
        except Exception:  # a title that only looks like LaTeX is a title all the same
            title = title.replace("\\", " ")
    folded = title
    if not title.isascii():
        folded = unicodedata.normalize("NFKD", title).casefold().translate(_LETTERS)
        folded = _MARKS.sub("", unicodedata.normalize("NFKD", folded))
    return " ".join(_WORD.findall(folded.casefold()))
