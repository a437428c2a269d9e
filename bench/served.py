"""A desk that answers on a port, in this process, so that its processor time counts; its answers' bytes are counted."""

import socket
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Thread
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from werkzeug.serving import WSGIRequestHandler, make_server

from intake.desk import create_app
from intake.keeper import Keeper


@dataclass
class Counted:
    """An application, and how many bytes of bodies it has answered."""

    application: WSGIApplication
    answered: int = 0

    def __call__(self, environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        answer = self.application(environ, start)
        try:
            body = b"".join(answer)
        finally:
            # What an answer took of what may be under way, it gives back at its end.
            if hasattr(answer, "close"):
                answer.close()
        self.answered += len(body)
        return [body]


class _Quiet(WSGIRequestHandler):
    def log_request(self, *_: object) -> None:
        """Nothing."""


@contextmanager
def served(server: Keeper, port: int) -> Iterator[Counted]:
    """The desk of a server, whose `desk_authority` is this port, until the block ends."""
    desk = Counted(create_app(server))
    http = make_server("127.0.0.1", port, desk, threaded=True, request_handler=_Quiet)
    thread = Thread(target=http.serve_forever)
    thread.start()
    try:
        yield desk
    finally:
        http.shutdown()
        thread.join()
        http.server_close()


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
