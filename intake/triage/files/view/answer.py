"""What is asked of the child that renders, and what it answers: one order, one answer, in bytes that are checked.

Whoever sent the file may have taken over the child. So nothing that it answers is in the program's voice: sorts, notes
and failures are keys of tables here; pictures are bare pixels; all else is shown as the words of the file.
"""

import json
import struct
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any, Self

from intake.triage.files.view.kinds import SORTS, Renderer

MOST_TEXT = 2_000_000
"""Characters of all texts of an answer."""
MOST_PARTS = 1_000
"""Facts, notes and entries of an answer, each."""
MOST_PAGES = 1_000_000
MOST_PIXELS = 24_000_000
LONGEST_SIDE = 20_000
MOST_MEDIA = 8_000_000
"""Bytes of a piece of sound or video. Firefox writes what is larger to a file, beside all caches."""

_LENGTH = struct.Struct(">I")
_MOST_HEAD = 8 * MOST_TEXT
MOST_ANSWER = _LENGTH.size + _MOST_HEAD + 3 * MOST_PIXELS + MOST_MEDIA


class AnswerError(ValueError):
    """What a child sent is no answer."""


class Size(StrEnum):
    """How large: for a page of the program, as a copy to pass on, or moving."""

    PAGE = "page"
    COPY = "copy"
    MEDIA = "media"


class Tells(StrEnum):
    """What a fact may give away about somebody."""

    NOTHING = ""
    PLACE = "place"
    PERSON = "person"
    DEVICE = "device"
    TIME = "time"


class Failure(StrEnum):
    """Why there is nothing to see; the words for each stand with the pages."""

    DAMAGED = "damaged"
    LOCKED = "locked"
    TOO_LARGE = "too large"
    TOO_MANY_PIXELS = "too many pixels"
    NO_SUCH_PAGE = "no such page"
    NOTHING_IN_IT = "nothing in it"
    NO_RENDERER = "no renderer"
    MEMORY = "memory"
    TIME = "time"
    BROKEN = "broken"
    NO_SANDBOX = "no sandbox"


class Note(StrEnum):
    """What is to be said beside what is seen; many with a number."""

    CUT = "cut"
    MORE_ENTRIES = "more entries"
    LOCKED_ENTRIES = "locked entries"
    ATTACHED = "attached"
    SCRIPTS = "scripts"
    FRAMES = "frames"
    PARTS = "parts"
    GUESSED_LETTERS = "guessed letters"
    NO_LENGTH = "no length"
    ENDS_EARLY = "ends early"


class RenderError(Exception):
    """There is nothing to see of this file."""

    def __init__(self, why: Failure) -> None:
        super().__init__(why)
        self.why = why


@dataclass(frozen=True, slots=True)
class Order:
    """One page of a file, which the child finds in memory behind `descriptor`; `seconds` of a processor for it."""

    renderer: Renderer
    page: int
    size: Size
    descriptor: int
    seconds: int

    def to_line(self) -> bytes:
        """One line for the pipe."""
        return json.dumps(asdict(self)).encode() + b"\n"


def parse_order(line: bytes) -> Order:
    """Read what `to_line` wrote."""
    values: dict[str, Any] = json.loads(line)
    return Order(**values | {"renderer": Renderer(values["renderer"]), "size": Size(values["size"])})


@dataclass(frozen=True, slots=True, repr=False)
class Fact:
    """Something that a file says of itself."""

    name: str
    value: str
    tells: Tells = Tells.NOTHING


@dataclass(frozen=True, slots=True, repr=False)
class Entry:
    """A file in the file: its size as it is told, and what it takes in there."""

    name: str
    size: int
    stored: int


@dataclass(frozen=True, slots=True, repr=False)
class Picture:
    """Rows of pixels, three bytes each: red, green, blue."""

    width: int
    height: int
    pixels: bytes


@dataclass(frozen=True, slots=True, repr=False)
class Rendered:
    """One page of a file. `sort`: a key of `SORTS`, if the renderer knows better; `notes`: with a number each.

    `plays`: whether it has sound or video.
    """

    sort: str = ""
    pages: int = 1
    facts: tuple[Fact, ...] = ()
    notes: tuple[tuple[Note, int], ...] = ()
    text: str = ""
    entries: tuple[Entry, ...] = ()
    plays: bool = False
    picture: Picture | None = None
    media: bytes = b""

    def to_bytes(self) -> bytes:
        """The whole answer."""
        head = {
            "sort": self.sort,
            "pages": self.pages,
            "facts": [[fact.name, fact.value, fact.tells] for fact in self.facts],
            "notes": [list(note) for note in self.notes],
            "text": self.text,
            "entries": [[entry.name, entry.size, entry.stored] for entry in self.entries],
            "plays": self.plays,
            "picture": None if self.picture is None else [self.picture.width, self.picture.height],
        }
        return _framed(head) + (self.picture.pixels if self.picture else b"") + self.media

    @classmethod
    def from_values(cls, head: Mapping[str, Any], body: bytes) -> Self:
        """The record of a head and what follows it."""
        picture, media = _picture(head["picture"], body)
        return cls(
            sort=_known(head["sort"]),
            pages=_number(head["pages"], MOST_PAGES),
            facts=tuple(Fact(_text(name), _text(value), Tells(tells)) for name, value, tells in _parts(head["facts"])),
            notes=tuple((Note(note), _number(count)) for note, count in _parts(head["notes"])),
            text=_text(head["text"]),
            entries=tuple(
                Entry(_text(name), _number(size), _number(stored)) for name, size, stored in _parts(head["entries"])
            ),
            plays=head["plays"] is True,
            picture=picture,
            media=media,
        )


def failed(why: Failure) -> bytes:
    """The answer that there is none."""
    return _framed({"failed": why})


def parse_answer(answer: bytes) -> Rendered:
    """Read an answer; `RenderError` if it says that there is none, `AnswerError` if it is not one."""
    try:
        length = _number(_LENGTH.unpack_from(answer)[0], _MOST_HEAD)
        head: dict[str, Any] = json.loads(answer[_LENGTH.size : _LENGTH.size + length])
        if head.keys() == {"failed"}:
            raise RenderError(Failure(head["failed"]))
        rendered = Rendered.from_values(head, answer[_LENGTH.size + length :])
        is_whole = rendered.to_bytes() == answer
    except (ValueError, TypeError, LookupError, AttributeError, RecursionError, struct.error):
        raise AnswerError("what the renderer answered can't be read") from None
    if not is_whole:
        raise AnswerError("what the renderer answered is not as it should be written")
    return rendered


def _framed(head: Mapping[str, Any]) -> bytes:
    data = json.dumps(head).encode()
    return _LENGTH.pack(len(data)) + data


def _picture(size: Any, body: bytes) -> tuple[Picture | None, bytes]:
    if size is None:
        if len(body) > MOST_MEDIA:
            raise AnswerError("too much")
        return None, body
    width, height = (_number(side, LONGEST_SIDE) for side in size)
    if not 0 < width * height <= MOST_PIXELS or len(body) != 3 * width * height:
        raise AnswerError("not as many pixels as it says")
    return Picture(width, height, body), b""


def _known(sort: Any) -> str:
    if sort and sort not in SORTS:
        raise AnswerError("an unknown sort")
    return str(sort)


def _number(value: Any, most: int = 1 << 63) -> int:
    if type(value) is not int or not 0 <= value <= most:
        raise AnswerError("not such a number")
    return value


def _text(value: Any) -> str:
    # Half of a surrogate pair is no text, and no page could be sent with it.
    if type(value) is not str or len(value) > MOST_TEXT or (not value.isascii() and not _is_text(value)):
        raise AnswerError("not a text")
    return value


def _is_text(value: str) -> bool:
    return not any("\ud800" <= character <= "\udfff" for character in value)


def _parts(values: Any) -> list[Any]:
    if type(values) is not list or len(values) > MOST_PARTS:
        raise AnswerError("too many parts")
    return values
