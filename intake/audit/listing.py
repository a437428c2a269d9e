"""Accesses as a table: for the terminal, a page, and a file that a spreadsheet opens."""

import csv
import io
from collections.abc import Iterable, Iterator, Sequence

from intake.audit.told import name_of
from intake.audit.verified import VerifiedLog
from intake.findings.accesses import Access, By, Sum
from intake.protocol.entry import OPERATOR

_STARTS_FORMULA = ("=", "+", "-", "@", "\t", "\r")

ACCESSES: Sequence[str] = ("entry", "time (UTC)", "name", "key id", "action", "report", "objects")


def sums_head(by: By) -> Sequence[str]:
    """What stands above the columns of `sum_rows`."""
    return (
        by.value,
        *(("key id",) if by is By.REVIEWER else ()),
        "action",
        "entries",
        "reports",
        "members",
        "first (UTC)",
        "last (UTC)",
    )


def access_rows(log: VerifiedLog, found: Iterable[Access]) -> Iterator[Sequence[str]]:
    """One row an access. Of what was fetched in bulk, each report has its row."""
    for access in found:
        deed = access.deed
        objects = "" if access.tip else " ".join(deed.objects)
        yield (
            str(deed.place), f"{deed.at:%Y-%m-%d %H:%M:%S}", name_of(log, deed.who), deed.who, deed.action.value,
            access.tip, objects,
        )  # fmt: skip


def sum_rows(log: VerifiedLog, found: Iterable[Sum], by: By) -> Iterator[Sequence[str]]:
    """One row for each action of each reviewer, report or day."""
    for each in found:
        of = (name_of(log, each.of), each.of) if by is By.REVIEWER else (each.of,)
        numbers = map(str, (each.entries, each.reports, each.members))
        yield (*of, each.action.value, *numbers, *(f"{at:%Y-%m-%d %H:%M:%S}" for at in (each.first, each.last)))


def keys_of(log: VerifiedLog, name: str) -> frozenset[str]:
    """The key ids of everybody who was ever enrolled under a name, or of the key id itself; `operator` is one."""
    holders = {member.card.key_id for member in log.roster.holders(name)}
    is_key = name == OPERATOR or log.roster.member(name) is not None
    return frozenset({name} if is_key and not holders else holders)


def to_csv(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table as CSV (RFC 4180). No cell is a formula: one that would be read as such begins with an apostrophe."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, quoting=csv.QUOTE_ALL)
    writer.writerow(head)
    writer.writerows([_harmless(cell) for cell in row] for row in rows)
    return text.getvalue()


def _harmless(cell: str) -> str:
    # Members choose their names, and spreadsheets run what begins so, also behind spaces.
    return f"'{cell}" if cell.lstrip(" ").startswith(_STARTS_FORMULA) else cell
