"""The desk's routes, one row each: what it is, who may use it, what the log says of it, and how large it can be.

The desk serves this table and admits by it, members' programs ask by it, and an auditor's replay checks by it.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from hashlib import sha256

from intake.protocol import limits
from intake.protocol.actions import LONGEST_READ, Action, ActionError, Named, parse_read_request
from intake.protocol.card import CardError, Role, parse_card
from intake.protocol.manifest import MOST, manifest_in, parse_manifest
from intake.protocol.queries import (
    ADDED,
    DIGEST,
    FROM,
    HAVE,
    ID,
    MADE,
    MANIFEST,
    NOTHING,
    PURPOSE,
    manifest_query,
)
from intake.protocol.rekey import parse_rekey
from intake.protocol.renewal import parse_renewals
from intake.protocol.requests import AnotherBodyError, SignedRequest
from intake.protocol.sentence import LARGEST_SENTENCE, parse_sentence

_REVIEWERS = frozenset(role for role in Role if role.reads)
_MEMBERS = frozenset(Role)
_DAY = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
_PATTERNS = {
    "tip": ID,
    "item": ID,
    "day": rf"{_DAY}(?:--{_DAY})?",
    "resource": r"[!-~]+",
    "keys": ID,
    "member": ID,
    "sha256": DIGEST,
    "finding": ID,
}
_AUDITORS = frozenset({Role.AUDITOR})
_LEADS = frozenset({Role.LEAD})


def _names_nothing(body: bytes) -> tuple[str, ...]:
    """A sentence is held by the log whole, and names no objects."""
    parse_sentence(body)
    return ()


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A route. `path` with the objects it names in braces; `query`: the expression that the whole query must match.

    `action`: what the log says of it. `logged`: the roles of whose requests it says that; others' leave no entry.
    `in_body`: reads the objects out of a body that names some, which the log therefore holds; `ActionError` for any
    other body. `of_body`: what of a body that is, where it isn't all, by the digest that the query names
    (`?manifest=`).
    `largest_body` and `largest_answer`: in bytes.
    """

    method: str
    path: str
    roles: frozenset[Role]
    action: Action
    largest_answer: int
    largest_body: int = 0
    query: str = NOTHING
    in_body: Callable[[bytes], tuple[str, ...]] | None = None
    logged: frozenset[Role] = frozenset(Role)
    of_body: Callable[[bytes], bytes] | None = None

    def logged_of(self, body: bytes) -> bytes | None:
        """What of a body the log holds; None for nothing."""
        if self.in_body is None:
            return None
        return body if self.of_body is None else self.of_body(body)

    def require_logged(self, request: SignedRequest, logged: bytes) -> None:
        """Raise `RequestError` unless this, and nothing else, is what the log holds of the body that was signed."""
        if self.of_body is None:
            request.require_body(logged)
        elif self.of_body(logged) != logged or request.query != manifest_query(sha256(logged).hexdigest()):
            raise AnotherBodyError

    def at(self, **objects: str) -> str:
        """The path for these objects."""
        return self.path.format(**objects)

    def objects(self, path: str) -> tuple[str, ...] | None:
        """The objects that a path of this route names, such as `item/<id>`; None for any other path."""
        match = _expression(self.path).fullmatch(path)
        if match is None:
            return None
        return tuple(f"{name}/{value}" for name, value in match.groupdict().items())


DAYS = Endpoint("GET", "/v1/index", _REVIEWERS, Action.INDEX, limits.DAYS, query=rf"{NOTHING}|{HAVE}")
DAY = Endpoint("GET", "/v1/index/{day}", _REVIEWERS, Action.INDEX, limits.INDEX)
"""A day, or the days from one to another (`index.Span`): as many of them from the first on as fit into an answer."""

READ = Endpoint(
    "POST",
    "/v1/read",
    _REVIEWERS,
    Action.READ,
    limits.READ,
    largest_body=LONGEST_READ,
    in_body=lambda body: parse_read_request(body).objects,
)
ITEM = Endpoint("GET", "/v1/items/{item}", _REVIEWERS, Action.READ, limits.ITEM, query=rf"{NOTHING}|{FROM}")
ADD = Endpoint(
    "PUT",
    "/v1/tips/{tip}/items/{item}",
    _REVIEWERS,
    Action.ADD,
    limits.SHORT,
    largest_body=limits.ADDED,
    query=ADDED,
)
"""`to`: SHA-256 of the tip's recipient that it is sealed to. What would be for an earlier one is not taken (412)."""
TAKE_BACK = Endpoint("DELETE", "/v1/tips/{tip}/items/{item}", _REVIEWERS, Action.TAKE_BACK, limits.SHORT)
"""A reply is deleted for good, and nothing comes under its id any more."""

MAKE = Endpoint(
    "PUT",
    "/v1/tips/{tip}/first/{item}",
    _REVIEWERS,
    Action.MAKE,
    limits.SHORT,
    largest_body=limits.NEW_TIP,
    query=MADE,
)
"""A tip that a reviewer made, with its first item. The log holds the digests of both, since the query is signed."""
OPEN = Endpoint("POST", "/v1/tips/{tip}/open", _REVIEWERS, Action.OPEN, limits.SHORT, query=rf"{NOTHING}|{PURPOSE}")
"""A reviewer's program says that it has shown a tip: what it fetched before says only that it could.

With a purpose, it says why, in an item of the tip that reviewers can read.
"""
DEPOSIT = Endpoint("PUT", "/v1/keys", _REVIEWERS, Action.DEPOSIT, limits.SHORT, largest_body=limits.DEPOSIT)
"""The signer's own keys, sealed to what they have on paper, in the place of those that were there."""

DEPOSITED = Endpoint("GET", "/v1/keys/{keys}", _REVIEWERS, Action.READ, limits.DEPOSIT)
"""What a member left so: for a colleague to hand it to them, who has lost the key to ask for it."""

CHECKPOINT = Endpoint("GET", "/v1/log/checkpoint", _MEMBERS, Action.LOG, limits.CHECKPOINT, logged=_AUDITORS)
ENTRIES = Endpoint(
    "GET",
    "/v1/log/entries",
    _MEMBERS,
    Action.LOG,
    limits.ENTRIES,
    query=rf"{NOTHING}|{FROM}",
    logged=_AUDITORS,
)
"""The entries from one on, as many as fit into an answer: whoever has those before needs no others."""

COSIGNED = Endpoint("GET", "/v1/log/cosigned", _MEMBERS, Action.LOG, limits.COSIGNED, logged=_AUDITORS)
"""The newest checkpoint that witnesses have cosigned; 404 if there is none."""

LOG = Endpoint("GET", "/v1/log/{resource}", _MEMBERS, Action.LOG, limits.BUNDLE, logged=_AUDITORS)
"""The log as its standard gives it (C2SP tlog-tiles): for other programs than ours."""


def _carded(body: bytes) -> tuple[str, ...]:
    """The member whose card a body is."""
    try:
        return (f"member/{parse_card(body.decode()).key_id}",)
    except (CardError, UnicodeDecodeError):
        raise ActionError("the body must be a card") from None


VOUCH = Endpoint("POST", "/v1/vouch", _REVIEWERS, Action.VOUCH, limits.SHORT, largest_body=limits.CARD, in_body=_carded)
"""A reviewer vouches for exactly this card, the body, which the log holds: whoever verifies it needs nothing else."""
SHUT_OUT = Endpoint("POST", "/v1/members/{member}/shut_out", _REVIEWERS, Action.SHUT_OUT, limits.SHORT)
"""A reviewer wants another one revoked."""
UNSAY = Endpoint("DELETE", "/v1/members/{member}/word", _REVIEWERS, Action.UNSAY, limits.SHORT)
"""A reviewer takes back their word for somebody, or against them."""
PROPOSE = Endpoint("PUT", "/v1/tips/{tip}/deletion/{item}", _REVIEWERS, Action.PROPOSE, limits.SHORT)
"""A reviewer proposes that a tip be deleted. Why is in the item of this id, which was added before."""
SECOND = Endpoint("POST", "/v1/tips/{tip}/deletion/{item}/second", _REVIEWERS, Action.SECOND, limits.SHORT)
STOP = Endpoint("POST", "/v1/tips/{tip}/deletion/{item}/stop", _REVIEWERS, Action.STOP, limits.SHORT)
PURGED = Endpoint("POST", "/v1/tips/{tip}/purged", _REVIEWERS, Action.PURGED, limits.SHORT)
"""A reviewer's program has deleted what it kept of a tip."""

HEADERS = Endpoint(
    "PUT",
    "/v1/headers",
    _REVIEWERS,
    Action.REWRAP,
    limits.SHORT + 64 * MOST,
    largest_body=limits.HEADERS,
    query=MANIFEST,
    in_body=lambda manifest: parse_manifest(manifest).objects,
    of_body=manifest_in,
)
"""Headers of summaries are exchanged, each for the one that is named. The answer tells which had another by then."""

REKEY = Endpoint(
    "PUT",
    "/v1/card",
    _REVIEWERS,
    Action.REKEY,
    limits.SHORT,
    largest_body=limits.REKEY,
    query=MANIFEST,
    in_body=lambda manifest: parse_rekey(manifest).objects,
    of_body=manifest_in,
)
"""The signer's own card, with another recipient in the place of the one that is named; 409 if that is gone by then."""

HANDOVERS = Endpoint("GET", "/v1/handovers", _REVIEWERS, Action.TAKE_OVER, limits.HANDOVERS)
"""What came with the signer's own cards."""

EXPORT = Endpoint("POST", "/v1/tips/{tip}/export/{sha256}", _REVIEWERS, Action.EXPORT, limits.SHORT)
"""A reviewer's program is about to give out a file of a tip. The digest is that of the sealed event that says which:
that of the file itself would tell whoever has the same file that it was sent."""

REFER = Endpoint("POST", "/v1/tips/{tip}/refer/{sha256}", _REVIEWERS, Action.REFER, limits.SHORT)
"""A reviewer hands a tip on, as the sealed event of this digest says."""

APPROVE = Endpoint("POST", "/v1/tips/{tip}/approve/{sha256}", _LEADS, Action.APPROVE, limits.SHORT)
"""A lead lets something of a tip leave, as the sealed event of this digest says."""

SUMMARIES = Endpoint(
    "PUT",
    "/v1/summaries",
    _REVIEWERS,
    Action.RENEW,
    limits.SHORT + 64 * MOST,
    largest_body=limits.RENEWALS,
    query=MANIFEST,
    in_body=lambda manifest: parse_renewals(manifest).objects,
    of_body=manifest_in,
)
"""Tips get another identity and summary, each in the place of the one that is named; answered as `HEADERS` is."""

EXPLAIN = Endpoint(
    "POST",
    "/v1/findings/{finding}/explain",
    _REVIEWERS,
    Action.EXPLAIN,
    limits.SHORT,
    largest_body=LARGEST_SENTENCE,
    in_body=_names_nothing,
)
"""A reviewer answers what the log makes an auditor ask, in a sentence that the log holds in the clear."""

ENDPOINTS = (
    DAYS,
    DAY,
    READ,
    ITEM,
    ADD,
    TAKE_BACK,
    MAKE,
    OPEN,
    CHECKPOINT,
    ENTRIES,
    COSIGNED,
    LOG,
    DEPOSIT,
    DEPOSITED,
    VOUCH,
    SHUT_OUT,
    UNSAY,
    PROPOSE,
    SECOND,
    STOP,
    PURGED,
    EXPORT,
    REFER,
    APPROVE,
    HEADERS,
    REKEY,
    HANDOVERS,
    SUMMARIES,
    EXPLAIN,
)

_ROWS = {
    method: tuple(row for row in ENDPOINTS if row.method == method) for method in {row.method for row in ENDPOINTS}
}
_ROLES = {
    action: frozenset(role for row in ENDPOINTS if row.action is action for role in row.roles & row.logged)
    for action in Action
}


def may(role: Role, action: Action) -> bool:
    """Whether members of this role can do what such an entry of the log says. What only the operator does, nobody."""
    return role in _ROLES[action]


@dataclass(frozen=True, slots=True)
class Asked:
    """What a request asks for: the row of its route, and the `objects` that its path names."""

    row: Endpoint
    objects: tuple[str, ...]

    def named(self, body: bytes | None) -> Named:
        """What it is logged as. `body` is None where only its digest is known, as for what a reviewer adds."""
        row = self.row
        in_body = row.in_body(row.logged_of(body or b"") or b"") if row.in_body else ()
        return Named(row.action, self.objects + in_body)


def asked(method: str, path: str, query: str) -> Asked:
    """What such a request asks for; `ActionError` if the desk has no such route."""
    for row in _ROWS.get(method, ()):
        if (objects := row.objects(path)) is not None and _whole(row.query).fullmatch(query):
            return Asked(row, objects)
    raise ActionError("unknown request")


def endpoint(method: str, path: str, query: str) -> Endpoint:
    """The row of a request; `ActionError` if the desk has no such route."""
    return asked(method, path, query).row


def named(method: str, path: str, query: str, body: bytes | None) -> Named:
    """What a request is logged as, as `Asked.named` says it; `ActionError` if the desk has no such route."""
    return asked(method, path, query).named(body)


_whole = cache(re.compile)


@cache
def _expression(path: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\{(\w+)\}", lambda name: f"(?P<{name[1]}>{_PATTERNS[name[1]]})", path))
