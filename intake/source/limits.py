"""Limits per Tor circuit. They slow one circuit down and never shut the service for everybody."""

from flask import Flask, abort, request
from flask_limiter import Limiter

from intake.settings import Settings

_CODENAMES = ("entrance.make_codename", "entrance.come_back")
_SENDS = ("report.report", "thread.message", "thread.more", "file.file")


def set_limits(app: Flask, settings: Settings) -> None:
    """Count the requests of each circuit against the settings' limits."""
    limiter = Limiter(_circuit, application_limits=[settings.limit_pages], storage_uri=settings.limits_storage)
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


def _circuit() -> str:
    # Over a unix socket without PROXY lines the address is empty, and flask-limiter skips what has an empty key.
    return request.remote_addr or "unknown"
