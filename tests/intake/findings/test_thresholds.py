"""When something is a finding: explained, and set by whoever audits."""

from dataclasses import fields

import pytest

from intake.findings.thresholds import ThresholdError, Thresholds, explained, shipped, thresholds_of


def test_every_threshold_has_its_number_and_its_reason() -> None:
    assert [each.name for each in explained()] == [field.name for field in fields(Thresholds)]
    for each in explained():
        assert each.least <= each.number <= each.most
        assert len(each.says) > 20
        assert getattr(shipped(), each.name) == each.number


def test_a_file_of_ones_own_changes_what_it_names_and_nothing_else() -> None:
    own = thresholds_of("much_reports = 50\n# night shifts\nodd_percent = 1\n")
    assert (own.much_reports, own.odd_percent, own.much_minutes) == (50, 1, shipped().much_minutes)
    assert thresholds_of("") == shipped()


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("much_report = 5", "'much_report' is no threshold; there are much_reports"),
        ("much_reports = 1", "much_reports must be a whole number from 2 to 10000"),
        ("odd_percent = true", "odd_percent must be a whole number"),
        ("odd_percent = 2.5", "odd_percent must be a whole number"),
        ("idle_days = '30'", "idle_days must be a whole number"),
        ("[much_reports]\nis = 5", "much_reports must be a whole number"),
        ("much reports", "no file of thresholds"),
    ],
)
def test_a_wrong_one_is_refused_by_its_name(text: str, says: str) -> None:
    with pytest.raises(ThresholdError, match=says):
        thresholds_of(text)
