"""What a source does around a gate: the day that it bears, and what is left of what nobody has seen yet."""

import secrets
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import chain, repeat

import pytest
from sqlalchemy import select

from crypto.codename import Seed
from enrolled import Members
from intake.accesslog import members
from intake.accesslog.append import LogAppender
from intake.keeper import Keeper, read_log_key
from intake.protocol.card import Role
from intake.report.definition import load_form
from intake.report.payloads import Message, Report
from intake.source.tip import correspondence
from intake.source.tip.chain import KnownTip
from intake.storage.tables import Item, Tip, Withdrawal

MIDNIGHT = datetime(2026, 3, 11, tzinfo=UTC)
SECOND, HOUR = timedelta(seconds=1), timedelta(hours=1)

At = Callable[..., Keeper]


@pytest.fixture
def at(server: Keeper, members_of: Members) -> At:
    """The server with a reviewer, by a clock that says these times one after the other, and the last one for ever."""

    def make(*times: datetime) -> Keeper:
        clock = chain(times, repeat(times[-1]))
        return replace(server, log=LogAppender(read_log_key(server.settings.log_key), lambda: next(clock)))

    members.enrol(server.store, make(MIDNIGHT - HOUR).log, members_of.make("amina", Role.REVIEWER).card)
    return make


def report(server: Keeper) -> tuple[Seed, KnownTip]:
    seed, form = Seed(secrets.token_bytes(32)), load_form()
    correspondence.receive_report(server, seed, Report("en", form.version, {"narrative": "My story."}), "token")
    tip = correspondence.find(server, seed)
    assert tip is not None
    return seed, tip


def days_that_show(server: Keeper, now: datetime) -> set[str]:
    """Of all tips and items."""
    with server.store.reading() as session:
        tip = session.scalars(select(Tip.day).where(server.gate.shown(now, Tip.id))).all()
        item = session.scalars(select(Item.day).where(server.gate.shown(now, Item.id, Item.tip_id))).all()
    return {str(day) for day in (*tip, *item)}


@pytest.mark.parametrize("ticks", range(1, 8))
def test_what_arrives_while_the_day_changes_waits_for_a_gate_of_the_day_that_it_bears(ticks: int, at: At) -> None:
    """Else a report of yesterday shows after a fetch of today that lacked it, and the server is called a liar."""
    server = at(*[MIDNIGHT - SECOND] * ticks, MIDNIGHT)
    seed, tip = report(server)
    correspondence.receive(server, seed, tip, Message("And this."), "another token")
    shown = days_that_show(server, MIDNIGHT)
    assert days_that_show(server, MIDNIGHT + HOUR) - shown <= {"2026-03-11"}


def test_a_report_that_is_withdrawn_before_its_gate_leaves_nothing(at: At) -> None:
    server = at(MIDNIGHT + SECOND)
    seed, tip = report(server)
    correspondence.withdraw(server, seed, tip)
    with server.store.reading() as session:
        assert session.scalars(select(Withdrawal.tip_id)).all() == []


def test_a_report_that_shows_leaves_its_sources_word(at: At) -> None:
    seed, tip = report(at(MIDNIGHT + SECOND))
    server = at(MIDNIGHT + HOUR)
    correspondence.withdraw(server, seed, tip)
    with server.store.reading() as session:
        assert session.scalars(select(Withdrawal.tip_id)).all() == [tip.id]
