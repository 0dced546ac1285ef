"""One input: a file, compressed or not, or standard input."""

import codecs
import contextlib
import gzip
import io
import shutil
import sys
import tempfile
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, BinaryIO, Final

from kg.errors import KgError

#: How much is looked at to tell the encoding, and how far the first character beyond ASCII is
#: looked for.
_PROBE: Final = 1 << 18
_SEARCH: Final = 1 << 26

#: Byte-order marks and their encodings, the longer first where one begins as the other.
MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


@dataclass(frozen=True, slots=True)
class Source:
    """A place to read papers from.

    ``name`` is what ``Paper.sources`` and ``Rejected.file`` call it: the file's name without the
    folder, so that a graph does not depend on where its inputs lay.  ``breaks`` tells, once it is
    read, why the stream ended before its time.
    """

    name: str
    path: Path
    breaks: list[str] = field(default_factory=list, compare=False, repr=False)

    def open(self) -> BinaryIO:
        """Open the bytes, decompressed when they begin as gzip does.

        A compressed file that is damaged gives what can be read, and says so in ``breaks``.
        """
        try:
            stream = self.path.open("rb")
            packed = stream.peek(2)[:2] == b"\x1f\x8b"
        except (OSError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) else str(error)
            raise KgError(
                f"{self.path}: {reason}",
                remedy="Give the files in it, as in papers/*.bib."
                if self.path.is_dir()
                else "Give a file that can be read.",
            ) from error
        if packed:
            # Closing the outer stream closes the file below it too.
            return io.BufferedReader(_Gzip(stream, self.breaks))
        return stream

    def head(self, size: int = _PROBE) -> bytes:
        """Give the first bytes, decompressed."""
        with Source(self.name, self.path).open() as stream:
            try:
                return stream.read(size)
            except OSError as error:
                raise KgError(
                    f"{self.path}: {error.strerror}", remedy="Give a file that can be read."
                ) from error

    def text(self) -> IO[str]:
        """Open as text; a byte-order mark is dropped, other encodings than UTF-8 are recognised.

        Bytes that are no UTF-8 in a file that is are read as Windows-1252.  Raises ``KgError``
        for what is no text.
        """
        encoding = self.encoding()
        errors = "paperlattice" if encoding.startswith("utf-8") else "replace"
        return io.TextIOWrapper(self.open(), encoding=encoding, errors=errors)

    def encoding(self) -> str:
        """Tell the encoding, as Python names it.  Raises ``KgError`` for what is no text."""
        probe = self.head()
        for mark, encoding in MARKS:
            if probe.startswith(mark):
                return encoding
        if probe.isascii():
            probe = self._beyond_ascii()
        if _is_utf8(probe):
            return "utf-8"
        if b"\0" not in probe:
            from charset_normalizer import from_bytes

            # Lines of ASCII alone tell nothing, and drown those that do.
            telling = b"\n".join(line for line in probe.splitlines() if not line.isascii())
            # An accent here and there is Western; short texts of it are guessed as anything.
            if _is_western(telling):
                return "cp1252"
            if best := from_bytes(telling).best():
                return best.encoding
        raise KgError(f"{self.name}: not a text file.", remedy="Give it as UTF-8 text.")

    def _beyond_ascii(self) -> bytes:
        with Source(self.name, self.path).open() as stream:
            for _ in range(_SEARCH // _PROBE):
                chunk = stream.read(_PROBE)
                if not chunk or not chunk.isascii():
                    # The cut may have gone through a character: let it be whole.
                    return chunk + stream.read(_PROBE)
        return b""


def _is_utf8(probe: bytes) -> bool:
    """Tell whether ``probe`` is UTF-8 but for an end cut off and a stray byte in a thousand."""
    decoded = probe.decode("utf-8", "replace")
    strays = decoded.rstrip("\ufffd").count("\ufffd") - probe.count(b"\xef\xbf\xbd")
    beyond = sum(byte >= 0x80 for byte in probe) if strays > 0 else 0
    return strays <= 0 or (strays * 20 < beyond and strays * 1000 < len(probe))


def _is_western(telling: bytes) -> bool:
    try:
        telling.decode("cp1252")
    except UnicodeDecodeError:
        return False
    return sum(byte >= 0x80 for byte in telling) * 10 < len(telling)


def _stray(error: UnicodeError) -> tuple[str, int]:
    """Read the bytes that are no UTF-8 as Windows-1252, as files of mixed origin need it."""
    assert isinstance(error, UnicodeDecodeError)
    return error.object[error.start : error.end].decode("cp1252", "replace"), error.end


codecs.register_error("paperlattice", _stray)


class _Gzip(io.RawIOBase):
    """A compressed stream that ends where it is broken, and notes why."""

    def __init__(self, stream: BinaryIO, breaks: list[str]) -> None:
        self._below = stream
        self._whole = gzip.GzipFile(fileobj=stream, mode="rb")
        self._breaks = breaks

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        try:
            # One piece at a time: what was unpacked before the break must not be lost with it.
            data = self._whole.read1(len(buffer))
        except (EOFError, gzip.BadGzipFile, zlib.error) as error:
            reason = f"the compressed file is damaged: {error}"
            if reason not in self._breaks:
                self._breaks.append(reason)
            return 0
        buffer[: len(data)] = data
        return len(data)

    def close(self) -> None:
        super().close()
        self._whole.close()
        self._below.close()


@contextlib.contextmanager
def sources(names: Iterable[str]) -> Iterator[list[Source]]:
    """Give the sources that a command line names; ``-`` is standard input, kept in a file.

    A file that is named twice is read once; files of one name in different folders keep as much
    of their folders' names as tells them apart.
    """
    with contextlib.ExitStack() as stack:
        paths: dict[Path, Path] = {}
        made: list[Source] = []
        for name in names:
            if name != "-":
                paths.setdefault(_resolved(name), Path(name))
            elif not made:
                folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="paperlattice-"))
                spool = Path(folder) / "stdin"
                with spool.open("wb") as stream:
                    shutil.copyfileobj(sys.stdin.buffer, stream)
                made.append(Source("-", spool))
        names_of = _names(list(paths))
        yield made + [Source(names_of[whole], path) for whole, path in paths.items()]


def _resolved(name: str) -> Path:
    try:
        Path(name).is_file()  # Raises for what no file can be called.
        return Path(name).resolve()
    except (OSError, RuntimeError, ValueError) as error:  # too long, a loop of links, a zero
        raise KgError(f"{name}: {error}", remedy="Give a file that can be read.") from error


def _names(paths: list[Path]) -> dict[Path, str]:
    """Give each path the shortest end of it that no other path has.

    >>> sorted(_names([Path("/a/x.txt"), Path("/b/x.txt"), Path("/b/y.txt")]).values())
    ['a/x.txt', 'b/x.txt', 'y.txt']
    """
    names: dict[Path, str] = {}
    todo, length = list(paths), 1
    while todo:
        ends: dict[str, list[Path]] = {}
        for path in todo:
            ends.setdefault("/".join(path.parts[-length:]), []).append(path)
        names |= {same[0]: end for end, same in ends.items() if len(same) == 1}
        todo = [path for same in ends.values() if len(same) > 1 for path in same]
        length += 1
    return names
