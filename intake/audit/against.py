"""What stands against the log that a home directory knows, without asking anybody.

A fetch that failed leaves the log as it was verified before. Whoever vouches for that, or only reads it, has to hear
why nothing newer came: what is kept here of it counts as much as what a fetch finds now.
"""

from intake.protocol.audit import AuditError
from intake.triage.fetching.evidence import evidence_files
from intake.triage.home import Home
from intake.triage.mirror.journal import accused
from intake.triage.mirror.tables import DISTRUST, FACT


def against(home: Home) -> list[str]:
    """Why the log can't be trusted, each in words: as the last fetch found, or by what is kept; nothing if it can."""
    row = home.mirror.get(FACT, DISTRUST)
    distrust = "" if row is None else str(row[1])
    evidence = [
        f"it contradicted itself before; what it signed is kept in {file}"
        for file in evidence_files(home)
        if file not in distrust
    ]
    return [*filter(None, (distrust, accused(home.mirror))), *evidence]


def require_trusted(home: Home | None) -> None:
    """Raise `AuditError` if anything stands against the log of a home. A folder knows only itself."""
    if home is not None and (reasons := against(home)):
        raise AuditError("; ".join(reasons))


def distrust(home: Home, error: AuditError) -> None:
    """Keep what a fetch found, until the next one finds a log that verifies."""
    home.mirror.put(FACT, (DISTRUST, str(error)))


def trust(home: Home) -> None:
    """What was fetched verifies; what is kept as evidence, or was answered and is missing, stands on."""
    home.mirror.remove(FACT, DISTRUST)
