"""The check of forms' tokens: made for every form before its view is reached, except where the view makes it itself."""

from collections.abc import Callable
from typing import ParamSpec, TypeVar

from flask_wtf import CSRFProtect
from flask_wtf.csrf import CSRFError

__all__ = ["CSRFError", "csrf", "exempt", "require_token"]

P = ParamSpec("P")
R = TypeVar("R")

csrf = CSRFProtect()


def exempt(view: Callable[P, R]) -> Callable[P, R]:
    """Leave the check to the view."""
    csrf.exempt(view)
    return view


def require_token() -> None:
    """Raise `CSRFError` unless the current form bears the session's token."""
    csrf.protect()
