"""What an auditor reads: who opened what, who may, and which log this was. One line for each, the same in a pipe."""

from collections.abc import Iterable, Iterator

from rich.console import Console
from rich.progress import track

from intake.protocol.audit import VerifiedLog
from intake.protocol.entry import OPERATOR, Entry
from intake.triage.desk_client import DeskClient
from intake.triage.home import Home
from intake.triage.keyfile import MemberKeys
from intake.triage.mirror import fetch_log


def run_audit(home: Home, keys: MemberKeys, console: Console) -> None:
    """Fetch and verify the whole log and print it; `AuditError` or `DeskError` if it can't be."""

    def progress(steps: Iterable[int], says: str) -> Iterable[int]:
        return track(list(steps), says, console=console, transient=True)

    client = DeskClient(home.connection, keys.signing)
    try:
        verified = fetch_log(client, home, whole=True, progress=progress)
    finally:
        client.close()
    for line in _report(verified):
        # A line is never cut or broken: it can be searched for an id and counted.
        console.print(line, soft_wrap=True, markup=False, highlight=False, emoji=False)


def _report(verified: VerifiedLog) -> Iterator[str]:
    yield "Who did what (number, UTC, who, what, to what):"
    for index, entry in enumerate(verified.entries):
        yield f"{index:>6}  {entry.at:%Y-%m-%d %H:%M:%S}  {_name(verified, entry)}  {_did(verified, entry)}"
    yield ""
    yield "Members (key id, role, name, since and until in UTC):"
    for member in verified.roster.members:
        card = member.card
        until = f"until {member.until:%Y-%m-%d %H:%M:%S}" if member.until else "active"
        yield f"{card.key_id}  {card.role.value}  {card.name}  since {member.since:%Y-%m-%d %H:%M:%S}, {until}"
    yield ""
    yield f"Verified: {verified.checkpoint.size} entries of the log {verified.checkpoint.origin}"
    yield f"Root:     {verified.checkpoint.root.hex()}"


def _name(verified: VerifiedLog, entry: Entry) -> str:
    member = verified.roster.member(entry.who)
    return OPERATOR if member is None else member.card.name


def _did(verified: VerifiedLog, entry: Entry) -> str:
    objects = (_object(verified, name) for name in entry.objects)
    return " ".join((entry.action.value, *objects))


def _object(verified: VerifiedLog, name: str) -> str:
    member = verified.roster.member(name.removeprefix("member/"))
    return name if member is None else f"{name} ({member.card.name})"
