"""What several commands share: settings from the environment, the passphrase, errors as one plain line."""

from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

import click


def plain_errors(*kinds: type[Exception]) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Turn expected errors into one line on stderr and exit status 1."""

    def decorate(command: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(command)
        def run(*args: Any, **options: Any) -> Any:
            try:
                return command(*args, **options)
            except kinds as error:
                raise click.ClickException(str(error)) from error

        return run

    return decorate


passphrase_option = click.option(
    "--passphrase-file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Read the passphrase from the first line of this file instead of asking for it.",
)


def passphrase(file: Path | None, *, new: bool = False) -> str:
    """The passphrase of a key file, asked for without showing it; twice where it is a new one."""
    if file is not None:
        return file.read_text("utf-8").partition("\n")[0]
    return str(click.prompt("Passphrase", hide_input=True, confirmation_prompt=new))
