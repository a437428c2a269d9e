"""How gunicorn runs the two servers: `gunicorn wsgi:source` and `gunicorn wsgi:desk` in this directory find this file.

Everything an operator sets comes from `intake.toml` and the environment; what is here follows from it.
"""

import resource
import sys
from importlib import import_module
from pathlib import Path

import gunicorn.http.wsgi
from sqlalchemy.exc import SQLAlchemyError

from intake import settings
from intake.server import open_server
from intake.storage.schema import SchemaError
from intake.worker import PatientWorker, QuietLogger


def _checked() -> settings.Settings:
    """The settings, if a server can be opened with them; otherwise the end of this process, with the reason."""
    try:
        loaded = settings.load()
        open_server(loaded).store.close()
    except (settings.SettingError, SchemaError) as error:
        sys.exit(f"intake: {error}")
    except (SQLAlchemyError, OSError, ValueError) as error:
        sys.exit(f"intake: the store in {settings.load().data} can't be opened ({type(error).__name__})")
    return loaded


_settings = _checked()
_is_desk = "wsgi:desk" in sys.argv
if not _is_desk:
    # Makes the session key here, in the master, so that all workers have the same.
    import_module("intake.source.session")


class _Response(gunicorn.http.wsgi.Response):  # type: ignore[misc]
    """An answer that doesn't tell the time: how far a clock is off can tell which machine is behind an onion."""

    def default_headers(self) -> list[str]:
        """gunicorn's own headers, less that one."""
        return [header for header in super().default_headers() if not header.startswith("Date:")]


gunicorn.http.wsgi.Response = _Response
# gunicorn names itself in every answer otherwise.
gunicorn.http.wsgi.SERVER = "web"


class _Worker(PatientWorker):
    """The worker with the deadline of the settings."""

    stall_seconds = _settings.stall_seconds


def _connections(wanted: int) -> int:
    """How many connections a worker may hold, with as many open files allowed as that can take."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    # Each may be served, with a blob and the store's files open; the usual soft limit of 1,024 is for programs of old.
    files = 4 * wanted if hard == resource.RLIM_INFINITY else min(4 * wanted, hard)
    if soft != resource.RLIM_INFINITY and soft < files:
        resource.setrlimit(resource.RLIMIT_NOFILE, (files, hard))
    return min(wanted, files // 2)


bind = _settings.desk_bind if _is_desk else _settings.source_bind
# Tor, running as another user, reaches a unix socket through its group.
umask = 0o007
worker_class = _Worker
workers = 1 if _is_desk else _settings.workers
threads = _settings.threads
# Those beyond the threads wait for the heads of their requests, which costs next to nothing.
worker_connections = _connections(2 * _settings.threads + 1000)
# The heartbeat is the main thread's: an upload that takes an hour is not cut off by this.
timeout = 60
graceful_timeout = 20
proxy_protocol = "v1" if _settings.onion else "off"
# Only the first request of a connection bears Tor's PROXY line; and nobody's next request has to be waited for.
keepalive = 0
# Nobody in front of us adds such headers; whoever sends them made them up.
forwarded_allow_ips = ""
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108 - gunicorn makes its heartbeat file safely
control_socket_disable = True
accesslog = None
loglevel = "warning"
logger_class = QuietLogger
