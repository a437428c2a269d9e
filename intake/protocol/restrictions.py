"""Whom tips are restricted to, by the log alone: of these, and of no other tip, whoever verifies it keeps anything.

Whether the desk did what a renewal names, the log doesn't say, since it doesn't hold what there was before the first
one. So a restriction counts from its entry on, and as long as no renewal by one of its readers takes the place of just
that summary: of several that claim to be in force, each counts. Nobody frees themself from one by inventing another.
"""

from collections.abc import Collection
from dataclasses import dataclass

from intake.protocol.entry import Entry
from intake.protocol.renewal import parse_renewals


@dataclass(frozen=True, slots=True)
class _Restriction:
    """That only these members (key ids) read the summary with this payload (SHA-256, hex)."""

    payload: str
    readers: frozenset[str]


class Restrictions:
    """The restrictions after every entry applied so far."""

    def __init__(self) -> None:
        self._of: dict[str, frozenset[_Restriction]] = {}

    def copy(self) -> "Restrictions":
        """The same, to try an entry on."""
        other = Restrictions()
        other._of = dict(self._of)
        return other

    def apply(self, entry: Entry) -> Collection[str]:
        """Take a renewal that rules (`Entry.rules`); returns the tips that it names. `ActionError` if it is none."""
        renewals = parse_renewals(((entry.request and entry.request.body) or "").encode())
        for each in renewals.renewals:
            new = {_Restriction(each.payload, frozenset(renewals.readers))} if renewals.readers else set()
            old = self._of.get(each.tip, frozenset())
            replaced = {one for one in old if one.payload == each.old_payload and entry.who in one.readers}
            self._of[each.tip] = (old - replaced) | new
        return {each.tip for each in renewals.renewals}

    def of(self, tip: str) -> tuple[frozenset[str], ...]:
        """The readers (key ids) of each restriction of a tip; none where it is for all reviewers."""
        return tuple(sorted({each.readers for each in self._of.get(tip, ())}, key=sorted))
