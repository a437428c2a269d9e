"""What several commands share: settings from the environment, the passphrase, errors as one plain line."""

from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

import click


def plain_errors(*kinds: type[Exception]) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Turn expected errors, and those of the operating system, into one line on stderr and exit status 1."""

    def decorate(command: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(command)
        def run(*args: Any, **options: Any) -> Any:
            try:
                return command(*args, **options)
            except BrokenPipeError:
                # Whoever reads the output, such as head, has had enough: click ends quietly.
                raise
            except OSError as error:
                raise click.ClickException(_in_words(error)) from error
            except kinds as error:
                raise click.ClickException(str(error)) from error

        return run

    return decorate


passphrase_option = click.option(
    "--passphrase-file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    envvar="INTAKE_PASSPHRASE_FILE",
    show_envvar=True,
    help="Read the passphrase from the first line of this file instead of asking for it.",
)


def passphrase(file: Path | None, *, new: bool = False) -> str:
    """The passphrase of a key file, asked for without showing it; twice where it is a new one."""
    if file is not None:
        return read_text(file).partition("\n")[0]
    return str(click.prompt("Passphrase", hide_input=True, confirmation_prompt=new))


def read_text(path: Path) -> str:
    """The text of a file that somebody named; one plain line if it is none."""
    try:
        return path.read_text("utf-8")
    except UnicodeDecodeError:
        raise click.ClickException(f"{path} is not text in UTF-8") from None


def _in_words(error: OSError) -> str:
    says = error.strerror or str(error)
    return says if error.filename is None else f"{error.filename}: {says}"
