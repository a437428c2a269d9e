"""The lock: a passphrase opens a `Workspace`; idleness, sleep or a click ends the process that holds it."""

import time
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, wait
from pathlib import Path
from threading import Event, Lock, Thread
from time import monotonic

from intake.triage.book import Wanted
from intake.triage.home import Home
from intake.triage.keys.keyfile import load_keys
from intake.triage.outbox.unsent import Outbox, Unsent
from intake.triage.progress import Progress
from intake.triage.workspace import Workspace

IDLE_SECONDS = 15 * 60

_LOOK_SECONDS = 1.0
"""How often it is looked whether the machine has slept, and how long a sleep is at least."""

_FIRST_FETCH = 20.0
"""Seconds to wait for the desk where there is nothing to show without it."""

_A_MOMENT = 1.0
"""Seconds in which what was kept is open, as a rule: nobody is shown how far it is."""

_KEEP_SECONDS = 60.0
_KEEP_SHARE = 20
"""What was opened is kept a minute after it changed, or after so many times as long as that takes, if that is more."""

_GIVING_UP = 0.5
"""Seconds in which whoever keeps it notices that there are no more."""


class Guard:
    """Holds the unlocked workspace, if any; once locked, it never opens again: `end` ends the process.

    It locks itself when nobody has used it for a while, and when the machine has slept, where the system says so.
    `opened` is done when there is something to show, `locked` when the lock has come, so that they can be waited for
    together with something else.
    """

    def __init__(
        self, home: Home, key: Path, progress: Progress, end: Callable[[], None], idle_seconds: float = IDLE_SECONDS
    ) -> None:
        self.opened: Future[None] = Future()
        self.locked: Future[None] = Future()
        self._home = home
        self._key = key
        self._progress = progress
        self._end = end
        self._idle_seconds = idle_seconds
        self._used = monotonic()
        self._workspace: Workspace | None = None
        self._away = Event()
        self._away.set()
        self._abandon = Event()
        self._unlocking = Lock()
        self._locking = Lock()

    def unlock(self, passphrase: str) -> None:
        """Open the key file, and begin to open what is kept and to fetch; `KeyFileError` if the passphrase is wrong.

        One at a time, since each takes 256 MiB; where another window was faster, nothing is left to do. If it fails,
        for whatever reason, this process ends.
        """
        with self._unlocking:
            if self._workspace is not None or self.locked.done():
                return
            try:
                self._begin(Workspace(self._home, load_keys(self._key, passphrase), self._progress))
            except BaseException:
                # What was typed may be nearly right, or the keys be in memory: all of it goes with the process.
                self.lock()
                raise

    def use(self) -> Workspace | None:
        """The unlocked workspace, once it is open, or None; the time until it locks itself starts anew."""
        self.touch()
        if self._workspace is not None:
            wait([self.opened, self.locked], _A_MOMENT, FIRST_COMPLETED)
        return self._workspace if self.is_open else None

    @property
    def is_open(self) -> bool:
        """Whether it is unlocked and there is something to show."""
        return self.opened.done() and not self.locked.done()

    @property
    def preparing(self) -> Workspace | None:
        """The unlocked workspace that is not open yet, or None."""
        return None if self.opened.done() or self.locked.done() else self._workspace

    def touch(self) -> None:
        """Somebody is there, or bytes flow to them: the time until it locks itself starts anew."""
        self._used = monotonic()

    def lock(self) -> None:
        """Give out keys and plaintext no more, and end the process. A process that was not unlocked ends as well."""
        with self._locking:
            if not self.locked.done():
                self.locked.set_result(None)
                if self._workspace is not None:
                    self._workspace.stop()
                self._end()

    def put_away(self, seconds: float) -> None:
        """After the lock: return once what was opened is kept, sealed, or after so long; then what was kept stays."""
        if not self._away.wait(seconds):
            self._abandon.set()
            self._away.wait(_GIVING_UP)

    def keep(self, unsent: Unsent) -> None:
        """Keep what was sent while it was not open, sealed to its writer's key; `OutboxError` if none is known yet."""
        Outbox(self._home.mirror).keep_draft(unsent)
        if self._workspace is not None:  # it was being opened
            self._workspace.sending.find_drafts()

    def _begin(self, workspace: Workspace) -> None:
        self._workspace = workspace
        workspace.sending.find_drafts()
        self.touch()
        self._away.clear()
        Thread(target=self._watch, daemon=True).start()
        Thread(target=self._keep_book, args=(workspace,), daemon=True).start()
        # Without a snapshot, all of it takes long: pages say how far it is.
        Thread(target=self._open, args=(workspace,), daemon=True).start()

    def _open(self, workspace: Workspace) -> None:
        workspace.open_kept()
        with self._locking:
            if self.locked.done():
                return
            Thread(target=workspace.sending.run, daemon=True).start()
            Thread(target=workspace.renew, daemon=True).start()
            # A desk that never answers must not keep closed what is here.
            workspace.fetch_soon()
        if not workspace.book.queue(Wanted()).tips:
            workspace.settled.wait(_FIRST_FETCH)
        self.opened.set_result(None)

    def _watch(self) -> None:
        # One thread for as long as it is unlocked: a new one each time might not be had when it matters.
        awake = _slept()
        while not self.locked.done() and (left := self._used + self._idle_seconds - monotonic()) > 0:
            if _slept() - awake >= _LOOK_SECONDS:
                break
            wait([self.locked], min(left, _LOOK_SECONDS))
        self.lock()

    def _keep_book(self, workspace: Workspace) -> None:
        # Not only at the lock: a process that is killed, or a machine that is switched off, should cost little.
        pause = _KEEP_SECONDS
        try:
            while not self.locked.done():
                wait([self.locked], pause)
                began = monotonic()
                workspace.keep_book(self._abandon)
                pause = max(_KEEP_SECONDS, _KEEP_SHARE * (monotonic() - began))
        finally:
            self._away.set()


def _slept() -> float:
    """For how many seconds this machine has slept since it was started; 0 where the system doesn't say."""
    boot_time = getattr(time, "CLOCK_BOOTTIME", None)
    return 0.0 if boot_time is None else time.clock_gettime(boot_time) - time.clock_gettime(time.CLOCK_MONOTONIC)
