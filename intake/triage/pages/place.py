"""Where the program is reached: a random path on this machine, and a gate that knows nothing of what lies elsewhere."""

import hmac
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from werkzeug.wrappers import Response

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_ELSEWHERE = "Open the address that the program printed when it started.\n"


@dataclass(frozen=True, slots=True, repr=False)
class Place:
    """The program's port on 127.0.0.1 and its path; the key of its cookies; the token that opens it once, if not used.

    A browser sends cookies to every port of 127.0.0.1, and other users of the machine may listen there. Nobody but the
    browser that opened the printed address knows the path, so it gets no cookie elsewhere, and no cookie opens anything
    without it.
    """

    port: int
    path: str
    secret: bytes
    token: str | None

    @classmethod
    def new(cls, port: int) -> "Place":
        """A place that nobody knows yet."""
        return cls(port, f"/{secrets.token_urlsafe(24)}", secrets.token_bytes(32), secrets.token_urlsafe(32))

    @property
    def address(self) -> str:
        """What opens the program, once."""
        return f"http://127.0.0.1:{self.port}{self.path}/?token={self.token}"

    @property
    def hosts(self) -> tuple[str, str]:
        """The names under which this machine may be asked."""
        return f"127.0.0.1:{self.port}", f"localhost:{self.port}"

    def is_above(self, path: str) -> bool:
        """Whether the path of a request lies below this one."""
        first, slash, _ = path[1:].partition("/")
        return hmac.compare_digest(f"/{first}".encode(), self.path.encode()) and slash == "/"


class Gate:
    """Hands on what was asked of this machine below the path, from the program's own pages; all else is refused alike.

    It stands before everything that reads or sets a cookie.
    """

    def __init__(self, app: "WSGIApplication", place: Place) -> None:
        self._app = app
        self._place = place

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """Answer one request."""
        path = environ["PATH_INFO"]
        if not (self._place.is_above(path) and self._is_ours(environ)):
            return Response(_ELSEWHERE, 403, mimetype="text/plain")(environ, start_response)
        environ["SCRIPT_NAME"], environ["PATH_INFO"] = self._place.path, path.removeprefix(self._place.path)
        return self._app(environ, start_response)

    def _is_ours(self, environ: "WSGIEnvironment") -> bool:
        # Another name in the Host header means that a page from elsewhere had this machine's address looked up for it.
        if environ.get("HTTP_HOST") not in self._place.hosts:
            return False
        if environ["REQUEST_METHOD"] in ("GET", "HEAD"):
            return True
        # Under "no-referrer" browsers say "null" for the origin of our own forms.
        origins = ("null", *(f"http://{host}" for host in self._place.hosts))
        # Another port is another origin, but the same "site".
        return environ.get("HTTP_ORIGIN", "null") in origins and (
            environ.get("HTTP_SEC_FETCH_SITE", "same-origin") == "same-origin"
        )
