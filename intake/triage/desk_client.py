"""Signed requests to the desk, and its errors in plain words. No request goes anywhere else."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO

import httpx

from crypto.note import SigningKey
from intake.protocol.actions import ReadRequest
from intake.protocol.requests import sign
from intake.triage.home import Connection

_LOG = "/v1/log/"
"""Below this, reading is not logged itself."""

_PATIENCE = httpx.Timeout(120, connect=60)


class DeskError(Exception):
    """The desk can't be reached, or refused; in words for the reviewer."""


class DeskClient:
    """The desk API as a member sees it."""

    def __init__(self, connection: Connection, key: SigningKey) -> None:
        self._log = connection.verifier.name
        self._key = key
        self._http = httpx.Client(
            base_url=connection.desk,
            proxy=connection.proxy,
            timeout=_PATIENCE,
            trust_env=False,
            follow_redirects=False,
        )
        self.unconfirmed: set[str] = set()
        """Nonces of the answered requests that the log must hold, until somebody has looked and takes them out."""

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def index(self) -> bytes:
        """What there is: the body of the index."""
        return self._get("/v1/index")

    def read(self, request: ReadRequest) -> bytes:
        """Sealed summaries and small items, as the desk sends them."""
        with self._answer("POST", "/v1/read", request.to_json()) as answer:
            return answer.read()

    def download(self, item: str, target: BinaryIO) -> None:
        """Write the sealed bytes of one item to `target`."""
        with self._answer("GET", f"/v1/items/{item}") as answer:
            for piece in answer.iter_bytes():
                target.write(piece)

    def add(self, tip: str, kind: str, sealed: bytes) -> None:
        """Store what was sealed to a tip, as a `reply` or as `work`."""
        with self._answer("PUT", f"/v1/tips/{tip}/items/{secrets.token_hex(16)}?kind={kind}", sealed):
            pass

    def checkpoint(self) -> bytes:
        """The newest signed checkpoint."""
        return self._get(f"{_LOG}checkpoint")

    def log_resource(self, path: str) -> bytes:
        """A tile or an entry bundle."""
        return self._get(f"{_LOG}{path}")

    def _get(self, path: str) -> bytes:
        with self._answer("GET", path) as answer:
            return answer.read()

    @contextmanager
    def _answer(self, method: str, path: str, body: bytes = b"") -> Iterator[httpx.Response]:
        request = self._http.build_request(method, path, content=body)
        nonce = sign(request, body, self._key, self._log)
        try:
            answer = self._http.send(request, stream=True)
            try:
                if not answer.is_success:
                    answer.read()
                    raise DeskError(f"the desk refused: {_words(answer)}")
                if not path.startswith(_LOG):
                    self.unconfirmed.add(nonce)
                yield answer
            finally:
                answer.close()
        except httpx.HTTPError as error:
            raise DeskError("the desk can't be reached; is its address right, and is Tor running?") from error


def _words(answer: httpx.Response) -> str:
    try:
        return str(answer.json()["error"])
    except (ValueError, KeyError, TypeError):
        return f"status {answer.status_code}"
