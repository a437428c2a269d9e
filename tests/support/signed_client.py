"""A member's client that signs requests to the desk, and can spoil them on the way."""

from collections.abc import Callable
from datetime import datetime
from typing import Protocol

import httpx

from crypto.note import SigningKey
from enrolled import Enrolled
from intake.desk import create_app
from intake.keeper import Keeper
from intake.protocol.requests import sign


class Client:
    """Sends signed requests to the desk, and can spoil them on the way."""

    def __init__(self, server: Keeper, key: SigningKey) -> None:
        self._server = server
        self._key = key
        self._http = httpx.Client(
            transport=httpx.WSGITransport(app=create_app(server)), base_url="http://desk.test", trust_env=False
        )

    def request(
        self, method: str, path: str, body: bytes = b"", log: str | None = None, created: datetime | None = None
    ) -> httpx.Request:
        request = self._http.build_request(method, path, content=body)
        sign(request, body, self._key, log or self._server.log.origin, created)
        return request

    def unsigned(self, method: str, path: str) -> httpx.Request:
        return self._http.build_request(method, path)

    def send(self, request: httpx.Request) -> httpx.Response:
        return self._http.send(request)

    def __call__(self, method: str, path: str, body: bytes = b"") -> httpx.Response:
        return self.send(self.request(method, path, body))

    def close(self) -> None:
        self._http.close()


class ClientOf(Protocol):
    """Makes a client for a member, of the server or of another."""

    def __call__(self, member: Enrolled, of: Keeper | None = None) -> Client: ...


StoreTip = Callable[[int], tuple[str, list[str]]]
"""Stores a tip with so many small items; ids in hex."""
