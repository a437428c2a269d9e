"""Reviews of catalogues: of the words as they were, by somebody with a name; what was changed since is said."""

import re
import shutil
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from click.testing import CliRunner

from i18n.__main__ import main as bring_up_to_date
from i18n.catalogues import TRANSLATIONS, messages, paths, read
from i18n.reviews import REVIEWED, ReviewError, changed_since, header_of, record, told
from intake.languages.header import Header, Review
from intake.languages.written import direction
from project import PROJECT

TODAY = datetime.now(UTC).date()
REVIEW = Review('Amina "Mina" Example, of a \\ team', date(2026, 11, 1))
ROW = re.compile(r"^\|[^|]+\| `(?P<locale>\w+)` \| (?P<state>[^|]+) \| (?P<review>[^|]+) \|$", re.MULTILINE)


@pytest.fixture
def draft(tmp_path: Path) -> Path:
    """A copy of a draft's catalogue."""
    return copy_of("ug", tmp_path)


@pytest.fixture
def reviewed(tmp_path: Path) -> Path:
    """Where the digests of reviewed words are kept."""
    return tmp_path / "reviewed"


def copy_of(locale: str, directory: Path) -> Path:
    shutil.copytree(TRANSLATIONS / locale, directory / locale)
    return directory / locale / "LC_MESSAGES" / "messages.po"


def body(path: Path) -> str:
    return path.read_text("utf-8").partition("\n\n")[2]


def reworded(path: Path) -> Catalog:
    """The catalogue after somebody has changed one translation."""
    text = path.read_text("utf-8")
    first = next(message.string for message in messages(read(path)) if isinstance(message.string, str))
    path.write_text(text.replace(f'msgstr "{first}"', 'msgstr "…"', 1), "utf-8")
    return read(path)


def test_a_review_is_written_into_the_header_and_ends_the_draft(draft: Path, reviewed: Path) -> None:
    words = body(draft)
    assert header_of(draft).is_draft
    record(draft, REVIEW, reviewed)
    assert header_of(draft) == Header(REVIEW)
    assert body(draft) == words
    assert changed_since(draft, read(draft), reviewed) == []
    assert told(draft, read(draft), reviewed) == f"reviewed by {REVIEW}"


def test_what_is_changed_afterwards_is_not_covered_and_that_is_said(draft: Path, reviewed: Path) -> None:
    record(draft, REVIEW, reviewed)
    changed = changed_since(draft, reworded(draft), reviewed)
    assert [message.string for message in changed] == ["…"]
    assert told(draft, read(draft), reviewed) == f"reviewed by {REVIEW}; messages changed since: 1"
    record(draft, Review("Boris Example", TODAY), reviewed)
    assert changed_since(draft, read(draft), reviewed) == []


def test_a_name_that_was_only_written_into_a_header_covers_no_words(draft: Path, reviewed: Path) -> None:
    draft.write_text(draft.read_text("utf-8").replace("nobody fluent yet", str(REVIEW), 1), "utf-8")
    assert len(changed_since(draft, read(draft), reviewed)) == len(messages(read(draft)))


@pytest.mark.parametrize("name", ["", "nobody fluent", "–", "Amina\nX-Lacks: nothing"])
def test_nobody_reviews_nothing(draft: Path, reviewed: Path, name: str) -> None:
    before = draft.read_bytes()
    with pytest.raises(ReviewError, match="needs the name of somebody"):
        record(draft, Review(name, TODAY), reviewed)
    assert draft.read_bytes() == before
    assert not reviewed.exists()


def test_a_day_to_come_is_no_day_of_a_review(draft: Path, reviewed: Path) -> None:
    with pytest.raises(ReviewError, match="a day that has been"):
        record(draft, Review("Amina Example", date(2999, 1, 1)), reviewed)


def test_what_is_not_whole_is_not_reviewed(tmp_path: Path, reviewed: Path) -> None:
    held_back = copy_of("bo", tmp_path)
    with pytest.raises(ReviewError, match="names of countries and durations"):
        record(held_back, REVIEW, reviewed)
    unfinished = copy_of("fr", tmp_path)
    unfinished.write_text(re.sub(r'(msgid "Tor\."\nmsgstr) ".*"', r'\1 ""', unfinished.read_text("utf-8")), "utf-8")
    with pytest.raises(ReviewError, match="1 messages lack a translation"):
        record(unfinished, REVIEW, reviewed)
    assert not reviewed.exists()


def test_bringing_catalogues_up_to_date_says_of_each_who_has_reviewed_it() -> None:
    before = {path: path.read_bytes() for path in paths()}
    lines = CliRunner().invoke(bring_up_to_date, catch_exceptions=False).output.splitlines()
    assert {path: path.read_bytes() for path in paths()} == before
    for path, line in zip(paths(), lines, strict=True):
        assert line.startswith(f"{path.parts[-3]}: 0 of ")
        assert line.endswith(told(path, read(path)))


def test_words_are_kept_of_reviewed_catalogues_alone() -> None:
    kept = {path.stem for path in REVIEWED.glob("*.txt")}
    assert kept == {path.parts[-3] for path in paths() if header_of(path).review}


def test_the_documents_table_says_what_the_headers_say() -> None:
    rows = {row["locale"]: row for row in ROW.finditer((PROJECT / "docs" / "translations.md").read_text("utf-8"))}
    assert rows.keys() == {path.parts[-3] for path in paths()}
    for path in paths():
        said, row = header_of(path), rows[path.parts[-3]]
        state = "held back" if said.lacks else "draft, off" if said.is_draft else "complete"
        right_to_left = direction(path.parts[-3].replace("_", "-")) == "rtl"
        assert row["state"] == state + (", right to left" if right_to_left else "")
        assert row["review"] == (str(said.review) if said.review else "not yet")
