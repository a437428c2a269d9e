"""A desk over a real store, and clients that sign."""

import secrets
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

from crypto.age import HybridIdentity
from intake.desk import create_app
from intake.keeper import Keeper
from intake.protocol.kinds import Kind
from intake.protocol.requests import sign
from intake.storage.tables import Item, Tip

RECIPIENT = str(HybridIdentity.generate().recipient)


class Client:
    """Sends signed requests to the desk, and can spoil them on the way."""

    def __init__(self, server: Keeper, key: Any) -> None:
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


@pytest.fixture
def client(server: Keeper) -> Iterator[Callable[[Any], Client]]:
    """Makes a client for a member."""
    made: list[Client] = []

    def make(member: Any, of: Keeper = server) -> Client:
        made.append(Client(of, member.key))
        return made[-1]

    yield make
    for each in made:
        each.close()


@pytest.fixture
def stored(server: Keeper) -> Callable[[int], tuple[str, list[str]]]:
    """Stores a tip with so many small items; ids in hex."""

    def store(items: int) -> tuple[str, list[str]]:
        tip, today = secrets.token_bytes(16), datetime.now(UTC).date()
        names = [secrets.token_bytes(16) for _ in range(items)]
        with server.store.writing() as session:
            session.add(
                Tip(
                    id=tip,
                    day=today,
                    header=b"header",
                    payload=b"summary " + tip,
                    recipient=RECIPIENT,
                    lookup=secrets.token_bytes(32),
                )
            )
            session.flush()
            session.add_all(
                Item(id=name, tip_id=tip, kind=Kind.MESSAGE, day=today, size=21, sealed=b"item " + name)
                for name in names
            )
        return tip.hex(), [name.hex() for name in names]

    return store
