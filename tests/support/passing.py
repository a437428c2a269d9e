"""Time that passes for a desk and for the programs in this process, without waiting for it."""

from datetime import datetime, timedelta, tzinfo

import pytest

from open_desk import Desk

_READ_IN = (
    "intake.protocol.requests",
    "intake.triage.desk.client",
    "intake.triage.pages.wanted",
    "intake.triage.workspace.purging",
)
"""Where the machine's clock is read that signed requests go by, what this program deletes, and what the queue shows."""


class Time:
    """How much later it is than this machine's clock says: for the `server`, and for members' machines (`here`)."""

    def __init__(self, desk: Desk, patch: pytest.MonkeyPatch) -> None:
        self.server = self.here = timedelta()
        time = self

        class Now(datetime):
            @classmethod
            def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
                return datetime.now(tz) + time.here

        for module in _READ_IN:
            patch.setattr(f"{module}.datetime", Now)
        log, now = desk.server.log, desk.server.log._now
        patch.setattr(log, "_now", lambda: now() + time.server)

    def passes(self, time: timedelta) -> None:
        """For everybody alike."""
        self.server += time
        self.here += time
