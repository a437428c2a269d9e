"""What another process or thread has yet to do is waited for, never for a fixed time."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

_PATIENCE = 60.0
_LOOK = 0.02


def waited_for(look: Callable[[], T | None]) -> T:
    """What `look` returns as soon as that is something; `TimeoutError` if it never is."""
    deadline = time.monotonic() + _PATIENCE
    while not (found := look()):
        if time.monotonic() >= deadline:
            raise TimeoutError
        time.sleep(_LOOK)
    return found
