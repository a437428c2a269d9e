"""tar archives: listed, never unpacked."""

import tarfile
from collections.abc import Iterator
from itertools import islice

from intake.triage.files.view.answer import MOST_PARTS, Entry, Failure, Note, Order, Rendered, RenderError
from intake.triage.files.view.content import Content
from intake.triage.files.view.renderers.common import clean, fact, text_page


def render(content: Content, order: Order) -> Rendered:
    """What lies in it, as far as it can be read."""
    try:
        archive = tarfile.TarFile(fileobj=content.file(), errors="replace")
    except tarfile.TarError:
        raise RenderError(Failure.DAMAGED) from None
    entries = tuple(islice(_entries(archive), MOST_PARTS + 1))
    notes = ((Note.MORE_ENTRIES, 0),) if len(entries) > MOST_PARTS else ()
    count = fact("Files in it", f"{len(entries[:MOST_PARTS]):,}{'+' if notes else ''}")
    return text_page(Rendered(facts=(count,), notes=notes, entries=entries[:MOST_PARTS]), "", order)


def _entries(archive: tarfile.TarFile) -> Iterator[Entry]:
    while True:
        try:
            member = archive.next()
        except (tarfile.TarError, ValueError, OSError):
            return
        if member is None:
            return
        size = member.size if 0 <= member.size < 1 << 63 else 0
        yield Entry(clean(member.name)[:500], size, size)
