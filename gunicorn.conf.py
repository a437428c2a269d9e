"""How gunicorn runs the two servers: `gunicorn wsgi:source` and `gunicorn wsgi:desk` in this directory find this file.

Everything an operator sets comes from `intake.toml` and the environment; what is here follows from it.
"""

import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import gunicorn.http.wsgi
from gunicorn.glogging import Logger
from gunicorn.workers.gthread import ThreadWorker
from sqlalchemy.exc import SQLAlchemyError

from intake import settings
from intake.hygiene import describe
from intake.server import open_server
from intake.storage.schema import SchemaError


class QuietLogger(Logger):  # type: ignore[misc]
    """gunicorn's log without request lines, addresses and messages of exceptions."""

    def exception(self, _msg: str, *_args: Any, **_kwargs: Any) -> None:
        """Where something failed, and not with what."""
        error = sys.exc_info()[1]
        self.error("unexpected %s", describe(error) if error else "failure")

    def debug(self, *_args: Any, **_kwargs: Any) -> None:
        """Nothing: on this level gunicorn quotes what clients send."""


class QuietWorker(ThreadWorker):  # type: ignore[misc]
    """A worker that answers what is not HTTP without quoting it, neither to the client nor in the log."""

    def handle_error(self, _req: Any, client: Any, _addr: Any, exc: BaseException) -> None:
        """End the connection with the plainest answer there is."""
        self.log.warning("a request failed before it reached the application: %s", type(exc).__name__)
        try:
            client.sendall(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
        except OSError:
            self.log.debug("nobody is there to be answered")


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

# gunicorn names itself in every answer otherwise.
gunicorn.http.wsgi.SERVER = "web"

bind = _settings.desk_bind if _is_desk else _settings.source_bind
# Tor, running as another user, reaches a unix socket through its group.
umask = 0o007
worker_class = QuietWorker
workers = 1 if _is_desk else _settings.workers
threads = _settings.threads
worker_connections = 2 * _settings.threads + 1000
# The heartbeat is the main thread's: an upload that takes an hour is not cut off by this.
timeout = 60
graceful_timeout = 20
# Only the first request of a connection bears Tor's PROXY line, so each gets a connection of its own.
proxy_protocol = "v1" if _settings.onion else "off"
keepalive = 0 if _settings.onion else 2
# Nobody in front of us adds such headers; whoever sends them made them up.
forwarded_allow_ips = ""
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108 - gunicorn makes its heartbeat file safely
control_socket_disable = True
accesslog = None
loglevel = "warning"
logger_class = QuietLogger
