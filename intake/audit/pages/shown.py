"""What the auditor's pages go by: the log as it was verified last, and a way to what is new, if there is one."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from threading import Lock

from intake.audit.standing import Standing, standing
from intake.audit.verified import VerifiedLog
from intake.findings.found import Finding, find
from intake.findings.thresholds import Thresholds
from intake.protocol.audit import AuditError
from intake.triage.desk.client import DeskError


@dataclass(frozen=True, slots=True)
class View:
    """A log, and all that stands out in it."""

    log: VerifiedLog
    found: list[Finding]


class Shown:
    """What the pages go by. Methods may be called from several threads.

    `fetch`: verifies what is new, None where nobody can be asked; `auditor`: their name, if a key was given;
    `against`: what stands against the log by what is kept. `alarm`: why it can't be trusted, until the program ends.
    """

    def __init__(
        self,
        log: VerifiedLog,
        thresholds: Thresholds,
        fetch: Callable[[], VerifiedLog] | None = None,
        auditor: str = "",
        against: Callable[[], list[str]] = list,
    ) -> None:
        self.thresholds, self.auditor = thresholds, auditor
        self.problem = self.alarm = ""
        self._fetch, self._against = fetch, against
        self._fetching = Lock()
        self._view = self._look(log)

    @property
    def view(self) -> View:
        """As it was verified last."""
        return self._view

    @property
    def can_fetch(self) -> bool:
        """Whether there is a desk to ask."""
        return self._fetch is not None

    @property
    def alarms(self) -> list[str]:
        """Why the log is not to be trusted: what was found since the program began, and what is known of before."""
        return list(dict.fromkeys(filter(None, [self.alarm, *self._against()])))

    @property
    def standing(self) -> Standing:
        """Whether the policy is met now."""
        return standing(self._view.log.witnessed, datetime.now(UTC))

    def fetch(self) -> None:
        """Fetch and verify what is new; one at a time. What goes wrong is said by `problem` or `alarms`."""
        with self._fetching:
            if self._fetch is None:
                return
            try:
                self._view = self._look(self._fetch())
                self.problem = ""
            except AuditError as error:
                self.alarm = str(error)
            except DeskError as error:
                self.problem = str(error)

    def _look(self, log: VerifiedLog) -> View:
        return View(log, find(log.record, log.roster, self.thresholds))
