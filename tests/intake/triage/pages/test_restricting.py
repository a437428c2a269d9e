"""A report that is restricted to some: they go on, and the others see that it exists, and nothing that it says."""

import pytest
from sqlalchemy import select

from intake.accesslog import members
from intake.protocol.actions import Action
from intake.protocol.card import Role
from intake.protocol.entry import Entry, parse_entry
from intake.storage.tables import LogEntry, Tip
from intake.triage.mirror.tips import summary_name
from open_desk import Desk, Stored
from opened import opened_tip, stored
from program import Program, Reviewer
from told import alerts, page, queue, shown, sync

pytestmark = pytest.mark.slow

ANSWERS = {"urgency": "now"}
SECRET = "Boris knows the man who came."


def key_of(program: Program) -> str:
    return program.workspace.people.me


def restrict(program: Program, tip: Stored, *readers: Program) -> str:
    """Restrict a report to whoever does it and these, or to them alone once they were asked; the page that comes."""
    address = f"{page(tip)}/readers"
    values: dict[str, str | list[str]] = {**program.hidden(address), "reader": [key_of(each) for each in readers]}
    return program.send(address, values if readers else {**values, "alone": "yes"}).text


def lift(program: Program, tip: Stored) -> str:
    address = f"{page(tip)}/readers"
    return program.post(address, address, lift="yes").text


@pytest.fixture
def carla(amina: Program, boris: Program, reviewer: Reviewer) -> Program:
    program = reviewer("carla")
    program.unlock()
    return program


@pytest.fixture
def tip(desk: Desk, amina: Program, boris: Program, carla: Program) -> Stored:
    """A report that all three have opened."""
    tip = desk.store_tip(SECRET, ANSWERS)
    for program in (amina, boris, carla):
        sync(program)
        assert SECRET in shown(program, tip)
    return tip


def test_those_whom_it_is_restricted_to_go_on_and_see_that_it_is(
    desk: Desk, amina: Program, boris: Program, carla: Program, tip: Stored
) -> None:
    restrict(amina, tip, carla)
    desk.store_message(tip, "He came again.")
    amina.write(page(tip), "note", text="Careful.")
    for program in (amina, carla):
        sync(program)
        says = shown(program, tip)
        assert alerts(program, tip) == []
        for text in (SECRET, "He came again.", "Careful.", "by amina, on"):
            assert text in says
        assert "Restricted to" in queue(program)


def test_the_others_see_that_it_exists_and_nothing_that_it_says(
    desk: Desk, amina: Program, boris: Program, carla: Program, tip: Stored
) -> None:
    boris.write(page(tip), "note", text="I know him.")
    restrict(amina, tip, carla)
    desk.store_message(tip, "He came again.")
    listed = sync(boris)
    assert "1 report" in listed
    assert "Restricted to amina and carla, by amina, on" in listed
    says = shown(boris, tip)
    assert "Restricted to" in says
    assert "by amina" in says
    book = stored(boris.workspace.book)
    for text in (SECRET, "I know him.", "He came again."):
        assert text not in says + listed + boris.get("/search?text=man").text
        assert text.encode() not in book
    assert alerts(boris, tip) == []


def test_they_are_said_to_have_looked_at_nothing(
    desk: Desk, amina: Program, boris: Program, carla: Program, tip: Stored
) -> None:
    restrict(amina, tip, carla)
    sync(boris)
    boris.post("/lock", "/")
    boris.unlock()
    assert "New since your last look" in boris.get("/").text
    shown(boris, tip)
    assert opens(desk, key_of(boris)) == 1, "the one from before"
    assert "New since your last look" not in boris.get("/").text


def opens(desk: Desk, who: str) -> int:
    return sum(entry.who == who for entry in logged(desk, Action.OPEN))


def logged(desk: Desk, action: Action) -> list[Entry]:
    with desk.server.store.reading() as session:
        lines = session.scalars(select(LogEntry.body).order_by(LogEntry.index)).all()
    return [entry for entry in map(parse_entry, lines) if entry.action is action]


def test_the_log_says_who_restricted_it_and_to_whom(
    desk: Desk, amina: Program, carla: Program, boris: Program, tip: Stored
) -> None:
    restrict(amina, tip, carla)
    (entry,) = logged(desk, Action.RENEW)
    readers = sorted((key_of(amina), key_of(carla)))
    assert entry.who == key_of(amina)
    assert entry.objects == (*(f"member/{key}" for key in readers), f"tip/{tip.id.hex()}")


def test_what_comes_later_opens_with_nothing_that_the_others_kept(
    desk: Desk, amina: Program, boris: Program, carla: Program, tip: Stored
) -> None:
    before = opened_tip(boris.workspace.book, tip.id.hex()).identities
    restrict(amina, tip, carla)
    assert desk.recipient_of(tip) not in [identity.recipient for identity in before]
    sync(boris)
    assert opened_tip(boris.workspace.book, tip.id.hex()).identities == ()


def test_any_of_its_readers_opens_it_to_all_again_with_what_came_meanwhile(
    desk: Desk, amina: Program, boris: Program, carla: Program, tip: Stored
) -> None:
    restrict(amina, tip, carla)
    desk.store_message(tip, "He came again.")
    sync(boris)
    sync(carla)
    lift(carla, tip)
    for program in (amina, boris, carla):
        sync(program)
        says = shown(program, tip)
        assert SECRET in says
        assert "He came again." in says
        assert "Restricted" not in queue(program)
        assert alerts(program, tip) == []


def test_nobody_else_does(desk: Desk, amina: Program, boris: Program, carla: Program, tip: Stored) -> None:
    address = f"{page(tip)}/readers"
    hidden = boris.hidden(address)
    restrict(amina, tip, carla)
    # Before boris' program knows of it, and when it does.
    assert "Not done" in boris.send(address, {**hidden, "reader": [key_of(amina)]}).text
    sync(boris)
    assert boris.get(address).status_code == 404
    assert boris.send(address, {**hidden, "lift": "yes"}).status_code == 404
    sync(amina)
    assert alerts(amina, tip) == []


def test_of_two_who_restrict_it_at_once_one_is_told_to_look_again(
    desk: Desk, amina: Program, boris: Program, carla: Program, tip: Stored
) -> None:
    restrict(amina, tip, carla)
    assert "somebody else has just changed who can read this" in restrict(carla, tip, boris)
    assert len(logged(desk, Action.RENEW)) == 2, "the log holds what was asked; the desk did only the first"
    for program in (amina, carla):
        sync(program)
        assert SECRET in shown(program, tip)
        assert alerts(program, tip) == []
    assert boris.get("/").status_code == 200
    sync(boris)
    assert SECRET not in shown(boris, tip)


def test_who_chose_nobody_else_is_asked_first_and_told_who_is_left_out(
    desk: Desk, amina: Program, boris: Program, carla: Program, tip: Stored
) -> None:
    address = f"{page(tip)}/readers"
    asked = " ".join(amina.send(address, amina.hidden(address)).text.split())
    assert "<bdi>boris</bdi> and <bdi>carla</bdi> can read nothing more of this report" in asked
    assert "Restrict it to me alone" in asked
    assert logged(desk, Action.RENEW) == []
    assert "Restrict it to me alone" not in restrict(amina, tip, boris)
    assert len(logged(desk, Action.RENEW)) == 1


def test_whoever_reads_it_alone_is_warned(
    desk: Desk, amina: Program, boris: Program, carla: Program, tip: Stored
) -> None:
    restrict(amina, tip)
    assert any("You are the only one left who can read this" in says for says in alerts(amina, tip))


def test_when_one_of_its_readers_is_revoked_it_is_renewed_among_the_others(
    desk: Desk, amina: Program, boris: Program, carla: Program, tip: Stored
) -> None:
    restrict(amina, tip, carla)
    sync(carla)
    sync(boris)
    kept = opened_tip(carla.workspace.book, tip.id.hex()).identities
    members.revoke(desk.server.store, desk.server.log, "carla", Role.REVIEWER)
    for program in (boris, amina):
        sync(program)
        assert program.workspace.renewing.idle.wait(30)
        program.let_leave()
    assert desk.recipient_of(tip) not in [identity.recipient for identity in kept]
    entry = logged(desk, Action.RENEW)[-1]
    assert entry.objects == (f"member/{key_of(amina)}", f"tip/{tip.id.hex()}")
    assert any("You are the only one left" in says for says in alerts(amina, tip))
    sync(boris)
    assert SECRET not in shown(boris, tip)


def test_a_revoked_one_whom_it_was_restricted_from_is_no_reason(
    desk: Desk, amina: Program, boris: Program, carla: Program, tip: Stored
) -> None:
    restrict(amina, tip, carla)
    members.revoke(desk.server.store, desk.server.log, "boris", Role.REVIEWER)
    sync(amina)
    assert amina.workspace.renewing.idle.wait(30)
    assert len(logged(desk, Action.RENEW)) == 1


def test_when_none_of_its_readers_is_left_a_colleague_opens_it_again_from_what_was_kept(
    desk: Desk, amina: Program, boris: Program, carla: Program, tip: Stored
) -> None:
    """Nobody destroys a report by restricting it to themself."""
    restrict(carla, tip)
    desk.store_message(tip, "Lost.")
    members.revoke(desk.server.store, desk.server.log, "carla", Role.REVIEWER)
    for program in (amina, boris):
        sync(program)
        assert "None of them is a reviewer any more" in shown(program, tip)
    boris.post(f"{page(tip)}/readers", page(tip), lift="yes")
    desk.store_message(tip, "He came again.")
    for program in (amina, boris):
        sync(program)
        says = shown(program, tip)
        assert SECRET in says
        assert "He came again." in says
        assert "Restricted" not in queue(program)
        assert not any("another summary" in alert for alert in alerts(program, tip))


def test_restricting_it_to_all_is_none(desk: Desk, amina: Program, boris: Program, carla: Program, tip: Stored) -> None:
    assert "All of your team would read it" in restrict(amina, tip, boris, carla)
    assert logged(desk, Action.RENEW) == []


def test_without_the_desk_it_is_said_not_to_be_done(
    desk: Desk, amina: Program, boris: Program, carla: Program, tip: Stored
) -> None:
    desk.lie("/v1/summaries", lambda _: b"{}")
    assert "Not done: " in restrict(amina, tip, carla)


def test_who_is_enrolled_later_sees_that_it_exists(
    desk: Desk, amina: Program, boris: Program, carla: Program, tip: Stored, reviewer: Reviewer
) -> None:
    restrict(amina, tip, carla)
    dana = reviewer("dana")
    dana.unlock()
    assert "Restricted to" in shown(dana, tip)
    assert alerts(dana, tip) == []


def test_who_is_enrolled_later_is_let_in_to_all_but_what_is_restricted(
    desk: Desk, amina: Program, boris: Program, carla: Program, tip: Stored, reviewer: Reviewer
) -> None:
    other = desk.store_tip("Another one.", ANSWERS)
    restrict(amina, tip, carla)
    dana = reviewer("dana")
    dana.unlock()
    sync(amina)
    older = f"/members/{key_of(dana)}/older"
    assert "Let them read 1 older report" in amina.get("/members").text
    amina.post(older, older, which="all")
    sync(dana)
    assert "Another one." in shown(dana, other)
    assert "Restricted to" in shown(dana, tip)


def test_one_that_the_server_gives_to_others_than_the_log_says_is_said(
    desk: Desk, amina: Program, boris: Program, carla: Program, tip: Stored
) -> None:
    with desk.server.store.reading() as session:
        before = session.execute(select(Tip.header, Tip.payload, Tip.recipient)).one()
    restrict(amina, tip, carla)
    sync(boris)
    with desk.server.store.writing() as session:
        row = session.get(Tip, tip.id)
        assert row is not None
        row.header, row.payload, row.recipient = before
    for program in (amina, boris):
        sync(program)
        assert any("put another summary in the place" in says for says in alerts(program, tip))


def test_what_was_shut_out_lies_on_the_disk_as_sealed_as_ever(
    desk: Desk, amina: Program, boris: Program, carla: Program, tip: Stored
) -> None:
    """They could read it until then: their program keeps the sealed bytes, so that no colleague destroys a report."""
    restrict(amina, tip, carla)
    sync(boris)
    assert boris.workspace._kept.sealed(summary_name(tip.id.hex()))
