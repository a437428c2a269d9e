"""The payload (section "Payload"): chunks of 64 KiB under ChaCha20-Poly1305, the last one marked as such (STREAM).

`seal_payload` and `open_payload` take a whole stream, run by run, on as many threads as they are given: chunks are
independent of each other, and the AEAD works without Python's lock. `StreamWriter` is for what arrives piece by piece,
`StreamReader` for reading at any place.
"""

from __future__ import annotations

import io
import secrets
from functools import partial
from queue import SimpleQueue
from threading import Lock, Thread
from typing import TYPE_CHECKING, BinaryIO, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from crypto.age.errors import HeaderError, PayloadError
from crypto.age.primitives import FileKey, hkdf

if TYPE_CHECKING:
    from collections.abc import Callable

    from typing_extensions import Buffer  # in collections.abc from Python 3.12 on

CHUNK: Final = 1 << 16
_TAG_SIZE: Final = 16
_SEALED_CHUNK: Final = CHUNK + _TAG_SIZE
_NONCE_SIZE: Final = 16
_RUN: Final = 16
"""Chunks that one thread takes at a time: few enough to stay in the cache of its core, and to take little memory."""


class _Cipher:
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
        if len(sealed) == _SEALED_CHUNK:
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


def seal_payload(source: BinaryIO, target: BinaryIO, file_key: FileKey, threads: int) -> None:
    """Write the nonce and then the sealed chunks of all that `source` holds."""
    nonce = secrets.token_bytes(_NONCE_SIZE)
    target.write(nonce)
    _Pump(source, target, partial(_seal_run, _Cipher(file_key, nonce)), CHUNK, _SEALED_CHUNK).run(threads)


def open_payload(source: BinaryIO, target: BinaryIO, file_key: FileKey, threads: int) -> None:
    """Write the chunks of a payload, each verified before, in their order.

    Only when this returns was the payload whole; `PayloadError` if it was changed, cut or extended.
    """
    cipher = _Cipher(file_key, _read_nonce(source))
    _Pump(source, target, partial(_open_run, cipher), _SEALED_CHUNK, CHUNK).run(threads)


class _Run:
    """Successive chunks of `size` bytes, and the places for what becomes of each, `other` bytes.

    The buffers are used again and again: new memory for every run costs about as much as its encryption.
    """

    def __init__(self, size: int, other: int) -> None:
        self._size, self._other = size, other
        # One byte more than is taken: whether it gets filled tells if anything follows.
        self._data = memoryview(bytearray(_RUN * size + 1))
        self._results = memoryview(bytearray(_RUN * other))
        # Made once: a thread that makes them holds Python's lock, and others wait for it.
        self._places = [
            (self._data[place * size : (place + 1) * size], self._results[place * other : (place + 1) * other])
            for place in range(_RUN)
        ]
        self._filled = 0
        self.number = 0
        self.final = False

    def fill(self, source: BinaryIO, number: int, before: bytes) -> bytes:
        """Take the chunks from this number on, beginning with the bytes that were read `before`.

        Returns the byte that was read beyond them, if one follows.
        """
        self._data[: len(before)] = before
        filled = len(before) + _fill(source, self._data[len(before) :])
        beyond = bytes(self._data[_RUN * self._size : filled])
        self._filled = filled - len(beyond)
        self.number, self.final = number, not beyond
        return beyond

    def chunks(self) -> list[tuple[memoryview, memoryview]]:
        """Each chunk and the place for its result. No data at all is one empty chunk."""
        full, rest = divmod(self._filled, self._size)
        if rest or not full:
            data, result = self._places[full]
            return [*self._places[:full], (data[:rest], result[: max(rest + self._other - self._size, 0)])]
        return self._places[:full]

    def results(self, size: int) -> memoryview:
        """The first `size` bytes of what became of the chunks; good until the run is filled again."""
        return self._results[:size]


def _seal_run(cipher: _Cipher, run: _Run) -> tuple[Buffer, PayloadError | None]:
    *chunks, (data, result) = run.chunks()
    for place, (chunk, sealed) in enumerate(chunks):
        cipher.seal(run.number + place, chunk, sealed, last=False)
    cipher.seal(run.number + len(chunks), data, result, last=run.final)
    return run.results(len(chunks) * _SEALED_CHUNK + len(result)), None


def _open_run(cipher: _Cipher, run: _Run) -> tuple[Buffer, PayloadError | None]:
    """What is good of a run, and what is wrong behind it."""
    good = 0
    chunks = run.chunks()
    for place, (sealed, chunk) in enumerate(chunks):
        try:
            last = cipher.open(run.number + place, sealed, chunk)
        except PayloadError as error:
            return run.results(good), error
        good += len(chunk)
        if last is not (run.final and place == len(chunks) - 1):
            says = "something follows the end of the file" if last else "the file was cut"
            return run.results(good), PayloadError(says)
    return run.results(good), None


class _Pump:
    """Takes a payload from a source to a target, run by run, on several threads that all do the same.

    One thread reads a run and works on it, so that it stays in the cache of one core. Whoever finishes the run whose
    turn it is writes it, and those behind it that are ready. There are as many runs as threads: nobody gets far ahead.
    """

    def __init__(
        self,
        source: BinaryIO,
        target: BinaryIO,
        work: Callable[[_Run], tuple[Buffer, PayloadError | None]],
        size: int,
        other: int,
    ) -> None:
        self._source, self._target, self._work = source, target, work
        self._size, self._other = size, other
        self._reading = Lock()
        self._number = 0
        self._beyond = b""
        self._ended = False
        self._writing = Lock()
        self._written = 0
        self._ready: dict[int, tuple[_Run, Buffer, PayloadError | None]] = {}
        self._free: SimpleQueue[_Run] = SimpleQueue()
        self._error: BaseException | None = None

    def run(self, threads: int) -> None:
        """Move everything, on this thread and so many others that there are `threads`."""
        for _ in range(threads):
            self._free.put(_Run(self._size, self._other))
        others = [Thread(target=self._move) for _ in range(threads - 1)]
        for thread in others:
            thread.start()
        self._move()
        for thread in others:
            thread.join()
        if self._error is not None:
            raise self._error

    def _move(self) -> None:
        run = self._free.get()
        try:
            while self._read(run):
                self._write(run, *self._work(run))
                run = self._free.get()
        except BaseException as error:  # noqa: BLE001 - raised again by `run`, once every thread has ended
            self._error = self._error or error
        # For whoever waits for one: to see that nothing is left to do.
        self._free.put(run)

    def _read(self, run: _Run) -> bool:
        """Fill a run; whether there was one left."""
        with self._reading:
            if self._ended or self._error is not None:
                return False
            self._beyond = run.fill(self._source, self._number, self._beyond)
            self._number += _RUN
            self._ended = run.final
            return True

    def _write(self, run: _Run, result: Buffer, error: PayloadError | None) -> None:
        """Write all results whose turn it is."""
        with self._writing:
            self._ready[run.number] = run, result, error
            while (ready := self._ready.pop(self._written, None)) is not None:
                run, result, error = ready
                self._target.write(result)
                if error is not None:
                    raise error
                self._written += _RUN
                self._free.put(run)


class StreamWriter:
    """Seals a payload that arrives in pieces of any size. Without `close` it has no last chunk and never opens."""

    def __init__(self, target: BinaryIO, file_key: FileKey) -> None:
        nonce = secrets.token_bytes(_NONCE_SIZE)
        self._cipher = _Cipher(file_key, nonce)
        self._target = target
        self._held = bytearray()
        self._sealed = bytearray(_SEALED_CHUNK)
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
        self._target.write(sealed)
        self._number += 1


class StreamReader(io.RawIOBase):
    """Opens a payload chunk by chunk: nothing of a chunk is given out before the whole of it has been verified.

    Over a seekable source it can be read at any place.
    """

    def __init__(self, source: BinaryIO, file_key: FileKey) -> None:
        self._cipher = _Cipher(file_key, _read_nonce(source))
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
        sealed = _read_fully(self._source, _SEALED_CHUNK)
        chunk = bytearray(max(len(sealed) - _TAG_SIZE, 0))
        self._ended = self._cipher.open(self._number, sealed, chunk)
        self._number += 1
        return bytes(chunk)

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

    def _require_end(self) -> None:
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


def _read_nonce(source: BinaryIO) -> bytes:
    nonce = _read_fully(source, _NONCE_SIZE)
    if len(nonce) != _NONCE_SIZE:
        # The vectors count a missing nonce to the header: nothing of a payload is there yet.
        raise HeaderError("the file ends before its payload")
    return nonce


def _read_fully(source: BinaryIO, size: int) -> bytes:
    data = bytearray(size)
    return bytes(memoryview(data)[: _fill(source, memoryview(data))])


def _fill(source: BinaryIO, buffer: memoryview) -> int:
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
