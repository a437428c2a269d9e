"""Who else was shown which tip lately, by the log as it was fetched last: somebody may be reading it now.

That is all that can be known. A program says so once a tip, when it shows it first after it was unlocked; how long
somebody reads, no log tells.
"""

from datetime import datetime, timedelta

from intake.protocol.actions import Action
from intake.protocol.entry import parse_entry
from intake.triage.fetching.kept import KeptLog

LATELY = timedelta(hours=1)
"""After that, it says nothing of now."""

_MOST = 2048
"""Entries of the log that are read at once: more than a team makes in an hour, but for a first fetch."""


class Opens:
    """Of each tip, who else was shown it and when, for an hour. In memory alone."""

    def __init__(self, log: KeptLog, me: str) -> None:
        """`me`: the id of the key of whoever asks, and knows of themselves."""
        self._log, self._me = log, me
        self._taken = 0
        self._opened: dict[str, dict[str, datetime]] = {}

    def take(self, size: int, now: datetime) -> None:
        """Take in what the log holds up to `size` entries, which are verified."""
        for line in self._log.lines(max(self._taken, size - _MOST), size):
            entry = parse_entry(line)
            if entry.action is Action.OPEN and entry.who != self._me:
                for name in entry.objects:
                    self._opened.setdefault(name.removeprefix("tip/"), {})[entry.who] = entry.at
        self._taken = size
        lately = {tip: {who: at for who, at in by.items() if now - at < LATELY} for tip, by in self._opened.items()}
        self._opened = {tip: by for tip, by in lately.items() if by}

    def of(self, tip: str, now: datetime) -> list[tuple[str, datetime]]:
        """Who was shown a tip within the hour, by the id of their key, and when; the last one first."""
        found = [(who, at) for who, at in self._opened.get(tip, {}).items() if now - at < LATELY]
        return sorted(found, key=lambda each: each[1], reverse=True)
