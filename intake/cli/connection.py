"""How a reviewer's or auditor's program is told where the desk is; remembered in its home directory."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from crypto.logkey import LogVerifier
from crypto.policy import LONGEST, Policy
from intake.triage.home import WITNESS_DAYS, Connection, Home

_Command = Callable[..., Any]

KEY: dict[str, Any] = {
    "type": click.Path(exists=True, dir_okay=False, path_type=Path),
    "help": "The key file that 'intake key new' made.",
}
home_option = click.option(
    "--home",
    type=click.Path(file_okay=False, path_type=Path),
    help="Where to keep sealed bytes and checkpoints.  [default: one for each log]",
)
policy_option = click.option(
    "--policy",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
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


def connection_options(command: _Command) -> _Command:
    """Options that name the key file, the home directory and the desk."""
    key = click.option("--key", required=True, **KEY)
    return _with(command, key, home_option, policy_option, _WITNESS_DAYS, *_DESK)


def connection_or_folder(command: _Command) -> _Command:
    """The same, or a folder instead, which takes no key."""
    key = click.option("--key", **KEY)
    return _with(command, key, home_option, policy_option, _WITNESS_DAYS, *_DESK, _FOLDER)


def verified_options(command: _Command) -> _Command:
    """Options that name a log that was verified before, in the home directory or in a folder."""
    return _with(command, home_option, policy_option, _WITNESS_DAYS, _FOLDER)


def _with(command: _Command, *options: _Command) -> _Command:
    for option in reversed(options):
        command = option(command)
    return command


def open_home(
    home: Path | None, desk: str | None, policy: Path | None, proxy: str | None, witness_days: int | None
) -> Home:
    """The home directory, connected to the desk that it was told of now or before."""
    text = None if policy is None else read_policy(policy)
    return Home.open(home, desk=desk, policy=text, proxy=proxy, witness_days=witness_days)


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
