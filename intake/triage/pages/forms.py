"""What reviewers fill in: a form's fields are those of the payload that it becomes, whichever that is."""

from collections.abc import Mapping
from typing import Any

from werkzeug.datastructures import MultiDict

from intake.report.events import (
    ENDED,
    EVENTS,
    NUMBERED,
    STATUSES,
    Act,
    Approval,
    ApprovalRequest,
    Assignment,
    ConsentCheck,
    ConsentRequest,
    DeletionReason,
    Due,
    Duty,
    Event,
    HarmCheck,
    Label,
    LabelName,
    Note,
    Purpose,
    Referral,
    SavedFilter,
    SecondReading,
    Status,
    Template,
    Translation,
    WatchTerm,
)
from intake.report.payloads import Payload, PayloadFormatError, Reply
from intake.triage.book.search import parse
from intake.triage.pages.asked import asked
from intake.triage.pages.blanks import is_fillable

LONGEST_TEXT = 50_000

_KINDS: tuple[type[Payload], ...] = (*NUMBERED, Note, *EVENTS)
FORMS: Mapping[str, type[Payload]] = {made.kind: made for made in _KINDS}
"""By kind, what can be written for a tip."""

SEEN_FIRST = frozenset(made.kind for made in NUMBERED)
"""What is seen as its source will see it before it leaves."""

_NAMED_BY_FORM = (
    Due,
    Act,
    Referral,
    ApprovalRequest,
    Approval,
    Purpose,
    ConsentRequest,
    DeletionReason,
    LabelName,
    SavedFilter,
    WatchTerm,
    Template,
)
"""Of which a new one has the id of its form."""

_YES = "yes"
_DAY = "a day is needed, such as 2026-05-17"
_TWO_DAYS = f"{_DAY}, and another on which it ends, that one or later"


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
    if made in NUMBERED:
        # Its sealing gives it its number.
        values["number"] = 0
    if issubclass(made, _NAMED_BY_FORM) and not values[made.names]:
        # However often it is sent, the same form is the same thing.
        values[made.names] = given.get("form", "")
    try:
        payload = made.from_values(values)
    except PayloadFormatError:
        raise FormError(_TWO_DAYS if made is Duty else _DAY) from None
    _check(payload)
    return payload


def fields(payload: Payload) -> dict[str, str]:
    """What `read_form` would read this payload from, by name."""
    return {name: _as_field(value) for name, value in payload.values().items()}


def _as_field(value: object) -> str:
    if isinstance(value, tuple):
        return " ".join(value)
    return _YES * value if isinstance(value, bool) else str(value)


_EMPTY: Mapping[tuple[type[Payload], ...], tuple[str, str]] = {
    (Reply, Note, Translation): ("text", "nothing was written"),
    (Assignment,): ("member", "nobody was chosen"),
    (Label,): ("label", "no label was chosen"),
    (Due,): ("reason", "it doesn't say what has to happen"),
}
"""What is asked of some kinds: the field, and what is said where it is empty."""

_LETTERS_OF_DAY = {"day": len("2026-05-17"), "month": len("2026-05"), "year": len("2026")}
"""By how exact a date is said to be, how long it is at least."""

_NEED_REASON: Mapping[type[Payload], tuple[str, frozenset[str], str]] = {
    Status: ("status", ENDED, "reason"),
    HarmCheck: ("decision", frozenset({"refuses"}), "why"),
    SecondReading: ("reading", frozenset({"objects"}), "why"),
    ConsentCheck: ("fits", frozenset({"differs"}), "why"),
}
"""Of some kinds, the field with the choices that need a reason, and where that stands."""


def _check(payload: Payload) -> None:
    for name, field in asked().get(payload.kind, {}).items():
        value = getattr(payload, name)
        if field.is_needed and not value:
            raise FormError(f"“{field.says}” is empty")
        if field.choices and not field.offers(value):
            raise FormError(f"“{field.says}”: nothing was chosen")
    if isinstance(payload, Status) and payload.status not in STATUSES:
        raise FormError("no status was chosen")
    for kinds, (name, says) in _EMPTY.items():
        if isinstance(payload, kinds) and not getattr(payload, name):
            raise FormError(says)
    if isinstance(payload, Event) and not payload.is_named:
        raise FormError("it doesn't say what is to be changed: open the page anew")
    _check_usable(payload)
    name, choices, reason = _NEED_REASON.get(type(payload), ("kind", frozenset(), ""))
    if getattr(payload, name) in choices and not getattr(payload, reason):
        raise FormError("what you chose needs a reason")


def _check_usable(payload: Payload) -> None:
    """Of what counts: whether it can be used as it stands."""
    match payload:
        case Act(dropped=False, day=day, precision=precision) if len(day) < _LETTERS_OF_DAY.get(precision, 0):
            raise FormError("the date is less exact than “How exact that is” says")
        case Template(retired=False, text=text) if not is_fillable(text):
            raise FormError("a brace in it belongs to no place: nothing could ever leave with it")
        case WatchTerm(retired=False, term=term):
            _require_watchable(term)


def _require_watchable(term: str) -> None:
    """What is watched for is all that was typed, or nothing: nobody may rely on a part that is left out."""
    query = parse(term)
    if query.left_out:
        raise FormError(f"not all of it can be watched for. {' '.join(query.left_out)}".removesuffix("."))
    if query.is_empty:
        raise FormError("there is nothing in it that can be watched for")
