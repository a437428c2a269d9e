"""What has ended while its cookies could still be opened: visits, browsers that were left, words that were withdrawn.

Names of these are remembered, random or keyed ones that say nothing to anybody else, each for a day. What one process
remembers ends with it, and so does the key of its cookies; behind several, limits_storage remembers for all.
"""

import time
from collections import OrderedDict
from contextlib import suppress
from datetime import timedelta
from threading import Lock
from typing import Protocol

from limits.errors import StorageError
from limits.storage import Storage

from intake.source.admission.counters import is_shared, open_storage

LONGEST_VISIT = timedelta(hours=24)
"""After which a visit ends, however busy it is, so that no end has to be remembered for longer."""

MOST_ENDED = 100_000
"""How many ends one process remembers, some 20 MB; beyond that it forgets the earliest first."""


class Ended(Protocol):
    """What has ended, each for as long as a cookie of it could still be opened."""

    def add(self, name: str) -> None:
        """Remember that this has ended."""

    def any_of(self, *names: str) -> bool:
        """Whether one of these has."""


class EndedHere:
    """What this process remembers."""

    def __init__(self) -> None:
        self._until: OrderedDict[str, float] = OrderedDict()
        self._changing = Lock()

    def add(self, name: str) -> None:
        """Remember that this has ended, and forget those whose time is over or that are too many."""
        now = time.time()
        with self._changing:
            self._until[name] = now + LONGEST_VISIT.total_seconds()
            self._until.move_to_end(name)
            while len(self._until) > MOST_ENDED or next(iter(self._until.values())) < now:
                self._until.popitem(last=False)

    def any_of(self, *names: str) -> bool:
        """Whether one of these has."""
        return any(name in self._until for name in names)


class EndedShared:
    """What all processes remember together, where they count the limits.

    Each also remembers by itself, for while that storage fails: a visit must go on then.
    """

    def __init__(self, storage: Storage) -> None:
        self._storage = storage
        self._here = EndedHere()

    def add(self, name: str) -> None:
        """Remember that this has ended."""
        self._here.add(name)
        with suppress(StorageError):
            self._storage.incr(f"ended/{name}", int(LONGEST_VISIT.total_seconds()))

    def any_of(self, *names: str) -> bool:
        """Whether one of these has."""
        if self._here.any_of(*names):
            return True
        try:
            return any(self._storage.get(f"ended/{name}") > 0 for name in names)
        except StorageError:
            return False


def ended(limits_storage: str) -> Ended:
    """The memory that goes with this setting."""
    return EndedShared(open_storage(limits_storage)) if is_shared(limits_storage) else EndedHere()
