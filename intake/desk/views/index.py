"""What there is, by day."""

from datetime import date

from flask import Response, abort

from intake.accesslog.deleting import delete_due
from intake.desk.admission import current_server, logged
from intake.desk.index import day_rows, list_days, span_rows
from intake.desk.routes import JSON, Routes, current_query
from intake.protocol import endpoints, queries
from intake.protocol.index import AS_KEPT, parse_span, sha256_hex
from intake.protocol.wire import WireError
from intake.storage.removal import finish

routes = Routes()


@routes.serves(endpoints.DAYS)
def days() -> Response:
    """The days of which there is anything, or that they are as the client keeps them.

    Each fetch begins here, so that this is when what the team wants deleted is, once it is due.
    """
    kept, server = queries.kept_digest(current_query()), current_server()
    with logged() as let_in:
        gone = delete_due(let_in.session, server.log, server.gate)
        body = list_days(let_in.session, server.gate, let_in.at).to_json()
    if gone is not None:
        finish(server.store, server.blobs, gone)
    return Response(AS_KEPT if kept == sha256_hex(body) else body, mimetype=JSON)


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
    return Response(body, mimetype=JSON)
