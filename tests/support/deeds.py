"""Logs of a team that reads, written down without signatures: for what is found in a log that was verified."""

import hashlib
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import strategies as st

from crypto.age import HybridIdentity
from crypto.note import SigningKey
from intake.findings.record import Record
from intake.findings.thresholds import Thresholds, shipped
from intake.protocol.actions import Action
from intake.protocol.card import Card, Role, issue_card
from intake.protocol.entry import OPERATOR, Entry, LoggedRequest
from intake.protocol.roster import Roster

MONDAY = datetime(2026, 3, 2, 9, tzinfo=UTC)


def card(name: str, role: Role = Role.REVIEWER) -> Card:
    """The card of a reviewer whose keys follow from the name."""
    key = SigningKey.from_seed(name.rstrip("0123456789"), hashlib.sha256(name.encode()).digest())
    return issue_card(role, key, HybridIdentity.from_seed(hashlib.sha256(key.seed).digest()))


AMINA, BORIS, CARLA, DORA = (card(name) for name in ("amina", "boris", "carla", "dora"))
TEAM = (AMINA, BORIS, CARLA, DORA)


def tip(number: int) -> str:
    """The id of a report."""
    return f"{number:032x}"


class Log:
    """Entries in their order. Time stands still unless `after` moves it."""

    def __init__(self, team: Iterable[Card] = TEAM) -> None:
        self.now = MONDAY
        self.entries: list[Entry] = []
        for member in team:
            self.enrol(member)

    @property
    def record(self) -> Record:
        return Record.of(self.entries)

    @property
    def roster(self) -> Roster:
        roster = Roster()
        for entry in self.entries:
            roster.apply(entry)
        return roster

    def after(self, **span: float) -> "Log":
        """Some time later."""
        self.now += timedelta(**span)
        return self

    def enrol(self, member: Card) -> None:
        self._add(Entry(self.now, OPERATOR, Action.ENROL, (f"member/{member.key_id}",), card=member.text))

    def revoke(self, member: Card) -> None:
        self._add(Entry(self.now, OPERATOR, Action.REVOKE, (f"member/{member.key_id}",)))

    def turn(self, member: Card) -> None:
        """Make a lead of a reviewer, or the other way."""
        known = self.roster.member(member.key_id)
        is_lead = known is not None and known.card.role is Role.LEAD
        self.enrol(card(member.name, Role.REVIEWER if is_lead else Role.LEAD))

    def approve(self, who: Card, number: int) -> None:
        """Let something of a report leave, if a lead says it."""
        if self.roster.is_lead(who.key_id):
            self.member(who, Action.APPROVE, f"tip/{tip(number)}", f"sha256/{'a' * 64}")

    def open(self, who: Card, number: int) -> None:
        self._add(Entry(self.now, who.key_id, Action.OPEN, (f"tip/{tip(number)}",)))

    def fetch(self, who: Card, *numbers: int) -> None:
        self._add(Entry(self.now, who.key_id, Action.READ, tuple(f"summary/{tip(number)}" for number in numbers)))

    def add(self, who: Card, number: int, kind: str = "work") -> None:
        item = f"item/{len(self.entries):032x}"
        request = LoggedRequest(f'"@query": ?kind={kind}', b"")
        self._add(Entry(self.now, who.key_id, Action.ADD, (f"tip/{tip(number)}", item), request))

    def explain(self, who: Card, finding: str, says: str) -> None:
        self._add(Entry(self.now, who.key_id, Action.EXPLAIN, (f"finding/{finding}",), LoggedRequest("", b"", says)))

    def operator(self, action: Action, *objects: str) -> None:
        self._add(Entry(self.now, OPERATOR, action, objects))

    def member(self, who: Card, action: Action, *objects: str) -> None:
        self._add(Entry(self.now, who.key_id, action, objects))

    def _add(self, entry: Entry) -> None:
        self.entries.append(entry)


def limits(**numbers: int) -> Thresholds:
    """Thresholds, as they are shipped but for these."""
    return replace(shipped(), **numbers)


DOES = ("open", "fetch", "add", "reply", "export", "delete", "software", "restore", "revoke", "lead", "approve")


@st.composite
def logs(draw: st.DrawFn) -> Log:
    """What a team may do in any order: small numbers, so that every finding comes about."""
    log = Log()
    steps = draw(
        st.lists(
            st.tuples(
                st.integers(0, 30), st.sampled_from(TEAM), st.integers(1, 4),
                st.sampled_from(DOES),
            ),
            max_size=60,
        )
    )  # fmt: skip
    for hours, who, number, does in steps:
        log.after(hours=hours)
        if (member := log.roster.member(who.key_id)) is None or member.until is not None:
            continue
        _do(log, who, number, does)
    return log


def _do(log: Log, who: Card, number: int, does: str) -> None:
    acts: dict[str, Any] = {
        "open": lambda: log.open(who, number),
        "fetch": lambda: log.fetch(who, number, number + 1),
        "add": lambda: log.add(who, number),
        "reply": lambda: log.add(who, number, "reply"),
        "export": lambda: log.member(who, Action.EXPORT, f"tip/{tip(number)}"),
        "delete": lambda: log.operator(Action.DELETE, f"tip/{tip(number)}"),
        "software": lambda: log.operator(Action.SOFTWARE, f"software/{number}"),
        "restore": lambda: log.operator(Action.RESTORE, f"size/{number}"),
        "revoke": lambda: log.revoke(who),
        "lead": lambda: log.turn(who),
        "approve": lambda: log.approve(who, number),
    }
    acts[does]()
