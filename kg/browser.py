"""What Neo4j Browser is given: a style, a guide and favourites, and the app itself if it is there.

The files lie in ``docker/neo4j/``; Browser fetches them from the host ``localhost`` alone.
"""

import functools
import io
import mimetypes
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from http import HTTPStatus
from pathlib import Path
from typing import Final
from urllib.parse import quote

from kg import web
from kg.errors import KgError

STYLE: Final = "/paperlattice.grass"
GUIDE: Final = "/guide.html"
FAVOURITES: Final = "/favourites.zip"
APP: Final = "/browser/"
#: Where the guide's file says that the style is.
_SITE: Final = b"http://localhost:7475"

_HERE = Path(__file__).parent
#: In the wheel the files lie in the package, in a checkout beside it.
_FOLDERS = (_HERE / "_neo4j", _HERE.parent / "docker" / "neo4j")


def routes(jar: Path | None = None) -> dict[str, web.Route]:
    """Give the routes of style, guide and favourites, and of Neo4j Browser from its jar.

    The jar is Maven's ``org.neo4j.client:neo4j-browser``.  Raises ``KgError`` if it is another.
    """
    made: dict[str, web.Route] = {
        STYLE: functools.partial(_file, STYLE, "text/plain; charset=utf-8"),
        GUIDE: _guide,
        FAVOURITES: lambda _: web.Answer(archive(), "application/zip"),
    }
    return made if jar is None else {**made, APP: functools.partial(_app, _opened(jar))}


def folder() -> Path:
    """Give the folder of the files."""
    return next(folder for folder in _FOLDERS if folder.is_dir())


def favourites() -> Iterator[tuple[str, str]]:
    """Yield name and Cypher of each favourite; its first line is the name that Browser shows."""
    for path in sorted((folder() / "favourites").glob("*.cypher")):
        yield path.name, path.read_text(encoding="utf-8")


def archive() -> bytes:
    """Give the zip of the favourites, which Browser imports into a folder when it is dropped."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in favourites():
            # Without the time of writing, so that the same files give the same archive.
            archive.writestr(zipfile.ZipInfo(f"Paperlattice/{name}"), text)
    return made.getvalue()


def address(site: str, uri: str = "", user: str = "", database: str = "") -> str:
    """Give the address of the served app, which opens the guide and fills in the login.

    >>> print(address("http://localhost:1"))
    http://localhost:1/browser/?cmd=guide&arg=http://localhost:1/guide.html
    >>> print(address("http://localhost:1", "bolt://127.0.0.1:2", "reader", "kg").split("&cmd")[0])
    http://localhost:1/browser/?dbms=bolt://reader@127.0.0.1:2&db=kg
    """
    login = uri and f"dbms={uri.replace('://', f'://{quote(user)}@')}&db={quote(database)}&"
    return f"{site}{APP}?{login}cmd=guide&arg={site}{GUIDE}"


def _file(name: str, kind: str, _: web.Request) -> web.Answer:
    return web.Answer((folder() / name.strip("/")).read_bytes(), kind)


def _guide(request: web.Request) -> web.Answer:
    """Give the guide, whose link to the style leads to where it is served."""
    said = _file(GUIDE, "text/html; charset=utf-8", request)
    site = f"http://{request.headers['host']}".encode()
    return replace(said, content=said.content.replace(_SITE, site))


def _opened(jar: Path) -> zipfile.ZipFile:
    try:
        opened = zipfile.ZipFile(jar)
        opened.getinfo("browser/index.html")
    except (OSError, KeyError, zipfile.BadZipFile) as error:
        raise KgError(
            f"{jar}: this is not Neo4j Browser",
            remedy="Give the file neo4j-browser-VERSION.jar, which Maven Central has under "
            "org.neo4j.client:neo4j-browser.",
        ) from error
    return opened


def _app(jar: zipfile.ZipFile, request: web.Request) -> web.Answer:
    name = request.path.strip("/")
    name = "browser/index.html" if name == "browser" else name
    try:
        content = jar.read(name)
    except KeyError:
        return web.Answer(b"There is no such file\n", status=HTTPStatus.NOT_FOUND)
    kind, _ = mimetypes.guess_type(name)
    return web.Answer(content, kind or "application/octet-stream")
