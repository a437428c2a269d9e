"""Reviewers see who the members are, what changed among them, and whose key wrote where a name was used before."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from intake.accesslog import clock as operators_clock
from intake.accesslog import members
from intake.accesslog.append import LogAppender
from intake.keeper import read_log_key
from intake.protocol.card import Role
from intake.triage.keys.keyfile import make_keys
from intake.triage.mirror.tables import FACT, MEMBERS_SEEN
from intake.triage.mirror.tips import Tips
from membership import changed, confirm
from open_desk import Desk
from program import Enrol, Program, Reviewer
from told import sync

pytestmark = pytest.mark.slow

ANSWERS = {"urgency": "now"}


def revoke(desk: Desk, name: str) -> None:
    members.revoke(desk.server.store, desk.server.log, name, Role.REVIEWER)


def row(program: Program, fingerprint: str) -> str:
    rows = program.get("/members").text.split("<tr>")
    return str(next(row for row in rows if f'<td data-head="Key"><code>{fingerprint}</code></td>' in row))


@pytest.fixture
def amina(reviewer: Reviewer) -> Any:
    """Amina's program, unlocked; she has looked at the members."""
    program = reviewer("amina")
    program.unlock()
    confirm(program)
    return program


def test_the_page_lists_everyone_who_was_ever_enrolled_with_their_keys(
    desk: Desk, amina: Program, enrol: Enrol
) -> None:
    boris, carla = enrol("boris"), enrol("carla", Role.AUDITOR)
    revoke(desk, "boris")
    sync(amina)
    assert amina.get("/").text.count(f'href="{amina.place.path}/members"') >= 1
    assert all(
        part in row(amina, boris.card.fingerprint) for part in ("boris", "reviewer", f"{datetime.now(UTC):%Y-%m}")
    )
    assert "active" not in row(amina, boris.card.fingerprint)
    assert all(part in row(amina, carla.card.fingerprint) for part in ("carla", "auditor", "active"))


def test_every_change_among_the_members_is_told_until_somebody_says_that_they_know(
    desk: Desk, amina: Program, enrol: Enrol, reviewer: Callable[..., Any]
) -> None:
    assert changed(amina) == ""
    enrol("boris")
    sync(amina)
    tip = desk.store_tip("First.", ANSWERS)
    sync(amina)
    restarted = reviewer("amina")
    restarted.unlock()
    for program, path in ((amina, "/"), (amina, f"/tips/{tip.id.hex()}"), (restarted, "/")):
        assert "boris was enrolled as a reviewer on" in changed(program, path)
        assert "Members, rules or the server</a> changed since this was last confirmed here:" in changed(program, path)
    confirm(restarted)
    revoke(desk, "boris")
    sync(restarted)
    assert "boris is no longer a reviewer" in changed(restarted)
    assert "was enrolled" not in changed(restarted)


def test_only_what_a_page_told_is_confirmed_on_it(desk: Desk, amina: Program, enrol: Enrol) -> None:
    enrol("boris")
    sync(amina)
    page = amina.get("/").text
    enrol("carla")
    sync(amina)
    confirm(amina, page)
    assert "carla was enrolled" in changed(amina)
    assert "boris was enrolled" not in changed(amina)
    confirm(amina)
    confirm(amina, page)
    assert changed(amina) == ""


def test_a_first_look_is_no_change_and_whatever_comes_after_it_is(
    desk: Desk, enrol: Enrol, reviewer: Callable[..., Any]
) -> None:
    enrol("boris")
    enrol("carla", Role.AUDITOR)
    amina = reviewer("amina")
    amina.unlock()
    assert "3 members, see" in changed(amina)
    assert "was enrolled" not in changed(amina)
    assert "changed since" not in changed(amina)
    enrol("dora")
    sync(amina)
    restarted = reviewer("amina")
    restarted.unlock()
    for program in (amina, restarted):
        assert "4 members, see" in changed(program)
        assert "dora was enrolled as a reviewer on" in changed(program)
        assert changed(program).count("was enrolled") == 1
    confirm(restarted)
    assert changed(restarted) == ""


def test_members_of_whom_it_is_forgotten_that_they_were_looked_at_are_all_told_again(
    amina: Program, reviewer: Reviewer
) -> None:
    amina.guard._home.mirror.remove(FACT, MEMBERS_SEEN)
    restarted = reviewer("amina")
    restarted.unlock()
    assert "amina was enrolled as a reviewer on" in changed(restarted)


def test_a_name_that_came_back_shows_its_key_wherever_it_stands(
    desk: Desk, amina: Program, enrol: Enrol, reviewer: Reviewer, tmp_path: Path
) -> None:
    first = enrol("boris")
    tip = desk.store_tip("First.", ANSWERS)
    page = f"/tips/{tip.id.hex()}"
    boris = reviewer("boris")
    boris.unlock()
    for kind, text in (("note", "A note."), ("reply", "Are you safe?"), ("status", "in_review")):
        boris.write(page, kind, text=text, status=text)
    sync(amina)
    assert first.card.fingerprint not in amina.get(page).text
    revoke(desk, "boris")
    second = make_keys(Role.REVIEWER, "boris")
    members.enrol(desk.server.store, desk.server.log, second.card)
    sync(amina)
    shown = amina.get(page).text
    assert shown.count(f"boris (key {first.card.fingerprint})") >= 3
    assert f"boris (key {second.card.fingerprint}) was enrolled" in changed(amina)
    assert f"Another key has had this name:</strong> <code>{first.card.fingerprint}" in row(
        amina, second.card.fingerprint
    )


def test_a_wrong_clock_of_the_server_that_was_corrected_accuses_nobody(
    desk: Desk, amina: Program, enrol: Enrol, reviewer: Reviewer
) -> None:
    def store(text: str) -> str:
        return f"/tips/{desk.store_tip(text, ANSWERS, day=desk.server.today()).id.hex()}"

    pages = [store("Before.")]
    sync(amina)
    ahead = LogAppender(read_log_key(desk.server.settings.log_key), lambda: datetime.now(UTC) + timedelta(days=1))
    enrol("boris", log=ahead)
    pages.append(store("In the wrong hours."))
    sync(amina)
    problem = amina.get("/").text
    assert "the server&#39;s log is ahead of the time by about 24 hours" in problem
    assert "can&#39;t be trusted" not in problem
    operators_clock.correct(desk.server.store, desk.server.log)
    pages.append(store("After."))
    # As if the fetch before had been made in the wrong hours, by a machine whose clock was wrong as well.
    kept = Tips(amina.guard._home.mirror)
    kept.fetched_at(replace(kept.fetched, day=f"{datetime.now(UTC) + timedelta(days=1):%Y-%m-%d}"))
    sync(amina)
    sync(amina)
    boris = reviewer("boris")
    boris.unlock()
    for program in (amina, boris):
        assert "alarm" not in program.get("/").text
        for page in pages[1:]:
            assert 'role="alert"' not in program.get(page).text
    assert "Before." in amina.get(pages[0]).text
    assert 'role="alert"' not in amina.get(pages[0]).text
    assert "set the server&#39;s clock back from" in changed(amina)
    assert "set the server&#39;s clock back from" in amina.get("/members").text
