"""A reviewer's program in this process, driven through its pages."""

import re
from collections.abc import Mapping
from concurrent.futures import FIRST_COMPLETED, wait
from dataclasses import replace
from http import HTTPStatus
from pathlib import Path
from threading import Event
from typing import Any, Protocol
from urllib.parse import urlsplit

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from forms import tokens
from intake.accesslog.append import LogAppender
from intake.protocol.card import Role
from intake.triage.guard import Guard
from intake.triage.home import Home
from intake.triage.keys.keyfile import MemberKeys
from intake.triage.pages.app import create_app
from intake.triage.pages.forms import SEEN_FIRST
from intake.triage.pages.place import Place
from intake.triage.progress import Progress, no_progress
from intake.triage.workspace import Workspace

PASSPHRASE = "a passphrase"
PORT = 8003
IDLE = 3600.0
"""Seconds without use after which a program locks, where a test is not about that: none takes as long anywhere."""

_PATIENCE = 300.0
"""Seconds within which a program is open, has sent and has fetched, on the slowest machine: it hangs if it isn't."""
ORIGIN = f"http://127.0.0.1:{PORT}"


class Program:
    """A reviewer's program, driven through its pages. As under its supervisor, a lock starts a new, locked one."""

    def __init__(self, home: Home, key: Path, idle_seconds: float, progress: Progress = no_progress) -> None:
        self._home, self._key, self._idle_seconds, self._progress = home, key, idle_seconds, progress
        self.place = Place.new(PORT)
        self.address = self.place.address
        self._browser = self._start().test_client()
        self._over = Event()

    @property
    def browser(self) -> FlaskClient:
        """Asks the process that there is now."""
        if self._over.is_set():
            # Only here, since a lock may come in a thread: until 3.11.7 no two threads may parse Python at once, as
            # Werkzeug does for each route (https://github.com/python/cpython/issues/106905).
            self._over.clear()
            self._browser.application = self._start()
        return self._browser

    @property
    def app(self) -> Flask:
        """The application of the process that there is now."""
        return self.browser.application

    def _start(self) -> Flask:
        return create_app(
            self._home,
            self._key,
            self.place,
            end=self._ended,
            entered=self._entered,
            progress=self._progress,
            idle_seconds=self._idle_seconds,
        )

    def _ended(self) -> None:
        self.guard.put_away(60)
        self._over.set()

    def _entered(self) -> None:
        self.place = replace(self.place, token=None)

    def get(self, path: str, *, waits: bool = True, **options: Any) -> TestResponse:
        """A page; with `waits`, as `send`."""
        answer = self.browser.get(self.place.path + path, base_url=ORIGIN, **options)
        if waits:
            self.let_leave()
        return answer

    def save(self, file: str, what: str = "original", **options: Any) -> TestResponse:
        """Save a file outside, the original or a cleaned copy, from the page that warns of it."""
        values = {**self.hidden(f"{file}/outside"), "what": what}
        address = f"{self.place.path}{file}/outside"
        answer = self.browser.post(address, base_url=ORIGIN, data=values, **options)
        self.let_leave()
        return answer

    def post(self, path: str, page: str, **values: str) -> TestResponse:
        """Send a form with the tokens of the page that it stands on."""
        return self.send(path, {**self.hidden(page), **values})

    def write(self, page: str, kind: str, **values: str) -> TestResponse:
        """Write something for the report on a page.

        What goes to its source is looked at before, and all warnings of it are known.
        """
        answer = self.post(f"{page}/{kind}", page, **values)
        return self.send_seen(answer) if kind in SEEN_FIRST and answer.status_code == 303 else answer

    def send_seen(self, answer: TestResponse) -> TestResponse:
        """Send what an answer leads to, with every warning ticked, unless it was sent before."""
        path = urlsplit(answer.location).path.removeprefix(self.place.path)
        seen = self.get(path, waits=False)
        if seen.status_code != HTTPStatus.OK:
            return seen
        known = re.findall(r'name="known" value="([0-9a-f]+)"', seen.text)
        return self.send(f"{path}/send", {**tokens(seen.text), "known": known})

    def hidden(self, page: str) -> dict[str, str]:
        """The tokens of the forms of a page."""
        return tokens(self.get(page, waits=False).text)

    def send(self, path: str, values: Mapping[str, str | list[str]], *, waits: bool = True) -> TestResponse:
        """Send just these values; with `waits`, as `let_leave`."""
        answer = self.browser.post(self.place.path + path, base_url=ORIGIN, data=values)
        if waits:
            self.let_leave()
        return answer

    def let_leave(self) -> None:
        """Wait until the program is open, if it is unlocked, has tried to send all that it has, and has fetched."""
        if self.guard.preparing is not None:
            wait([self.guard.opened, self.guard.locked], _PATIENCE, FIRST_COMPLETED)
        workspace = self.guard.use()
        if workspace is not None:
            for done in (workspace.sending.tried, workspace.settled):
                assert done.wait(_PATIENCE) or self.guard.use() is not workspace, "it goes on and on"

    def enter(self) -> None:
        """Use the address that the program printed."""
        assert self.get(f"/?token={self.place.token}").status_code == 302

    def unlock(self, passphrase: str = PASSPHRASE) -> TestResponse:
        """Unlock, and wait until what is new has been fetched, or could not be."""
        answer = self.post("/unlock", "/unlock", passphrase=passphrase)
        workspace = self.guard.use()
        assert workspace is None or workspace.settled.wait(_PATIENCE)
        return answer

    @property
    def guard(self) -> Guard:
        guard: Guard = self.app.extensions["guard"]
        return guard

    @property
    def workspace(self) -> Workspace:
        """What it works with while it is unlocked."""
        workspace = self.guard.use()
        assert workspace is not None
        return workspace


class Enrol(Protocol):
    """Makes somebody's keys and a key file, and enrols them, by the desk's log or by one of the operator's own."""

    def __call__(self, name: str, role: Role = Role.REVIEWER, log: LogAppender | None = None) -> MemberKeys: ...


class HomeOf(Protocol):
    """A member's home directory, connected to the desk or to another address."""

    def __call__(self, name: str, url: str | None = None) -> Home: ...


class Reviewer(Protocol):
    """Enrols a reviewer and starts their program, not unlocked yet."""

    def __call__(
        self, name: str, idle_seconds: float = IDLE, desk_url: str | None = None, home: Home | None = None
    ) -> Program: ...
