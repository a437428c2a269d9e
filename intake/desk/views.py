"""The routes. Each admits its request in one transaction, and answers only after that is durable."""

import base64
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, suppress
from datetime import date
from typing import Any, BinaryIO

from flask import Response, abort, current_app, jsonify, request
from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session
from werkzeug.exceptions import Gone

from crypto.tiles import TileError, parse_tile_path
from intake.accesslog import cosigned, tiles
from intake.accesslog.deleting import delete_due
from intake.accesslog.tiles import NoSuchTileError
from intake.desk.admission import Logged, admit, current_server, logged
from intake.desk.exchange import exchange_headers, readers_of
from intake.desk.index import day_rows, list_days, span_rows
from intake.desk.quota import require_quota
from intake.desk.renewal import are_for, renew_tips
from intake.desk.restriction import is_for
from intake.desk.routes import Routes
from intake.desk.underway import UnderWay
from intake.protocol import endpoints, limits
from intake.protocol.actions import parse_read_request
from intake.protocol.deletions import Proposal, Voice
from intake.protocol.index import AS_KEPT, parse_span, sha256_hex
from intake.protocol.kinds import Kind
from intake.protocol.manifest import manifest_in, parse_headers
from intake.protocol.newtip import NewTip, parse_new_tip
from intake.protocol.rekey import handover_in, parse_rekey
from intake.protocol.renewal import parse_renewed
from intake.protocol.wire import WireError, encode_entries, encode_sealed
from intake.server import Server
from intake.storage.blobs.protocol import NoSuchBlobError
from intake.storage.removal import finish
from intake.storage.room import StoreFullError
from intake.storage.store import Forgotten
from intake.storage.tables import Deposit, Handover, Item, TakenBack, Tip, Withdrawal

routes = Routes()

_JSON = "application/json"
_BYTES = "application/octet-stream"
_PIECE = 1 << 18
_TOGETHER = 1 << 18
"""Bytes of a bulk read that are held at a time."""
_ATTEMPTS = 3


@routes.serves(endpoints.DAYS)
def days() -> Response:
    """The days of which there is anything, or that they are as the client keeps them.

    Each fetch begins here, so that this is when what the team wants deleted is, once it is due.
    """
    kept, server = endpoints.kept_digest(_query()), current_server()
    with logged() as let_in:
        gone = delete_due(let_in.session, server.log, server.gate)
        body = list_days(let_in.session, server.gate, let_in.at).to_json()
    if gone is not None:
        finish(server.store, server.blobs, gone)
    return Response(AS_KEPT if kept == sha256_hex(body) else body, mimetype=_JSON)


@routes.serves(endpoints.DAY)
def rows(day: str) -> Response:
    """The rows of one day, or of several: a client fetches only what it lacks."""
    try:
        span = parse_span(day)
    except WireError:
        abort(404)
    server = current_server()
    with logged():
        pass
    with server.store.reading() as session:
        # By the time that it is now: what has come since the entry was made must wait for its own gate.
        now = server.log.time(session)
        if span.first == span.last:
            body = day_rows(session, server.gate, now, date.fromisoformat(day))
        else:
            body = span_rows(session, server.gate, now, span)
    return Response(body, mimetype=_JSON)


@routes.serves(endpoints.READ)
def read() -> Response:
    """The sealed bytes of up to 500 summaries and small items; ids that are not there are left out."""
    return _under_way().waited_for(_bulk_read)


@routes.serves(endpoints.ITEM)
def read_item(item: str) -> Response:
    """The sealed bytes of one item, streamed; with `?from=`, what is left of them from that byte on."""
    server = current_server()
    start = endpoints.first_wanted(_query())
    with logged():
        pass
    size, body = _content(server, bytes.fromhex(item), start)
    return Response(body, mimetype=_BYTES, headers={"Content-Length": str(size - start)})


@routes.serves(endpoints.ADD)
def add(tip: str, item: str) -> Response:
    """Store what a reviewer sealed. Sending the same again changes nothing and is fine."""
    server, sealed = current_server(), request.get_data()
    with logged() as let_in:
        session = let_in.session
        tip_id, item_id = bytes.fromhex(tip), bytes.fromhex(item)
        if not server.store.room.has(server.settings.reserve_text):
            raise StoreFullError
        stored = session.get(Tip, tip_id)
        if stored is None:
            abort(404)
        if session.get(TakenBack, item_id) is not None:
            abort(409)
        present = session.get(Item, item_id)
        if present is not None and (present.tip_id, present.sealed) != (tip_id, sealed):
            abort(409)
        if present is None:
            if not is_for(stored.readers, let_in.who):
                abort(412)
            # Whoever was shut out since could open what is sealed to an earlier identity.
            if request.args.get("to") not in (None, sha256_hex(stored.recipient.encode())):
                abort(412)
            require_quota(server.settings, session, let_in.who, let_in.at.date(), len(sealed))
            session.add(
                Item(
                    id=item_id,
                    tip_id=tip_id,
                    kind=Kind(request.args["kind"]),
                    day=let_in.at.date(),
                    size=len(sealed),
                    sealed=sealed,
                )
            )
    return Response(status=201)


@routes.serves(endpoints.TAKE_BACK)
def take_back(tip: str, item: str) -> Response:
    """Delete a reply for good, or see to it that it never comes. Asking for the same again changes nothing and is fine.

    202 as long as what was deleted can still be read from the files of the store.
    """
    server = current_server()
    with logged(last=True) as let_in:
        session, day = let_in.session, let_in.at.date()
        tip_id, item_id = bytes.fromhex(tip), bytes.fromhex(item)
        stored = session.get(Tip, tip_id)
        if stored is None:
            abort(404)
        if not is_for(stored.readers, let_in.who):
            abort(412)
        present, taken = session.get(Item, item_id), session.get(TakenBack, item_id)
        if present is None:
            # Only what deletes something is free: an entry stays for ever.
            require_quota(server.settings, session, let_in.who, day, 0)
        elif (present.tip_id, present.kind) != (tip_id, Kind.REPLY):
            abort(409)
        else:
            session.delete(present)
        if taken is None:
            session.add(TakenBack(id=item_id, tip_id=tip_id, day=None if present is None else day))
    return Response(status=204 if server.store.forget() is Forgotten.DONE else 202)


@routes.serves(endpoints.MAKE)
def make(tip: str, item: str) -> Response:
    """Store a tip that a reviewer made, with its first item. Sending the same again changes nothing and is fine.

    It shows at once, as everything does that reviewers add.
    """
    server, body = current_server(), request.get_data()
    with logged() as let_in:
        session = let_in.session
        if not server.store.room.has(server.settings.reserve_text):
            raise StoreFullError
        new = parse_new_tip(body)
        if new.made != endpoints.what_was_made(_query()):
            raise WireError("the query names other digests than the body has")
        tip_id, item_id = bytes.fromhex(tip), bytes.fromhex(item)
        if not _is_there(session, tip_id, item_id, new):
            # Who was enrolled since its maker last fetched could never read it.
            if new.readers != len(server.log.roster(session).reviewers):
                abort(412)
            day = let_in.at.date()
            require_quota(server.settings, session, let_in.who, day, len(body))
            session.add(
                Tip(
                    id=tip_id,
                    day=day,
                    recipient=new.recipient,
                    lookup=bytes.fromhex(new.lookup),
                    header=new.header,
                    payload=new.payload,
                    chain=new.chain,
                )
            )
            session.flush()
            first = Item(id=item_id, tip_id=tip_id, kind=Kind.REPORT, day=day, size=len(new.first), sealed=new.first)
            session.add(first)
    return Response(status=201)


@routes.serves(endpoints.HEADERS)
def exchange() -> Response:
    """Exchange headers of summaries.

    The answer names the tips of which that was not done: they have another header by now, are gone, or are restricted
    to others. 412, and no entry, if it was done before, or if nobody active would be let in.
    """
    server = current_server()
    manifest, headers = parse_headers(request.get_data())
    with logged() as let_in:
        session = let_in.session
        if not server.store.room.has(server.settings.reserve_text):
            raise StoreFullError
        member = server.log.roster(session).member(manifest.whom) if manifest.whom else None
        if manifest.whom and (member is None or member.until is not None or member.card.recipient is None):
            abort(412)
        others, more = exchange_headers(session, manifest, headers, let_in.who)
        require_quota(server.settings, session, let_in.who, let_in.at.date(), more)
    return jsonify(others=others)


@routes.serves(endpoints.REKEY)
def rekey() -> Response:
    """Put another recipient on the signer's card, and keep what they hand over to their other machines."""
    handover, wanted = handover_in(request.get_data()), parse_rekey(manifest_in(request.get_data()))
    if readers_of(handover) != 1:
        raise WireError("the handover is sealed to nobody, or to more than one")
    server = current_server()
    with logged() as let_in:
        require_quota(server.settings, let_in.session, let_in.who, let_in.at.date(), len(handover))
        let_in.session.add(Handover(member=let_in.who, replaces=bytes.fromhex(wanted.replaces), sealed=handover))
    return Response(status=201)


@routes.serves(endpoints.HANDOVERS)
def handovers() -> Response:
    """What the signer has handed over, in any order: each opens with the identity that it replaces."""
    with logged() as let_in:
        wanted = select(Handover.sealed).where(Handover.member == let_in.who).order_by(Handover.replaces)
        sealed = let_in.session.scalars(wanted).all()
    return jsonify(handovers=[base64.b64encode(each).decode() for each in sealed])


@routes.serves(endpoints.SUMMARIES)
def renew() -> Response:
    """Give tips another identity, and summaries that other people open.

    The answer names the tips of which that was not done: they have another summary by now, are gone, or are restricted
    to others. 412, and no entry, if it was done before, or if the readers are none of now.
    """
    server = current_server()
    renewals, renewed = parse_renewed(request.get_data())
    with logged() as let_in:
        session = let_in.session
        if not server.store.room.has(server.settings.reserve_text):
            raise StoreFullError
        roster = server.log.roster(session)
        if not are_for(renewals, renewed, let_in.who, roster):
            abort(412)
        others, more = renew_tips(session, renewals, renewed, let_in.who, roster)
        require_quota(server.settings, session, let_in.who, let_in.at.date(), more)
    return jsonify(others=others)


@routes.serves(endpoints.OPEN)
def opened(tip: str) -> Response:  # noqa: ARG001 - it is logged, and may be gone by now
    """Log that a reviewer was shown a tip."""
    with logged():
        pass
    return Response(status=204)


@routes.serves(endpoints.DEPOSIT)
def deposit() -> Response:
    """Keep a member's own keys, sealed, in the place of those that were kept before."""
    server, sealed = current_server(), request.get_data()
    with logged() as let_in:
        if not server.store.room.has(server.settings.reserve_text):
            raise StoreFullError
        require_quota(server.settings, let_in.session, let_in.who, let_in.at.date(), len(sealed))
        let_in.session.merge(Deposit(member=let_in.who, sealed=sealed))
    return Response(status=204)


@routes.serves(endpoints.DEPOSITED)
def deposited(keys: str) -> Response:
    """What a member left so."""
    with logged() as let_in:
        kept = let_in.session.get(Deposit, keys)
        sealed = None if kept is None else kept.sealed
    return Response(abort(404) if sealed is None else sealed, mimetype=_BYTES)


@routes.serves(endpoints.VOUCH)
def vouch() -> Response:
    """Log that a reviewer vouches for a card: who is enrolled follows from the log."""
    with logged():
        pass
    return Response(status=204)


@routes.serves(endpoints.PROPOSE)
def propose(tip: str, item: str) -> Response:
    """Log that a reviewer proposes to delete a tip."""
    with logged() as let_in:
        if let_in.session.get(Tip, bytes.fromhex(tip)) is None:
            abort(404)
        found = _deletion(let_in, item)
        if found is None or found.tip != tip or found.voices[0] != Voice(let_in.who, let_in.at):
            abort(409)
    return Response(status=201)


@routes.serves(endpoints.SECOND)
def second(tip: str, item: str) -> Response:
    """Log that another reviewer wants this, too."""
    with logged() as let_in:
        found = _deletion(let_in, item)
        if found is None or found.tip != tip or Voice(let_in.who, let_in.at) not in found.voices[1:]:
            abort(409)
    return Response(status=204)


@routes.serves(endpoints.STOP)
def stop(tip: str, item: str) -> Response:
    """Log that a reviewer stops a deletion: it is refused to nobody who has added too much, nor on a full disk."""
    with logged(last=True) as let_in:
        found = _deletion(let_in, item)
        if found is None or found.tip != tip or found.stopped != Voice(let_in.who, let_in.at):
            abort(409)
    return Response(status=204)


@routes.serves(endpoints.PURGED)
def purged(tip: str) -> Response:  # noqa: ARG001 - it is logged, and gone by now
    """Log that a reviewer's program has deleted what it kept of a tip."""
    with logged():
        pass
    return Response(status=204)


@routes.serves(endpoints.SHUT_OUT)
def shut_out(member: str) -> Response:  # noqa: ARG001 - it is logged, and who is enrolled follows from that
    """Log that a reviewer wants another one revoked."""
    with logged(last=True):
        pass
    return Response(status=204)


@routes.serves(endpoints.UNSAY)
def unsay(member: str) -> Response:  # noqa: ARG001 - as above
    """Log that a reviewer takes back what they said of somebody."""
    with logged(last=True):
        pass
    return Response(status=204)


def _deletion(let_in: Logged, item: str) -> Proposal | None:
    """What is proposed under an id, once this request has counted. One that changes nothing isn't logged."""
    return current_server().log.deletions(let_in.session).proposal(item)


@routes.serves(endpoints.EXPORT)
def exported(tip: str, sha256: str) -> Response:  # noqa: ARG001 - both are logged
    """Log that a file of a tip is about to leave the sealed store."""
    with logged():
        pass
    return Response(status=204)


@routes.serves(endpoints.REFER)
def referred(tip: str, sha256: str) -> Response:  # noqa: ARG001 - both are logged
    """Log that a tip was handed on."""
    with logged():
        pass
    return Response(status=204)


@routes.serves(endpoints.EXPLAIN)
def explain(finding: str) -> Response:  # noqa: ARG001 - the log holds it
    """The log holds the sentence. Which findings there are, the desk doesn't know."""
    with logged():
        pass
    return Response(status=201)


@routes.serves(endpoints.CHECKPOINT)
def checkpoint() -> Response:
    """The newest signed checkpoint: to an auditor, one that counts the entry of this very request."""
    server = current_server()
    admit()
    with server.store.reading() as session:
        return Response(server.log.shown(session), mimetype="text/plain")


@routes.serves(endpoints.COSIGNED)
def log_cosigned() -> Response:
    """The newest checkpoint that enough witnesses have cosigned, or any have, if never so many did."""
    server = current_server()
    admit()
    with server.store.reading() as session:
        note = cosigned.newest(session)
    if note is None:
        abort(404)
    return Response(note, mimetype="text/plain")


@routes.serves(endpoints.ENTRIES)
def entries() -> Response:
    """Entries of the log, as they were hashed, a line each."""
    server = current_server()
    start = endpoints.first_wanted(_query())
    admit()
    with server.store.reading() as session:
        body = encode_entries(tiles.entries(server.log, session, start, start + limits.MOST_ENTRIES))
    return Response(body, mimetype=_BYTES)


@routes.serves(endpoints.LOG)
def log_tile(resource: str) -> Response:
    """A hash tile or an entry bundle (C2SP tlog-tiles)."""
    server = current_server()
    admit()
    with server.store.reading() as session:
        try:
            return Response(tiles.tile(server.log, session, parse_tile_path(resource)), mimetype=_BYTES)
        except (TileError, NoSuchTileError):
            abort(404)


def _there(session: Session, sized: Select[bytes, int], names: Sequence[str]) -> dict[bytes, int]:
    """Which of these ids are there, and how many sealed bytes each has."""
    key = sized.selected_columns[0]
    rows = session.execute(sized.where(key.in_([bytes.fromhex(name) for name in names])))
    return {name: size for name, size in rows}  # noqa: C416 - rows are no tuples to mypy


def _is_there(session: Session, tip: bytes, item: bytes, new: NewTip) -> bool:
    """Whether just this tip was stored before; 409 where anything of it is taken by something else.

    Who can read it, and where its source goes on, may have changed since.
    """
    same = select(Tip).where((Tip.id == tip) | (Tip.lookup == bytes.fromhex(new.lookup)))
    tips, first = session.scalars(same).all(), session.get(Item, item)
    if not tips and first is None and session.get(Withdrawal, tip) is None:
        return False
    found = [(each.id, each.recipient, each.lookup.hex(), each.payload) for each in tips]
    if found != [(tip, new.recipient, new.lookup, new.payload)] or first is None:
        abort(409)
    if (first.tip_id, first.sealed) != (tip, new.first):
        abort(409)
    return True


def _under_way() -> UnderWay:
    return current_app.extensions["under_way"]  # type: ignore[no-any-return]


def _bulk_read() -> Response:
    """The answer to a bulk read; what it takes of all that may be under way, it gives back at its end."""
    server = current_server()
    with ExitStack() as at_the_end:
        with logged() as let_in:
            wanted = parse_read_request(request.get_data())
            tips = _there(
                let_in.session, select(Tip.id, func.length(Tip.header) + func.length(Tip.payload)), wanted.summaries
            )
            items = _there(let_in.session, select(Item.id, Item.size).where(Item.sealed.is_not(None)), wanted.items)
            size = sum(tips.values()) + sum(items.values())
            # Before it is logged as handed out.
            if len(tips) + len(items) > 1 and size > limits.SEALED:
                abort(413)
            # If there is no room, nothing is logged, and the request can be made again.
            at_the_end.callback(_under_way().take(size))
        answer = Response(
            _joined(
                encode_sealed(
                    _each(server, select(Tip.id, Tip.header, Tip.payload), tips),
                    _each(server, select(Item.id, Item.sealed), items),
                )
            ),
            mimetype=_JSON,
        )
        answer.call_on_close(at_the_end.pop_all().close)
    return answer


def _each(server: Server, sealed: Select[*tuple[Any, ...]], sizes: Mapping[bytes, int]) -> Iterator[tuple[str, bytes]]:
    """The sealed bytes of these ids, a few read when it is their turn: a slow client holds no transaction open."""
    key = sealed.selected_columns[0]
    for run in _runs(sizes):
        with server.store.reading() as session:
            rows = session.execute(sealed.where(key.in_(run))).all()
        for name, *parts in rows:
            yield name.hex(), b"".join(parts)


def _joined(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """The same in larger pieces, each of which costs both sides something."""
    held: list[bytes] = []
    size = 0
    for piece in pieces:
        held.append(piece)
        size += len(piece)
        if size >= _PIECE:
            yield b"".join(held)
            held, size = [], 0
    yield b"".join(held)


def _runs(sizes: Mapping[bytes, int]) -> Iterator[list[bytes]]:
    """All of these, in runs that are read together: of a few bytes, or of one thing that is larger."""
    run: list[bytes] = []
    held = 0
    for name, size in sizes.items():
        if run and held + size > _TOGETHER:
            yield run
            run, held = [], 0
        run.append(name)
        held += size
    if run:
        yield run


def _content(server: Server, name: bytes, start: int) -> tuple[int, Iterable[bytes]]:
    """The size of an item and its sealed bytes from `start` on."""
    for _ in range(_ATTEMPTS):
        with server.store.reading() as session:
            wanted = select(Item.size, Item.blob, Item.sealed).where(Item.id == name)
            size, blob, sealed = session.execute(wanted).one_or_none() or abort(404)
        if start > size:
            abort(416)
        if blob is None:
            return size, [(sealed or b"")[start:]]
        # Settling gives blobs other names, and may have done so since the row was read.
        with suppress(NoSuchBlobError):
            return size, _pieces(_whole(server.blobs.open(blob), size), start)
    raise Gone


def _whole(blob: BinaryIO, size: int) -> BinaryIO:
    """A blob that is as long as it must be; one that was cut is lost as well, and that is said before it is begun."""
    if blob.seek(0, os.SEEK_END) != size:
        blob.close()
        raise Gone
    return blob


def _pieces(blob: BinaryIO, start: int) -> Iterable[bytes]:
    with blob as file:
        file.seek(start)
        while piece := file.read(_PIECE):
            yield piece


def _query() -> str:
    return f"?{request.query_string.decode('ascii', 'replace')}"
