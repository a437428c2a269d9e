"""The lock: a passphrase makes a `Work`, idleness or a click drops it."""

from pathlib import Path
from threading import Lock, Thread, Timer

from intake.triage.home import Home
from intake.triage.keyfile import load_keys
from intake.triage.mirror import Progress
from intake.triage.work import Work

IDLE_SECONDS = 15 * 60

_FIRST_FETCH = 20.0
"""Seconds to wait for the desk where there is nothing to show without it."""


class Guard:
    """Holds the unlocked work, if any. It locks itself when nobody has used it for a while."""

    def __init__(self, home: Home, key: Path, progress: Progress, idle_seconds: float = IDLE_SECONDS) -> None:
        self._home = home
        self._key = key
        self._progress = progress
        self._idle_seconds = idle_seconds
        self._work: Work | None = None
        self._timer: Timer | None = None
        self._changing = Lock()

    def unlock(self, passphrase: str) -> None:
        """Open the key file and what is kept, and begin to fetch; `KeyFileError` if the passphrase is wrong."""
        work = Work(self._home, load_keys(self._key, passphrase), self._progress)
        work.open_kept()
        self.lock()
        with self._changing:
            self._work = work
        self.use()
        # A desk that never answers must not keep closed what is here.
        Thread(target=work.sync, daemon=True).start()
        if not work.tips:
            work.settled.wait(_FIRST_FETCH)

    def use(self) -> Work | None:
        """The unlocked work, or None; the time until it locks itself starts anew."""
        with self._changing:
            if self._timer is not None:
                self._timer.cancel()
            if self._work is not None:
                self._timer = Timer(self._idle_seconds, self.lock)
                self._timer.daemon = True
                self._timer.start()
            return self._work

    def lock(self) -> None:
        """Drop keys and plaintext."""
        with self._changing:
            if self._timer is not None:
                self._timer.cancel()
                self._timer = None
            if self._work is not None:
                self._work.close()
                self._work = None
