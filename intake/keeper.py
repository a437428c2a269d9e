"""The server with the key of its log: as the desk and the operator's commands hold it, and never the source site."""

import json
import secrets
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from crypto.logkey import LogSigner
from crypto.policy import Policy
from intake.accesslog.append import LogAppender
from intake.accesslog.operator import record
from intake.durable import make_directory, replace_file, write_new
from intake.protocol.actions import Action
from intake.server import Server, open_server, read_policy, unopened
from intake.settings import FILE, SettingError, Settings, load, settable
from intake.software import this_software
from intake.storage import migrate
from intake.storage.blobs.files import FileBlobs
from intake.storage.store import Store, Transaction


class LogKeyError(SettingError):
    """`log.key` holds no key."""


@dataclass(frozen=True, slots=True)
class Keeper(Server):
    """A server and the key of its log."""

    log: LogAppender


def open_keeper(settings: Settings) -> Keeper:
    """Open what `initialise` made, with its key; errors name the setting or the file that is missing."""
    if not settings.log_key.exists():
        raise SettingError(f"INTAKE_DATA: {settings.data} holds no log.key; run 'intake init'")
    log = LogAppender(read_log_key(settings.log_key))
    server = open_server(settings)
    with server.store.reading() as session:
        log.require_key(session)
    return Keeper(settings, server.store, server.blobs, log, server.members)


def policy_of(server: Keeper) -> Policy:
    """Whom members are told to believe about the log; `SettingError` if the file is not a policy of this log."""
    policy = read_policy(server.settings.policy)
    if policy.log != server.log.verifier:
        says = f"{server.settings.policy} names another log than this server's, or not both of its keys"
        raise SettingError(f"INTAKE_DATA: {says}")
    return policy


def open_declared(settings: Settings) -> Keeper:
    """As `open_keeper`, and have the log hold which program makes the entries to come, if it is another than before.

    An empty log, which nobody can read yet, stays so: its first entry sets the log's time, and is somebody's decision.
    """
    keeper = open_keeper(settings)
    with keeper.store.reading() as reading:
        is_declared = _is_declared(keeper.log, reading)
    if not is_declared:
        with keeper.store.in_order(last=True) as session:
            # Once more under the lock: another process may just have started.
            if not _is_declared(keeper.log, session):
                record(session, keeper.log, Action.SOFTWARE, this_software().objects)
    return keeper


def _is_declared(log: LogAppender, session: Transaction) -> bool:
    return log.size(session) == 0 or log.software(session) == this_software().objects


def initialise(data: Path, values: dict[str, object], environment: Mapping[str, str] | None = None) -> Settings:
    """Fill a data directory: settings, the log's key, the schema, the empty tree. What is there already stays.

    `values` go into a new `intake.toml`. Returns the settings in force, `environment` over the file; they say which
    store is made. What is wrong with them stops this before anything is written.
    """
    settings = load({**(environment or {}), "INTAKE_DATA": str(data)}, new=values)
    make_directory(data)
    FileBlobs(settings.blobs).make()
    _write_new(data / FILE, settings_file(Settings(data=data, **values)))  # type: ignore[arg-type]
    # Durable before the store is: entries that nobody can go on from would be worse than none.
    key = _make_log_key(settings.log_key)
    _write_new(settings.policy, bytes(Policy.of(key.verifier)).decode())
    try:
        with closing(Store(settings.database_url)) as store:
            store.make()
        migrate.upgrade(settings.database_url)
    except (SQLAlchemyError, FileNotFoundError, NotADirectoryError) as error:
        raise unopened(settings, error) from error
    keeper = open_keeper(settings)
    with keeper.store.in_order() as session:
        keeper.log.start(session)
    keeper.store.close()
    return settings


def read_log_key(path: Path) -> LogSigner:
    """The log's signing keys from their file; `LogKeyError` if the file doesn't hold both."""
    lines = _key_lines(path)
    if len(lines) == _LINES_OF_ONE:
        raise LogKeyError(f"INTAKE_DATA: {path} lacks the second key that logs have by now; run 'intake init'")
    return _signer(path, lines)


_LINES_OF_ONE = 2
"""Of a file from before logs had two keys: a name and a seed."""


def _make_log_key(path: Path) -> LogSigner:
    """Write a log's keys where there are none, or the second one beside one from before logs had two."""
    new = LogSigner.generate(f"intake-{secrets.token_hex(4)}")
    if not path.exists():
        write_new(path, _key_file(new))
    elif len(lines := _key_lines(path)) == _LINES_OF_ONE:
        replace_file(path, _key_file(_signer(path, [*lines, new.seeds[1].hex()])))
    return read_log_key(path)


def _key_lines(path: Path) -> list[str]:
    try:
        return path.read_text("ascii").split()
    except UnicodeDecodeError:
        return []


def _signer(path: Path, lines: list[str]) -> LogSigner:
    try:
        name, ed25519, ml_dsa = lines
        return LogSigner.from_seeds(name, bytes.fromhex(ed25519), bytes.fromhex(ml_dsa))
    except ValueError:
        raise LogKeyError(f"INTAKE_DATA: {path} is damaged; put back your copy of it") from None


def _key_file(key: LogSigner) -> bytes:
    return "".join(f"{line}\n" for line in (key.verifier.name, *(seed.hex() for seed in key.seeds))).encode()


def settings_file(settings: Settings) -> str:
    """`intake.toml` with every setting, its meaning, and a `#` before those that are as by default."""
    lines = ["# The settings of this intake server. The environment (INTAKE_…) goes before this file.", ""]
    for entry in settable():
        value = getattr(settings, entry.name)
        comment = "# " if value == entry.default else ""
        lines += [f"# {entry.metadata['says']}", f"{comment}{entry.name} = {_toml(value)}", ""]
    return "\n".join(lines)


def _toml(value: Any) -> str:
    """A setting's value in TOML. JSON writes text, numbers and truth the same way, but leaves DEL as it is."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _write_new(path: Path, text: str) -> None:
    if not path.exists():
        write_new(path, text.encode())
