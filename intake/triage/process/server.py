"""The HTTP server on a socket that outlives it: it stops taking connections, and answers those that it took."""

import socket
from contextlib import suppress
from threading import Condition
from typing import TYPE_CHECKING, Any

from werkzeug.serving import ThreadedWSGIServer, WSGIRequestHandler

from intake.triage.pages.place import Place

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

_GRACE = 1.0
"""Seconds in which a connection that has asked nothing yet, such as browsers open beforehand, may still ask."""
_MOST_STRANGERS = 32
"""Connections at a time that have not asked for anything below the path: whoever uses this machine can open them."""


class Server(ThreadedWSGIServer):
    """Serves until `shutdown`; `drain` then waits for the answers that are under way. One request a connection.

    Each connection has a thread. One that has asked nothing yet, or of which the path is not known to be ours, gives
    way when too many others come: nobody who knows no path keeps the program from its reviewer.
    """

    def __init__(self, listening: socket.socket, app: "WSGIApplication", place: Place) -> None:
        host, port = listening.getsockname()[:2]
        super().__init__(host, port, app, _Handler, fd=listening.fileno())
        self._place = place
        self._changed = Condition()
        self._taken = 0
        self._strangers: dict[Any, None] = {}

    def drain(self, seconds: float) -> None:
        """Return once all connections are answered, or after so long."""
        with self._changed:
            if self._changed.wait_for(self._is_idle, _GRACE):
                return
            for connection in self._strangers:
                _hang_up(connection)
            self._changed.wait_for(self._is_idle, seconds - _GRACE)

    def heard(self, connection: Any, path: str) -> None:
        """The head of a request has arrived."""
        if self._place.is_above(path):
            with self._changed:
                self._strangers.pop(connection, None)

    def process_request(self, request: Any, client_address: Any) -> None:
        """Take a connection, and count it until it is closed."""
        with self._changed:
            while len(self._strangers) >= _MOST_STRANGERS:
                oldest = next(iter(self._strangers))
                del self._strangers[oldest]
                _hang_up(oldest)
            self._taken += 1
            self._strangers[request] = None
        super().process_request(request, client_address)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Answer, in a thread of its own."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            with self._changed:
                self._taken -= 1
                self._strangers.pop(request, None)
                self._changed.notify_all()

    def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002 - its name there
        """Say nothing: a traceback may hold what a source wrote. The application says what failed, without content."""

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing, as above."""

    def _is_idle(self) -> bool:
        return self._taken == 0


class _Handler(WSGIRequestHandler):
    """Prints no requests: their addresses say which report was read when, and the first holds the token."""

    server: Server

    def parse_request(self) -> bool:
        parsed = super().parse_request()
        if parsed:
            self.server.heard(self.connection, self.path)
        return parsed

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Say nothing."""


def _hang_up(connection: Any) -> None:
    # It may be closed already: its thread is then just about to say so.
    with suppress(OSError):
        connection.shutdown(socket.SHUT_RD)
