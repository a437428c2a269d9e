"""How a reviewer's or auditor's program is told where the desk is; remembered in its home directory."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from crypto.logkey import LogVerifier
from crypto.policy import LONGEST, Policy
from intake.triage.home import Connection, Home


def connection_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Options that name the key file, the home directory and the desk."""
    for option in reversed(
        (
            click.option(
                "--key",
                type=click.Path(exists=True, dir_okay=False, path_type=Path),
                required=True,
                help="The key file that 'intake key new' made.",
            ),
            click.option(
                "--home",
                type=click.Path(file_okay=False, path_type=Path),
                help="Where to keep sealed bytes and checkpoints.  [default: one for each log]",
            ),
            click.option("--desk", help="The desk's address, such as http://….onion; needed the first time."),
            click.option(
                "--policy",
                type=click.Path(exists=True, dir_okay=False, path_type=Path),
                help="The log's keys and witnesses: the file log.policy, which 'intake init' wrote; needed the first "
                "time, and when it has changed.",
            ),
            click.option(
                "--witness-days",
                type=click.IntRange(1, 3650),
                help="How many days old the cosignatures of the policy's witnesses may be; remembered.  [default: 7]",
            ),
            click.option("--proxy", help="Tor's SOCKS port, such as socks5h://127.0.0.1:9050, for an onion address."),
        )
    ):
        command = option(command)
    return command


def open_home(
    home: Path | None, desk: str | None, policy: Path | None, proxy: str | None, witness_days: int | None
) -> Home:
    """The home directory, connected to the desk that it was told of now or before."""
    text = None if policy is None else _read_policy(policy)
    return Home.open(home, desk=desk, policy=text, proxy=proxy, witness_days=witness_days)


def believed_in(policy: Path) -> Policy:
    """What a policy's file says, which names one log."""
    connection = Connection("", _read_policy(policy))
    _ = connection.log
    return connection.believed


def log_of(policy: Path) -> LogVerifier:
    """The keys of the log that a policy's file names."""
    return believed_in(policy).log


def _read_policy(path: Path) -> str:
    """A policy's file as text, however long it is: what of it is right is for whoever goes by it to say."""
    with path.open("rb") as file:
        return file.read(LONGEST + 1).decode("utf-8", "surrogateescape")
