"""The lock: a passphrase makes a `Work`; idleness or a click ends the process that holds it."""

from collections.abc import Callable
from concurrent.futures import Future, wait
from pathlib import Path
from threading import Lock, Thread
from time import monotonic

from intake.triage.home import Home
from intake.triage.keyfile import load_keys
from intake.triage.mirror import Progress
from intake.triage.outbox import Outbox, Unsent
from intake.triage.work import Work

IDLE_SECONDS = 15 * 60

_FIRST_FETCH = 20.0
"""Seconds to wait for the desk where there is nothing to show without it."""


class Guard:
    """Holds the unlocked work, if any; once locked, it never opens again: `end` ends the process.

    It locks itself when nobody has used it for a while. `locked` is done when the lock has come, so that it can be
    waited for together with something else.
    """

    def __init__(
        self, home: Home, key: Path, progress: Progress, end: Callable[[], None], idle_seconds: float = IDLE_SECONDS
    ) -> None:
        self.locked: Future[None] = Future()
        self._home = home
        self._key = key
        self._progress = progress
        self._end = end
        self._idle_seconds = idle_seconds
        self._used = monotonic()
        self._work: Work | None = None
        self._unlocking = Lock()
        self._locking = Lock()

    def unlock(self, passphrase: str) -> None:
        """Open the key file and what is kept, and begin to fetch; `KeyFileError` if the passphrase is wrong.

        One at a time, since each takes 256 MiB; where another window was faster, nothing is left to do, and where it
        had the wrong passphrase, this process ends.
        """
        with self._unlocking:
            if self._work is not None or self.locked.done():
                return
            work = Work(self._home, load_keys(self._key, passphrase), self._progress)
            work.open_kept()
            self._work = work
            self.touch()
            Thread(target=self._watch, daemon=True).start()
            # A desk that never answers must not keep closed what is here.
            Thread(target=work.sync, daemon=True).start()
        if not work.tips:
            work.settled.wait(_FIRST_FETCH)

    def use(self) -> Work | None:
        """The unlocked work, or None; the time until it locks itself starts anew."""
        self.touch()
        return None if self.locked.done() else self._work

    def touch(self) -> None:
        """Somebody is there, or bytes flow to them: the time until it locks itself starts anew."""
        self._used = monotonic()

    def lock(self) -> None:
        """Give out keys and plaintext no more, and end the process. A process that was not unlocked ends as well."""
        with self._locking:
            if not self.locked.done():
                self.locked.set_result(None)
                self._end()

    def keep(self, unsent: Unsent) -> None:
        """Keep what somebody sent after the lock, sealed to their own key; `OutboxError` if none is known yet."""
        Outbox(self._home).keep_draft(unsent)

    def _watch(self) -> None:
        # One thread for as long as it is unlocked: a new one each time might not be had when it matters.
        while not self.locked.done() and (left := self._used + self._idle_seconds - monotonic()) > 0:
            wait([self.locked], left)
        self.lock()
