"""Opening everything without a snapshot: behind the answer, said how far it is, ended by a lock."""

import errno
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, expect
from sqlalchemy import select

from bench.many import fill
from held import Held
from intake.storage.tables import Tip
from intake.triage.home import Home
from intake.triage.keys.keyfile import MemberKeys
from intake.triage.progress import no_progress
from intake.triage.workspace import Workspace
from open_desk import Desk
from opened import tips_of
from program import PASSPHRASE, Enrol, HomeOf, Program
from waiting import waited_for
from window import show

pytestmark = pytest.mark.slow

TIPS = 110

OPENS_AND_IS_KILLED = """
import os, signal, sys
from contextlib import contextmanager
from pathlib import Path
from intake.triage.home import Home
from intake.triage.keys.keyfile import load_keys
from intake.triage.workspace import Workspace

home, key, passphrase = sys.argv[1:]

@contextmanager
def progress(says, of):
    yield lambda done: 0 < done < of and os.kill(os.getpid(), signal.SIGKILL)

opened = Home.open(Path(home), desk=None, policy=None, proxy=None)
Workspace(opened, load_keys(Path(key), passphrase), progress).open_kept()
"""


@pytest.fixture
def keys(desk: Desk, enrol: Enrol, home: HomeOf) -> MemberKeys:
    """Those of a reviewer who has fetched many reports, and whose program was killed before it kept what it opened."""
    keys = enrol("amina")
    fill(desk.server, range(TIPS), [date(2026, 1, 1)])
    workspace = Workspace(home("amina"), keys, no_progress)
    workspace.sync()
    assert len(workspace.book.given()) == TIPS
    workspace.close()
    return keys


@pytest.fixture
def held() -> Iterator[Held]:
    found = Held()
    yield found
    found.goes_on.set()


@pytest.fixture
def amina(keys: MemberKeys, held: Held, home: HomeOf, tmp_path: Path) -> Iterator[Program]:
    """Her program, in the midst of opening what was kept."""
    program = Program(home("amina"), tmp_path / "amina.key", 60, held)
    program.enter()
    assert unlock(program, "/unlock?then=/members") == f"{program.place.path}/members"
    assert held.arrived.wait(60)
    yield program
    held.goes_on.set()
    program.guard.lock()


def unlock(program: Program, path: str) -> str:
    values = {**program.hidden("/unlock"), "passphrase": PASSPHRASE}
    answer = program.send(path, values, waits=False)
    assert answer.status_code == 303
    return answer.headers["Location"]


def test_a_page_that_looks_again_by_itself_says_how_far_it_is_and_then_leads_on(amina: Program, held: Held) -> None:
    leads_to = amina.get("/members", waits=False).headers["Location"]
    assert leads_to.endswith("/unlock?then=/members")
    page = amina.get(leads_to.removeprefix(amina.place.path), waits=False)
    assert page.headers["Refresh"] == "1"
    assert f"Opening reports: 50 of {TIPS} (45 %)" in page.text
    assert f'<progress id="stage" value="50" max="{TIPS}">' in page.text
    held.goes_on.set()
    amina.let_leave()
    answer = amina.get(leads_to.removeprefix(amina.place.path))
    assert (answer.status_code, answer.headers["Location"]) == (303, f"{amina.place.path}/members")
    assert f"<h1>{TIPS} reports</h1>" in amina.get("/reports").text


def test_a_browser_without_scripts_comes_to_the_reports_by_itself(
    amina: Program, held: Held, chromium: Browser
) -> None:
    with chromium.new_context(java_script_enabled=False) as context:
        window = context.new_page()
        show(window, amina, "/unlock", reloads=True)
        expect(window.locator("progress")).to_be_visible()
        held.goes_on.set()
        expect(window.get_by_role("heading", name=f"New since your last look all {TIPS} reports")).to_be_visible(
            timeout=30_000
        )


def test_what_is_sent_meanwhile_from_another_window_is_kept_and_is_there_then(amina: Program, held: Held) -> None:
    tip = amina.guard._home.mirror.keys("SELECT id FROM tip")[0]
    values = {**amina.hidden("/unlock"), "text": "Typed in another window."}
    answer = amina.send(f"/tips/{tip}/note", values, waits=False)
    assert "/unlock?kept=yes" in answer.headers["Location"]
    assert "What you wrote is kept" in amina.get("/unlock?kept=yes", waits=False).text
    held.goes_on.set()
    amina.let_leave()
    assert "Typed in another window." in amina.get("/").text


def test_a_lock_in_its_midst_waits_for_nothing_and_the_next_unlock_goes_on(amina: Program, held: Held) -> None:
    assert amina.send("/lock", amina.hidden("/unlock"), waits=False).status_code == 303
    assert "Passphrase of your key" in amina.get("/unlock", waits=False).text
    held.goes_on.set()
    unlock(amina, "/unlock")
    amina.let_leave()
    assert f"<h1>{TIPS} reports</h1>" in amina.get("/reports").text
    assert held.told == [(50, TIPS), (50, TIPS - 50), (TIPS - 50, TIPS - 50)]


def test_a_page_that_looks_again_by_itself_keeps_nothing_unlocked(
    keys: MemberKeys, held: Held, home: HomeOf, tmp_path: Path
) -> None:
    program = Program(home("amina"), tmp_path / "amina.key", idle_seconds=1, progress=held)
    program.enter()
    unlock(program, "/unlock")
    assert waited_for(lambda: "Passphrase of your key" in program.get("/unlock", waits=False).text)
    program.guard.lock()


def test_a_kill_in_its_midst_loses_nothing(keys: MemberKeys, home: HomeOf, tmp_path: Path) -> None:
    before, place = opened(home("amina"), keys), home("amina").directory
    command = [sys.executable, "-c", OPENS_AND_IS_KILLED, str(place), str(tmp_path / "amina.key"), PASSPHRASE]
    assert subprocess.run(command, check=False, timeout=60).returncode == -signal.SIGKILL
    after = opened(home("amina"), keys)
    assert len(after) == TIPS
    assert after == before


def test_what_could_not_be_opened_is_opened_and_told_with_the_next_fetch(
    desk: Desk, keys: MemberKeys, home: HomeOf
) -> None:
    full = [50, 1]

    @contextmanager
    def progress(says: str, _of: int) -> Iterator[Callable[[int], None]]:
        def tell(done: int) -> None:
            if says == "Opening reports" and done in full:
                full.remove(done)
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

        yield tell

    workspace = Workspace(home("amina"), keys, progress)
    workspace.open_kept()
    assert len(workspace.book.given()) < TIPS
    workspace.sync()
    assert (workspace.problem, len(workspace.book.given())) == ("", TIPS)
    with desk.server.store.writing() as session:
        session.delete(session.scalars(select(Tip)).first())
    workspace.sync()
    assert "No space left" in workspace.problem
    workspace.sync()
    assert (workspace.problem, len(workspace.book.given())) == ("", TIPS - 1)
    assert any("No longer on the server" in notice for notice in workspace.notices)
    workspace.close()


def opened(home: Home, keys: MemberKeys) -> dict[str, dict[str, Any]]:
    workspace = Workspace(home, keys, no_progress)
    workspace.open_kept()
    found = tips_of(workspace.book)
    workspace.close()
    return found
