"""The demo's reports fit the form that they are sent through."""

import pytest

from intake.demo.reports import DemoReport, demo_reports
from intake.report.definition import load_form
from intake.source.text.catalogues import languages

REPORTS = list(demo_reports())


def test_there_are_ten_in_eight_languages_of_the_site() -> None:
    assert len(REPORTS) == 10
    assert len({report.language for report in REPORTS}) == 8
    assert {report.language for report in REPORTS} <= set(languages(""))


@pytest.mark.parametrize("report", REPORTS, ids=lambda report: report.name)
def test_every_answer_is_one_that_the_form_offers(report: DemoReport) -> None:
    fields = {field.key: field for field in load_form().fields}
    entries = {kind.key: {field.key: field for field in kind.fields} for kind in load_form().entries}
    for key, answer in report.answers.items():
        if key in entries:
            for name, value in ((name, value) for entry in answer for name, value in entry.items()):
                entries[key][name].check(value)
        else:
            fields[key].check(tuple(answer) if isinstance(answer, list) else answer)
