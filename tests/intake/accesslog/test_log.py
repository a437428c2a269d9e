"""Times in the log never go back, and are taken when it is this entry's turn."""

import sqlite3
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from crypto.merkle import root_hash
from crypto.note import SigningKey
from intake.accesslog import members
from intake.accesslog.append import LogAppender
from intake.accesslog.read import LogReader
from intake.keeper import Keeper, read_log_key
from intake.protocol.actions import Action
from intake.protocol.audit import open_checkpoint
from intake.protocol.card import Role, issue_card
from intake.protocol.clock import LogClock
from intake.protocol.entry import OPERATOR, Entry, LoggedRequest, parse_entry
from intake.protocol.roster import RosterError
from intake.storage.store import Transaction
from intake.storage.tables import LogEntry, LogHead

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


class Clock:
    """A clock that stands until it is set, and may be watched."""

    def __init__(self) -> None:
        self.time = NOON

    def __call__(self) -> datetime:
        return self.time


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def clocked(server: Keeper, clock: Clock) -> Keeper:
    """The server, by that clock."""
    return replace(server, log=LogAppender(read_log_key(server.settings.log_key), clock))


def enrol(server: Keeper, name: str) -> None:
    members.enrol(server.store, server.log, issue_card(Role.AUDITOR, SigningKey.generate(name), None))


def times(server: Keeper) -> list[datetime]:
    with server.store.reading() as session:
        return [parse_entry(line).at for line in server.log.lines(session, 0, 99)]


def test_a_clock_that_goes_back_makes_no_entry_that_lies_before_the_last(clocked: Keeper, clock: Clock) -> None:
    enrol(clocked, "amina")
    clock.time -= timedelta(hours=2)
    enrol(clocked, "boris")
    clock.time = NOON + timedelta(seconds=1)
    members.revoke(clocked.store, clocked.log, "amina", Role.AUDITOR)
    assert times(clocked) == [NOON, NOON, NOON + timedelta(seconds=1)]


def test_the_time_of_an_enrolment_is_taken_under_the_write_lock(server: Keeper) -> None:
    locked = []

    def look() -> datetime:
        other = sqlite3.connect(server.settings.data / "intake.db", timeout=0)
        try:
            other.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError:
            locked.append(True)
        finally:
            other.close()
        return NOON

    watched = replace(server, log=LogAppender(read_log_key(server.settings.log_key), look))
    enrol(watched, "amina")
    members.revoke(watched.store, watched.log, "amina", Role.AUDITOR)
    assert locked == [True, True]


def test_a_roster_that_is_being_read_does_not_change(server: Keeper) -> None:
    enrol(server, "amina")
    with server.store.reading() as session:
        roster = server.log.roster(session)
    enrol(server, "boris")
    with server.store.reading() as session:
        assert len(server.log.roster(session).members) == 2
    assert len(roster.members) == 1


def test_only_somebody_active_in_that_role_can_be_revoked(server: Keeper) -> None:
    enrol(server, "amina")
    for name, role in (("boris", Role.AUDITOR), ("amina", Role.REVIEWER)):
        with pytest.raises(RosterError, match="there is no active"):
            members.revoke(server.store, server.log, name, role)


def test_every_head_that_was_signed_stays_and_only_the_newest_goes_on(server: Keeper) -> None:
    """Proofs and cosignatures of earlier trees need something to stand on."""
    for name in ("amina", "boris"):
        enrol(server, name)
    with server.store.reading() as session:
        heads = session.execute(select(LogHead.checkpoint, LogHead.frontier).order_by(LogHead.size)).all()
        trees = [
            open_checkpoint(head.checkpoint, read_log_key(server.settings.log_key).verifier.first) for head in heads
        ]
        leaves = server.log.leaves(session, 0, 99)
        assert server.log.checkpoint(session) == heads[-1].checkpoint
    assert [(tree.size, tree.root) for tree in trees] == [(size, root_hash(leaves[:size])) for size in range(3)]
    assert [head.frontier is not None for head in heads] == [False, False, True]


def test_what_is_undone_is_not_remembered(server: Keeper) -> None:
    enrol(server, "amina")
    card = issue_card(Role.AUDITOR, SigningKey.generate("boris"), None)
    with server.store.in_order() as session:
        server.log.append(
            session, Entry(server.log.time(session), OPERATOR, Action.ENROL, (f"member/{card.key_id}",), card=card.text)
        )
        assert server.log.roster(session).active("boris") is not None
        session.rollback()
    with server.store.reading() as session:
        assert server.log.roster(session).active("boris") is None
    enrol(server, "carla")
    with server.store.reading() as session:
        assert [member.card.name for member in server.log.roster(session).members] == ["amina", "carla"]


def test_no_entry_is_read_twice_to_know_who_is_enrolled(server: Keeper) -> None:
    """Each request asks several times; the roster that was given out is the same as long as the log is."""
    for name in ("amina", "boris"):
        enrol(server, name)
    read: list[tuple[int, int]] = []

    class Counting(LogReader):
        def lines(self, session: Transaction, start: int, end: int) -> Sequence[bytes]:
            read.append((start, end))
            return super().lines(session, start, end)

    log = Counting()
    for _ in range(3):
        with server.store.reading() as session:
            assert log.roster(session) is log.state(session).roster
            log.time(session)
    enrol(server, "carla")
    with server.store.reading() as session:
        log.clock(session)
        log.roster(session)
    assert read == [(0, 1), (1, 2), (2, 3)]


def test_of_what_members_did_only_the_last_is_read_however_much_it_is(server: Keeper, clock: Clock) -> None:
    """A log of years must not keep a server from starting, or the first source waiting."""
    log = LogAppender(read_log_key(server.settings.log_key), clock)
    clocked = replace(server, log=log)
    enrol(clocked, "amina")
    with server.store.in_order() as session:
        for number in range(300):
            at = NOON + timedelta(seconds=number)
            log.append(session, Entry(at, "0" * 32, Action.INDEX, request=LoggedRequest("base", bytes(64))))
    clock.time = NOON + timedelta(hours=1)
    enrol(clocked, "boris")
    with server.store.reading() as reading:
        whole = reading.scalars(select(LogEntry.body).order_by(LogEntry.index)).all()
        begun: list[int] = []

        class Counting(LogReader):
            def lines(self, session: Transaction, start: int, end: int) -> Sequence[bytes]:
                begun.append(start)
                return super().lines(session, start, end)

        state = Counting(clock).state(reading)
        plan = reading.execute(text("EXPLAIN QUERY PLAN SELECT [index] FROM log_entry WHERE rules")).all()
    assert begun == [0, 300, 301]
    assert "log_rulings" in str(plan), "what members did is not even looked through"
    replayed = LogClock()
    for line in whole:
        replayed = replayed.after(parse_entry(line))
    assert state.clock == replayed
    assert [member.since for member in state.roster.members] == [NOON, NOON + timedelta(hours=1)]


def test_nothing_is_appended_outside_of_the_order_of_the_log(server: Keeper) -> None:
    entry = Entry(NOON, OPERATOR, Action.CLOCK)
    with server.store.writing() as session, pytest.raises(RuntimeError, match="in the order of the log"):
        server.log.append(session, entry)
    with Session(server.store.engine) as session, pytest.raises(RuntimeError, match="in the order of the log"):
        server.log.append(session, entry)


def test_entries_of_some_actions_are_found_among_all_others(clocked: Keeper, clock: Clock) -> None:
    done = [Action.OPEN, Action.REVOKE, Action.REFER, Action.READ, Action.OPEN, Action.RENEW]
    with clocked.store.in_order() as session:
        for number, action in enumerate(done):
            clock.time += timedelta(seconds=1)
            clocked.log.append(session, Entry(clock.time, OPERATOR, action, (f"tip/{number:032x}", 'ÿ"\U0010ffff')))
    with clocked.store.reading() as reading:
        found = [
            (entry.action, int(entry.objects[0][-1])) for entry in clocked.log.acted(reading, Action.OPEN, Action.REFER)
        ]
        assert found == [(Action.OPEN, 0), (Action.REFER, 2), (Action.OPEN, 4)]
        assert list(clocked.log.acted(reading, Action.MAKE)) == []
