"""The witness over HTTP: one route, for logs alone. Who sees a log's cosignatures gets them from the log."""

from contextlib import suppress
from socket import SHUT_RDWR, socket
from threading import Lock
from typing import Any

from flask import Flask, Response, request
from werkzeug.serving import ThreadedWSGIServer, WSGIRequestHandler

from crypto.witness import LONGEST
from intake.audit.witness.cosigning import Witness

_IDLE = 60
"""Seconds that a connection may wait for its next request."""
_MOST = 100
"""Connections at a time, each of which has a thread. Anybody who knows the address can open them."""


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


class _Server(ThreadedWSGIServer):
    """Of too many connections the oldest gives way: a log asks and is answered in no time, and connects again."""

    def __init__(self, listening: socket, app: Flask) -> None:
        host, port = listening.getsockname()[:2]
        super().__init__(host, port, app, _Handler, fd=listening.fileno())
        self._open: dict[Any, None] = {}
        self._changing = Lock()

    def process_request(self, request: Any, client_address: Any) -> None:
        """Take a connection."""
        with self._changing:
            while len(self._open) >= _MOST:
                oldest = next(iter(self._open))
                del self._open[oldest]
                # It may be closed already: its thread is then just about to say so.
                with suppress(OSError):
                    oldest.shutdown(SHUT_RDWR)
            self._open[request] = None
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        """Close a connection."""
        with self._changing:
            self._open.pop(request, None)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: whoever goes away in between would fill the screen."""


def make_server(witness: Witness, listening: socket) -> ThreadedWSGIServer:
    """A server on a socket that listens already; it answers once `serve_forever` is called."""
    return _Server(listening, create_app(witness))
