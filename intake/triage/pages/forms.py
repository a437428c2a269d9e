"""What reviewers fill in: a form's fields are those of the payload that it becomes, whichever that is."""

from collections.abc import Mapping
from typing import Any

from werkzeug.datastructures import MultiDict

from intake.report.events import ENDED, EVENTS, STATUSES, Assignment, Due, Note, Status, Translation
from intake.report.payloads import Payload, PayloadFormatError, Reply

LONGEST_TEXT = 50_000

_KINDS: tuple[type[Payload], ...] = (Reply, Note, *EVENTS)
FORMS: Mapping[str, type[Payload]] = {made.kind: made for made in _KINDS}
"""By kind, what can be written for a tip."""

_YES = "yes"


class FormError(ValueError):
    """What was filled in can't be taken: says why, and repeats nothing of it."""


def read_form(kind: str, given: MultiDict[str, str]) -> Payload:
    """What was filled in; `FormError` if something lacks or is too long.

    A text has its own field, what is on or off says "yes" if it is on, and several ids stand beside each other.
    """
    made = FORMS[kind]
    values: dict[str, Any] = {}
    for name, hint in made.types().items():
        text = given.get(name, "").replace("\r\n", "\n").strip()
        if len(text) > LONGEST_TEXT:
            raise FormError(f"this is longer than {LONGEST_TEXT:,} characters")
        values[name] = text == _YES if hint is bool else tuple(text.split()) if hint == tuple[str, ...] else text
    if made is Reply:
        # Its sealing gives it its number.
        values["number"] = 0
    if made is Due and not values["task"]:
        # The same form is the same task, however often it is sent.
        values["task"] = given.get("form", "")
    try:
        payload = made.from_values(values)
    except PayloadFormatError:
        raise FormError("no day was chosen" if made is Due else "something was not chosen") from None
    _check(payload)
    return payload


def fields(payload: Payload) -> dict[str, str]:
    """What `read_form` would read this payload from, by name."""
    return {name: _as_field(value) for name, value in payload.values().items()}


def _as_field(value: object) -> str:
    if isinstance(value, tuple):
        return " ".join(value)
    return _YES * value if isinstance(value, bool) else str(value)


def _check(payload: Payload) -> None:
    match payload:
        case Status(status=status) if status not in STATUSES:
            raise FormError("no status was chosen")
        case Status(status=status, reason="") if status in ENDED:
            raise FormError(f"“{STATUSES[status]}” needs a reason")
        case Assignment(member=""):
            raise FormError("nobody was chosen")
        case Due(reason=""):
            raise FormError("it doesn't say what has to happen")
        case Note(text="") | Reply(text="") | Translation(text=""):
            raise FormError("nothing was written")
