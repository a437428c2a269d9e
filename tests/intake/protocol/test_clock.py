"""The log's time moves forward, and back only by a correction; what lies around one is unsure."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intake.protocol.actions import Action
from intake.protocol.clock import ClockError, LogClock
from intake.protocol.entry import OPERATOR, Entry
from intake.protocol.requests import RequestError

NOON = datetime(2026, 1, 10, 12, tzinfo=UTC)
DAY = timedelta(days=1)


def clock_of(*entries: Entry) -> LogClock:
    clock = LogClock()
    for entry in entries:
        clock = clock.after(entry)
    return clock


def enrolled(at: datetime, *, confirmed: bool = False, version: int = 2) -> Entry:
    return Entry(at, OPERATOR, Action.ENROL, confirmed=confirmed, version=version)


def corrected(at: datetime) -> Entry:
    return Entry(at, OPERATOR, Action.CLOCK)


def test_a_far_jump_of_the_operators_is_confirmed_or_false() -> None:
    for entry in (enrolled(NOON + DAY), enrolled(NOON + 2 * DAY, confirmed=True), enrolled(NOON + 9 * DAY, version=1)):
        assert clock_of(enrolled(NOON), entry).last == entry.at
    with pytest.raises(ClockError, match="more than a day after"):
        clock_of(enrolled(NOON), enrolled(NOON + 2 * DAY))


def test_the_first_entry_of_a_log_has_nothing_to_jump_from() -> None:
    assert clock_of(enrolled(NOON)).last == NOON


def test_only_a_correction_goes_back_and_only_from_a_clock_that_was_ahead() -> None:
    with pytest.raises(ClockError, match="lies before"):
        clock_of(enrolled(NOON), enrolled(NOON - timedelta(seconds=1)))
    for at in (NOON, NOON + DAY):
        with pytest.raises(ClockError, match="was not ahead"):
            clock_of(enrolled(NOON), corrected(at))
    assert clock_of(enrolled(NOON), corrected(NOON - DAY)).last == NOON - DAY


def test_nothing_that_was_signed_before_a_correction_can_be_logged_after_it() -> None:
    clock = clock_of(enrolled(NOON + DAY), corrected(NOON))
    clock.require(NOON, NOON)
    with pytest.raises(RequestError, match="before the log's clock was corrected"):
        clock.require(NOON - timedelta(seconds=1), NOON)


def test_days_around_a_correction_are_unsure_and_others_are_not() -> None:
    clock = clock_of(enrolled(NOON), enrolled(NOON + 3 * DAY, confirmed=True), corrected(NOON + DAY))
    today = NOON.date()
    assert [clock.earliest(today + n * DAY) - today for n in range(5)] == [0 * DAY, DAY, DAY, DAY, 4 * DAY]
    assert [clock.latest(today + n * DAY) - today for n in range(5)] == [0 * DAY, 3 * DAY, 3 * DAY, 3 * DAY, 4 * DAY]


TIMES = st.lists(st.integers(0, 60), min_size=1, max_size=12).map(
    lambda hours: [NOON + 6 * h * timedelta(hours=1) for h in hours]
)


@given(TIMES, st.integers(0, 20))
def test_however_often_it_was_corrected_what_is_unsure_has_one_first_and_one_last_day(
    times: list[datetime], days: int
) -> None:
    clock = LogClock()
    for at in times:
        clock = clock.after(corrected(at) if at < clock.last else enrolled(at, confirmed=True))
    day: date = NOON.date() + days * DAY
    first, last = clock.earliest(day), clock.latest(day)
    assert first <= day <= last
    assert (clock.earliest(first), clock.latest(last)) == (first, last)
