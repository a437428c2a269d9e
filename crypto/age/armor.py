"""ASCII armor (section "ASCII armor"): strict PEM, RFC 7468 figure 3, canonical Base 64 with padding."""

from __future__ import annotations

import base64
import binascii
import io
import re
from typing import TYPE_CHECKING, BinaryIO

from crypto.age.errors import ArmorError
from crypto.age.target import Target

if TYPE_CHECKING:
    from typing_extensions import Buffer  # in collections.abc from Python 3.12 on

BEGIN = b"-----BEGIN AGE ENCRYPTED FILE-----"
_END = b"-----END AGE ENCRYPTED FILE-----"
_COLUMNS = 64
_BYTES_PER_LINE = 48
_LINES_AT_ONCE = 1 << 10
_LINE = re.compile(rb"[A-Za-z0-9+/]{1,64}={0,2}")
# More than this before the first line is no age file; it bounds what is read for nothing.
_MOST_SPACE = 1024


class ArmorWriter(io.RawIOBase):
    """Writes what it is given as armor. `close` writes the last line; it does not close the target."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self._held = b""
        target.write(BEGIN + b"\n")

    def writable(self) -> bool:
        """Always."""
        return True

    def write(self, data: Buffer) -> int:
        """Take bytes."""
        held = self._held + bytes(data)
        whole = len(held) - len(held) % _BYTES_PER_LINE
        self._write_lines(held[:whole])
        self._held = held[whole:]
        return len(memoryview(data).cast("B"))

    def finish(self) -> None:
        """Write what is left and the last line."""
        self._write_lines(self._held)
        self._target.write(_END + b"\n")

    def _write_lines(self, data: bytes) -> None:
        text = base64.b64encode(data)
        lines = [text[at : at + _COLUMNS] + b"\n" for at in range(0, len(text), _COLUMNS)]
        self._target.write(b"".join(lines))


class ArmorReader(io.RawIOBase):
    """Gives the bytes inside an armor; `ArmorError` for whatever is not exactly one."""

    def __init__(self, source: BinaryIO) -> None:
        self._source = source
        self._data = memoryview(b"")
        self._ended = False
        self._short = False
        self._begin()

    def readable(self) -> bool:
        """Always."""
        return True

    def readinto(self, buffer: Buffer) -> int:
        """Fill the buffer; 0 at the end of the armor."""
        while not self._data and not self._ended:
            self._data = memoryview(self._decode())
        target = memoryview(buffer).cast("B")
        size = min(len(target), len(self._data))
        target[:size] = self._data[:size]
        self._data = self._data[size:]
        return size

    def _begin(self) -> None:
        space = 0
        while True:
            line = self._line()
            if line.strip():
                break
            space += len(line)
            if not line or space > _MOST_SPACE:
                raise ArmorError("there is no armor")
        if _content(line).lstrip() != BEGIN:
            raise ArmorError("the armor has a wrong first line")

    def _decode(self) -> bytes:
        lines: list[bytes] = []
        while len(lines) < _LINES_AT_ONCE:
            line = _content(self._line())
            if line == _END:
                self._finish()
                break
            if self._short or not _LINE.fullmatch(line) or len(line) > _COLUMNS:
                raise ArmorError("a line of the armor is malformed")
            # Only the last line may be shorter or padded.
            self._short = len(line) < _COLUMNS or line.endswith(b"=")
            lines.append(line)
        return _decoded(b"".join(lines))

    def _finish(self) -> None:
        self._ended = True
        if self._source.read(_MOST_SPACE + 1).strip():
            raise ArmorError("something follows the armor")

    def _line(self) -> bytes:
        return self._source.readline(_MOST_SPACE)


def looks_armored(start: bytes) -> bool:
    """Whether a file that begins with these bytes is armored."""
    return start.lstrip().startswith(BEGIN[:11])


def _content(line: bytes) -> bytes:
    if not line.endswith(b"\n"):
        # The last line may lack its newline.
        return line
    return line[:-2] if line.endswith(b"\r\n") else line[:-1]


def _decoded(text: bytes) -> bytes:
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise ArmorError("the armor is not Base 64") from None
    if base64.b64encode(data) != text:
        raise ArmorError("the armor is not canonical Base 64")
    return data
