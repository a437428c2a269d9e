"""A reviewer's opening key is exchanged for a newer one, and the older one destroyed: who takes it later has no other.

Each step is durable before the next begins, and what is to be done next follows from the key file and the verified log
alone, so that it goes on after whatever ended it:

1. A new identity lies in the key file.
2. It is on the card: the log holds that, and what comes from then on is sealed to it.
3. It takes the place of the older one in every summary, and in whatever is kept here.
4. Nothing is left for the older one, nor comes any more: it is destroyed.

Of two machines the one whose card the log holds is first. The other finds that, and takes over the new identity: the
first has deposited it at the desk, sealed to the one before.

Where a copy of the server from before is put back, the card names a recipient whose identity was destroyed. It is known
again by its digest, and the newest one is put on the card once more.
"""

from collections.abc import Callable, Collection, Iterable, Sequence
from contextlib import suppress
from datetime import timedelta

from crypto.age import (
    AgeError,
    HybridIdentity,
    HybridRecipient,
    NoMatch,
    exchange_stanza,
    parse_identity,
    seal,
    split,
    unseal,
)
from intake.protocol.card import Role, issue_card
from intake.protocol.index import TipRow
from intake.protocol.logstate import LogState
from intake.protocol.rekey import Rekey, digest_of
from intake.protocol.roster import Member
from intake.triage.access.exchanging import DoneError, Exchanging
from intake.triage.desk.client import DeskClient, DeskError
from intake.triage.keys.keyfile import MemberKeys
from intake.triage.keys.opening import OpeningKeys
from intake.triage.mirror.added import Author
from intake.triage.mirror.exchanged import Step, restricted_by
from intake.triage.mirror.known import parts_of
from intake.triage.mirror.tips import Tips, summary_name
from intake.triage.progress import Progress

EVERY = timedelta(days=30)
"""How long a reviewer's recipient stays on their card."""

GRACE = timedelta(days=2)
"""How long the older identity stays at least: what was sealed to it may wait for a gate, which is a day at most."""


_SHORT = 8
"""Digits of an id that tell a report."""


class LostKeyError(Exception):
    """The member's card has a recipient whose identity none of their machines has, in words for the member."""


class Rekeying:
    """Of one member. `opening` changes with each step.

    `left_out`: what a colleague's program did to keep them from opening reports, in words; empty if nothing was found.
    """

    def __init__(self, client: DeskClient, tips: Tips, exchanging: Exchanging, keys: MemberKeys) -> None:
        if keys.opening is None:
            raise ValueError("only a reviewer has identities")
        self._client = client
        self._tips = tips
        self._exchanging = exchanging
        self._keys = keys
        self._opening: OpeningKeys = keys.opening
        self._newest: set[tuple[str, str]] = set()
        self._before: int | None = None
        self.left_out = ""

    def is_due(self, log: LogState) -> bool:
        """Whether there is anything to do, as far as that is known without looking into summaries."""
        member = log.roster.member(self._client.journal.key)
        if member is None or member.until is not None or member.card.recipient is None:
            return False
        opening = self._opening
        if not any(map(opening.has, member.recipients)):
            # Otherwise somebody else's, to which nothing leads: `alarms.of_own_card`.
            return opening.has_destroyed(member.card.recipient)
        is_old = log.clock.last - member.sealed_since >= EVERY and opening.may_begin(log.log)
        return is_old or len(opening.identities) > 1 or not opening.has(member.card.recipient)

    def begin(self, log: LogState) -> bool:
        """Steps 1 and 2, and taking over from another machine. Returns whether a fetch has to show what came of it.

        Raises `LostKeyError`, `DeskError`, or `OSError` where the key file can't be written: it goes on later.
        """
        member = self._member(log)
        recipient, opening = member.card.recipient, self._opening
        if recipient is None:
            return False
        if opening.has_destroyed(recipient):
            # A copy of the server from before was put back: until then, what comes is sealed to a key of nobody's.
            self._send(opening.unsent or opening.current, member.card.role, recipient)
            return True
        if not opening.has(recipient):
            self._take_over(recipient, log)
            return True
        if opening.unsent is not None and opening.unsent.recipient == recipient:
            opening.confirm()
        if opening.unsent is None and log.clock.last - member.sealed_since >= EVERY and opening.may_begin(log.log):
            opening.begin(HybridIdentity.generate(), log.log)
        if opening.unsent is not None:
            self._send(opening.unsent, member.card.role, recipient)
            return True
        return False

    def exchange(self, progress: Progress, stopped: Callable[[], bool]) -> bool:
        """Step 3 for summaries, until `stopped`. Returns whether any was exchanged; errors as `Exchanging.run`."""
        self.left_out = ""
        if not self._opening.older or self._opening.unsent is not None:
            self._before = None
            return False
        left, done, left_out = self._left(), 0, set[str]()
        # A desk that says that it has done it, and shows the same as before, is not asked on and on.
        if self._before is not None and len(left) >= self._before:
            return False
        # One that says that it can't is asked again at the next fetch.
        self._before = None
        with progress("Exchanging your key for the newer one", len(left)) as told:
            for sent in self._exchanging.run(left, self._exchanged):
                done += len(sent.exchanged)
                left_out |= sent.left_out
                for tip in sent.closed:
                    self._keep_here(tip)
                told(done)
                if stopped():
                    break
        self.left_out = self._who_left_out(left_out)
        self._before = len(left)
        return done > 0

    def may_destroy(self, log: LogState) -> bool:
        """Whether nothing of the reports is left for older identities, and nothing comes any more."""
        since = self._member(log).rekeyed
        is_over = since is not None and log.clock.last - since >= GRACE
        return bool(self._opening.older) and self._opening.unsent is None and is_over and not self._left()

    def keep_gone(self) -> None:
        """Exchange the stanzas in what is kept of tips that the index lacks: nobody can do that at the desk.

        Otherwise whoever leaves a tip out of an index while a key passes away would have it destroyed here.
        """
        for tip in self._tips.gone(self._tips.fetched.place):
            self._keep_here(tip)

    def _keep_here(self, tip: str) -> None:
        """Exchange the stanza in what is kept of a tip, here alone, whatever stands at the desk."""
        summary = self._tips.sealed(summary_name(tip))
        if summary is not None:
            with suppress(AgeError):
                self._tips.reseal(tip, self._exchanged(split(summary).header))

    def _member(self, log: LogState) -> Member:
        member = log.roster.member(self._client.journal.key)
        if member is None:
            raise LostKeyError("The log does not hold that you are a member")
        return member

    def _send(self, new: HybridIdentity, role: Role, replaced: HybridRecipient) -> None:
        card = issue_card(role, self._keys.signing, new)
        handover = seal(str(new).encode(), [replaced])
        if not self._client.rekey(Rekey(card, digest_of(replaced)), handover):
            # Maybe this very one, whose answer was lost.
            raise DeskError("the desk says that there is another on your card by now, which the next fetch shows")

    def _take_over(self, recipient: HybridRecipient, log: LogState) -> None:
        """Come by the identity that is on the card, from any that is here: what was handed over is a chain."""
        handed, newer = self._client.handovers(), list[HybridIdentity]()
        known = list(self._opening.identities)
        while known[0].recipient != recipient or not newer:
            found = next(filter(None, (_opened(each, known) for each in handed)), None)
            if found is None:
                raise LostKeyError(
                    "By the log, your key for reading was exchanged for another, and none of your machines has handed "
                    "that over to this one"
                )
            newer.insert(0, found)
            known.insert(0, found)
        if self._opening.unsent is not None:
            self._opening.discard()
        self._opening.take_over(tuple(newer), log.log)

    def _left(self) -> set[str]:
        """The tips whose summary, as it is kept here, an older identity opens and the newest doesn't."""
        rows = self._tips.shown(self._tips.ids())
        return {tip for tip, row in rows.items() if (tip, row.header) not in self._newest and self._is_left(row)}

    def _is_left(self, row: TipRow) -> bool:
        summary = self._tips.sealed(summary_name(row.id))
        if summary is None:
            # What nobody has looked into may be for anybody.
            return True
        opens = [_opens(summary, identity) for identity in self._opening.identities]
        if opens[0] or not any(opens) or self._is_shut_out(row):
            self._newest.add((row.id, row.header))
            return False
        return True

    def _who_left_out(self, tips: Collection[str]) -> str:
        """Who may have kept this member from opening tips, by the log, in words; empty where it explains nothing."""
        explained = self._tips.explained(tips)
        authors = {f"{author.name} ({author.at:%Y-%m-%d})" for author in _authors(explained.values())}
        first = next(iter(sorted(explained)), "")
        what = f"{_reports(len(explained))} ({first[:_SHORT]}…)"
        return first and f"{' or '.join(sorted(authors))} exchanged who can open {what}, and left you out"

    def _is_shut_out(self, row: TipRow) -> bool:
        """Whether by the log a tip is restricted to others: what is kept of it can't be exchanged, and is given up."""
        restriction = restricted_by(self._tips.links(row.id), parts_of(row))
        return restriction is not None and self._client.journal.key not in restriction.readers

    def _exchanged(self, header: bytes) -> bytes:
        is_any = False
        for identity in self._opening.older:
            with suppress(NoMatch):
                header = exchange_stanza(header, identity, self._opening.current.recipient)
                is_any = True
        if not is_any:
            # Raises what it is, unless another machine has done it.
            exchange_stanza(header, self._opening.current, self._opening.current.recipient)
            raise DoneError("the newest identity opens it already")
        return header


def _authors(chains: Iterable[Sequence[Step]]) -> Iterable[Author]:
    return (step.link.author for steps in chains for step in steps)


def _reports(count: int) -> str:
    return "a report" if count == 1 else f"{count} reports"


def _opens(summary: bytes, identity: HybridIdentity) -> bool:
    try:
        unseal(summary, [identity])
    except AgeError:
        return False
    return True


def _opened(handover: bytes, known: Sequence[HybridIdentity]) -> HybridIdentity | None:
    """The identity in a handover, if it can be opened here and isn't known."""
    with suppress(AgeError, UnicodeDecodeError):
        identity = parse_identity(unseal(handover, known).decode())
        if isinstance(identity, HybridIdentity) and all(identity.recipient != each.recipient for each in known):
            return identity
    return None
