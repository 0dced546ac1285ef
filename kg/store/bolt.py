"""The embedded store over Bolt, for drivers of Neo4j and Neo4j Browser."""

import contextlib
import json
import secrets
import shutil
import socket
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kg.errors import KgError
from kg.store import arcade, projection
from kg.store.arcade import DATABASE
from kg.store.projection import Say


@dataclass(frozen=True, slots=True)
class Bolt:
    """Where a served store is reached, by the driver of Neo4j."""

    uri: str
    user: str
    password: str
    database: str = DATABASE


@contextlib.contextmanager
def serve(folder: Path, *, port: int = 0, say: Say = lambda text: None) -> Iterator[Bolt]:
    """Serve a copy of the store over Bolt on the loopback address, until the context ends.

    It is a copy because the engine serves transactions only from a database that it may write;
    its user may read alone.  ``port`` 0 takes a free one.
    """
    place = arcade.load(folder, say=say)
    with tempfile.TemporaryDirectory(prefix="kg-serve-", ignore_cleanup_errors=True) as root:
        with projection.room(Path(root)):
            shutil.copytree(place / DATABASE, Path(root) / "databases" / DATABASE)
        bolt = Bolt(f"bolt://127.0.0.1:{port or _free_port()}", "reader", secrets.token_hex(12))
        server = _server(Path(root), bolt)
        try:
            _start(server, bolt)
            yield bolt
        finally:
            server.stop()


def _server(root: Path, bolt: Bolt) -> Any:
    config = root / "config"
    config.mkdir()
    reader = {"access": [], "types": {"*": {"access": ["readRecord"]}}}
    admin = {
        "access": ["updateSecurity", "updateSchema", "updateDatabaseSettings"],
        "types": {"*": {"access": ["createRecord", "readRecord", "updateRecord", "deleteRecord"]}},
    }
    groups = {"databases": {"*": {"groups": {"admin": admin, "reader": reader}}}, "version": 1}
    (config / "server-groups.json").write_text(json.dumps(groups), encoding="utf-8")
    settings = {
        "host": "127.0.0.1",
        "http_port": _free_port(),
        "bolt_port": int(bolt.uri.rpartition(":")[2]),
        "bolt_defaultDatabase": DATABASE,
        "server_plugins": "Bolt:com.arcadedb.bolt.BoltProtocolPlugin",
    }
    return arcade.machine().ArcadeDBServer(str(root), secrets.token_urlsafe(16), settings)


def _start(server: Any, bolt: Bolt) -> None:
    import jpype

    engine = arcade.machine()
    try:
        server.start()
        security = server._java_server.getSecurity()
        user = jpype.JClass("com.arcadedb.serializer.json.JSONObject")(
            json.dumps(
                {
                    "name": bolt.user,
                    "password": str(security.encodePassword(bolt.password)),
                    "databases": {DATABASE: ["reader"]},
                }
            )
        )
        security.createUser(user)
    except engine.ArcadeDBError as error:
        raise KgError(
            f"The store could not be served: {error}", remedy="Try another --port."
        ) from error


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
