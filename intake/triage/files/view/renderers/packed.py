"""ZIP archives: listed, never unpacked; of office documents that are ones, the text."""

import encodings.cp437  # noqa: F401 - of the names in most archives; it can't be imported later
import zipfile

from intake.triage.files.view.answer import MOST_PARTS, Entry, Failure, Note, Order, Rendered, RenderError
from intake.triage.files.view.content import Content
from intake.triage.files.view.renderers.common import clean, fact, few, text_page
from intake.triage.files.view.renderers.office import Office


def render(content: Content, order: Order) -> Rendered:
    """The text of a document, with what else lies in it; of any other archive what lies in it."""
    try:
        archive = zipfile.ZipFile(content.file())
    except (zipfile.BadZipFile, ValueError):
        raise RenderError(Failure.DAMAGED) from None
    members = archive.infolist()
    office = Office(archive)
    text = office.text()
    locked = sum(bool(member.flag_bits & 1) for member in members)
    notes = [(Note.LOCKED_ENTRIES, locked)] if locked else []
    if len(members) > MOST_PARTS:
        notes.append((Note.MORE_ENTRIES, len(members) - MOST_PARTS))
    if office.is_broken:
        notes.append((Note.ENDS_EARLY, 0))
    listed = Rendered(
        office.sort or "zip",
        facts=few(office.facts()) if office.sort else (fact("Files in it", f"{len(members):,}"),),
        notes=tuple(notes),
        entries=few(Entry(clean(each.filename)[:500], each.file_size, each.compress_size) for each in members),
    )
    return text_page(listed, text, order)
