"""`intake age`: seal and open files, as the age tool does."""

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

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


class _AgeGroup(click.Group):
    """`intake age keygen` is a subcommand; anything else is for `intake age` itself, as in the age tool."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if args[:1] not in (["keygen"], ["--help"]):
            args = ["file", *args]
        return super().parse_args(ctx, args)


@click.group(cls=_AgeGroup, options_metavar="[-e|-d] [OPTIONS]", subcommand_metavar="[INPUT]")
def age() -> None:
    """Encrypt (-e) and decrypt (-d) files in the age format; 'intake age keygen' makes a key.

    \b
    -r, --recipient RECIPIENT     encrypt to age1pq1… or age1…; may be repeated
    -R, --recipients-file FILE    encrypt to every recipient in a file, one a line; may be repeated
    -p, --passphrase              encrypt with a passphrase, asked for twice
    -a, --armor                   encrypt into text
    -i, --identity FILE           decrypt with the keys in a file; encrypt to them; may be repeated
    -o, --output FILE             write there instead of to standard output

    Reads INPUT, or standard input. Files of any size are streamed.
    """


@age.command(name="file", hidden=True)
@click.option("-e", "--encrypt", "sealing", is_flag=True)
@click.option("-d", "--decrypt", "opening", is_flag=True)
@click.option("-r", "--recipient", "recipients", multiple=True)
@click.option("-R", "--recipients-file", "lists", multiple=True, type=click.Path(exists=True, path_type=Path))
@click.option("-i", "--identity", "identities", multiple=True, type=click.Path(exists=True, path_type=Path))
@click.option("-p", "--passphrase", "with_passphrase", is_flag=True)
@click.option("-a", "--armor", "armored", is_flag=True)
@click.option("-o", "--output", type=click.Path(path_type=Path))
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
    output: Path | None,
    source: BinaryIO,
) -> None:
    """Encrypt or decrypt one file."""
    if sealing and opening:
        raise click.UsageError("-e and -d can't be combined")
    keys = [key for path in identities for key in _identities(path)]
    if opening:
        if recipients or lists or armored or with_passphrase:
            raise click.UsageError("-r, -R, -a and -p are for encryption; a passphrase is asked for where there is one")
        start, source = _peek(source)
        wanted: list[Identity] = (
            [*keys] if keys else [ScryptIdentity(click.prompt("Passphrase", hide_input=True, err=True))]
        )
        with _target(output) as target:
            decrypt(source, target, wanted, armored=looks_armored(start), threads=_threads())
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


def _peek(source: BinaryIO) -> tuple[bytes, BinaryIO]:
    reader: BinaryIO = source
    peek = getattr(reader, "peek", None)
    if peek is not None:
        return peek(64), reader
    start = reader.read(64)
    reader.seek(0)
    return start, reader


@contextmanager
def _target(output: Path | None) -> Iterator[BinaryIO]:
    """Where the result goes. A file gets its name only once it is whole."""
    if output is None:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    with tempfile.NamedTemporaryFile(dir=output.parent, prefix=f".{output.name}.", delete=False) as file:
        try:
            yield file  # type: ignore[misc]
        except BaseException:
            Path(file.name).unlink()
            raise
    Path(file.name).replace(output)
