"""One input: a file, compressed or not, or standard input."""

import contextlib
import gzip
import io
import shutil
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, BinaryIO

from kg.errors import KgError


@dataclass(frozen=True, slots=True)
class Source:
    """A place to read papers from.

    ``name`` is what ``Paper.sources`` and ``Rejected.file`` call it: the file's name without the
    folder, so that a graph does not depend on where its inputs lay.
    """

    name: str
    path: Path

    def open(self) -> BinaryIO:
        """Open the bytes, decompressed when they begin as gzip does."""
        try:
            stream = self.path.open("rb")
        except OSError as error:
            raise KgError(
                f"{self.path}: {error.strerror}", remedy="Give a file that can be read."
            ) from error
        if stream.peek(2)[:2] == b"\x1f\x8b":
            # Closing the outer stream closes the file below it too.
            return io.BufferedReader(_Gzip(stream))  # type: ignore[arg-type]
        return stream

    def text(self) -> IO[str]:
        """Open as UTF-8 text; a byte-order mark is dropped, other encodings are recognised."""
        raise NotImplementedError


class _Gzip(gzip.GzipFile):
    def __init__(self, stream: BinaryIO) -> None:
        super().__init__(fileobj=stream, mode="rb")
        self._below = stream

    def close(self) -> None:
        super().close()
        self._below.close()


@contextlib.contextmanager
def sources(names: list[str]) -> Iterator[list[Source]]:
    """Give the sources that a command line names; ``-`` is standard input, kept in a file."""
    with contextlib.ExitStack() as stack:
        made = []
        for name in names:
            if name == "-":
                spool = stack.enter_context(tempfile.NamedTemporaryFile(suffix=".stdin"))
                shutil.copyfileobj(sys.stdin.buffer, spool)
                spool.flush()
                made.append(Source("-", Path(spool.name)))
            else:
                made.append(Source(Path(name).name, Path(name)))
        yield made
