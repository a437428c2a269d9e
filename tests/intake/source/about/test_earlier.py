"""Numbers of earlier reports: whoever asks for them every day, and knows of one report, learns nothing of it."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intake.accesslog.append import LogAppender
from intake.keeper import read_log_key
from intake.protocol.actions import Action
from intake.protocol.entry import OPERATOR, Entry
from intake.source import create_app
from intake.source.about.earlier import SHOWN, STEP, Quarter, quarters_before
from source_site import Site

DIGEST = f"sha256/{'a' * 64}"
NOW = 2030 * 4
"""The first quarter of 2030."""

COUNTS = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=SHOWN, max_size=SHOWN)
"""For each quarter that is shown: of openings and referrals, how many fives there are, or what is left beyond these."""


def first_day(number: int) -> datetime:
    return datetime(number // 4, number % 4 * 3 + 1, 1, tzinfo=UTC)


def opened(at: datetime, report: int) -> Entry:
    return Entry(at, "x", Action.OPEN, (f"tip/{report:032x}",))


def referred(at: datetime, report: int) -> Entry:
    return Entry(at, "x", Action.REFER, (f"tip/{report:032x}", DIGEST))


def log_of(fives: Sequence[tuple[int, int]], beyond: Sequence[tuple[int, int]]) -> Iterator[Entry]:
    """A log in which so much happened, each time to another report."""
    reports = count()
    for number, (of_opened, of_referred), (more_opened, more_referred) in zip(
        range(NOW - SHOWN, NOW), fives, beyond, strict=True
    ):
        at = first_day(number)
        yield from (opened(at, next(reports)) for _ in range(of_opened * STEP + more_opened))
        yield from (referred(at, next(reports)) for _ in range(of_referred * STEP + more_referred))


@given(COUNTS, COUNTS, COUNTS)
def test_no_count_can_be_told_from_four_others_whatever_is_known_of_the_rest(
    fives: list[tuple[int, int]], beyond: list[tuple[int, int]], other: list[tuple[int, int]]
) -> None:
    """So no number below five can be told either, nor found by taking one from another."""
    assert quarters_before(NOW, log_of(fives, beyond)) == quarters_before(NOW, log_of(fives, other))


@given(COUNTS, COUNTS)
def test_what_is_shown_is_five_or_more_and_true(fives: list[tuple[int, int]], beyond: list[tuple[int, int]]) -> None:
    shown = [(quarter.opened, quarter.referred) for quarter in quarters_before(NOW, log_of(fives, beyond))]
    true = [(STEP * of_opened, STEP * of_referred) for of_opened, of_referred in reversed(fives)]
    assert shown == (true if any(map(any, true)) else [])


def test_a_quarter_goes_from_its_first_day_to_its_last() -> None:
    entries = [opened(datetime(2029, 10, 1, tzinfo=UTC), report) for report in range(5)]
    entries += [opened(datetime(2029, 12, 31, 23, 59, 59, tzinfo=UTC), report) for report in range(5, 10)]
    assert quarters_before(NOW, entries)[0] == Quarter(date(2029, 10, 1), date(2029, 12, 31), opened=10, referred=0)


def test_a_report_counts_once_however_many_open_it_or_pass_it_on() -> None:
    before, after = first_day(NOW - 2), first_day(NOW - 1)
    entries = [opened(before, report) for report in range(5)] + [referred(before, report) for report in range(5)]
    again = [opened(after, report) for report in range(5)] + [referred(after, report) for report in range(5)]
    newest, last, *_ = quarters_before(NOW, [*entries, *again * 3])
    assert (last.opened, last.referred) == (5, 5)
    assert (newest.opened, newest.referred) == (0, 0)


class Running:
    """A site whose log goes on by a clock of its own."""

    def __init__(self, site: Site) -> None:
        self.at = first_day(NOW)
        self.server = replace(site.server, log=LogAppender(read_log_key(site.server.settings.log_key), lambda: self.at))
        self.site = replace(site, server=self.server, app=create_app(self.server))
        self.reports = count()

    def log(self, *entries: Entry) -> None:
        with self.server.store.in_order() as session:
            for entry in entries:
                self.server.log.append(session, entry)

    def open_reports(self, number: int) -> None:
        self.log(*(opened(self.at, next(self.reports)) for _ in range(number)))

    def settle(self) -> None:
        """What an operator does each day."""
        self.log(Entry(self.at, OPERATOR, Action.SETTLE))

    def page(self, *, restarted: bool = False) -> str:
        app = create_app(self.server) if restarted else self.site.app
        text: str = replace(self.site, app=app).visit().open("/en/about").get_data(as_text=True)
        return text.partition("<h2>Earlier reports</h2>")[2].partition("<h2>")[0]


@pytest.fixture
def running(unlimited: Site) -> Running:
    return Running(unlimited)


def test_whoever_asks_every_day_sees_nothing_change_before_the_quarter_is_over(running: Running) -> None:
    seen = set()
    while running.at < first_day(NOW + 1):
        running.open_reports(3)
        seen |= {running.page(), running.page(restarted=True)}
        running.at += timedelta(days=6)
    assert len(seen) == 1
    assert "There are no numbers yet." in seen.pop()
    running.settle()
    assert "opened for the first time: at least 45" in running.page()


def test_what_happens_later_changes_no_number_of_a_quarter_that_is_over(running: Running) -> None:
    running.open_reports(7)
    running.at = first_day(NOW + 1)
    running.settle()
    before = running.page()
    assert "January 1, 2030 – March 31, 2030" in before
    assert "first time: at least 5" in before
    running.reports = count()
    running.open_reports(40)
    running.log(*(Entry(running.at, OPERATOR, Action.EXPIRE, (f"tip/{report:032x}",)) for report in range(7)))
    assert running.page() == running.page(restarted=True) == before


def test_a_clock_that_runs_ahead_shows_no_quarter_before_it_is_over(running: Running) -> None:
    running.open_reports(7)
    running.at = first_day(NOW + 3)
    assert "There are no numbers yet." in running.page()


def test_withdrawing_shows_in_no_number(running: Running) -> None:
    source = running.site.visit()
    source.report()
    (tip,) = running.site.tips()
    running.log(Entry(running.at, "x", Action.OPEN, (f"tip/{tip.id.hex()}",)))
    running.open_reports(4)
    running.at = first_day(NOW + 1)
    running.settle()
    before = running.page()
    assert "first time: at least 5" in before
    source.open("/en/tip/withdraw")
    source.send("/tip/withdraw", sure="yes")
    assert running.site.tips() == []
    assert running.page(restarted=True) == before
