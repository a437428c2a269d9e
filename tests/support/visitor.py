"""A source at the level of bytes: one connection for each request, each with the PROXY line of a Tor circuit."""

import re
import socket
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from html import unescape
from http.client import parse_headers
from io import BytesIO
from urllib.parse import urlencode, urlsplit

from forms import hidden
from servers import rest

FORM = "application/x-www-form-urlencoded"


def proxy_line(circuit: int) -> bytes:
    """What Tor sends first for a stream of this circuit."""
    return f"PROXY TCP6 fc00:dead:beef:4dad::0:{circuit:x} ::1 65535 42\r\n".encode()


def head(path: str, cookies: Mapping[str, str], content_type: str, length: int, *headers: str) -> bytes:
    """The head of a POST request."""
    body = (f"Content-Type: {content_type}", f"Content-Length: {length}")
    lines = [f"POST {path} HTTP/1.1", "Host: x", *_cookie(cookies), *body, *headers]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def _cookie(cookies: Mapping[str, str]) -> list[str]:
    """What a browser sends of its cookies: nothing, if it has none."""
    return ["Cookie: " + "; ".join(f"{name}={value}" for name, value in cookies.items())] if cookies else []


@dataclass(frozen=True)
class Answer:
    """A page, how many bytes came, and how long its source had to wait for all of it."""

    status: int
    path: str
    text: str
    size: int
    seconds: float

    def hidden(self, action: str) -> dict[str, str]:
        """The hidden values of one of the page's forms."""
        assert f'action="{action}"' in self.text, f"{self.path} has no form for {action}, but status {self.status}"
        return hidden(self.text, action)

    def typed(self, name: str) -> str:
        """What stands in a text area of the page."""
        found = re.search(rf'<textarea[^>]* name="{name}"[^>]*>\n?([^<]*)</textarea>', self.text)
        assert found, f"there is no text area {name}"
        return unescape(found[1])


class Visitor:
    """A browser's way through the site: cookies are kept and redirects followed."""

    def __init__(self, connect: Callable[[], socket.socket], circuit: int | None = None) -> None:
        self.cookies: dict[str, str] = {}
        self.answers: list[Answer] = []
        self._connect = connect
        self._proxy = b"" if circuit is None else proxy_line(circuit)

    def get(self, path: str) -> Answer:
        return self.ask("GET", path)

    def ask(self, method: str, path: str, *headers: str) -> Answer:
        """Send a request without a body, with these headers besides its cookies."""
        lines = [f"{method} {path} HTTP/1.1", "Host: x", *_cookie(self.cookies), *headers]
        return self.send(path, ("\r\n".join(lines) + "\r\n\r\n").encode())

    def post(self, path: str, values: Mapping[str, str]) -> Answer:
        return self.post_bytes(path, urlencode(values).encode(), FORM)

    def post_bytes(self, path: str, body: bytes, content_type: str) -> Answer:
        return self.send(path, head(path, self.cookies, content_type, len(body)) + body)

    def submit(self, action: str, **values: str) -> Answer:
        """Send a form of the page that is being shown."""
        return self.post(action, {**self.answers[-1].hidden(action), **values})

    def send(self, path: str, request: bytes) -> Answer:
        """Send these bytes behind the circuit's line, and take the answer."""
        begun = time.monotonic()
        with self._connect() as connection:
            connection.sendall(self._proxy + request)
            came = rest(connection)
        head, _, body = came.partition(b"\r\n\r\n")
        status = int(head.split(b" ", 2)[1])
        answer = Answer(status, path, body.decode(), len(came), time.monotonic() - begun)
        self.answers.append(answer)
        headers = parse_headers(BytesIO(head.partition(b"\r\n")[2] + b"\r\n\r\n"))
        self._keep(headers.get_all("Set-Cookie", []))
        if status == 303:
            return self.get(urlsplit(headers["Location"]).path)
        return answer

    def _keep(self, cookies: list[str]) -> None:
        for cookie in cookies:
            name, _, value = cookie.partition(";")[0].partition("=")
            if value:
                self.cookies[name] = value
            else:
                self.cookies.pop(name, None)

    def report(self, narrative: str = "Two men came.") -> str:
        """From the first page to "your report has arrived"; the codename."""
        self.get("/en/")
        codename = " ".join(re.findall(r"<li>(\w+)</li>", self.submit("/en/words").text))
        self.get("/en/report")
        answer = self.submit("/en/report", narrative=narrative)
        assert "has arrived" in answer.text
        return codename
