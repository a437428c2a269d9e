"""Who is let in: signature verified, nonce used up and action logged, in one transaction, before any answer."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from flask import current_app, request
from sqlalchemy.orm import Session

from intake.accesslog.nonces import forget, is_used, remember
from intake.desk.clocks import require_agreement, require_loggable
from intake.desk.quota import FOR_EVER, count, require_quota
from intake.keeper import Keeper
from intake.protocol.card import Role
from intake.protocol.endpoints import Endpoint, endpoint, named
from intake.protocol.entry import Entry, LoggedRequest
from intake.protocol.requests import RequestError, SignedRequest, verify
from intake.protocol.roster import Roster


@dataclass(frozen=True, slots=True)
class Logged:
    """A request that was let in and is logged in this transaction: whose it is (key id), and the time of its entry."""

    session: Session
    who: str
    at: datetime


@dataclass(frozen=True, slots=True)
class _Admitted:
    """A request that was let in: `is_logged` by what the table of endpoints says of its row and its signer's role."""

    session: Session
    signed: SignedRequest
    is_logged: bool


def current_server() -> Keeper:
    """The server behind the current request."""
    return current_app.extensions["intake"]  # type: ignore[no-any-return]


@contextmanager
def logged(*, last: bool = False) -> Iterator[Logged]:
    """A writing transaction in which a request is admitted and what it does is appended to the log.

    Raises `RosterError` or `DeletionError` for what decides about entries to come and can't be, by the log so far.

    `last`: for what deletes, which may take the last of the disk and is refused to nobody who has added too much.
    """
    with _admitted(last=last) as admitted:
        yield _log(admitted, last=last)


def admit() -> None:
    """Admit a request, and log it where it is of somebody whose requests of the kind are; durable when this returns."""
    with _admitted() as admitted:
        if admitted.is_logged:
            _log(admitted)


@contextmanager
def _admitted(*, last: bool = False) -> Iterator[_Admitted]:
    """A writing transaction in which the request's nonce is used up, if its signer may make it.

    `last`: as for `Store.writing`.
    """
    server = current_server()
    signed = _verified(server)
    row = endpoint(signed.method, signed.path, signed.query)
    with server.store.in_order(last=last) as session:
        # Once more under the lock: the signer may have been revoked meanwhile.
        role = _permitted_role(server.log.roster(session), signed.key_id, row)
        if is_used(session, signed):
            raise RequestError("this request was used before")
        remember(session, signed)
        yield _Admitted(session, signed, role in row.logged)


def _log(admitted: _Admitted, *, last: bool = False) -> Logged:
    session, signed = admitted.session, admitted.signed
    row = endpoint(signed.method, signed.path, signed.query)
    body = row.logged_of(request.get_data())
    if body is not None:
        row.require_logged(signed, body)
    does = named(signed.method, signed.path, signed.query, body)
    kept = LoggedRequest(signed.base, signed.signature, None if body is None else body.decode())
    server = current_server()
    log = server.log
    clock = log.clock(session)
    at = clock.time(log.now())
    # Against what will be logged: the request may have waited for the lock for long.
    require_loggable(signed.created, at, clock)
    entry = Entry(at, signed.key_id, does.action, does.objects, kept)
    if entry.rules:
        # Nothing is appended that nobody could go on from.
        state = log.state(session)
        roster = state.roster.copy()
        roster.apply(entry)
        state.deletions.copy().apply(entry, roster)
    size = log.append(session, entry) * FOR_EVER
    if last:
        count(session, signed.key_id, at.date(), size)
    else:
        require_quota(server.settings, session, signed.key_id, at.date(), size)
    # By whichever of the two clocks is behind: either of them may let a request in.
    forget(session, min(at, log.now()))
    return Logged(session, signed.key_id, at)


def _verified(server: Keeper) -> SignedRequest:
    # Outside of any writing transaction: whoever sends false signatures must not hold up the store.
    with server.store.reading() as session:
        roster = server.log.roster(session)
    signed = verify(request, request.get_data(), roster, server.log.origin)
    if signed.authority != server.settings.authority:
        raise RequestError("the request was signed for another address")
    require_agreement(signed.created, server.log.now())
    return signed


def _permitted_role(roster: Roster, key: str, row: Endpoint) -> Role:
    member = roster.member(key)
    if roster.verifier(key) is None or member is None or member.card.role not in row.roles:
        raise RequestError("this key is not one that may do this")
    return member.card.role
