"""When acts happened: an uncertain day is a range, and however many there are, the picture can be read."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intake.report.events import PRECISIONS, Act
from intake.triage.reading.casework import Judged, acts
from intake.triage.reading.standing import Change, Standing
from intake.triage.reading.timeline import LANES, Timeline, known_day, span, timeline

DAYS = st.dates().map(date.isoformat)


def act(day: str, precision: str = "", name: str = "a") -> Act:
    return Act(
        act=name, method="threatened", against="", actor="", place="", day=day, precision=precision, written="",
        basis="", dropped=False,
    )  # fmt: skip


def judged(*every: Act) -> list[Judged]:
    """As a page has them: in their order."""
    return acts(Standing(Change(f"{number:032x}", each) for number, each in enumerate(every)))


def drawn(*every: Act) -> Timeline:
    line = timeline(judged(*every))
    assert line is not None
    return line


@pytest.mark.parametrize(
    ("day", "precision", "first", "last"),
    [
        ("2026-05-17", "day", "2026-05-17", "2026-05-17"),
        ("2026-05-17", "month", "2026-05-01", "2026-05-31"),
        ("2026-05-17", "year", "2026-01-01", "2026-12-31"),
        ("2026-02", "", "2026-02-01", "2026-02-28"),
        ("2026", "day", "2026-01-01", "2026-12-31"),
        ("2026-05-17", "about", "2026-05-02", "2026-06-01"),
        ("2026-05", "about", "2026-03-31", "2026-07-01"),
        ("9999-12", "", "9999-12-01", "9999-12-31"),
        ("0001", "about", "0001-01-01", "0003-01-01"),
    ],
)
def test_what_is_known_of_a_day_is_a_range(day: str, precision: str, first: str, last: str) -> None:
    found = span(act(day, precision))
    assert found is not None
    assert (found.first.isoformat(), found.last.isoformat()) == (first, last)
    assert found.about is (precision == "about")


def test_a_day_that_is_exact_to_the_month_is_not_said_as_a_day() -> None:
    assert known_day(act("2026-05-17", "month")) == "2026-05"


def test_an_act_without_a_day_is_counted_and_alone_makes_no_picture() -> None:
    assert timeline(judged(act(""))) is None
    assert drawn(act("2026", name="a"), act("", name="b")).undated == 1


def test_marks_have_the_numbers_of_the_list_and_stand_in_the_order_of_time() -> None:
    line = drawn(act("2026-05-17", name="a"), act("2024", name="b"), act("2025-01", "about", name="c"))
    in_time = sorted(line.marks, key=lambda mark: mark.left)
    assert [(mark.number, mark.judged.act.act) for mark in in_time] == [(1, "b"), (2, "c"), (3, "a")]
    assert in_time[0].width > in_time[1].width > in_time[2].width


@given(st.lists(st.tuples(DAYS, st.sampled_from(["", *PRECISIONS])), min_size=1, max_size=60))
def test_whatever_was_coded_no_two_marks_cover_each_other_and_all_are_counted(days: list[tuple[str, str]]) -> None:
    line = drawn(*(act(day, precision, f"{number}") for number, (day, precision) in enumerate(days)))
    assert len(line.marks) + line.crowded == len(days)
    for mark in line.marks:
        assert mark.left >= 0
        assert mark.left + mark.width <= 1000
        assert mark.lane < LANES
        beside = (other for other in line.marks if other.lane == mark.lane and other is not mark)
        assert all(mark.left + mark.width < other.left or other.left + other.width < mark.left for other in beside)
    assert all(0 <= place <= 1000 for place, _ in line.ticks)
    assert len(line.ticks) <= 10


def test_thousands_of_acts_on_one_day_are_a_few_marks_and_a_number() -> None:
    line = drawn(*(act("2026-05-17", name=f"{number}") for number in range(3000)))
    assert len(line.marks) == LANES
    assert line.crowded == 3000 - LANES
