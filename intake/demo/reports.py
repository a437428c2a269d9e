"""The ten invented reports, sent through the real pages: codename, first page, then group by group."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

from intake.demo.browser import Browser
from intake.report.definition import Group, load_form


@dataclass(frozen=True, slots=True)
class DemoReport:
    """An invented report: answers by the form's keys. Facts that the form does not ask for yet stay in the file."""

    name: str
    answers: dict[str, Any]

    def of(self, group: Group) -> dict[str, Any]:
        """The answers to one group of the form."""
        return {field.key: self.answers[field.key] for field in group.fields if field.key in self.answers}


def demo_reports() -> Iterator[DemoReport]:
    """All ten, in the order of their names."""
    for path in sorted(files(__package__).joinpath("reports").iterdir(), key=lambda path: path.name):
        if path.name.endswith(".json"):
            yield DemoReport(path.name, json.loads(path.read_text("utf-8")))


def send(report: DemoReport, browser: Browser) -> None:
    """Do what a source does, from the first page to the last group."""
    form = load_form()
    browser.open("/en/")
    browser.send("/codename", {})
    browser.open("/en/report")
    browser.send("/report", report.of(form.first_group))
    for group in form.later_groups:
        if answers := report.of(group):
            browser.open(f"/en/tip/more/{group.key}")
            browser.send(f"/more/{group.key}", answers)
