"""The HTTP server on a socket that outlives it: it stops taking connections, and answers those that it took."""

import socket
from threading import Condition
from typing import TYPE_CHECKING, Any

from werkzeug.serving import ThreadedWSGIServer, WSGIRequestHandler

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

_GRACE = 1.0
"""Seconds in which a connection that has asked nothing yet, such as browsers open beforehand, may still ask."""


class Server(ThreadedWSGIServer):
    """Serves until `shutdown`; `drain` then waits for the answers that are under way. One request a connection."""

    def __init__(self, listening: socket.socket, app: "WSGIApplication") -> None:
        host, port = listening.getsockname()[:2]
        super().__init__(host, port, app, _Handler, fd=listening.fileno())
        self._changed = Condition()
        self._taken = 0
        self._silent: set[Any] = set()

    def drain(self, seconds: float) -> None:
        """Return once all connections are answered, or after so long."""
        with self._changed:
            if self._changed.wait_for(self._is_idle, _GRACE):
                return
            for connection in self._silent:
                connection.shutdown(socket.SHUT_RD)
            self._changed.wait_for(self._is_idle, seconds - _GRACE)

    def heard(self, connection: Any) -> None:
        """A request begins to arrive."""
        with self._changed:
            self._silent.discard(connection)

    def process_request(self, request: Any, client_address: Any) -> None:
        """Take a connection, and count it until it is closed."""
        with self._changed:
            self._taken += 1
            self._silent.add(request)
        super().process_request(request, client_address)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        """Answer, in a thread of its own."""
        try:
            super().process_request_thread(request, client_address)
        finally:
            with self._changed:
                self._taken -= 1
                self._silent.discard(request)
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
        self.server.heard(self.connection)
        return super().parse_request()

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Say nothing."""
