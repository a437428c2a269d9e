"""How a server is started under gunicorn: which application it is, and that nothing but our settings decides the rest.

gunicorn takes options from its command line and from GUNICORN_CMD_ARGS, and they go before any settings file. One of
them could give the desk the source site's address, count limits twice, or write an access log. So the application is
taken from where gunicorn itself takes it, and every option that changes what is served, or to whom, is refused by name.
"""

import os
import re
import sys
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any, NoReturn

from gunicorn.config import Config
from gunicorn.errors import AppImportError
from gunicorn.systemd import listen_fds

from intake.listening import ListenError, require_free
from intake.serving.suited import require_suited_gunicorn

_NAMED = re.compile(r"(?:\w+\.)*wsgi:(source|desk)")

_HARMLESS = frozenset(
    {
        "config", "wsgi_app", "chdir", "pythonpath", "proc_name", "default_proc_name", "pidfile", "daemon",
        "user", "group", "initgroups", "backlog", "graceful_timeout", "worker_tmp_dir", "enable_stdio_inheritance",
        "errorlog", "loglevel", "check_config", "print_config",
    }
)  # fmt: skip
"""Options of gunicorn that change neither what is served, nor to whom, nor what is written down of it."""

_WRONG_USE = 2

_INSTEAD = {"bind": "source_bind or desk_bind", "threads": "threads", "workers": "workers"}


class Application(StrEnum):
    """What can be served."""

    SOURCE = "source"
    DESK = "desk"


class StartError(Exception):
    """The way in which gunicorn was started; the message says what to do instead."""


class NotServedError(AppImportError, RuntimeError):  # type: ignore[misc]
    """An application is loaded by a gunicorn that doesn't run with our settings.

    gunicorn prints the message of the first type in a worker, and of the second one in the master, and ends.
    """


_held: Application | None = None


def asked_for(arguments: Sequence[str]) -> Application:
    """The application that gunicorn will load, given its command line; `StartError` if it is none of ours."""
    require_suited_gunicorn()
    named = Config().parser().parse_args(list(arguments)).args
    return _application(named[0] if named else "")


def hold_settings(arbiter: Any, ours: Mapping[str, Any]) -> None:
    """Before anything listens: end this process, with the reason, unless what is served and how is what `ours` says."""
    global _held  # noqa: PLW0603 - what a process serves is a fact of the process
    try:
        _require_application(arbiter.app.app_uri, ours["application"])
        _require_ours(arbiter.cfg, ours)
    except StartError as error:
        _end(arbiter, error)
    # gunicorn would take it for a part of every address.
    os.environ.pop("SCRIPT_NAME", None)
    _held = ours["application"]


def require_own_address(arbiter: Any, option: str, bind: str) -> None:
    """Before anything listens: end this process, with the reason, if it can't listen at the address of this option."""
    # gunicorn would take a unix socket away from whoever listens there. Of sockets that it is handed it makes none.
    if arbiter.master_pid or listen_fds(unset_environment=False):
        return
    try:
        require_free(option, bind)
    except ListenError as error:
        _end(arbiter, error)


def refuse(error: Exception) -> NoReturn:
    """End this process with the reason, and with the exit status that wrong use of the command `intake` has."""
    print(f"intake: {error}", file=sys.stderr)  # noqa: T201 - gunicorn has no log yet
    sys.exit(_WRONG_USE)


def require_held(name: str) -> None:
    """Raise `NotServedError` if gunicorn loads this application, but other settings than ours are in force."""
    if "gunicorn.arbiter" in sys.modules and name != _held:
        raise NotServedError(
            f"intake: the {name} is served with other settings than its own. Start it with 'intake serve {name}', or "
            "with gunicorn in the directory of gunicorn.conf.py, without --preload and without another --config"
        )


def _end(arbiter: Any, error: Exception) -> NoReturn:
    if arbiter.pidfile is not None:
        arbiter.pidfile.unlink()
    refuse(error)


def _application(uri: str) -> Application:
    match = _NAMED.fullmatch(uri)
    if match is None:
        raise StartError("gunicorn's command line must name wsgi:source or wsgi:desk; or use 'intake serve'")
    return Application(match[1])


def _require_application(uri: str, ours: Application) -> None:
    loaded = _application(uri)
    if loaded is not ours:
        raise StartError(f"gunicorn loads the {loaded}, but its settings were made for the {ours}")


def _require_ours(cfg: Config, ours: Mapping[str, Any]) -> None:
    expected = Config()
    for name in expected.settings.keys() & ours.keys():
        expected.set(name, ours[name])
    for name in expected.settings.keys() - _HARMLESS:
        if cfg.settings[name].get() != expected.settings[name].get():
            instead = f"; set {_INSTEAD[name]} in intake.toml" if name in _INSTEAD else ""
            raise StartError(f"gunicorn's option {name} can't be given here, or in GUNICORN_CMD_ARGS{instead}")
