"""The demo's reports fit the form that they are sent through."""

import pytest

from intake.demo.reports import DemoReport, demo_reports
from intake.report.definition import load_form

NOT_ASKED_YET = {"places", "identifiers"}
REPORTS = list(demo_reports())


def test_there_are_ten_in_eight_languages() -> None:
    assert len(REPORTS) == 10
    assert len({report.answers["lang"] for report in REPORTS}) == 8


@pytest.mark.parametrize("report", REPORTS, ids=lambda report: report.name)
def test_every_answer_is_one_that_the_form_offers(report: DemoReport) -> None:
    fields = {field.key: field for field in load_form().fields}
    for key, answer in report.answers.items():
        if key != "lang" and key not in NOT_ASKED_YET:
            fields[key].check(tuple(answer) if isinstance(answer, list) else answer)
