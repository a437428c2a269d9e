"""How much a member may add on one day, items and entries that stay for ever, and whether there is room at all."""

from datetime import date

from sqlalchemy.orm import Session
from werkzeug.exceptions import TooManyRequests

from intake.server import Server
from intake.settings import Settings
from intake.storage.room import StoreFullError
from intake.storage.tables import Added


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


def require_room(server: Server) -> None:
    """Raise `StoreFullError` once only the reserve is left, which is for what sources write."""
    if not server.store.room.has(server.settings.reserve_text):
        raise StoreFullError
