"""How a reviewer's or auditor's program is told where the desk is; remembered in its home directory."""

from dataclasses import dataclass, fields
from functools import wraps
from pathlib import Path
from typing import Any

import click

from crypto.logkey import LogVerifier
from crypto.policy import LONGEST, Policy
from intake.cli.common import DIRECTORY, GIVEN_FILE, Called, Decorator, passphrase
from intake.cli.trouble import Trouble
from intake.triage.home import WITNESS_DAYS, Connection, Home
from intake.triage.keys.keyfile import MemberKeys, load_keys, require_key_file


@dataclass(frozen=True, slots=True)
class LogOptions:
    """What a command was told of a log: where it is kept, who serves it, and whose key asks for it.

    None for what was not said, and for what the command doesn't take. `folder`: holds the log instead of all others.
    """

    key: Path | None = None
    passphrase_file: Path | None = None
    home: Path | None = None
    policy: Path | None = None
    witness_days: int | None = None
    desk: str | None = None
    proxy: str | None = None
    folder: Path | None = None

    def open_home(self) -> Home:
        """The home directory, connected to the desk that it was told of now or before."""
        text = None if self.policy is None else read_policy(self.policy)
        return Home.open(self.home, desk=self.desk, policy=text, proxy=self.proxy, witness_days=self.witness_days)

    def key_file(self) -> Path:
        """The key file; `Trouble` if none was named, `KeyFileError` if it is none."""
        if self.key is None:
            raise Trouble("--key must name a key file, or --from a folder")
        require_key_file(self.key)
        return self.key

    def load_keys(self) -> MemberKeys:
        """The keys in the key file, for which the passphrase may be asked; errors as for that file."""
        return load_keys(self.key_file(), passphrase(self.passphrase_file))


def _key(*, required: bool) -> Decorator:
    return click.option("--key", required=required, type=GIVEN_FILE, help="The key file that 'intake key new' made.")


_KEY = _key(required=True)
key_option = _key(required=False)
_HOME = click.option(
    "--home",
    type=DIRECTORY,
    help="Where to keep sealed bytes and checkpoints.  [default: one for each log]",
)
_POLICY = click.option(
    "--policy",
    type=GIVEN_FILE,
    help="The log's keys and witnesses: the file log.policy, which 'intake init' wrote; needed the first time, and "
    "when it has changed.",
)
_WITNESS_DAYS = click.option(
    "--witness-days",
    type=click.IntRange(1, 3650),
    help=f"How many days old the cosignatures of the policy's witnesses may be; remembered.  [default: {WITNESS_DAYS}]",
)
_DESK = (
    click.option("--desk", help="The desk's address, such as http://….onion; needed the first time."),
    click.option("--proxy", help="Tor's SOCKS port, such as socks5h://127.0.0.1:9050, for an onion address."),
)
_FOLDER = click.option(
    "--from",
    "folder",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="A folder that 'intake audit mirror' wrote, or a copy of one: it is verified whole, offline, by --policy.",
)


def _told_by(*options: Decorator) -> Decorator:
    """Give a command these options; what it is told by them comes first, as `LogOptions`.

    So does what any other option of the command says that has the name of a field.
    """

    def decorate(command: Called) -> Called:
        @wraps(command)
        def told(**given: Any) -> Any:
            of_log = {field.name: given.pop(field.name) for field in fields(LogOptions) if field.name in given}
            return command(LogOptions(**of_log), **given)

        called: Called = told
        for option in reversed(options):
            called = option(called)
        return called

    return decorate


connection_options = _told_by(_KEY, _HOME, _POLICY, _WITNESS_DAYS, *_DESK)
"""Options that name the key file, the home directory and the desk."""

connection_or_folder = _told_by(key_option, _HOME, _POLICY, _WITNESS_DAYS, *_DESK, _FOLDER)
"""The same, or a folder instead, which takes no key."""

verified_options = _told_by(_HOME, _POLICY, _WITNESS_DAYS, _FOLDER)
"""Options that name a log that was verified before, in the home directory or in a folder."""

cosigning_options = _told_by(_KEY, _HOME, _POLICY)
"""Options that name such a log, in the home directory alone, and the key that signs something about it."""


def believed_in(policy: Path) -> Policy:
    """What a policy's file says, which names one log."""
    connection = Connection("", read_policy(policy))
    _ = connection.log
    return connection.believed


def log_of(policy: Path) -> LogVerifier:
    """The keys of the log that a policy's file names."""
    return believed_in(policy).log


def read_policy(path: Path) -> str:
    """A policy's file as text, however long it is: what of it is right is for whoever goes by it to say."""
    with path.open("rb") as file:
        return file.read(LONGEST + 1).decode("utf-8", "surrogateescape")
