"""The header of a catalogue: who has reviewed its words, and whether and why they are held back.

`X-Reviewed-By: NAME, YYYY-MM-DD` names somebody fluent who has read all of them, or their organisation, and the day;
anything else is no review. `X-Draft: yes` holds words back that nobody fluent has read. `X-Lacks: WORDS` says what is
missing before anybody may see them at all.
"""

import re
from dataclasses import dataclass
from datetime import date

_LINE = re.compile(r'"((?:[^"\\]|\\.)*)"')
_ESCAPED = re.compile(r"\\(.)")
_REVIEW = re.compile(r"(?P<name>\S.*), (?P<day>[0-9]{4}-[0-9]{2}-[0-9]{2})")

NOBODY = "nobody"
"""What a catalogue says that nobody has reviewed begins with this word: it names no reviewer."""


@dataclass(frozen=True, slots=True)
class Review:
    """Who has read all words of a catalogue, and when."""

    name: str
    day: date

    def __str__(self) -> str:
        """What stands in a header."""
        return f"{self.name}, {self.day.isoformat()}"


@dataclass(frozen=True, slots=True)
class Header:
    """What the header of a catalogue says. `lacks`: what is missing, in words; empty if nothing is."""

    review: Review | None = None
    marked_draft: bool = False
    lacks: str = ""

    @property
    def is_draft(self) -> bool:
        """Whether nobody should read these words without being told that nobody fluent has."""
        return self.marked_draft and self.review is None


def parse_header(catalogue: str, today: date) -> Header:
    """The header of a catalogue, given its text; a review of a day after `today` is none."""
    values: dict[str, str] = {}
    for line in _first_message(catalogue).splitlines():
        name, _, value = line.partition(":")
        name = name.strip().casefold()
        if name in values:
            raise ValueError(f"the header of a catalogue says {name} twice")
        values[name] = value.strip()
    if values.get("x-lacks") == "":
        raise ValueError("the header of a catalogue doesn't say what it lacks")
    return Header(
        review=parse_review(values.get("x-reviewed-by", ""), today),
        # Whatever it says, and not only `yes`: a slip of the pen publishes nothing.
        marked_draft="x-draft" in values,
        lacks=values.get("x-lacks", ""),
    )


def parse_review(text: str, today: date) -> Review | None:
    """The review that a header names; none unless there is a name and a day that has been."""
    found = _REVIEW.fullmatch(text)
    if found is None or not _is_name(found["name"]):
        return None
    try:
        day = date.fromisoformat(found["day"])
    except ValueError:
        return None
    return Review(found["name"], day) if day <= today else None


def _is_name(text: str) -> bool:
    return text.isprintable() and any(map(str.isalpha, text)) and text.casefold().split()[0].strip(",.;:()") != NOBODY


def _first_message(catalogue: str) -> str:
    # A header may be wrapped: its lines are those of the string, not those of the file.
    head = catalogue.partition("\n\n")[0].partition("msgstr")[2]
    text = "".join(_LINE.findall(head))
    return _ESCAPED.sub(lambda found: "\n" if found[1] == "n" else found[1], text)
