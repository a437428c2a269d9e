"""What several commands share: how they are called, lines of output, the passphrase, the text of files."""

import sys
import warnings
from collections.abc import Callable
from getpass import GetPassWarning
from pathlib import Path
from types import TracebackType
from typing import Any

import click

from intake.cli.trouble import Trouble
from intake.terminal import shown

Called = Callable[..., Any]
Decorator = Callable[[Called], Called]
"""What gives a command options, as click's own do."""


class CallContext(click.Context):
    """How a command was called. Whatever is wrong with that knows which command's help to name."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool | None:
        # click itself forgets it where an option lacks its value.
        if isinstance(error, click.UsageError) and error.ctx is None:
            error.ctx = self
        return super().__exit__(kind, error, trace)


class Command(click.Command):
    """What every command is made from."""

    context_class = CallContext


class Group(click.Group):
    """What every command with commands below it is made from."""

    context_class = CallContext
    command_class = Command


def say(line: str) -> None:
    """Print one line, whatever is in the names that it holds."""
    # Named, or click writes UTF-8 where the encoding is ASCII, whatever the rest of the output is in.
    click.echo(shown(line), file=sys.stdout)


GIVEN_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
WRITTEN_FILE = click.Path(dir_okay=False, path_type=Path)
DIRECTORY = click.Path(file_okay=False, path_type=Path)

passphrase_option = click.option(
    "--passphrase-file",
    type=GIVEN_FILE,
    envvar="INTAKE_PASSPHRASE_FILE",
    show_envvar=True,
    help="Read the passphrase from the first line of this file instead of asking for it.",
)


def port_option(default: int) -> Decorator:
    """The port that a command serves on."""
    return click.option(
        "--port", type=click.IntRange(1, 65535), default=default, show_default=True, help="The port on 127.0.0.1."
    )


def passphrase(
    file: Path | None, *, new: bool = False, of: str = "Passphrase", option: str = "--passphrase-file"
) -> str:
    """The passphrase of a key file, asked for without showing it; twice where it is a new one.

    `option`: by which a file that holds it can be given.
    """
    if file is not None:
        return read_text(file).removeprefix("\ufeff").partition("\n")[0]
    return ask_passphrase(of, new=new, instead=f"use {option}")


def ask_passphrase(of: str = "Passphrase", *, new: bool = False, instead: str) -> str:
    """What somebody types without seeing it; `Trouble`, with what to do instead, where there is no terminal."""
    try:
        with warnings.catch_warnings():
            # Else it would take the next line of standard input, which may be the file itself.
            warnings.simplefilter("error", GetPassWarning)
            return str(click.prompt(shown(of), hide_input=True, confirmation_prompt=new, err=True))
    except GetPassWarning:
        raise Trouble(f"there is no terminal to ask for the passphrase in; {instead}") from None


def read_text(path: Path) -> str:
    """The text of a file that somebody named; one plain line if it is none."""
    try:
        return path.read_text("utf-8")
    except UnicodeDecodeError:
        raise Trouble(f"{path} is not text in UTF-8") from None
