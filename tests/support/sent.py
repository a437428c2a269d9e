"""What a reviewer writes, sent at once instead of by the program's own thread."""

from collections.abc import Callable, Mapping

from intake.report.events import Note, Status
from intake.report.payloads import Payload, Reply
from intake.triage.outbox.unsent import Unsent, new_form
from intake.triage.reading.opentip import OpenTip
from intake.triage.workspace import Workspace

_MADE: Mapping[str, Callable[[str], Payload]] = {
    "status": lambda text: Status(text, "a reason"),
    "note": Note,
    "reply": lambda text: Reply(text, 0),
}


def payload(kind: str, text: str) -> Payload:
    """What a reviewer writes of a kind, with this as all that it says."""
    return _MADE[kind](text)


def write(workspace: Workspace, tip: str, kind: str, text: str) -> None:
    """Write something for a tip, and return when it was sent and fetched, or could not be."""
    workspace.write(Unsent.typed(new_form(), tip, payload(kind, text)))
    workspace.sending.take_turn()
    assert workspace.settled.wait(60)


def text_of(unsent: Unsent) -> str:
    """The words of a note or a reply that is not sent yet."""
    assert isinstance(unsent.payload, Note | Reply)
    return unsent.payload.text


def statuses_set(tip: OpenTip) -> list[str]:
    """Every status that a tip was given, in the order of the log."""
    return [signed.payload.status for signed in tip.written if isinstance(signed.payload, Status)]
