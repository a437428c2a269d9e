"""The payload (section "Payload"): chunks of 64 KiB under ChaCha20-Poly1305, the last one marked as such (STREAM)."""

from __future__ import annotations

import io
import secrets
from typing import TYPE_CHECKING, BinaryIO, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from crypto.age.errors import HeaderError, PayloadError
from crypto.age.primitives import hkdf

if TYPE_CHECKING:
    from typing_extensions import Buffer  # in collections.abc from Python 3.12 on

CHUNK: Final = 1 << 16
_SEALED_CHUNK: Final = CHUNK + 16
_NONCE_SIZE: Final = 16


class _Cipher:
    """The AEAD of one payload. A nonce is the number of the chunk and whether it is the last, so none repeats."""

    def __init__(self, file_key: bytes, nonce: bytes) -> None:
        self._aead = ChaCha20Poly1305(hkdf(file_key, salt=nonce, info=b"payload"))

    def seal(self, number: int, chunk: bytearray | memoryview, *, last: bool) -> bytes:
        return self._aead.encrypt(self._nonce(number, last=last), chunk, None)

    def open(self, number: int, sealed: bytes, *, last: bool) -> bytes:
        return self._aead.decrypt(self._nonce(number, last=last), sealed, None)

    @staticmethod
    def _nonce(number: int, *, last: bool) -> bytes:
        return number.to_bytes(11, "big") + bytes([last])


class StreamWriter:
    """Seals a payload that arrives in pieces of any size. Without `close` it has no last chunk and never opens."""

    def __init__(self, target: BinaryIO, file_key: bytes) -> None:
        nonce = secrets.token_bytes(_NONCE_SIZE)
        self._cipher = _Cipher(file_key, nonce)
        self._target = target
        self._held = bytearray()
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
                self._seal(self._held)
                self._held = bytearray()
        while len(view) - at > CHUNK:
            self._seal(view[at : at + CHUNK])
            at += CHUNK
        self._held += view[at:]
        return len(view)

    def close(self) -> None:
        """Seal what is left as the last chunk."""
        self._target.write(self._cipher.seal(self._number, self._held, last=True))
        self._held = bytearray()

    def _seal(self, chunk: bytearray | memoryview) -> None:
        self._target.write(self._cipher.seal(self._number, chunk, last=False))
        self._number += 1


class StreamReader(io.RawIOBase):
    """Opens a payload chunk by chunk: nothing of a chunk is given out before the whole of it has been verified.

    Over a seekable source it can be read at any place.
    """

    def __init__(self, source: BinaryIO, file_key: bytes) -> None:
        nonce = _read_fully(source, _NONCE_SIZE)
        if len(nonce) != _NONCE_SIZE:
            # The vectors count a missing nonce to the header: nothing of a payload is there yet.
            raise HeaderError("the file ends before its payload")
        self._cipher = _Cipher(file_key, nonce)
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
        while not self._chunk and not self._ended:
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
            return b""
        sealed = _read_fully(self._source, _SEALED_CHUNK)
        chunk = self._open(sealed)
        self._number += 1
        return chunk

    def tell(self) -> int:
        """Where the next byte comes from, in the plaintext."""
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to a place in the plaintext. From the end, the last chunk is verified first, as it tells the size."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._position}.get(whence)
        place = offset + (self._size() if base is None else base)
        if place < 0:
            raise ValueError("a place before the start")
        # A place between two chunks is taken as the end of the first: the second may not exist.
        number = max(place - 1, 0) // CHUNK
        self._go_to(number)
        self._chunk = memoryview(self.next_chunk())[place - number * CHUNK :]
        self._position = place
        return place

    def _open(self, sealed: bytes) -> bytes:
        if len(sealed) == _SEALED_CHUNK:
            try:
                return self._cipher.open(self._number, sealed, last=False)
            except InvalidTag:
                pass
        try:
            chunk = self._cipher.open(self._number, sealed, last=True)
        except InvalidTag:
            raise PayloadError("the file was changed or cut") from None
        if not chunk and self._number > 0:
            raise PayloadError("the last chunk is empty")
        self._ended = True
        return chunk

    def require_end(self) -> None:
        """Raise `PayloadError` if anything follows the last chunk."""
        if self._source.read(1):
            raise PayloadError("something follows the end of the file")

    def _go_to(self, number: int) -> None:
        self._source.seek(self._start + number * _SEALED_CHUNK)
        self._number = number
        self._ended = False

    def _size(self) -> int:
        end = self._source.seek(0, io.SEEK_END) - self._start
        number = max(end - 1, 0) // _SEALED_CHUNK
        self._go_to(number)
        last = self.next_chunk()
        if not self._ended:
            raise PayloadError("the file was cut")
        return number * CHUNK + len(last)


def _read_fully(source: BinaryIO, size: int) -> bytes:
    data = source.read(size)
    if data is None or len(data) == size or not data:
        return data or b""
    pieces = [data]
    missing = size - len(data)
    while missing and (data := source.read(missing)):
        pieces.append(data)
        missing -= len(data)
    return b"".join(pieces)
