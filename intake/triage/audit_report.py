"""What an auditor reads: who opened what, who may, and which log this was."""

from collections import Counter
from collections.abc import Iterable

from rich.console import Console
from rich.markup import escape
from rich.progress import track
from rich.table import Table

from intake.protocol.audit import VerifiedLog
from intake.protocol.entry import OPERATOR, Entry
from intake.triage.desk_client import DeskClient
from intake.triage.home import Home
from intake.triage.keyfile import MemberKeys
from intake.triage.mirror import fetch_log

_SHOWN = 2


def run_audit(home: Home, keys: MemberKeys, console: Console) -> None:
    """Fetch and verify the whole log and print it; `AuditError` or `DeskError` if it can't be."""

    def progress(steps: Iterable[int], says: str) -> Iterable[int]:
        return track(list(steps), says, console=console, transient=True)

    client = DeskClient(home.connection, keys.signing)
    try:
        verified = fetch_log(client, home, whole=True, progress=progress)
    finally:
        client.close()
    console.print(_accesses(verified))
    console.print(_members(verified))
    checkpoint = verified.checkpoint
    console.print(f"Verified: {checkpoint.size} entries of the log {checkpoint.origin}", highlight=False)
    console.print(f"Root:     {checkpoint.root.hex()}", highlight=False)


def _accesses(verified: VerifiedLog) -> Table:
    table = Table("#", "When (UTC)", "Who", "Did", "To what", title="Who opened what", title_justify="left")
    for index, entry in enumerate(verified.entries):
        when = entry.at.strftime("%Y-%m-%d %H:%M:%S")
        table.add_row(str(index), when, _name(verified, entry), entry.action.value, _objects(verified, entry))
    return table


def _members(verified: VerifiedLog) -> Table:
    table = Table("Name", "Role", "Key id", "Since (UTC)", "Until (UTC)", title="Members", title_justify="left")
    for member in verified.roster.members:
        until = member.until.strftime("%Y-%m-%d %H:%M") if member.until else "active"
        card = member.card
        table.add_row(escape(card.name), card.role.value, card.key_id, member.since.strftime("%Y-%m-%d %H:%M"), until)
    return table


def _name(verified: VerifiedLog, entry: Entry) -> str:
    member = verified.roster.member(entry.who)
    return OPERATOR if member is None else escape(member.card.name)


def _objects(verified: VerifiedLog, entry: Entry) -> str:
    members = [verified.roster.member(name.removeprefix("member/")) for name in entry.objects]
    named = [escape(member.card.name) for member in members if member is not None]
    if named:
        return ", ".join(named)
    if len(entry.objects) <= _SHOWN:
        return ", ".join(entry.objects)
    counts = Counter(name.partition("/")[0] for name in entry.objects)
    return ", ".join(f"{count} × {kind}" for kind, count in counts.items())
