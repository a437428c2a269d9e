"""How much a member may add to the store on one day: items, and the entries that all they do leaves for ever."""

from datetime import date

from sqlalchemy.orm import Session
from werkzeug.exceptions import TooManyRequests

from intake.settings import Settings
from intake.storage.tables import Added

FOR_EVER = 5
"""How much more a byte of the log counts: nobody can ever delete it, everybody fetches it, and programs take no log
beyond `limits.LOG_BYTES`. A first fetch of a hundred thousand reports still goes into the quota of a day."""


def count(session: Session, member: str, today: date, size: int) -> int:
    """Count so many bytes that a member, by key id, adds today; returns how many they have added by now."""
    row = session.get(Added, member)
    if row is None:
        row = Added(member=member, day=today, size=0)
        session.add(row)
    row.size = size + (row.size if row.day == today else 0)
    row.day = today
    return row.size


def require_quota(settings: Settings, session: Session, member: str, today: date, size: int) -> None:
    """As `count`.

    Raises `TooManyRequests` beyond the quota, and what the transaction has added is undone.
    """
    if count(session, member, today, size) > settings.member_quota:
        raise TooManyRequests
