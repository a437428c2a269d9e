"""The witness over HTTP: one route, for logs alone. Who sees a log's cosignatures gets them from the log."""

from socket import socket

from flask import Flask, Response, request
from werkzeug.serving import ThreadedWSGIServer, WSGIRequestHandler

from crypto.witness import LONGEST
from intake.audit.witness.cosigning import Witness

_IDLE = 60
"""Seconds that a connection may wait for its next request."""


def create_app(witness: Witness) -> Flask:
    """The application of a witness."""
    app = Flask(__name__, static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = LONGEST

    @app.post("/add-checkpoint")
    def add_checkpoint() -> Response:
        answer = witness.add_checkpoint(request.get_data())
        return Response(answer.body, status=answer.status, content_type=answer.content_type)

    return app


class _Handler(WSGIRequestHandler):
    """Keeps connections, as logs that ask often want it (tlog-witness), and prints nothing."""

    protocol_version = "HTTP/1.1"
    timeout = _IDLE

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Say nothing: when a log asks is nobody's business."""


def make_server(witness: Witness, listening: socket) -> ThreadedWSGIServer:
    """A server on a socket that listens already; it answers once `serve_forever` is called."""
    host, port = listening.getsockname()[:2]
    return ThreadedWSGIServer(host, port, create_app(witness), _Handler, fd=listening.fileno())
