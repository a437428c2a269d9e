"""Logs that say where something failed, never what somebody wrote, and hardly when somebody came."""

import logging
import time
import traceback
from collections import Counter
from collections.abc import Callable
from threading import Lock
from typing import Any

from flask import Flask

_HOUR = 3600
_MOST = 100
"""Different lines of an hour that are told apart."""
_OTHERS = "something else"
_IS_SUM = "is_sum"


def describe(error: BaseException) -> str:
    """The type of an error and the places it passed, without its message: that may hold what a source wrote."""
    places = [f"{frame.name} ({frame.filename}:{frame.lineno})" for frame in traceback.extract_tb(error.__traceback__)]
    return f"{type(error).__name__} in {' < '.join(reversed(places))}"


def fault(error: BaseException) -> str:
    """What is said of an error that nobody thought of."""
    return f"this is a fault in the program; please report this line: {describe(error)}"


def log_without_content(app: Flask) -> None:
    """Make a Flask application log unexpected errors by `describe` only."""

    def log_exception(exc_info: Any) -> None:
        app.logger.error("unexpected %s", describe(exc_info[1]))

    app.log_exception = log_exception  # type: ignore[method-assign]


class Sparing(logging.Filter):
    """Lets each line through once an hour, and counts what it keeps back.

    Otherwise many clients could fill the disk with lines that they cause, and the lines would tell when each one came.
    What is `count`ed isn't said at all before the hour of the clock is over. Shared by threads and handlers.
    """

    def __init__(self, now: Callable[[], float] = time.time) -> None:
        super().__init__()
        self._now = now
        self._hour = self._this_hour()
        self._kept_back: Counter[str] = Counter()
        self._lock = Lock()

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether to say it now. What an exception says is left out."""
        if record.exc_info and record.exc_info[1]:
            record.msg, record.args = f"{record.getMessage()}: {describe(record.exc_info[1])}", ()
            record.exc_info = record.exc_text = None
        return getattr(record, _IS_SUM, False) or self._is_first(record.getMessage())

    def count(self, line: str) -> None:
        """Once more, what somebody else has caused."""
        with self._lock:
            self._kept_back[self._told_apart(line)] += 1

    def say_sums(self, say: Callable[..., None], *, ends: bool = False) -> None:
        """If the hour is over, or the process ends, say how often each line came that was kept back."""
        with self._lock:
            if self._this_hour() == self._hour and not ends:
                return
            self._hour = self._this_hour()
            sums, self._kept_back = self._kept_back, Counter()
        for line, times in sums.items():
            if times:
                say("%d times within an hour: %s", times, line, extra={_IS_SUM: True})

    def _is_first(self, line: str) -> bool:
        with self._lock:
            known = self._told_apart(line)
            if known in self._kept_back:
                self._kept_back[known] += 1
                return False
            self._kept_back[known] = 0
            return True

    def _told_apart(self, line: str) -> str:
        return line if line in self._kept_back or len(self._kept_back) < _MOST else _OTHERS

    def _this_hour(self) -> float:
        return self._now() // _HOUR
