"""The pages of the kit for reviewed, changed and unfinished catalogues."""

import re
import shutil
from datetime import date
from pathlib import Path

import pytest

from i18n.catalogues import TRANSLATIONS
from i18n.kit.entries import entries
from i18n.kit.harm import knowledge
from i18n.kit.pages import Catalogues, write_kit
from i18n.kit.sight import Seen
from i18n.reviews import record
from intake.languages.header import Review

ENTRIES = entries()
REVIEW = Review("Amina <b>Example</b>", date(2026, 11, 1))
CHANGED = "changed since the review"


@pytest.fixture
def shown(tmp_path: Path) -> Catalogues:
    """Uyghur, reviewed and then reworded in one place, and French, of which a translation is missing."""
    found = []
    for locale in ("fr", "ug"):
        shutil.copytree(TRANSLATIONS / locale, tmp_path / locale)
        found.append(tmp_path / locale / "LC_MESSAGES" / "messages.po")
    record(found[1], REVIEW, tmp_path / "reviewed")
    change(found[1], "Leave", "…")
    change(found[0], "Leave", "")
    return Catalogues(tuple(found), tmp_path / "reviewed")


def change(path: Path, english: str, words: str) -> None:
    text, count = re.subn(rf'(msgid "{english}"\nmsgstr) ".*"', rf'\1 "{words}"', path.read_text("utf-8"))
    assert count == 1
    path.write_text(text, "utf-8")


def test_what_was_changed_since_a_review_is_marked_and_nothing_else(shown: Catalogues, tmp_path: Path) -> None:
    kit = tmp_path / "kit"
    kit.mkdir()
    write_kit(kit, ENTRIES, knowledge(), Seen(), shown)
    pages = {path.relative_to(kit).as_posix(): path.read_text("utf-8") for path in kit.glob("**/*.html")}
    (leave,) = (entry.name for entry in ENTRIES if entry.english == ("Leave",))
    assert {path for path, text in pages.items() if CHANGED in text} == {"ug.html", f"messages/{leave}.html"}
    assert pages["ug.html"].count(CHANGED) == 1
    said = "reviewed by Amina &lt;b&gt;Example&lt;/b&gt;, 2026-11-01; messages changed since: 1"
    assert said in pages["index.html"]
    assert said in pages["ug.html"]
    assert "nobody fluent has reviewed it" in pages["fr.html"]


def test_a_placeholder_stands_together_and_the_words_run_as_their_language_does(
    shown: Catalogues, tmp_path: Path
) -> None:
    kit = tmp_path / "kit"
    kit.mkdir()
    write_kit(kit, ENTRIES, knowledge(), Seen(), shown)
    (keep,) = (entry.name for entry in ENTRIES if entry.english[0] == "We keep it for %(num)s month.")
    text = (kit / "messages" / f"{keep}.html").read_text("utf-8")
    assert re.search(r'<td lang="ug" dir="rtl"><div>[^<]*<bdi class=\'gap\' dir=\'ltr\'>%\(num\)s</bdi>', text)
    assert re.search(r'<td lang="fr" dir="ltr">', text)
