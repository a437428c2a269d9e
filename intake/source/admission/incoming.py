"""What arrives: every form is read once, whole and strictly, before anything looks at it."""

from threading import BoundedSemaphore
from typing import Any, cast
from urllib.parse import parse_qsl

from flask import request
from gunicorn.http.errors import ParseException
from werkzeug.datastructures import ImmutableMultiDict, MultiDict
from werkzeug.exceptions import BadRequest, UnsupportedMediaType

from intake.serving.paced import PacedSocket, Refusal
from intake.serving.worker import COLLECTED
from intake.source.marks import Brings, mark_here

FORM = "application/x-www-form-urlencoded"
LARGEST_FORM = COLLECTED
"""Bytes of a form at most: 300,000 characters in any script, percent-encoded. What is too long is shown again."""

_MOST_FIELDS = 2_000

# What a form is parsed from takes many times its size for a moment.
_parsers = BoundedSemaphore(4)


class NotTextError(BadRequest):
    """A form that is not UTF-8. Browsers send nothing else, because our pages are."""


class CutShortError(BadRequest):
    """The connection ended before the form did."""


class _Body:
    """A body that is answered as the client's fault, and not taken for ours, if it is malformed or breaks off."""

    def __init__(self, body: Any) -> None:
        self._body = body

    def read(self, size: int = -1) -> bytes:
        """The next bytes; none at the end."""
        try:
            return self._body.read(size)  # type: ignore[no-any-return]
        except ParseException:
            raise BadRequest from None
        except OSError:
            raise CutShortError from None


def read_form() -> None:
    """Read the form of the current request into `request.form`.

    Werkzeug alone would take half a form for a whole one, and repair text that is not UTF-8.
    """
    if request.method != "POST":
        return
    request.environ["wsgi.input"] = _Body(request.environ["wsgi.input"])
    if mark_here().brings is not Brings.FILES:
        body = request.get_data()
        if body and request.mimetype != FORM:
            raise UnsupportedMediaType
        with _parsers:
            _parse(body)


def _parse(body: bytes) -> None:
    if body.count(b"&") >= _MOST_FIELDS:
        raise BadRequest
    whole = request.content_length in (None, len(body))
    try:
        set_form(MultiDict(parse_qsl(body.decode("utf-8"), keep_blank_values=True, errors="strict")))
    except UnicodeDecodeError:
        # Kept even if it is refused: it is shown to the source again.
        set_form(MultiDict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True, errors="replace")))
        if whole:
            raise NotTextError from None
    if not whole:
        raise CutShortError


def set_form(texts: MultiDict[str, str]) -> None:
    """Let these be the form of the current request, and what is still added to them."""
    # Both, or Werkzeug would parse the body again for the one that is missing. It promises that nobody changes its own.
    request.form = cast("ImmutableMultiDict[str, str]", texts)
    request.files = ImmutableMultiDict()


def has_form() -> bool:
    """Whether the form of the current request got as far as being read."""
    return "form" in request.__dict__


def refusal() -> Refusal | None:
    """Why the worker wants the current request refused; its body hasn't arrived and is not waited for."""
    connection = request.environ.get("gunicorn.socket")
    return connection.refusal if isinstance(connection, PacedSocket) else None


def linger(most: int) -> None:
    """Once the answer is out, let up to `most` bytes of this request still come. No thread waits for them.

    A browser that is still sending when the connection is closed shows an error of its own instead of our page.
    """
    connection = request.environ.get("gunicorn.socket")
    if isinstance(connection, PacedSocket):
        connection.linger(most)
