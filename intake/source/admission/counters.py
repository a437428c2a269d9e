"""Where the limits are counted: in this process, or in the storage of limits_storage, where several count together."""

import time
from dataclasses import dataclass
from threading import Lock
from typing import Any

from limits.storage import Storage, storage_from_string

_PATIENCE = 1
_SWEEP = 10.0
"""Seconds after which counters whose time is over are forgotten."""


@dataclass(slots=True)
class _Count:
    until: float
    hits: int = 0


class Counters(Storage):
    """Counters of this process, each from its first hit until it expires.

    The library's own storage in memory starts a thread every hundredth of a second to forget; that cost more than the
    counting.
    """

    STORAGE_SCHEME = ["counters"]  # noqa: RUF012 - the library's name and type

    def __init__(self, uri: str | None = None, wrap_exceptions: bool = False, **options: Any) -> None:
        super().__init__(uri, wrap_exceptions, **options)
        self._counts: dict[str, _Count] = {}
        self._changing = Lock()
        self._swept = time.time()

    @property
    def base_exceptions(self) -> tuple[type[Exception], ...]:
        """What fails in it: nothing."""
        return ()

    def incr(self, key: str, expiry: float, amount: int = 1) -> int:
        """Count, and return how many there are; a counter that begins here expires after so many seconds."""
        now = time.time()
        with self._changing:
            if now - self._swept >= _SWEEP:
                self._counts = {name: count for name, count in self._counts.items() if count.until > now}
                self._swept = now
            count = self._counts.get(key)
            if count is None or count.until <= now:
                count = self._counts[key] = _Count(now + expiry)
            count.hits += amount
            return count.hits

    def get(self, key: str) -> int:
        """How many there are."""
        count = self._counts.get(key)
        return 0 if count is None or count.until <= time.time() else count.hits

    def get_expiry(self, key: str) -> float:
        """When a counter expires (Unix time): now, if there is none."""
        count = self._counts.get(key)
        return time.time() if count is None else count.until

    def check(self) -> bool:
        """Whether it works."""
        return True

    def reset(self) -> int:
        """Forget all counters, and return how many there were."""
        with self._changing:
            forgotten, self._counts = len(self._counts), {}
        return forgotten

    def clear(self, key: str) -> None:
        """Forget a counter."""
        with self._changing:
            self._counts.pop(key, None)


def is_shared(limits_storage: str) -> bool:
    """Whether several processes remember together there."""
    return not limits_storage.startswith("memory:")


def counted_at(limits_storage: str) -> str:
    """The storage that the limiter is given for this setting."""
    return limits_storage if is_shared(limits_storage) else "counters://"


def storage_options(uri: str) -> dict[str, Any]:
    """How a storage behind this URI is used: patient for a second, and never twice."""
    if not is_shared(uri):
        return {}
    # Needed only here, and installed only where it is.
    from redis.backoff import NoBackoff  # noqa: PLC0415
    from redis.retry import Retry  # noqa: PLC0415

    # A storage that hangs must hold up a page for no longer than this, and not again and again.
    return {
        "socket_timeout": _PATIENCE,
        "socket_connect_timeout": _PATIENCE,
        "retry": Retry(NoBackoff(), 0),
    }


def open_storage(uri: str) -> Storage:
    """The storage; what fails in it raises `limits.errors.StorageError`."""
    storage = storage_from_string(uri, wrap_exceptions=True, **storage_options(uri))
    if not isinstance(storage, Storage):
        raise TypeError("limits_storage must not be an asynchronous one")
    return storage
