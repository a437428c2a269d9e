"""What former reviewers may still open: tips whose newest identity was made while they could read it.

Who has kept a tip's identity opens whatever is sealed to it later, if they get the sealed bytes. Another identity,
in a summary that isn't sealed to them, ends that.
"""

from collections.abc import Iterator
from datetime import date

from intake.protocol.index import TipRow
from intake.protocol.logstate import LogState
from intake.protocol.readership import Former, Readership
from intake.triage.mirror.added import Authors
from intake.triage.mirror.exchanged import Exchanges, Link, last_renewal
from intake.triage.mirror.file import MirrorFile
from intake.triage.mirror.known import parts_of
from intake.triage.mirror.tips import Tips


def outlived(file: MirrorFile, log: LogState) -> dict[str, frozenset[str]]:
    """By tip of the index, the former reviewers (key ids) who may open what is sealed to it from now on."""
    former = Readership(log.rulings).former
    if not former:
        return {}
    tips = Tips(file)
    rows = tips.shown(tips.ids())
    links, makers = Exchanges(file, log.roster).all_of(rows), Authors(file, log.roster).makers(rows)
    found = {}
    for tip, row in rows.items():
        made = makers[tip].place if tip in makers else None
        could = frozenset(_who(former, row, links.get(tip, ()), made, log))
        if could:
            found[tip] = could
    return found


def _who(
    former: tuple[Former, ...], row: TipRow, links: tuple[Link, ...], made: int | None, log: LogState
) -> Iterator[str]:
    renewal = last_renewal(links, parts_of(row))
    born = made if renewal is None else renewal.author.place
    for each in former:
        key = each.member.card.key_id
        was_reader = _came_while(row, each, log) if born is None else each.enrolled < born < each.revoked
        if renewal is not None and renewal.readers:
            was_reader = key in renewal.readers and was_reader
        since = -1 if born is None else born
        if was_reader or any(link.whom == key and since < link.author.place < each.revoked for link in links):
            yield key


def _came_while(row: TipRow, former: Former, log: LogState) -> bool:
    """Whether a source's tip may have come while somebody was a reviewer: only its day is known."""
    day, member = date.fromisoformat(row.day), former.member
    until = member.until.date() if member.until is not None else date.max
    return member.since.date() <= log.clock.latest(day) and log.clock.earliest(day) <= until
