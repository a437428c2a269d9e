"""Tips get another identity after a reviewer was revoked, in the background: what comes later opens without the old.

What has to be renewed follows from the log and the index, so nothing is kept of it: a program that ends goes on. Every
reviewer's program does this, in an order of its own; what another was faster with, the desk refuses.
"""

import secrets
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from threading import Event

from crypto.age import AgeError, HybridRecipient
from crypto.padding import PaddingError
from intake.hygiene import fault
from intake.protocol import limits
from intake.protocol.logstate import LogState
from intake.protocol.renewal import MOST, Renewal, Renewals, Renewed, may_renew
from intake.report.events import ENDED
from intake.report.payloads import PayloadFormatError
from intake.triage.book import Wanted
from intake.triage.desk.client import DeskClient, DeskError, DeskRefusedError
from intake.triage.home import Home
from intake.triage.keys.opening import OpeningKeys
from intake.triage.mirror.exchanged import Exchanges, count_renewals, restricted_by
from intake.triage.mirror.known import parts_of
from intake.triage.mirror.tips import Tips, summary_name
from intake.triage.outbox.renewing import renew
from intake.triage.reading.outlived import outlived
from intake.triage.workspace.people import People
from intake.triage.workspace.shown import Shown

_LARGEST = limits.RENEWALS - 100_000
"""Bytes of a request, without its manifest."""


_TOO_OFTEN = (
    "this report was given another key so often that the room which is left is kept for when a reviewer is revoked"
)


class RenewalError(Exception):
    """A tip can't get another identity now, in words for the reviewer."""


@dataclass(frozen=True, slots=True)
class _Made:
    """A renewal, as the log will name it and as it travels; to whom (key ids) it is restricted, or that it `opens`."""

    renewal: Renewal
    renewed: Renewed
    readers: tuple[str, ...]
    opens: bool

    @property
    def size(self) -> int:
        return len(self.renewed.to_bytes())


class Renewing:
    """What is to be renewed, and the thread that does it.

    `pending`: by tip, the former reviewers (key ids) who may open what is sealed to it from now on. `problem`: why
    nothing of it is done, in words; empty if it is. `idle`: set while nothing is to be done that wasn't tried.
    """

    def __init__(
        self, client: DeskClient, home: Home, kept: Tips, keys: OpeningKeys, people: People, shown: Shown
    ) -> None:
        self._client, self._home, self._kept, self._keys = client, home, kept, keys
        self._people, self._shown = people, shown
        self.pending: Mapping[str, frozenset[str]] = {}
        self.problem = ""
        self.idle = Event()
        self.idle.set()
        self._wanted = Event()
        self._stopped = False
        self._tried: set[tuple[str, str, str]] = set()
        """Tips with the summaries that were asked to be replaced: once, whatever a desk answers."""

    def stop(self) -> None:
        """Begin nothing more."""
        self._stopped = True
        self._wanted.set()

    def plan(self, log: LogState) -> None:
        """Look what there is to be renewed by now, and let it be done."""
        self.pending = outlived(self._home.mirror, log)
        if self._untried():
            self.idle.clear()
            self._wanted.set()

    @property
    def says(self) -> list[str]:
        """What is still to be done, in words, a sentence for each former reviewer."""
        counts = Counter(key for keys in self.pending.values() for key in keys)
        why = f" Not done yet: {self.problem}." if self.problem else ""
        return [
            f"{count} {'report is' if count == 1 else 'reports are'} still open to what {self._people.name(key)} kept: "
            "until your team's programs have given them other keys, whoever holds that and gets a copy of the server "
            f"can read what comes for them.{why}"
            for key, count in sorted(counts.items())
        ]

    def run(self, done: Callable[[], object]) -> None:
        """Renew what there is and what comes, until this is stopped. `done` is called when something was."""
        while True:
            self._wanted.wait()
            self._wanted.clear()
            if self._stopped:
                return
            try:
                if self.take_turn():
                    done()
            except Exception as error:  # noqa: BLE001 - it must go on, and must not seem to go well
                self.problem = fault(error)
            if not self._wanted.is_set():
                self.idle.set()

    def take_turn(self) -> bool:
        """Try once to renew all that there is. Returns whether anything was asked of the desk."""
        asked = False
        for part in self._parts(self._untried()):
            if self._stopped:
                break
            try:
                self._send(part)
            except DeskError as error:
                self.problem = str(error)
                break
            asked, self.problem = True, ""
            self._tried |= {(each.renewal.tip, each.renewal.old_payload, each.renewal.old_header) for each in part}
        return asked

    def restrict(self, tip: str, readers: Collection[str]) -> None:
        """Have a tip read by these reviewers (key ids) alone from now on; by all, if there are none.

        Where a colleague put something there that can't be used, it goes on from what is kept here. `RenewalError` or
        `DeskError` if that wasn't done.
        """
        made = self._made(tip, tuple(sorted(readers)), mends=True)
        if made is None:
            raise RenewalError("this report could not be opened as the server shows it now: fetch, and try again")
        try:
            others = self._send([made])
        except DeskRefusedError as refused:
            if refused.status != HTTPStatus.PRECONDITION_FAILED:
                raise
            others = [tip]
        if others:
            raise RenewalError("somebody else has just changed who can read this: fetch, and look again")

    def _send(self, part: Sequence[_Made]) -> Collection[str]:
        renewals = Renewals(tuple(each.renewal for each in part), part[0].readers, part[0].opens)
        return self._client.renew(renewals, [each.renewed for each in part])

    def _untried(self) -> list[str]:
        """What is to be renewed, in no order but that work that has ended comes last."""
        rows = self._kept.shown(self.pending)
        tips = [tip for tip, row in rows.items() if (tip, row.payload, row.header) not in self._tried]
        secrets.SystemRandom().shuffle(tips)
        ended = self._shown.book.fitting(Wanted({"status": tuple(ENDED)}))
        return sorted(tips, key=lambda tip: tip in ended)

    def _parts(self, tips: Sequence[str]) -> Iterator[Sequence[_Made]]:
        """All that can be renewed of these, as much at once as a request may hold."""
        parts: dict[tuple[str, ...], list[_Made]] = {}
        for tip in tips:
            try:
                made = self._made(tip, None)
            except RenewalError as error:
                self.problem = str(error)
                continue
            if made is None:
                continue
            part = parts.setdefault(made.readers, [])
            if len(part) == MOST or sum(each.size for each in part) + made.size > _LARGEST:
                yield _in_order(part)
                part.clear()
            part.append(made)
        yield from map(_in_order, parts.values())

    def _made(self, tip: str, readers: tuple[str, ...] | None, *, mends: bool = False) -> _Made | None:
        """The renewal of a tip, for those to whom it is restricted now, or for these; None if it can't be opened.

        `mends`: also where what stands there now could not be put in the place of what is kept.
        """
        log, row, known = self._shown.log, self._kept.shown([tip]).get(tip), self._kept.known(tip).get(tip)
        summary = self._kept.sealed(summary_name(tip))
        if log is None or row is None or known is None or summary is None:
            return None
        # What stands there now must be what was looked into.
        if not mends and row.payload != known.payload:
            return None
        reviewers = {member.card.key_id for member in log.roster.reviewers}
        links = Exchanges(self._home.mirror, log.roster).of(tip)
        restriction = restricted_by(links, parts_of(row))
        if readers is None:
            readers = () if restriction is None else tuple(sorted(reviewers.intersection(restriction.readers)))
            if restriction is not None and not readers:
                return None
        if self._people.me not in (readers or reviewers):
            return None
        revoked = sum(member.until is not None for member in log.roster.members)
        if not may_renew(count_renewals(links, parts_of(row)), revoked):
            raise RenewalError(_TOO_OFTEN)
        try:
            renewed = renew(summary, self._keys.identities, _recipients(log, readers))
        except (AgeError, PayloadFormatError):
            return None
        except PaddingError as error:
            raise RenewalError(_TOO_OFTEN) from error
        opens = restriction is not None and not readers
        return _Made(renewed.of(tip, row.header, row.payload), renewed, readers, opens)


def _recipients(log: LogState, readers: Collection[str]) -> list[HybridRecipient]:
    cards = [member.card for member in log.roster.reviewers]
    return [card.recipient for card in cards if card.recipient is not None and (not readers or card.key_id in readers)]


def _in_order(part: Sequence[_Made]) -> Sequence[_Made]:
    return sorted(part, key=lambda each: each.renewal.tip)
