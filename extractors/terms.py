"""Compare surface forms: the normal form of a term, abbreviations, and how alike two terms are."""

import re
import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from functools import lru_cache

_WORD = re.compile(r"[^\W_]+")
_SMALL = frozenset(
    {
        "a",
        "an",
        "and",
        "as",
        "at",
        "by",
        "for",
        "from",
        "in",
        "of",
        "on",
        "or",
        "the",
        "to",
        "via",
        "with",
    }
)

#: Words that name no entity by themselves, and say nothing when they follow a proper name
#: ("the ImageNet dataset"): those that the annotation guidelines leave out.
GENERIC = frozenset(
    """
    agent algorithm analysis approach architecture baseline behavior behaviour benchmark
    challenge code corpus data database dataset environment evaluation experiment feature
    framework information input knowledge leaderboard library literature method metric model
    module network output paper parameter performance pipeline platform problem process
    representation research result sample score setting software solution state-of-the-art
    strategy study suite system task technique test testbed text tool toolkit training user work
    """.split()
)


def generic(form: str) -> bool:
    """Tell whether a form names nothing: a generic word, a number, a broken piece of a formula.

    >>> [generic(form) for form in ("models", "3.5", "x", "GPT-4", "C", "dataset")]
    [True, True, True, False, True, True]
    """
    term = normal(form)
    letters = sum(char.isalpha() for char in term)
    open_brackets = form.count("(") - form.count(")")
    return letters < 2 or term in GENERIC or len(form) > 100 or "http" in term or open_brackets != 0


#: Plurals among the words in -ics; the others are fields and the like (robotics, dynamics).
_ICS = frozenset({"characteristics", "critics", "heuristics", "metrics", "mosaics", "topics"})


def singular(word: str) -> str:
    """Take the plural off a lower-case word; a word that only looks like a plural stays.

    >>> [singular(w) for w in ("models", "policies", "losses", "bias", "analysis", "gans")]
    ['model', 'policy', 'loss', 'bias', 'analysis', 'gan']
    >>> singular("metrics"), singular("robotics"), singular("mnist")
    ('metric', 'robotics', 'mnist')
    """
    if len(word) < 4 or not word.endswith("s") or word.endswith(("ss", "us", "is", "bias", "as")):
        return word
    if word.endswith("ics") and word not in _ICS:
        return word
    if word.endswith("ies") and len(word) > 5:
        return word[:-3] + "y"
    if word.endswith(("sses", "shes", "ches", "xes")):
        return word[:-2]
    return word[:-1]


@lru_cache(maxsize=200_000)
def normal(form: str) -> str:
    """Give the form by which two spellings of one term meet: case, hyphens, plural, accents.

    >>> normal("Large-Language  Models")
    'large language model'
    >>> normal("GPT-4") == normal("GPT 4") == normal("gpt4")
    False
    >>> normal("C++"), normal("A*")
    ('c++', 'a*')
    """
    plain = _plain(form)
    # A trailing + * # is part of a name (C++, A*, C#), not punctuation.
    tail = re.search(r"[+*#]+$", plain)
    words = _WORD.findall(plain)
    if not words:
        return unicodedata.normalize("NFKC", form).lower().strip()
    words[-1] = singular(words[-1])
    return " ".join(words) + (tail.group() if tail else "")


def plain_words(text: str) -> list[str]:
    """Give the words of a text as ``normal`` writes them: lower case, without accents.

    >>> plain_words("Schrödinger-Föllmer, A*")
    ['schrodinger', 'follmer', 'a']
    """
    return _WORD.findall(_plain(text))


def _plain(text: str) -> str:
    folded = unicodedata.normalize("NFKC", text).lower()
    return "".join(
        char for char in unicodedata.normalize("NFD", folded) if not unicodedata.combining(char)
    )


def titled(forms: Mapping[str, int]) -> bool:
    """Tell whether a term is capitalised wherever it stands, not in titles and definitions only."""
    lower = sum(number for form, number in forms.items() if form == form.lower())
    return 10 * lower < sum(forms.values())


def written(forms: Mapping[str, int]) -> str:
    """Give the best way to write a term: the most frequent, singular, lower case for a common noun.

    >>> written({"Large Language Models": 3, "large language models": 2, "large language model": 1})
    'large language model'
    >>> written({"DINO-WM": 2}), written({"Cityscapes": 3})
    ('DINO-WM', 'Cityscapes')
    """
    singulars: Counter[str] = Counter()
    small = {one for form in forms if form.islower() for one in (_singular(form), form)}
    for form, number in forms.items():
        one = _singular(form)
        # A name of one word that is never written in the singular, nor small, is no plural.
        plural = not (form.istitle() and form.isalpha()) or one in forms or one.lower() in small
        singulars[one if plural else form] += number
    lower = {form for form in singulars if form == form.lower()}
    capital = {form for form in singulars if form not in lower and _words_capital(form)}
    # Titles capitalise common nouns: a form that is also written small is no proper name.
    pool = [form for form in singulars if form not in capital] if lower and capital else singulars
    return max(pool, key=lambda form: (singulars[form], form == form.lower(), form))


def _singular(form: str) -> str:
    stem, last = (form[: form.rfind(" ") + 1], form[form.rfind(" ") + 1 :])
    if last.islower():
        return stem + singular(last)
    if last[1:].islower() and last.isalpha():
        return stem + last[0] + singular(last.lower())[1:]
    if len(last) > 2 and last.endswith("s") and last[:-1].isupper():
        return stem + last[:-1]
    return form


def _words_capital(form: str) -> bool:
    words = form.replace("-", " ").split()
    return all(word[1:].islower() or (len(word) == 1 and word.isalpha()) for word in words)


def abbreviates(short: str, full: str) -> bool:
    """Tell whether ``short`` can be the abbreviation of ``full``.

    After Schwartz and Hearst (2003): each character of the short form is found in the long form
    from the right, the first one at the start of a word; the long form has at least two words or
    is much longer.

    >>> abbreviates("LLMs", "large language models"), abbreviates("SAE", "sparse autoencoder")
    (True, True)
    >>> abbreviates("RL", "language model"), abbreviates("model", "language model")
    (False, False)
    """
    if " " in short.strip():
        return False
    short = short[:-1] if len(short) > 2 and short[-1] == "s" and short[-2].isupper() else short
    letters = [char for char in short.lower() if char.isalnum()]
    if not 2 <= len(letters) <= 12 or len(full) <= len(short) + 1:
        return False
    if sum(char.isupper() for char in short) * 2 < len(letters):
        return False
    long = full.lower()
    words = _WORD.findall(long)
    if not words or words[0][0] != letters[0]:
        return False
    if "".join(word[0] for word in words) == "".join(letters):
        return True
    if "".join(word[0] for word in words if word not in _SMALL) == "".join(letters):
        return True
    position = len(long)
    for index in range(len(letters) - 1, -1, -1):
        position = long.rfind(letters[index], 0, position)
        while index == 0 and position > 0 and long[position - 1].isalnum():
            position = long.rfind(letters[0], 0, position)
        if position < 0:
            return False
    return position == 0 and len(words) <= len(letters) + 2


def name(forms: Sequence[str]) -> str:
    """Give the form by which an entity is called: spelled out, unless that too is a name.

    ``forms`` has one item a mention.

    >>> name(["Large Language Models", "LLMs", "large language models", "LLM"])
    'large language model'
    >>> name(["DINO-WM", "DINO World Model", "DINO-WM"])
    'DINO-WM'
    """
    counts = Counter(forms)
    spelled = {
        form: number
        for form, number in counts.items()
        if any(abbreviates(other, form) for other in counts if other != form)
    }
    short = {form: number for form, number in counts.items() if form not in spelled}
    if spelled and titled(spelled) and sum(short.values()) > sum(spelled.values()):
        return written(short)
    return written(spelled or counts)


SIMILARITY_SIZE = 8


def similarity(left: Sequence[str], right: Sequence[str]) -> tuple[float, ...]:
    """Describe how alike two sets of forms are, as numbers from 0 to 1 for a classifier.

    In order: one abbreviates the other; word overlap (Jaccard); the words of one are all in the
    other; same last word; same first word; overlap of letter trigrams (Dice); equal when written
    together; one stands inside the other as a string.
    """
    best = (0.0,) * SIMILARITY_SIZE
    for a in left:
        for b in right:
            best = tuple(map(max, best, _similarity(a, b)))
    return best


@lru_cache(maxsize=200_000)
def _similarity(a: str, b: str) -> tuple[float, ...]:
    x, p, s, g = _parts(a)
    y, q, t, h = _parts(b)
    if not x or not y:
        return (0.0,) * SIMILARITY_SIZE
    return (
        float(abbreviates(a, b) or abbreviates(b, a)),
        len(p & q) / len(p | q),
        float(p <= q or q <= p),
        float(x[-1] == y[-1]),
        float(x[0] == y[0]),
        2 * len(g & h) / (len(g) + len(h)),
        float(s == t),
        float(min(len(s), len(t)) >= 3 and (s in t or t in s)),
    )


@lru_cache(maxsize=50_000)
def _parts(form: str) -> tuple[tuple[str, ...], frozenset[str], str, frozenset[str]]:
    """Give the words of a form, their set, the form written together, and its letter trigrams."""
    words = tuple(normal(form).split())
    joined = "".join(words)
    grams = frozenset(joined[i : i + 3] for i in range(max(1, len(joined) - 2)))
    return words, frozenset(words), joined, grams
