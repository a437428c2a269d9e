"""What somebody wants to see of the queue is its address: it can be kept as a bookmark, and going back works."""

import re
from datetime import UTC, date, datetime, timedelta
from typing import Any

from werkzeug.datastructures import MultiDict

from intake.report.definition import offered
from intake.triage.book import ORDERS, Wanted
from intake.triage.book.traits import WORK

ME = "me"
"""For whom it is, where that is whoever asks: the same address serves everybody."""

DUE = {"late": -1, "today": 0, "3days": 3, "week": 7, "ever": 36_500}
"""By name, in how many days at most something has to happen."""

_QUIET = re.compile(r"[1-9][0-9]{0,2}")
"""For how many months at least nobody has written anything."""

_OTHERS = ("due", "order", "text", "quiet")


def fields() -> tuple[str, ...]:
    """All that tips can be narrowed down by, in the order of the page."""
    return (*WORK, *offered())


def wanted(asked: MultiDict[str, str], me: str) -> Wanted:
    """What an address asks for. What it can't ask for is left out."""
    chosen = {field: tuple(filter(None, asked.getlist(field))) for field in fields() if any(asked.getlist(field))}
    if "assigned" in chosen:
        chosen["assigned"] = tuple(me if choice == ME else choice for choice in chosen["assigned"])
    order = asked.get("order", "")
    days = DUE.get(asked.get("due", ""))
    return Wanted(
        chosen=chosen,
        quiet=_months_ago(int(asked["quiet"])).isoformat() if _QUIET.fullmatch(asked.get("quiet", "")) else "",
        due="" if days is None else (today() + timedelta(days)).isoformat(),
        order=order if order in ORDERS else ORDERS[0],
    )


def address(asked: MultiDict[str, str]) -> dict[str, Any]:
    """The same as arguments for an address."""
    kept = ((name, asked.getlist(name)) for name in (*fields(), *_OTHERS))
    return {name: values for name, values in kept if any(values)}


def asks_more(asked: MultiDict[str, str]) -> bool:
    """Whether an address asks for something by which reports can't be narrowed down, or sorted."""
    known = {*fields(), *_OTHERS, "page"}
    due, order = asked.get("due") or "ever", asked.get("order") or ORDERS[0]
    quiet = asked.get("quiet") or "1"
    return not (asked.keys() <= known and due in DUE and order in ORDERS and _QUIET.fullmatch(quiet))


def _months_ago(months: int) -> date:
    """The first day of the month that lies so many months back."""
    year, month = divmod(today().year * 12 + today().month - 1 - months, 12)
    return date(year, month + 1, 1)


def today() -> date:
    """The day by this machine's clock, in UTC as all days are."""
    return datetime.now(UTC).date()
