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
from intake.protocol.renewal import may_renew, parse_renewals
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

    `does`: what the entry records. `whom`: the key of the reviewer who is let in, if one is. `readers`: the keys of
    those to whom it is restricted from then on; none where it is for all reviewers of then, or stays as it was.
    `former`: of a renewal, the keys of all who were revoked before it, sorted.
    """

    tip: str
    author: Author
    key: str
    does: Action
    whom: str
    whom_named: str
    old: Parts
    new: Parts
    readers: tuple[str, ...] = ()
    readers_named: tuple[str, ...] = ()
    former: tuple[str, ...] = ()

    def may_follow(self, readers: tuple[str, ...], renewals: int) -> bool:
        """Whether its author may do it to what is restricted to these (key ids), or to none, and was renewed so often.

        Nobody is let in by a header: that takes a renewal, which names them. Once none of the readers is left, any
        reviewer may renew it: by shutting out the others nobody destroys a report.
        """
        if self.renews and not may_renew(renewals, len(self.former)):
            return False
        if not readers:
            return True
        return not self.whom and (self.key in readers or (self.renews and set(readers) <= set(self.former)))

    @property
    def renews(self) -> bool:
        """Whether the tip gets another identity by it."""
        return self.does is Action.RENEW

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
    """A link of a chain, what the summary was before and after it, and to whom (keys) it is restricted then."""

    link: Link
    before: Parts
    after: Parts
    readers: tuple[str, ...] = ()


class Exchanges:
    """Looks up what the log shows in the place of what; members are named as the roster calls them."""

    def __init__(self, file: MirrorFile, roster: Roster) -> None:
        self._file = file
        self._names = {member.card.key_id: roster.label(member.card.key_id) for member in roster.members}
        self._until = {member.card.key_id: member.until for member in roster.members if member.until is not None}

    def of(self, tip: str) -> tuple[Link, ...]:
        """All of a tip, in the order of the log."""
        return self.all_of([tip]).get(tip, ())

    def all_of(self, tips: Iterable[str]) -> dict[str, tuple[Link, ...]]:
        """All of these tips, by tip, each in the order of the log; nothing of tips that have none."""
        found: dict[str, list[Link]] = {}
        for row in sorted(self._file.where(EXCHANGED, "tip", *tips), key=lambda row: int(row[2])):
            found.setdefault(str(row[1]), []).append(self._link(row))
        return {tip: tuple(links) for tip, links in found.items()}

    def renewed(self) -> set[str]:
        """The tips that ever got another identity, so far as the log says."""
        return set(self._file.keys("SELECT tip FROM exchanged WHERE does = ?", (Action.RENEW.value,)))

    def restricted(self) -> set[str]:
        """The tips that were ever restricted to some."""
        return set(self._file.keys("SELECT tip FROM exchanged WHERE readers <> ''"))

    def let_in(self, key: str) -> set[str]:
        """The tips that a member was let into, so far as the log says, whatever the desk did of it."""
        return set(self._file.keys("SELECT tip FROM exchanged WHERE whom = ?", (key,)))

    def _link(self, row: Row) -> Link:
        _, tip, place, who, at, does, whom, old_header, old_payload, new_header, new_payload, readers = row
        author = Author(self._names.get(who, ""), datetime.fromisoformat(at), place)
        old, new = Parts(old_header, old_payload), Parts(new_header, new_payload)
        keys = tuple(readers.split())
        named = tuple(self._names.get(key, "") for key in keys)
        former = self._former(author.at) if does == Action.RENEW else ()
        return Link(tip, author, who, Action(does), whom, self._names.get(whom, ""), old, new, keys, named, former)

    def _former(self, at: datetime) -> tuple[str, ...]:
        return tuple(sorted(key for key, until in self._until.items() if until <= at))


def walk(links: Sequence[Link], seen: Parts) -> list[Step]:
    """The steps that lead on from what was seen, in the order of the log.

    Links that start elsewhere are none, nor are those of members whom a restriction of then leaves out, or renewals
    beyond the number that a tip may have.
    """
    steps: list[Step] = []
    restriction = restricted_by(links, seen)
    before, readers, renewals = seen, restriction.readers if restriction else (), count_renewals(links, seen)
    for link in links:
        if link.may_follow(readers, renewals) and (after := link.after(before)):
            readers = link.readers if link.renews else readers
            renewals += link.renews
            steps.append(Step(link, before, after, readers))
            before = after
    return steps


def restricted_by(links: Sequence[Link], parts: Parts) -> Link | None:
    """The renewal that restricts a summary of these parts to some; None if it is for all."""
    renewal = last_renewal(links, parts)
    return renewal if renewal is not None and renewal.readers else None


def last_renewal(links: Sequence[Link], parts: Parts) -> Link | None:
    """The renewal that a summary of these parts comes from; None if it is of the tip's first identity."""
    return next((link for link in reversed(history(links, parts)) if link.renews), None)


def count_renewals(links: Sequence[Link], parts: Parts) -> int:
    """How often a tip was renewed until it had a summary of these parts."""
    return sum(link.renews for link in history(links, parts))


def first_payload(links: Sequence[Link], parts: Parts) -> str:
    """The payload (SHA-256, hex) that a summary of these parts had before it was ever renewed."""
    return next((link.old.payload for link in history(links, parts) if link.renews), parts.payload)


def chain(links: Sequence[Link], seen: Parts, now: Parts, place: int) -> Sequence[Step] | None:
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


def is_renewed(steps: Iterable[Step]) -> bool:
    """Whether a tip got another identity by any of these."""
    return renewals_in(steps) > 0


def renewals_in(steps: Iterable[Step]) -> int:
    """How often a tip got another identity by these."""
    return sum(step.link.renews for step in steps)


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
    """How many people a summary is sealed to that it was not at first, or when it was renewed."""
    since = takewhile(lambda link: not link.renews, reversed(history(links, parts)))
    return sum(bool(link.whom) for link in since)


def _makes(link: Link, parts: Parts) -> bool:
    return link.new.header == parts.header and link.new.payload in ("", parts.payload)


def exchanged_rows(place: int, entry: Entry) -> Iterator[Row]:
    """What an entry puts in the place of summaries, for the file."""
    if entry.request is None or entry.action not in (Action.REWRAP, Action.RENEW):
        return
    body = (entry.request.body or "").encode()
    when = place, entry.who, entry.at.isoformat(), entry.action.value
    if entry.action is Action.REWRAP:
        manifest = parse_manifest(body)
        for each in manifest.exchanges:
            yield (f"{place}/{each.tip}", each.tip, *when, manifest.whom, each.old, "", each.new, "", "")
    else:
        renewals = parse_renewals(body)
        for renewal in renewals.renewals:
            old, new = (renewal.old_header, renewal.old_payload), (renewal.header, renewal.payload)
            yield (f"{place}/{renewal.tip}", renewal.tip, *when, "", *old, *new, " ".join(renewals.readers))


def keep_exchanged(file: MirrorFile, rows: Iterable[Row]) -> None:
    """Keep what the log shows."""
    file.put(EXCHANGED, *rows)
