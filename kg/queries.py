"""The named queries: files whose leading comment says what they answer and what they take.

Each is there in Cypher and in SPARQL.  A file of Cypher begins with ``//`` lines, one of SPARQL
with ``#`` lines: what it answers, an empty one, then one line a parameter::

    // title: glob = "*" - the paper's title or id

A parameter without ``= default`` must be given.  Its type is one of ``TYPES``.

SPARQL knows no lists.  A column that is one in Cypher has its items joined by ``SEPARATOR`` there,
and is declared too::

    # titles: list - of the newest three papers
"""

import difflib
import itertools
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from kg.errors import KgError
from kg.records import EDGES, NODES

_HERE = Path(__file__).parent
#: In the wheel the queries lie in the package, in a checkout beside it.
_FOLDERS = (_HERE / "_queries", _HERE.parent / "queries")

_PARAMETER = re.compile(
    r"(?P<name>\w+): (?P<type>\w+)(?: = (?P<default>\S+))? - (?P<purpose>\S.*)", re.ASCII
)
_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", re.ASCII)
#: Ending of a file -> what its comments begin with.
_COMMENTS: Final = {".cypher": "//", ".rq": "#"}
#: What stands between the items of a list in an answer of SPARQL.
SEPARATOR: Final = "\u241f"
#: What is text, the name of a thing, or a comment in SPARQL, or else a parameter.
SPARQL_TOKEN: Final = re.compile(
    r'''"""(?:[^\\]|\\.)*?"""|\'\'\'(?:[^\\]|\\.)*?\'\'\'|"(?:[^"\\\n\r]|\\.)*"|'''
    r"""'(?:[^'\\\n\r]|\\.)*'|<[^<>"{}|^`\\\x00-\x20]*>|\#[^\n\r]*|\$(?P<name>[^\W\d]\w*)""",
    re.DOTALL,
)
#: What is text or a comment in Cypher.
_TEXTS = re.compile(
    r"""'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|`[^`]*`|//[^\n]*|/\*.*?\*/""", re.DOTALL
)
#: Digits after the point that are the same whichever way a sum was taken.
_DIGITS = 4


def pattern(glob: str) -> str:
    r"""Give the regular expression of Java that matches what a glob does, whatever its case.

    ``*`` stands for any text, ``?`` for one character, and all else for itself.

    >>> print(pattern("DINO-WM*"))
    (?isu)DINO\-WM.*
    >>> print(pattern('a "b" [c]?'))
    (?isu)a\ \"b\"\ \[c\].
    """
    wild = {"*": ".*", "?": "."}
    # A backslash before any ASCII character that is no letter or digit quotes it.
    quoted = (
        wild.get(char, f"\\{char}" if char.isascii() and not char.isalnum() else char)
        for char in glob
    )
    return "(?isu)" + "".join(quoted)


def words(text: str) -> str:
    r"""Give the query of Lucene for words, ``"phrases"`` and ``beginnings*``; no other operators.

    >>> print(words('world model* "latent space" (or not): AND'))
    world model* "latent space" \(or not\)\: and
    """
    parts = re.findall(r'"[^"]*"|[^\s"]+', text)
    return " ".join(
        part if part.startswith('"') else _word(part) for part in parts if part.strip('"* ?')
    )


def _word(part: str) -> str:
    # Lower case, since AND, OR and NOT are operators.
    bare = part.lstrip("*?").lower()
    return re.sub(r'([+\-&|!(){}\[\]^"~:\\/])', r"\\\1", bare)


def _string(text: str) -> str:
    """Give the text, or what it says if it is a JSON string."""
    try:
        value = json.loads(text)
    except ValueError:
        return text
    return value if isinstance(value, str) else text


def sparql_pattern(glob: str) -> str:
    r"""Give the regular expression for ``REGEX(?name, pattern, "is")`` of what a glob matches.

    >>> print(sparql_pattern("C++ (*)?"))
    ^C\+\+ \(.*\).$
    """
    wild = {"*": ".*", "?": "."}
    return f"^{''.join(wild.get(char) or _quoted(char) for char in glob)}$"


def sparql_words(text: str) -> list[tuple[str, str]]:
    r"""Give each of the words, phrases and beginnings: what it contains, a regular expression.

    >>> for contained, regex in sparql_words('Models* "latent space" DINO-WM'):
    ...     print(contained, regex)
    models (^|\W)models
    latent (^|\W)latent\W+space(\W|$)
    dino (^|\W)dino(\W|$)
    wm (^|\W)wm(\W|$)
    """
    made = []
    for part in re.findall(r'"[^"]*"|[^\s"]+', text.lower()):
        if part.startswith('"'):
            phrase = re.findall(r"\w+", part)
            made += [(max(phrase, key=len), _whole(r"\W+".join(phrase)))] if phrase else []
            continue
        for term in re.findall(r"[\w*?]*\w[\w*?]*", part.lstrip("*?")):
            contained = max(re.split(r"[*?]+", term), key=len)
            regex = term.rstrip("*").replace("?", r"\w").replace("*", r"\w*")
            made.append((contained, rf"(^|\W){regex}" if term.endswith("*") else _whole(regex)))
    return list(dict.fromkeys(made))


def _whole(word: str) -> str:
    return rf"(^|\W){word}(\W|$)"


def _quoted(char: str) -> str:
    return f"\\{char}" if char in r"\.+*?()|[]{}^$" else char


#: Type of a parameter -> what it makes of a given text.
TYPES: Final[dict[str, Callable[[str], Any]]] = {
    "string": _string,
    "int": int,
    "float": float,
    "glob": lambda text: pattern(_string(text)),
    "words": words,
}
#: The same in SPARQL.
_SPARQL_TYPES: Final[dict[str, Callable[[str], Any]]] = {
    **TYPES,
    "glob": lambda text: sparql_pattern(_string(text)),
    "words": sparql_words,
}


@dataclass(frozen=True, slots=True)
class Parameter:
    """What a query takes; ``default`` is written as it would be given, None if it must be."""

    name: str
    type: str
    default: str | None
    purpose: str


@dataclass(frozen=True, slots=True)
class Query:
    """A named query: what it answers, its parameters, its text with the comment.

    ``ending`` tells the language: ``.cypher`` or ``.rq``.  ``lists`` are columns of SPARQL whose
    values are lists.
    """

    name: str
    purpose: str
    parameters: tuple[Parameter, ...]
    text: str
    ending: str = ".cypher"
    lists: tuple[str, ...] = ()

    @property
    def code(self) -> str:
        """The query without the leading comment."""
        mark, lines = _COMMENTS[self.ending], self.text.splitlines()
        return "\n".join(itertools.dropwhile(lambda line: line.startswith(mark), lines))


def names(ending: str = ".cypher") -> list[str]:
    """Give the names of all queries of a language, sorted."""
    return sorted(path.stem for path in _folder().glob(f"*{ending}"))


def load(name: str, ending: str = ".cypher") -> Query:
    """Give a query by its name, or by the path of its file; raise ``KgError``.

    ``ending`` is that of the language: ``.cypher`` or ``.rq``, which is SPARQL.
    """
    if name.endswith(ending):
        return parse(Path(name))
    known = names(ending)
    if name not in known:
        near = difflib.get_close_matches(name, known, n=1)
        hint = f"Did you mean {near[0]}? " if near else ""
        raise KgError(
            f"There is no query named {name}", remedy=f"{hint}There are: {', '.join(known)}"
        )
    return parse(_folder() / f"{name}{ending}")


def is_name(text: str, ending: str = ".cypher") -> bool:
    """Tell a name, or the path of a file, from a query, which has blanks.

    >>> is_name("shared-entities"), is_name("RETURN 1"), is_name("my/own.rq", ".rq")
    (True, False, True)
    """
    return bool(_NAME.fullmatch(text)) or (text.endswith(ending) and "\n" not in text)


def read(path: Path) -> str:
    """Give the text of a query's file; raise ``KgError`` if there is none."""
    try:
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeError) as error:
        raise KgError(f"{path}: cannot be read: {error}", remedy="Give a text file.") from error


def parse(path: Path) -> Query:
    """Read and check a query's file; raise ``KgError`` with the line at fault."""
    text = read(path)
    mark = _COMMENTS[path.suffix]
    purpose: list[str] = []
    parameters: list[Parameter] = []
    lists: list[str] = []
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.startswith(mark):
            break
        said = line.removeprefix(mark).strip()
        found = _PARAMETER.fullmatch(said)
        if found and path.suffix == ".rq" and found["type"] == "list":
            lists.append(found["name"])
        elif found:
            parameters.append(_parameter(path, number, found))
        elif said and parameters:
            raise KgError(
                f"{path}, line {number}: not a parameter: {said}",
                remedy=f'Write it as: {mark} name: type = "default" - what it is',
            )
        elif said:
            purpose.append(said)
    made = Query(path.stem, "\n".join(purpose), tuple(parameters), text, path.suffix, tuple(lists))
    _check(path, made)
    return made


def bind(query: Query, given: Mapping[str, Any]) -> dict[str, Any]:
    """Give the values of all parameters of a query, of those given and the defaults.

    Values may be texts, as on a command line, or numbers.  Raises ``KgError`` for a parameter
    that is unknown, missing, or not of its type.
    """
    types = TYPES if query.ending == ".cypher" else _SPARQL_TYPES
    takes = ", ".join(_usage(parameter) for parameter in query.parameters) or "no parameters"
    remedy = f"{query.name} takes {takes}"
    known = {parameter.name for parameter in query.parameters}
    if unknown := sorted(given.keys() - known):
        raise KgError(f"{query.name} has no parameter {unknown[0]}", remedy=remedy)
    values = {}
    for parameter in query.parameters:
        value = given.get(parameter.name, parameter.default)
        if value is None:
            raise KgError(f"{query.name} needs the parameter {parameter.name}", remedy=remedy)
        try:
            values[parameter.name] = types[parameter.type](str(value))
        except ValueError as error:
            what = f"{parameter.name} must be of type {parameter.type}, not {value!r}"
            raise KgError(what, remedy=remedy) from error
        if parameter.type == "words" and not values[parameter.name]:
            raise KgError(f"{parameter.name} has no words: {value!r}", remedy=remedy)
    return values


def rounded(value: Any) -> Any:
    """Round all floats within a result, since sums differ in their last digits between engines."""
    if isinstance(value, float):
        return round(value, _DIGITS)
    if isinstance(value, list):
        return [rounded(item) for item in value]
    if isinstance(value, dict):
        return {name: rounded(item) for name, item in value.items()}
    return value


def parameters(sparql: str) -> list[str]:
    """Give the parameters that a query in SPARQL has: what begins with ``$``, and no variable.

    >>> parameters('SELECT ?x { ?x <a:$b> "$c" . FILTER(?x = $d) } # $e')
    ['d']
    """
    found = (match["name"] for match in SPARQL_TOKEN.finditer(sparql))
    return list(dict.fromkeys(filter(None, found)))


def unmatched(query: Query, given: Mapping[str, str]) -> str:
    """Say that nothing was found, and why that may be."""
    whole = [
        f'--param {parameter.name}="*{given[parameter.name]}*"'
        for parameter in query.parameters
        if parameter.type == "glob" and not set("*?") & set(given.get(parameter.name, "*"))
    ]
    return (
        f"No rows. Names must match as a whole; for a part: {' '.join(whole)}"
        if whole
        else "No rows."
    )


def given(text: str) -> tuple[str, str]:
    """Read ``K=V`` of a command line; raise ``KgError`` if it is none."""
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise KgError(f"--param {text}: is not K=V", remedy='Write: --param title="DINO-WM*"')
    return name, value


def typed(text: str) -> Any:
    """Give what a text says as JSON, or itself.

    >>> typed("5"), typed("five")
    (5, 'five')
    """
    try:
        return json.loads(text)
    except ValueError:
        return text


def unknown(cypher: str) -> list[str]:
    """Give the labels and types that a query asks for and no graph has, as far as one can see.

    They give no rows and no error, so whoever mistypes one should hear of it.

    >>> unknown("MATCH (m:Metod|Dataset)-[:USED]-(p:Paper {id: 'a:B'}) RETURN m")
    ['Metod', 'USED']
    """
    bare = _TEXTS.sub("", cypher)
    asked = re.findall(r"[:|&!]\s*([A-Z]\w*)", bare)
    known = {*NODES, *EDGES, "Entity", "TRUE", "FALSE", "NULL"}
    return [name for name in dict.fromkeys(asked) if name not in known]


def _folder() -> Path:
    return next(folder for folder in _FOLDERS if folder.is_dir())


def _parameter(path: Path, number: int, found: re.Match[str]) -> Parameter:
    type_, default = found["type"], found["default"]
    if type_ not in TYPES:
        raise KgError(
            f"{path}, line {number}: unknown type {type_}",
            remedy=f"A parameter is one of: {', '.join(TYPES)}.",
        )
    return Parameter(
        found["name"], type_, None if default is None else _string(default), found["purpose"]
    )


def _check(path: Path, query: Query) -> None:
    if not query.purpose:
        raise KgError(
            f"{path}, line 1: no documentation",
            remedy=f"Begin with: {_COMMENTS[query.ending]} What the query answers.",
        )
    code = query.code
    used = set(re.findall(r"\$(\w+)", code) if query.ending == ".cypher" else parameters(code))
    declared = {parameter.name for parameter in query.parameters}
    if used != declared:
        raise KgError(
            f"{path}: parameters used and declared differ: {', '.join(sorted(used ^ declared))}",
            remedy=f"Declare each above it: {_COMMENTS[query.ending]} name: type - what it is",
        )
    for parameter in query.parameters:
        if parameter.default is not None:
            bind(Query(path.name, query.purpose, (parameter,), query.text, query.ending), {})


def _usage(parameter: Parameter) -> str:
    default = "" if parameter.default is None else f" = {parameter.default}"
    return f"{parameter.name}: {parameter.type}{default}"
