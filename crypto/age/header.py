"""The textual header (section "Header"): version line, recipient stanzas, MAC."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hmac import HMAC

from crypto.age.errors import HeaderError, MacError
from crypto.age.primitives import FileKey, decode_base64, encode_base64, hkdf

VERSION_LINE = b"age-encryption.org/v1\n"
LARGEST = 1 << 20
"""Bytes of a header at most: room for some 600 hybrid recipients, and a bound on what a hostile file makes us hold."""

_COLUMNS = 64
_END = b"---"
_ARGUMENTS = re.compile(rb"-> ([!-~]+(?: [!-~]+)*)\n")
_BODY_LINE = re.compile(rb"([A-Za-z0-9+/]{0,64})\n")
_MAC_LINE = re.compile(rb"--- ([A-Za-z0-9+/]{43})\n")


class LineSource(Protocol):
    """A binary stream that can be read by line."""

    def readline(self, limit: int, /) -> bytes:
        """A line with its newline, or what there is up to `limit` bytes."""


@dataclass(frozen=True, slots=True)
class Stanza:
    """One recipient's way to the file key: arguments, the first of which is its type, and a body."""

    arguments: tuple[str, ...]
    body: bytes

    @property
    def type(self) -> str:
        """What kind of recipient this is for."""
        return self.arguments[0]

    def __bytes__(self) -> bytes:
        body = encode_base64(self.body)
        # The last line is shorter than the others, empty if need be: that is how it is told.
        lines = [body[at : at + _COLUMNS] for at in range(0, len(body) + 1, _COLUMNS)]
        return "\n".join(["-> " + " ".join(self.arguments), *lines, ""]).encode()


@dataclass(frozen=True, slots=True)
class Header:
    """A parsed header. `bytes()` gives exactly what was read."""

    stanzas: tuple[Stanza, ...]
    authenticated: bytes
    """What the MAC is over: everything up to and including the `---` of its own line, as it was read or made."""
    mac: bytes

    def __bytes__(self) -> bytes:
        return self.authenticated + b" " + encode_base64(self.mac).encode() + b"\n"

    def verify(self, file_key: FileKey) -> None:
        """Raise `MacError` unless whoever wrote this header held the file key."""
        try:
            _mac(self.authenticated, file_key).verify(self.mac)
        except InvalidSignature:
            raise MacError("the header was changed after it was written") from None


def seal_header(stanzas: Iterable[Stanza], file_key: FileKey) -> Header:
    """The header of these stanzas with its MAC."""
    return _sealed(VERSION_LINE, (), tuple(stanzas), file_key)


def extend_header(header: Header, stanzas: Iterable[Stanza], file_key: FileKey) -> Header:
    """A header with more stanzas: those that it has stay as they were read, to the byte."""
    return _sealed(header.authenticated.removesuffix(_END), header.stanzas, tuple(stanzas), file_key)


def _sealed(before: bytes, held: tuple[Stanza, ...], more: tuple[Stanza, ...], file_key: FileKey) -> Header:
    authenticated = b"".join((before, *map(bytes, more), _END))
    return Header(held + more, authenticated, _mac(authenticated, file_key).finalize())


def parse_header(source: LineSource) -> Header:
    """Read a header and leave `source` at the payload; `HeaderError` if it is malformed."""
    read: list[bytes] = []
    lines = _lines(source, read)
    if next(lines) != VERSION_LINE:
        raise HeaderError("this is not an age v1 file")
    stanzas: list[Stanza] = []
    while (line := next(lines)).startswith(b"-> "):
        stanzas.append(_stanza(line, lines))
    mac = _MAC_LINE.fullmatch(line)
    if mac is None or not stanzas:
        raise HeaderError("the header is malformed")
    return Header(tuple(stanzas), b"".join(read[:-1]) + _END, decode_base64(mac[1].decode()))


def _lines(source: LineSource, read: list[bytes]) -> Iterator[bytes]:
    """Each line, which is added to those that were `read`."""
    left = LARGEST
    while left > 0:
        line = source.readline(left)
        left -= len(line)
        if not line.endswith(b"\n"):
            break
        read.append(line)
        yield line
    raise HeaderError("the header is cut short or too large")


def _stanza(line: bytes, lines: Iterator[bytes]) -> Stanza:
    arguments = _ARGUMENTS.fullmatch(line)
    if arguments is None:
        raise HeaderError("the arguments of a stanza are malformed")
    body = b""
    while True:
        match = _BODY_LINE.fullmatch(next(lines))
        if match is None:
            raise HeaderError("the body of a stanza is malformed")
        body += match[1]
        if len(match[1]) < _COLUMNS:
            return Stanza(tuple(arguments[1].decode().split(" ")), decode_base64(body.decode()))


def _mac(authenticated: bytes, file_key: FileKey) -> HMAC:
    mac = HMAC(hkdf(file_key.secret, salt=b"", info=b"header"), SHA256())
    mac.update(authenticated)
    return mac
