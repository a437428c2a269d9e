"""HTTP on connections where nothing may take for ever: a request has a time that only grows with what it moves.

httpx has timeouts for single reads only: who sends a byte now and then would hold a program for days, and a proxy that
never answers its first bytes for ever.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from ssl import SSLContext
from typing import Any

import httpcore
import httpx

_PIECE = 4096
"""Bytes written at a time: each gets what is left of the request's time."""


class Allowance:
    """The time of one request, in seconds: `base`, and more for each byte that moved, at `rate` bytes a second."""

    def __init__(self, base: float, rate: float) -> None:
        self._ends = time.monotonic() + base
        self._rate = rate

    def left(self, timeout: float | None) -> float:
        """How long the next step may take, at most `timeout`; not positive if the time is over."""
        left = self._ends - time.monotonic()
        return left if timeout is None else min(left, timeout)

    def moved(self, size: int) -> None:
        """So many bytes went over the connection."""
        self._ends += size / self._rate


_current: ContextVar[Allowance] = ContextVar("allowance")


@contextmanager
def allowed(base: float, rate: float) -> Iterator[None]:
    """Whatever goes over a connection in this block, on this thread, gets no more time than this."""
    token = _current.set(Allowance(base, rate))
    try:
        yield
    finally:
        _current.reset(token)


class TimedTransport(httpx.HTTPTransport):
    """httpx's own transport, over connections that keep to the time of the current request."""

    def __init__(self, proxy: str | None) -> None:
        super().__init__(trust_env=False, proxy=proxy)
        # httpx has no parameter for the backend, which is a public one of the pool that it makes.
        self._backend = _Backend(self._pool._network_backend)
        self._pool._network_backend = self._backend

    def close(self) -> None:
        """Close every connection, also those to a proxy that answered nonsense, which the pool has forgotten."""
        super().close()
        for stream in list(self._backend.streams):
            stream.close()

    def __exit__(self, *_error: object) -> None:
        # httpx's own would close the pool alone.
        self.close()


class _Backend(httpcore.NetworkBackend):
    def __init__(self, backend: httpcore.NetworkBackend) -> None:
        self._backend = backend
        self.streams: set[_Stream] = set()

    def connect_tcp(self, host: str, port: int, timeout: float | None = None, *rest: Any, **options: Any) -> "_Stream":
        left = _left(timeout, httpcore.ConnectTimeout)
        return _Stream(self._backend.connect_tcp(host, port, left, *rest, **options), self.streams)


class _Stream(httpcore.NetworkStream):
    """A connection; one of `others` for as long as it is open."""

    def __init__(self, stream: httpcore.NetworkStream, others: "set[_Stream]") -> None:
        self._stream = stream
        self._others = others
        others.add(self)

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        with self._closed_on_error():
            data = self._stream.read(max_bytes, _left(timeout, httpcore.ReadTimeout))
        _moved(len(data))
        return data

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        for start in range(0, len(buffer), _PIECE):
            piece = buffer[start : start + _PIECE]
            with self._closed_on_error():
                self._stream.write(piece, _left(timeout, httpcore.WriteTimeout))
            _moved(len(piece))

    def close(self) -> None:
        self._others.discard(self)
        self._stream.close()

    def start_tls(
        self, ssl_context: SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> "_Stream":
        left = _left(timeout, httpcore.ConnectTimeout)
        return _Stream(self._stream.start_tls(ssl_context, server_hostname, left), self._others)

    @contextmanager
    def _closed_on_error(self) -> Iterator[None]:
        # The pool forgets a connection to a proxy that fails before it is made, and leaves it open.
        try:
            yield
        except (httpcore.TimeoutException, httpcore.NetworkError):
            self.close()
            raise

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


def _left(timeout: float | None, error: type[httpcore.TimeoutException]) -> float | None:
    allowance = _current.get(None)
    if allowance is None:
        return timeout
    left = allowance.left(timeout)
    if left <= 0:
        raise error("the request took too long")
    return left


def _moved(size: int) -> None:
    allowance = _current.get(None)
    if allowance is not None:
        allowance.moved(size)
