"""The first fetch of many reports: it says how far it is, and goes on where it was when the program is killed."""

import json
import os
import re
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path
from threading import Event
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

import pytest
from werkzeug.wrappers import Request

from bench.many import fill
from intake.protocol import limits
from intake.triage import guard
from intake.triage.home import Home
from intake.triage.keys.keyfile import MemberKeys
from intake.triage.progress import no_progress
from intake.triage.workspace import Workspace
from open_desk import Desk
from opened import contents
from program import PASSPHRASE, Enrol, Reviewer

TIPS = 160
DAYS = 12
PIECES = {"ROWS": 20_000, "MOST_ENTRIES": 5}
"""Limits that make of so few reports many pieces, on both sides."""

PROGRAM = """
import os, signal, sys
from contextlib import contextmanager
from pathlib import Path
from intake.protocol import limits
from intake.triage.home import Home
from intake.triage.keys.keyfile import load_keys
from intake.triage.workspace import Workspace

home, key, desk, policy, passphrase, ends_at, *pieces = sys.argv[1:]
for name, size in zip(pieces[::2], pieces[1::2]):
    setattr(limits, name, int(size))

@contextmanager
def progress(says, of):
    def told(done):
        if says == ends_at and 0 < done < of:
            os.kill(os.getpid(), signal.SIGKILL)
    yield told

home = Home.open(Path(home), desk=desk, policy=policy, proxy=None)
workspace = Workspace(home, load_keys(Path(key), passphrase), progress)
workspace.sync()
print(workspace.problem, workspace.alarm)
"""


class Pieces:
    """What the desk has handed out, by piece: ids, digests of days and places in the log. May kill whoever asks."""

    def __init__(self) -> None:
        self.given: list[tuple[str, list[str]]] = []
        self.kill: Callable[[str, int], None] = lambda _path, _number: None

    def answer(self, honest: WSGIApplication, environ: WSGIEnvironment, start: StartResponse) -> Iterator[bytes]:
        request = Request(environ)
        body = b"".join(honest(environ, start))
        path = re.sub("(index/).*", r"\1", request.path)
        self.given.append((path, _names(request, body)))
        self.kill(path, [given for given, _ in self.given].count(path))
        return iter([body])

    @property
    def twice(self) -> set[str]:
        counted = Counter(name for _, names in self.given for name in names)
        return {name for name, count in counted.items() if count > 1}


def _names(request: Request, body: bytes) -> list[str]:
    if request.path == "/v1/read":
        return [name for names in json.loads(body).values() for name in names]
    if request.path.startswith("/v1/index/"):
        return [f"rows {line!r}" for line in body.split(b"\n")]
    if request.path == "/v1/log/entries":
        return [f"entry {line!r}" for line in body.split(b"\n")]
    return []


@pytest.fixture
def pieces(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Pieces:
    """A desk with reports, that hands out small pieces."""
    for name, size in PIECES.items():
        monkeypatch.setattr(limits, name, size)
    found, honest = Pieces(), desk.wsgi
    desk.wsgi = lambda environ, start: found.answer(honest, environ, start)
    return found


@pytest.fixture
def keys(desk: Desk, enrol: Enrol) -> MemberKeys:
    """Those of a reviewer, to whom many reports are sealed."""
    amina = enrol("amina")
    fill(desk.server, range(TIPS), [date(2026, 1, 1) + timedelta(days=number) for number in range(DAYS)])
    return amina


def run(desk: Desk, directory: Path, pieces: Pieces, kills: str, number: int) -> subprocess.Popen[bytes]:
    """A reviewer's program that fetches for the first time, until it is killed.

    By the desk, between a piece and its arrival; or in the middle of what it says that it does.
    """
    paths = [str(directory / "amina-home"), str(directory / "amina.key")]
    limited = [str(part) for pair in PIECES.items() for part in pair]
    command = [sys.executable, "-c", PROGRAM, *paths, desk.url, desk.policy, PASSPHRASE, kills, *limited]

    def kill(path: str, count: int) -> None:
        if (path, count) == (kills, number):
            os.kill(running.pid, signal.SIGKILL)

    pieces.kill = kill
    running = subprocess.Popen(command)
    running.wait(120)
    pieces.kill = lambda _path, _number: None
    return running


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kills", "number"),
    [
        ("/v1/index/", 2),
        ("/v1/read", 1),
        ("/v1/read", 3),
        ("/v1/log/checkpoint", 1),
        ("/v1/log/entries", 2),
        ("Opening reports", 0),
    ],
)
def test_a_program_that_is_killed_goes_on_where_it_was(
    kills: str, number: int, desk: Desk, pieces: Pieces, keys: MemberKeys, tmp_path: Path
) -> None:
    assert run(desk, tmp_path, pieces, kills, number).returncode == -signal.SIGKILL
    in_flight = set(pieces.given[-1][1])
    before = len(pieces.given)
    went_on = fetched(desk, tmp_path / "amina-home", keys)
    assert len(pieces.given) > before
    assert pieces.twice <= in_flight, "nothing comes twice but what was under way"
    assert went_on == fetched(desk, tmp_path / "home-that-nobody-killed", keys)
    narratives = sorted(tip["narrative"] for tip in went_on["tips"].values())
    assert narratives == sorted(f"Report {number}." for number in range(TIPS))


def fetched(desk: Desk, home: Path, keys: MemberKeys) -> dict[str, Any]:
    """All that the book holds of a program that fetches in a home, with nothing to complain of."""
    workspace = Workspace(Home.open(home, desk=desk.url, policy=desk.policy, proxy=None), keys, no_progress)
    workspace.sync()
    assert (workspace.problem, workspace.alarm, workspace.notices) == ("", "", [])
    held = contents(workspace.book)
    workspace.close()
    # What a tip was opened from is more once it is remembered; what it shows is the same.
    return {what: shown for what, shown in held.items() if what != "given"}


@pytest.mark.slow
def test_pages_say_how_far_the_first_fetch_is(
    pieces: Pieces, keys: MemberKeys, reviewer: Reviewer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(guard, "_FIRST_FETCH", 0.1)
    arrived, goes_on = Event(), Event()

    def hold(path: str, number: int) -> None:
        if (path, number) == ("/v1/read", 3):
            arrived.set()
            goes_on.wait(60)

    pieces.kill = hold
    program = reviewer("amina")
    # Nothing here waits for the fetch, which waits for this.
    program.send("/unlock", {**program.hidden("/unlock"), "passphrase": PASSPHRASE}, waits=False)
    assert arrived.wait(60)
    page = program.get("/", waits=False).text
    (done, of), *_ = re.findall('<progress id="stage" value="([0-9]+)" max="([0-9]+)">', page)
    assert (int(of), 0 < int(done) < int(of)) == (2 * TIPS, True)
    assert f"Fetching reports: {done} of {of} ({int(done) * 100 // int(of)} %)" in page
    goes_on.set()
    assert program.workspace.settled.wait(60)
    assert "<progress" not in program.get("/").text
    assert f"{TIPS} reports" in program.get("/").text
