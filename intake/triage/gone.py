"""Tips that are no longer on the server: withdrawn by their sources' own word, or without one."""

from collections import defaultdict
from collections.abc import Collection, Sequence

from intake.triage.chain import TELL
from intake.triage.days import Index
from intake.triage.memory import Known, Memory

_NEVER_FETCHED = Known("", "")
_SHORT = 8
"""Digits of a report's id beside its day: enough to find it in the log."""
_MOST = 50
"""Reports that are named. Years of those that teams no longer keep must not stand above every page."""


def notices(gone: Collection[str], memory: Memory, index: Index) -> list[str]:
    """What is to be said of tips that are gone. Withdrawals that are proven are in the memory already."""
    said = {row.tip for row in index.withdrawals}
    names: dict[str, list[str]] = defaultdict(list)
    # The newest first: what was removed before its time is among them.
    for tip in sorted(gone, key=lambda tip: (memory.tips.get(tip, _NEVER_FETCHED).day, tip), reverse=True):
        known = memory.tips.get(tip, _NEVER_FETCHED)
        names[_words(known, said=tip in said)].append(f"of {known.day} ({tip[:_SHORT]})" if known.day else tip)
    return [f"{words} Reports: {_named(tips)}." for words, tips in sorted(names.items())]


def _named(tips: Sequence[str]) -> str:
    more = f", and {len(tips) - _MOST} earlier ones" if len(tips) > _MOST else ""
    return ", ".join(tips[:_MOST]) + more


def _words(known: Known, *, said: bool) -> str:
    if known.withdrawn:
        return "Withdrawn by the source, as its signature proves."
    if not said:
        return "No longer on the server, without a word of the source: older than your team keeps reports, or removed."
    if known.signer:
        return f"No longer on the server, and said to be withdrawn, but without the source's signature. {TELL}"
    return "No longer on the server, and said to be withdrawn by the source, which this machine has no key to check."
