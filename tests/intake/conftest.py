"""A desk on a real socket, tips in its store, and reviewers with key files and homes."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from intake.accesslog import members
from intake.accesslog.append import LogAppender
from intake.protocol.card import Role
from intake.triage.home import Home
from intake.triage.keys.keyfile import MemberKeys, make_keys, save_keys
from new_server import new_server
from open_desk import Desk, served
from ports import free_port
from program import IDLE, PASSPHRASE, Enrol, HomeOf, Program, Reviewer
from told import sync


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """A desk that answers on a port of this machine."""
    port = free_port()
    new_server(tmp_path / "server", {"desk_authority": f"127.0.0.1:{port}"})
    with served(tmp_path / "server", port) as opened:
        yield opened


@pytest.fixture
def enrol(desk: Desk, tmp_path: Path) -> Enrol:
    """Makes keys, a key file, and enrols."""

    def make(name: str, role: Role = Role.REVIEWER, log: LogAppender | None = None) -> MemberKeys:
        keys = make_keys(role, name)
        members.enrol(desk.server.store, log or desk.server.log, keys.card, clock_is_right=log is not None)
        save_keys(tmp_path / f"{name}.key", keys, PASSPHRASE, work_factor=4)
        return keys

    return make


@pytest.fixture
def home(desk: Desk, tmp_path: Path) -> HomeOf:
    """A member's home directory, connected to the desk."""

    def open_home(name: str, url: str | None = None) -> Home:
        return Home.open(tmp_path / f"{name}-home", desk=url or desk.url, policy=desk.policy, proxy=None)

    return open_home


@pytest.fixture
def reviewer(enrol: Enrol, home: HomeOf, tmp_path: Path) -> Iterator[Reviewer]:
    """Enrols a reviewer and starts their program, not unlocked yet."""
    home_of = home
    programs: list[Program] = []

    def start(name: str, idle_seconds: float = IDLE, desk_url: str | None = None, home: Home | None = None) -> Program:
        if not (tmp_path / f"{name}.key").exists():
            enrol(name)
        program = Program(home or home_of(name, desk_url), tmp_path / f"{name}.key", idle_seconds)
        programs.append(program)
        program.enter()
        return program

    yield start
    for program in programs:
        program.guard.lock()


@pytest.fixture
def restarted(reviewer: Reviewer) -> Callable[[], Program]:
    """Amina's program, unlocked, started anew over the same directory each time."""

    def start() -> Program:
        program = reviewer("amina")
        program.unlock()
        return program

    return start


@pytest.fixture
def amina(restarted: Callable[[], Program]) -> Program:
    """Amina's program, unlocked, and synced once before anything else happens."""
    return restarted()


@pytest.fixture
def boris(amina: Program, reviewer: Reviewer) -> Program:
    """Another reviewer's program, unlocked, after which both have fetched."""
    program = reviewer("boris")
    program.unlock()
    sync(amina)
    return program
