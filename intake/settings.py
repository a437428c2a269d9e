"""Every setting of the server: one frozen object, from `INTAKE_…` over `intake.toml` in the data directory.

`Settings` is the one place that documents them; `intake init` writes them with these words into `intake.toml`.
"""

import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import Field, dataclass, field, fields
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from limits import parse_many
from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

FILE = "intake.toml"

_SQLITE = "sqlite:///"
_AT_LEAST_ONE = (
    "answer_days",
    "keep_months",
    "threads",
    "connections",
    "stall_seconds",
    "workers",
    "largest_file",
    "member_quota",
)
_MEMORY = "memory"
_UNIX = "unix:"
_HOST = re.compile(r"(?!unix$)[^\s:/\[\],]+|\[[0-9A-Fa-f:.]+\]")
_LONGEST_SOCKET_PATH = 107
_REDIS = ("redis", "rediss", "redis+unix")
_AUTHORITY = re.compile(r"(?:[a-z0-9_.-]+|\[[0-9a-f:.]+\])(?::([0-9]{1,5}))?")
# Only these names of the environment are no settings of the server.
_OTHER_NAMES = ("INTAKE_DATA", "INTAKE_PASSPHRASE_FILE")


class SettingError(ValueError):
    """A setting is missing or wrong; the message names it and says what it takes."""


def _setting(default: Any, says: str) -> Any:
    return field(default=default, metadata={"says": says})


@dataclass(frozen=True, slots=True)
class Settings:
    """What an operator can set. Sizes are in bytes."""

    data: Path = _setting(Path("data"), "The data directory. Only from the environment, as INTAKE_DATA.")
    team: str = _setting("", "How the pages name the organisation that reads the reports; empty: this team.")
    answer_days: int = _setting(7, "Within how many days a source can expect an answer; shown before the form.")
    keep_months: int = _setting(24, "For how many months reports are kept; shown before the form.")
    database: str = _setting(
        "", "Where the store is: sqlite:/// and the whole path of a file; empty: intake.db in the data directory."
    )
    source_bind: str = _setting("127.0.0.1:8001", "Where the source site listens: host:port or unix:/path.")
    desk_bind: str = _setting("127.0.0.1:8002", "Where the desk API listens: host:port or unix:/path.")
    desk_authority: str = _setting(
        "",
        "The host[:port] under which reviewers reach the desk; empty: desk_bind. Requests are signed for it.",
    )
    onion: bool = _setting(
        False,
        "Whether Tor's PROXY protocol tells circuits apart; true behind an onion service with circuit export.",
    )
    threads: int = _setting(
        64, "Threads of each server process: half for pages and forms, half for large files, one each while it arrives."
    )
    connections: int = _setting(
        4_000, "Connections of each server process at most; one that waits costs a few kB and an open file."
    )
    stall_seconds: int = _setting(
        120,
        "A body that stops, or brings under 1 kB a second, for so many seconds is given up (a head, after 30 at most); "
        "sooner where connections, memory or threads run short.",
    )
    workers: int = _setting(1, "Processes of the source site. More than one needs limits_storage to be shared.")
    limits_storage: str = _setting(
        "memory://", "Where limits are counted: memory:// for one process, or a redis:// URL."
    )
    limit_pages: str = _setting("300 per minute", "Limit of one circuit on pages.")
    limit_codenames: str = _setting("20 per minute", "Limit of one circuit on new codenames and on returns.")
    limit_sends: str = _setting("30 per minute", "Limit of one circuit on what it sends: reports, messages, files.")
    draft_languages: str = _setting(
        "",
        "Languages that are shown although nobody fluent has checked them, which each of their pages says at its top, "
        "with spaces between them, such as: az ug",
    )
    largest_file: int = _setting(500_000_000, "The largest file that a source may add.")
    reserve_files: int = _setting(500_000_000, "What files leave free of the disk, so that text can still be stored.")
    reserve_text: int = _setting(
        50_000_000, "What text and what reviewers add leave free of the disk, so that reports can still be read."
    )
    ballast: int = _setting(
        32_000_000, "What is kept of the disk for the log, for revoking members and for withdrawing, when it is full."
    )
    member_quota: int = _setting(
        200_000_000, "How many bytes one reviewer can add on one day, entries of the log included."
    )
    gate_minutes: int = _setting(
        60,
        "Every so many minutes reviewers see what has come, so that the log doesn't tell when; 1440: once a day; 0: at "
        "once, not for real use.",
    )

    witness_proxy: str = _setting(
        "",
        "Tor's SOCKS port, such as socks5h://127.0.0.1:9050: by it 'intake cosign' reaches witnesses of the log. "
        "Empty: only those on this machine can be asked.",
    )

    def __post_init__(self) -> None:
        for entry in settable():
            _require_text(entry.name, getattr(self, entry.name))
        for name in _AT_LEAST_ONE:
            if getattr(self, name) < 1:
                raise SettingError(f"{name} must be 1 or more")
        for name in ("reserve_files", "reserve_text", "ballast"):
            if getattr(self, name) < 0:
                raise SettingError(f"{name} must be 0 or more")
        if self.gate_minutes < 0 or (self.gate_minutes and 1440 % self.gate_minutes):
            raise SettingError("gate_minutes must be 0, or go into a day without rest: 1 to 1440")
        for name in ("source_bind", "desk_bind"):
            _require_bind(name, getattr(self, name))
        for name in ("limit_pages", "limit_codenames", "limit_sends"):
            _require_limit(name, getattr(self, name))
        _require_authority(self.desk_authority, self.desk_bind)
        _require_limits_storage(self.limits_storage, self.workers)
        _require_proxy("witness_proxy", self.witness_proxy)
        if self.database:
            _require_database(self.database)

    @property
    def database_url(self) -> URL:
        """SQLAlchemy URL of the store. Not text: in that, some letters of a path would mean something else."""
        path = self.database.removeprefix(_SQLITE) or str(self.data.resolve() / "intake.db")
        return URL.create("sqlite", database=path)

    @property
    def authority(self) -> str:
        """The authority that signed requests must name (RFC 9421, section 2.2.3)."""
        return self.desk_authority or self.desk_bind

    @property
    def blobs(self) -> Path:
        """Where sealed attachments lie."""
        return self.data / "blobs"

    @property
    def log_key(self) -> Path:
        """The log's signing keys, one of the server's two secrets."""
        return self.data / "log.key"

    @property
    def policy(self) -> Path:
        """Whom to believe about the log (C2SP tlog-policy): for every member's program, and no secret."""
        return self.data / "log.policy"


def settable() -> tuple[Field[Any], ...]:
    """Every setting that `intake.toml` may hold, in order."""
    return tuple(entry for entry in fields(Settings) if entry.name != "data")


def load(environment: Mapping[str, str] = os.environ, new: Mapping[str, Any] | None = None) -> Settings:
    """The settings in force; `SettingError` names the first that is wrong, unknown or missing.

    `new`: what stands for `intake.toml` while there is none; without it, a missing file is an error.
    """
    data = Path(environment.get("INTAKE_DATA", "data"))
    path = data / FILE
    stored = dict(new) if new is not None and not path.exists() else _from_file(path)
    values = stored | _from_environment(environment)
    known = {entry.name: entry for entry in settable()}
    for name, value in values.items():
        if name not in known:
            raise SettingError(f"{name} is not a setting")
        if type(value) is not type(known[name].default):
            raise SettingError(f"{name} must be {_article(known[name])}")
    return Settings(data=data, **values)


def _from_file(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        raise SettingError(
            f"INTAKE_DATA: there is no {path}; run 'intake init', or set INTAKE_DATA to the directory that it filled"
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingError(f"{path} is not TOML: {error}") from None
    except OSError as error:
        raise SettingError(f"INTAKE_DATA: {path} can't be read: {error.strerror}") from None


def _from_environment(environment: Mapping[str, str]) -> dict[str, Any]:
    known = {f"INTAKE_{entry.name.upper()}": entry for entry in settable()}
    values: dict[str, Any] = {}
    for name, text in environment.items():
        if not name.startswith("INTAKE_") or name in _OTHER_NAMES:
            continue
        if name not in known:
            raise SettingError(f"{name} is not a setting")
        values[known[name].name] = _parsed(name, text, known[name])
    return values


def _parsed(name: str, text: str, entry: Field[Any]) -> Any:
    if isinstance(entry.default, bool):
        if text in ("true", "false"):
            return text == "true"
    elif isinstance(entry.default, int):
        if text.isascii() and text.isdigit():
            return int(text)
    else:
        return text
    raise SettingError(f"{name} must be {_article(entry)}")


def _article(entry: Field[Any]) -> str:
    if isinstance(entry.default, bool):
        return "true or false"
    return "a whole number" if isinstance(entry.default, int) else "text"


def _require_text(name: str, value: Any) -> None:
    try:
        str(value).encode()
    except UnicodeEncodeError:
        raise SettingError(f"{name} must be text in UTF-8") from None


def _require_bind(name: str, bind: str) -> None:
    if bind.startswith(f"{_UNIX}/"):
        _require_socket_path(name, bind.removeprefix(_UNIX))
        return
    host, _, port = bind.rpartition(":")
    if not _HOST.fullmatch(host) or not _is_port(port):
        raise SettingError(
            f"{name} must be host:port or unix:/path, with a port from 1 to 65535, and an IPv6 address in brackets"
        )


def _require_socket_path(name: str, path: str) -> None:
    # gunicorn would take two slashes, and each further "unix:", for the beginning, and blanks at the end for nothing.
    if re.fullmatch("/(?!/[^/]).+", path) is None or _UNIX in path or path != path.rstrip() or not path.isprintable():
        raise SettingError(
            f"{name} must be unix: and a whole path, without 'unix:' in it, blanks at its end and what doesn't print"
        )
    if len(os.fsencode(path)) > _LONGEST_SOCKET_PATH:
        raise SettingError(f"{name}: the path of a socket can have at most {_LONGEST_SOCKET_PATH} bytes")


def _is_port(text: str) -> bool:
    return re.fullmatch("[0-9]{1,5}", text) is not None and 1 <= int(text) <= 65535


def _require_proxy(name: str, address: str) -> None:
    # No other scheme leaves it to Tor to look a name up.
    scheme, _, place = address.partition("://")
    host, _, port = place.rpartition(":")
    if address and (scheme != "socks5h" or not _HOST.fullmatch(host) or not _is_port(port)):
        raise SettingError(f"{name} must be an address such as socks5h://127.0.0.1:9050")


def _require_limit(name: str, limit: str) -> None:
    try:
        parse_many(limit)
    except ValueError:
        raise SettingError(f"{name} must be a limit such as '20 per minute'") from None


def _require_authority(authority: str, desk_bind: str) -> None:
    if not authority:
        if desk_bind.startswith("unix:"):
            raise SettingError(
                "desk_authority must be set where desk_bind is a unix socket: the desk's onion address, without http://"
            )
        return
    match = _AUTHORITY.fullmatch(authority)
    port = match and match[1]
    # A client leaves out the port that its scheme implies, and signs small letters.
    if match is None or port in ("80", "443") or not (port is None or _is_port(port)):
        raise SettingError("desk_authority must be host or host:port, in small letters, without http://, path and :80")


def _require_limits_storage(storage: str, workers: int) -> None:
    try:
        parts = urlsplit(storage)
        _ = parts.port
    except ValueError:
        raise SettingError("limits_storage is not a URL; it must be memory:// or a redis:// URL") from None
    if parts.scheme not in (_MEMORY, *_REDIS):
        raise SettingError("limits_storage must be memory:// or a redis:// URL")
    if parts.scheme == _MEMORY and workers > 1:
        raise SettingError("limits_storage must be a redis:// URL where workers is more than 1")
    if parts.scheme in _REDIS and find_spec("redis") is None:
        raise SettingError("limits_storage needs a package that is not installed: pip install redis")


def _require_database(database: str) -> None:
    if database.startswith(_SQLITE):
        if not Path(database.removeprefix(_SQLITE)).is_absolute():
            raise SettingError("database must name the SQLite file by its whole path, as in sqlite:////var/lib/…")
        return
    try:
        name = make_url(database).get_backend_name()
    except (ArgumentError, ValueError):
        name = "sqlite"
    if name != "sqlite":
        raise SettingError(
            f"database: {name} can't be used yet: what is deleted would not be forgotten there, the order of arrival "
            "not be hidden, and writers not wait for each other; leave it empty, for SQLite"
        )
    raise SettingError("database must be sqlite:/// and the whole path of a file, as in sqlite:////var/lib/…")
