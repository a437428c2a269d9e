"""Who can open a tip: headers of summaries, and whole summaries, are put in the place of others."""

from flask import Response, abort, jsonify, request

from intake.desk.admission import current_server, logged
from intake.desk.exchange import exchange_headers
from intake.desk.quota import require_quota, require_room
from intake.desk.renewal import are_for, renew_tips
from intake.desk.routes import Routes
from intake.protocol import endpoints
from intake.protocol.manifest import parse_headers
from intake.protocol.renewal import parse_renewed

routes = Routes()


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
        require_room(server)
        member = server.log.roster(session).member(manifest.whom) if manifest.whom else None
        if manifest.whom and (member is None or member.until is not None or member.card.recipient is None):
            abort(412)
        others, more = exchange_headers(session, manifest, headers, let_in.who)
        require_quota(server.settings, session, let_in.who, let_in.at.date(), more)
    return jsonify(others=others)


@routes.serves(endpoints.SUMMARIES)
def renew() -> Response:
    """Give tips another identity, and summaries that other people open.

    The answer names the tips of which that was not done: they have another summary by now, are gone, or are restricted
    to others. 412, and no entry, if it was done before, or if the readers are none of now; also if it restricts tips,
    or opens them again, and was not done of each: whoever verifies the log can't see what was not done.
    """
    server = current_server()
    renewals, renewed = parse_renewed(request.get_data())
    with logged() as let_in:
        session = let_in.session
        require_room(server)
        roster = server.log.roster(session)
        if not are_for(renewals, renewed, let_in.who, roster):
            abort(412)
        others, more = renew_tips(session, renewals, renewed, let_in.who, roster)
        if others and (renewals.readers or renewals.opens):
            abort(412)
        require_quota(server.settings, session, let_in.who, let_in.at.date(), more)
    return jsonify(others=others)
