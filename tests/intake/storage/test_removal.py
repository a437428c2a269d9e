"""What is deleted is gone with all that belongs to it, and what is older than it is kept goes by itself."""

import secrets
from datetime import date

import pytest
from sqlalchemy import select

from intake.keeper import Keeper
from intake.protocol.kinds import Kind
from intake.storage.removal import Removed, first_day_kept, remove_tips, remove_withdrawals
from intake.storage.store import Forgotten
from intake.storage.tables import Item, Tip, Withdrawal


def store_tip(server: Keeper, day: date) -> tuple[bytes, str]:
    """A tip with one blob."""
    with server.blobs.new() as writer:
        writer.write(b"sealed")
        blob = writer.keep()
    tip = Tip(
        id=secrets.token_bytes(16),
        day=day,
        header=b"header",
        payload=b"s",
        recipient="r",
        lookup=secrets.token_bytes(32),
    )
    with server.store.writing() as session:
        session.add(tip)
        session.flush()
        session.add(Item(id=secrets.token_bytes(16), tip_id=tip.id, kind=Kind.CONTENT, day=day, size=6, blob=blob))
    return tip.id, blob


def test_only_the_tips_that_are_named_go_with_their_items_and_blobs(server: Keeper) -> None:
    old, old_blob = store_tip(server, date(2024, 1, 31))
    young, young_blob = store_tip(server, date(2024, 2, 1))
    removed = remove_tips(server.store, server.blobs, Tip.day < date(2024, 2, 1))
    assert removed == Removed(1, Forgotten.DONE)
    with server.store.reading() as session:
        assert session.scalars(select(Tip.id)).all() == [young]
        assert session.scalars(select(Item.blob)).all() == [young_blob]
    assert [path.name for path in server.settings.blobs.iterdir()] == [young_blob]
    assert old != young
    assert old_blob != young_blob


@pytest.mark.parametrize(
    ("today", "months", "first"),
    [
        (date(2026, 11, 24), 24, date(2024, 11, 1)),
        (date(2026, 1, 1), 1, date(2025, 12, 1)),
        (date(2026, 3, 31), 15, date(2024, 12, 1)),
    ],
)
def test_a_report_is_kept_for_at_least_as_many_months_as_the_pages_say(today: date, months: int, first: date) -> None:
    assert first_day_kept(today, months) == first


def test_a_withdrawn_tip_leaves_its_sources_word_once_and_as_long_as_tips_are_kept(server: Keeper) -> None:
    tip, _ = store_tip(server, date(2026, 1, 1))

    def word(_: object) -> Withdrawal:
        return Withdrawal(tip_id=tip, day=date(2026, 2, 1), signature=bytes(64))

    assert remove_tips(server.store, server.blobs, Tip.id == tip, leaving=word).count == 1
    # Sent again, by somebody who pressed twice.
    assert remove_tips(server.store, server.blobs, Tip.id == tip, leaving=word).count == 0
    for before, left in ((date(2026, 2, 1), 1), (date(2026, 2, 2), 0)):
        remove_withdrawals(server.store, before)
        with server.store.reading() as session:
            assert len(session.scalars(select(Withdrawal.tip_id)).all()) == left
