"""What an entry of the log can record, and which objects a request may name.

The desk logs what a request does; an auditor derives it again from the signed request in the entry and compares.
"""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

MOST_OBJECTS = 500
"""How many objects a request may name, so that its entry, which names them all, fits into a bundle's 65,535 bytes."""

LONGEST_READ = 20_000
"""Bytes of a bulk read's body, which its entry holds too: room for 500 ids, none for padding."""

_ID = r"[0-9a-f]{32}"
_is_id = re.compile(_ID).fullmatch


class ActionError(ValueError):
    """The request is none that the desk answers."""


class Action(StrEnum):
    """What an entry of the log records."""

    INDEX = "index"
    READ = "read"
    OPEN = "open"
    """A member was shown what was read before. Their program says so; nobody else can know it."""
    ADD = "add"
    MAKE = "make"
    """A member made a tip: a report that came otherwise than by the source site, or a dossier of the team's own."""
    TAKE_BACK = "take_back"
    """A member takes a reply back, whoever wrote it: it is deleted, or never comes."""
    DEPOSIT = "deposit"
    """A member leaves their own keys at the desk, sealed to what they have on paper."""
    ENROL = "enrol"
    REVOKE = "revoke"
    REWRAP = "rewrap"
    """A member exchanges headers of summaries: a reviewer is let in, or a key of the member's own is replaced."""
    REKEY = "rekey"
    """A reviewer puts a new recipient in the place of the one that reports were sealed to."""
    TAKE_OVER = "take_over"
    """A reviewer fetches what another machine of theirs handed over: newer identities, sealed to older ones."""
    RENEW = "renew"
    """A member gives tips another identity, for all reviewers or for some: nobody else opens what comes later."""
    CLOCK = "clock"
    """The operator sets the log's time back: the clock was ahead."""
    RULE = "rule"
    """The operator sets a number that the team's members go by."""
    VOUCH = "vouch"
    """A reviewer vouches for a card. The last whose word is needed enrols it."""
    SHUT_OUT = "shut_out"
    """A reviewer wants another one revoked. The last whose word is needed revokes them."""
    UNSAY = "unsay"
    """A reviewer takes back what they said of somebody, for whom it was not enough yet."""
    PROPOSE = "propose"
    """A member proposes that a tip be deleted. The item says why, sealed; the proposal is known by its id."""
    SECOND = "second"
    """Another member wants what was proposed."""
    STOP = "stop"
    """A member stops what was proposed."""
    DELETE = "delete"
    """The server deletes a tip, as was proposed, for good."""
    PURGED = "purged"
    """A member's program says that it has deleted what it kept of a tip: its purge receipt."""
    LOG = "log"
    """An auditor reads the log itself."""
    EXPORT = "export"
    """Something of a tip leaves the sealed store as a file. The digest is that of the sealed event that says what."""
    REFER = "refer"
    """A tip is handed on. The digest is that of the sealed referral."""
    APPROVE = "approve"
    """A lead lets something of a tip leave. The digest is that of the sealed event that says to whom and what for."""
    SETTLE = "settle"
    """The operator has the store settled."""
    EXPIRE = "expire"
    """Tips are deleted for their age."""
    BACKUP = "backup"
    """The operator takes a copy of the store: with how many entries of the log, and the copy's digest."""
    RESTORE = "restore"
    """The operator has put back a copy: the entries above this one are its own, and whatever else there was is lost."""
    SOFTWARE = "software"
    """The program that makes the entries to come: its version, and the digest of its files."""
    EXPLAIN = "explain"
    """A member answers a finding (`intake/findings`) with a sentence, which the entry holds."""


OPERATORS = frozenset(
    {
        Action.ENROL,
        Action.REVOKE,
        Action.CLOCK,
        Action.RULE,
        Action.DELETE,
        Action.SETTLE,
        Action.EXPIRE,
        Action.BACKUP,
        Action.RESTORE,
        Action.SOFTWARE,
    }
)
"""What the operator does; nobody signs for these."""

MEMBERSHIP = frozenset(
    {
        Action.ENROL,
        Action.REVOKE,
        Action.VOUCH,
        Action.SHUT_OUT,
        Action.UNSAY,
    }
)
"""What decides who is a member."""

RULINGS = MEMBERSHIP | {
    Action.CLOCK,
    Action.RULE,
    Action.PROPOSE,
    Action.SECOND,
    Action.STOP,
    Action.DELETE,
    Action.RESTORE,
    Action.SOFTWARE,
    Action.REKEY,
}
"""What decides about entries to come, as do renewals that restrict tips or end that (`entry.Entry.rules`): whoever
verifies a log keeps these entries, and goes by no others."""

CONFIRMED = frozenset({Action.ENROL, Action.REVOKE, Action.RULE, Action.RESTORE})
"""Of these the operator can be asked whether their time is right."""

SINCE: Mapping[Action, int] = {
    Action.CLOCK: 2,
    Action.MAKE: 2,
    Action.TAKE_BACK: 2,
    Action.DEPOSIT: 3,
    Action.RULE: 3,
    Action.VOUCH: 3,
    Action.SHUT_OUT: 3,
    Action.UNSAY: 3,
    Action.PROPOSE: 3,
    Action.SECOND: 3,
    Action.STOP: 3,
    Action.DELETE: 3,
    Action.PURGED: 3,
    Action.LOG: 3,
    Action.EXPORT: 3,
    Action.REFER: 3,
    Action.APPROVE: 3,
    Action.SETTLE: 3,
    Action.EXPIRE: 3,
    Action.BACKUP: 3,
    Action.RESTORE: 3,
    Action.SOFTWARE: 3,
    Action.REWRAP: 3,
    Action.REKEY: 3,
    Action.TAKE_OVER: 3,
    Action.RENEW: 3,
    Action.EXPLAIN: 3,
}
"""The version of entries that brought an action; what isn't here, the first one knew."""

_COPY = r"size/(?:0|[1-9][0-9]*) sha256/[0-9a-f]{64}"

_OPERATORS_OBJECTS: Mapping[Action, str] = {
    Action.SETTLE: "",
    Action.EXPIRE: rf"tip/{_ID}(?: tip/{_ID}){{0,{MOST_OBJECTS - 1}}}",
    Action.BACKUP: _COPY,
    Action.RESTORE: _COPY,
    Action.SOFTWARE: r"software/[0-9A-Za-z.+!-]{1,64} sha256/[0-9a-f]{64}",
}
"""What these entries name, with a space between two: the expression that all of it matches. Members' follow from their
requests; who is enrolled or revoked, the roster checks."""


@dataclass(frozen=True, slots=True)
class Named:
    """An action and its objects: `summary/<tip>`, `item/<id>`, `tip/<id>`."""

    action: Action
    objects: tuple[str, ...] = ()


def require_operators_objects(action: Action, objects: Iterable[str]) -> None:
    """Raise `ActionError` unless an entry of the operator's names what such a one must."""
    wanted = _OPERATORS_OBJECTS.get(action)
    if wanted is not None and re.fullmatch(wanted, " ".join(objects)) is None:
        raise ActionError(f"an entry of this kind ({action}) names something else")


@dataclass(frozen=True, slots=True)
class Copy:
    """A copy of the store, as the log names it: with so many entries of the log, and its SHA-256 in hex."""

    size: int
    sha256: str

    @property
    def objects(self) -> tuple[str, str]:
        """As the log names it."""
        return f"size/{self.size}", f"sha256/{self.sha256}"


def copy_of(objects: Iterable[str]) -> Copy:
    """The copy that such an entry names; `ActionError` for other objects."""
    require_operators_objects(Action.BACKUP, objects := tuple(objects))
    size, digest = (name.partition("/")[2] for name in objects)
    return Copy(int(size), digest)


@dataclass(frozen=True, slots=True)
class ReadRequest:
    """The body of a bulk read: the tips whose summaries, and the items, that are wanted. Ids in hex."""

    summaries: tuple[str, ...]
    items: tuple[str, ...]

    def to_json(self) -> bytes:
        """The body to send."""
        return json.dumps({"summaries": self.summaries, "items": self.items}, separators=(",", ":")).encode()

    @property
    def objects(self) -> tuple[str, ...]:
        """The objects, as the log names them."""
        return (*(f"summary/{tip}" for tip in self.summaries), *(f"item/{item}" for item in self.items))


def parse_read_request(body: bytes) -> ReadRequest:
    """Read a bulk read's body; `ActionError` if it is malformed or names too much."""
    if len(body) > LONGEST_READ:
        raise ActionError("the body is too long")
    try:
        values: Any = json.loads(body.decode())
    except (ValueError, RecursionError):
        raise ActionError("the body must be JSON") from None
    if not isinstance(values, dict) or values.keys() != {"summaries", "items"}:
        raise ActionError("the body must hold 'summaries' and 'items'")
    request = ReadRequest(summaries=_ids(values["summaries"]), items=_ids(values["items"]))
    if len(request.summaries) + len(request.items) > MOST_OBJECTS:
        raise ActionError(f"a request may name at most {MOST_OBJECTS} objects")
    return request


def _ids(values: Any) -> tuple[str, ...]:
    if not isinstance(values, list) or not _all_ids(values) or len(set(values)) != len(values):
        raise ActionError("ids must be distinct and of 32 hex digits")
    return tuple(values)


def _all_ids(values: Iterable[object]) -> bool:
    return all(isinstance(value, str) and _is_id(value) for value in values)
