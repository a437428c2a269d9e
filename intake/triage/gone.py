"""Tips that are no longer on the server: withdrawn by their sources' own word, or without one."""

from collections import defaultdict
from collections.abc import Collection

from intake.protocol.wire import Index
from intake.triage.chain import TELL
from intake.triage.memory import Known, Memory

_NEVER_FETCHED = Known("")


def notices(gone: Collection[str], memory: Memory, index: Index) -> list[str]:
    """What is to be said of tips that are gone. Withdrawals that are proven are in the memory already."""
    said = {row.tip for row in index.withdrawals}
    names: dict[str, list[str]] = defaultdict(list)
    for tip in sorted(gone):
        known = memory.tips.get(tip, _NEVER_FETCHED)
        names[_words(known, said=tip in said)].append(f"{tip} of {known.day}" if known.day else tip)
    return [f"{words} Reports: {', '.join(tips)}." for words, tips in sorted(names.items())]


def _words(known: Known, *, said: bool) -> str:
    if known.withdrawn:
        return "Withdrawn by the source, as its signature proves."
    if not said:
        return "No longer on the server, without a word of the source: older than your team keeps reports, or removed."
    if known.signer:
        return f"No longer on the server, and said to be withdrawn, but without the source's signature. {TELL}"
    return "No longer on the server, and said to be withdrawn by the source, which this machine has no key to check."
