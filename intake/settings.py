"""Every setting of the server: one frozen object, from `INTAKE_…` over `intake.toml` in the data directory.

`Settings` is the one place that documents them; `intake init` writes them with these words into `intake.toml`.
"""

import os
import tomllib
from collections.abc import Mapping
from dataclasses import Field, dataclass, field, fields
from pathlib import Path
from typing import Any

FILE = "intake.toml"


class SettingError(ValueError):
    """A setting is missing or wrong; the message names it and says what it takes."""


def _setting(default: Any, says: str) -> Any:
    return field(default=default, metadata={"says": says})


@dataclass(frozen=True, slots=True)
class Settings:
    """What an operator can set. Sizes are in bytes."""

    data: Path = _setting(Path("data"), "The data directory. Only from the environment, as INTAKE_DATA.")
    team: str = _setting("this team", "How the pages name the organisation that reads the reports.")
    answer_days: int = _setting(7, "Within how many days a source can expect an answer; shown before the form.")
    keep_months: int = _setting(24, "For how many months reports are kept; shown before the form.")
    database: str = _setting("", "SQLAlchemy URL of the store; empty: intake.db in the data directory (SQLite).")
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
    threads: int = _setting(64, "Threads of each server process.")
    workers: int = _setting(1, "Processes of the source site. More than one needs limits_storage to be shared.")
    limits_storage: str = _setting(
        "memory://", "Where limits are counted: memory:// for one process, or a redis:// URL."
    )
    limit_pages: str = _setting("300 per minute", "Limit of one circuit on pages.")
    limit_codenames: str = _setting("20 per minute", "Limit of one circuit on new codenames and on returns.")
    limit_sends: str = _setting("30 per minute", "Limit of one circuit on what it sends: reports, messages, files.")
    largest_file: int = _setting(100_000_000, "The largest file that a source may add.")

    def __post_init__(self) -> None:
        for name in ("answer_days", "keep_months", "threads", "workers", "largest_file"):
            if getattr(self, name) < 1:
                raise SettingError(f"{name} must be 1 or more")
        for name in ("source_bind", "desk_bind"):
            bind = getattr(self, name)
            if not bind.startswith("unix:/") and not bind.rpartition(":")[2].isdigit():
                raise SettingError(f"{name} must be host:port or unix:/path")
        if self.workers > 1 and self.limits_storage.startswith("memory:"):
            raise SettingError("limits_storage must be a redis:// URL where workers is more than 1")

    @property
    def database_url(self) -> str:
        """SQLAlchemy URL of the store."""
        return self.database or f"sqlite:///{self.data.resolve() / 'intake.db'}"

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
        """The log's signing key, one of the server's two secrets."""
        return self.data / "log.key"


def settable() -> tuple[Field[Any], ...]:
    """Every setting that `intake.toml` may hold, in order."""
    return tuple(entry for entry in fields(Settings) if entry.name != "data")


def load(environment: Mapping[str, str] = os.environ) -> Settings:
    """The settings in force; `SettingError` names the first that is wrong, unknown or missing."""
    data = Path(environment.get("INTAKE_DATA", "data"))
    values = _from_file(data / FILE) | _from_environment(environment)
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


def _from_environment(environment: Mapping[str, str]) -> dict[str, Any]:
    known = {f"INTAKE_{entry.name.upper()}": entry for entry in settable()}
    values: dict[str, Any] = {}
    for name, text in environment.items():
        if not name.startswith("INTAKE_") or name in ("INTAKE_DATA", "INTAKE_PASSPHRASE_FILE"):
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
