"""What arrives: every form is read once, whole and strictly, before anything looks at it."""

import time
from typing import Any
from urllib.parse import parse_qsl

from flask import Response, request
from werkzeug.datastructures import ImmutableMultiDict
from werkzeug.exceptions import BadRequest, UnsupportedMediaType

FORM = "application/x-www-form-urlencoded"
LARGEST_FORM = 2_000_000
"""Bytes of a form at most: 50,000 characters in any script, percent-encoded, and as much again."""

STREAMED = frozenset({"file.file"})
"""The views that read their body themselves, while it arrives."""

_MOST_FIELDS = 500
_PIECE = 1 << 16
_STALL = 120.0
_LINGER = 60.0
_LINGER_STALL = 10.0


class NotTextError(BadRequest):
    """A form that is not UTF-8. Browsers send nothing else, because our pages are."""


class CutShortError(BadRequest):
    """The connection ended before the form did."""


def read_form() -> None:
    """Read the form of the current request into `request.form`.

    Werkzeug alone would take half a form for a whole one, and repair text that is not UTF-8.
    """
    if request.method != "POST" or request.endpoint in STREAMED:
        return
    limit_stall()
    body = request.get_data()
    if body and request.mimetype != FORM:
        raise UnsupportedMediaType
    # Kept even if it is refused below: it is shown to the source again.
    set_form(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True, errors="replace"))
    if request.content_length not in (None, len(body)):
        raise CutShortError
    try:
        parse_qsl(body.decode("utf-8"), keep_blank_values=True, errors="strict", max_num_fields=_MOST_FIELDS)
    except UnicodeDecodeError:
        raise NotTextError from None
    except ValueError:
        raise BadRequest from None


def set_form(pairs: list[tuple[str, str]]) -> None:
    """Let these names and values be the form of the current request."""
    # Both, or Werkzeug would parse the body again for the one that is missing.
    request.form = ImmutableMultiDict(pairs)
    request.files = ImmutableMultiDict()


def has_form() -> bool:
    """Whether the form of the current request got as far as being read."""
    return "form" in request.__dict__


def limit_stall() -> None:
    """Cut the connection of a body that stops arriving for two minutes: it would hold a thread for ever."""
    if connection := request.environ.get("gunicorn.socket"):
        connection.settimeout(_STALL)


def linger(response: Response, most: int) -> None:
    """Once the answer is out, read and throw away up to `most` bytes that are still coming.

    A browser that is still sending when the connection is closed shows an error of its own instead of our page.
    """
    environ = request.environ
    if environ.get("wsgi.input_terminated"):
        response.call_on_close(lambda: _discard(environ, most))


def _discard(environ: dict[str, Any], most: int) -> None:
    if connection := environ.get("gunicorn.socket"):
        connection.settimeout(_LINGER_STALL)
    deadline = time.monotonic() + _LINGER
    try:
        while most > 0 and time.monotonic() < deadline and (piece := environ["wsgi.input"].read(_PIECE)):
            most -= len(piece)
    except OSError:
        # The other side has gone, which is all that this waits for.
        return
