"""A team's desk with the invented reports, and two reviewers who have fetched them: made once, and copied."""

import fcntl
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from intake.accesslog import members
from intake.accesslog.append import LogAppender
from intake.keeper import read_log_key, settings_file
from intake.protocol.card import Role
from intake.settings import FILE, Settings
from intake.triage.home import Home
from intake.triage.keys.keyfile import make_keys, save_keys
from invented import OLDEST, Invented, reports, store
from new_server import new_server
from open_desk import Desk, Stored, served
from ports import free_port
from program import PASSPHRASE, Program

_NAMES = ("amina", "boris")
_IDS = "ids"


@dataclass(frozen=True)
class Office:
    """The desk, its reports with the ids that they have, and where everybody's key and home are."""

    directory: Path
    desk: Desk
    reports: dict[str, Invented]

    def key(self, name: str) -> Path:
        return self.directory / f"{name}.key"

    def home(self, name: str) -> Path:
        return self.directory / f"{name}-home"

    def program(self, name: str) -> Program:
        """A reviewer's program in this process, entered and not unlocked yet."""
        home = Home.open(self.home(name), desk=self.desk.url, policy=self.desk.policy, proxy=None)
        program = Program(home, self.key(name), 3600)
        program.enter()
        return program


@contextmanager
def office(made: Path, directory: Path) -> Iterator[Office]:
    """One of its own, in this directory. `made`: where the one is kept that all are copies of, in this run of tests."""
    made.mkdir(exist_ok=True)
    with (made / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (made / "whole").exists():
            _make(made / "making")
            (made / "making").rename(made / "whole")
    shutil.copytree(made / "whole", directory)
    with _opened(directory) as opened:
        yield opened


def _make(directory: Path) -> None:
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir()
    new_server(directory / "server", {})
    with _opened(directory) as opened:
        key = read_log_key(opened.desk.server.settings.log_key)
        # Before the oldest report came.
        log = LogAppender(key, lambda: datetime.now(UTC) - timedelta(OLDEST + 2))
        for name in _NAMES:
            keys = make_keys(Role.REVIEWER, name)
            members.enrol(opened.desk.server.store, log, keys.card)
            save_keys(opened.key(name), keys, PASSPHRASE, work_factor=4)
        stored: list[Stored] = store(opened.desk, reports())
        (directory / _IDS).write_text("\n".join(tip.id.hex() for tip in stored), "ascii")
        for name in _NAMES:
            program = opened.program(name)
            program.unlock()
            program.guard.lock()


@contextmanager
def _opened(directory: Path) -> Iterator[Office]:
    port = free_port()
    data = directory / "server"
    (data / FILE).write_text(settings_file(Settings(data=data, desk_authority=f"127.0.0.1:{port}", gate_minutes=0)))
    ids = (directory / _IDS).read_text("ascii").split() if (directory / _IDS).exists() else []
    with served(data, port) as desk:
        yield Office(directory, desk, dict(zip(ids, reports(), strict=False)))
