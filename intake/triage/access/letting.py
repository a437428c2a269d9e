"""Colleagues are let in to what came before they were enrolled: all of it, or what somebody chose.

What was chosen is kept until it is done, so that it goes on after whatever ended it. Done is what the log says.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import partial

from crypto.age import AgeError, HybridIdentity, HybridRecipient, admit, split, stanza_count
from intake.protocol.index import TipRow
from intake.protocol.logstate import LogState
from intake.protocol.roster import Member
from intake.triage.access.exchanging import Exchanging
from intake.triage.mirror.exchanged import Exchanges, Link, Parts, history, last_renewal, let_in
from intake.triage.mirror.file import MirrorFile
from intake.triage.mirror.known import parts_of
from intake.triage.mirror.tables import LETTING
from intake.triage.mirror.tips import Tips, summary_name
from intake.triage.progress import Progress


class Letting:
    """What colleagues are let in to from this machine."""

    def __init__(self, file: MirrorFile) -> None:
        self._file = file
        self._tips = Tips(file)

    def older(self, log: LogState, key: str) -> list[str]:
        """The tips that were not sealed to a reviewer, since they came before that one, and that they lack still."""
        member = log.roster.member(key)
        if member is None or member.card.recipient is None:
            return []
        since = member.since.date().isoformat()
        rows = [row for row in self._tips.shown(self._tips.ids()).values() if row.day <= since]
        lacking = _lacking(rows, Exchanges(self._file, log.roster), member)
        same_day = {row.id for row in rows if row.day == since} & lacking
        return sorted(lacking - self._sealed_on_the_day(same_day, log, member))

    def lacked_by(self, log: LogState, tip: str) -> list[str]:
        """The key ids of the reviewers who can't read a tip, since it came before them and nobody let them in."""
        row = self._tips.shown([tip]).get(tip)
        if row is None:
            return []
        links = Exchanges(self._file, log.roster).all_of([tip]).get(tip, ())
        return [
            member.card.key_id
            for member in log.roster.reviewers
            if row.day <= (since := member.since.date().isoformat())
            and not _is_settled(links, parts_of(row), member)
            and not (row.day == since and self._sealed_on_the_day([tip], log, member))
        ]

    def _sealed_on_the_day(self, tips: Collection[str], log: LogState, member: Member) -> set[str]:
        """Those that came on the day of an enrolment, and after it: they are sealed to as many as there were then."""
        readers = [other for other in log.roster.members if other.card.recipient is not None and _was(other, member)]
        links = Exchanges(self._file, log.roster).all_of(tips)
        return {
            tip
            for tip, known in self._tips.known(*tips).items()
            if _stanzas(self._tips.sealed(summary_name(tip)) or b"") - let_in(links.get(tip, ()), known.parts)
            >= len(readers)
        }

    def choose(self, key: str, tips: Iterable[str]) -> None:
        """Let a reviewer in to these; it is done by and by."""
        self._file.put(LETTING, *((f"{key}/{tip}", key, tip) for tip in tips))

    def stop(self, key: str) -> None:
        """Let a reviewer in to no more than what they have been let in to by now."""
        self._file.remove(LETTING, *(name for name, _, _ in self._file.where(LETTING, "key", key)))

    def left(self) -> Mapping[str, int]:
        """How many are yet to be done, by the reviewer's key."""
        return Counter(self._file.keys("SELECT key FROM letting"))

    def take_turn(
        self,
        exchanging: Exchanging,
        log: LogState,
        identities: Sequence[HybridIdentity],
        progress: Progress,
        stopped: Callable[[], bool],
    ) -> bool:
        """Do what there is to do, until `stopped`. Returns whether anything was done, which then shows with a fetch.

        Errors as `Exchanging.run`. What can't be opened here is chosen no more, nor what the log says is done.
        """
        is_any_done = False
        for key in sorted(self.left()):
            member = log.roster.member(key)
            if member is None or member.until is not None or member.card.recipient is None:
                self.stop(key)
                continue
            wanted = self._wanted(log, member)
            change = partial(_let_in, identities=identities, recipient=member.card.recipient)
            done = 0
            with progress(f"Letting {log.roster.label(key)} read older reports", len(wanted)) as told:
                for sent in exchanging.run(wanted, change, key):
                    self._over(key, sent.exchanged | sent.closed)
                    is_any_done |= bool(sent.exchanged)
                    done += len(sent.exchanged | sent.closed)
                    told(done)
                    if stopped():
                        return is_any_done
        return is_any_done

    def _wanted(self, log: LogState, member: Member) -> set[str]:
        key = member.card.key_id
        chosen = {str(tip) for _, _, tip in self._file.where(LETTING, "key", key)}
        lacking = _lacking(self._tips.shown(chosen).values(), Exchanges(self._file, log.roster), member)
        # What is gone, or was done while its answer was lost.
        self._over(key, chosen - lacking)
        return lacking

    def _over(self, key: str, tips: Collection[str]) -> None:
        if tips:
            self._file.remove(LETTING, *(f"{key}/{tip}" for tip in tips))


def _let_in(header: bytes, identities: Sequence[HybridIdentity], recipient: HybridRecipient) -> bytes:
    return admit(header, identities, [recipient])


def _lacking(rows: Iterable[TipRow], exchanges: Exchanges, member: Member) -> set[str]:
    """Those that the log doesn't say a reviewer reads: let in by a colleague, or since it got another identity.

    Nobody is let in to what is restricted to some: one of those does that by restricting it to others.
    """
    shown, key = {row.id: row for row in rows}, member.card.key_id
    named = exchanges.all_of((exchanges.let_in(key) | exchanges.renewed()) & shown.keys())
    return shown.keys() - {tip for tip, links in named.items() if _is_settled(links, parts_of(shown[tip]), member)}


def _is_settled(links: Sequence[Link], parts: Parts, member: Member) -> bool:
    renewal = last_renewal(links, parts)
    if renewal is not None and (renewal.readers or renewal.author.at >= member.since):
        return True
    return any(link.whom == member.card.key_id for link in history(links, parts))


def _was(other: Member, member: Member) -> bool:
    """Whether somebody was a member right after another was enrolled."""
    return other.since <= member.since and (other.until is None or other.until > member.since)


def _stanzas(summary: bytes) -> int:
    try:
        return stanza_count(split(summary).header)
    except AgeError:
        return 0
