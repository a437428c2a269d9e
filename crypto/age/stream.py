"""The payload (section "Payload"): chunks of 64 KiB under ChaCha20-Poly1305, the last one marked as such (STREAM).

`StreamWriter` is for what arrives piece by piece, `StreamReader` for reading at any place; `payload` is for whole
streams, on several threads.
"""

from __future__ import annotations

import io
import secrets
from functools import partial
from typing import TYPE_CHECKING, BinaryIO, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from crypto.age.errors import HeaderError, PayloadError
from crypto.age.primitives import FileKey, hkdf
from crypto.age.target import Target

if TYPE_CHECKING:
    from typing_extensions import Buffer  # in collections.abc from Python 3.12 on

CHUNK: Final = 1 << 16
_TAG_SIZE: Final = 16
SEALED_CHUNK: Final = CHUNK + _TAG_SIZE
NONCE_SIZE: Final = 16


class ChunkCipher:
    """The AEAD of one payload. A nonce is the number of the chunk and whether it is the last, so none repeats."""

    def __init__(self, file_key: FileKey, nonce: bytes) -> None:
        self._aead = ChaCha20Poly1305(hkdf(file_key.secret, salt=nonce, info=b"payload"))

    def seal(self, number: int, chunk: bytearray | memoryview, into: bytearray | memoryview, *, last: bool) -> None:
        """Seal a chunk into a buffer of its size and 16 bytes more."""
        self._aead.encrypt_into(self._nonce(number, last=last), chunk, None, into)

    def open(self, number: int, sealed: bytes | memoryview, into: bytearray | memoryview) -> bool:
        """Open a chunk into a buffer of its size less 16 bytes, and tell whether it is the last.

        `PayloadError` if it is neither the last nor one before it.
        """
        if len(sealed) == SEALED_CHUNK:
            try:
                self._aead.decrypt_into(self._nonce(number, last=False), sealed, None, into)
            except InvalidTag:
                pass
            else:
                return False
        try:
            self._aead.decrypt_into(self._nonce(number, last=True), sealed, None, into)
        except InvalidTag:
            raise PayloadError("the file was changed or cut") from None
        # "The last chunk MUST NOT be empty unless the whole payload is."
        if len(into) == 0 and number > 0:
            raise PayloadError("the last chunk is empty")
        return True

    @staticmethod
    def _nonce(number: int, *, last: bool) -> bytes:
        return number.to_bytes(11, "big") + bytes([last])


class StreamWriter:
    """Seals a payload that arrives in pieces of any size. Without `close` it has no last chunk and never opens."""

    def __init__(self, target: Target, file_key: FileKey) -> None:
        nonce = secrets.token_bytes(NONCE_SIZE)
        self._cipher = ChunkCipher(file_key, nonce)
        self._target = target
        self._held = bytearray()
        self._sealed = bytearray(SEALED_CHUNK)
        self._number = 0
        target.write(nonce)

    def write(self, data: Buffer) -> int:
        """Take plaintext; every chunk that is known not to be the last is sealed and written at once."""
        view = memoryview(data).cast("B")
        at = 0
        if self._held:
            at = min(CHUNK - len(self._held), len(view))
            self._held += view[:at]
            if at < len(view):
                self._seal(self._held, last=False)
                self._held = bytearray()
        while len(view) - at > CHUNK:
            self._seal(view[at : at + CHUNK], last=False)
            at += CHUNK
        self._held += view[at:]
        return len(view)

    def close(self) -> None:
        """Seal what is left as the last chunk."""
        self._seal(self._held, last=True)
        self._held = bytearray()

    def _seal(self, chunk: bytearray | memoryview, *, last: bool) -> None:
        sealed = memoryview(self._sealed)[: len(chunk) + _TAG_SIZE]
        self._cipher.seal(self._number, chunk, sealed, last=last)
        # Before the target can fail: a second try must not use the nonce again.
        self._number += 1
        self._target.write(sealed)


class StreamReader(io.RawIOBase):
    """Opens a payload chunk by chunk: nothing of a chunk is given out before the whole of it has been verified.

    Over a seekable source it can be read at any place.
    """

    def __init__(self, source: BinaryIO, file_key: FileKey) -> None:
        self._cipher = ChunkCipher(file_key, read_nonce(source))
        self._source = source
        self._start = source.tell() if source.seekable() else 0
        self._number = 0
        self._chunk = memoryview(b"")
        self._position = 0
        self._ended = False

    def readable(self) -> bool:
        """Always."""
        return True

    def seekable(self) -> bool:
        """Whether the source is."""
        return self._source.seekable()

    def readinto(self, buffer: Buffer) -> int:
        """Fill the buffer with up to what is left of a chunk; 0 at the verified end."""
        if not self._chunk:
            self._chunk = memoryview(self.next_chunk())
        target = memoryview(buffer).cast("B")
        size = min(len(target), len(self._chunk))
        target[:size] = self._chunk[:size]
        self._chunk = self._chunk[size:]
        self._position += size
        return size

    def next_chunk(self) -> bytes:
        """The next chunk whole, empty at the end; `PayloadError` if it was changed, cut or followed by anything."""
        if self._ended:
            self._require_end()
            return b""
        sealed = _read_fully(self._source, SEALED_CHUNK)
        chunk = bytearray(max(len(sealed) - _TAG_SIZE, 0))
        self._ended = self._cipher.open(self._number, sealed, chunk)
        self._number += 1
        return bytes(chunk)

    def tell(self) -> int:
        """Where the next byte comes from, in the plaintext."""
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to a place in the plaintext, also beyond its end: the chunk there, or the last one, is verified first.

        `PayloadError` if it is bad; `ValueError` for a place before the start, and nothing has moved then.
        """
        place = offset + self._base(whence)
        if place < 0:
            raise ValueError("a place before the start")
        # A place between two chunks is taken as the end of the first: the second may not exist.
        number = min(max(place - 1, 0) // CHUNK, self._last_number())
        self._go_to(number)
        self._chunk = memoryview(self.next_chunk())[place - number * CHUNK :]
        self._position = place
        return place

    def _base(self, whence: int) -> int:
        if whence == io.SEEK_SET:
            return 0
        if whence == io.SEEK_CUR:
            return self._position
        if whence == io.SEEK_END:
            return self._size()
        raise ValueError("whence must be 0, 1 or 2")

    def _require_end(self) -> None:
        if self._source.read(1):
            raise PayloadError("something follows the end of the file")

    def _go_to(self, number: int) -> None:
        self._source.seek(self._start + number * SEALED_CHUNK)
        self._number = number
        self._chunk = memoryview(b"")
        self._ended = False

    def _last_number(self) -> int:
        """The number of the chunk that the source ends with."""
        end = self._source.seek(0, io.SEEK_END) - self._start
        return max(end - 1, 0) // SEALED_CHUNK

    def _size(self) -> int:
        """How long the plaintext is, as the last chunk tells. Moves nothing."""
        place, before = self._source.tell(), (self._number, self._chunk, self._ended)
        try:
            number = self._last_number()
            self._go_to(number)
            last = self.next_chunk()
            if not self._ended:
                raise PayloadError("the file was cut")
            return number * CHUNK + len(last)
        finally:
            self._source.seek(place)
            self._number, self._chunk, self._ended = before


def read_nonce(source: BinaryIO) -> bytes:
    nonce = _read_fully(source, NONCE_SIZE)
    if len(nonce) != NONCE_SIZE:
        # The vectors count a missing nonce to the header: nothing of a payload is there yet.
        raise HeaderError("the file ends before its payload")
    return nonce


def _read_fully(source: BinaryIO, size: int) -> bytes:
    data = bytearray(size)
    return bytes(memoryview(data)[: fill(source, memoryview(data))])


def fill(source: BinaryIO, buffer: memoryview) -> int:
    """Read until the buffer is full or the source has ended; returns the bytes read."""
    read = getattr(source, "readinto", None) or partial(_read_into, source)
    filled = 0
    while filled < len(buffer) and (count := read(buffer[filled:])):
        filled += count
    return filled


def _read_into(source: BinaryIO, buffer: memoryview) -> int:
    data = source.read(len(buffer))
    buffer[: len(data)] = data
    return len(data)
