"""The token that every form bears, and that only the browser got which its page was made for.

Checked for every form before its view is reached, except where the view makes the check itself. It holds no time. It is
masked anew on every page, so that two pages have nothing alike in it.
"""

import hmac
import secrets
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

from flask import Flask, current_app, request
from werkzeug.exceptions import BadRequest
from wtforms import ValidationError
from wtforms.csrf.core import CSRF

from intake.source.session import base64url
from intake.source.session.visits import browser, keyed

P = ParamSpec("P")
R = TypeVar("R")

FIELD = "csrf_token"

_SIZE = 16
_EXEMPT = "takes_any_token"


class CSRFError(BadRequest):
    """A form without the token of this browser."""


class NoCookieError(CSRFError):
    """A form that came without a cookie: that of its page is gone, or the browser keeps none."""


class BrowserTokens(CSRF):  # type: ignore[misc]
    """The token as a field of a form."""

    def generate_csrf_token(self, _field: Any) -> str:
        """A token for the page that is being made."""
        return new_token()

    def validate_csrf_token(self, _form: Any, field: Any) -> None:
        """Raise `ValidationError` unless the form bears this browser's token."""
        if not _is_token(field.data or ""):
            raise ValidationError


def set_tokens(app: Flask) -> None:
    """Check the token of every form, and let templates make tokens for those that are nothing but a button."""
    app.before_request(_check)
    app.jinja_env.globals[FIELD] = new_token


def exempt(view: Callable[P, R]) -> Callable[P, R]:
    """Leave the check to the view."""
    setattr(view, _EXEMPT, True)
    return view


def require_token() -> None:
    """Raise `CSRFError` unless the current form bears this browser's token."""
    if current_app.session_interface.get_cookie_name(current_app) not in request.cookies:
        raise NoCookieError
    if not _is_token(request.form.get(FIELD, "")):
        raise CSRFError


def new_token() -> str:
    """A token for the page that is being made."""
    mask = secrets.token_bytes(_SIZE)
    return base64url.encode(mask + _masked(mask, _tag()))


def _check() -> None:
    view = current_app.view_functions.get(request.endpoint or "")
    if request.method == "POST" and view is not None and not hasattr(view, _EXEMPT):
        require_token()


def _is_token(text: str) -> bool:
    try:
        data = base64url.decode(text)
    except base64url.Base64Error:
        return False
    return len(data) == 2 * _SIZE and hmac.compare_digest(_masked(data[:_SIZE], data[_SIZE:]), _tag())


def _tag() -> bytes:
    return keyed("token of a form", browser().encode())[:_SIZE]


def _masked(mask: bytes, data: bytes) -> bytes:
    return (int.from_bytes(mask, "big") ^ int.from_bytes(data, "big")).to_bytes(_SIZE, "big")
