"""Attachments, fetched sealed: what has arrived is kept, and whoever asks again goes on from there."""

import hashlib
import io
import json
from collections.abc import Callable, Generator, Iterable, Sequence
from contextvars import copy_context
from dataclasses import dataclass
from threading import Event, Lock
from typing import TYPE_CHECKING, BinaryIO

from intake.report.payloads import About
from intake.triage.desk.client import DeskClient, DeskError, DeskRefusedError
from intake.triage.home import Home

if TYPE_CHECKING:
    from typing_extensions import Buffer  # in collections.abc from Python 3.12 on

_PAUSES = (0.0, 1.0, 2.0, 4.0, 8.0)
"""Seconds between attempts that bring nothing, once something had come: Tor builds new circuits meanwhile."""


@dataclass(frozen=True, slots=True, repr=False)
class Wanted:
    """An attachment as its tip describes it. `sealed`: how many sealed bytes it has."""

    tip: str
    about: About
    sealed: int

    @property
    def name(self) -> str:
        """Of its file: what another tip says of the same bytes, or another description, is about another file.

        It begins with the tip, so that all files of one can be found, whatever described them.
        """
        return f"{self.tip}.{self.former}"

    @property
    def former(self) -> str:
        """The name that an earlier program gave its file."""
        told = (self.tip, self.about.content, self.about.size, self.about.sha256)
        return hashlib.sha256(json.dumps(told).encode()).hexdigest()[:32]


class Downloads:
    """The sealed attachments of one home, whole or as far as they have come.

    What turns out not to be what its description says is not deleted, but fetched anew, and replaced once other bytes
    have been verified: no description may take away what this machine alone may still have.
    """

    def __init__(self, home: Home, client: DeskClient, pauses: Sequence[float] = _PAUSES) -> None:
        self._home = home
        self._client = client
        self._pauses = pauses
        self._changing = Lock()
        self._running: dict[str, _Partial] = {}
        self._refuted: set[tuple[str, str]] = set()

    def open(self, wanted: Wanted) -> BinaryIO:
        """Its sealed bytes, from the disk as far as they are there and then from the desk.

        Reading waits for the desk, and raises `DeskError` if nothing comes.
        """
        with self._changing:
            if kept := self._kept(wanted):
                return self._home.open_file(kept)
            if wanted.name not in self._running:
                self._running[wanted.name] = _Partial(self._home, self._client, wanted, self._pauses)
            return io.BufferedReader(_Reader(self._running[wanted.name], self._leave))

    def purge(self, tip: str, described: Iterable[Wanted]) -> None:
        """Delete every file of a tip, whole or not, and fetch none of them any more.

        `described`: as its descriptions say; files that an earlier program kept are known by these alone.
        """
        with self._changing:
            for wanted in described:
                self._take_over(wanted)
                self._home.destroy(_earlier(wanted))
            for name in [name for name in self._running if name.startswith(f"{tip}.")]:
                self._running.pop(name).stop()
            for folder in (_WHOLE, _PART):
                for name in self._home.names(folder):
                    if name.startswith(f"{folder}/{tip}."):
                        self._home.destroy(name)

    def arrived(self, wanted: Wanted) -> int:
        """How many bytes of it are on the disk."""
        kept = self._kept(wanted)
        return self._home.size(kept or _part(wanted))

    def verified(self, wanted: Wanted) -> None:
        """What is being read has proven to be what its description says."""
        with self._changing:
            if partial := self._running.get(wanted.name):
                partial.is_verified = True

    def distrust(self, wanted: Wanted) -> None:
        """What was read is not what its description says: the next attempt fetches all of it anew."""
        with self._changing:
            if partial := self._running.pop(wanted.name, None):
                partial.stop()
            if kept := self._kept(wanted):
                self._refuted.add((wanted.name, kept))
            else:
                self._home.remove(_part(wanted))

    def _leave(self, partial: "_Partial") -> None:
        """One reader less. Nobody fetches for nobody; what was verified gets its name once it is closed."""
        with self._changing:
            partial.readers -= 1
            if partial.readers:
                return
            partial.hang_up()
            if self._running.get(partial.wanted.name) is partial:
                del self._running[partial.wanted.name]
                if partial.is_verified:
                    self._home.rename(_part(partial.wanted), _whole(partial.wanted))
                    self._refuted.discard((partial.wanted.name, _whole(partial.wanted)))

    def _take_over(self, wanted: Wanted) -> None:
        """Give what an earlier program kept of it the name that it has now."""
        for folder in (_WHOLE, _PART):
            former, now = f"{folder}/{wanted.former}", f"{folder}/{wanted.name}"
            if self._home.has(former) and not self._home.has(now):
                self._home.rename(former, now)

    def _kept(self, wanted: Wanted) -> str:
        """The file that has all of it; empty if there is none."""
        self._take_over(wanted)
        names, earlier = [_whole(wanted)], _earlier(wanted)
        if self._home.size(earlier) == wanted.sealed:
            names.append(earlier)
        trusted = (name for name in names if (wanted.name, name) not in self._refuted)
        return next(filter(self._home.has, trusted), "")


class _Partial:
    """The bytes of one attachment so far. All who read it share one answer of the desk, so each byte comes once."""

    def __init__(self, home: Home, client: DeskClient, wanted: Wanted, pauses: Sequence[float]) -> None:
        self.wanted = wanted
        self.readers = 0
        self.is_verified = False
        self._home = home
        self._client = client
        self._size = wanted.sealed
        self._pauses = pauses
        self._here = home.size(_part(wanted))
        self._answer: Generator[bytes, None, None] | None = None
        self._context = copy_context()
        self._changing = Lock()

    def reader(self) -> BinaryIO:
        """The file that grows."""
        self.readers += 1
        self._home.extend(_part(self.wanted), b"")
        return self._home.open_file(_part(self.wanted))

    def hang_up(self) -> None:
        """Fetch no more for now."""
        with self._changing:
            self._hang_up()

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
                self._home.extend(_part(self.wanted), piece)
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
            self._answer = self._client.download(self.wanted.about.content, self._here, self._size)
        if piece := self._context.run(next, self._answer, b""):
            return piece
        raise DeskError("the desk sent less of this file than its index says")

    def _hang_up(self) -> None:
        if self._answer is not None:
            self._context.run(self._answer.close)
            self._answer = None


class _Reader(io.RawIOBase):
    """One who reads a file while it grows."""

    def __init__(self, partial: _Partial, leave: Callable[[_Partial], None]) -> None:
        self._partial = partial
        self._leave = leave
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
            self._leave(self._partial)
        super().close()


_WHOLE, _PART = "files", "partial"


def _whole(wanted: Wanted) -> str:
    return f"{_WHOLE}/{wanted.name}"


def _part(wanted: Wanted) -> str:
    return f"{_PART}/{wanted.name}"


def _earlier(wanted: Wanted) -> str:
    """Where an earlier program kept it. It is read there and stays: another tip may say that it is its own."""
    return f"files/{wanted.about.content}"
