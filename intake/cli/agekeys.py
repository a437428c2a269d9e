"""Who seals and who opens with `intake age`: keys as they are typed and as they stand in files, named if they are none.

The messages never repeat what could be a secret.
"""

from __future__ import annotations

import codecs
import io
import re
from collections.abc import Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import click

from crypto.age import (
    AgeError,
    Decryptor,
    HybridIdentity,
    HybridRecipient,
    NoMatch,
    ScryptIdentity,
    X25519Identity,
    X25519Recipient,
    looks_armored,
    parse_identity,
    parse_recipient,
)
from intake.cli.common import ask_passphrase
from intake.cli.trouble import Trouble

if TYPE_CHECKING:
    from collections.abc import Iterator

    from crypto.age import FileKey, Stanza

Secret = HybridIdentity | X25519Identity
Public = HybridRecipient | X25519Recipient

LARGEST_KEY_FILE = 1 << 20
"""Bytes of a file of keys at most, sealed or open: it is read into memory."""

_INTRO = b"age-encryption.org/"
_UTF16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
_SCRYPT = "scrypt"

_OTHERS = (
    (r"ssh-|ecdsa-", "an SSH key, which is not supported: use the recipient of an age key (age1…)"),
    (r"-----BEGIN .*PRIVATE KEY", "an SSH or PEM private key, which is not supported: use an age key"),
    (
        r"age-plugin-",
        "the identity of a plugin, which is not supported: use the age tool with that plugin",
    ),
    (
        r"age1(?!pq1)[a-z0-9]{1,20}1",
        "a plugin's recipient, which is not supported: use the age tool with that plugin",
    ),
    (r"-----begin", "armored or in another format than that of keys"),
)
_SECRET = re.compile(r"age-secret-key-", re.IGNORECASE)
_PUBLIC = re.compile(r"age1", re.IGNORECASE)


def recipient(text: str, where: str) -> Public:
    """A recipient; `Trouble` names what stands there instead."""
    if _SECRET.match(text):
        raise _wrong(where, "an identity, which must stay secret: recipients begin with age1")
    with _named(text, where):
        return parse_recipient(text)


def recipients_in(path: Path) -> list[Public]:
    """All recipients in a file, one a line."""
    found = [recipient(line, where) for where, line in _lines(path, _read(path))]
    if not found:
        raise Trouble(f"{path} holds no recipient")
    return found


class KeyFile:
    """A file of identities, itself sealed with a passphrase or not. It asks for that only when it needs it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._data = _read(path)

    def unwrap(self, stanzas: Sequence[Stanza]) -> FileKey:
        """The file key of a file that one of the identities opens; `NoMatch` otherwise."""
        if any(stanza.type == _SCRYPT for stanza in stanzas):
            raise Trouble("the file is sealed with a passphrase: leave out -i, and it is asked for")
        for key in self.keys:
            try:
                return key.unwrap(stanzas)
            except NoMatch:
                continue
        raise NoMatch("no identity in the file opens it")

    @cached_property
    def keys(self) -> list[Secret]:
        """The identities; `Trouble` if there is none, or something else."""
        data = self._data
        if data.startswith(_INTRO) or (looks_armored(data) and b"AGE ENCRYPTED" in data[:64]):
            data = self._unsealed(data)
        found = [_identity(line, where) for where, line in _lines(self._path, data)]
        if not found:
            raise Trouble(f"{self._path} holds no identity")
        return found

    def _unsealed(self, data: bytes) -> bytes:
        asked = AskedPassphrase(f"Passphrase of {self._path}", f"{self._path} is a sealed file, not one of identities")
        try:
            opened = Decryptor(io.BytesIO(data), [asked], armored=looks_armored(data))
            text = io.BufferedReader(opened).read(LARGEST_KEY_FILE + 1)
        except AgeError as error:
            raise Trouble(f"{self._path}: {error}") from None
        _require_size(self._path, text)
        return text


class AskedPassphrase:
    """Opens what was sealed with a passphrase, and asks for it only then."""

    def __init__(self, prompt: str, otherwise: str) -> None:
        self._prompt = prompt
        self._otherwise = otherwise

    def unwrap(self, stanzas: Sequence[Stanza]) -> FileKey:
        """The file key; `Trouble` if the file is sealed otherwise, or the passphrase is not right."""
        if not any(stanza.type == _SCRYPT for stanza in stanzas):
            raise Trouble(self._otherwise)
        typed = ScryptIdentity(ask_passphrase(self._prompt, instead="run this in a terminal"))
        try:
            return typed.unwrap(stanzas)
        except NoMatch:
            raise Trouble("the passphrase is not right") from None


def require_age_file(start: bytes, name: str) -> None:
    """Raise `Trouble` that says what a file is that begins with these bytes and is no age file."""
    if not start:
        raise Trouble(f"{name} is empty")
    if start.startswith(_UTF16):
        raise Trouble(f"{name} was turned into UTF-16, as PowerShell's '>' does: make it again with -o instead")
    if start.startswith(codecs.BOM_UTF8):
        raise Trouble(f"{name} begins with a byte order mark, which an editor or PowerShell put there: remove it")
    if looks_armored(start):
        return
    if not start.startswith(_INTRO):
        cut = _INTRO.startswith(start)
        raise Trouble(f"{name} is cut short" if cut else f"{name} is not an age file")


def _identity(text: str, where: str) -> Secret:
    if _PUBLIC.match(text):
        raise _wrong(where, "a recipient: what opens files are identities, which begin with AGE-SECRET-KEY-")
    with _named(text, where):
        return parse_identity(text)


@contextmanager
def _named(text: str, where: str) -> Iterator[None]:
    for pattern, says in _OTHERS:
        if re.match(pattern, text, re.IGNORECASE):
            raise _wrong(where, says)
    try:
        yield
    except AgeError as error:
        raise Trouble(f"{where}: {error}") from None


def _wrong(where: str, says: str) -> Trouble:
    return Trouble(f"{where} is {says}")


def _read(path: Path) -> bytes:
    with click.open_file(str(path), "rb") as file:
        data: bytes = file.read(LARGEST_KEY_FILE + 1)
    _require_size(path, data)
    return data


def _require_size(path: Path, data: bytes) -> None:
    if len(data) > LARGEST_KEY_FILE:
        raise Trouble(f"{path} is too large for a file of keys")


def _lines(path: Path, data: bytes) -> list[tuple[str, str]]:
    """The lines that are neither empty nor comments, each behind where it stands."""
    if data.startswith(_UTF16):
        raise Trouble(f"{path} is in UTF-16, as PowerShell's '>' writes it: make it again with -o, or save it as UTF-8")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Trouble(f"{path} is not text in UTF-8") from None
    lines = ((f"line {number} of {path}", line.strip()) for number, line in enumerate(text.splitlines(), 1))
    return [(where, line) for where, line in lines if line and not line.startswith("#")]
