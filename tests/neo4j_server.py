"""A real Neo4j Community server for the tests: from Maven artifacts, else from Docker.

Maven's way needs Java 17 (Java 21 or newer for the releases after 5.26).  The jars lie in the
user's cache, outside the tree; Neo4j is GPLv3 and is only spoken to, over Bolt.
"""

import contextlib
import os
import re
import secrets
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import neo4j

#: The long-term line, on which all tests run, and a recent release, for the contract tests.
VERSION, RECENT = "5.26.5", "2025.12.1"
#: Release -> the least Java that it runs on, and its main class.
_NEEDS = {
    VERSION: (17, "org.neo4j.server.CommunityEntryPoint"),
    RECENT: (21, "org.neo4j.server.Neo4jCommunity"),
}
#: Seconds for the first download of the jars, and for the server to come up.
DOWNLOAD, START = 600, 180
IMAGE = "neo4j:5.26-community"

_POM = """<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>paperlattice</groupId><artifactId>neo4j</artifactId><version>1</version>
  <packaging>pom</packaging>
  <dependencies>
    <dependency>
      <groupId>org.neo4j</groupId><artifactId>neo4j</artifactId><version>{version}</version>
    </dependency>
    <dependency>
      <groupId>org.neo4j.app</groupId><artifactId>neo4j-server</artifactId>
      <version>{version}</version>
    </dependency>
  </dependencies>
</project>
"""
_FETCH = "mvn -q -B dependency:copy-dependencies -DincludeScope=runtime"
_OPENED = ("java.nio", "java.io", "sun.nio.ch", "java.util.concurrent")


@dataclass(frozen=True, slots=True)
class Server:
    """Where a server listens, who may enter, and the folder and release of one made here."""

    uri: str
    user: str
    password: str
    home: Path = Path()
    version: str = VERSION


def missing(version: str = VERSION) -> str:
    """Tell what this machine lacks to run a server; empty if it lacks nothing."""
    least, _ = _NEEDS[version]
    lacks = [] if java(version) else [f"Java {least} or newer"]
    lacks += [] if shutil.which("mvn") else ["Maven"]
    if lacks:
        return f"needs {' and '.join(lacks)} (Debian: openjdk-17-jre-headless, maven), or Docker"
    try:
        jars(version)
    except subprocess.SubprocessError as error:
        return f"needs its jars, which Maven did not fetch: {error}"
    return ""


def forget(server: "Server", name: str) -> None:
    """Take what ``kg load`` brought under a name off a server: the next test finds it as it was."""
    login = server.user, server.password
    with neo4j.GraphDatabase.driver(server.uri, auth=login) as driver:
        driver.execute_query(f"MATCH (n) WHERE n.`kg_{name}` IS NOT NULL DETACH DELETE n")
        driver.execute_query("MATCH (g:KgGraph {name: $name}) DELETE g", name=name)


@contextlib.contextmanager
def running(home: Path, version: str = VERSION) -> Iterator[Server]:
    """Run a new server in the folder ``home`` for as long as the context lasts."""
    server = install(home, version)
    with started(server):
        yield server


def install(home: Path, version: str = VERSION) -> Server:
    """Make the folder of a server, with a password and free ports; it is not started."""
    bolt, http = free_port(), free_port()
    for name in ("conf", "data", "logs", "run", "plugins", "import"):
        (home / name).mkdir(parents=True)
    configure(
        home,
        {
            "server.bolt.listen_address": f"127.0.0.1:{bolt}",
            "server.http.listen_address": f"127.0.0.1:{http}",
            "server.https.enabled": "false",
            "server.memory.pagecache.size": "128m",
            "dbms.usage_report.enabled": "false",
        },
    )
    server = Server(f"bolt://127.0.0.1:{bolt}", "neo4j", secrets.token_hex(12), home, version)
    admin(server, "dbms", "set-initial-password", server.password)
    return server


def configure(home: Path, settings: Mapping[str, str]) -> None:
    """Add settings to those of a server that does not run."""
    with (home / "conf" / "neo4j.conf").open("a", encoding="utf-8") as conf:
        conf.writelines(f"{name}={value}\n" for name, value in settings.items())


@contextlib.contextmanager
def started(server: Server) -> Iterator["subprocess.Popen[bytes]"]:
    """Run an installed server for as long as the context lasts, or until its process is killed."""
    log = server.home / "logs" / "console.log"
    with log.open("wb") as stream:
        process = subprocess.Popen(
            _command(server), stdout=stream, stderr=stream, env=_environment(server)
        )
        try:
            _wait(server, process, log)
            yield process
        finally:
            process.terminate()
            process.wait(60)


def admin(server: Server, *arguments: str) -> str:
    """Run ``neo4j-admin`` of a server that does not run; give what it says."""
    return _run([str(_admin(server)), *arguments], server)


def script(server: Server, path: Path) -> str:
    """Run a shell script that wants to know ``neo4j-admin``; give what it says."""
    return _run(["sh", str(path)], server)


def _admin(server: Server) -> Path:
    """Give the command that the distribution has and the jars lack."""
    path = server.home / "bin" / "neo4j-admin"
    path.parent.mkdir(exist_ok=True)
    java = f"{_java(server)} -cp '{jars(server.version)}/*'"
    path.write_text(f'#!/bin/sh\nexec {java} org.neo4j.cli.AdminTool "$@"\n', encoding="utf-8")
    path.chmod(0o755)
    return path


def _run(command: list[str], server: Server) -> str:
    environment = {**_environment(server), "NEO4J_ADMIN": str(_admin(server))}
    done = subprocess.run(command, check=False, capture_output=True, text=True, env=environment)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)}:\n{done.stdout}\n{done.stderr}")
    return done.stdout


@contextlib.contextmanager
def contained() -> Iterator[Server]:
    """Run a new server in a container of Docker for as long as the context lasts."""
    server = Server(f"bolt://127.0.0.1:{free_port()}", "neo4j", secrets.token_hex(12))
    port = server.uri.rpartition(":")[2]
    login = f"NEO4J_AUTH=neo4j/{server.password}"
    run = ["docker", "run", "--rm", "--publish", f"127.0.0.1:{port}:7687", "--env", login, IMAGE]
    process = subprocess.Popen(run, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        _wait(server, process, None)
        yield server
    finally:
        process.terminate()
        process.wait(60)


def jars(version: str = VERSION) -> Path:
    """Give the folder of the server's jars, fetched by Maven if they are not there."""
    cache = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "paperlattice"
    lib = cache / f"neo4j-{version}"
    if not lib.exists():
        part = cache / f"neo4j-{version}.part"
        part.mkdir(parents=True, exist_ok=True)
        (part / "pom.xml").write_text(_POM.format(version=version), encoding="utf-8")
        subprocess.run(
            [*_FETCH.split(), "-f", str(part / "pom.xml"), f"-DoutputDirectory={part / 'lib'}"],
            check=True,
            timeout=DOWNLOAD,
        )
        (part / "lib").rename(lib)
    return lib


def java(version: str = VERSION) -> str | None:
    """Give the first Java on this machine that is new enough for a release."""
    homes = [Path(os.environ["JAVA_HOME"])] if "JAVA_HOME" in os.environ else []
    found = [home / "bin" / "java" for home in (*homes, *sorted(Path("/usr/lib/jvm").glob("*")))]
    candidates = [shutil.which("java"), *map(str, found)]
    least, _ = _NEEDS[version]
    for candidate in candidates:
        if candidate and Path(candidate).exists():
            said = subprocess.run(
                [candidate, "-version"], check=True, capture_output=True, text=True
            )
            number = re.search(r'version "(\d+)', said.stderr)
            if number and int(number[1]) >= least:
                return candidate
    return None


def free_port() -> int:
    """Give a port on the loopback address that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _java(server: Server) -> str:
    found = java(server.version)
    assert found, missing(server.version)
    return found


def _environment(server: Server) -> dict[str, str]:
    home = server.home
    return {**os.environ, "NEO4J_HOME": str(home), "NEO4J_CONF": str(home / "conf")}


def _command(server: Server) -> list[str]:
    home = server.home
    return [
        _java(server),
        "-Xms256m",
        "-Xmx512m",
        *(f"--add-opens=java.base/{name}=ALL-UNNAMED" for name in _OPENED),
        "--enable-native-access=ALL-UNNAMED",
        "--add-modules=jdk.incubator.vector",
        "-cp",
        f"{jars(server.version)}/*:{home}/plugins/*",
        _NEEDS[server.version][1],
        f"--home-dir={home}",
        f"--config-dir={home / 'conf'}",
        "--console-mode",
    ]


def _wait(server: Server, process: "subprocess.Popen[bytes]", log: Path | None) -> None:
    until = time.monotonic() + START
    with neo4j.GraphDatabase.driver(server.uri, auth=(server.user, server.password)) as driver:
        while True:
            try:
                driver.verify_connectivity()
                return
            except neo4j.exceptions.ServiceUnavailable:
                if process.poll() is not None or time.monotonic() > until:
                    said = log.read_text() if log else ""
                    raise RuntimeError(f"Neo4j did not start:\n{said}") from None
                time.sleep(0.5)
