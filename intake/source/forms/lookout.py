"""The eight words where they don't belong: in a text that reviewers read."""

from crypto.codename import stands_in
from intake.source.session.visits import kept_marks


def words_stand_in(text: str) -> bool:
    """Whether this visit's own words stand in a text, most of them and in any order, or seemingly any others."""
    marks = kept_marks()
    return (marks is not None and marks.in_text(text)) or stands_in(text)
