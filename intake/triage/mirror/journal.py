"""Signed requests that the log must hold: kept on disk before each is sent, until the log shows it.

A request that was answered and is not in a log fetched later stays: the server lied, and goes on lying until the log
holds it.
"""

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from intake.protocol.actions import Action, Named
from intake.protocol.entry import Entry
from intake.protocol.requests import LIFETIME, parse_base
from intake.triage.mirror.file import MirrorFile
from intake.triage.mirror.tables import ASKED, FOREIGN, Row
from intake.triage.times import moment

_MARGIN = timedelta(minutes=1)
_NAMED = 3
MOST_UNANSWERED = 200
"""Requests that were not answered and are kept: a desk that goes on refusing fills no disk."""
_LONG_ID = re.compile(r"\b(?:(?:tip|summary)/)?([0-9a-f]{4})[0-9a-f]{28}\b")
_BEGINNING = datetime.min.replace(tzinfo=UTC)


class State(StrEnum):
    """What is known of a request."""

    SENT = "sent"
    ANSWERED = "answered"
    MISSING = "missing"


@dataclass(frozen=True, slots=True)
class Logged:
    """An entry that the log holds of a request: its place and time (UTC), and what it says."""

    place: int
    at: datetime
    does: Named

    def __str__(self) -> str:
        return f"{_words(self.does)} of {moment(self.at)}"


@dataclass(frozen=True, slots=True)
class Asked:
    """A request: whose key signed it under which nonce, when (UTC), and what it did."""

    key: str
    nonce: str
    created: datetime
    does: Named
    state: State = State.SENT

    @property
    def row(self) -> Row:
        """For the file."""
        created, objects = int(self.created.timestamp()), json.dumps(self.does.objects)
        return (self.nonce, self.key, created, self.does.action.value, objects, self.state.value)

    @classmethod
    def of(cls, row: Row) -> "Asked":
        """What a row of the file says."""
        nonce, key, created, action, objects, state = row
        does = Named(Action(action), tuple(json.loads(str(objects))))
        return cls(str(key), str(nonce), datetime.fromtimestamp(int(created), UTC), does, State(state))

    def is_in(self, logged: Mapping[str, Logged]) -> bool:
        """Whether these entries, by nonce, hold it as what it did."""
        return self.nonce in logged and logged[self.nonce].does == self.does

    def __str__(self) -> str:
        return f"{_words(self.does)} of {moment(self.created)}"


@dataclass(frozen=True, slots=True)
class Foreign:
    """A use of a member's key that this machine did not make: its place in the log, and what it was, in words."""

    place: int
    says: str


class Journal:
    """The requests of one key. Methods may be called from several threads."""

    def __init__(self, file: MirrorFile, key: str) -> None:
        self.key = key
        self._file = file
        self._asked = {asked.nonce: asked for asked in map(Asked.of, file.where(ASKED, "key", key))}
        self._underway: set[str] = set()

    def sent(self, nonce: str, created: datetime, does: Named) -> None:
        """Keep a request that is about to be sent; it is on disk when this returns."""
        self._underway.add(nonce)
        with self._file.writing():
            self._keep(Asked(self.key, nonce, created, does))
            self._forget_oldest()

    def answered(self, nonce: str) -> None:
        """The desk has answered: from now on the log must hold it."""
        # Unless it was seen to hold it already, by a fetch that went on beside.
        if asked := self._asked.get(nonce):
            self._keep(replace(asked, state=State.ANSWERED))

    def not_sent(self, nonce: str) -> None:
        """It never left this machine."""
        self._forget(nonce)

    def over(self, nonce: str) -> None:
        """Nothing more is waited for, whether it was answered or not."""
        self._underway.discard(nonce)

    def open(self) -> tuple[Asked, ...]:
        """The requests that the log was not seen to hold, oldest first."""
        return tuple(self._asked.copy().values())

    def accuse(
        self, asked: Sequence[Asked], logged: Mapping[str, Logged], earlier: Callable[[str], Logged | None]
    ) -> None:
        """Mark as missing what was answered and is not in a verified log, fetched after `asked` were taken from `open`.

        `logged`: what is new in it of this key's, by nonce; `earlier`: looks for a nonce through what was kept of it
        before. What is found there is forgotten.
        """
        with self._file.writing():
            for each in asked:
                if each.state is not State.ANSWERED or each.nonce not in self._asked or each.is_in(logged):
                    continue
                if (found := earlier(each.nonce)) and each.is_in({each.nonce: found}):
                    self._forget(each.nonce)
                else:
                    self._keep(replace(each, state=State.MISSING))

    def settle(self, asked: Sequence[Asked], logged: Mapping[str, Logged], last: datetime) -> None:
        """Forget what such a log holds, and what nobody answered and it can't come to hold any more.

        `last`: the time of its last entry; all else as in `accuse`.
        """
        until = last - LIFETIME - _MARGIN if last > _BEGINNING else _BEGINNING
        with self._file.writing():
            for each in self.open():
                if each.is_in(logged):
                    self._forget(each.nonce)
            for each in asked:
                # Meanwhile it may have been answered, or found not to have left this machine. And while it may still be
                # answered, no log whose clock is ahead has it forgotten.
                is_unanswered = each.state is State.SENT and self._asked.get(each.nonce) == each
                if is_unanswered and each.created < until and each.nonce not in self._underway:
                    self._forget(each.nonce)

    def note_foreign(self, logged: Mapping[str, Logged]) -> None:
        """Keep what new entries of the log hold under this key, by nonce, and was never asked from here.

        Nobody can sign with it but who has it: another machine of the member's, or somebody else.
        """
        foreign = [each for nonce, each in logged.items() if nonce not in self._asked]
        if foreign:
            self._file.put(FOREIGN, *((each.place, self.key, int(each.at.timestamp()), str(each)) for each in foreign))

    def foreign(self) -> list[Foreign]:
        """What was found so and not put aside yet, in the order of the log. Ids are as short as pages show them."""
        rows = sorted(self._file.where(FOREIGN, "key", self.key))
        return [Foreign(int(row[0]), _LONG_ID.sub(r"\1", str(row[3]))) for row in rows]

    def explained(self, foreign: Iterable[Foreign]) -> None:
        """Forget such uses: the member says why that was."""
        self._file.remove(FOREIGN, *(each.place for each in foreign))

    def forgive(self, until: datetime) -> None:
        """Forget what was asked up to a time, to the second: a log that was set back then can't hold it."""
        with self._file.writing():
            for each in self.open():
                if each.created <= until:
                    self._forget(each.nonce)

    def _forget_oldest(self) -> None:
        """Of what was refused, or got no answer, only the newest stay: none of it can ever accuse the server."""
        over = [each for each in self.open() if each.state is State.SENT and each.nonce not in self._underway]
        for each in sorted(over, key=lambda each: each.created)[:-MOST_UNANSWERED]:
            self._forget(each.nonce)

    def accusation(self) -> str:
        """What the server answered although its log doesn't hold it, in words; empty if nothing."""
        return _accusation([asked for asked in self.open() if asked.state is State.MISSING])

    def _keep(self, asked: Asked) -> None:
        if self._asked.get(asked.nonce) != asked:
            self._file.put(ASKED, asked.row)
            self._asked[asked.nonce] = asked

    def _forget(self, nonce: str) -> None:
        self._file.remove(ASKED, nonce)
        self._asked.pop(nonce, None)


def accused(file: MirrorFile) -> str:
    """As `Journal.accusation`, of whichever key was used in this directory."""
    asked = map(Asked.of, file.select(ASKED, "WHERE state = ? ORDER BY created, nonce", (State.MISSING.value,)))
    return _accusation(list(asked))


def _accusation(missing: Sequence[Asked]) -> str:
    if not missing:
        return ""
    says = "; ".join(map(str, missing[:_NAMED]))
    more = f"; and {len(missing) - _NAMED} more" if len(missing) > _NAMED else ""
    return f"the server answered {says}{more}, but its log does not hold {'it' if len(missing) == 1 else 'them'}"


def logged_requests(key: str, start: int, entries: Iterable[Entry]) -> dict[str, Logged]:
    """What entries, the first of which is at `start`, hold of the requests of a key, by nonce."""
    return {
        parse_base(entry.request.base, entry.request.signature).nonce: Logged(
            place, entry.at, Named(entry.action, entry.objects)
        )
        for place, entry in enumerate(entries, start)
        if entry.who == key and entry.request is not None
    }


_WORDS = {
    Action.INDEX: "your fetch of the index",
    Action.OPEN: "your look at a report ({})",
    Action.ADD: "what you added ({})",
    Action.TAKE_BACK: "what you took back ({})",
    Action.MAKE: "what you made ({})",
    Action.DEPOSIT: "your keys, sealed to what you have on paper",
    Action.VOUCH: "your word for somebody's card ({})",
    Action.SHUT_OUT: "your word that somebody be shut out ({})",
    Action.UNSAY: "the taking back of your word ({})",
    Action.PROPOSE: "your proposal to delete a report ({})",
    Action.SECOND: "your word that a report be deleted ({})",
    Action.STOP: "your stop of a deletion ({})",
    Action.PURGED: "your purge receipt ({})",
    Action.LOG: "your reading of the log",
    Action.EXPORT: "that a file leaves ({})",
    Action.REFER: "that a report is handed on ({})",
    Action.APPROVE: "your approval that something leaves ({})",
    Action.REKEY: "your newer key ({})",
    Action.TAKE_OVER: "your fetch of newer keys of yours",
    Action.EXPLAIN: "what you said to a {}",
}


def _words(does: Named) -> str:
    if does.action in _WORDS:
        return _WORDS[does.action].format(", ".join(does.objects))
    if does.action is Action.REWRAP:
        return f"your exchange of the headers of {len(does.objects)} reports ({', '.join(does.objects[:_NAMED])}, …)"
    if does.action is Action.RENEW:
        return f"your renewal of {len(does.objects)} reports ({', '.join(does.objects[:_NAMED])}, …)"
    if len(does.objects) == 1:
        return f"your download of {does.objects[0].replace('/', ' ')}"
    return f"your reading of {len(does.objects)} summaries and items ({', '.join(does.objects[:_NAMED])}, …)"
