"""Days of other calendars: proposed from what was written, in any digits, as exactly as that was."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intake.triage.reading.calendars import CHINESE, ISLAMIC, PERSIAN, CalendarError, propose


@pytest.mark.parametrize(
    ("calendar", "written", "day"),
    [
        (PERSIAN, "1405/2/27", "2026-05-17"),
        (PERSIAN, "۲۷-۲-۱۴۰۵", "2026-05-17"),
        (PERSIAN, "1403.12.30", "2025-03-20"),
        (ISLAMIC, "1447/9/1", "2026-02-18"),
        (ISLAMIC, "١ ٩ ١٤٤٧", "2026-02-18"),
        (PERSIAN, "1405/2/27 ه.ش", "2026-05-17"),
        (CHINESE, "2026年1月1日", "2026-02-17"),
        (CHINESE, "2025年闰6月1日", "2025-07-25"),
        (CHINESE, "2025年6月1日", "2025-06-25"),
    ],
)
def test_a_day_is_the_one_that_it_was(calendar: str, written: str, day: str) -> None:
    found = propose(calendar, written)
    assert (found.day, found.precision, found.first, found.last) == (
        day, "day", date.fromisoformat(day), date.fromisoformat(day),
    )  # fmt: skip


def test_a_month_or_a_year_is_as_long_as_it_was_and_only_about_known() -> None:
    month, year = propose(PERSIAN, "1405/2"), propose(PERSIAN, "1405")
    assert (month.first, month.last) == (date(2026, 4, 21), date(2026, 5, 21))
    assert (month.day, month.precision) == ("2026-05-06", "about")
    assert (year.first, year.last) == (date(2026, 3, 21), date(2027, 3, 20))
    assert (year.day, year.precision) == ("2026", "about")
    assert propose(CHINESE, "农历2026年1月").first == propose(CHINESE, "2026/1").first


@pytest.mark.parametrize(
    ("calendar", "written", "says"),
    [
        (PERSIAN, "1404/12/30", "no such day"),
        (PERSIAN, "1405/0/27", "in numbers"),
        (CHINESE, "0年", "in numbers"),
        (PERSIAN, "", "in numbers"),
        (PERSIAN, "Ordibehesht", "in numbers"),
        (PERSIAN, "۱۲ مهر ۱۴۰۴", "in numbers"),
        (PERSIAN, "Mehr 12, 1404", "in numbers"),
        (PERSIAN, "12 Mehr", "in numbers"),
        (ISLAMIC, "1 Ramadan 1447", "in numbers"),
        (PERSIAN, "1 2 3 4", "in numbers"),
        (PERSIAN, "9" * 50_000, "in numbers"),
        (ISLAMIC, "1600/1/1", "no such day"),
        (CHINESE, "1850/1/1", "no such day"),
        ("tibetan", "2153/1/1", "please look it up"),
        ("", "1405/2/27", "please look it up"),
    ],
)
def test_what_can_not_be_converted_is_said(calendar: str, written: str, says: str) -> None:
    with pytest.raises(CalendarError, match=says):
        propose(calendar, written)


@given(st.sampled_from([PERSIAN, ISLAMIC, CHINESE, "tibetan", "?"]), st.text() | st.from_regex(r"\d{0,4}/\d{1,4}/\d+"))
def test_whatever_is_written_there_is_a_day_or_a_reason(calendar: str, written: str) -> None:
    try:
        found = propose(calendar, written)
    except CalendarError:
        return
    assert found.first <= found.last
