"""What stands in the place of a summary that was seen before, and the entries of the log that explain it.

Kept as the log is verified: whoever signed such an entry was an active member then who may. A summary other than the
one that was seen is accepted where the log leads to it from that one, link by link, and nowhere else.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import takewhile

from intake.protocol.actions import Action
from intake.protocol.entry import Entry
from intake.protocol.manifest import parse_manifest
from intake.protocol.roster import Roster
from intake.triage.mirror.added import Author
from intake.triage.mirror.file import MirrorFile
from intake.triage.mirror.tables import EXCHANGED, Row


@dataclass(frozen=True, slots=True)
class Parts:
    """SHA-256 (hex) of a summary's header and payload. In a link, an empty payload is whichever there is: it stays."""

    header: str
    payload: str


@dataclass(frozen=True, slots=True)
class Link:
    """That a member put `new` in the place of `old`, by the log. `key`: theirs.

    `does`: what the entry records. `whom`: the key of the reviewer who is let in, if one is.
    """

    tip: str
    author: Author
    key: str
    does: Action
    whom: str
    whom_named: str
    old: Parts
    new: Parts

    def seals_to(self, key: str) -> bool:
        """Whether a stanza in it is this member's, which was not there before."""
        return key == (self.whom or self.key)

    def after(self, parts: Parts) -> Parts | None:
        """What a summary is after this; None if it is not what this takes the place of."""
        if parts.header != self.old.header or self.old.payload not in ("", parts.payload):
            return None
        return Parts(self.new.header, self.new.payload or parts.payload)


@dataclass(frozen=True, slots=True)
class Step:
    """A link of a chain, and what the summary was before and after it."""

    link: Link
    before: Parts
    after: Parts


class Exchanges:
    """Looks up what the log shows in the place of what; members are named as the roster calls them."""

    def __init__(self, file: MirrorFile, roster: Roster) -> None:
        self._file = file
        self._names = {member.card.key_id: roster.label(member.card.key_id) for member in roster.members}

    def of(self, tip: str) -> tuple[Link, ...]:
        """All of a tip, in the order of the log."""
        return self.all_of([tip]).get(tip, ())

    def all_of(self, tips: Iterable[str]) -> dict[str, tuple[Link, ...]]:
        """All of these tips, by tip, each in the order of the log; nothing of tips that have none."""
        found: dict[str, list[Link]] = {}
        for row in sorted(self._file.where(EXCHANGED, "tip", *tips), key=lambda row: int(row[2])):
            found.setdefault(str(row[1]), []).append(self._link(row))
        return {tip: tuple(links) for tip, links in found.items()}

    def let_in(self, key: str) -> set[str]:
        """The tips that a member was let into, so far as the log says, whatever the desk did of it."""
        return set(self._file.keys("SELECT tip FROM exchanged WHERE whom = ?", (key,)))

    def _link(self, row: Row) -> Link:
        _, tip, place, who, at, does, whom, old_header, old_payload, new_header, new_payload = row
        author = Author(self._names.get(who, ""), datetime.fromisoformat(at), place)
        old, new = Parts(old_header, old_payload), Parts(new_header, new_payload)
        return Link(tip, author, who, Action(does), whom, self._names.get(whom, ""), old, new)


def walk(links: Iterable[Link], seen: Parts) -> list[Step]:
    """The steps that lead on from what was seen, in the order of the log; links that start elsewhere are none."""
    steps: list[Step] = []
    for link in links:
        before = steps[-1].after if steps else seen
        if after := link.after(before):
            steps.append(Step(link, before, after))
    return steps


def chain(links: Iterable[Link], seen: Parts, now: Parts, place: int) -> Sequence[Step] | None:
    """The steps that lead from what was seen to what there is now; none if they are the same, None if none do.

    `place`: how many entries the log had before the index that shows it. What the log did before that must have
    happened; what it did since may have.
    """
    steps = walk(links, seen)
    least = len(list(takewhile(lambda step: step.link.author.place < place, steps)))
    for count in range(least, len(steps) + 1):
        if (steps[count - 1].after if count else seen) == now:
            return steps[:count]
    return None


def history(links: Sequence[Link], parts: Parts) -> list[Link]:
    """How a summary came to be as it is, from its first link on: of several to the same, the first one made it."""
    found: list[Link] = []
    while link := next((each for each in links if _makes(each, parts)), None):
        found.append(link)
        parts = Parts(link.old.header, link.old.payload or parts.payload)
        # Those before it alone: whatever is signed later explains nothing of it.
        links = [each for each in links if each.author.place < link.author.place]
    return found[::-1]


def let_in(links: Sequence[Link], parts: Parts) -> int:
    """How many people a summary is sealed to that it was not at first."""
    return sum(bool(link.whom) for link in history(links, parts))


def _makes(link: Link, parts: Parts) -> bool:
    return link.new.header == parts.header and link.new.payload in ("", parts.payload)


def exchanged_rows(place: int, entry: Entry) -> Iterator[Row]:
    """What an entry puts in the place of summaries, for the file."""
    if entry.request is None or entry.action is not Action.REWRAP:
        return
    manifest = parse_manifest((entry.request.body or "").encode())
    for each in manifest.exchanges:
        when = place, entry.who, entry.at.isoformat(), entry.action.value
        yield (f"{place}/{each.tip}", each.tip, *when, manifest.whom, each.old, "", each.new, "")


def keep_exchanged(file: MirrorFile, rows: Iterable[Row]) -> None:
    """Keep what the log shows."""
    file.put(EXCHANGED, *rows)
