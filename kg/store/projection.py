"""What a database is built in beside the files of a graph: a folder that is whole or not there.

It lies under a name that follows from what it is made of, so one with that name is fresh; it is
built beside and renamed when it is whole, by one process at a time.  A run that is killed at any
moment leaves nothing that counts.
"""

import contextlib
import json
import shutil
import uuid
import zlib
from collections.abc import Callable, Collection, Iterator, Mapping
from pathlib import Path
from typing import Final

from kg.errors import KgError
from kg.store import files

Say = Callable[[str], None]
#: Size, time of the last change and checksum of a file.
Stamp = list[int]

#: The folder within a projection that ``fill`` is given: Bolt calls the database by its name.
CONTENT: Final = "kg"
_STAMP: Final = "stamp.json"


def load(
    place: Path,
    fill: Callable[[Path], None],
    *,
    what: str,
    say: Say = lambda text: None,
    rewritten: Collection[str] = (),
) -> Path:
    """Have ``fill`` build the projection ``place`` unless it is there and whole; give ``place``.

    ``fill`` is given the folder ``CONTENT`` within, which it makes.

    What stands beside it, such as that of a former graph, is removed.  ``say`` is told why it is
    built, and ``what``; files ``rewritten`` by whoever opens it do not count.  Raises ``KgError``
    if there is no room.
    """
    if not whole(place):
        with _locked(place.parent, say):
            if not whole(place):
                say(f"{_reason(place)}: building it from the files ({what})")
                _build(place, fill, rewritten)
                _clean(place)
    return place


def whole(place: Path) -> bool:
    """Tell whether a projection is there as it was built: each file with its size and content.

    Contents are looked at only where the time of the last change is another, as in a copy.
    """
    try:
        known = json.loads((place / _STAMP).read_bytes())["files"]
        found = _stamps(place / CONTENT, known)
    except (OSError, ValueError, LookupError, TypeError):
        return False
    if found != known and [stamp[::2] for stamp in found.values()] == [
        stamp[::2] for stamp in known.values()
    ]:
        with contextlib.suppress(KgError):  # It may lie where nobody may write.
            files.write(place / _STAMP, json.dumps({"files": found}).encode())
        return True
    return bool(found == known)


def distrust(place: Path) -> None:
    """Have a projection built anew by the next ``load``, since it cannot be read."""
    (place / _STAMP).unlink(missing_ok=True)


@contextlib.contextmanager
def room(folder: Path) -> Iterator[None]:
    """Say of what fails to be written within the context that the store could not be built."""
    try:
        yield
    except OSError as error:
        raise KgError(
            f"{folder}: the store could not be built: {error.strerror or error}",
            remedy="Make room there, or copy the graph to where you may write.",
        ) from error


def _stamps(folder: Path, known: Mapping[str, Stamp]) -> dict[str, Stamp]:
    """Give size, time of change and checksum of each of the files."""
    stamps = {}
    for name, before in known.items():
        status = (folder / name).stat()
        stamp = [status.st_size, status.st_mtime_ns]
        same = stamp == before[:2]
        stamps[name] = before if same else [*stamp, _checksum(folder / name)]
    return stamps


def _checksum(path: Path) -> int:
    sum_ = 0
    with path.open("rb") as stream:
        while part := stream.read(1 << 20):
            sum_ = zlib.crc32(part, sum_)
    return sum_


def _reason(place: Path) -> str:
    if place.exists():
        return "The store is broken"
    others = [path.name for path in place.parent.glob("*-*-*") if path.is_dir()]
    if not others:
        return "The store is missing"
    return (
        "The store was built by another version"
        if any(name.partition("-")[0] == place.name.partition("-")[0] for name in others)
        else "The store is stale"
    )


@contextlib.contextmanager
def _locked(root: Path, say: Say) -> Iterator[None]:
    from filelock import FileLock, Timeout

    with room(root):
        root.mkdir(exist_ok=True)
        lock = FileLock(root / ".lock")
        try:
            lock.acquire(timeout=0)
        except Timeout:
            say("Another process builds the store: waiting for it")
            try:
                lock.acquire(timeout=600)
            except Timeout as error:
                raise KgError(
                    f"{root}: another process has been building the store for ten minutes",
                    remedy="End it, or wait for it, and try again.",
                ) from error
    try:
        yield
    finally:
        lock.release()


def _build(place: Path, fill: Callable[[Path], None], rewritten: Collection[str]) -> None:
    part = _beside(place)
    with room(place.parent):
        try:
            part.mkdir()
            fill(part / CONTENT)
            names = sorted({path.name for path in (part / CONTENT).iterdir()} - {*rewritten})
            stamps = _stamps(part / CONTENT, {name: [0, 0, 0] for name in names})
            files.write(part / _STAMP, json.dumps({"files": stamps}).encode())
            if place.exists():
                place.rename(_beside(place))
            part.rename(place)
        finally:
            shutil.rmtree(part, ignore_errors=True)


def _clean(place: Path) -> None:
    """Remove former stores and what killed runs left; Windows keeps what is still open."""
    for former in place.parent.iterdir():
        if former.is_dir() and former != place:
            # Renamed first, so that nobody opens what is half gone.
            with contextlib.suppress(OSError):
                shutil.rmtree(former.rename(_beside(place)), ignore_errors=True)


def _beside(place: Path) -> Path:
    return place.with_name(f".part-{uuid.uuid4().hex}")
