"""Deletions that reviewers propose, second and stop."""

from flask import Response, abort

from intake.desk.admission import Logged, current_server, logged
from intake.desk.routes import Routes
from intake.protocol import endpoints
from intake.protocol.deletions import Proposal, Voice
from intake.storage.tables import Tip

routes = Routes()


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


def _deletion(let_in: Logged, item: str) -> Proposal | None:
    """What is proposed under an id, once this request has counted. One that changes nothing isn't logged."""
    return current_server().log.deletions(let_in.session).proposal(item)
