"""A desk that is out of reach, or whose answers get lost."""

from collections.abc import Iterable
from wsgiref.types import StartResponse, WSGIEnvironment

from werkzeug.wrappers import Response

from open_desk import Desk


def unreachable(desk: Desk, status: int = 503) -> list[bool]:
    """While there is anything in this list, whatever is asked is answered with this status."""
    honest, away = desk.wsgi, [True]

    def answer(environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        return Response("", status)(environ, start) if away else honest(environ, start)

    desk.wsgi = answer
    return away


def lose_answers(desk: Desk) -> list[bool]:
    """The desk stores what it is sent, but while there is anything in this list its answers get lost."""
    honest, lost = desk.wsgi, [True]

    def answer(environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        if environ["REQUEST_METHOD"] != "PUT" or not lost:
            return honest(environ, start)
        b"".join(honest(environ, lambda *_: lambda _: None))
        return Response(status=502)(environ, start)

    desk.wsgi = answer
    return lost
