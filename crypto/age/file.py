"""Whole files: sealing, opening, and changing who can open one."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING, BinaryIO, Self

from crypto.age.armor import ArmorReader, ArmorWriter
from crypto.age.errors import HeaderError, NoMatch
from crypto.age.header import Header, Stanza, parse_header, seal_header
from crypto.age.keys import Identity, Recipient
from crypto.age.payload import open_payload, seal_payload
from crypto.age.primitives import FileKey
from crypto.age.scrypt import require_alone
from crypto.age.stream import StreamReader, StreamWriter
from crypto.age.target import Target

if TYPE_CHECKING:
    from typing_extensions import Buffer  # in collections.abc from Python 3.12 on


class Encryptor:
    """Seals what is written to it, in pieces of any size, into `target`.

    As a context manager it finishes the file, unless the block raised: then the file stays one that never opens.
    `ValueError` for what is written after that.
    """

    def __init__(self, target: Target, recipients: Sequence[Recipient], *, armored: bool = False) -> None:
        header, file_key = _new_header(recipients)
        self._armor = ArmorWriter(target) if armored else None
        inner: Target = self._armor or target
        inner.write(bytes(header))
        self._stream = StreamWriter(inner, file_key)
        self._closed = False

    def write(self, data: Buffer) -> int:
        """Take plaintext."""
        if self._closed:
            raise ValueError("the file is finished")
        return self._stream.write(data)

    def close(self) -> None:
        """Write the last chunk; `target` stays open. Does nothing a second time."""
        if self._closed:
            return
        self._closed = True
        self._stream.close()
        if self._armor is not None:
            self._armor.finish()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        if kind is None:
            self.close()
        self._closed = True


class Decryptor(StreamReader):
    """The plaintext of a sealed file as a readable stream; seekable if `source` is and not armored."""

    def __init__(self, source: BinaryIO, identities: Sequence[Identity], *, armored: bool = False) -> None:
        inner = _without_armor(source) if armored else source
        header = parse_header(inner)
        super().__init__(inner, _unwrap(header, identities))


def encrypt(
    source: BinaryIO,
    target: Target,
    recipients: Sequence[Recipient],
    *,
    armored: bool = False,
    threads: int = 1,
) -> None:
    """Seal all of `source` into `target`, in constant memory.

    `HeaderError` if the recipients may not be combined; `ValueError` for less than one thread.
    """
    header, file_key = _new_header(recipients)
    armor = ArmorWriter(target) if armored else None
    inner: Target = armor or target
    inner.write(bytes(header))
    seal_payload(source, inner, file_key, threads)
    if armor is not None:
        armor.finish()


def decrypt(
    source: BinaryIO,
    target: Target,
    identities: Sequence[Identity],
    *,
    armored: bool = False,
    threads: int = 1,
) -> None:
    """Open `source` into `target`, in constant memory.

    Every chunk is verified before it is written, but only when this returns was the file whole: on `PayloadError`
    throw away what was written. `NoMatch` if no identity opens the file; `HeaderError`, `MacError` or `ArmorError` if
    it is bad. `ValueError` for less than one thread.
    """
    inner = _without_armor(source) if armored else source
    file_key = _unwrap(parse_header(inner), identities)
    open_payload(inner, target, file_key, threads)


def seal(data: bytes, recipients: Sequence[Recipient]) -> bytes:
    """Seal bytes in memory."""
    target = io.BytesIO()
    with Encryptor(target, recipients) as sealed:
        sealed.write(data)
    return target.getvalue()


def unseal(data: bytes, identities: Sequence[Identity]) -> bytes:
    """Open bytes in memory; the errors of `decrypt`."""
    return Decryptor(io.BytesIO(data), identities).readall()


def rewrap(header: bytes, identities: Sequence[Identity], recipients: Sequence[Recipient]) -> bytes:
    """A header for other recipients over the same payload, in a time that does not depend on the payload.

    Whoever could open the old file can still open, and forge, the new one: this only ever adds people.
    """
    return bytes(_header_for(recipients, _unwrap(_whole_header(header), identities)))


def admit(header: bytes, identities: Sequence[Identity], recipients: Sequence[Recipient]) -> bytes:
    """A header that these can open too: every stanza of it stays, to the byte. As costly as one opening and them."""
    held = _whole_header(header)
    file_key = _unwrap(held, identities)
    return bytes(_with_stanzas([*held.stanzas, *(recipient.wrap(file_key) for recipient in recipients)], file_key))


def exchange_stanza(header: bytes, identity: Identity, recipient: Recipient) -> bytes:
    """A header with a stanza for `recipient` in the place of each that `identity` opens; all others stay.

    `NoMatch` if it opens none. Whoever holds that identity and the old header can still open, and forge, the file.
    """
    held = _whole_header(header)
    keys = [_key_in(identity, stanza) for stanza in held.stanzas]
    file_key = next(filter(None, keys), None)
    if file_key is None:
        raise NoMatch("the identity opens no stanza of the header")
    held.verify(file_key)
    stanzas = [recipient.wrap(file_key) if key else stanza for key, stanza in zip(keys, held.stanzas, strict=True)]
    return bytes(_with_stanzas(stanzas, file_key))


def read_header(source: BinaryIO) -> bytes:
    """The exact bytes of a file's header; `source` is left at the payload."""
    return bytes(parse_header(source))


@dataclass(frozen=True, slots=True)
class Parts:
    """A sealed file in its two parts: who can open it, and what is sealed. Joined, they are the file."""

    header: bytes
    payload: bytes


def split(data: bytes) -> Parts:
    """Take a sealed file apart. Bytes that begin with no header are all payload."""
    source = io.BytesIO(data)
    try:
        header = read_header(source)
    except HeaderError:
        return Parts(b"", data)
    return Parts(header, source.read())


def stanza_count(header: bytes) -> int:
    """How many recipients a header is for."""
    return len(parse_header(io.BytesIO(header)).stanzas)


def _without_armor(source: BinaryIO) -> BinaryIO:
    return io.BufferedReader(ArmorReader(source))


def _new_header(recipients: Sequence[Recipient]) -> tuple[Header, FileKey]:
    file_key = FileKey.generate()
    return _header_for(recipients, file_key), file_key


def _whole_header(header: bytes) -> Header:
    source = io.BytesIO(header)
    held = parse_header(source)
    if source.read(1):
        raise HeaderError("something follows the header")
    return held


def _with_stanzas(stanzas: Sequence[Stanza], file_key: FileKey) -> Header:
    if len({stanza.type for stanza in stanzas}) != 1:
        raise HeaderError("a file needs recipients of one kind: post-quantum ones and others are not combined")
    require_alone(stanzas)
    return seal_header(stanzas, file_key)


def _key_in(identity: Identity, stanza: Stanza) -> FileKey | None:
    try:
        return identity.unwrap([stanza])
    except NoMatch:
        return None


def _header_for(recipients: Sequence[Recipient], file_key: FileKey) -> Header:
    labels = {recipient.label for recipient in recipients}
    if len(labels) != 1:
        raise HeaderError("a file needs recipients of one kind: post-quantum ones and others are not combined")
    stanzas = [recipient.wrap(file_key) for recipient in recipients]
    require_alone(stanzas)
    return seal_header(stanzas, file_key)


def _unwrap(header: Header, identities: Sequence[Identity]) -> FileKey:
    require_alone(header.stanzas)
    for identity in identities:
        try:
            file_key = identity.unwrap(header.stanzas)
        except NoMatch:
            continue
        header.verify(file_key)
        return file_key
    raise NoMatch("none of these identities opens the file")
