"""A member's own keys, sealed: what they hand over to their other machines, and what they leave for the day of need."""

import base64

from flask import Response, abort, jsonify, request
from sqlalchemy import select

from intake.desk.admission import current_server, logged
from intake.desk.exchange import readers_of
from intake.desk.quota import require_quota, require_room
from intake.desk.routes import BYTES, Routes
from intake.protocol import endpoints
from intake.protocol.manifest import manifest_in
from intake.protocol.rekey import handover_in, parse_rekey
from intake.protocol.wire import WireError
from intake.storage.tables import Deposit, Handover

routes = Routes()


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


@routes.serves(endpoints.DEPOSIT)
def deposit() -> Response:
    """Keep a member's own keys, sealed, in the place of those that were kept before."""
    server, sealed = current_server(), request.get_data()
    with logged() as let_in:
        require_room(server)
        require_quota(server.settings, let_in.session, let_in.who, let_in.at.date(), len(sealed))
        let_in.session.merge(Deposit(member=let_in.who, sealed=sealed))
    return Response(status=204)


@routes.serves(endpoints.DEPOSITED)
def deposited(keys: str) -> Response:
    """What a member left so."""
    with logged() as let_in:
        kept = let_in.session.get(Deposit, keys)
        sealed = None if kept is None else kept.sealed
    return Response(abort(404) if sealed is None else sealed, mimetype=BYTES)
