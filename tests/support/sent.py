"""What a reviewer writes, sent at once instead of by the program's own thread."""

from intake.triage.outbox.unsent import Unsent, new_form
from intake.triage.workspace import Workspace


def write(workspace: Workspace, tip: str, kind: str, text: str) -> None:
    """Write something for a tip, and return when it was sent and fetched, or could not be."""
    workspace.write(Unsent.typed(new_form(), tip, kind, text))
    workspace.sending.take_turn()
    assert workspace.settled.wait(60)
