"""Logs that say where something failed and never what somebody wrote."""

import traceback
from typing import Any

from flask import Flask


def describe(error: BaseException) -> str:
    """The type of an error and the places it passed, without its message: that may hold what a source wrote."""
    places = [f"{frame.name} ({frame.filename}:{frame.lineno})" for frame in traceback.extract_tb(error.__traceback__)]
    return f"{type(error).__name__} in {' < '.join(reversed(places))}"


def log_without_content(app: Flask) -> None:
    """Make a Flask application log unexpected errors by `describe` only."""

    def log_exception(exc_info: Any) -> None:
        app.logger.error("unexpected %s", describe(exc_info[1]))

    app.log_exception = log_exception  # type: ignore[method-assign]
