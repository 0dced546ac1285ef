"""Entries of exports that are no papers: volumes, front matter, editorials, errata."""

import re
from collections.abc import Iterable
from typing import Final

from kg import clean

_VOLUME: Final = "a proceedings volume"

#: Why an entry is no paper -> what databases and types of entries call it.
_NEVER: Final = {
    _VOLUME: "proceedings|mvproceedings|collection|mvcollection|conference review",
    "a whole periodical": "periodical|jfull|full journal|journal-issue|journal-volume",
    "a work of reference": "reference|mvreference",
    "an aid of the bibliography": "set|xdata|bibnote",
    "an attachment": "attachment|annotation",
    "front matter": "table of contents|front matter|back matter|masthead",
    "a call for papers": "call for papers",
}
#: The same of entries that may be papers after all: they are kept when they have an abstract.
_SELDOM: Final = {
    "an editorial": "editorial|editorial material|guest editorial|introductory journal article",
    "a correction": "erratum|published erratum|correction|correction, addition|corrigendum"
    "|addendum",
    "a retraction": "retraction|retraction of publication|retraction notice|expression of concern",
    "a book review": "book review|software review|review of book",
    "about a person": "biography|biographical-item|biographical item|obituary|obituaries|portrait"
    "|personal narrative|interview|intv|festschrift",
    "a news item": "news|news item|newspaper article|newspaperarticle|newspaper|press release",
    "a work of art or media": "artwork|art|audio|video|movie|music|sound|image|performance|film"
    "|videorecording|audiorecording|tvbroadcast|radiobroadcast|advs|podcast|map|mpct|slide",
    "a legal text": "jurisdiction|legislation|legal|statute|stat|bill|case|hearing|hear",
    "a patent": "patent|pat",
    "a message": "email|instantmessage|pcomm|personal communication",
}
#: Titles that are no paper's, unless it has an abstract; a pattern takes the whole title.
_TITLES: Final = {
    "an editorial": r"(?:guest |special issue )?editorials?(?: notes?| comments?| introduction)?"
    r"(?:\s*[:.–—-].*)?",
    "a preface": r"(?:preface|foreword|afterword|prologue|epilogue)(?:\s*[:.–—-].*| to .*)?",
    "a correction": r"(?:publisher'?s? |author )?"
    r"(?:erratum|errata|corrigend(?:um|a)|addendum|correction)(?:\s*[:.–—-].*| to:? .*)?",
    "a retraction": r"(?:retraction|withdrawn|removed)(?: notice)?(?: to)?\s*[:.–—-].*"
    r"|retraction(?: notice)?(?: to .*)?",
    "front matter": r"(?:\S+ ){0,6}?(?:table of contents|publication information)(?: for .{1,40})?"
    r"|(?:front|back) matter|masthead|(?:inside )?(?:front |back )?cover(?: page| image)?"
    r"|title pages?(?: [ivx]+)?|copyright (?:page|notice)|blank page|information for authors"
    r"|(?:author|subject|keyword) index(?:es)?(?: (?:for|to) (?:volume .*|vol\..*|\d.*))?"
    r"|index of authors|list of (?:reviewers|contributors|referees)|editorial board"
    r"|(?:\S+ ){0,4}?(?:program|programme|organi[sz]ing|steering) committees?"
    r"|(?:conference|workshop) organi[sz](?:ation|ers)|welcome(?: address)?"
    r"|(?:welcome )?messages? (?:from|of|by) the .{0,40}"
    r"(?:chairs?|chairm[ae]n|editors?|president)",
    "a call for papers": r"call for (?:papers|submissions|proposals|participation)\b.*",
    _VOLUME: r"(?:(?!(?:in|of|on|the) )\S+ ){0,5}?proceedings(?: -|,|:| of the (?:\S+ ){0,8}?"
    r"(?:conference|symposium|workshops?|congress|meeting|colloquium)\b).*",
}
_BY_TITLE: Final = tuple(
    (re.compile(pattern, re.IGNORECASE), why) for why, pattern in _TITLES.items()
)
_SHORT: Final = 200
_VOLUME_ABSTRACT: Final = re.compile(
    r"(?:The|This) (?:special )?(?:proceedings|conference|volume|issue)\W{1,2}"
    r"(?:contains?|includes?) \d+ (?:papers?|articles?|contributions?)\b",
    re.IGNORECASE,
)


def _by_kind(names: dict[str, str]) -> dict[str, str]:
    return {kind: why for why, kinds in names.items() for kind in kinds.split("|")}


_NEVER_BY_KIND: Final = _by_kind(_NEVER)
_SELDOM_BY_KIND: Final = _by_kind(_SELDOM)


def against(
    kinds: Iterable[str | None], title: str | None, abstract: str | None, authors: bool = False
) -> str | None:
    """Tell why an entry is no paper, or None where it may be one.

    ``kinds`` is what the source calls it, ``authors`` whether it has any.  A volume is no paper,
    unless authors and abstract show that it was only called so; an editorial or an erratum is
    one when it has an abstract.

    >>> against(["Editorial"], "On our journal", "[No abstract available]")
    'not a paper: an editorial'
    >>> against(["Editorial"], "Deep learning in surgery", "We review what it can do.")
    """
    # Only what is short can say that there is none: the rest is cleaned once, elsewhere.
    body = (abstract or "").strip()
    body = clean.abstract(body) if len(body) < _SHORT else body
    named = [" ".join(kind.lower().split()) for kind in kinds if isinstance(kind, str)]
    why = next(filter(None, map(_NEVER_BY_KIND.get, named)), None) if not (authors and body) else ""
    if not why and _VOLUME_ABSTRACT.match(body):
        why = _VOLUME
    if not why and not body:
        why = next(filter(None, map(_SELDOM_BY_KIND.get, named)), None) or _of_title(title)
    return f"not a paper: {why}" if why else None


def _of_title(title: str | None) -> str | None:
    name = clean.title(title).strip("[]")
    return next((why for pattern, why in _BY_TITLE if pattern.fullmatch(name)), None)
