"""An unlocked program: what it shows, who is in the team, what was looked at, what is set for all."""

from intake.triage.workspace.team import MOST_WATCHED
from intake.triage.workspace.workspace import Workspace

__all__ = ["MOST_WATCHED", "Workspace"]
