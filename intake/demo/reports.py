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
    """An invented report: answers and entries by the form's keys, and the language of the pages it goes through."""

    name: str
    language: str
    answers: dict[str, Any]

    def of(self, group: Group) -> dict[str, Any]:
        """The answers to one group of the form, by the names that its page gives them."""
        once = {field.key: self.answers[field.key] for field in group.fields if field.key in self.answers}
        kind = group.entries.key if group.entries else ""
        entries = self.answers.get(kind, [])
        told = {f"{kind}-{number}-{key}": value for number, entry in enumerate(entries) for key, value in entry.items()}
        return once | told


def demo_reports() -> Iterator[DemoReport]:
    """All ten, in the order of their names."""
    for path in sorted(files(__package__).joinpath("reports").iterdir(), key=lambda path: path.name):
        if path.name.endswith(".json"):
            answers = json.loads(path.read_text("utf-8"))
            yield DemoReport(path.name, answers.pop("lang"), answers)


def send(report: DemoReport, browser: Browser) -> None:
    """Do what a source does, from the first page to the last group."""
    form, site = load_form(), f"/{report.language}"
    browser.open(f"{site}/")
    browser.send("/words", {})
    browser.open(f"{site}/report")
    browser.send("/report", report.of(form.first_group))
    for group in form.later_groups:
        if answers := report.of(group):
            browser.open(f"{site}/tip/more/{group.key}")
            browser.send(f"/more/{group.key}", answers)
