"""The SPARQL 1.1 protocol, by which any client of SPARQL asks a graph that ``kg serve`` serves.

A query comes by GET, or by POST as a form or as it is; an answer in the format that the client
accepts.  Nothing is written: SPARQL Update is refused.
"""

import functools
import urllib.parse
from collections.abc import Mapping
from http import HTTPStatus
from typing import Final

from kg import web
from kg.errors import KgError
from kg.store.rdf import sparql

PATH: Final = "/sparql"

#: Media type -> format, the one that is given to who accepts any first.
_ROWS: Final = {
    "application/sparql-results+json": "srj",
    "application/sparql-results+xml": "srx",
    "text/csv": "csv",
    "text/tab-separated-values": "tsv",
    "application/json": "srj",
    "application/xml": "srx",
    "text/xml": "srx",
}
_TRIPLES: Final = {
    "text/turtle": "ttl",
    "application/n-triples": "nt",
    "application/rdf+xml": "rdf",
    "application/ld+json": "jsonld",
    "application/json": "jsonld",
    "application/xml": "rdf",
    "text/plain": "nt",
}
_DESCRIPTION: Final = """\
@prefix sd: <http://www.w3.org/ns/sparql-service-description#> .
[] a sd:Service ;
    sd:endpoint <{address}> ;
    sd:supportedLanguage sd:SPARQL11Query ;
    sd:resultFormat {formats} ;
    sd:defaultDataset [ a sd:Dataset ; sd:defaultGraph [ a sd:Graph ] ] .
"""
_FORMATS: Final = (
    "SPARQL_Results_JSON SPARQL_Results_XML SPARQL_Results_CSV SPARQL_Results_TSV Turtle "
    "N-Triples RDF_XML JSON-LD"
)


class _Refusal(Exception):
    """A request that is answered by a status and the reason."""

    def __init__(self, status: HTTPStatus, why: str) -> None:
        super().__init__(why)
        self.status = status


def routes(store: sparql.Store) -> dict[str, web.Route]:
    """Give the route of the protocol for a store that stays open."""
    return {PATH: functools.partial(_answer, store)}


def accepted(accept: str, kinds: Mapping[str, str]) -> str | None:
    """Give the media type among ``kinds`` that the header ``Accept`` prefers; None if none is.

    >>> kinds = {"text/turtle": "ttl", "application/n-triples": "nt"}
    >>> accepted("text/*;q=0.5, application/n-triples", kinds), accepted("image/png", kinds)
    ('application/n-triples', None)
    """
    ranges = {}
    for part in (accept or "*/*").split(","):
        kind, *parameters = (piece.strip() for piece in part.lower().split(";"))
        ranges[kind] = _quality(parameters)
    weights = {
        kind: next(
            (
                ranges[known]
                for known in (kind, f"{kind.partition('/')[0]}/*", "*/*")
                if known in ranges
            ),
            0.0,
        )
        for kind in kinds
    }
    best = max(weights, key=lambda kind: weights[kind])
    return best if weights[best] > 0 else None


def _quality(parameters: list[str]) -> float:
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "q":
            try:
                return float(value)
            except ValueError:
                return 0.0
    return 1.0


def _answer(store: sparql.Store, request: web.Request) -> web.Answer:
    try:
        query = _query(_asked(request), request)
        if query is None:
            return _description(request)
        return sparql.roomy(lambda: _found(sparql.ask(store, query), request))
    except _Refusal as error:
        return web.Answer(f"{error}\n".encode(), status=error.status)
    except KgError as error:
        return web.Answer(f"{error}\n".encode(), status=HTTPStatus.BAD_REQUEST)


def _asked(request: web.Request) -> dict[str, list[str]]:
    """Give what a request says by name: behind the ``?``, in a form, or as a query itself."""
    asked = _fields(request.query)
    if request.method != "POST":
        return asked
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    try:
        body = request.body.decode()
    except UnicodeDecodeError as error:
        raise KgError("The body is no UTF-8", remedy="Send it so.") from error
    if kind == "application/x-www-form-urlencoded":
        return {**asked, **_fields(body)}
    known = {"application/sparql-query": "query", "application/sparql-update": "update"}
    if kind not in known:
        raise _Refusal(
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
            f"A body of the type {kind or '(none)'} is not known.\n"
            "Send application/x-www-form-urlencoded or application/sparql-query.",
        )
    return {**asked, known[kind]: [body]}


def _fields(text: str) -> dict[str, list[str]]:
    try:
        return urllib.parse.parse_qs(text, keep_blank_values=True, errors="strict")
    except ValueError as error:
        raise KgError(f"The parameters cannot be read: {error}", remedy="Use UTF-8.") from error


def _query(asked: Mapping[str, list[str]], request: web.Request) -> str | None:
    """Give the query of a request, None if it has none and wants the description."""
    if "update" in asked:
        raise _Refusal(
            HTTPStatus.FORBIDDEN,
            "SPARQL Update would write, and the graph is served for reading.\n"
            "To change the graph, change its papers and build.",
        )
    for name in ("default-graph-uri", "named-graph-uri"):
        if name in asked:
            raise KgError(f"{name}: there is one graph alone", remedy="Leave it out.")
    found = asked.get("query", [])
    if len(found) > 1 or (not found and request.method == "POST"):
        raise KgError(f"{len(found)} queries were sent", remedy="Send one, as query=...")
    return found[0] if found else None


def _found(found: sparql.Answer, request: web.Request) -> web.Answer:
    kinds = _TRIPLES if sparql.kind(found) == "triples" else _ROWS
    kind = accepted(request.headers.get("accept", ""), kinds)
    if kind is None:
        raise _Refusal(HTTPStatus.NOT_ACCEPTABLE, f"There is: {', '.join(kinds)}")
    return web.Answer(sparql.written(found, kinds[kind]), _charset(kind))


def _charset(kind: str) -> str:
    return f"{kind}; charset=utf-8" if kind.startswith("text/") else kind


def _description(request: web.Request) -> web.Answer:
    address = f"http://{request.headers.get('host', 'localhost')}{PATH}"
    formats = ", ".join(f"<http://www.w3.org/ns/formats/{name}>" for name in _FORMATS.split())
    text = _DESCRIPTION.format(address=address, formats=formats)
    return web.Answer(text.encode(), "text/turtle; charset=utf-8")
