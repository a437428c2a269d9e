"""Whether what is shown can be trusted: all that stands against the log, its witnesses, and one's own key."""

from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path

from intake.triage.fetching.evidence import evidence_files
from intake.triage.fetching.witnessed import KeptCosigned, Witnessed
from intake.triage.home import Home
from intake.triage.keys.opening import OpeningKeys
from intake.triage.mirror.journal import Journal
from intake.triage.mirror.tables import FACT, LEFT_OUT
from intake.triage.workspace.alarms import (
    Alarm,
    lied,
    of_left_out,
    of_lost_key,
    of_own_card,
    of_own_key,
    unwitnessed,
)
from intake.triage.workspace.shown import Shown


class Trust:
    """What a member's program has found. `now`: this machine's clock, by which cosignatures become too old.

    `distrust`: why nothing new is shown, as the last fetch found it; empty if it found nothing. `lost_key`: how the
    card has a recipient whose identity none of the member's machines has; empty if it hasn't.
    """

    def __init__(
        self, home: Home, journal: Journal, shown: Shown, me: str, opening: OpeningKeys, now: Callable[[], datetime]
    ) -> None:
        self._home, self._journal, self._shown = home, journal, shown
        self._me, self._opening, self._now = me, opening, now
        self._witnessed: Witnessed | None = None
        self.distrust = ""
        self.lost_key = ""

    def put_aside(self, alarm: Alarm) -> None:
        """What raised it is explained; what comes later raises another."""
        self._journal.explained(alarm.uses)

    def look_at_witnesses(self) -> None:
        """Go by what they had cosigned by the last fetch; `OSError` or `MirrorDamagedError` if that can't be read."""
        self._witnessed = KeptCosigned(self._home).witnessed

    @property
    def unwitnessed(self) -> str:
        """Why the log is not witnessed as the member's policy asks, in words.

        Empty if it is, or if that isn't known: nothing was fetched yet, or nothing since the policy is this one.
        """
        return "" if self._witnessed is None or self._shown.log is None else self._witnessed.lack(self._now())

    @property
    def awaits_witnesses(self) -> bool:
        """Whether only a fetch can tell if the log is witnessed as the member's policy asks: that is a new one."""
        return self._witnessed is not None and self._shown.log is not None and self._witnessed.is_unknown(self._now())

    @property
    def lies(self) -> str:
        """What the server was caught at, in this fetch or by what it had answered before; empty if at nothing."""
        return self.distrust or self._journal.accusation()

    @property
    def evidence(self) -> Sequence[Path]:
        """The files in which contradictions of the log are kept."""
        return [Path(file) for file in evidence_files(self._home)]

    @property
    def raised(self) -> list[Alarm]:
        """Every alarm that there is a reason for, also those that somebody has put aside."""
        distrust = f"{self.distrust}. Nothing new is shown" if self.distrust else ""
        reasons = [distrust, self._journal.accusation()]
        reasons += [
            f"it contradicted itself before; what it signed is kept in {file} (this is said as long as that is there)"
            for file in evidence_files(self._home)
            if file not in self.distrust
        ]
        raised = [lied(reason) for reason in reasons if reason]
        if self.unwitnessed:
            raised.append(unwitnessed(self.unwitnessed))
        if self.lost_key:
            raised.append(of_lost_key(self.lost_key))
        if foreign := self._journal.foreign():
            raised.append(of_own_key(foreign))
        if left_out := self._home.mirror.get(FACT, LEFT_OUT):
            raised.append(of_left_out(str(left_out[1])))
        log = self._shown.log
        return raised + ([] if log is None else [*of_own_card(log, self._me, self._opening)])
