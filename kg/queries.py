"""The named queries: Cypher files whose leading comment says what they answer and what they take.

A file begins with ``//`` lines: what it answers, an empty one, then one line a parameter::

    // title: glob = "*" - the paper's title or id

A parameter without ``= default`` must be given.  Its type is one of ``TYPES``.
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


#: Type of a parameter -> what it makes of a given text.
TYPES: Final[dict[str, Callable[[str], Any]]] = {
    "string": _string,
    "int": int,
    "float": float,
    "glob": lambda text: pattern(_string(text)),
    "words": words,
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
    """A named query: what it answers, its parameters, its Cypher with the comment."""

    name: str
    purpose: str
    parameters: tuple[Parameter, ...]
    text: str

    @property
    def code(self) -> str:
        """The Cypher without the leading comment."""
        lines = self.text.splitlines()
        return "\n".join(itertools.dropwhile(lambda line: line.startswith("//"), lines))


def names() -> list[str]:
    """Give the names of all queries, sorted."""
    return sorted(path.stem for path in _folder().glob("*.cypher"))


def load(name: str) -> Query:
    """Give a query by its name, or by the path of a ``.cypher`` file; raise ``KgError``."""
    if name.endswith(".cypher"):
        return parse(Path(name))
    if name not in names():
        near = difflib.get_close_matches(name, names(), n=1)
        hint = f"Did you mean {near[0]}? " if near else ""
        raise KgError(
            f"There is no query named {name}", remedy=f"{hint}There are: {', '.join(names())}"
        )
    return parse(_folder() / f"{name}.cypher")


def is_name(text: str) -> bool:
    """Tell a name from Cypher, which has blanks.

    >>> is_name("shared-entities"), is_name("RETURN 1")
    (True, False)
    """
    return bool(_NAME.fullmatch(text)) or (text.endswith(".cypher") and "\n" not in text)


def parse(path: Path) -> Query:
    """Read and check a query's file; raise ``KgError`` with the line at fault."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeError) as error:
        raise KgError(f"{path}: cannot be read: {error}", remedy="Give a text file.") from error
    purpose: list[str] = []
    parameters: list[Parameter] = []
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.startswith("//"):
            break
        said = line[2:].strip()
        if found := _PARAMETER.fullmatch(said):
            parameters.append(_parameter(path, number, found))
        elif said and parameters:
            raise KgError(
                f"{path}, line {number}: not a parameter: {said}",
                remedy='Write it as: // name: type = "default" - what it is',
            )
        elif said:
            purpose.append(said)
    made = Query(path.stem, "\n".join(purpose), tuple(parameters), text)
    _check(path, made)
    return made


def bind(query: Query, given: Mapping[str, Any]) -> dict[str, Any]:
    """Give the values of all parameters of a query, of those given and the defaults.

    Values may be texts, as on a command line, or numbers.  Raises ``KgError`` for a parameter
    that is unknown, missing, or not of its type.
    """
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
            values[parameter.name] = TYPES[parameter.type](str(value))
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
            f"{path}, line 1: no documentation", remedy="Begin with: // What the query answers."
        )
    used = set(re.findall(r"\$(\w+)", query.code))
    declared = {parameter.name for parameter in query.parameters}
    if used != declared:
        raise KgError(
            f"{path}: parameters used and declared differ: {', '.join(sorted(used ^ declared))}",
            remedy="Declare each above the query: // name: type - what it is",
        )
    for parameter in query.parameters:
        if parameter.default is not None:
            bind(Query(path.name, query.purpose, (parameter,), query.text), {})


def _usage(parameter: Parameter) -> str:
    default = "" if parameter.default is None else f" = {parameter.default}"
    return f"{parameter.name}: {parameter.type}{default}"
