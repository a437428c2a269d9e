"""Whether the gunicorn that is installed is one that the worker fits.

The worker stands on parts of gunicorn that gunicorn promises nobody. A version that changed one of them would fail in
the middle of a request, or go on without deadlines; so what is relied on is looked at before anything is served.
"""

import inspect
from collections.abc import Iterator
from importlib import import_module
from typing import Any

import gunicorn

FIRST, BEYOND = (27,), (28,)
"""The versions that were read and tried: from the first one up to, and without, the last one."""

_SIGNATURES: dict[str, str] = {
    "gunicorn.workers.gthread:ThreadWorker.accept": "self listener",
    "gunicorn.workers.gthread:ThreadWorker.enqueue_req": "self conn",
    "gunicorn.workers.gthread:ThreadWorker.finish_request": "self conn fs",
    "gunicorn.workers.gthread:ThreadWorker.handle": "self conn",
    "gunicorn.workers.gthread:ThreadWorker.handle_request": "self req conn",
    "gunicorn.workers.gthread:ThreadWorker.murder_keepalived": "self force",
    "gunicorn.workers.gthread:ThreadWorker.murder_pending": "self",
    "gunicorn.workers.gthread:TConn.__init__": "self cfg sock client server",
    "gunicorn.workers.gthread:TConn.close": "self graceful",
    "gunicorn.workers.base:Worker.handle_error": "self req client addr exc",
    "gunicorn.http.body:LengthReader.__init__": "self unreader length",
    "gunicorn.http.wsgi:Response.__init__": "self req sock cfg",
    "gunicorn.http.wsgi:Response.default_headers": "self",
    "gunicorn.http.wsgi:create": "req sock client server cfg response_class response_args",
    "gunicorn.glogging:Logger.exception": "self msg args kwargs",
    "gunicorn.glogging:Logger.debug": "self msg args kwargs",
}
"""What is overridden, called or exchanged, and its parameters."""

_ATTRIBUTES: dict[str, str] = {
    "gunicorn.workers.gthread:ThreadWorker.__init__": "tpool poller method_queue nr_conns",
    "gunicorn.workers.gthread:ThreadWorker.run": "murder_keepalived murder_pending nr_conns worker_connections",
    "gunicorn.workers.gthread:TConn.__init__": "sock data_ready",
    "gunicorn.http.unreader:Unreader.__init__": "buf",
    "gunicorn.http.wsgi:Response.default_headers": "version",
    "gunicorn.http.wsgi:Response.send_headers": "default_headers headers",
}
"""Functions, and the names that they have to use."""


class UnsuitedError(RuntimeError):
    """This gunicorn isn't one that the servers can run under; the message says why, and what to install."""


def require_suited_gunicorn() -> None:
    """Raise `UnsuitedError` if this gunicorn's version was never tried, or lacks something that is relied on."""
    if not FIRST <= gunicorn.version_info < BEYOND:
        raise UnsuitedError(_advice("that version was never tried"))
    if missing := next(_missing(), None):
        raise UnsuitedError(_advice(f"it has another {missing} than the one that is relied on"))


def _advice(reason: str) -> str:
    return (
        f"gunicorn {gunicorn.__version__} can't run this: {reason}. "
        f"Install one from {_dotted(FIRST)} up to, and without, {_dotted(BEYOND)}: pip install 'gunicorn>="
        f"{_dotted(FIRST)},<{_dotted(BEYOND)}'"
    )


def _missing() -> Iterator[str]:
    for place, parameters in _SIGNATURES.items():
        found = _find(place)
        if not inspect.isfunction(found) or list(inspect.signature(found).parameters) != parameters.split():
            yield place
    for place, names in _ATTRIBUTES.items():
        code = getattr(_find(place), "__code__", None)
        if code is None or not set(names.split()) <= set(code.co_names):
            yield place


def _find(place: str) -> Any:
    module, _, path = place.partition(":")
    try:
        found: Any = import_module(module)
        for name in path.split("."):
            found = getattr(found, name)
    except (ImportError, AttributeError):
        return None
    return found


def _dotted(version: tuple[int, ...]) -> str:
    return ".".join(map(str, version))
