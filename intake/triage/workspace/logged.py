"""What the log that is shown says of what this member sends."""

from collections.abc import Callable, Sequence

from crypto.age import HybridRecipient
from intake.triage.home import Home
from intake.triage.mirror.added import Authors
from intake.triage.mirror.tips import Tips
from intake.triage.outbox.sending import TheLog
from intake.triage.reading.opentip import OpenTip
from intake.triage.workspace.shown import Shown


class LoggedSoFar:
    """By entries before the index that was read last: what came after that is not shown yet. `me`: a key id."""

    def __init__(self, home: Home, kept: Tips, shown: Shown, me: str) -> None:
        self._home, self._kept, self._shown, self._me = home, kept, shown, me

    def for_sending(self, opened: Callable[[str], OpenTip | None]) -> TheLog:
        """The same for what sends; `opened`: a tip as it was opened, if it was."""
        return TheLog(self.holds, self.takes_back, self.shows, self.readers, opened)

    def holds(self, item: str) -> bool:
        """Whether an item was added by this key, also if it was deleted since."""
        authors = self._authors
        added = None if authors is None else authors.added(item)
        return added is not None and added.key == self._me and added.author.place < self._kept.fetched.place

    def takes_back(self, item: str) -> bool:
        """Whether an item was taken back."""
        authors = self._authors
        taken = None if authors is None else authors.taken(item)
        return taken is not None and taken.author.place < self._kept.fetched.place

    def shows(self, tip: str) -> bool:
        """Whether the index that was read last has a tip."""
        return tip in self._kept.ids()

    def readers(self) -> Sequence[HybridRecipient]:
        """The recipients of all active reviewers; none if no log was ever fetched."""
        return () if self._shown.log is None else self._shown.log.roster.recipients

    @property
    def _authors(self) -> Authors | None:
        log = self._shown.log
        return None if log is None else Authors(self._home.mirror, log.roster)
