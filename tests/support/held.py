"""A reviewer's program that is held in the midst of opening."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event


class Held:
    """Says how far opening is, and holds it in its midst until it may go on. `told`: how many of how many."""

    def __init__(self) -> None:
        self.arrived, self.goes_on = Event(), Event()
        self.told: list[tuple[int, int]] = []

    @contextmanager
    def __call__(self, says: str, of: int) -> Iterator[Callable[[int], None]]:
        def tell(done: int) -> None:
            if says == "Opening reports" and done:
                self.told.append((done, of))
                self.arrived.set()
                assert self.goes_on.wait(60)

        yield tell
