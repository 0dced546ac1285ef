"""A real Neo4j Community server for the tests, from Maven artifacts.

Needs Java 17 and Maven.  The jars lie in the user's cache, outside the tree; Neo4j is GPLv3 and is
only spoken to, over Bolt.
"""

import contextlib
import os
import secrets
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import neo4j

VERSION = "5.26.5"
#: Seconds for the first download of the jars, and for the server to come up.
DOWNLOAD, START = 600, 120

_POM = f"""<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>paperlattice</groupId><artifactId>neo4j</artifactId><version>1</version>
  <packaging>pom</packaging>
  <dependencies>
    <dependency>
      <groupId>org.neo4j</groupId><artifactId>neo4j</artifactId><version>{VERSION}</version>
    </dependency>
    <dependency>
      <groupId>org.neo4j.app</groupId><artifactId>neo4j-server</artifactId>
      <version>{VERSION}</version>
    </dependency>
  </dependencies>
</project>
"""
_FETCH = "mvn -q -B dependency:copy-dependencies -DincludeScope=runtime"
_ADMIN = "java -cp {lib}/* org.neo4j.cli.AdminTool dbms set-initial-password"
_OPENED = ("java.nio", "java.io", "sun.nio.ch", "java.util.concurrent")


@dataclass(frozen=True, slots=True)
class Server:
    """Where a server listens, and who may enter."""

    uri: str
    user: str
    password: str


def missing() -> str:
    """Tell what this machine lacks to run a server; empty if it lacks nothing."""
    lacks = [name for name in ("java", "mvn") if shutil.which(name) is None]
    if lacks:
        return f"needs {' and '.join(lacks)} (Debian: openjdk-17-jre-headless, maven)"
    try:
        jars()
    except subprocess.SubprocessError as error:
        return f"needs its jars, which Maven did not fetch: {error}"
    return ""


@contextlib.contextmanager
def running(home: Path) -> Iterator[Server]:
    """Run a server in the folder ``home`` for as long as the context lasts."""
    lib = jars()
    bolt, http = _free_port(), _free_port()
    for name in ("conf", "data", "logs", "run", "plugins", "import"):
        (home / name).mkdir(parents=True)
    (home / "conf" / "neo4j.conf").write_text(
        f"server.bolt.listen_address=127.0.0.1:{bolt}\n"
        f"server.http.listen_address=127.0.0.1:{http}\n"
        "server.https.enabled=false\n"
        "server.memory.pagecache.size=128m\n"
        "dbms.usage_report.enabled=false\n",
        encoding="utf-8",
    )
    server = Server(f"bolt://127.0.0.1:{bolt}", "neo4j", secrets.token_urlsafe(16))
    environment = {**os.environ, "NEO4J_HOME": str(home), "NEO4J_CONF": str(home / "conf")}
    subprocess.run(
        [*_ADMIN.format(lib=lib).split(), server.password],
        check=True,
        capture_output=True,
        env=environment,
    )
    with (home / "logs" / "console.log").open("wb") as log:
        process = subprocess.Popen(_command(lib, home), stdout=log, stderr=log, env=environment)
        try:
            _wait(server, process, home / "logs" / "console.log")
            yield server
        finally:
            process.terminate()
            process.wait(60)


def jars() -> Path:
    """Give the folder of the server's jars, fetched by Maven if they are not there."""
    cache = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "paperlattice"
    lib = cache / f"neo4j-{VERSION}"
    if not lib.exists():
        part = cache / f"neo4j-{VERSION}.part"
        part.mkdir(parents=True, exist_ok=True)
        (part / "pom.xml").write_text(_POM, encoding="utf-8")
        subprocess.run(
            [*_FETCH.split(), "-f", str(part / "pom.xml"), f"-DoutputDirectory={part / 'lib'}"],
            check=True,
            timeout=DOWNLOAD,
        )
        (part / "lib").rename(lib)
    return lib


def _command(lib: Path, home: Path) -> list[str]:
    return [
        "java",
        "-Xms256m",
        "-Xmx512m",
        *(f"--add-opens=java.base/{name}=ALL-UNNAMED" for name in _OPENED),
        "--enable-native-access=ALL-UNNAMED",
        "--add-modules=jdk.incubator.vector",
        "-cp",
        f"{lib}/*:{home}/plugins/*",
        "org.neo4j.server.CommunityEntryPoint",
        f"--home-dir={home}",
        f"--config-dir={home / 'conf'}",
        "--console-mode",
    ]


def _wait(server: Server, process: "subprocess.Popen[bytes]", log: Path) -> None:
    until = time.monotonic() + START
    with neo4j.GraphDatabase.driver(server.uri, auth=(server.user, server.password)) as driver:
        while True:
            try:
                driver.verify_connectivity()
                return
            except neo4j.exceptions.ServiceUnavailable:
                if process.poll() is not None or time.monotonic() > until:
                    raise RuntimeError(f"Neo4j did not start:\n{log.read_text()}") from None
                time.sleep(0.5)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
