"""What gunicorn is told when it runs one of the two servers; its own names, which its documentation explains.

Everything an operator sets comes from `intake.toml` and the environment; what is here follows from it.
"""

import resource
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from intake import settings
from intake.accesslog.read import LogDamagedError
from intake.serving.filled import HEAD_SIZE
from intake.serving.start import Application, StartError, asked_for, hold_settings, refuse, require_own_address
from intake.serving.suited import UnsuitedError
from intake.storage.schema import SchemaError


def _asked_for() -> Application:
    try:
        return asked_for(sys.argv[1:])
    except (StartError, UnsuitedError) as error:
        refuse(error)


def _checked() -> settings.Settings:
    """The settings, if a server can be opened with them; otherwise the end of this process, with the reason."""
    try:
        loaded = settings.load()
        server = import_module(f"intake.{application}").open_server(loaded)
        if behind := server.behind():
            print(f"intake: {behind}", file=sys.stderr)  # noqa: T201 - gunicorn has no log yet
        server.store.close()
    except (settings.SettingError, SchemaError, LogDamagedError) as error:
        sys.exit(f"intake: {error}")
    except (SQLAlchemyError, OSError, ValueError) as error:
        sys.exit(f"intake: the store in {settings.load().data} can't be opened ({type(error).__name__})")
    return loaded


def _connections(wanted: int, threads: int) -> int:
    """How many connections a worker may hold, with as many open files allowed as that can take."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    # A thread may have a blob and the store's files open; the usual soft limit of 1,024 is for programs of old.
    others = 8 * threads + 200
    files = wanted + others if hard == resource.RLIM_INFINITY else min(wanted + others, hard)
    if soft != resource.RLIM_INFINITY and soft < files:
        resource.setrlimit(resource.RLIMIT_NOFILE, (files, hard))
    return max(2, min(wanted, files - others))


application = _asked_for()
_settings = _checked()
_is_desk = application is Application.DESK
# Not before this gunicorn is known to have what these stand on.
_worker = import_module("intake.serving.worker")
if not _is_desk:
    # Makes the session key here, in the master, so that all workers have the same.
    import_module("intake.source.session.visits")


def on_reload(arbiter: Any) -> None:
    """Refuse what somebody set beside us."""
    # So that gunicorn, when it is told to read its settings anew, gets them from `intake.toml` anew.
    sys.modules.pop(__name__, None)
    hold_settings(arbiter, globals())


def on_starting(arbiter: Any) -> None:
    """Refuse that, and an address at which somebody listens, before anything listens."""
    on_reload(arbiter)
    require_own_address(arbiter, f"{application}_bind", bind)


bind = _settings.desk_bind if _is_desk else _settings.source_bind
# Tor, running as another user, reaches a unix socket through its group.
umask = 0o007
# Whoever watches a source's connection, and not a member's, is to learn nothing from how long an answer is.
worker_class = _worker.worker_for(_settings, 0 if _is_desk else HEAD_SIZE)
workers = 1 if _is_desk else _settings.workers
threads = _settings.threads
worker_connections = _connections(_settings.connections, _settings.threads)
# The heartbeat is the main thread's: an upload that takes an hour is not cut off by this.
timeout = 60
graceful_timeout = 20
proxy_protocol = "v1" if _settings.onion else "off"
# Only the first request of a connection bears Tor's PROXY line; and nobody's next request has to be waited for.
keepalive = 0
# Nobody in front of us adds such headers; whoever sends them made them up. Of whoever comes through a unix socket,
# gunicorn believes every header that it is told here to look at.
forwarded_allow_ips = ""
forwarder_headers = ""
secure_scheme_headers: dict[str, str] = {}
header_map = "drop"
# It would pass by what the worker keeps of an answer that nobody takes yet.
sendfile = False
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108 - gunicorn makes its heartbeat file safely
control_socket_disable = True
accesslog = None
loglevel = "warning"
logger_class = _worker.QuietLogger
