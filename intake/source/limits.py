"""Limits per Tor circuit. They slow one circuit down and never shut the service for everybody."""

from collections import Counter
from collections.abc import Iterable
from contextlib import ExitStack
from functools import partial
from io import BytesIO
from threading import Lock
from typing import Any

from flask import Flask, abort, request
from flask.logging import default_handler
from flask_limiter import Limiter, RequestLimit
from werkzeug.wsgi import ClosingIterator

from intake.settings import Settings
from intake.source.file import read_texts
from intake.source.incoming import STREAMED
from intake.source.shared import storage_options

_CODENAMES = ("entrance.make_codename", "entrance.come_back")
_SENDS = (
    "report.report", "thread.message", "thread.more", "file.file", "deletion.forget_reply", "deletion.withdraw_tip",
)  # fmt: skip

_UNLIMITED = frozenset({"entrance.leave", "entrance.left", "static"})
"""What is neither limited nor counted: leaving must always work, and the way out must not look broken."""

_AT_ONCE = 24
"""Requests of one circuit that may be in progress at once: each takes a thread. A browser opens far fewer."""

_COUNT = "intake.count"


def set_limits(app: Flask, settings: Settings) -> None:
    """Count the requests of each circuit against the settings' limits."""
    limiter = Limiter(
        _circuit,
        application_limits=[settings.limit_pages],
        storage_uri=settings.limits_storage,
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
    if settings.onion:
        app.wsgi_app = _InProgress(app.wsgi_app)  # type: ignore[method-assign]


def require_circuit() -> None:
    """Refuse a request that did not come through Tor's PROXY line, or whose circuit has too many in progress.

    Without that line nothing would tell its circuit from another. What is unlimited isn't counted; its body, which no
    browser sends, is not waited for, or it could hold any number of threads.
    """
    if request.environ.get("PROXY_PROTOCOL") not in ("TCP4", "TCP6"):
        abort(403)
    if _is_unlimited():
        request.environ.update({"wsgi.input": BytesIO(), "CONTENT_LENGTH": "0"})
    elif request.environ[_COUNT]() > _AT_ONCE:
        # Before its body is read: this is about bodies that hold a thread each.
        abort(429)


def _is_unlimited() -> bool:
    return request.endpoint in _UNLIMITED


class _InProgress:
    """Lets each request be counted among those that its circuit has in progress, until the end of its answer."""

    def __init__(self, application: Any) -> None:
        self._application = application
        self._circuits: Counter[str] = Counter()
        self._lock = Lock()

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        ending = ExitStack()
        environ[_COUNT] = partial(self._count, environ.get("REMOTE_ADDR", ""), ending)
        try:
            return ClosingIterator(self._application(environ, start_response), [ending.close])
        except BaseException:
            ending.close()
            raise

    def _count(self, circuit: str, ending: ExitStack) -> int:
        """Count one more of this circuit until `ending` is closed; how many there are now."""
        ending.callback(self._end, circuit)
        with self._lock:
            self._circuits[circuit] += 1
            return self._circuits[circuit]

    def _end(self, circuit: str) -> None:
        with self._lock:
            self._circuits[circuit] -= 1
            if self._circuits[circuit] <= 0:
                del self._circuits[circuit]


def _circuit() -> str:
    # Over a unix socket without PROXY lines the address is empty, and flask-limiter skips what has an empty key.
    return request.remote_addr or "unknown"


def _keep_texts(_limit: RequestLimit) -> None:
    """Read what a view that reads its body itself would not get to: it is shown again with the refusal."""
    if request.method == "POST" and request.endpoint in STREAMED:
        read_texts()
