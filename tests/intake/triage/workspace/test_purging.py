"""What the team deleted, or a source withdrew, goes from every reviewer's machine, and nothing else ever does."""

import re
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from html import unescape
from pathlib import Path

import pytest
from sqlalchemy import delete, select, update

from forms import tokens
from intake.accesslog import members
from intake.accesslog.clock import correct
from intake.accesslog.operator import decide
from intake.protocol.actions import Action
from intake.protocol.card import Role
from intake.protocol.deletions import purges
from intake.protocol.entry import OPERATOR, Entry, parse_entry
from intake.report.payloads import Leaving
from intake.report.signed import sign_withdrawal
from intake.storage.removal import remove_tips
from intake.storage.tables import LogEntry, Tip, Withdrawal
from intake.triage.mirror.pair import COPY, NAME
from intake.triage.mirror.tables import EXCHANGED, LETTING
from open_desk import Desk, Stored
from passing import Time
from program import Program, Reviewer
from told import page, queue, shown, sync

pytestmark = pytest.mark.slow

DAY = timedelta(days=1)
FILE = b"a photograph of the letter " * 99
WORDS = "They came to my mother's house."
IN_THE_MIRROR = ["mirror.db"]
WHY = "The person is safe now, and asked us to."


@pytest.fixture
def time(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Time:
    return Time(desk, monkeypatch)


@pytest.fixture
def amina(time: Time, reviewer: Reviewer) -> Program:
    program = reviewer("amina")
    program.unlock()
    return program


@pytest.fixture
def boris(time: Time, reviewer: Reviewer) -> Program:
    program = reviewer("boris")
    program.unlock()
    return program


@pytest.fixture
def tip(desk: Desk, amina: Program, boris: Program) -> Stored:
    """A report with a file, which both have looked at, and Amina has saved and written a note on."""
    tip = desk.store_tip(WORDS, {"urgency": "now"})
    about = desk.store_file(tip, "letter.jpg", FILE)
    for program in (amina, boris):
        sync(program)
        assert WORDS in shown(program, tip)
    assert amina.save(f"{page(tip)}/files/{about}").data == FILE
    amina.write(page(tip), "note", text="Called back.")
    return tip


def propose(program: Program, tip: Stored) -> None:
    assert program.write(page(tip), "deletion_reason", why=WHY).status_code == 303
    sync(program)


def say(program: Program, tip: Stored, step: str) -> None:
    """Second or stop what is proposed, by the button on the report's page."""
    sync(program)
    (address,) = set(re.findall(rf"{page(tip)}/deletion/[0-9a-f]+/{step}", program.get(page(tip)).text))
    assert program.post(address, page(tip)).status_code == 303
    sync(program)


def today() -> date:
    return datetime.now(UTC).date()


def entries(desk: Desk) -> list[Entry]:
    with desk.server.store.reading() as session:
        return [parse_entry(body) for body in session.scalars(select(LogEntry.body).order_by(LogEntry.index))]


def receipts(desk: Desk) -> list[str]:
    """Who has signed a purge receipt."""
    with desk.server.store.reading() as session:
        roster = desk.server.log.roster(session)
    return [roster.label(entry.who) for entry in entries(desk) if entry.action is Action.PURGED]


def forge(desk: Desk, *objects: str, at: datetime | None = None) -> None:
    """The server's entry that it deleted a tip, and the tip deleted. `at`: one that its log so far allows."""
    with desk.server.store.in_order() as session:
        entry = Entry((at or desk.server.log.now()), OPERATOR, Action.DELETE, objects)
        place = desk.server.log.size(session)
        desk.server.log.append(session, entry)
        if at is None:
            # Ours would refuse to go on from there itself.
            session.execute(update(LogEntry).where(LogEntry.index == place).values(rules=False))
        session.execute(delete(Tip))


def sealed_on(home: Path, *parts: bytes) -> list[str]:
    """The files of a home in which sealed bytes lie, by a part of each."""
    assert all(len(part) > 64 for part in parts)
    files = [path for path in home.rglob("*") if path.is_file()]
    return sorted(
        {path.name.removesuffix("-wal") for path in files for part in parts if part[-64:] in path.read_bytes()}
    )


def blobs(desk: Desk) -> list[bytes]:
    return [path.read_bytes() for path in desk.server.settings.blobs.rglob("*") if path.is_file()]


def test_what_two_want_deleted_is_gone_from_both_machines_and_each_signs_a_receipt(
    desk: Desk, time: Time, amina: Program, boris: Program, tip: Stored, tmp_path: Path
) -> None:
    with desk.server.store.reading() as session:
        payload = session.scalar(select(Tip.payload).where(Tip.id == tip.id)) or b""
    parts = [payload, *tip.sent, *blobs(desk)]
    amina.workspace.keep_book(amina.guard._abandon)
    before = (tmp_path / "amina-home" / "book.age").read_bytes()
    assert sealed_on(tmp_path / "amina-home", *parts)
    propose(amina, tip)
    sync(boris)
    assert WHY in shown(boris, tip)
    say(boris, tip, "second")
    sync(amina)
    today = unescape(amina.get("/").text)
    assert "To be deleted, unless somebody stops it" in today
    assert "in 6 days</strong>, wanted by <bdi>amina</bdi>, <bdi>boris</bdi>." in today
    assert WHY in today
    time.passes(6 * DAY)
    assert tip.id.hex() in sync(amina)
    time.passes(DAY + timedelta(minutes=1))
    for program in (amina, boris):
        assert tip.id.hex() not in sync(program)
        assert program.get(page(tip)).status_code == 404
        assert "Deleted, as your team decided; nothing of it is kept here any more." in queue(program)
    assert receipts(desk) == ["amina", "boris"]
    for home in ("amina-home", "boris-home"):
        assert sealed_on(tmp_path / home, *parts) == []
    after = (tmp_path / "amina-home" / "book.age").read_bytes()
    assert after != before
    assert before[-4096:] not in after
    with desk.server.store.reading() as session:
        state = desk.server.log.state(session)
    assert purges(entries(desk), state.roster)[0].missing == ()


def test_a_dossier_of_the_teams_is_deleted_as_a_report_is_from_a_page_of_its_own(
    desk: Desk, time: Time, amina: Program, boris: Program
) -> None:
    amina.post("/team/label_name", "/team", name="Uyghur speakers", colour="green")
    for program in (amina, boris):
        sync(program)
    (address,) = re.findall(r"/tips/[0-9a-f]{32}", amina.get("/team").text)
    shown_ = unescape(amina.get(address).text)
    assert "Dossier of" in shown_
    assert "Uyghur speakers" in shown_
    assert "Conversation with the source" not in shown_
    opened = sum(entry.action is Action.OPEN for entry in entries(desk))
    assert opened == 0, "it is no report"
    assert amina.write(address, "deletion_reason", why=WHY).status_code == 303
    sync(amina)
    sync(boris)
    assert WHY in unescape(boris.get(address).text)
    (second,) = set(re.findall(rf"{address}/deletion/[0-9a-f]+/second", boris.get(address).text))
    boris.post(second, address)
    time.passes(8 * DAY)
    for program in (amina, boris):
        sync(program)
        assert program.get(address).status_code == 404
        assert "Uyghur speakers" not in program.get("/team").text
    assert receipts(desk) == ["amina", "boris"]
    assert amina.post("/team/label_name", "/team", name="Later ones", colour="red").status_code == 303
    sync(amina)
    sync(boris)
    assert "Later ones" in boris.get("/team").text


def test_who_was_let_in_and_who_was_to_be_is_forgotten_too_and_nobody_is_let_in_any_more(
    desk: Desk, time: Time, amina: Program, boris: Program, tip: Stored, reviewer: Reviewer
) -> None:
    def noted(program: Program) -> tuple[int, int]:
        file = program.workspace._home.mirror
        return len(file.where(EXCHANGED, "tip", tip.id.hex())), len(file.select(LETTING))

    dora = reviewer("dora")
    dora.unlock()
    key = dora.workspace.people.me
    sync(amina)
    amina.workspace.let_in(key, [tip.id.hex()])
    for program in (amina, boris, amina):
        sync(program)
    assert (noted(amina), noted(boris)) == ((1, 0), (1, 0))
    propose(amina, tip)
    say(boris, tip, "second")
    time.passes(8 * DAY)
    amina.workspace.letting.choose(key, [tip.id.hex()])
    for program in (amina, boris):
        sync(program)
        assert noted(program) == (0, 0)
    assert sum(entry.action is Action.REWRAP for entry in entries(desk)) == 1


def test_a_restart_in_between_deletes_too_and_a_receipt_that_did_not_leave_leaves_later(
    desk: Desk, time: Time, amina: Program, boris: Program, tip: Stored, tmp_path: Path
) -> None:
    propose(amina, tip)
    say(boris, tip, "second")
    amina.guard.lock()
    time.passes(8 * DAY)
    sync(boris)
    assert receipts(desk) == ["boris"]
    honest = desk.wsgi
    desk.lie("/v1/tips", lambda _: b"")
    amina.unlock()
    desk.wsgi = honest
    sync(amina)
    assert sealed_on(tmp_path / "amina-home", *tip.sent) == []
    assert set(receipts(desk)) == {"amina", "boris"}
    amina.guard.lock()
    amina.unlock()
    sync(amina)
    assert "Deleted, as your team decided" in queue(amina)


def test_a_deletion_that_only_the_server_says_is_not_obeyed_and_everybody_is_told(
    desk: Desk, amina: Program, boris: Program, tip: Stored, tmp_path: Path
) -> None:
    forge(desk, f"tip/{tip.id.hex()}", f"item/{'01' * 16}")
    for program in (amina, boris):
        says = sync(program)
        assert "it deletes what nobody has proposed to delete" in says
        assert WORDS in shown(program, tip)
    assert sealed_on(tmp_path / "amina-home", *tip.sent) == IN_THE_MIRROR
    assert receipts(desk) == []


@pytest.mark.parametrize(
    "forged",
    [
        ((), 8, "not enough members want deleted"),
        (("second",), 6, "before the countdown was over"),
        (("second", "stop"), 8, "a member has stopped"),
    ],
    ids=["one alone", "too early", "stopped"],
)
def test_nor_is_one_before_all_is_as_it_must_be(
    desk: Desk, time: Time, amina: Program, boris: Program, tip: Stored, forged: tuple[Sequence[str], int, str]
) -> None:
    steps, days, says = forged
    propose(amina, tip)
    for step in steps:
        say(boris, tip, step)
    time.passes(days * DAY)
    proposed = next(entry for entry in entries(desk) if entry.action is Action.PROPOSE)
    # By the server's own clock a member's request comes first, so that its time is no jump.
    sync(boris)
    forge(desk, *proposed.objects)
    assert says in sync(amina)
    assert WORDS in shown(amina, tip)
    assert receipts(desk) == []


def test_a_server_whose_clock_runs_ahead_cuts_no_countdown_short(
    desk: Desk, time: Time, amina: Program, boris: Program, tip: Stored, tmp_path: Path
) -> None:
    propose(amina, tip)
    say(boris, tip, "second")
    proposed = next(entry for entry in entries(desk) if entry.action is Action.PROPOSE)
    with desk.server.store.reading() as session:
        now = desk.server.log.clock(session).last
    for day in range(1, 9):
        with desk.server.store.in_order() as session:
            at = now + day * DAY
            # A day each, for which nobody has to confirm anything.
            settled = Entry(at, OPERATOR, Action.RULE, (f"retention/{day}",))
            desk.server.log.append(session, settled)
    forge(desk, *proposed.objects, at=at)
    # Set back, the log goes on as if nothing had been.
    correct(desk.server.store, desk.server.log)
    says = sync(amina)
    assert "at a time that has not come by this machine's clock" in says
    assert sealed_on(tmp_path / "amina-home", *tip.sent) == IN_THE_MIRROR
    assert receipts(desk) == []
    time.passes(9 * DAY)
    assert "nothing of it is kept here any more" in sync(amina)
    assert sealed_on(tmp_path / "amina-home", *tip.sent) == []


def test_a_revoked_reviewers_second_deletes_nothing(
    desk: Desk, time: Time, amina: Program, boris: Program, tip: Stored
) -> None:
    propose(amina, tip)
    say(boris, tip, "second")
    members.revoke(desk.server.store, desk.server.log, "boris", Role.REVIEWER)
    time.passes(8 * DAY)
    sync(amina)
    assert WORDS in shown(amina, tip)
    proposed = next(entry for entry in entries(desk) if entry.action is Action.PROPOSE)
    forge(desk, *proposed.objects)
    assert "not enough members want deleted" in sync(amina)
    assert WORDS in shown(amina, tip)


def test_a_tip_that_is_just_gone_is_kept(desk: Desk, amina: Program, tip: Stored, tmp_path: Path) -> None:
    remove_tips(desk.server.store, desk.server.blobs, Tip.id == tip.id)
    assert "without a word of the source" in sync(amina)
    assert sealed_on(tmp_path / "amina-home", *tip.sent) == IN_THE_MIRROR
    assert receipts(desk) == []


@pytest.mark.parametrize("by", ["its source", "somebody else"])
def test_what_its_source_withdrew_goes_too_if_its_source_signed_that(
    desk: Desk, amina: Program, tip: Stored, tmp_path: Path, by: str
) -> None:
    name = tip.id.hex()
    key = tip.key if by == "its source" else desk.store_tip("Another.", {}).key
    word = Withdrawal(tip_id=tip.id, day=datetime.now(UTC).date(), signature=sign_withdrawal(key, name))
    remove_tips(desk.server.store, desk.server.blobs, Tip.id == tip.id, leaving=lambda _: word)
    says = sync(amina)
    if by == "its source":
        assert "Withdrawn by the source, as its signature proves; nothing of it is kept here any more." in says
        assert f"on {word.day} ({name[:8]})" in says
        assert sealed_on(tmp_path / "amina-home", *tip.sent) == []
        assert receipts(desk) == ["amina"]
    else:
        assert "without the source's signature" in says
        assert sealed_on(tmp_path / "amina-home", *tip.sent) == IN_THE_MIRROR
        assert receipts(desk) == []


def test_a_server_that_lists_it_again_brings_nothing_back_and_is_told_on(
    desk: Desk, time: Time, amina: Program, boris: Program, tip: Stored, tmp_path: Path
) -> None:
    with desk.server.store.reading() as session:
        row = session.execute(select(Tip.header, Tip.payload).where(Tip.id == tip.id)).one()
    propose(amina, tip)
    say(boris, tip, "second")
    time.passes(8 * DAY)
    sync(amina)
    with desk.server.store.writing() as session:
        session.add(
            Tip(
                id=tip.id,
                day=datetime.now(UTC).date(),
                header=row.header,
                payload=row.payload,
                recipient=str(tip.identity.recipient),
                lookup=bytes(32),
            )
        )
    assert "listed by the server all the same" in sync(amina)
    assert WORDS not in queue(amina)
    assert amina.get(page(tip)).status_code == 404
    assert sealed_on(tmp_path / "amina-home", row.payload) == []


def test_what_was_typed_for_it_goes_with_it(
    desk: Desk, time: Time, amina: Program, boris: Program, tip: Stored, tmp_path: Path
) -> None:
    propose(amina, tip)
    say(boris, tip, "second")
    amina.guard.lock()
    amina.send(f"{page(tip)}/note", {**amina.hidden("/unlock"), "form": "a form", "text": "Typed while locked."})
    time.passes(8 * DAY)
    amina.unlock()
    sync(amina)
    with closing(sqlite3.connect(tmp_path / "amina-home" / NAME)) as mirror:
        assert mirror.execute("SELECT count(*) FROM unsent").fetchone() == (0,)
        assert mirror.execute("SELECT count(*) FROM known").fetchone() == (0,)
        assert mirror.execute("SELECT tip, deleted, receipt FROM purged").fetchall() == [(tip.id.hex(), 1, 1)]
    assert (tmp_path / "amina-home" / COPY).exists()


def test_other_reports_stay_as_they_are(desk: Desk, time: Time, amina: Program, boris: Program, tip: Stored) -> None:
    other = desk.store_tip("Another report.", {})
    about = desk.store_file(other, "other.jpg", FILE)
    sync(amina)
    amina.save(f"{page(other)}/files/{about}")
    propose(amina, tip)
    say(boris, tip, "second")
    time.passes(8 * DAY)
    sync(amina)
    amina.guard.lock()
    amina.unlock()
    assert "Another report." in shown(amina, other)
    assert amina.save(f"{page(other)}/files/{about}").data == FILE


def test_closed_reports_are_proposed_for_deletion_after_the_teams_period_and_only_then(
    desk: Desk, time: Time, amina: Program, boris: Program
) -> None:
    old, new = (desk.store_tip(words, {}) for words in ("Old.", "New."))
    sync(amina)
    amina.write(page(old), "status", status="closed", reason="Done.")
    time.passes(99 * DAY)
    amina.write(page(new), "status", status="closed", reason="Done.")
    sync(amina)
    assert "Closed, and unchanged" not in amina.get("/").text
    with desk.server.store.in_order() as session:
        decide(session, desk.server.log, Action.RULE, ("retention/2",), clock_is_right=True)
    sync(amina)
    assert "Closed, and unchanged for 2 months" in unescape(amina.get("/").text)
    found = amina.get("/reports?status=closed&quiet=2").text
    assert ("Old." in found, "New." in found) == (True, False)
    # Nobody but a reviewer proposes it.
    assert amina.workspace.log is not None
    assert amina.workspace.log.deletions.open == ()


def test_several_are_proposed_at_once_each_for_itself(desk: Desk, amina: Program, boris: Program) -> None:
    tips = [desk.store_tip(words, {}) for words in ("One.", "Two.")]
    sync(amina)
    chosen = [tip.id.hex() for tip in tips]
    asked = amina.send("/bulk/ask", {**amina.hidden("/reports"), "tip": chosen, "kind": "deletion_reason"})
    assert "Propose to delete these 2 reports" in asked.text
    amina.send("/bulk/do", {**tokens(asked.text), "tip": chosen, "kind": "deletion_reason", "why": WHY})
    sync(boris)
    assert unescape(boris.get("/").text).count("1 more of you has to want it; so far <bdi>amina</bdi>") == 2
    say(boris, tips[0], "second")
    assert boris.workspace.log is not None
    assert [each.due(boris.workspace.log.roster) is None for each in boris.workspace.log.deletions.open] in (
        [True, False],
        [False, True],
    )


def leaves(desk: Desk, tip: Stored) -> None:
    """The server deletes a tip, with its source's signature."""
    name = tip.id.hex()
    word = Withdrawal(tip_id=tip.id, day=today(), signature=sign_withdrawal(tip.key, name))
    remove_tips(desk.server.store, desk.server.blobs, Tip.id == tip.id, leaving=lambda _: word)


def test_where_a_source_has_chosen_that_withdrawing_takes_days_no_server_cuts_them_short(
    desk: Desk, time: Time, amina: Program, tmp_path: Path
) -> None:
    tip = desk.store_tip(WORDS, {})
    desk.send(tip, Leaving("slowly"))
    sync(amina)
    leaves(desk, tip)
    assert "Withdrawn by the source, as its signature proves." in sync(amina)
    assert sealed_on(tmp_path / "amina-home", *tip.sent) == IN_THE_MIRROR
    time.passes(6 * DAY)
    sync(amina)
    assert receipts(desk) == []
    time.passes(DAY)
    assert "nothing of it is kept here any more" in sync(amina)
    assert sealed_on(tmp_path / "amina-home", *tip.sent) == []
    assert receipts(desk) == ["amina"]


def test_reviewers_see_what_a_source_decides_about_leaving(desk: Desk, time: Time, amina: Program) -> None:
    tip = desk.store_tip(WORDS, {})
    desk.send(tip, Leaving("slowly"))
    desk.send(tip, Leaving("asked"))
    sync(amina)
    says = shown(amina, tip)
    assert f"The source asked on {today()} to withdraw this report. It will be deleted on {today() + 7 * DAY}" in says
    desk.send(tip, Leaving("stays"))
    sync(amina)
    assert "asked on" not in shown(amina, tip)
    desk.send(tip, Leaving("ended"))
    sync(amina)
    assert "no reply reaches them any more" in shown(amina, tip)


def test_reviewers_see_that_a_report_was_sent_without_words_and_can_not_reply(desk: Desk, amina: Program) -> None:
    tip = desk.store_tip(WORDS, {})
    desk.send(tip, Leaving("without"))
    sync(amina)
    says = shown(amina, tip)
    assert "no reply reaches anybody" in says
    assert "See it as the source will" not in says


def test_days_that_were_waited_before_a_withdrawal_was_taken_back_do_not_count(
    desk: Desk, time: Time, amina: Program, tmp_path: Path
) -> None:
    tip = desk.store_tip(WORDS, {})
    for says in ("slowly", "asked"):
        desk.send(tip, Leaving(says))
    sync(amina)
    time.passes(6 * DAY)
    desk.send(tip, Leaving("stays"))
    sync(amina)
    time.passes(3 * DAY)
    leaves(desk, tip)
    sync(amina)
    assert sealed_on(tmp_path / "amina-home", *tip.sent) == IN_THE_MIRROR
    assert receipts(desk) == []
