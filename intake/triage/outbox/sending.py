"""What a reviewer writes leaves by itself: it is sealed, kept and shown at once, and sent when the desk takes it.

One thread sends what is in the outbox, in the order in which it was written; nobody waits for the desk, and it does not
wait for the fetch that shows what was sent. What the desk took stays here until the log holds it, since the log alone
says that something is sent.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from enum import Enum
from hashlib import sha256
from http import HTTPStatus
from threading import Event, Lock

from crypto.age import AgeError, HybridRecipient, parse_recipient, seal
from intake.hygiene import fault
from intake.protocol import limits
from intake.protocol.index import sha256_hex
from intake.protocol.newtip import parse_new_tip
from intake.report import events
from intake.report.events import Referral
from intake.report.payloads import Opened, Reply
from intake.triage.desk.client import DeskClient, DeskError, DeskRefusedError, NotSentError
from intake.triage.keys.opening import OpeningKeys
from intake.triage.outbox.making import Told, for_readers, sealed_parts, shown
from intake.triage.outbox.renewing import for_newest
from intake.triage.outbox.unsent import LogWord, Outbox, OutboxError, Step, TypedReport, Unsent, new_form
from intake.triage.reading.casework import hands_on
from intake.triage.reading.opentip import OpenTip
from intake.triage.reading.standing import NOTHING, Ahead, Change

_SOON = 5.0
_LATEST = 300.0
"""Seconds until what could not be sent is tried again: the first time, and at most. Each time is twice as long."""
_AFTER = "what was written for this report before it goes first"
_HAS_IT = "the desk says that it has this already; it stays here until the log shows that"


class SealError(Exception):
    """Something can't be sealed to those who should read it, in words for the reviewer."""


class Whereabouts(Enum):
    """Where something is that was written."""

    HERE = "here"
    """Nothing of it has left, or the desk itself said that it doesn't take it."""
    UNCERTAIN = "uncertain"
    """It has begun to leave, and no answer came: it may have arrived."""
    THERE = "there"
    """The desk says that it has it."""


@dataclass(frozen=True, slots=True)
class TheLog:
    """What the verified log says.

    `holds`: whether an item was added by this member; `takes_back`: whether one was taken back, by whomever; `shows`:
    whether the index that goes with it has a tip; `readers`: all active reviewers, none if no log was ever fetched;
    `opened`: a tip as it was opened, if it was.
    """

    holds: Callable[[str], bool]
    takes_back: Callable[[str], bool]
    shows: Callable[[str], bool]
    readers: Callable[[], Sequence[HybridRecipient]]
    opened: Callable[[str], OpenTip | None]


class Sending:
    """What is to be sent, and the thread that sends it.

    `sent` is called when something was sent, and has it fetched without waiting for that.
    """

    def __init__(
        self,
        client: DeskClient,
        outbox: Outbox,
        keys: OpeningKeys,
        log: "TheLog",
        sent: Callable[[], object],
    ) -> None:
        self._client, self._outbox, self._keys = client, outbox, keys
        self._is_logged, self._readers, self._tell_sent = log.holds, log.readers, sent
        self._is_taken_back, self._is_shown, self._opened = log.takes_back, log.shows, log.opened
        outbox.belongs_to(keys.current.recipient)
        self._kept = {unsent.item: unsent for unsent in outbox.open(keys.identities)}
        self._keeping = Lock()
        self._last: dict[tuple[str, str, str], tuple[str, Unsent]] = {}
        self._shown: set[str] = set()
        self._looks: deque[OpenTip] = deque()
        # Of what was kept before this program started, nobody knows.
        self._begun = {unsent.item for unsent in self._kept.values() if unsent.sealed}
        self._taken: set[str] = set()
        self._failed: dict[str, str] = {}
        self._wanted = Event()
        self._waking = Lock()
        self._stopped = False
        self.problem = ""
        """What keeps looks at reports, or what was sent, from being noted, in words; empty if nothing does."""
        self.tried = Event()
        """Set while nothing waits for its first attempt."""

    @property
    def drafts(self) -> list[Unsent]:
        """What was typed and is not sealed to its tip: whoever typed it may have been locked out, and is asked."""
        return [unsent for unsent in self._in_order() if unsent.is_draft]

    @property
    def under_way(self) -> list[Unsent]:
        """What leaves by itself, in the order in which it was written: events, notes and replies."""
        return [unsent for unsent in self._in_order() if unsent.is_written and unsent.sealed]

    @property
    def ahead(self) -> dict[str, Ahead]:
        """By tip, what leaves for it by itself."""
        ahead: dict[str, Ahead] = {}
        for unsent in self.under_way:
            known = ahead.get(unsent.tip, NOTHING)
            made = (Change(unsent.item, unsent.payload),) if isinstance(unsent.payload, events.Event) else ()
            answers = known.answers or isinstance(unsent.payload, Reply)
            ahead[unsent.tip] = Ahead(known.items | {unsent.item}, (*known.changes, *made), answers)
        return ahead

    def failure(self, item: str) -> str:
        """Why something was not sent when that was tried last, in words; empty if it wasn't, or if it was sent."""
        return self._failed.get(item, "")

    def whereabouts(self, item: str) -> Whereabouts:
        """Whether something is still here alone."""
        if item in self._taken:
            return Whereabouts.THERE
        return Whereabouts.UNCERTAIN if item in self._begun else Whereabouts.HERE

    def write(self, unsent: Unsent, tip: OpenTip | None, draft: str = "") -> str:
        """Seal what somebody wrote for a tip, and let it leave: once, however often the same is asked for in turn.

        Returns the id that it has.

        `draft`: the item that it was made from. Raises `OutboxError` if it can't be kept. If it can't be sealed, it is
        kept as a draft, and `SealError` says why; without a tip, it just is.
        """
        with self._keeping:
            unsent = self._once(unsent)
            if not self._is_logged(unsent.item):
                unsent = self._kept.get(unsent.item, unsent)
                if not unsent.sealed:
                    # A draft, too, gets its place now.
                    unsent = replace(unsent, order=self._next_order())
                    self._keep(unsent)
                if tip is not None and not unsent.sealed:
                    sealed = replace(unsent, sealed=self._seal(unsent, tip))
                    # Behind it, so that what the log is told of is there.
                    word = sealed.word if self._is_told(sealed, tip) else None
                    self._keep(sealed, *([] if word is None else [replace(word, order=self._next_order())]))
            if draft != unsent.item and any(each.item == draft for each in self.drafts):
                self._drop(draft)
        self.hurry()
        return unsent.item

    def export(self, unsent: Unsent, tip: OpenTip) -> None:
        """Have the log hold that a file of a tip leaves, as this event says, and then let the event itself leave.

        Waits for the desk: what leaves must be an entry before it does. Raises `DeskError`, `SealError` and
        `OutboxError`; nothing may be given out then.
        """
        self._tell_first(unsent, tip, self._client.say_exported)

    def approve(self, unsent: Unsent, tip: OpenTip, draft: str = "") -> str:
        """Have the log hold that a lead lets something of a tip leave; otherwise as `export`, and the same one once.

        Returns the id that it has. `draft`: the item that it was made from.
        """
        with self._keeping:
            unsent = self._once(unsent)
            is_told = self._is_logged(unsent.item) or bool(self._kept.get(unsent.item, unsent).sealed)
        if not is_told:
            self._tell_first(unsent, tip, self._client.say_approved)
        with self._keeping:
            if draft != unsent.item and any(each.item == draft for each in self.drafts):
                self._drop(draft)
        return unsent.item

    def _tell_first(self, unsent: Unsent, tip: OpenTip, say: Callable[[str, str], None]) -> None:
        sealed = replace(unsent, sealed=self._seal(unsent, tip))
        say(tip.id, sha256(sealed.sealed).hexdigest())
        with self._keeping:
            self._keep(replace(sealed, order=self._next_order()))
        self.hurry()

    def make(self, unsent: Unsent, told: Told | None = None, draft: str = "") -> None:
        """Make a tip of what somebody `told`, or a dossier of the team's, and let it leave; the same one never twice.

        `draft`, and what is raised: as for `write`.
        """
        with self._keeping:
            if not self._is_logged(unsent.item) and not self._kept.get(unsent.item, unsent).sealed:
                unsent = replace(unsent, order=self._next_order())
                if unsent.is_written:
                    self._keep(unsent)
                readers = self._readers()
                if self._keys.current.recipient not in readers:
                    raise SealError("it isn't known yet who its readers are: that comes with the first fetch")
                parts = sealed_parts(unsent, told, readers)
                if len(parts[0].sealed) > limits.NEW_TIP:
                    raise SealError("this is more than can be sent at once; put a part of it into a note afterwards")
                self._keep(*parts)
            if draft != unsent.item and any(each.item == draft for each in self.drafts):
                self._drop(draft)
        self.hurry()

    def made(self, tip: str) -> OpenTip | None:
        """A tip that this member has made and that is still under way, as it will be; None if there is none."""
        kept = [unsent for unsent in self._in_order() if unsent.tip == tip and unsent.sealed]
        making = next((unsent for unsent in kept if unsent.makes), None)
        return None if making is None else shown(making, kept, self._keys)

    @property
    def entered(self) -> list[Unsent]:
        """The reports that this member entered and that have not left, drafts first."""
        return [unsent for unsent in (*self.drafts, *self.under_way) if unsent.makes]

    @property
    def making(self) -> list[Unsent]:
        """The tips that this member has made and that are still under way."""
        return [unsent for unsent in self._in_order() if unsent.makes and unsent.sealed]

    @staticmethod
    def _is_told(unsent: Unsent, tip: OpenTip) -> bool:
        """Whether the log is told of it beside its own entry; of a referral, where something is handed on by it."""
        return not isinstance(unsent.payload, Referral) or hands_on(unsent.payload, tip.changes)

    def _once(self, unsent: Unsent) -> Unsent:
        """The same as the last one from its form is that one; an earlier one that comes back after another is new."""
        form = unsent.form, unsent.tip, unsent.kind
        given, meant = self._last.get(form, (unsent.item, unsent))
        if given != unsent.item:
            is_back = unsent.item in self._kept or self._is_logged(unsent.item)
            meant = Unsent.typed(new_form(), unsent.tip, unsent.payload) if is_back else unsent
        self._last[form] = unsent.item, meant
        return meant

    def find_drafts(self) -> None:
        """Take in what was typed while the program was being unlocked."""
        with self._keeping:
            for unsent in self._outbox.open(self._keys.identities):
                self._kept.setdefault(unsent.item, unsent)

    def reseal(self) -> None:
        """Seal what is kept here to the key of now; `OutboxError` if it can't be kept so."""
        with self._keeping:
            self._outbox.belongs_to(self._keys.current.recipient)
            found = self._outbox.open(self._keys.identities)
            for unsent in found:
                self._kept.setdefault(unsent.item, unsent)
            if found:
                self._outbox.keep(found, self._keys.current.recipient)

    def look(self, tip: OpenTip) -> None:
        """A tip is shown: the log is to say so, and its source is to be told once. Waits for nothing."""
        if tip.id not in self._shown:
            self._shown.add(tip.id)
            self._looks.append(tip)
            self.hurry()

    def discard(self, item: str) -> Whereabouts:
        """Forget what was to be sent, and return where it is. Of what has begun to leave, only the sending ends.

        A report that was to be made becomes a draft, and nothing follows it; a draft goes.
        """
        with self._keeping:
            where, unsent = self.whereabouts(item), self._kept.get(item)
            if where is not Whereabouts.THERE and unsent is not None:
                following = [
                    each.item
                    for each in self._kept.values()
                    if (unsent.makes and each.tip == unsent.tip)
                    or (isinstance(each.payload, LogWord) and each.payload.of == item)
                ]
                self._drop(item, *following)
                if isinstance(unsent.payload, TypedReport) and unsent.sealed:
                    self._keep(replace(unsent, sealed=b""))
            return where

    def take_back(self, tip: str, reply: str) -> None:
        """Have a reply deleted at the desk. One that has not begun to leave is just never sent.

        Raises `OutboxError` if that can't be kept: nothing was done then.
        """
        with self._keeping:
            if not self.is_here(reply) and not self._is_taken_back(reply):
                self._keep(replace(Unsent.taking_back(tip, reply), order=self._next_order()))
            self._drop(reply)
        self.hurry()

    def decide(self, tip: str, step: Step, proposal: str) -> None:
        """Let a step of a deletion leave. `OutboxError` if it can't be kept: nothing was done then."""
        with self._keeping:
            unsent = Unsent.deciding(tip, step, proposal)
            if unsent.item not in self._kept:
                self._keep(replace(unsent, order=self._next_order()))
        self.hurry()

    def deciding(self, tip: str) -> Mapping[str, Step]:
        """The steps of deletions of a tip that are on their way, by proposal."""
        found = ((unsent.proposal, unsent.decides) for unsent in self._in_order() if unsent.tip == tip)
        return {proposal: step for proposal, step in found if step is not None}

    def purged(self, tips: Iterable[str], owed: Iterable[str]) -> None:
        """Forget all that was to be sent for tips that are gone for good, and let the receipts leave that are owed."""
        gone = set(tips)
        with self._keeping:
            self._drop(*(each.item for each in self._in_order() if each.tip in gone and not each.is_receipt))
            receipts = [Unsent.receipt(tip) for tip in owed]
            for receipt in receipts:
                if receipt.item not in self._kept:
                    self._keep(replace(receipt, order=self._next_order()))
        if receipts:
            self.hurry()

    def is_here(self, item: str) -> bool:
        """Whether something was written that has not begun to leave."""
        return item in self._kept and self.whereabouts(item) is Whereabouts.HERE

    def taking_back(self, tip: str) -> dict[str, Unsent]:
        """What is on its way to take replies to a tip back, by the reply."""
        return {unsent.takes_back: unsent for unsent in self._in_order() if unsent.takes_back and unsent.tip == tip}

    def settle(self) -> None:
        """Forget what the log holds by now, and what would be taken back of a tip that is gone.

        A desk that says so and goes on showing the tip is asked again and again.
        """
        with self._keeping:
            for unsent in self._in_order():
                is_done = self._is_logged(unsent.item) or self._is_taken_back(unsent.takes_back or unsent.item)
                if is_done or (unsent.takes_back and not self._is_shown(unsent.tip)):
                    self._drop(unsent.item)
                elif unsent.sealed and self._for_readers(unsent) != unsent:
                    # Whom it lacked is known now, or what it has to be sealed to.
                    self.hurry()

    def hurry(self) -> None:
        """Try at once to send what is there."""
        with self._waking:
            self.tried.clear()
            self._wanted.set()

    def stop(self) -> None:
        """Begin nothing more."""
        self._stopped = True
        self._wanted.set()

    def run(self) -> None:
        """Send what is there and what comes, until this is stopped."""
        pause = _SOON
        while True:
            self._wanted.clear()
            if self._stopped:
                break
            try:
                self.take_turn()
            except OSError as error:
                self.problem = f"this machine can't note what was sent: {error.strerror}"
            except Exception as error:  # noqa: BLE001 - it must go on, and must not seem to go well
                self.problem = fault(error)
            with self._waking:
                if not self._wanted.is_set():
                    self.tried.set()
            has_more = bool(self._looks or next(self._ready(), None))
            is_wanted = self._wanted.wait(pause if has_more else None)
            pause = _SOON if is_wanted else min(2 * pause, _LATEST)
        self._note_looks()

    def take_turn(self) -> None:
        """Try once to send all that is there, in its order."""
        self._note_looks()
        known, waits = self._with_the_desk(), set[str]()
        for unsent in self._ready():
            if self._stopped:
                return
            if unsent.tip in waits:
                self._failed[unsent.item] = _AFTER
                continue
            has_begun = unsent.item in self._begun
            try:
                self._send(unsent)
            except DeskError as error:
                if _is_still_here(error) and not has_begun:
                    self._begun.discard(unsent.item)
                if isinstance(error, DeskRefusedError):
                    self._failed[unsent.item] = str(error)
                    if error.status in (HTTPStatus.PRECONDITION_FAILED, HTTPStatus.NOT_FOUND):
                        self._tell_sent()
                    # What follows it for the same tip must not overtake it.
                    if not unsent.goes_first:
                        waits.add(unsent.tip)
                    continue
                self._failed |= dict.fromkeys((each.item for each in self._ready()), str(error))
                break
        if self._with_the_desk() - known:
            self._tell_sent()

    def _with_the_desk(self) -> set[str]:
        """What the log is to hold by now, if the desk says the truth."""
        return self._taken | {item for item, says in list(self._failed.items()) if says == _HAS_IT}

    def _send(self, unsent: Unsent) -> None:
        with self._keeping:
            if unsent.item not in self._kept:  # it was taken back
                return
            self._begun.add(unsent.item)
            if unsent.sealed:
                unsent = self._for_readers(unsent)
                self._keep(unsent)
        if unsent.is_look or isinstance(unsent.payload, LogWord):
            self._tell_log(unsent)
            with self._keeping:
                self._drop(unsent.item)
        elif unsent.is_receipt:
            self._client.purged(unsent.tip)
            with self._keeping:
                self._outbox.receipt_signed(unsent.tip)
                self._drop(unsent.item)
        elif (step := unsent.decides) is not None:
            self._decide(unsent, step)
        elif unsent.takes_back:
            self._client.take_back(unsent.tip, unsent.takes_back)
            self._taken.add(unsent.item)
            self._failed.pop(unsent.item, None)
        elif self._store(unsent):
            self._taken.add(unsent.item)
            self._failed.pop(unsent.item, None)
        else:
            self._failed[unsent.item] = _HAS_IT

    def _decide(self, unsent: Unsent, step: Step) -> None:
        steps = {Step.PROPOSE: self._client.propose, Step.SECOND: self._client.second, Step.STOP: self._client.stop}
        try:
            steps[step](unsent.tip, unsent.proposal)
        except DeskRefusedError as refused:
            # There is nothing to be deleted any more.
            if refused.status != HTTPStatus.NOT_FOUND:
                raise
        # That it counts, the log alone says; one that the desk did not take changes nothing.
        with self._keeping:
            self._drop(unsent.item)
        self._tell_sent()

    def _tell_log(self, unsent: Unsent) -> None:
        match unsent.payload:
            case LogWord(said=Referral.kind, sha256=digest):
                self._client.say_referred(unsent.tip, digest)
            case LogWord(of=item):
                self._client.say_opened(unsent.tip, item)
            case _:
                self._client.say_opened(unsent.tip)

    def _store(self, unsent: Unsent) -> bool:
        if unsent.makes:
            return self._client.make(unsent.tip, unsent.item, parse_new_tip(unsent.sealed))
        tip = self._opened(unsent.tip)
        # As the index named it when the tip was opened: if it has another by now, that is sealed to first.
        own = sha256_hex(str(tip.identities[0].recipient).encode()) if tip is not None and tip.identities else ""
        to = own if tip is None else tip.recipient or own
        return self._client.add(unsent.tip, unsent.item, "reply" if unsent.to_source else "work", unsent.sealed, to)

    def _for_readers(self, unsent: Unsent) -> Unsent:
        """The same, as it has to be sealed by now. The id stays: what may have arrived meanwhile is that."""
        if unsent.makes:
            return for_readers(unsent, self._keys, self._readers())
        tip = self._opened(unsent.tip)
        if tip is None or not tip.identities:
            return unsent
        with suppress(AgeError):
            return for_newest(unsent, tip)
        return unsent

    def _ready(self) -> Iterator[Unsent]:
        """What can be sent, in its order; what takes something back goes first, and waits for nothing."""
        for unsent in sorted(self._in_order(), key=lambda unsent: not unsent.goes_first):
            if not unsent.is_draft and unsent.item not in self._taken:
                yield unsent

    def _note_looks(self) -> None:
        while self._looks:
            tip = self._looks[0]
            try:
                with self._keeping:
                    self._note_look(tip)
            except OutboxError as error:
                self.problem = f"that you look at reports can't be noted: {error}"
                return
            self._looks.popleft()
        self.problem = ""

    def _note_look(self, tip: OpenTip) -> None:
        kept = [unsent for unsent in self._kept.values() if unsent.tip == tip.id]
        if not any(unsent.is_look for unsent in kept):
            self._keep(replace(Unsent.look(tip.id), order=self._next_order()))
        if tip.source and not any(each.is_opened for each in kept) and not tip.written_as(Opened):
            opened = replace(Unsent.opened(tip.id), order=self._next_order())
            # An answer could not be sealed to this source either, which is said to whoever writes one.
            with suppress(SealError):
                self._keep(replace(opened, sealed=self._seal(opened, tip)))

    def _in_order(self) -> Sequence[Unsent]:
        return sorted(self._kept.values(), key=lambda unsent: unsent.order)

    def _next_order(self) -> int:
        return max((unsent.order for unsent in self._kept.values()), default=0) + 1

    def _keep(self, *unsents: Unsent) -> None:
        new = {unsent.item: unsent for unsent in unsents if self._kept.get(unsent.item) != unsent}
        if new:
            self._outbox.keep(list(new.values()), self._keys.current.recipient)
            self._kept |= new

    def _drop(self, *items: str) -> None:
        self._outbox.drop(*items)
        for item in items:
            self._kept.pop(item, None)
            self._failed.pop(item, None)
            self._taken.discard(item)
            self._begun.discard(item)

    def _seal(self, unsent: Unsent, tip: OpenTip) -> bytes:
        """Sealed to the tip's own identity, never to a key that only the server vouches for."""
        if not tip.identities:
            raise SealError("this report could not be opened, so nothing can be sealed to its readers")
        try:
            others = [parse_recipient(tip.source)] if unsent.to_source else []
            document = unsent.numbered(self._next_reply(tip)).padded()
            return seal(document, [tip.identities[0].recipient, *others])
        except AgeError:
            raise SealError("the source's key in this report is not one that an answer can be sealed to") from None

    def _next_reply(self, tip: OpenTip) -> int:
        """The number of a new reply: after all in the log, whatever number they bear, and those under way."""
        numbers = [signed.payload.number for signed in tip.written if isinstance(signed.payload, events.NUMBERED)]
        waiting = [each for each in self._kept.values() if each.tip == tip.id and each.to_source and each.sealed]
        ahead = len([each for each in waiting if not self._is_logged(each.item)])
        return min(max([tip.replies, *numbers]) + ahead + 1, events.HIGHEST_NUMBER)


def _is_still_here(error: DeskError) -> bool:
    """Whether nothing can have arrived. What answers with a status from 500 on may be another machine than the desk."""
    return isinstance(error, NotSentError) or (
        isinstance(error, DeskRefusedError) and error.status < HTTPStatus.INTERNAL_SERVER_ERROR
    )
