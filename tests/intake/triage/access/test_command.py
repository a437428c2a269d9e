"""`intake rewrap`: the same without pages; killed midway, it goes on."""

import os
import signal
import subprocess
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from wsgiref.types import StartResponse, WSGIEnvironment

import pytest
from sqlalchemy import select

from commands import INTAKE, run
from crypto.age import AgeError, HybridIdentity, unseal
from intake.accesslog import members
from intake.accesslog.append import LogAppender
from intake.cli.trouble import Status
from intake.keeper import read_log_key
from intake.protocol.card import Role
from intake.protocol.manifest import MOST
from intake.storage.tables import Tip
from intake.triage.keys.keyfile import MemberKeys, make_keys
from open_desk import Desk
from program import PASSPHRASE, Enrol

pytestmark = pytest.mark.slow


def today(days: int = 0) -> date:
    return datetime.now(UTC).date() + timedelta(days=days)


@pytest.fixture
def amina(desk: Desk, enrol: Enrol, tmp_path: Path) -> MemberKeys:
    """Somebody who was enrolled long ago."""
    then = (datetime.now(UTC) - timedelta(days=9)).replace(microsecond=0)
    (tmp_path / "passphrase").write_text(PASSPHRASE)
    keys = enrol("amina", log=LogAppender(read_log_key(desk.server.settings.log_key), lambda: then))
    # The operator has looked at the clock once since.
    members.enrol(desk.server.store, desk.server.log, make_keys(Role.AUDITOR, "dina").card, clock_is_right=True)
    return keys


@pytest.fixture
def command(desk: Desk, tmp_path: Path) -> list[str]:
    given = ["--key", "amina.key", "--passphrase-file", "passphrase", "--home", "amina-home"]
    return [*INTAKE, "rewrap", "boris", *given, "--desk", desk.url, "--policy", str(desk.policy_file)]


def readable(desk: Desk, identity: HybridIdentity | None) -> int:
    """How many summaries somebody can open."""
    assert identity is not None
    found = 0
    with desk.server.store.reading() as session:
        for header, payload in session.execute(select(Tip.header, Tip.payload)):
            try:
                unseal(header + payload, [identity])
                found += 1
            except AgeError:
                pass
    return found


def test_a_colleague_is_let_in_to_what_came_on_a_day_or_later(
    desk: Desk, amina: MemberKeys, enrol: Enrol, command: list[str], tmp_path: Path
) -> None:
    for days in (4, 3, 2):
        desk.store_tip(f"Of {days}.", {"urgency": "now"}, day=today(-days))
    boris = enrol("boris")
    said = run([*command, "--since", today(-3).isoformat()], directory=tmp_path)
    assert (said.returncode, said.stdout, said.stderr) == (0, "boris was let in to 2 older reports.\n", "")
    assert readable(desk, boris.identity) == 2
    assert run(command, directory=tmp_path).stdout == "boris was let in to 1 older reports.\n"
    assert readable(desk, boris.identity) == 3
    assert run(command, directory=tmp_path).stdout == "boris was let in to 0 older reports.\n"
    assert readable(desk, amina.identity) == 3


@pytest.mark.parametrize("name", ["amina", "dina", "nobody"])
def test_nobody_else_is(name: str, desk: Desk, amina: MemberKeys, command: list[str], tmp_path: Path) -> None:
    said = run([name if part == "boris" else part for part in command], directory=tmp_path)
    assert said.returncode == Status.USAGE
    assert said.stderr == "Error: there is no other active reviewer of this name\n"


def test_a_run_that_is_killed_midway_is_gone_on_from(
    desk: Desk, amina: MemberKeys, enrol: Enrol, command: list[str], tmp_path: Path
) -> None:
    """Killed once the desk has taken the first request of two, before the program hears of it."""
    count = MOST + 5
    for _ in range(count):
        desk.store_tip("Old.", {"urgency": "now"}, day=today(-2))
    boris = enrol("boris")
    honest, started = desk.wsgi, list[subprocess.Popen[bytes]]()

    def kill(environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        answer = list(honest(environ, start))
        if environ["PATH_INFO"] == "/v1/headers":
            os.kill(started[0].pid, signal.SIGKILL)
            started[0].wait()
        return answer

    desk.wsgi = kill
    started.append(subprocess.Popen(command, cwd=tmp_path))
    assert started[0].wait(120) == -signal.SIGKILL
    assert 0 < readable(desk, boris.identity) < count
    desk.wsgi = honest
    said = run(command, directory=tmp_path)
    assert (said.returncode, said.stderr) == (0, "")
    assert readable(desk, boris.identity) == readable(desk, amina.identity) == count
