"""The identifiers of papers, each written in one way: ``arxiv:2406.11944``, ``doi:10.1162/…``."""

import hashlib
import html
import re
import unicodedata
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Final
from urllib.parse import unquote

from kg.clean import title_key

#: The prefixes, best first: the id of a paper is the best of its ids.
PREFIXES: Final = ("arxiv", "doi", "acl", "pmid", "pmcid", "openalex", "s2", "mag", "wos", "title")
_RANK: Final = {prefix: rank for rank, prefix in enumerate(PREFIXES)}

#: Where a paper can be read, by the prefix of its id.
_PLACES: Final = {
    "arxiv": "https://arxiv.org/abs/{}",
    "doi": "https://doi.org/{}",
    "acl": "https://aclanthology.org/{}",
    "pmid": "https://pubmed.ncbi.nlm.nih.gov/{}",
    "pmcid": "https://pmc.ncbi.nlm.nih.gov/articles/{}",
    "openalex": "https://openalex.org/{}",
    "s2": "https://www.semanticscholar.org/paper/{}",
}

_ARXIV: Final = re.compile(
    r"""(?:(?:https?://)?(?:[\w.-]+\.)?(?:arxiv\.org/[a-z]+/|alphaxiv\.org/abs/|huggingface\.co/papers/)
        | (?:https?://)?(?:dx\.)?(?:doi\.org/)?(?:doi:\s*)?10\.48550/arxiv[./]
        | oai:arxiv\.org: | arxiv(?:\s+id)?\s*[:.\s]\s*(?:arxiv[:.])? )?
    (?: (\d{2}(?:0[1-9]|1[0-2])\.\d{4,5}) | ([a-z-]+)(?:\.[a-z]{2})?/(\d{2}(?:0[1-9]|1[0-2])\d{3}) )
    (?:v\d+)? (?:\.pdf)? /? (?:[?\#].*)? (?:\s.*)?""",
    re.VERBOSE | re.IGNORECASE,
)
_ARXIV_PLACE: Final = re.compile(
    r"arxiv\.org/|alphaxiv\.org/|huggingface\.co/papers/|/arxiv\.", re.I
)
_DOI: Final = re.compile(r"10\.\d{4,9}(?:\.\d+)*/[^\s\"“”]+")
_OPENALEX: Final = re.compile(
    r"(?:https?://(?:api\.)?openalex\.org/(?:works/)?)?(W\d+)", re.IGNORECASE
)
_ACL_DOI: Final = re.compile(r"10\.(?:18653/v1|3115/v1)/(\S+)")
_ACL: Final = re.compile(r"(?:https?://(?:www\.)?aclanthology\.org/)?([\w.-]+?)(?:\.pdf)?/?")
_OLD_ACL: Final = re.compile(r"[a-z]\d\d-", re.IGNORECASE)
_PMCID: Final = re.compile(r"(?:.*/)?(?:PMC)?(\d+)/?", re.IGNORECASE)
_DIGITS: Final = re.compile(r"(?:.*/)?0*(\d+)/?")

_WORDS_OF_A_TITLE: Final = 3
#: Titles that many a paper bears: they tell no paper from another.
_COMMON: Final = frozenset(
    {
        "a note from the editor",
        "about the authors",
        "author response to reviewers",
        "conclusions and future work",
        "from the editor",
        "from the editor in chief",
        "from the editors",
        "guest editor s introduction",
        "guest editors introduction",
        "in this issue",
        "introduction to the issue",
        "introduction to the special issue",
        "letter to the editor",
        "letters to the editor",
        "list of contributors",
        "list of reviewers",
        "message from the chairs",
        "message from the general chairs",
        "message from the president",
        "message from the program chairs",
        "news and views",
        "notes on contributors",
        "preface to the special issue",
        "reply to the letter to the editor",
        "response to the letter to the editor",
        "special issue editorial",
        "table of contents",
        "the year in review",
        "year in review",
    }
)


@lru_cache(maxsize=1 << 10)
def arxiv(raw: str) -> str | None:
    """Give the CURIE of an arXiv id: bare, with prefix or version, as address or DOI.

    >>> [arxiv(raw) for raw in ("arXiv:2406.11944v2 [cs.LG]", "https://arxiv.org/pdf/math.GT/0309136")]
    ['arxiv:2406.11944', 'arxiv:math/0309136']
    """
    found = _ARXIV.fullmatch(unquote(raw.strip()))
    if not found:
        return None
    new, archive, number = found.groups()
    return f"arxiv:{new or f'{archive.lower()}/{number}'}"


def dois(raw: str) -> Iterator[str]:
    """Yield the CURIEs of the DOIs in ``raw``; those that arXiv and ACL give name their ids too.

    >>> list(dois("https://doi.org/10.48550/ARXIV.2406.11944, 10.1145/3292500.3330701."))
    ['arxiv:2406.11944', 'doi:10.1145/3292500.3330701']
    """
    raw = re.sub(r"\\(?=[_&%#])|[{}]", "", unquote(html.unescape(raw)))
    for match in _DOI.finditer(raw):
        doi = match[0].lower().rstrip(".,;:'’")
        while doi[-1] in ")]>" and doi.count(doi[-1]) > doi.count("([<"[")]>".index(doi[-1])]):
            doi = doi[:-1].rstrip(".,;:'")
        if doi.startswith("10.48550/") and (found := arxiv(doi)):
            yield found
        else:
            yield f"doi:{unicodedata.normalize('NFC', doi)}"
        if found_acl := _ACL_DOI.fullmatch(doi):
            yield from curies(f"acl:{found_acl[1]}")


def curies(raw: str) -> Iterator[str]:
    """Yield the CURIEs that ``raw``, a CURIE in any usual dress, stands for; none if it is broken.

    >>> list(curies("OpenAlex:https://openalex.org/w42")) + list(curies("PMID: 0123"))
    ['openalex:W42', 'pmid:123']
    """
    prefix, _, value = raw.strip().partition(":")
    prefix, value = prefix.strip().lower(), value.strip()
    if prefix == "arxiv":
        if found := arxiv(value):
            yield found
    elif prefix == "doi":
        yield from dois(value)
    elif prefix == "openalex":
        if match := _OPENALEX.fullmatch(value):
            yield f"openalex:{match[1].upper()}"
    elif prefix in ("pmid", "mag"):
        if match := _DIGITS.fullmatch(value):
            yield f"{prefix}:{match[1]}"
    elif prefix == "pmcid":
        if match := _PMCID.fullmatch(value):
            yield f"pmcid:PMC{match[1]}"
    elif prefix == "acl":
        if match := _ACL.fullmatch(value):
            # P19-1001 of old is written with a capital, 2020.acl-main.1 of today is not.
            yield f"acl:{match[1].upper() if _OLD_ACL.match(match[1]) else match[1]}"
    elif value and prefix and not any(map(str.isspace, value)):
        yield f"{prefix}:{value}"


def of_url(url: str) -> Iterator[str]:
    """Yield the CURIEs that an address names.

    >>> list(of_url("https://huggingface.co/papers/2406.11944"))
    ['arxiv:2406.11944']
    """
    if _ARXIV_PLACE.search(url) and (found := arxiv(url)):
        yield found
    elif "doi.org/" in url:
        yield from dois(url.partition("doi.org/")[2])
    elif "aclanthology.org/" in url:
        yield from curies(f"acl:{url}")


def of_title(title: str) -> str:
    """Give the CURIE that stands for a title.

    >>> of_title("Deep Learning!") == of_title("deep-learning")
    True
    """
    words = title_key(title).replace(" ", "")
    return f"title:{hashlib.blake2b(words.encode(), digest_size=8).hexdigest()}"


def tells(title: str) -> bool:
    """Tell whether a title names one paper: it has three words and is not everyone's.

    >>> tells("Attention Is All You Need"), tells("Editorial"), tells("Letter to the Editor")
    (True, False, False)
    """
    key = title_key(title)
    # Chinese, Japanese and Thai set no blanks between words.
    wide = 0 if key.isascii() else sum(character > "\u0dff" for character in key)
    return (key.count(" ") + 1 >= _WORDS_OF_A_TITLE or wide >= 8) and key not in _COMMON


def order(curie: str) -> tuple[int, str]:
    """Give the place of a CURIE among a paper's ids: the best first."""
    return _RANK.get(curie.partition(":")[0], _RANK["wos"]), curie


def ordered(found: Iterable[str]) -> tuple[str, ...]:
    """Give the CURIEs, each once, the best first."""
    return tuple(sorted(set(found), key=order))


def url(curie: str) -> str | None:
    """Give the address where the paper of this id can be read."""
    prefix, _, value = curie.partition(":")
    place = _PLACES.get(prefix)
    return place.format(value) if place else None
