"""Tips that are no longer on the server: withdrawn by their sources' own word, or without one."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence

from intake.triage.mirror.added import Author
from intake.triage.mirror.known import Known
from intake.triage.mirror.tips import Purged
from intake.triage.reading.chain import TELL

_NEVER_FETCHED = Known("", "")
_SHORT = 8
"""Digits of a report's id beside its day: enough to find it in the log."""
_MOST = 50
"""Reports that are named. Years of those that teams no longer keep must not stand above every page."""


def notices(gone: Mapping[str, Known | None], said: Collection[str], made: Mapping[str, Author]) -> list[str]:
    """What is to be said of tips that are gone, by what is known of each. `said`: to be withdrawn, by whomever.

    `made`: by which member, of those that members made. Withdrawals that are proven are known already.
    """
    known = {tip: known or _NEVER_FETCHED for tip, known in gone.items()}
    names: dict[str, list[str]] = defaultdict(list)
    # The newest first: what was removed before its time is among them.
    for tip in sorted(known, key=lambda tip: (known[tip].day, tip), reverse=True):
        day = known[tip].day
        words = _words(known[tip], made.get(tip), said=tip in said)
        names[words].append(f"of {day} ({tip[:_SHORT]})" if day else tip)
    return [f"{words} Reports: {_named(tips)}." for words, tips in sorted(names.items())]


def purges(purged: Mapping[str, Purged], awaited: Collection[str]) -> list[str]:
    """What is to be said of tips of which nothing is kept here any more, and of deletions that wait for this clock."""
    names: dict[str, list[str]] = defaultdict(list)
    for tip in sorted(purged, key=lambda tip: (purged[tip].day, tip), reverse=True):
        each = purged[tip]
        names[_DELETED if each.deleted else _WITHDRAWN].append(f"on {each.day} ({tip[:_SHORT]})")
        if each.again:
            names[_AGAIN].append(tip[:_SHORT])
    names[_AWAITED] += [tip[:_SHORT] for tip in sorted(awaited)]
    return [f"{words} Reports: {_named(tips)}." for words, tips in sorted(names.items()) if tips]


_DELETED = "Deleted, as your team decided; nothing of it is kept here any more."
_WITHDRAWN = "Withdrawn by the source, as its signature proves; nothing of it is kept here any more."
_AGAIN = (
    "Deleted, and listed by the server all the same: it has not deleted it, or has put back a copy from before. Tell "
    "the operator, and whoever audits."
)
_AWAITED = (
    "Deleted on the server at a time that has not come by this machine's clock: either that is wrong, or the server's "
    "is ahead. What is kept here stays until then."
)


def _named(tips: Sequence[str]) -> str:
    more = f", and {len(tips) - _MOST} earlier ones" if len(tips) > _MOST else ""
    return ", ".join(tips[:_MOST]) + more


def _words(known: Known, maker: Author | None, *, said: bool) -> str:
    if known.withdrawn:
        return "Withdrawn by the source, as its signature proves."
    if not said and maker is not None:
        return (
            f"Made by {maker.name}, by the log, and not on the server: older than your team keeps reports, or removed."
        )
    if not said:
        return "No longer on the server, without a word of the source: older than your team keeps reports, or removed."
    if known.signer:
        return f"No longer on the server, and said to be withdrawn, but without the source's signature. {TELL}"
    return "No longer on the server, and said to be withdrawn by the source, which this machine has no key to check."
