"""What a reviewer writes, sent at once instead of by the program's own thread."""

from intake.triage.outbox.unsent import Unsent, new_form
from intake.triage.work import Work


def write(work: Work, tip: str, kind: str, text: str) -> None:
    """Write something for a tip, and return when it was sent, or could not be."""
    work.write(Unsent.typed(new_form(), tip, kind, text))
    work.sending.take_turn()
