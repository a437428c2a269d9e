"""How much bulk reads hold in memory at once, all members together: who finds it taken waits, and then comes again."""

import time
from collections.abc import Callable
from threading import Condition
from typing import TypeVar

from werkzeug.exceptions import ServiceUnavailable

T = TypeVar("T")

MOST = 32_000_000
"""Sealed bytes of all bulk reads under way: four of the largest."""

PATIENCE = 5.0
"""Seconds that a bulk read waits for others to end. Meanwhile it holds a thread."""

AGAIN = 5
"""Seconds after which a client is told to come again."""


class TakenError(ServiceUnavailable):
    """Others read so much at the moment that there is no room for this."""

    def __init__(self) -> None:
        super().__init__(retry_after=AGAIN)


class UnderWay:
    """The sealed bytes of all answers to bulk reads that have not ended yet, in one process."""

    def __init__(self, most: int = MOST, patience: float = PATIENCE) -> None:
        self._left = self._most = most
        self._given_back = 0
        self._patience = patience
        self._changed = Condition()

    def take(self, size: int) -> Callable[[], None]:
        """Take so many bytes and return what gives them back; `TakenError` at once if there are not as many."""
        size = min(size, self._most)
        with self._changed:
            if size > self._left:
                raise TakenError
            self._left -= size
        return lambda: self._give_back(size)

    def waited_for(self, attempt: Callable[[], T]) -> T:
        """What `attempt` returns, which is made again while it raises `TakenError`, until that takes too long."""
        ends = time.monotonic() + self._patience
        while True:
            given_back = self._given_back
            try:
                return attempt()
            except TakenError:
                with self._changed:
                    left = ends - time.monotonic()
                    if not self._changed.wait_for(lambda: self._given_back > given_back, left):  # noqa: B023 - called here
                        raise

    def _give_back(self, size: int) -> None:
        with self._changed:
            self._left += size
            self._given_back += 1
            self._changed.notify_all()
