"""The parts of a form with files, in one pass while it arrives: texts, and files whose bytes are still to come."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from typing import BinaryIO

from multipart import MultipartError, MultipartSegment, PushMultipartParser
from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import BadRequest, RequestEntityTooLarge

from intake.source.admission.incoming import NotTextError

TEXT_PARTS_SIZE = 1 << 20
"""Bytes that the parts besides the files, and all headers, may take."""

LONGEST_NAME = 200

_LONGEST_HEADER = 1 << 18
_MOST_PARTS = 64
_PIECE = 1 << 18
"""What is read at once. gunicorn copies all that it has collected for each piece, so that small ones cost more."""


@dataclass(frozen=True, slots=True, repr=False)
class IncomingText:
    """What was written, or chosen, in a field."""

    part: str
    """The name of the form's field."""
    text: str


@dataclass(frozen=True, slots=True, repr=False)
class IncomingFile:
    """A file whose bytes are still to come. `content` ends only if all of it was there; `BadRequest` otherwise."""

    part: str
    """The name of the form's field."""
    name: str
    """What the source's computer calls the file: anything at all, and never a path of ours."""
    media_type: str
    """What the browser takes it for."""
    content: Iterator[bytes]


class IncomingParts:
    """A multipart body while it arrives, of which every byte is read once.

    A body that is malformed or breaks off raises `BadRequest` wherever that is noticed, and one with more than `most`
    bytes of files, or `TEXT_PARTS_SIZE` of anything else, `RequestEntityTooLarge`. A file that was read to its end
    before is whole all the same.
    """

    def __init__(self, stream: BinaryIO, boundary: str, size: int | None, most: int) -> None:
        self.texts: MultiDict[str, str] = MultiDict()
        """The texts that have arrived, by their names."""
        self._body = _Body(stream, size, most)
        self._events = _events(self._body, boundary)
        self._parts = self._walk()
        self._in_part = False

    def __iter__(self) -> Iterator[IncomingText | IncomingFile]:
        """The parts in their order, a file as soon as it begins. What is not read of one is skipped before the next."""
        return self._parts

    def limit(self, most: int) -> bool:
        """Want no more than `most` bytes of files from here on; false if what comes is known to be more."""
        return self._body.limit(most)

    def _walk(self) -> Iterator[IncomingText | IncomingFile]:
        for event in self._events:
            if not isinstance(event, MultipartSegment):
                raise BadRequest
            name = event.name or ""
            if event.filename is None:
                text = self._text()
                self.texts.add(name, text)
                yield IncomingText(name, text)
                continue
            content = self._body.files(self._content())
            first = next(content, b"")
            if not first and not event.filename:
                # What browsers send for a field in which no file was chosen.
                continue
            media_type = (event.content_type or "application/octet-stream")[:LONGEST_NAME]
            called = shortened(event.filename, LONGEST_NAME)
            yield IncomingFile(name, called, media_type, chain([first] if first else [], content))
            if self._in_part:
                self._body.require_end()
            for _ in content:
                pass

    def _content(self) -> Iterator[bytes]:
        self._in_part = True
        for event in self._events:
            if event is None:
                self._in_part = False
                return
            if not isinstance(event, bytes):
                raise BadRequest
            yield event
        raise BadRequest

    def _text(self) -> str:
        value = b"".join(self._content())
        try:
            return value.decode()
        except UnicodeDecodeError:
            raise NotTextError from None


class _Body:
    """The bytes of a request, as far as they are wanted."""

    def __init__(self, stream: BinaryIO, size: int | None, most: int) -> None:
        self.size = size
        self._stream = stream
        self._left = size
        self._file_room = most
        # What is read is taken for something else until it turns out to be of a file.
        self._other_room = TEXT_PARTS_SIZE + _PIECE

    def read(self, size: int) -> bytes:
        """The next bytes; none at the end."""
        piece = self._stream.read(size)
        if self._left is not None:
            self._left -= len(piece)
        self._other_room -= len(piece)
        self._require_room()
        return piece

    def files(self, pieces: Iterable[bytes]) -> Iterator[bytes]:
        """These pieces, which are of a file."""
        for piece in pieces:
            self._other_room += len(piece)
            self._file_room -= len(piece)
            self._require_room()
            yield piece

    def limit(self, most: int) -> bool:
        """Want no more than `most` bytes of files from here on; false if that is known to be too few."""
        self._file_room = min(self._file_room, most)
        return self._left is None or self._left <= self._wanted

    def require_end(self) -> None:
        """Raise `RequestEntityTooLarge` if the whole body is more than is wanted, however long one waits for it."""
        if self._left is not None and self._left > self._wanted:
            raise RequestEntityTooLarge

    @property
    def _wanted(self) -> int:
        return self._file_room + self._other_room

    def _require_room(self) -> None:
        if self._other_room < 0 or self._file_room < 0:
            raise RequestEntityTooLarge


def shortened(name: str, longest: int) -> str:
    """A file's name in at most so many characters, with its ending if that is a short one."""
    if len(name) <= longest:
        return name
    stem, dot, ending = name.rpartition(".")
    if not stem or len(ending) > 10:
        return name[: longest - 1] + "…"
    return stem[: longest - len(ending) - 2] + "…" + dot + ending


def _events(body: _Body, boundary: str) -> Iterator[MultipartSegment | bytes | None]:
    try:
        parser = PushMultipartParser(
            boundary,
            content_length=-1 if body.size is None else body.size,
            max_header_size=_LONGEST_HEADER,
            max_segment_count=_MOST_PARTS,
            # Not strict: that refuses the last line break of the body if it arrives by itself.
            strict=False,
        )
        yield from parser.parse_blocking(body.read, _PIECE)
    except MultipartError:
        raise BadRequest from None
