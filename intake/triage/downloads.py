"""Attachments, fetched sealed: what has arrived is kept, and whoever asks again goes on from there."""

import io
from collections.abc import Generator, Sequence
from contextvars import copy_context
from threading import Event, Lock
from typing import TYPE_CHECKING, BinaryIO

from intake.triage.desk_client import DeskClient, DeskError, DeskRefusedError
from intake.triage.home import Home

if TYPE_CHECKING:
    from typing_extensions import Buffer  # in collections.abc from Python 3.12 on

_PAUSES = (0.0, 1.0, 2.0, 4.0, 8.0)
"""Seconds between attempts that bring nothing, once something had come: Tor builds new circuits meanwhile."""


class Downloads:
    """The sealed attachments of one home, whole or as far as they have come."""

    def __init__(self, home: Home, client: DeskClient, pauses: Sequence[float] = _PAUSES) -> None:
        self._home = home
        self._client = client
        self._pauses = pauses
        self._changing = Lock()
        self._running: dict[str, _Partial] = {}

    def open(self, item: str, size: int) -> BinaryIO:
        """The sealed bytes of an attachment of `size`, from the disk as far as they are there and then from the desk.

        Reading waits for the desk, and raises `DeskError` if nothing comes.
        """
        if self._home.has(_whole(item)):
            return self._home.open_file(_whole(item))
        with self._changing:
            partial = self._running.setdefault(item, _Partial(self._home, self._client, item, size, self._pauses))
            return io.BufferedReader(_Reader(partial))

    def arrived(self, item: str) -> int:
        """How many bytes of it are on the disk."""
        return self._home.size(_whole(item)) or self._home.size(_part(item))

    def remove(self, item: str) -> None:
        """Forget bytes that are not what they must be: the next attempt fetches all of it anew."""
        with self._changing:
            if partial := self._running.pop(item, None):
                partial.stop()
            self._home.remove(_whole(item))
            self._home.remove(_part(item))


class _Partial:
    """The bytes of one attachment so far. All who read it share one answer of the desk, so each byte comes once."""

    def __init__(self, home: Home, client: DeskClient, item: str, size: int, pauses: Sequence[float]) -> None:
        self._home = home
        self._client = client
        self._item = item
        self._size = size
        self._pauses = pauses
        self._here = home.size(_part(item))
        self._answer: Generator[bytes, None, None] | None = None
        self._context = copy_context()
        self._readers = 0
        self._changing = Lock()

    def reader(self) -> BinaryIO:
        """The file that grows."""
        with self._changing:
            self._readers += 1
            self._home.extend(_part(self._item), b"")
            return self._home.open_file(_part(self._item))

    def leave(self) -> None:
        """One reader less. Nobody fetches for nobody; what is whole gets its name once it is closed."""
        with self._changing:
            self._readers -= 1
            if not self._readers:
                self._hang_up()
                if self._here == self._size:
                    self._home.rename(_part(self._item), _whole(self._item))

    def stop(self) -> None:
        """What is here is all there will be, and it is bad."""
        with self._changing:
            self._hang_up()
            self._here = self._size = 0

    def grow(self, place: int) -> bool:
        """Wait until there is something beyond `place`; False at the end."""
        with self._changing:
            if self._here <= place and self._here < self._size:
                piece = self._next()[: self._size - self._here]
                self._home.extend(_part(self._item), piece)
                self._here += len(piece)
            return self._here > place

    def _next(self) -> bytes:
        # Whoever has got nothing at all is told at once; an answer that broke off is asked for again.
        pauses = iter(() if self._answer is None else self._pauses)
        while True:
            try:
                return self._piece()
            except DeskRefusedError:
                self._hang_up()
                raise
            except DeskError:
                self._hang_up()
                pause = next(pauses, None)
                if pause is None:
                    raise
                Event().wait(pause)

    def _piece(self) -> bytes:
        if self._answer is None:
            # Its time is counted in a context, and the thread that asks for the next piece may be another one.
            self._context = copy_context()
            self._answer = self._client.download(self._item, self._here, self._size)
        if piece := self._context.run(next, self._answer, b""):
            return piece
        raise DeskError("the desk sent less of this file than its index says")

    def _hang_up(self) -> None:
        if self._answer is not None:
            self._context.run(self._answer.close)
            self._answer = None


class _Reader(io.RawIOBase):
    """One who reads a file while it grows."""

    def __init__(self, partial: _Partial) -> None:
        self._partial = partial
        self._file = partial.reader()

    def readable(self) -> bool:
        """Always."""
        return True

    def readinto(self, buffer: "Buffer") -> int:
        """Fill the buffer with what there is, waiting for at least a byte; 0 at the end."""
        while not (count := self._file.readinto(buffer)):  # type: ignore[attr-defined]
            if not self._partial.grow(self._file.tell()):
                return 0
        return int(count)

    def close(self) -> None:
        """Read no more."""
        if not self.closed:
            self._file.close()
            self._partial.leave()
        super().close()


def _whole(item: str) -> str:
    # Apart from what is fetched in bulk: no description of a file may reach the words of another report.
    return f"files/{item}"


def _part(item: str) -> str:
    return f"partial/{item}"
