"""Text as text, in whatever letters it was written; marks of formats such as HTML stand there as they are."""

from importlib import import_module

from intake.triage.files.view.answer import Note, Order, Rendered
from intake.triage.files.view.content import Content
from intake.triage.files.view.renderers.common import text_page

MOST_BYTES = 20_000_000
_MARKS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))

for _encoding in ("utf_8_sig", "utf_16", "gb18030", "cp1252"):
    import_module(f"encodings.{_encoding}")


def render(content: Content, order: Order) -> Rendered:
    """A page of it."""
    data = content.data[:MOST_BYTES]
    text, is_guessed = decode(data)
    notes = ((Note.GUESSED_LETTERS, 0),) if is_guessed else ()
    if content.size > len(data):
        notes = (*notes, (Note.CUT, len(data)))
    return text_page(Rendered(notes=notes), text, order)


def decode(data: bytes) -> tuple[str, bool]:
    """Bytes as a text, and whether which letters they mean was guessed."""
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return data.decode(encoding, "replace"), False
    try:
        return data.decode(), False
    except UnicodeDecodeError as error:
        # The end may have been cut within a letter.
        if error.start > len(data) - 4 and error.reason == "unexpected end of data":
            return data[: error.start].decode() + "\N{REPLACEMENT CHARACTER}", False
    try:
        return data.decode("gb18030"), True
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace"), True
