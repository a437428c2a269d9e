"""Days as a language writes them."""

from datetime import date

import pytest
from babel import Locale

from intake.languages.written import day


@pytest.mark.parametrize(
    ("tag", "written"),
    [
        ("en", "March 5, 2027"),
        ("fa", "۵ مارس ۲۰۲۷"),
        ("tr", "5 Mart 2027"),
        ("ug", "2027-يىلى 5-مارت"),
        ("zh_Hans", "2027年3月5日"),
    ],
)
def test_a_day_is_written_as_the_language_writes_it(tag: str, written: str) -> None:
    assert day(date(2027, 3, 5), Locale.parse(tag)) == written
