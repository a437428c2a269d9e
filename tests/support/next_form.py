"""A form that comes after the one in force: some words put otherwise, a choice and a question gone, others new."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path

import pytest

from intake.report.definition import forms, load_form, offered

CHANGES = {
    '["made_to_denounce", "Made to speak against someone"]': '["made_to_denounce", "Made to denounce someone"]',
    '  ["bribe", "An inducement or a bribe"],\n': "",
    '["within_72h", "I am afraid that something will happen within three days"]': '["within_72h", "Within three days"]',
    '["past", "It is over"]': '["over", "It is over now"]',
    'key = "deadline_date"': 'key = "deadline_day"',
    'title = "Event"': 'title = "Thing that happened"',
}
"""In the form's text. `made_to_denounce` had these words once."""


@contextmanager
def next_form(folder: Path) -> Iterator[int]:
    """Put it in force; its number."""
    number, kept = load_form().version + 1, Path(str(files("intake.report") / "forms"))
    shutil.copytree(kept, folder)
    text = (folder / f"{number - 1}.toml").read_text("utf-8")
    for before, after in CHANGES.items():
        assert text.count(before) == 1
        text = text.replace(before, after)
    (folder / f"{number}.toml").write_text(text, "utf-8")
    try:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("intake.report.definition.FORMS", folder)
            forms.cache_clear()
            offered.cache_clear()
            yield number
    finally:
        forms.cache_clear()
        offered.cache_clear()
