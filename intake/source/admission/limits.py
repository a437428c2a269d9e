"""Limits per Tor circuit. They slow one circuit down and never shut the service for everybody."""

from collections.abc import Callable
from functools import wraps
from io import BytesIO
from typing import ParamSpec, TypeVar

from flask import Flask, abort, request
from flask.logging import default_handler
from flask_limiter import Limiter, RequestLimit

from intake.serving.paced import Refusal
from intake.settings import Settings
from intake.source.admission.counters import counted_at, storage_options
from intake.source.admission.incoming import refusal
from intake.source.admission.room import NoPlaceError
from intake.source.marks import Cost, mark_here, mark_of

P = ParamSpec("P")
R = TypeVar("R")


def set_limits(app: Flask, settings: Settings) -> None:
    """Count the requests of each circuit against the settings' limits."""
    limiter = Limiter(
        _circuit,
        application_limits=[settings.limit_pages],
        storage_uri=counted_at(settings.limits_storage),
        storage_options=storage_options(settings.limits_storage),
        on_breach=_keep_texts,
        # When the storage fails, every process counts by itself, and if that fails as well, nobody is held up: what
        # somebody risks a report for must not be refused because a counter is broken.
        in_memory_fallback_enabled=True,
        swallow_errors=True,
    )
    limiter.request_filter(_is_unlimited)
    # Tells the operator; what it says of single requests is on a level that nobody turns on.
    limiter.logger.addHandler(default_handler)
    limiter.init_app(app)
    shared = {
        Cost.WORDS: limiter.shared_limit(settings.limit_codenames, scope="codenames"),
        Cost.SENDING: limiter.shared_limit(settings.limit_sends, scope="sends"),
    }
    for endpoint, view in app.view_functions.items():
        if (limit := shared.get(mark_of(view).cost)) is not None:
            app.view_functions[endpoint] = _forms_only(view, limit(view))  # type: ignore[assignment]


def _forms_only(view: Callable[P, R], limited: Callable[P, R]) -> Callable[P, R]:
    """A view of which only the form is limited. The limiter could tell by itself, and takes as long as to count."""

    @wraps(view)
    def either(*args: P.args, **values: P.kwargs) -> R:
        return (limited if request.method == "POST" else view)(*args, **values)

    return either


def require_circuit() -> None:
    """Refuse a request that did not come through Tor's PROXY line: nothing would tell its circuit from another."""
    if request.environ.get("PROXY_PROTOCOL") not in ("TCP4", "TCP6"):
        abort(403)


def require_turn() -> None:
    """Refuse what the worker has no place for. What is unlimited goes on, without the body, which it has no use for."""
    refused = refusal()
    if refused and _is_unlimited():
        request.environ.update({"wsgi.input": BytesIO(), "CONTENT_LENGTH": "0"})
    elif refused is Refusal.TOO_MANY:
        abort(429)
    elif refused is Refusal.NO_PLACE:
        raise NoPlaceError


def _is_unlimited() -> bool:
    return mark_here().cost is Cost.NOTHING


def _circuit() -> str:
    # Over a unix socket without PROXY lines the address is empty, and flask-limiter skips what has an empty key.
    return request.remote_addr or "unknown"


def _keep_texts(_limit: RequestLimit) -> None:
    """Read what a view that reads its body itself would not get to: it is shown again with the refusal."""
    read_refused = mark_here().read_refused
    if request.method == "POST" and read_refused is not None:
        read_refused()
