"""The desk's application factory: its one error form and its routes."""

from flask import Flask, Response, jsonify
from werkzeug.exceptions import HTTPException

from intake.accesslog.read import LogDamagedError
from intake.desk.underway import TakenError, UnderWay
from intake.desk.views import routes
from intake.hygiene import log_without_content
from intake.keeper import Keeper
from intake.protocol.actions import ActionError
from intake.protocol.deletions import DeletionError
from intake.protocol.requests import RequestError
from intake.protocol.roster import RosterError
from intake.protocol.wire import WireError
from intake.storage.room import StoreFullError
from intake.storage.sqlite import StoreLockedError


def create_app(server: Keeper) -> Flask:
    """The desk API over an opened server."""
    app = Flask(__name__, static_folder=None)
    app.extensions["intake"] = server
    app.extensions["under_way"] = UnderWay()
    routes.register(app)
    app.register_error_handler(RequestError, lambda error: _problem(401, str(error)))
    app.register_error_handler(ActionError, lambda error: _problem(400, str(error)))
    app.register_error_handler(RosterError, lambda error: _problem(409, str(error)))
    app.register_error_handler(DeletionError, lambda error: _problem(409, str(error)))
    app.register_error_handler(WireError, lambda error: _problem(400, str(error)))
    app.register_error_handler(LogDamagedError, lambda _: _problem(500, "the stored log does not fit its signed head"))
    app.register_error_handler(StoreFullError, lambda _: _problem(507, "the server's disk is full: tell the operator"))
    app.register_error_handler(StoreLockedError, lambda _: _problem(503, "the server is busy: try again in a minute"))
    app.register_error_handler(TakenError, _taken)
    app.register_error_handler(HTTPException, _http_problem)
    log_without_content(app)
    app.after_request(_headers)
    return app


def _http_problem(error: HTTPException) -> Response:
    words = {
        404: "there is nothing of this name",
        409: "this id is taken",
        410: "this file is lost on the server: tell the operator",
        412: "it is sealed to others than the reviewers of now: fetch what is new first",
        413: "the request is too large, or asks for too much at once",
        429: "that is more than one reviewer can add on one day: tell the operator",
        416: "it ends before that byte",
    }
    code = error.code or 500
    return _problem(code, words.get(code, "the desk can't do this"))


def _taken(error: TakenError) -> Response:
    response = _problem(503, "others read much at the moment: try again in a minute")
    response.headers["Retry-After"] = str(error.retry_after)
    return response


def _problem(status: int, words: str) -> Response:
    response = jsonify(error=words)
    response.status_code = status
    return response


def _headers(response: Response) -> Response:
    response.headers["Cache-Control"] = "no-store"
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response
