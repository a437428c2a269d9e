"""What somebody looks at here: told to the log, kept on this machine, and new no more in the book."""

from collections.abc import Iterable

from intake.triage.home import Home
from intake.triage.mirror.statements import MirrorDamagedError
from intake.triage.outbox.sending import Sending
from intake.triage.reading.looked import Looked
from intake.triage.reading.opentip import OpenTip
from intake.triage.reading.standing import held
from intake.triage.workspace.shown import Shown

_UNKEPT = "That you looked at reports can't be kept on this machine: they stand there as new."


class Looks:
    """Of one reviewer, on this machine. `problem`: that it can't be kept; empty while it can."""

    def __init__(self, shown: Shown, home: Home, sending: Sending) -> None:
        self._shown = shown
        self._looked = Looked(home.mirror)
        self._sending = sending
        self.problem = ""

    def look(self, tip: OpenTip) -> frozenset[str] | None:
        """A tip is shown: the log is told, and what is new from now on is marked. Returns what was looked at before.

        That is the ids of what it held then, or None if it is looked at for the first time.
        """
        return self._look(tip, tip.items | self._shown.book.ahead(tip.id).items)

    def look_in_part(self, tip: OpenTip) -> None:
        """A tip is shown, and not all of it: the log is told, and what is new stays so."""
        self._sending.look(tip)

    def look_at_file(self, tip: OpenTip, item: str) -> None:
        """A file of a tip is shown; as `look`, but what else came since the last one stays new: a file takes long."""
        before, shown = self._looked.items(tip.id), {item, tip.files[item].about.content}
        self._look(tip, tip.items if before is None else before | (tip.items & shown))

    def _look(self, tip: OpenTip, items: frozenset[str]) -> frozenset[str] | None:
        self._sending.look(tip)
        before = self._looked.items(tip.id)
        if items != before:
            self.keep(tip.id, items)
        return before

    def items(self, tip: str) -> frozenset[str] | None:
        """What a tip held when it was looked at last; None if it never was."""
        return self._looked.items(tip)

    def digests(self) -> dict[str, bytes]:
        """By tip, the digest of what it held then."""
        return self._looked.digests()

    def keep(self, tip: str, items: Iterable[str]) -> None:
        """A tip holds these and no more that would be new."""
        kept = frozenset(items)
        try:
            self._looked.keep(tip, kept)
        except (OSError, MirrorDamagedError):
            self.problem = _UNKEPT
        with self._shown.changing() as book:
            if book is not None:
                book.show_looked({tip: held(kept)})

    def add(self, tip: str, item: str) -> None:
        """Nobody has to be told of what they wrote themselves. What was never looked at stays new."""
        if (before := self._looked.items(tip)) is not None:
            self.keep(tip, before | {item})
