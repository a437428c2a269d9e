"""A day's digest is kept only as long as it is that of its rows, whoever changes one of them and how."""

import secrets
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, insert, select, text, update
from sqlalchemy.exc import IntegrityError, MultipleResultsFound, NoResultFound
from sqlalchemy.orm import Session

from crypto.codename import Seed
from enrolled import Members
from intake.desk.index import day_index, list_days
from intake.keeper import Keeper, initialise, open_keeper
from intake.protocol.card import Role
from intake.protocol.index import Days, sha256_hex
from intake.protocol.kinds import Kind
from intake.report.definition import load_form
from intake.report.payloads import About, Message, Report
from intake.source.tip import correspondence
from intake.source.tip.correspondence import SealedFile
from intake.storage.gate import Gate
from intake.storage.removal import remove_tips, remove_withdrawals
from intake.storage.settle import settle
from intake.storage.tables import Day, Item, Tip, Withdrawal
from signed_client import ClientOf

NOON = datetime(2026, 1, 5, 12, tzinfo=UTC)
DAYS = [date(2026, 1, number) for number in range(1, 6)]
HOUR = timedelta(hours=1)
GATE = Gate(60)


def listed(server: Keeper, now: datetime = NOON) -> Days:
    """The list as the desk gives it."""
    with server.store.writing() as session:
        return list_days(session, GATE, now)


def made_anew(server: Keeper, now: datetime = NOON) -> Days:
    """The list as it would be if no digest had ever been kept."""
    with server.store.writing() as session:
        session.execute(delete(Day))
        for table in (Tip, Item, Withdrawal):
            known = select(Day.day)
            session.execute(
                insert(Day).from_select(
                    ["day", "tips", "items"],
                    select(table.day, text("0"), text("0")).where(table.day.not_in(known)).distinct(),
                )
            )
        return list_days(session, GATE, now)


def tip_of(day: date) -> Tip:
    return Tip(
        id=secrets.token_bytes(16),
        day=day,
        recipient="r",
        lookup=secrets.token_bytes(32),
        header=b"header",
        payload=b"payload",
    )


def item_of(tip: Tip, day: date, kind: Kind = Kind.MESSAGE) -> Item:
    return Item(id=secrets.token_bytes(16), tip_id=tip.id, kind=kind, day=day, size=1, sealed=b"x")


@pytest.fixture
def filled(server: Keeper) -> Keeper:
    """On each of three days a tip; items of the first on all of them; a withdrawal on the last. The list was read."""
    tips = [tip_of(day) for day in DAYS[:3]]
    with server.store.writing() as session:
        session.add_all(tips)
        session.flush()
        session.add_all(item_of(tips[0], day, kind) for day in DAYS[:3] for kind in (Kind.MESSAGE, Kind.WORK))
        session.add(Withdrawal(tip_id=bytes(16), day=DAYS[2], signature=bytes(64)))
    assert [day.tips for day in listed(server).days] == [1, 1, 1]
    return server


def first(session: Session) -> Tip:
    return session.scalars(select(Tip).where(Tip.day == DAYS[0])).one()


def hide(session: Session, *rows: Tip | Item) -> None:
    for row in rows:
        session.add(row)
        session.flush()
    GATE.hide(session, NOON, rows)


CHANGES: dict[str, Callable[[Session], object]] = {
    "a tip comes": lambda session: session.add(tip_of(DAYS[3])),
    "an item comes, on a day of its own": lambda session: session.add(item_of(first(session), DAYS[3])),
    "an item comes, on a day that has some": lambda session: session.add(item_of(first(session), DAYS[1])),
    "a withdrawal comes": lambda session: session.add(Withdrawal(tip_id=b"1" * 16, day=DAYS[3], signature=bytes(64))),
    "an item goes": lambda session: session.execute(delete(Item).where(Item.day == DAYS[1], Item.kind == Kind.WORK)),
    "a tip goes, with items of several days": lambda session: session.delete(first(session)),
    "all tips go at once": lambda session: session.execute(delete(Tip)),
    "a withdrawal goes": lambda session: session.execute(delete(Withdrawal)),
    "readers are added to a header": lambda session: session.execute(update(Tip).values(header=b"other")),
    "a payload is exchanged": lambda session: session.execute(update(Tip).values(payload=b"other")),
    "a recipient is exchanged": lambda session: session.execute(update(Tip).values(recipient="other")),
    "a tip is dated back": lambda session: session.execute(update(Tip).values(day=DAYS[4])),
    "an item is dated back": lambda session: session.execute(update(Item).values(day=DAYS[4])),
    "an item is said to be larger": lambda session: session.execute(update(Item).values(size=2)),
    "an item is said to be another": lambda session: session.execute(update(Item).values(kind=Kind.REPLY)),
    "an item becomes a file": lambda session: session.execute(update(Item).values(blob="0" * 32)),
    "a signature is exchanged": lambda session: session.execute(update(Withdrawal).values(signature=b"1" * 64)),
    "a row comes without the program": lambda session: session.execute(
        text("INSERT OR IGNORE INTO withdrawal VALUES (x'02', '2026-01-02', x'02')")
    ),
    "a row is put in the place of another": lambda session: session.execute(
        text("INSERT OR REPLACE INTO withdrawal SELECT tip_id, '2026-01-01', signature FROM withdrawal")
    ),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_whatever_changes_what_the_index_says_changes_the_list(
    change: Callable[[Session], object], filled: Keeper
) -> None:
    before = listed(filled)
    with filled.store.writing() as session:
        change(session)
    after = listed(filled)
    assert after != before
    assert after == made_anew(filled)


@pytest.mark.parametrize("what", ["tip with items", "item"])
def test_what_waits_for_a_gate_changes_the_list_when_it_shows_and_not_before(what: str, filled: Keeper) -> None:
    before = listed(filled)
    with filled.store.writing() as session:
        tip = tip_of(DAYS[4])
        hide(session, *((tip, item_of(tip, DAYS[4])) if what != "item" else (item_of(first(session), DAYS[4]),)))
    assert listed(filled) == before
    assert listed(filled, NOON + HOUR) != before
    assert listed(filled, NOON + HOUR) == made_anew(filled, NOON + HOUR)


def test_an_item_that_was_added_to_a_hidden_tip_shows_with_it_whatever_day_it_bears(filled: Keeper) -> None:
    """As after a correction of the clock, when days and gates don't go together."""
    with filled.store.writing() as session:
        tip = tip_of(DAYS[4])
        hide(session, tip)
        session.add(item_of(tip, DAYS[0]))
    before = listed(filled)
    with filled.store.writing() as session:
        GATE.open(session, NOON + HOUR)
    after = listed(filled, NOON + HOUR)
    assert after.days[0].items == before.days[0].items + 1
    assert after == made_anew(filled, NOON + HOUR)


def test_a_clock_that_was_ahead_and_is_corrected_leaves_no_digest_that_is_wrong(server: Keeper) -> None:
    ahead = NOON + timedelta(days=300)
    with server.store.writing() as session:
        tip = tip_of(ahead.date())
        session.add(tip)
        session.flush()
        GATE.hide(session, ahead, [tip])
    assert listed(server, ahead) == Days(())
    assert [day.tips for day in listed(server, NOON).days] == [1], "it waits for no gate that lies so far ahead"
    assert listed(server, NOON) == made_anew(server, NOON)


def test_a_tip_that_goes_at_its_gate_and_one_that_goes_before_leave_no_day(server: Keeper) -> None:
    for now in (NOON, NOON + HOUR):
        with server.store.writing() as session:
            hide(session, tip_of(DAYS[4]))
        listed(server, now)
        remove_tips(server.store, server.blobs, Tip.day == DAYS[4])
        assert listed(server, now) == Days(())
        with server.store.reading() as session:
            assert session.scalars(select(Day.day)).all() == []


def test_removal_by_age_and_settling_change_what_they_must_and_nothing_else(filled: Keeper) -> None:
    with filled.blobs.new() as writer:
        writer.write(b"sealed")
        blob = writer.keep()
    with filled.store.writing() as session:
        tip = session.scalars(select(Tip).where(Tip.day == DAYS[2])).one()
        session.add(Item(id=bytes(16), tip_id=tip.id, kind=Kind.CONTENT, day=DAYS[3], size=6, blob=blob))
    before = listed(filled)
    settle(filled.store, filled.blobs)
    assert listed(filled) == before == made_anew(filled), "another name of a file is nothing that the index says"
    remove_tips(filled.store, filled.blobs, Tip.day < DAYS[2])
    remove_withdrawals(filled.store, DAYS[3])
    assert listed(filled) == made_anew(filled)
    counts = [(day.day, day.tips, day.items) for day in listed(filled).days]
    assert counts == [("2026-01-03", 1, 0), ("2026-01-04", 0, 1)]


def test_a_day_is_read_as_the_list_says_it(filled: Keeper) -> None:
    for day in listed(filled).days:
        with filled.store.reading() as session:
            body = day_index(session, GATE, NOON, date.fromisoformat(day.day)).to_json()
        assert sha256_hex(body) == day.digest


def test_what_is_undone_leaves_the_digests_that_were_there(filled: Keeper) -> None:
    before = listed(filled)
    with filled.store.writing() as session:
        session.execute(delete(Tip))
        assert list_days(session, GATE, NOON) != before
        session.rollback()
    with filled.store.reading() as session:
        assert None not in session.scalars(select(Day.digest)).all()
    assert listed(filled) == before


STEPS = st.lists(st.sampled_from([*CHANGES, "hide", "list", "an hour passes"]), max_size=8)


@pytest.mark.slow
@settings(max_examples=30)
@given(steps=STEPS)
def test_after_any_sequence_of_changes_the_list_is_the_one_that_is_made_anew(
    steps: list[str], tmp_path_factory: pytest.TempPathFactory
) -> None:
    server, now = open_keeper(initialise(tmp_path_factory.mktemp("days") / "server", {})), NOON
    for step in steps:
        if step == "list":
            listed(server, now)
        elif step == "an hour passes":
            now += HOUR
        else:
            with suppress(NoResultFound, MultipleResultsFound, IntegrityError), server.store.writing() as session:
                CHANGES[step](session) if step != "hide" else hide(session, tip_of(DAYS[4]))
    assert listed(server, now) == made_anew(server, now)
    server.store.close()


def test_all_that_sources_and_reviewers_do_changes_the_list(
    server: Keeper, client: ClientOf, members_of: Members, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Through the program's own writers: the source site's, and the desk's."""
    members_of.enrol("boris", Role.REVIEWER)
    amina = client(members_of.enrol("amina"))
    open_at_once = replace(server, settings=replace(server.settings, gate_minutes=0))
    seed, form = Seed(secrets.token_bytes(32)), load_form()
    seen = [amina("GET", "/v1/index").content]

    def changed(what: object) -> None:
        seen.append(amina("GET", "/v1/index").content)
        assert seen[-1] not in seen[:-1], what

    correspondence.receive_report(open_at_once, seed, Report("en", form.version, {"narrative": "My story."}), "token")
    changed("report")
    tip = correspondence.find(open_at_once, seed)
    assert tip is not None
    correspondence.receive(open_at_once, seed, tip, Message("And this."), "another")
    changed("message")
    with server.blobs.new() as writer:
        writer.write(b"sealed")
        file = SealedFile(writer.keep(), 6, 6, "0" * 64)
    correspondence.receive_file(
        open_at_once, seed, tip, About("", "a.jpg", "image/jpeg", 6, "0" * 64, ""), file, "third"
    )
    changed("file")
    reply = secrets.token_bytes(16)
    assert amina("PUT", f"/v1/tips/{tip.id.hex()}/items/{reply.hex()}?kind=reply", b"sealed").status_code == 201
    changed("reply")
    assert correspondence.delete_reply(open_at_once, seed, tip, reply) is not None
    changed("deletion")
    correspondence.withdraw(open_at_once, seed, tip)
    changed("withdrawal")
