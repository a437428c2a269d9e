"""What the team deleted, or a source withdrew, goes from this machine too, and a receipt says so."""

from collections.abc import Collection, Mapping
from datetime import UTC, date, datetime, timedelta

from intake.protocol.logstate import LogState
from intake.protocol.requests import LIFETIME
from intake.report.payloads import WAIT_DAYS
from intake.triage.book import SnapshotError
from intake.triage.files.originals import Originals
from intake.triage.mirror.tips import Purged, Tips
from intake.triage.outbox.sending import Sending
from intake.triage.workspace.opener import Opener
from intake.triage.workspace.shown import Shown


class Purging:
    """Of one reviewer, on this machine. `problem`: that something can't be deleted; empty while it can.

    Nothing is deleted because an index lacks it: only by the verified log, or a source's own signature.
    """

    def __init__(self, me: str, kept: Tips, shown: Shown, opener: Opener, files: Originals, sending: Sending) -> None:
        self._me, self._kept, self._shown = me, kept, shown
        self._opener, self._files, self._sending = opener, files, sending
        self.problem = ""

    def run(self, log: LogState) -> frozenset[str]:
        """Delete what is to be, and let the receipts leave that are owed. Returns what went now."""
        purged = self._kept.purged()
        new = {tip: each for tip, each in self._due(log).items() if tip not in purged}
        self.problem = ""
        if new:
            try:
                self._purge(new)
            except (OSError, SnapshotError) as error:
                says = error.strerror if isinstance(error, OSError) else error
                self.problem = f"A report that was deleted can't be deleted on this machine yet: {says}."
                return frozenset()
        owed = [tip for tip, each in {**purged, **new}.items() if not each.receipt and self._is_asked(tip, each, log)]
        self._sending.purged(new, owed)
        return frozenset(new)

    def awaited(self, log: LogState) -> list[str]:
        """Deletions of a time that has not come by this machine's clock, by tip: what it keeps of these stays."""
        now = datetime.now(UTC)
        return [tip for tip, deleted in log.deletions.deleted.items() if deleted.at > now + LIFETIME]

    def _due(self, log: LogState) -> Mapping[str, Purged]:
        """What is gone for good. By the log alone, whoever sets the server's clock could cut the countdown short."""
        now = datetime.now(UTC)
        deleted = {
            tip: Purged(each.at.date().isoformat(), deleted=True)
            for tip, each in log.deletions.deleted.items()
            if each.at <= now + LIFETIME
        }
        return {**self._withdrawn(), **deleted}

    def _withdrawn(self) -> Mapping[str, Purged]:
        known = self._kept.known(*self._kept.gone(self._kept.fetched.place))
        gone = {tip: Purged(each.withdrawn, deleted=False) for tip, each in known.items() if each.withdrawn}
        waits = self._waits(gone)
        return {tip: each for tip, each in gone.items() if tip not in waits}

    def _waits(self, withdrawn: Collection[str]) -> set[str]:
        """Of tips whose sources have chosen so, those whose days of waiting are not over, by this machine's own clock.

        Whoever has the source's code, or the server on which it is typed, can't cut them short either.
        """
        today, waits = datetime.now(UTC).date(), set[str]()
        for tip, slow in self._kept.slow().items():
            is_going = slow.asked or tip in withdrawn
            since = (slow.since or today.isoformat()) if is_going else ""
            self._kept.slow_since(tip, since)
            if is_going and date.fromisoformat(since) + timedelta(days=WAIT_DAYS) > today:
                waits.add(tip)
        return waits

    def _purge(self, new: Mapping[str, Purged]) -> None:
        """In this order: whatever ends it before it is remembered, the next fetch does all of it again."""
        for tip in new:
            with self._shown.changing() as book:
                self._files.purge(tip, None if book is None else book.tip(tip))
                if book is not None:
                    book.remove(tip)
        self._opener.renew()
        self._kept.purge(new)

    def _is_asked(self, tip: str, purged: Purged, log: LogState) -> bool:
        """Whether a receipt is asked of this member, who may have come when the tip was gone already."""
        member = log.roster.member(self._me)
        deleted = log.deletions.deleted.get(tip)
        if member is None:
            return False
        return not purged.deleted or deleted is None or member.since <= deleted.at
