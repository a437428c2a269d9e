"""Times in the log never go back, and are taken when it is this entry's turn."""

import sqlite3
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from crypto.merkle import root_hash
from crypto.note import SigningKey
from intake.accesslog import members
from intake.accesslog.log import AccessLog
from intake.protocol.audit import open_checkpoint
from intake.protocol.card import Role, issue_card
from intake.protocol.entry import parse_entry
from intake.protocol.roster import RosterError
from intake.server import Server, read_log_key
from intake.storage.tables import LogHead

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
def clocked(server: Server, clock: Clock) -> Server:
    """The server, by that clock."""
    return replace(server, log=AccessLog(read_log_key(server.settings.log_key), clock))


def enrol(server: Server, name: str) -> None:
    members.enrol(server.store, server.log, issue_card(Role.AUDITOR, SigningKey.generate(name), None))


def times(server: Server) -> list[datetime]:
    with server.store.reading() as session:
        return [parse_entry(line).at for line in server.log.lines(session, 0, 99)]


def test_a_clock_that_goes_back_makes_no_entry_that_lies_before_the_last(clocked: Server, clock: Clock) -> None:
    enrol(clocked, "amina")
    clock.time -= timedelta(hours=2)
    enrol(clocked, "boris")
    clock.time = NOON + timedelta(seconds=1)
    members.revoke(clocked.store, clocked.log, "amina", Role.AUDITOR)
    assert times(clocked) == [NOON, NOON, NOON + timedelta(seconds=1)]


def test_the_time_of_an_enrolment_is_taken_under_the_write_lock(server: Server) -> None:
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

    watched = replace(server, log=AccessLog(read_log_key(server.settings.log_key), look))
    enrol(watched, "amina")
    members.revoke(watched.store, watched.log, "amina", Role.AUDITOR)
    assert locked == [True, True]


def test_a_roster_that_is_being_read_does_not_change(server: Server) -> None:
    enrol(server, "amina")
    with server.store.reading() as session:
        roster = server.log.roster(session)
    enrol(server, "boris")
    with server.store.reading() as session:
        assert len(server.log.roster(session).members) == 2
    assert len(roster.members) == 1


def test_only_somebody_active_in_that_role_can_be_revoked(server: Server) -> None:
    enrol(server, "amina")
    for name, role in (("boris", Role.AUDITOR), ("amina", Role.REVIEWER)):
        with pytest.raises(RosterError, match="there is no active"):
            members.revoke(server.store, server.log, name, role)


def test_every_head_that_was_signed_stays_and_only_the_newest_goes_on(server: Server) -> None:
    """Proofs and cosignatures of earlier trees need something to stand on."""
    for name in ("amina", "boris"):
        enrol(server, name)
    with server.store.reading() as session:
        heads = session.scalars(select(LogHead).order_by(LogHead.size)).all()
        trees = [open_checkpoint(head.checkpoint, read_log_key(server.settings.log_key).verifier) for head in heads]
        leaves = server.log.leaves(session, 0, 99)
        assert server.log.checkpoint(session) == heads[-1].checkpoint
    assert [(tree.size, tree.root) for tree in trees] == [(size, root_hash(leaves[:size])) for size in range(3)]
    assert [head.frontier is not None for head in heads] == [False, False, True]
