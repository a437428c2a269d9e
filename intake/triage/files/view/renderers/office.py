"""Office documents, which are ZIP archives of XML: their text, and what they say of themselves.

Read with Python's own `zipfile` and `expat`: the text of a document is that of a few elements, for which each of the
usual libraries (one a format, most of them on lxml) would be far more to trust. Only the members that hold the text are
read, up to a limit, and no document type is taken: so nothing can refer to anything or grow.
"""

import lzma
import re
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from xml.parsers import expat

from intake.triage.files.view.answer import Fact, Tells
from intake.triage.files.view.renderers.common import fact

_MOST_READ = 40_000_000
"""Bytes of one member, unpacked."""
_PIECE = 1 << 20
_MOST_MEMBERS = 300
"""Sheets or slides."""

_PROGRAMS = {
    "docx": ("wordprocessingml", "ms-word", "word/"),
    "xlsx": ("spreadsheetml", "ms-excel", "xl/"),
    "pptx": ("presentationml", "ms-powerpoint", "ppt/"),
}
"""By sort, what the types of its parts hold, and where the parts usually lie (ECMA-376, part 1, 11.3, 12.3, 13.3)."""

_LONGEST_PLACE = 9
"""Digits of a cell's place among the texts of all sheets."""

_TYPES = "[Content_Types].xml"
_TYPE = re.compile(r"application/vnd\..*?([A-Za-z]+)\+xml")
_USUAL = re.compile(r"(?:word|xl|ppt)/(?:[A-Za-z]+/)?([A-Za-z]+)[0-9]*\.xml")
_CALLED = {"document": "main", "workbook": "main", "presentation": "main", "sheet": "worksheet"}
"""What parts are by their usual names, where that isn't the last word of their type."""

_OPEN_DOCUMENT = {
    b"application/vnd.oasis.opendocument.text": "odt",
    b"application/vnd.oasis.opendocument.spreadsheet": "ods",
    b"application/vnd.oasis.opendocument.presentation": "odp",
}


@dataclass(frozen=True, slots=True)
class _Shape:
    """Where the text of a format is: in these elements' letters (all of them, if none), with what around each."""

    letters: frozenset[str]
    after: Mapping[str, str]
    before: Mapping[str, str]


_WORD = _Shape(
    frozenset({"t", "delText", "instrText"}),
    {"p": "\n", "tab": "\t", "br": "\n", "cr": "\n", "tc": "\t", "delText": "]", "instrText": "]"},
    {"delText": "[deleted: ", "instrText": "[field:"},
)
_SLIDE = _Shape(frozenset({"t"}), {"p": "\n", "br": "\n"}, {})
_COMMENTS = _Shape(frozenset({"t", "text"}), {"comment": "\n", "cm": "\n", "p": "\n", "threadedComment": "\n"}, {})
_STRING = _Shape(frozenset({"t"}), {"si": "\x1e"}, {})
_OPEN = _Shape(frozenset(), {"p": "\n", "h": "\n", "tab": "\t", "line-break": "\n", "s": " ", "table-cell": "\t"}, {})

_READ: Mapping[str, Mapping[str, _Shape]] = {
    "docx": dict.fromkeys(("main", "footnotes", "endnotes", "comments", "header", "footer"), _WORD),
    "pptx": {"slide": _SLIDE, "notesSlide": _SLIDE, "comments": _COMMENTS},
    "xlsx": {"comments": _COMMENTS, "threadedcomments": _COMMENTS},
}
"""By sort, the parts that are read, in that order; the sheets of a workbook besides."""

_ABOUT = {"creator": Tells.PERSON, "lastModifiedBy": Tells.PERSON, "initial-creator": Tells.PERSON,
          "printed-by": Tells.PERSON, "created": Tells.TIME, "modified": Tells.TIME, "creation-date": Tells.TIME,
          "date": Tells.TIME, "title": Tells.PERSON, "subject": Tells.PERSON, "keywords": Tells.PERSON,
          "description": Tells.PERSON, "Application": Tells.DEVICE, "AppVersion": Tells.DEVICE,
          "generator": Tells.DEVICE, "Company": Tells.PERSON, "Manager": Tells.PERSON, "Template": Tells.DEVICE,
          "TotalTime": Tells.NOTHING, "editing-duration": Tells.NOTHING, "revision": Tells.NOTHING}  # fmt: skip
_ABOUT_IN = ("docProps/core.xml", "docProps/app.xml", "meta.xml")


class Office:
    """An archive as the document that it may be. `sort`: which, by the keys of `SORTS`; empty if it is none.

    `is_broken`: whether anything that was read of its text, or of where that is, ends early.
    """

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        self._names = archive.namelist()
        self._parts: dict[str, dict[str, list[str]]] = {}
        self.is_broken = False
        self.sort = self._open_sort() or self._sort()

    def facts(self) -> Iterator[Fact]:
        """What it says of itself."""
        for name in _ABOUT_IN:
            yield from _about(_read(self._archive, name).data)

    def text(self) -> str:
        """What is written in it; empty if it is no document."""
        if not self.sort:
            return ""
        if self.sort not in _PROGRAMS:
            return self._text("content.xml", _OPEN)
        parts = self._parts[self.sort]
        read = [self._text(name, shape) for kind, shape in _READ[self.sort].items() for name in parts.get(kind, ())]
        sheets = self._sheets(parts) if self.sort == "xlsx" else ()
        between = "\n" if self.sort == "docx" else "\n\n"
        return between.join(filter(None, (*sheets, *read)))

    def _open_sort(self) -> str:
        data = _read(self._archive, "mimetype").data if "mimetype" in self._names else b""
        return _OPEN_DOCUMENT.get(data.strip(), "")

    def _sort(self) -> str:
        """Which of Microsoft's formats it is, by the part that is its main one, whatever that is called."""
        types = self._types()
        for name in sorted(dict.fromkeys(self._names), key=_in_order):
            if found := _part(name, types.of(name)):
                of = self._parts.setdefault(found.sort, {}).setdefault(found.kind, [])
                if len(of) < _MOST_MEMBERS:
                    of.append(name)
        return next((sort for sort in _PROGRAMS if "main" in self._parts.get(sort, ())), "")

    def _types(self) -> "_Types":
        """What its parts are said to be; nothing, if there is no such list."""
        endings: dict[str, str] = {}
        names: dict[str, str] = {}

        def start(tag: str, told: Mapping[str, str]) -> None:
            kind = told.get("ContentType", "")
            if tag == "Default":
                endings[told.get("Extension", "").lower()] = kind
            elif tag == "Override":
                names[told.get("PartName", "").lower()] = kind

        if _TYPES in self._names:
            self._parse(_TYPES, start, lambda _: None, lambda _: None)
        return _Types(endings, names)

    def _sheets(self, parts: Mapping[str, Sequence[str]]) -> list[str]:
        shared = "".join(self._text(name, _STRING) for name in parts.get("sharedStrings", ())).split("\x1e")
        return [self._sheet(name, shared) for name in parts.get("worksheet", ())]

    def _sheet(self, name: str, shared: list[str]) -> str:
        """The cells of a sheet, a line for each row."""
        out: list[str] = []
        letters: list[str] = []
        kinds: list[str] = []

        def start(tag: str, attributes: Mapping[str, str]) -> None:
            if tag == "c":
                kinds[:] = [attributes.get("t", "")]
            if tag in ("v", "t"):
                letters.clear()

        def end(tag: str) -> None:
            if tag == "v" and kinds == ["s"]:
                out.append(_shared(shared, "".join(letters)))
            elif tag in ("v", "t"):
                out.append("".join(letters))
            out.append({"c": "\t", "row": "\n"}.get(tag, ""))
            letters.clear()

        self._parse(name, start, end, letters.append)
        return "".join(out)

    def _text(self, name: str, shape: _Shape) -> str:
        """The letters of a part's elements."""
        out: list[str] = []
        within: list[bool] = []

        def start(tag: str, _: Mapping[str, str]) -> None:
            within.append(not shape.letters or tag in shape.letters)
            out.append(shape.before.get(tag, ""))

        def end(tag: str) -> None:
            within.pop()
            out.append(shape.after.get(tag, ""))

        def letters(data: str) -> None:
            if within and within[-1]:
                out.append(data)

        self._parse(name, start, end, letters)
        return "".join(out)

    def _parse(
        self,
        name: str,
        start: Callable[[str, Mapping[str, str]], None],
        end: Callable[[str], None],
        letters: Callable[[str], object],
    ) -> None:
        member = _read(self._archive, name)
        if not (_parse(member.data, start, end, letters) and member.is_whole):
            self.is_broken = True


@dataclass(frozen=True, slots=True)
class _Member:
    """What could be read of a member, and whether that is all of it."""

    data: bytes
    is_whole: bool


@dataclass(frozen=True, slots=True)
class _Part:
    """What a member of an archive is: of which sort of document, and which kind of part."""

    sort: str
    kind: str


@dataclass(frozen=True, slots=True)
class _Types:
    """The types of parts: by ending, and by name where one has its own; in small letters (ECMA-376, part 2, 7.2.3)."""

    endings: Mapping[str, str]
    names: Mapping[str, str]

    def of(self, name: str) -> str:
        """That of a member; empty if none is said."""
        small = name.lower()
        return self.names.get(f"/{small}") or self.endings.get(small.rpartition(".")[2], "")


def _shared(shared: Sequence[str], index: str) -> str:
    """The text of a cell that names its place among those of all sheets."""
    is_place = index.isdecimal() and len(index) <= _LONGEST_PLACE and int(index) < len(shared)
    return shared[int(index)] if is_place else "?"


def _part(name: str, says: str) -> _Part | None:
    """What a member is by its type, or by its usual name where the type says nothing of it."""
    typed, usual = _TYPE.fullmatch(says), _USUAL.fullmatch(name)
    if typed and (sort := next((sort for sort, marks in _PROGRAMS.items() if any(m in says for m in marks[:-1])), "")):
        return _Part(sort, typed[1])
    if usual:
        sort = next(sort for sort, marks in _PROGRAMS.items() if name.startswith(marks[-1]))
        return _Part(sort, _CALLED.get(usual[1], usual[1]))
    return None


def _in_order(name: str) -> tuple[str, int, str]:
    """What members are sorted by: `slide2.xml` comes before `slide10.xml`."""
    number = re.search(r"([0-9]{1,9})\.[A-Za-z]+$", name)
    return (name[: number.start()], int(number[1]), name) if number else (name, 0, name)


def _about(data: bytes) -> list[Fact]:
    """What a document says of itself."""
    found: list[Fact] = []
    letters: list[str] = []

    def end(tag: str) -> None:
        if tag in _ABOUT and (value := "".join(letters).strip()):
            found.append(fact(tag, value, _ABOUT[tag]))
        letters.clear()

    _parse(data, lambda *_: letters.clear(), end, letters.append)
    return found


def _read(archive: zipfile.ZipFile, name: str) -> _Member:
    """A member as far as it can be read, and no further than the limit."""
    data = bytearray()
    try:
        with archive.open(name) as member:
            while len(data) < _MOST_READ and (piece := member.read(_PIECE)):
                data += piece
            return _Member(bytes(data), len(data) < _MOST_READ)
    except (KeyError, ValueError, RuntimeError, OSError, EOFError, zipfile.BadZipFile, zlib.error, lzma.LZMAError):
        return _Member(bytes(data), False)


def _parse(
    data: bytes, start: Callable[[str, Mapping[str, str]], None], end: Callable[[str], None],
    letters: Callable[[str], object],
) -> bool:  # fmt: skip
    """Go through XML, names without their namespaces. What is wrong in it ends it there; whether nothing was."""
    parser = expat.ParserCreate(namespace_separator="}")
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = _no_document_type
    parser.StartElementHandler = lambda name, attributes: start(_local(name), attributes)
    parser.EndElementHandler = lambda name: end(_local(name))
    parser.CharacterDataHandler = letters
    try:
        parser.Parse(data, True)
    except (expat.ExpatError, ValueError, LookupError):
        # `LookupError`: of letters in an encoding that nobody knows.
        return False
    return True


def _no_document_type(*_: object) -> None:
    raise ValueError("a document type could define what grows, or lies elsewhere")


def _local(name: str) -> str:
    return name.rpartition("}")[2]
