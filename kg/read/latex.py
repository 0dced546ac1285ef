r"""Decode the LaTeX of bibliographies: accents and symbols become characters, mathematics stays.

Not a TeX: what it does not know keeps its words, so that nothing of a text is lost.
"""

import re
import unicodedata
from functools import lru_cache
from typing import Any, Final

#: ``$…$`` is mathematics by pandoc's rule: no blank within the dollars, no digit after them.
_MATH: Final = re.compile(
    r"(?<!\\)(\$\$.{1,2000}?\$\$|\$(?![\s$])(?:\\.|[^$\\])*?(?<!\s)\$(?!\d)|\\\(.{1,2000}?\\\)"
    r"|\\\[.{1,2000}?\\\])",
    re.DOTALL,
)
#: Reference managers write single signs as mathematics: ``$<$i$>$``, ``$\backslash$``.
_SIGNS: Final = {"$<$": "<", "$>$": ">", r"$\backslash$": "\\", r"$\sim$": "~", "$|$": "|"}
_SIGN: Final = re.compile("|".join(map(re.escape, _SIGNS)))

_MACRO: Final = re.compile(
    r"""\\(?:
      (?<=[^\W\d_]\\)(?P<quote>')(?=(?:s|t|re|ve|ll|d|m)\b)  # don\'t, as some escape it
    | (?P<accent>
         (?:[`'^~=.]|"(?=\W*[aeiouywxhtAEIOUYWXHT]))
         (?:\s*\{\s*(?:\\[ij]\s*|[^\W\d_]?)\s*\}|\s*\\[ij](?![a-zA-Z])|\s*[^\W\d_])
        |[uvHtcdbkr](?:\s*\{[^{}]{0,3}\}|\s+(?:\\[ij](?![a-zA-Z])|[^\W\d_])))
    | (?:cite[a-z]*|label|ref|eqref|autoref|cref)\*?\s*(?:\[[^][]*\]\s*){0,2}\{[^{}]*\}(?P<dropped>)
    | href\s*\{[^{}]*\}(?P<link>)
    | (?:begin|end)\s*\{[^{}]*\}(?P<frame>)
    | (?P<name>[a-zA-Z]+)\*?(?P<after>\s*)
    | (?P<sign>.)
    )""",
    re.VERBOSE | re.DOTALL,
)
#: Names that make no character, only a look.
_LOOKS: Final = re.compile(
    "bf|bfseries|boldmath|boldsymbol|cal|em|emph|ensuremath|enquote|footnotesize|foreignlanguage"
    "|hbox|hspace|huge|Huge|it|itshape|large|Large|LARGE|lowercase|mathbb|mathbf|mathcal"
    "|mathfrak|mathit|mathrm|mathsf|mathtt|mbox|mdseries|noopsort|normalfont|normalsize"
    "|operatorname|path|protect|relax|rm|rmfamily|sc|scriptsize|scshape|sf|sffamily|sl|slshape"
    "|small|text|textbf|textit|textmd|textnormal|textrm|textsc|textsf|textsl|textsubscript"
    "|textsuperscript|texttt|textup|tiny|tt|ttfamily|underline|uline|upshape|uppercase|url"
    "|xspace|vspace|noindent|MakeUppercase|MakeLowercase|MakeTextLowercase|MakeTextUppercase"
)
_LETTERS: Final = re.compile("[oOlLij]|ss|SS|ae|AE|oe|OE|aa|AA|dh|DH|dj|DJ|th|TH|ng|NG")
_NAMED: Final = {
    "LaTeX": "LaTeX",
    "TeX": "TeX",
    "BibTeX": "BibTeX",
    "footnote": " ",
    "thanks": " ",
    "item": " ",
    "newline": " ",
    "par": " ",
    "linebreak": " ",
    "quad": " ",
    "qquad": " ",
    "SS": "SS",
    "textless": "<",
    "textgreater": ">",
    "textbar": "|",
    "textbackslash": "\\",
    "textunderscore": "_",
    "textquotesingle": "'",
    "textquotedbl": '"',
    "textasciicircum": "^",
    "textasciigrave": "`",
    "textbraceleft": "{",
    "textbraceright": "}",
    "textdollar": "$",
    "slash": "/",
}
_SIGNS_OF_ONE: Final = {
    **dict.fromkeys("\\ ,;:>\n\t", " "),
    **dict.fromkeys("!/-@", ""),
    # Stand-ins from the private use area, until the braces that group are gone.
    "{": "\ue001",
    "}": "\ue002",
}
_BRACES: Final = (("{", ""), ("}", ""), ("\ue001", "{"), ("\ue002", "}"))
#: Stands where a citation was, until the blank before it is gone too.
_GONE: Final = "\ue003"
_GONE_WITH_BLANKS: Final = re.compile(rf"[\s~]*{_GONE}")
_TIE: Final = re.compile(r"(?<=[\w.,;:)}\]])~(?=[\w\\({$])")


def text(latex: str) -> str:
    r"""Give ``latex`` as text; mathematics between dollars stays as it is written.

    >>> print(text(r"{BERT} f{\"u}r $O(n^{2})$: {''}all{''} \& 50\% of \textit{the} {[}MASK{]}"))
    BERT für $O(n^{2})$: "all" & 50% of the [MASK]
    """
    if "$" in latex:
        latex = _SIGN.sub(lambda match: _SIGNS[match[0]], latex)
    if not any(character in latex for character in "\\{}~`'-"):
        return latex
    # Every second part of the split is mathematics.
    parts = _MATH.split(latex)
    parts[::2] = map(_words, parts[::2])
    return unicodedata.normalize("NFC", "".join(parts))


def _words(part: str) -> str:
    if "~" in part:
        part = _TIE.sub(" ", part)
    if "\\" in part:
        part = _GONE_WITH_BLANKS.sub("", _MACRO.sub(_macro, part))
    for brace, meant in _BRACES:
        part = part.replace(brace, meant)
    for written, meant in (("``", '"'), ("''", '"'), ("---", "—"), ("--", "–")):
        part = part.replace(written, meant)
    return part


def _macro(match: re.Match[str]) -> str:
    if match["accent"]:
        return _decoded(match[0])
    if match["quote"]:
        return "'"
    if (sign := match["sign"]) is not None:
        return _SIGNS_OF_ONE.get(sign, sign)
    if (name := match["name"]) is None:
        return " " if match["frame"] is not None else _GONE if match["dropped"] is not None else ""
    if _LOOKS.fullmatch(name):
        return ""
    meant = _NAMED.get(name) or _decoded(f"\\{name}")
    if meant == name and match.string[: match.start()][-1:].isalnum():
        meant = f" {meant}"  # a function: n\log n
    if meant:
        # TeX eats the blank after a name; writers mean it, but within a word (``\o stergaard``).
        return meant + ("" if _LETTERS.fullmatch(name) else match["after"])
    return "" if match.string[match.end() : match.end() + 1] == "{" else match[0]


@lru_cache(maxsize=1)
def _decoder() -> Any:
    from pylatexenc.latex2text import LatexNodes2Text

    return LatexNodes2Text(math_mode="text", strict_latex_spaces=False)


@lru_cache(maxsize=4096)
def _decoded(macro: str) -> str:
    """Give the character that a single macro stands for, or nothing."""
    try:
        return "".join(str(_decoder().latex_to_text(macro)).split())
    except Exception:  # it fails on half a macro with errors of many kinds
        return ""
