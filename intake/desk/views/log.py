"""The access log, for whoever verifies it."""

from flask import Response, abort

from crypto.tiles import TileError, parse_tile_path
from intake.accesslog import cosigned, tiles
from intake.accesslog.tiles import NoSuchTileError
from intake.desk.admission import admit, current_server
from intake.desk.routes import BYTES, Routes, current_query
from intake.protocol import endpoints, limits, queries
from intake.protocol.wire import encode_entries

routes = Routes()


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
    start = queries.first_wanted(current_query())
    admit()
    with server.store.reading() as session:
        body = encode_entries(tiles.entries(server.log, session, start, start + limits.MOST_ENTRIES))
    return Response(body, mimetype=BYTES)


@routes.serves(endpoints.LOG)
def log_tile(resource: str) -> Response:
    """A hash tile or an entry bundle (C2SP tlog-tiles)."""
    server = current_server()
    admit()
    with server.store.reading() as session:
        try:
            return Response(tiles.tile(server.log, session, parse_tile_path(resource)), mimetype=BYTES)
        except (TileError, NoSuchTileError):
            abort(404)
