"""The words of the pages, in the current page's language. English is what is written here and looked up."""

from typing import Any

import flask_babel


def gettext(message: str, **values: object) -> str:
    """A sentence in the language of the current page."""
    return str(flask_babel.gettext(message, **values))


def lazy_gettext(message: str) -> Any:
    """A sentence that is looked up when it is shown: for what is defined once, outside of any request."""
    return flask_babel.lazy_gettext(message)


def megabytes(size: int) -> str:
    """A size in bytes, for people."""
    return gettext("%(number)s MB", number=flask_babel.format_decimal(round(size / 1_000_000, 1)))
