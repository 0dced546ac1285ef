"""A small HTTP server on this machine, for what web pages ask of ``kg serve``.

What is served is a table of routes.  Pages of any origin may read it, so nothing secret goes in.
"""

import contextlib
import http.server
import threading
import urllib.parse
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Final

from kg.errors import KgError

#: Bytes of a request's body; more is refused.
LIMIT: Final = 1 << 20

#: A page elsewhere may have its own name lead here (DNS rebinding), so others are refused.
_HOSTS = {"localhost", "127.0.0.1", "::1"}
_METHODS = "GET, HEAD, POST, OPTIONS"
#: What pages of other origins ask before they read, private networks (Chromium) among it.
_CORS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Headers": "*",
    "Access-Control-Allow-Methods": _METHODS,
    "Access-Control-Allow-Private-Network": "true",
}


@dataclass(frozen=True, slots=True)
class Request:
    """What a page asks: ``query`` is what stands behind ``?``, ``headers`` are in lower case."""

    method: str
    path: str
    query: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


@dataclass(frozen=True, slots=True)
class Answer:
    """What it is given: content and its media type."""

    content: bytes
    kind: str = "text/plain; charset=utf-8"
    status: int = HTTPStatus.OK


Route = Callable[[Request], Answer]


@contextlib.contextmanager
def serve(routes: Mapping[str, Route], *, port: int = 0, host: str = "127.0.0.1") -> Iterator[str]:
    """Answer by the routes until the context ends; give the address, which ends in no slash.

    A route's key is a path, or the beginning of one if it ends in a slash: the longest that fits
    answers.  ``port`` 0 takes a free one.  The address names the host ``localhost``, as Neo4j
    Browser demands.  Raises ``KgError`` if the port is taken.
    """
    try:
        server = http.server.ThreadingHTTPServer((host, port), _handler(routes))
    except OSError as error:
        raise KgError(
            f"Port {port} cannot be served over HTTP: {error.strerror}",
            remedy="Give another one, or none for a free one.",
        ) from error
    thread = threading.Thread(target=server.serve_forever, args=(0.1,), daemon=True)
    thread.start()
    try:
        yield f"http://localhost:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def answer(routes: Mapping[str, Route], request: Request) -> Answer:
    """Give what the route of a request's path answers.

    >>> routes = {"/a": lambda _: Answer(b"A"), "/b/": lambda request: Answer(b"B")}
    >>> [answer(routes, Request("GET", path)).content for path in ("/a", "/b/c")]
    [b'A', b'B']
    >>> int(answer(routes, Request("GET", "/a/")).status)
    404
    """
    fitting = [
        route
        for route in routes
        if route == request.path or (route.endswith("/") and request.path.startswith(route))
    ]
    if not fitting:
        return Answer(f"There is no {request.path}\n".encode(), status=HTTPStatus.NOT_FOUND)
    return routes[max(fitting, key=len)](request)


def _handler(routes: Mapping[str, Route]) -> type[http.server.BaseHTTPRequestHandler]:
    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        server_version = "paperlattice"
        sys_version = ""
        #: Seconds that a connection may be silent.
        timeout = 30

        def do_OPTIONS(self) -> None:
            self._send(Answer(b"", status=HTTPStatus.NO_CONTENT))

        def do_GET(self) -> None:
            url = urllib.parse.urlsplit(self.path)
            if "Transfer-Encoding" in self.headers:
                self.close_connection = True
                self._send(Answer(b"Say how long\n", status=HTTPStatus.LENGTH_REQUIRED))
                return
            size = self.headers.get("Content-Length") or "0"
            if not size.isdecimal() or int(size) > LIMIT:
                self.close_connection = True
                self._send(Answer(b"Too long\n", status=HTTPStatus.REQUEST_ENTITY_TOO_LARGE))
                return
            if urllib.parse.urlsplit(f"//{self.headers.get('Host', '')}").hostname not in _HOSTS:
                self.close_connection = True
                self._send(Answer(b"Ask localhost\n", status=HTTPStatus.MISDIRECTED_REQUEST))
                return
            asked = Request(
                self.command,
                urllib.parse.unquote(url.path),
                url.query,
                {name.lower(): value for name, value in self.headers.items()},
                self.rfile.read(int(size)),
            )
            self._send(answer(routes, asked))

        do_HEAD = do_POST = do_GET

        def _send(self, given: Answer) -> None:
            self.send_response(given.status)
            for name, value in _CORS.items():
                self.send_header(name, value)
            if given.status != HTTPStatus.NO_CONTENT:
                self.send_header("Content-Type", given.kind)
                self.send_header("Content-Length", str(len(given.content)))
                self.send_header("Cache-Control", "no-cache")
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(given.content)

        def log_message(self, *_: Any) -> None:
            """Say nothing: who asks hears the answer."""

    return Handler
