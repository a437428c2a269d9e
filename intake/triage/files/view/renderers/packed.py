"""ZIP archives: listed, never unpacked; of office documents that are ones, the text.

Read with Python's own `zipfile` and `expat`: the text of a document is that of a few elements, for which each of the
usual libraries (one a format, most of them on lxml) would be far more to trust. Only the members that hold the text are
read, up to a limit, and no document type is taken: so nothing can refer to anything or grow.
"""

import encodings.cp437  # noqa: F401 - of the names in most archives; it can't be imported later
import lzma
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from xml.parsers import expat

from intake.triage.files.view.answer import (
    MOST_PARTS,
    Entry,
    Fact,
    Failure,
    Note,
    Order,
    Rendered,
    RenderError,
    Tells,
)
from intake.triage.files.view.content import Content
from intake.triage.files.view.renderers.common import clean, fact, few, text_page

_MOST_READ = 40_000_000
"""Bytes of one member, unpacked."""
_MOST_MEMBERS = 300
"""Sheets or slides."""

_MARK = {
    "word/document.xml": "docx",
    "xl/workbook.xml": "xlsx",
    "ppt/presentation.xml": "pptx",
}
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
_STRING = _Shape(frozenset({"t"}), {"si": "\x1e"}, {})
_OPEN = _Shape(frozenset(), {"p": "\n", "h": "\n", "tab": "\t", "line-break": "\n", "s": " ", "table-cell": "\t"}, {})

_ABOUT = {"creator": Tells.PERSON, "lastModifiedBy": Tells.PERSON, "initial-creator": Tells.PERSON,
          "printed-by": Tells.PERSON, "created": Tells.TIME, "modified": Tells.TIME, "creation-date": Tells.TIME,
          "date": Tells.TIME, "title": Tells.PERSON, "subject": Tells.PERSON, "keywords": Tells.PERSON,
          "description": Tells.PERSON, "Application": Tells.DEVICE, "AppVersion": Tells.DEVICE,
          "generator": Tells.DEVICE, "Company": Tells.PERSON, "Manager": Tells.PERSON, "Template": Tells.DEVICE,
          "TotalTime": Tells.NOTHING, "editing-duration": Tells.NOTHING, "revision": Tells.NOTHING}  # fmt: skip
_ABOUT_IN = ("docProps/core.xml", "docProps/app.xml", "meta.xml")


def render(content: Content, order: Order) -> Rendered:
    """The text of a document, with what else lies in it; of any other archive what lies in it."""
    try:
        archive = zipfile.ZipFile(content.file())
    except (zipfile.BadZipFile, ValueError):
        raise RenderError(Failure.DAMAGED) from None
    members = archive.infolist()
    sort = _sort(archive)
    locked = sum(bool(member.flag_bits & 1) for member in members)
    notes = [(Note.LOCKED_ENTRIES, locked)] if locked else []
    if len(members) > MOST_PARTS:
        notes.append((Note.MORE_ENTRIES, len(members) - MOST_PARTS))
    listed = Rendered(
        sort,
        facts=few(_facts(archive)) if sort != "zip" else (fact("Files in it", f"{len(members):,}"),),
        notes=tuple(notes),
        entries=few(Entry(clean(each.filename)[:500], each.file_size, each.compress_size) for each in members),
    )
    text = "" if sort == "zip" else _TEXTS[sort](archive)
    return text_page(listed, text, order)


def _sort(archive: zipfile.ZipFile) -> str:
    names = set(archive.namelist())
    if "mimetype" in names and (sort := _OPEN_DOCUMENT.get(_read(archive, "mimetype").strip())):
        return sort
    return next((sort for name, sort in _MARK.items() if name in names), "zip")


def _read(archive: zipfile.ZipFile, name: str) -> bytes:
    """A member, no further than the limit; nothing of one that isn't there or can't be read."""
    try:
        with archive.open(name) as member:
            return member.read(_MOST_READ)
    except (KeyError, ValueError, RuntimeError, OSError, EOFError, zipfile.BadZipFile, zlib.error, lzma.LZMAError):
        return b""


def _facts(archive: zipfile.ZipFile) -> Iterator[Fact]:
    for name in _ABOUT_IN:
        yield from _about(_read(archive, name))


def _about(data: bytes) -> list[Fact]:
    """What a document says of itself."""
    found: list[Fact] = []
    letters: list[str] = []

    def end(tag: str) -> None:
        if tag in _ABOUT and (value := "".join(letters).strip()):
            found.append(fact(tag, value, _ABOUT[tag]))
        letters.clear()

    _parse(data, lambda _: letters.clear(), end, letters.append)
    return found


def _word(archive: zipfile.ZipFile) -> str:
    parts = ("word/document.xml", "word/footnotes.xml", "word/endnotes.xml", "word/comments.xml")
    return "\n".join(filter(None, (_text(_read(archive, name), _WORD) for name in parts)))


def _slides(archive: zipfile.ZipFile) -> str:
    folders = ("ppt/slides/slide", "ppt/notesSlides/notesSlide")
    texts = (_text(_read(archive, name), _SLIDE) for folder in folders for name in _numbered(archive, folder))
    return "\n\n".join(filter(None, texts))


def _open_document(archive: zipfile.ZipFile) -> str:
    return _text(_read(archive, "content.xml"), _OPEN)


def _sheets(archive: zipfile.ZipFile) -> str:
    shared = _text(_read(archive, "xl/sharedStrings.xml"), _STRING).split("\x1e")
    sheets = (_sheet(_read(archive, name), shared) for name in _numbered(archive, "xl/worksheets/sheet"))
    return "\n\n".join(sheets)


def _sheet(data: bytes, shared: list[str]) -> str:
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
            index = "".join(letters)
            out.append(shared[int(index)] if index.isdigit() and int(index) < len(shared) else "?")
        elif tag in ("v", "t"):
            out.append("".join(letters))
        out.append({"c": "\t", "row": "\n"}.get(tag, ""))
        letters.clear()

    _parse_with_attributes(data, start, end, letters.append)
    return "".join(out)


def _numbered(archive: zipfile.ZipFile, folder: str) -> list[str]:
    """The members `folder1.xml`, `folder2.xml` …, in their order."""
    numbers = [
        int(number)
        for name in archive.namelist()
        if name.startswith(folder) and name.endswith(".xml") and (number := name[len(folder) : -4]).isdecimal()
        and len(number) < 6
    ]  # fmt: skip
    return [f"{folder}{number}.xml" for number in sorted(set(numbers))[:_MOST_MEMBERS]]


def _text(data: bytes, shape: _Shape) -> str:
    """The letters of a document's elements."""
    out: list[str] = []
    within: list[bool] = []

    def start(tag: str) -> None:
        within.append(not shape.letters or tag in shape.letters)
        out.append(shape.before.get(tag, ""))

    def end(tag: str) -> None:
        within.pop()
        out.append(shape.after.get(tag, ""))

    def letters(data: str) -> None:
        if within and within[-1]:
            out.append(data)

    _parse(data, start, end, letters)
    return "".join(out)


def _parse(
    data: bytes, start: Callable[[str], None], end: Callable[[str], None], letters: Callable[[str], None]
) -> None:
    _parse_with_attributes(data, lambda tag, _: start(tag), end, letters)


def _parse_with_attributes(
    data: bytes, start: Callable[[str, Mapping[str, str]], None], end: Callable[[str], None],
    letters: Callable[[str], object],
) -> None:  # fmt: skip
    """Go through XML, names without their namespaces. What is wrong in it ends it there."""
    parser = expat.ParserCreate(namespace_separator="}")
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = _no_document_type
    parser.StartElementHandler = lambda name, attributes: start(_local(name), attributes)
    parser.EndElementHandler = lambda name: end(_local(name))
    parser.CharacterDataHandler = letters
    try:
        parser.Parse(data, True)
    except (expat.ExpatError, ValueError):
        return


def _no_document_type(*_: object) -> None:
    raise ValueError("a document type could define what grows, or lies elsewhere")


def _local(name: str) -> str:
    return name.rpartition("}")[2]


_TEXTS: Mapping[str, Callable[[zipfile.ZipFile], str]] = {
    "docx": _word,
    "xlsx": _sheets,
    "pptx": _slides,
    "odt": _open_document,
    "ods": _open_document,
    "odp": _open_document,
}
