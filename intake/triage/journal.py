"""Signed requests that the log must hold: kept on disk before each is sent, until the log shows it.

Each line of the file is a digest of the rest and one state of one request; the last line of a request counts. A request
that was answered and is not in a log fetched later stays: the server lied, and goes on lying until the log holds it.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from threading import Lock
from typing import Any

from intake.protocol.actions import Action, Named
from intake.protocol.audit import VerifiedLog
from intake.protocol.requests import LIFETIME, parse_base
from intake.triage.home import Home

_FILE = "requests.jsonl"
_MARGIN = timedelta(minutes=1)
_DIGEST = 16
_NAMED = 3


class JournalError(ValueError):
    """A line is not one that this module wrote."""


class State(StrEnum):
    """What is known of a request."""

    SENT = "sent"
    ANSWERED = "answered"
    MISSING = "missing"


@dataclass(frozen=True, slots=True)
class Asked:
    """A request: whose key signed it under which nonce, when (UTC), and what it did."""

    key: str
    nonce: str
    created: datetime
    does: Named
    state: State = State.SENT

    def to_line(self) -> bytes:
        """A line of the file, with its newline."""
        values = {
            "key": self.key,
            "nonce": self.nonce,
            "created": int(self.created.timestamp()),
            "action": self.does.action.value,
            "objects": self.does.objects,
            "state": self.state.value,
        }
        body = json.dumps(values, separators=(",", ":")).encode()
        return _digest(body) + b" " + body + b"\n"

    def __str__(self) -> str:
        return f"{_words(self.does)} of {self.created:%Y-%m-%d %H:%M} UTC"


def parse_line(line: bytes) -> Asked:
    """Read a line; `JournalError` unless it is one that `to_line` writes."""
    try:
        values: Any = json.loads(line.partition(b" ")[2])
        asked = Asked(
            str(values["key"]),
            str(values["nonce"]),
            datetime.fromtimestamp(values["created"], UTC),
            Named(Action(values["action"]), tuple(map(str, values["objects"]))),
            State(values["state"]),
        )
        if asked.to_line() == line:
            return asked
    except (ValueError, KeyError, TypeError, OverflowError, OSError, RecursionError):
        pass
    raise JournalError("this is not a line of the journal")


class Journal:
    """The requests of one key over one home. Methods may be called from several threads."""

    def __init__(self, home: Home, key: str) -> None:
        self._home = home
        self._key = key
        self._writing = Lock()
        self._asked: dict[str, Asked] = {}
        self._load()

    def sent(self, nonce: str, created: datetime, does: Named) -> None:
        """Keep a request that is about to be sent; it is on disk when this returns."""
        self._note(Asked(self._key, nonce, created, does))

    def answered(self, nonce: str) -> None:
        """The desk has answered: from now on the log must hold it."""
        self._note(replace(self._asked[nonce], state=State.ANSWERED))

    def not_sent(self, nonce: str) -> None:
        """It never left this machine."""
        with self._writing:
            del self._asked[nonce]
            self._rewrite()

    def open(self) -> tuple[Asked, ...]:
        """The requests of this key that the log was not seen to hold, oldest first."""
        with self._writing:
            return tuple(asked for asked in self._asked.values() if asked.key == self._key)

    def settle(self, asked: Sequence[Asked], log: VerifiedLog) -> None:
        """Compare with a verified log that was fetched after `asked` were taken from `open`.

        What it holds is forgotten, and what nobody answered and it can't come to hold any more; what was answered and
        is not in it is marked as missing.
        """
        held = logged_requests(log, self._key)
        until = log.entries[-1].at - LIFETIME - _MARGIN if log.entries else datetime.min.replace(tzinfo=UTC)
        with self._writing:
            for each in asked:
                place = held.get(each.nonce)
                entry = None if place is None else log.entries[place]
                if entry is not None and (entry.action, entry.objects) == (each.does.action, each.does.objects):
                    self._asked.pop(each.nonce, None)
                elif each.state is not State.SENT:
                    self._asked[each.nonce] = replace(each, state=State.MISSING)
                # Meanwhile it may have been answered, or found not to have left this machine.
                elif each.created < until and self._asked.get(each.nonce) == each:
                    del self._asked[each.nonce]
            self._rewrite()

    def accusation(self) -> str:
        """What the server answered although its log doesn't hold it, in words; empty if nothing."""
        missing = [asked for asked in self.open() if asked.state is State.MISSING]
        if not missing:
            return ""
        says = "; ".join(map(str, missing[:_NAMED]))
        more = f"; and {len(missing) - _NAMED} more" if len(missing) > _NAMED else ""
        return f"the server answered {says}{more}, but its log does not hold {'it' if len(missing) == 1 else 'them'}"

    def _load(self) -> None:
        lines = self._home.read(_FILE).splitlines(keepends=True) if self._home.has(_FILE) else []
        damaged = 0
        for line in lines:
            try:
                asked = parse_line(line)
            except JournalError:
                damaged += 1
            else:
                self._asked[asked.nonce] = asked
        if damaged:
            self._home.repaired(
                f"what was noted of this machine's own requests was damaged ({damaged} of {len(lines)} lines); whether "
                "the log holds those can't be checked any more"
            )
            self._rewrite()

    def _note(self, asked: Asked) -> None:
        with self._writing:
            self._home.append(_FILE, asked.to_line())
            self._asked[asked.nonce] = asked

    def _rewrite(self) -> None:
        self._home.save(_FILE, b"".join(asked.to_line() for asked in self._asked.values()))


def logged_requests(log: VerifiedLog, key: str) -> dict[str, int]:
    """Where in the log the requests of this key are, by nonce."""
    return {
        parse_base(entry.request.base, entry.request.signature).nonce: place
        for place, entry in enumerate(log.entries)
        if entry.who == key and entry.request is not None
    }


def _words(does: Named) -> str:
    match does.action:
        case Action.INDEX:
            return "your fetch of the index"
        case Action.ADD:
            return f"what you added ({', '.join(does.objects)})"
        case _ if len(does.objects) == 1:
            return f"your download of {does.objects[0].replace('/', ' ')}"
        case _:
            return f"your reading of {len(does.objects)} summaries and items ({', '.join(does.objects[:_NAMED])}, …)"


def _digest(body: bytes) -> bytes:
    return hashlib.sha256(body).hexdigest()[:_DIGEST].encode()
