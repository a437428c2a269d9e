"""How much a member may add to the store on one day: items, and the entries that all they do leaves for ever."""

from sqlalchemy.orm import Session
from werkzeug.exceptions import TooManyRequests

from intake.server import Server
from intake.storage.tables import Added


def require_quota(server: Server, session: Session, size: int) -> None:
    """Count so many bytes that the signer of this request, which was logged just now, adds today.

    Raises `TooManyRequests` beyond the quota, and what the transaction has added is undone.
    """
    entry, today = server.log.last(session), server.log.day(session)
    member = "" if entry is None else entry.who
    row = session.get(Added, member)
    if row is None:
        row = Added(member=member, day=today, size=0)
        session.add(row)
    row.size = size + (row.size if row.day == today else 0)
    row.day = today
    if row.size > server.settings.member_quota:
        raise TooManyRequests
