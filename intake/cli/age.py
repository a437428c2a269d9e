"""`intake age`: seal and open files, as the age tool does."""

import io
import os
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import click

from crypto.age import (
    HybridIdentity,
    Identity,
    Recipient,
    ScryptRecipient,
    X25519Identity,
    decrypt,
    encrypt,
    looks_armored,
)
from intake.cli.agekeys import AskedPassphrase, KeyFile, recipient, recipients_in, require_age_file
from intake.cli.common import CallContext, Command, Group, ask_passphrase
from intake.cli.trouble import Trouble
from intake.cli.wholefile import whole_file

if TYPE_CHECKING:
    from typing_extensions import Buffer  # in collections.abc from Python 3.12 on

_STANDARD = "-"
_FILE = click.Path(exists=True, dir_okay=False, allow_dash=True, path_type=Path)

_LOOK = 64
"""Bytes at the start of a file that tell whether it is armored."""


class _AgeGroup(Group):
    """`intake age keygen` is a subcommand; anything else is for `intake age` itself, as in the age tool."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if args[:1] not in (["keygen"], ["--help"]):
            args = ["file", *args]
        return super().parse_args(ctx, args)


class _FileContext(CallContext):
    """Goes by the name of the group: nobody types the name of the hidden command."""

    @property
    def command_path(self) -> str:
        """What was typed, for errors and help."""
        return self.parent.command_path if self.parent else super().command_path


class _FileCommand(Command):
    """`intake age` without a subcommand."""

    context_class = _FileContext


@click.group(cls=_AgeGroup, options_metavar="[-e|-d] [OPTIONS]", subcommand_metavar="[INPUT]")
def age() -> None:
    """Encrypt (-e) and decrypt (-d) files in the age format; 'intake age keygen' makes a key.

    \b
    -r, --recipient RECIPIENT     encrypt to age1pq1… or age1…; may be repeated
    -R, --recipients-file FILE    encrypt to every recipient in a file, one a line; may be repeated
    -p, --passphrase              encrypt with a passphrase, asked for twice
    -a, --armor                   encrypt into text
    -i, --identity FILE           decrypt with the keys in a file, with -e encrypt to them; may be repeated
    -o, --output FILE             write there instead of to standard output, which is -

    Reads INPUT, or standard input. Files of any size are streamed. A file of keys may be sealed with a passphrase.
    """


@age.command(name="file", cls=_FileCommand, hidden=True, options_metavar="[-e|-d] [OPTIONS]")
@click.option("-e", "--encrypt", "sealing", is_flag=True)
@click.option("-d", "--decrypt", "unsealing", is_flag=True)
@click.option("-r", "--recipient", "recipients", multiple=True)
@click.option("-R", "--recipients-file", "lists", multiple=True, type=_FILE)
@click.option("-i", "--identity", "identities", multiple=True, type=_FILE)
@click.option("-p", "--passphrase", "with_passphrase", is_flag=True)
@click.option("-a", "--armor", "armored", is_flag=True)
@click.option("-o", "--output", type=click.Path())
@click.argument("source", metavar="[INPUT]", type=_FILE, default=_STANDARD)
def _file(
    sealing: bool,
    unsealing: bool,
    recipients: tuple[str, ...],
    lists: tuple[Path, ...],
    identities: tuple[Path, ...],
    with_passphrase: bool,
    armored: bool,
    output: str | None,
    source: Path,
) -> None:
    """Encrypt or decrypt one file."""
    if sealing and unsealing:
        raise click.UsageError("-e and -d can't be combined")
    if [*identities, *lists, source].count(Path(_STANDARD)) > 1:
        raise click.UsageError("standard input can be one thing only: name a file for the others")
    if unsealing:
        if recipients or lists or armored or with_passphrase:
            raise click.UsageError("-r, -R, -a and -p are for encryption; a passphrase is asked for where there is one")
        with _source(source) as sealed, _target(output) as target:
            _decrypt(sealed, target, [KeyFile(path) for path in identities], _name(source))
        return
    if identities and not sealing:
        raise click.UsageError("say -d to decrypt with -i, or -e to encrypt to the keys in it")
    if with_passphrase and (recipients or lists or identities):
        raise click.UsageError("a passphrase (-p) can't be combined with -r, -R and -i")
    chosen: list[Recipient] = [recipient(text, "what stands behind -r") for text in recipients]
    chosen += [listed for path in lists for listed in recipients_in(path)]
    chosen += [key.recipient for path in identities for key in KeyFile(path).keys]
    if with_passphrase:
        chosen.append(ScryptRecipient(ask_passphrase(new=True, instead="use -r, or run this in a terminal")))
    if not chosen:
        raise click.UsageError("say who can open it: -r, -R, -i or -p")
    if output is None and not armored and sys.stdout is not None and sys.stdout.isatty():
        raise click.UsageError("encrypted bytes would disturb the terminal: use -a for text, or -o for a file")
    with _source(source) as plain, _target(output) as target:
        encrypt(plain, target, chosen, armored=armored, threads=_threads())


def _decrypt(sealed: io.BufferedReader, target: BinaryIO, keys: list[KeyFile], name: str) -> None:
    start, whole = _peek(sealed)
    require_age_file(start, name)
    identities: list[Identity] = [*keys] or [
        AskedPassphrase("Passphrase", f"{name} is sealed to keys, not with a passphrase: name a file of them with -i")
    ]
    decrypt(whole, target, identities, armored=looks_armored(start), threads=_threads())


@age.command()
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), help="Write the key there instead of to standard output."
)
@click.option("--x25519", is_flag=True, help="Make a key that age programs without post-quantum keys can use.")
def keygen(output: Path | None, x25519: bool) -> None:
    """Make a key and print its recipient. It is post-quantum unless --x25519 is given."""
    identity = X25519Identity.generate() if x25519 else HybridIdentity.generate()
    made = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    text = f"# created: {made}\n# public key: {identity.recipient}\n{identity}\n"
    if output is None:
        click.echo(text, nl=False)
        return
    with os.fdopen(os.open(output, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w", encoding="ascii") as file:
        file.write(text)
    click.echo(f"Public key: {identity.recipient}", err=True)


def _threads() -> int:
    """As many as there are cores for this process, which not every system tells."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@contextmanager
def _source(path: Path) -> Iterator[io.BufferedReader]:
    if path == Path(_STANDARD):
        if sys.stdin is None:
            raise Trouble("standard input is closed: name a file")
        yield sys.stdin.buffer  # type: ignore[misc]
    else:
        with path.open("rb") as file:
            yield file


def _name(source: Path) -> str:
    return "standard input" if source == Path(_STANDARD) else str(source)


def _peek(source: io.BufferedReader) -> tuple[bytes, BinaryIO]:
    """The first bytes of a source, fewer than `_LOOK` only if it has no more, and all of it from these on."""
    start = b""
    while len(start) < _LOOK and (piece := source.read(_LOOK - len(start))):
        start += piece
    if source.seekable():
        source.seek(-len(start), io.SEEK_CUR)
        return start, source
    return start, io.BufferedReader(_Resumed(start, source))


class _Resumed(io.RawIOBase):
    """A source from its start on, though its first bytes were taken already."""

    def __init__(self, start: bytes, rest: io.BufferedReader) -> None:
        self._start = start
        self._rest = rest

    def readable(self) -> bool:
        """Always."""
        return True

    def readinto(self, buffer: "Buffer") -> int:
        """Fill the buffer from the first bytes, then from the rest; 0 at the end."""
        if not self._start:
            return self._rest.readinto(buffer)
        target = memoryview(buffer).cast("B")
        size = min(len(target), len(self._start))
        target[:size] = self._start[:size]
        self._start = self._start[size:]
        return size


@contextmanager
def _target(output: str | None) -> Iterator[BinaryIO]:
    """Where the result goes: standard output for None and -, else a file.

    A regular file gets its name only once it is whole, and a link goes on leading to it. What is there and is no
    regular file, such as a pipe or a device, is written to as it is.
    """
    if output is None or output == _STANDARD:
        if sys.stdout is None:
            raise Trouble("standard output is closed: name a file with -o")
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
    elif _is_special(path := Path(output)):
        with path.open("wb") as file:
            yield file
    else:
        with whole_file(Path(os.path.realpath(path))) as file:
            yield file


def _is_special(path: Path) -> bool:
    """Whether something is there, at the end of all links, that is no regular file."""
    try:
        return not stat.S_ISREG(path.stat().st_mode)
    except FileNotFoundError:
        return False
