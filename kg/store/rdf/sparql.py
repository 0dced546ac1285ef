"""Questions in SPARQL: what may be asked, parameters in their places, answers as rows.

Only a store is asked: what would write, or ask a server elsewhere, is refused.
"""

import re
import threading
import traceback
from collections.abc import Callable, Collection, Mapping
from concurrent.futures import Future
from typing import Any, Final, TypeVar

import pyoxigraph
from pyoxigraph import BlankNode, Literal, NamedNode, QueryResultsFormat, RdfFormat

from kg import queries
from kg.errors import KgError
from kg.queries import SEPARATOR, SPARQL_TOKEN
from kg.store.rdf.terms import PREFIXES, short

T = TypeVar("T")
Row = dict[str, Any]
Store = pyoxigraph.Store
Answer = pyoxigraph.QuerySolutions | pyoxigraph.QueryBoolean | pyoxigraph.QueryTriples

#: Name of a format -> how the rows of SELECT and the truth of ASK are written.
RESULTS: Final = {
    "srj": QueryResultsFormat.JSON,
    "srx": QueryResultsFormat.XML,
    "csv": QueryResultsFormat.CSV,
    "tsv": QueryResultsFormat.TSV,
}
#: Name of a format -> how the triples of CONSTRUCT and DESCRIBE are written.
GRAPHS: Final = {
    "ttl": RdfFormat.TURTLE,
    "nt": RdfFormat.N_TRIPLES,
    "jsonld": RdfFormat.JSON_LD,
    "rdf": RdfFormat.RDF_XML,
}

#: Characters of a query, and brackets within brackets.  The engine goes as deep as a query does,
#: ``1+1+1`` too, and dies where its stack ends: it is asked in threads with room for the deepest.
LIMIT: Final = 100_000
_DEPTH: Final = 100
_STACK: Final = 1 << 29
_IGNORED: Final = r"(?:\s|\#[^\n\r]*)*"
#: A server elsewhere that is asked, even where it stands within a text: better safe than sorry.
_SERVICE: Final = re.compile(
    rf"service{_IGNORED}(?:silent{_IGNORED})?(?:<[^<>]*>|[^\s{{]+?){_IGNORED}\{{", re.IGNORECASE
)
_UPDATES: Final = "INSERT DELETE LOAD CLEAR DROP CREATE ADD MOVE COPY WITH".split()
_PROLOGUE: Final = re.compile(
    rf"{_IGNORED}(?:(?:BASE{_IGNORED}|PREFIX{_IGNORED}[^\s:]*:{_IGNORED})<[^<>]*>{_IGNORED})*"
    r"(?P<verb>[A-Za-z]*)",
    re.IGNORECASE,
)
_PLACE: Final = re.compile(r"error at (\d+):(\d+): (.*)", re.DOTALL)
_WHOLE: Final = frozenset(
    "integer int long short byte nonNegativeInteger positiveInteger unsignedInt unsignedLong "
    "unsignedShort unsignedByte nonPositiveInteger negativeInteger".split()
)
_PARTS: Final = frozenset(("decimal", "double", "float"))


_STARTING: Final = threading.Lock()


def roomy(run: Callable[[], T]) -> T:
    """Give what a function gives that asks and reads answers, run with room for any query.

    >>> roomy(lambda: 1)
    1
    """
    future: Future[T] = Future()

    def fulfil() -> None:
        try:
            future.set_result(run())
        except BaseException as error:
            # An answer must go in the thread that it came in, and frames would keep it.
            raised: BaseException | None = error
            while raised:
                traceback.clear_frames(raised.__traceback__)
                raised = raised.__context__
            future.set_exception(error)

    with _STARTING:
        before = threading.stack_size(_STACK)
        try:
            threading.Thread(target=fulfil, daemon=True).start()
        finally:
            threading.stack_size(before)
    return future.result()


def ask(store: Store, text: str, values: Mapping[str, Any] | None = None) -> Answer:
    """Answer a query whose parameters, ``$name``, have values; our prefixes are known in it.

    A value is a text, a number, true or false, a ``NamedNode``; for VALUES a list of those or of
    tuples of them.  The answer is evaluated as it is read, within ``roomy`` as this is.  Raises
    ``KgError`` for a wrong query, for SPARQL Update, and for what asks another server.
    """
    _refuse(text)
    query = bound(text, values or {})
    try:
        return store.query(query, prefixes=PREFIXES)
    except (SyntaxError, ValueError) as error:
        raise _wrong(query, str(error)) from error
    except (OSError, RuntimeError) as error:
        raise _failed(error) from error


def bound(text: str, values: Mapping[str, Any]) -> str:
    r"""Put values in the places of parameters, each as one term, whatever is in it.

    >>> bound('SELECT ?x { ?x ?p $name . ?x ?q "$name" } LIMIT $limit', {"name": 'a"}', "limit": 5})
    'SELECT ?x { ?x ?p "a\\"}" . ?x ?q "$name" } LIMIT 5'
    """
    used = set()

    def put(match: re.Match[str]) -> str:
        name = match["name"]
        if name not in values:
            return match[0]
        used.add(name)
        return term(name, values[name])

    made = SPARQL_TOKEN.sub(put, text)
    if unused := sorted(values.keys() - used):
        raise KgError(
            f"The query has no parameter ${unused[0]}",
            remedy=f"Write ${unused[0]} where its value belongs, with a blank before it.",
        )
    return made


def term(name: str, value: Any) -> str:
    """Give a value as it is written in SPARQL; raise ``KgError`` if there is no way to.

    >>> print(term("x", 5), term("x", True), term("x", 'a"b'), term("x", [("a", 1), ("b", 2)]))
    5 true "a\\"b" ("a" 1) ("b" 2)
    """
    if isinstance(value, list):
        return " ".join(term(name, item) for item in value)
    if isinstance(value, tuple):
        return f"({term(name, list(value))})"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int):
        return str(value)
    if isinstance(value, NamedNode):
        return str(value)
    try:
        return str(Literal(value))
    except ValueError as error:
        raise KgError(
            f"The parameter {name} cannot be written in SPARQL: {value!r}",
            remedy="Give a text of whole characters, a number, true or false, or an <IRI>.",
        ) from error


def value(text: str) -> Any:
    """Give what a text says: an ``<IRI>``, something in JSON, else itself; raise ``KgError``.

    >>> value("5"), value("five"), value("<https://doi.org/10.1>")
    (5, 'five', <NamedNode value=https://doi.org/10.1>)
    """
    if not (text.startswith("<") and text.endswith(">")):
        return queries.typed(text)
    try:
        return NamedNode(text[1:-1])
    except ValueError as error:
        raise KgError(f"{text}: no IRI: {error}", remedy="Give an absolute one.") from error


def kind(found: Answer) -> str:
    """Give what an answer has: ``rows`` of a SELECT, the ``truth`` of an ASK, or ``triples``."""
    if isinstance(found, pyoxigraph.QueryTriples):
        return "triples"
    return "truth" if isinstance(found, pyoxigraph.QueryBoolean) else "rows"


def rows(found: Answer, lists: Collection[str] = (), *, brief: bool = False) -> list[Row]:
    """Give the rows of a SELECT: columns by name, values plain Python.

    The values of ``lists`` are split into their items.  IRIs are given in full, or ``brief`` by
    our prefixes.  Raises ``KgError`` if the engine fails.
    """
    assert isinstance(found, pyoxigraph.QuerySolutions)
    names = [variable.value for variable in found.variables]
    try:
        return [
            {name: _value(solution[name], name in lists, brief) for name in names}
            for solution in found
        ]
    except (OSError, RuntimeError) as error:
        raise _failed(error) from error


def written(found: Answer, form: str) -> bytes:
    """Give an answer in a format of ``RESULTS`` or ``GRAPHS``; raise ``KgError`` if it has none."""
    graph = isinstance(found, pyoxigraph.QueryTriples)
    formats: Mapping[str, Any] = GRAPHS if graph else RESULTS
    if form not in formats:
        raise KgError(
            f"{'Triples' if graph else 'Rows'} cannot be written as {form}",
            remedy=f"Give --format: {', '.join(formats)}.",
        )
    try:
        if isinstance(found, pyoxigraph.QueryTriples):
            prefixes = PREFIXES if form in ("ttl", "rdf") else None
            return pyoxigraph.serialize(found, format=formats[form], prefixes=prefixes) or b""
        return found.serialize(format=formats[form]) or b""
    except (OSError, RuntimeError) as error:
        raise _failed(error) from error


def _value(value: Any, is_list: bool, brief: bool) -> Any:
    if value is None:
        return None
    if is_list and isinstance(value, Literal):
        return value.value.split(SEPARATOR) if value.value else []
    if isinstance(value, NamedNode):
        return short(value) if brief else value.value
    if isinstance(value, BlankNode) or not isinstance(value, Literal):
        return str(value)
    return _plain(value)


def _plain(literal: Literal) -> Any:
    namespace, _, type_ = literal.datatype.value.rpartition("#")
    if f"{namespace}#" != PREFIXES["xsd"]:
        return literal.value
    try:
        if type_ in _WHOLE:
            return int(literal.value)
        if type_ in _PARTS:
            return float(literal.value)
    except ValueError:
        return literal.value
    return literal.value in ("true", "1") if type_ == "boolean" else literal.value


def _refuse(text: str) -> None:
    """Raise ``KgError`` for what must not reach the engine."""
    if not text.strip():
        raise KgError("The query is empty", remedy="Write one, such as: SELECT * { ?s ?p ?o }")
    if len(text) > LIMIT:
        raise KgError(
            f"The query has {len(text):,} characters",
            remedy=f"It may have {LIMIT:,}: ask in parts.",
        )
    depth = deepest = 0
    for bracket in re.findall(r"[][(){}]", text):
        depth = depth + 1 if bracket in "([{" else max(0, depth - 1)
        deepest = max(deepest, depth)
    if deepest > _DEPTH:
        raise KgError(
            f"The query has brackets {deepest:,} deep", remedy=f"They may be {_DEPTH} deep."
        )
    if _SERVICE.search(text):
        raise KgError(
            "The query asks another server (SERVICE), which is refused",
            remedy="Ask only the graph. If SERVICE stands in a text or a name, write it otherwise.",
        )


def _wrong(query: str, said: str) -> KgError:
    """Say what is wrong with a query, with its line."""
    verb = found["verb"].upper() if (found := _PROLOGUE.match(query)) else ""
    if verb in _UPDATES:
        return KgError(
            f"{verb} would write, and the store is only a projection of the files in nodes/ and "
            "edges/",
            remedy="Ask with SELECT, ASK, CONSTRUCT or DESCRIBE. To change the graph, change its "
            "papers and build.",
        )
    place = _PLACE.fullmatch(said)
    if not place:
        return KgError(f"The query is no SPARQL: {said}", remedy=_KNOWN)
    line, column, expected = int(place[1]), int(place[2]), " ".join(place[3].split())
    lines = query.split("\n")
    shown = lines[line - 1] if line <= len(lines) else ""
    prefix = re.search(r"([\w.-]*:)\S*$", shown[: column - 1])
    if "Prefix not found" in expected and prefix:
        return KgError(f"The prefix {prefix[1]} is not known", remedy=_KNOWN)
    cut = max(0, column - 60)
    return KgError(
        f"The query is no SPARQL: line {line}, column {column}: {_expected(expected)}\n"
        f"  {shown[cut : cut + 80]}\n  {' ' * (column - 1 - cut)}^",
        remedy=_KNOWN,
    )


def _expected(said: str) -> str:
    """Give what the parser expected where that helps: it often names what nobody would write."""
    if told := re.search(r"The SELECT [^,]*|IRI parsing failed", said):
        return told[0]
    signs = re.findall(r'"(?:[^"\\]|\\.){1,2}"', said)
    return f"expected one of {' '.join(signs)}" if signs else "no query goes on like this"


_KNOWN: Final = (
    f"Known without PREFIX: {', '.join(PREFIXES)}. To start from a named query: "
    "kg queries NAME --sparql"
)


def _failed(error: Exception) -> KgError:
    return KgError(f"The engine fails: {error}", remedy="Try to ask it in another way.")
