"""How a reviewer's or auditor's program is told where the desk is; remembered in its home directory."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from intake.triage.home import Home


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
            click.option("--log", help="The log's public key, which 'intake init' printed; needed the first time."),
            click.option("--proxy", help="Tor's SOCKS port, such as socks5h://127.0.0.1:9050, for an onion address."),
        )
    ):
        command = option(command)
    return command


def open_home(home: Path | None, desk: str | None, log: str | None, proxy: str | None) -> Home:
    """The home directory, connected to the desk that it was told of now or before."""
    return Home.open(home, desk=desk, log=log, proxy=proxy)
