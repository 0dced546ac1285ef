"""Answers that were paid for once: one file each, by a digest, in the user's cache."""

import contextlib
import hashlib
import json
import os
import sys
from pathlib import Path
from typing import Any

#: Environment variable that names another folder.
FOLDER = "PAPERLATTICE_CACHE"


def folder() -> Path:
    """Give the folder of answers: ``PAPERLATTICE_CACHE``, or where the system keeps caches."""
    if named := os.environ.get(FOLDER):
        return Path(named)
    if sys.platform == "win32":
        base = Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
    elif sys.platform == "darwin":
        base = Path.home() / "Library" / "Caches"
    else:
        base = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    return base / "paperlattice" / "answers"


def key(*parts: str) -> str:
    """Give the digest of what an answer follows from."""
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def get(digest: str) -> Any:
    """Give an answer; None if there is none, or none that can be read."""
    try:
        return json.loads(_path(digest).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None


def put(digest: str, answer: Any) -> None:
    """Keep an answer; a disk that takes none is no reason to stop."""
    path = _path(digest)
    with contextlib.suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        new = path.with_suffix(f".{os.getpid()}.new")
        new.write_text(json.dumps(answer, ensure_ascii=False), encoding="utf-8")
        new.replace(path)


def _path(digest: str) -> Path:
    # Folders of 256: none then holds too many files.
    return folder() / digest[:2] / f"{digest[2:34]}.json"
