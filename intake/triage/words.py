"""Keys of the form in words, for the pages."""

from functools import cache
from urllib.parse import quote

from babel import Locale

from intake.report.definition import Answer, Field, load_form
from intake.report.payloads import STATUSES

URGENCIES = ("now", "within_72h", "ongoing", "past")


@cache
def fields() -> dict[str, Field]:
    """Every field of the form by its key."""
    return {field.key: field for field in load_form().fields}


def choice(field: Field, key: str) -> str:
    """One choice in words."""
    if field.kind == "country" and len(key) == 2:
        return str(Locale("en").territories.get(key, key))
    return field.choices.get(key, key)


def answer(key: str, value: Answer) -> str:
    """An answer in words."""
    field = fields().get(key)
    parts = (value,) if isinstance(value, str) else value
    return "; ".join(parts if field is None else (choice(field, part) for part in parts))


def in_order(answers: dict[str, Answer]) -> list[tuple[str, Answer]]:
    """Answers to closed choices in the order of the form."""
    return [(key, answers[key]) for key, field in fields().items() if key in answers and field.kind != "text"]


def question(key: str) -> str:
    """What was asked."""
    return fields()[key].question if key in fields() else key


def status(key: str) -> str:
    """A status in words."""
    return STATUSES.get(key, key)


def size(count: int) -> str:
    """A number of bytes as people say it."""
    if count < 1000:
        return f"{count} bytes"
    return f"{count / 1000:.0f} kB" if count < 1_000_000 else f"{count / 1_000_000:.1f} MB"


def attachment(name: str) -> str:
    """A Content-Disposition for a file of any name (RFC 6266): what a path or a control character could do is gone."""
    plain = "".join(c for c in name.replace("\\", "/").rpartition("/")[2] if c.isprintable()) or "file"
    ascii_name = "".join(c if c.isascii() and c not in '"%;' else "_" for c in plain)
    return f"attachment; filename=\"{ascii_name}\"; filename*=UTF-8''{quote(plain, safe='')}"
