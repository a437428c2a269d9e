"""What the log, as it was verified last, makes an auditor ask: the same as the auditor's own program finds."""

from threading import Lock

from intake.findings.found import Finding, find
from intake.findings.record import Record
from intake.findings.thresholds import shipped
from intake.protocol.entry import parse_entry
from intake.protocol.logstate import LogState
from intake.triage.fetching.kept import KeptLog


class Asked:
    """What was found so far. Of a log that has grown, what is new is read. May be called from several threads."""

    def __init__(self, kept: KeptLog) -> None:
        self._kept = kept
        self._record = Record()
        self._reading = Lock()

    def look(self, log: LogState) -> tuple[Record, list[Finding]]:
        """Who did what, and what of it stands out, the newest first, by the thresholds that are shipped."""
        with self._reading:
            if self._record.size > log.size:  # a log that was damaged here, and goes on from an earlier place
                self._record = Record()
            for line in self._kept.lines(self._record.size, log.size):
                self._record.take(parse_entry(line))
            return self._record, find(self._record, log.roster, shipped())
