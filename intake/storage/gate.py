"""Gates: moments at which the index shows what has come from sources since the last one.

What reviewers read is in the log with its time, for ever. If the index showed a report as soon as it is there, the
first read of it and the index before would bound the moment of its arrival. So all that came between two gates shows
at once.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, bindparam, delete, insert, not_, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from intake.storage.tables import Base, Hidden, Item, Tip

_HIDDEN = Base.metadata.tables[Hidden.__tablename__]
# Made once: to make one takes longer than to run it.
_OPEN = delete(_HIDDEN).where(not_(and_(_HIDDEN.c.until > bindparam("moment"), _HIDDEN.c.until <= bindparam("next"))))
_HIDE = insert(_HIDDEN)


@dataclass(frozen=True, slots=True)
class Gate:
    """Gates every so many minutes of the day (UTC), midnight among them; 0: none, everything shows at once.

    Every `now` is a time of the log, taken in the transaction itself, so that what comes and what is shown can't pass
    each other.
    """

    minutes: int

    def hide(self, session: Session, now: datetime, rows: Iterable[Tip | Item]) -> None:
        """Let rows that were added in this transaction show at the next gate only."""
        self.open(session, now)
        if self.minutes:
            until = (int(now.timestamp()) // self._seconds + 1) * self._seconds
            session.flush()
            session.execute(_HIDE, [{"id": row.id, "tip_id": _tip_of(row), "until": until} for row in rows])

    def open(self, session: Session, now: datetime) -> None:
        """Forget when that came which shows by now."""
        moment = int(now.timestamp())
        session.execute(_OPEN, {"moment": moment, "next": moment + self._seconds})

    def shown(self, now: datetime, *ids: InstrumentedAttribute[bytes]) -> ColumnElement[bool]:
        """The condition that a row shows: none of these ids of it is hidden."""
        hidden = select(Hidden.id).where(self._is_closed(now))
        return and_(*(column.not_in(hidden) for column in ids))

    def _is_closed(self, now: datetime) -> ColumnElement[bool]:
        moment = int(now.timestamp())
        # Not beyond the next gate: a clock that was ahead, or a setting that was larger, must hide nothing for long.
        return and_(Hidden.until > moment, Hidden.until <= moment + self._seconds)

    @property
    def _seconds(self) -> int:
        return self.minutes * 60


def _tip_of(row: Tip | Item) -> bytes:
    return row.id if isinstance(row, Tip) else row.tip_id
