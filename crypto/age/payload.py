"""A whole payload from a source to a target, run by run, on as many threads as there should be.

Chunks are independent of each other, and the AEAD works without Python's lock: two threads take about half the time.
"""

from __future__ import annotations

import secrets
from functools import partial
from queue import SimpleQueue
from threading import Lock, Thread
from typing import TYPE_CHECKING, BinaryIO, Final

from crypto.age.errors import PayloadError
from crypto.age.stream import CHUNK, NONCE_SIZE, SEALED_CHUNK, ChunkCipher, fill, read_nonce
from crypto.age.target import Target

if TYPE_CHECKING:
    from collections.abc import Callable

    from crypto.age.primitives import FileKey

_RUN: Final = 16
"""Chunks that one thread takes at a time: few enough to stay in the cache of its core, and to take little memory."""


def seal_payload(source: BinaryIO, target: Target, file_key: FileKey, threads: int) -> None:
    """Write the nonce and then the sealed chunks of all that `source` holds. `ValueError` for less than one thread."""
    _require_threads(threads)
    nonce = secrets.token_bytes(NONCE_SIZE)
    target.write(nonce)
    _Pump(source, target, partial(_seal_run, ChunkCipher(file_key, nonce)), CHUNK, SEALED_CHUNK).run(threads)


def open_payload(source: BinaryIO, target: Target, file_key: FileKey, threads: int) -> None:
    """Write the chunks of a payload, each verified before, in their order.

    Only when this returns was the payload whole; `PayloadError` if it was changed, cut or extended. `ValueError` for
    less than one thread.
    """
    _require_threads(threads)
    cipher = ChunkCipher(file_key, read_nonce(source))
    _Pump(source, target, partial(_open_run, cipher), SEALED_CHUNK, CHUNK).run(threads)


def _require_threads(threads: int) -> None:
    if threads < 1:
        raise ValueError("there must be at least one thread")


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
        filled = len(before) + fill(source, self._data[len(before) :])
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


def _seal_run(cipher: ChunkCipher, run: _Run) -> tuple[memoryview, PayloadError | None]:
    *chunks, (data, result) = run.chunks()
    for place, (chunk, sealed) in enumerate(chunks):
        cipher.seal(run.number + place, chunk, sealed, last=False)
    cipher.seal(run.number + len(chunks), data, result, last=run.final)
    return run.results(len(chunks) * SEALED_CHUNK + len(result)), None


def _open_run(cipher: ChunkCipher, run: _Run) -> tuple[memoryview, PayloadError | None]:
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
        target: Target,
        work: Callable[[_Run], tuple[memoryview, PayloadError | None]],
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
        self._ready: dict[int, tuple[_Run, memoryview, PayloadError | None]] = {}
        self._free: SimpleQueue[_Run] = SimpleQueue()
        self._error: BaseException | None = None

    def run(self, threads: int) -> None:
        """Move everything, on this thread and so many others that there are `threads`.

        On this one alone where the source can't be sought in: a pipe may keep a thread waiting, long after another
        has found what is wrong.
        """
        if not _is_seekable(self._source):
            threads = 1
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

    def _write(self, run: _Run, result: memoryview, error: PayloadError | None) -> None:
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


def _is_seekable(source: BinaryIO) -> bool:
    seekable = getattr(source, "seekable", None)
    return seekable is not None and bool(seekable())
