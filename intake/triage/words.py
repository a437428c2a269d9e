"""Keys of the form in words, for the pages."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from urllib.parse import quote

from babel import Locale

from intake.report.definition import UNANSWERED, Answer, Answers, Choice, Field, load_form
from intake.report.payloads import STATUSES
from intake.triage.shown import saved_name

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_MOST_ALIKE = 5


@cache
def fields() -> dict[str, Field]:
    """Every field of the form by its key."""
    return {field.key: field for field in load_form().fields}


def choice(field: Field, key: str) -> str:
    """One choice in words."""
    if field.kind == "country" and len(key) == 2:
        return str(Locale("en").territories.get(key, key))
    return field.choices.get(key, key)


def answer(field: Field, value: Choice) -> str:
    """An answer in words."""
    if field.is_text:
        return str(value)
    parts = (value,) if isinstance(value, str) else value
    return "; ".join(choice(field, part) for part in parts)


def of(answers: Answers, key: str) -> str:
    """The answer to one question in words."""
    return answer(fields()[key], choices(answers[key])) if key in answers else "–"


def in_order(answers: Answers) -> list[tuple[str, str]]:
    """Questions with their answers in the order of the form, without the narrative and without entries."""
    asked = [field for field in fields().values() if not field.required and field.key in answers]
    return [(field.question, answer(field, choices(answers[field.key]))) for field in asked]


def entries(answers: Answers) -> list[tuple[str, list[tuple[str, str]]]]:
    """What was told several times over, each entry under its title and number."""
    told = []
    for kind in load_form().entries:
        for number, entry in enumerate(answers.get(kind.key, ()), 1):
            held = entry if isinstance(entry, dict) else {}
            told.append((f"{kind.title} {number}", _lines(kind.fields, held)))
    return told


def about_file(answers: Mapping[str, Choice]) -> list[tuple[str, str]]:
    """What the source says of a file, question by question."""
    return _lines(load_form().file_group.fields, answers)


def _lines(asked: Iterable[Field], answers: Mapping[str, Choice]) -> list[tuple[str, str]]:
    given = [field for field in asked if answers.get(field.key, UNANSWERED) != UNANSWERED]
    return [(field.question, answer(field, answers[field.key])) for field in given]


def choices(value: Answer) -> Choice:
    """An answer that is no list of entries."""
    return value if isinstance(value, str) else tuple(part for part in value if isinstance(part, str))


def counted(sentences: Iterable[str]) -> list[str]:
    """Each sentence once, and how often it would stand there: a server can make any number of them.

    Of those that differ only by their days a few, so that no number of them hides one of another kind.
    """
    alike: dict[str, Counter[str]] = defaultdict(Counter)
    for says in sentences:
        alike[_DAY.sub("", says)][says] += 1
    return [says for times in alike.values() for says in _few(times)]


def _few(times: Counter[str]) -> Iterator[str]:
    for says, count in list(times.items())[:_MOST_ALIKE]:
        yield says if count == 1 else f"{says} ({count} times)"
    if (more := times.total() - sum(list(times.values())[:_MOST_ALIKE])) > 0:
        yield f"The same is to be said of other days ({more} times)."


def status(key: str) -> str:
    """A status in words."""
    return STATUSES.get(key, key)


def size(count: int) -> str:
    """A number of bytes as people say it."""
    if count < 1000:
        return f"{count} bytes"
    return f"{count / 1000:.0f} kB" if count < 1_000_000 else f"{count / 1_000_000:.1f} MB"


def attachment(name: str) -> str:
    """A Content-Disposition for a file of any name (RFC 6266)."""
    saved = saved_name(name)
    ascii_name = "".join(c if c.isascii() and c not in "%;" else "_" for c in saved)
    return f"attachment; filename=\"{ascii_name}\"; filename*=UTF-8''{quote(saved, safe='')}"
