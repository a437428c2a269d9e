"""Files, sealed while they arrive: multipart in, an age file out, and not one byte of plaintext on a disk."""

import hashlib
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import BinaryIO, cast

from multipart import (
    MultipartError,
    MultipartSegment,
    PushMultipartParser,
)
from werkzeug.exceptions import BadRequest, RequestEntityTooLarge, ServiceUnavailable

from crypto.age import Encryptor, parse_recipient
from crypto.padding import zeros_after
from intake.server import Server

FILE_PART = "file"
TEXT_PARTS_SIZE = 1 << 20
"""Bytes that the parts besides the file, and all headers, may take."""

RESERVE = 256 * 1024 * 1024
"""Bytes of the disk that files leave free, so that text can still be stored."""

_LONGEST_NAME = 200
_LONGEST_HEADER = 1 << 18
_LONGEST_TEXT = 1 << 16
_MOST_PARTS = 8
_PIECE = 1 << 16


class FileTooLargeError(RequestEntityTooLarge):
    """A file beyond the limit of the settings."""


class NoRoomError(ServiceUnavailable):
    """What is left of the disk is kept for text."""


class EmptyFileError(ValueError):
    """The file holds nothing, or none was chosen."""


@dataclass(frozen=True, slots=True)
class SealedFile:
    """A stored blob, and what its content is: true size in bytes, SHA-256 in hex."""

    blob: str
    size_sealed: int
    size: int
    sha256: str


class IncomingFile:
    """A multipart body while it arrives: text parts first, then one file, and nothing after it.

    A body that is malformed or breaks off raises `BadRequest` wherever that is noticed.
    """

    def __init__(self, stream: BinaryIO, boundary: str, size: int | None) -> None:
        self._events = _events(stream, boundary, size)
        self._file: MultipartSegment | None = None

    @property
    def name(self) -> str:
        """What the source's computer calls the file: anything at all, and never a path of ours."""
        return _shortened((self._file and self._file.filename) or "")

    @property
    def media_type(self) -> str:
        """What the browser takes it for."""
        return ((self._file and self._file.content_type) or "application/octet-stream")[:_LONGEST_NAME]

    def texts(self) -> list[tuple[str, str]]:
        """Names and values of the parts before the file, which is then the next to come."""
        texts = []
        for event in self._events:
            if not isinstance(event, MultipartSegment):
                raise BadRequest
            if event.name == FILE_PART and event.filename is not None:
                self._file = event
                break
            texts.append((event.name or "", self._text()))
        return texts

    def content(self) -> Iterator[bytes]:
        """The file's bytes. Ends only if the whole body was there and well formed."""
        for event in self._events:
            if event is None:
                break
            if not isinstance(event, bytes):
                raise BadRequest
            yield event
        if next(self._events, None) is not None:
            raise BadRequest

    def _text(self) -> str:
        value = b""
        for event in self._events:
            if not isinstance(event, bytes):
                break
            value += event
            if len(value) > _LONGEST_TEXT:
                raise RequestEntityTooLarge
        try:
            return value.decode()
        except UnicodeDecodeError:
            raise BadRequest from None


def seal_file(server: Server, recipient: str, content: Iterable[bytes]) -> SealedFile:
    """Seal a file as it comes, with zero bytes after it up to its Padmé size, and make it durable.

    Raises `FileTooLargeError` and `EmptyFileError`; then, and if `content` raises, nothing is left behind.
    """
    digest, size = hashlib.sha256(), 0
    with server.blobs.new() as blob:
        with Encryptor(cast(BinaryIO, blob), [parse_recipient(recipient)]) as sealed:
            for piece in content:
                size += len(piece)
                if size > server.settings.largest_file:
                    raise FileTooLargeError
                digest.update(piece)
                sealed.write(piece)
            if size == 0:
                raise EmptyFileError
            for piece in _zeros(zeros_after(size)):
                sealed.write(piece)
        return SealedFile(blob.keep(), blob.size, size, digest.hexdigest())


def require_room(server: Server, size: int | None) -> None:
    """Raise `FileTooLargeError` or `NoRoomError` before a body of this size is read."""
    largest = server.settings.largest_file + TEXT_PARTS_SIZE
    if size is not None and size > largest:
        raise FileTooLargeError
    if shutil.disk_usage(server.settings.blobs).free < RESERVE + (size or largest):
        raise NoRoomError


def _events(stream: BinaryIO, boundary: str, size: int | None) -> Iterator[MultipartSegment | bytes | None]:
    try:
        parser = PushMultipartParser(
            boundary,
            content_length=-1 if size is None else size,
            max_header_size=_LONGEST_HEADER,
            max_segment_count=_MOST_PARTS,
            # Not strict: that refuses the last line break of the body if it arrives by itself.
            strict=False,
        )
        yield from parser.parse_blocking(stream.read, _PIECE)
    except MultipartError:
        raise BadRequest from None


def _zeros(count: int) -> Iterator[bytes]:
    while count > 0:
        yield bytes(min(count, _PIECE))
        count -= _PIECE


def _shortened(name: str) -> str:
    if len(name) <= _LONGEST_NAME:
        return name
    stem, dot, ending = name.rpartition(".")
    if not stem or len(ending) > 10:
        return name[: _LONGEST_NAME - 1] + "…"
    return stem[: _LONGEST_NAME - len(ending) - 2] + "…" + dot + ending
