"""Limits per Tor circuit. They slow one circuit down and never shut the service for everybody."""

from io import BytesIO

from flask import Flask, abort, request
from flask.logging import default_handler
from flask_limiter import Limiter, RequestLimit

from intake.serving.paced import Refusal
from intake.settings import Settings
from intake.source.admission.counters import counted_at, storage_options
from intake.source.admission.incoming import STREAMED, refusal
from intake.source.admission.room import NoPlaceError
from intake.source.upload.views import read_texts

_CODENAMES = ("entrance.make_codename", "entrance.come_back")
_SENDS = (
    "report.report", "thread.message", "thread.more", "file.file", "deletion.forget_reply", "deletion.withdraw_tip",
)  # fmt: skip

_UNLIMITED = frozenset({"entrance.leave", "entrance.left", "static"})
"""What is neither limited nor counted: leaving must always work, and the way out must not look broken."""


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
    for scope, limit, endpoints in (
        ("codenames", settings.limit_codenames, _CODENAMES),
        ("sends", settings.limit_sends, _SENDS),
    ):
        for endpoint in endpoints:
            limited = limiter.shared_limit(limit, scope=scope, methods=["POST"])
            app.view_functions[endpoint] = limited(app.view_functions[endpoint])  # type: ignore[assignment]


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
    return request.endpoint in _UNLIMITED


def _circuit() -> str:
    # Over a unix socket without PROXY lines the address is empty, and flask-limiter skips what has an empty key.
    return request.remote_addr or "unknown"


def _keep_texts(_limit: RequestLimit) -> None:
    """Read what a view that reads its body itself would not get to: it is shown again with the refusal."""
    if request.method == "POST" and request.endpoint in STREAMED:
        read_texts()
