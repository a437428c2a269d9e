"""What both server applications are made from: settings, store, blobs and access log, opened together."""

import os
import secrets
from dataclasses import dataclass
from pathlib import Path

from crypto.note import SigningKey
from intake.accesslog.log import AccessLog
from intake.settings import FILE, SettingError, Settings, settable
from intake.storage import schema
from intake.storage.blobs import Blobs
from intake.storage.store import Store


@dataclass(frozen=True, slots=True)
class Server:
    """Everything that a view may need besides its request."""

    settings: Settings
    store: Store
    blobs: Blobs
    log: AccessLog


def open_server(settings: Settings) -> Server:
    """Open what `initialise` made; errors name the setting or the file that is missing."""
    if not settings.log_key.exists():
        raise SettingError(f"INTAKE_DATA: {settings.data} holds no log.key; run 'intake init'")
    store = Store(settings.database_url)
    schema.require_newest(store)
    return Server(settings, store, Blobs(settings.blobs), AccessLog(read_log_key(settings.log_key)))


def initialise(data: Path, values: dict[str, object]) -> Settings:
    """Fill a data directory: settings, the log's key, the schema, the empty tree. What is there already stays."""
    settings = Settings(data=data, **values)  # type: ignore[arg-type]
    data.mkdir(mode=0o700, parents=True, exist_ok=True)
    settings.blobs.mkdir(mode=0o700, exist_ok=True)
    _write_new(data / FILE, settings_file(settings))
    key = SigningKey.generate(f"intake-{secrets.token_hex(4)}")
    _write_new(settings.log_key, f"{key.verifier.name}\n{key.seed.hex()}\n")
    schema.upgrade(settings.database_url)
    server = open_server(settings)
    with server.store.writing() as session:
        server.log.start(session)
    server.store.close()
    return settings


def read_log_key(path: Path) -> SigningKey:
    """The log's signing key from its file."""
    name, seed = path.read_text("ascii").split()
    return SigningKey.from_seed(name, bytes.fromhex(seed))


def settings_file(settings: Settings) -> str:
    """`intake.toml` with every setting, its meaning, and a `#` before those that are as by default."""
    lines = ["# The settings of this intake server. The environment (INTAKE_…) goes before this file.", ""]
    for entry in settable():
        value = getattr(settings, entry.name)
        shown = (
            str(value).lower() if isinstance(value, bool) else f'"{value}"' if isinstance(value, str) else str(value)
        )
        comment = "# " if value == entry.default else ""
        lines += [f"# {entry.metadata['says']}", f"{comment}{entry.name} = {shown}", ""]
    return "\n".join(lines)


def _write_new(path: Path, text: str) -> None:
    if path.exists():
        return
    with os.fdopen(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
