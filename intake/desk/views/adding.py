"""What reviewers add to tips and take back, and the tips that they make."""

from flask import Response, abort, request
from sqlalchemy import select
from sqlalchemy.orm import Session

from intake.desk.admission import current_server, logged
from intake.desk.quota import require_quota, require_room
from intake.desk.routes import Routes, current_query
from intake.protocol import endpoints, queries
from intake.protocol.index import sha256_hex
from intake.protocol.kinds import Kind
from intake.protocol.newtip import NewTip, parse_new_tip
from intake.protocol.wire import WireError
from intake.storage.store import Forgotten
from intake.storage.tables import Item, TakenBack, Tip, Withdrawal

routes = Routes()


@routes.serves(endpoints.ADD)
def add(tip: str, item: str) -> Response:
    """Store what a reviewer sealed. Sending the same again changes nothing and is fine."""
    server, sealed = current_server(), request.get_data()
    with logged() as let_in:
        session = let_in.session
        tip_id, item_id = bytes.fromhex(tip), bytes.fromhex(item)
        require_room(server)
        stored = session.get(Tip, tip_id)
        if stored is None:
            abort(404)
        if session.get(TakenBack, item_id) is not None:
            abort(409)
        present = session.get(Item, item_id)
        if present is not None and (present.tip_id, present.sealed) != (tip_id, sealed):
            abort(409)
        if present is None:
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
        if session.get(Tip, tip_id) is None:
            abort(404)
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
        require_room(server)
        new = parse_new_tip(body)
        if new.made != queries.what_was_made(current_query()):
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
