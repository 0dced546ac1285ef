"""The Java machine of the embedded store: started with few options, and quickly.

Most of a cold start is loading classes.  The machine can map them from an archive instead, which
halves the time; the archive is made once for an engine, from the classes that a query used, and
lies in the user's cache.  Without one everything works, only slower.
"""

import contextlib
import faulthandler
import hashlib
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from kg.errors import KgError

#: Most memory of the machine, unless the variable ``KG_HEAP`` says otherwise.
HEAP: Final = "1g"

_LIST = "KG_CLASS_LIST"
_MODULES = (
    "--enable-native-access=ALL-UNNAMED",
    "--add-opens=java.base/java.util.concurrent.atomic=ALL-UNNAMED",
    "--add-opens=java.base/java.nio.channels.spi=ALL-UNNAMED",
    "--add-opens=java.base/java.lang=ALL-UNNAMED",
)


def start(library: Path, jars: Sequence[Path], options: Sequence[str], *, brief: bool) -> None:
    """Start the machine of ``library``, silent; ``brief`` suits a process that asks one query.

    A brief machine compiles less, and ends the process at once on Ctrl-C, which Python could not
    do during a call.  Raises ``KgError`` if it does not start.
    """
    import jpype

    heap = os.environ.get("KG_HEAP", HEAP)
    given = [f"-Xmx{heap}", "-Xlog:disable", "-XX:+UseSerialGC", *_MODULES, *options]
    given.append(f"-XX:ErrorFile={Path(tempfile.gettempdir(), 'kg-java-%p.log')}")
    # Otherwise signals are for Python, so that contexts end and servers stop.
    given.append("-XX:TieredStopAtLevel=1" if brief else "-Xrs")
    if _LIST in os.environ:
        given.append(f"-XX:DumpLoadedClassList={os.environ[_LIST]}")
    elif (known := archive(library, jars)).exists():
        given.append(f"-XX:SharedArchiveFile={known}")
    # Java handles faults that are part of its work.  Python's handler of faults, were it on, would
    # take that away from it when it is switched off, as pytest does, and end the process.
    faulthandler.disable()
    try:
        jpype.startJVM(str(library), *given, classpath=_path(jars), interrupt=brief)
    except Exception as error:
        raise KgError(
            f"Java does not start: {error}",
            remedy="Check the variable KG_HEAP (most memory: 512m, 1g, 4g)."
            if "KG_HEAP" in os.environ
            else "Install the package arcadedb-embedded again; it brings its own Java.",
        ) from error
    # Whatever logs must not write to the user's terminal or folder.
    jpype.JClass("java.util.logging.LogManager").getLogManager().reset()
    off = jpype.JClass("java.util.logging.Level").OFF
    jpype.JClass("java.util.logging.Logger").getLogger("").setLevel(off)


def prepare(library: Path, jars: Sequence[Path], code: str) -> None:
    """Make the archive of classes if there is none, from those that the Python ``code`` loads.

    Takes some five seconds.  Whatever fails leaves no archive.
    """
    wanted = archive(library, jars)
    if wanted.exists() or _LIST in os.environ:
        return
    with contextlib.suppress(OSError, subprocess.SubprocessError):
        wanted.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=wanted.parent) as folder:
            names, made = Path(folder, "classes.txt"), Path(folder, "classes.jsa")
            found = os.pathsep.join(sys.path)
            _run([sys.executable, "-c", code], {_LIST: str(names), "PYTHONPATH": found})
            java = [str(_java(library)), "-Xshare:dump", f"-XX:SharedClassListFile={names}"]
            java += [f"-XX:SharedArchiveFile={made}", "-XX:+UseSerialGC", *_MODULES]
            _run([*java, "-cp", _path(jars)], {})
            made.replace(wanted)


def _run(command: list[str], variables: dict[str, str]) -> None:
    subprocess.run(
        command,
        env={**os.environ, **variables},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        timeout=120,
        check=True,
    )


def archive(library: Path, jars: Sequence[Path]) -> Path:
    """Give the place of the archive of classes, which need not be there."""
    key = hashlib.sha256()
    for path in (library, *jars):
        key.update(f"{path} {path.stat().st_size} {path.stat().st_mtime_ns}\n".encode())
    return cache() / f"classes-{key.hexdigest()[:16]}.jsa"


def cache() -> Path:
    """Give the user's folder for what can be made again."""
    if "KG_CACHE" in os.environ:
        return Path(os.environ["KG_CACHE"])
    home = Path(os.path.expanduser("~"))  # noqa: PTH111 - never raises
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or home / "AppData/Local") / "paperlattice"
    if sys.platform == "darwin":
        return home / "Library/Caches/paperlattice"
    return Path(os.environ.get("XDG_CACHE_HOME") or home / ".cache") / "paperlattice"


def _java(library: Path) -> Path:
    home = library.parents[2]  # lib/server/libjvm.so, or bin/server/jvm.dll
    return home / "bin" / ("java.exe" if os.name == "nt" else "java")


def _path(jars: Sequence[Path]) -> str:
    return os.pathsep.join(map(str, jars))
