"""What comes from sources shows at the next gate only: the log of reads does not bound the moment when it came."""

import secrets
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import func, select

from intake.keeper import Keeper
from intake.protocol.kinds import Kind
from intake.storage.gate import Gate
from intake.storage.removal import remove_tips
from intake.storage.tables import Hidden, Item, Tip

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
DAY = date(2026, 1, 1)


def arrive(server: Keeper, gate: Gate, now: datetime, to: bytes | None = None) -> bytes:
    """A report with its first item, or another item of a tip, as the source site stores it; the id."""
    name = secrets.token_bytes(16)
    tip = Tip(id=name, day=DAY, header=b"header", payload=b"s", recipient="r", lookup=secrets.token_bytes(32))
    item = Item(id=secrets.token_bytes(16), tip_id=to or name, kind=Kind.MESSAGE, day=DAY, size=1, sealed=b"x")
    with server.store.writing() as session:
        rows: list[Tip | Item] = [item] if to else [tip, item]
        for row in rows:
            session.add(row)
            session.flush()
        gate.hide(session, now, rows)
    return item.id if to else name


def shown(server: Keeper, gate: Gate, now: datetime) -> tuple[set[bytes], int]:
    """Which tips show, and how many items."""
    with server.store.reading() as session:
        tips = session.scalars(select(Tip.id).where(gate.shown(now, Tip.id))).all()
        items = session.scalars(select(Item.id).where(gate.shown(now, Item.id, Item.tip_id))).all()
    return set(tips), len(items)


def hidden(server: Keeper) -> int:
    with server.store.reading() as session:
        return session.scalar(select(func.count()).select_from(Hidden)) or 0


@pytest.mark.parametrize(("minutes", "gate_after"), [(60, timedelta(minutes=60)), (1440, timedelta(hours=12))])
def test_all_that_came_between_two_gates_shows_at_once(minutes: int, gate_after: timedelta, server: Keeper) -> None:
    gate = Gate(minutes)
    came = {arrive(server, gate, NOON + timedelta(seconds=step)) for step in (0, 1, 1800, 3599)}
    assert shown(server, gate, NOON + timedelta(seconds=3599)) == (set(), 0)
    assert shown(server, gate, NOON + gate_after) == (came, 4)


def test_what_is_added_to_an_old_report_waits_for_its_own_gate(server: Keeper) -> None:
    gate = Gate(60)
    tip = arrive(server, gate, NOON)
    later = NOON + timedelta(minutes=61)
    arrive(server, gate, later, to=tip)
    assert shown(server, gate, later) == ({tip}, 1)
    assert shown(server, gate, NOON + timedelta(hours=2)) == ({tip}, 2)


def test_nothing_at_rest_tells_the_hour_of_what_shows_already(server: Keeper) -> None:
    gate = Gate(60)
    arrive(server, gate, NOON)
    arrive(server, gate, NOON + timedelta(hours=1))
    assert hidden(server) == 2, "those of the second hour; the first's are gone"
    with server.store.writing() as session:
        gate.open(session, NOON + timedelta(hours=2))
    assert hidden(server) == 0


def test_a_withdrawn_report_leaves_nothing_at_the_gate(server: Keeper) -> None:
    tip = arrive(server, Gate(60), NOON)
    remove_tips(server.store, server.blobs, Tip.id == tip)
    assert hidden(server) == 0


def test_a_clock_that_was_ahead_hides_nothing_for_long(server: Keeper) -> None:
    gate = Gate(60)
    tip = arrive(server, gate, NOON + timedelta(days=300))
    assert shown(server, gate, NOON)[0] == {tip}


def test_without_a_gate_everything_shows_at_once(server: Keeper) -> None:
    tip = arrive(server, Gate(0), NOON)
    assert shown(server, Gate(0), NOON) == ({tip}, 1)
    assert hidden(server) == 0


def test_midnight_is_a_gate_so_that_no_report_of_a_day_shows_after_a_fetch_of_the_next(server: Keeper) -> None:
    for minutes in (1, 45, 60, 480, 1440):
        gate = Gate(minutes)
        tip = arrive(server, gate, datetime(2026, 1, 1, 23, 59, 59, tzinfo=UTC))
        assert tip in shown(server, gate, datetime(2026, 1, 2, tzinfo=UTC))[0]
