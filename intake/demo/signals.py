"""SIGINT, SIGTERM and SIGHUP end the demo alike: at once, except where something would be left half done."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

_ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Signals:
    """While caught, the first signal raises `KeyboardInterrupt` in the main thread; those after it do nothing."""

    def __init__(self) -> None:
        self._came = False
        self._held = False

    @contextmanager
    def caught(self) -> Iterator[None]:
        """Take the signals over until the block is left. A SIGHUP that is ignored, as under nohup, stays so."""
        taken = [
            number for number in _ENDING if signal.getsignal(number) is not signal.SIG_IGN or number == signal.SIGINT
        ]
        kept = {number: signal.signal(number, self._take) for number in taken}
        try:
            yield
        finally:
            for number, handler in kept.items():
                signal.signal(number, handler)

    @contextmanager
    def held(self) -> Iterator[None]:
        """A signal that comes in this block counts at its end."""
        self._held = True
        try:
            yield
        finally:
            self._held = False
        if self._came:
            raise KeyboardInterrupt

    def ignore(self) -> None:
        """From now on no signal does anything: the end is under way."""
        self._came = True

    def _take(self, _number: int, _frame: FrameType | None) -> None:
        first, self._came = not self._came, True
        if first and not self._held:
            raise KeyboardInterrupt
