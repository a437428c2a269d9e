"""`intake age`: seal and open files, as the age tool does."""

import errno
import io
import os
import secrets
import stat
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import click

from crypto.age import (
    AgeError,
    HybridIdentity,
    Identity,
    Recipient,
    ScryptIdentity,
    ScryptRecipient,
    X25519Identity,
    decrypt,
    encrypt,
    looks_armored,
    parse_identity,
    parse_recipient,
)
from intake.cli.common import plain_errors, read_text

if TYPE_CHECKING:
    from typing_extensions import Buffer  # in collections.abc from Python 3.12 on

_LOOK = 64
"""Bytes at the start of a file that tell whether it is armored."""


class _AgeGroup(click.Group):
    """`intake age keygen` is a subcommand; anything else is for `intake age` itself, as in the age tool."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if args[:1] not in (["keygen"], ["--help"]):
            args = ["file", *args]
        return super().parse_args(ctx, args)


class _FileContext(click.Context):
    """Goes by the name of the group: nobody types the name of the hidden command."""

    @property
    def command_path(self) -> str:
        """What was typed, for errors and help."""
        return self.parent.command_path if self.parent else super().command_path


class _FileCommand(click.Command):
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
    -i, --identity FILE           decrypt with the keys in a file; encrypt to them; may be repeated
    -o, --output FILE             write there instead of to standard output, which is -

    Reads INPUT, or standard input. Files of any size are streamed.
    """


@age.command(name="file", cls=_FileCommand, hidden=True, options_metavar="[-e|-d] [OPTIONS]")
@click.option("-e", "--encrypt", "sealing", is_flag=True)
@click.option("-d", "--decrypt", "opening", is_flag=True)
@click.option("-r", "--recipient", "recipients", multiple=True)
@click.option("-R", "--recipients-file", "lists", multiple=True, type=click.Path(exists=True, path_type=Path))
@click.option("-i", "--identity", "identities", multiple=True, type=click.Path(exists=True, path_type=Path))
@click.option("-p", "--passphrase", "with_passphrase", is_flag=True)
@click.option("-a", "--armor", "armored", is_flag=True)
@click.option("-o", "--output", type=click.Path())
@click.argument("source", metavar="[INPUT]", type=click.File("rb"), default="-")
@plain_errors(AgeError)
def _file(
    sealing: bool,
    opening: bool,
    recipients: tuple[str, ...],
    lists: tuple[Path, ...],
    identities: tuple[Path, ...],
    with_passphrase: bool,
    armored: bool,
    output: str | None,
    source: io.BufferedReader,
) -> None:
    """Encrypt or decrypt one file."""
    if sealing and opening:
        raise click.UsageError("-e and -d can't be combined")
    keys = [key for path in identities for key in _identities(path)]
    if opening:
        if recipients or lists or armored or with_passphrase:
            raise click.UsageError("-r, -R, -a and -p are for encryption; a passphrase is asked for where there is one")
        start, sealed = _peek(source)
        wanted: list[Identity] = (
            [*keys] if keys else [ScryptIdentity(click.prompt("Passphrase", hide_input=True, err=True))]
        )
        with _target(output) as target:
            decrypt(sealed, target, wanted, armored=looks_armored(start), threads=_threads())
        return
    chosen: list[Recipient] = [parse_recipient(text) for text in recipients]
    chosen += [parse_recipient(text) for path in lists for text in _lines(path)]
    chosen += [key.recipient for key in keys]
    if with_passphrase:
        chosen.append(ScryptRecipient(click.prompt("Passphrase", hide_input=True, confirmation_prompt=True, err=True)))
    if not chosen:
        raise click.UsageError("say who can open it: -r, -R, -i or -p")
    if output is None and not armored and sys.stdout.isatty():
        raise click.UsageError("encrypted bytes would disturb the terminal: use -a for text, or -o for a file")
    with _target(output) as target:
        encrypt(source, target, chosen, armored=armored, threads=_threads())


@age.command()
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), help="Write the key there instead of to standard output."
)
@click.option("--x25519", is_flag=True, help="Make a key that age programs without post-quantum keys can use.")
@plain_errors()
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
    return len(os.sched_getaffinity(0))


def _lines(path: Path) -> list[str]:
    lines = (line.strip() for line in read_text(path).splitlines())
    return [line for line in lines if line and not line.startswith("#")]


def _identities(path: Path) -> list[HybridIdentity | X25519Identity]:
    return [parse_identity(line) for line in _lines(path)]


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
    if output is None or output == "-":
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
    elif _is_special(path := Path(output)):
        with path.open("wb") as file:
            yield file
    else:
        with _whole(Path(os.path.realpath(path))) as file:
            yield file


def _is_special(path: Path) -> bool:
    """Whether something is there, at the end of all links, that is no regular file."""
    try:
        return not stat.S_ISREG(path.stat().st_mode)
    except FileNotFoundError:
        return False


@contextmanager
def _whole(path: Path) -> Iterator[BinaryIO]:
    """A new file for its owner only, which takes this path when the block ends, and is gone if that raises.

    Until then it has no name, so that nothing of it stays if the program is killed; where the file system has no such
    files, it has one of its own.
    """
    try:
        file: BinaryIO = os.fdopen(os.open(path.parent, os.O_TMPFILE | os.O_RDWR, 0o600), "wb")
    except OSError as error:
        if error.errno not in (errno.EOPNOTSUPP, errno.EISDIR):
            raise
        with _named(path) as file:
            yield file
        return
    with file:
        yield file
        file.flush()
        # A link never replaces what is there, a new name does.
        temporary = path.with_name(f".age-{secrets.token_hex(8)}")
        directory = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.link(f"/proc/self/fd/{file.fileno()}", temporary.name, dst_dir_fd=directory, follow_symlinks=True)
        finally:
            os.close(directory)
    temporary.replace(path)


@contextmanager
def _named(path: Path) -> Iterator[BinaryIO]:
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".age-", delete=False) as file:
        try:
            yield file  # type: ignore[misc]
            file.flush()
        except BaseException:
            Path(file.name).unlink()
            raise
    Path(file.name).replace(path)
