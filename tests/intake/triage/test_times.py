"""A moment is said by the zone of the machine and in UTC, with both days where they differ."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone

import pytest

from intake.triage.times import moment

NOON, LATE = datetime(2026, 5, 17, 12, 5, tzinfo=UTC), datetime(2026, 5, 17, 22, 5, tzinfo=UTC)


@pytest.fixture(params=["UTC", "Asia/Urumqi", "America/New_York"])
def zone(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The zone of this machine."""
    with monkeypatch.context() as patch:
        patch.setenv("TZ", request.param)
        time.tzset()
        yield request.param
    time.tzset()


def test_a_moment_is_said_twice_unless_both_are_the_same(zone: str) -> None:
    assert (moment(NOON), moment(LATE)) == {
        "UTC": ("2026-05-17 12:05 UTC", "2026-05-17 22:05 UTC"),
        "Asia/Urumqi": ("2026-05-17 18:05 (12:05 UTC)", "2026-05-18 04:05 (2026-05-17 22:05 UTC)"),
        "America/New_York": ("2026-05-17 08:05 (12:05 UTC)", "2026-05-17 18:05 (22:05 UTC)"),
    }[zone]


def test_in_which_zone_a_moment_was_written_changes_nothing(zone: str) -> None:
    assert moment(NOON.astimezone(timezone(timedelta(hours=9)))) == moment(NOON)
