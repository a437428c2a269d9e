"""Pages of PDFs as pictures, by PDFium: no script of theirs is run, and nothing embedded opened."""

import encodings.utf_16_le  # noqa: F401 - of what PDFium says; it can't be imported later
import math
from collections.abc import Iterator

import pypdfium2 as pdfium
from pypdfium2 import raw

from intake.triage.files.view.answer import (
    LONGEST_SIDE,
    Fact,
    Failure,
    Note,
    Order,
    Picture,
    Rendered,
    RenderError,
    Size,
    Tells,
)
from intake.triage.files.view.content import Content
from intake.triage.files.view.renderers.common import CHARACTERS, PIXELS, clean, fact, few

_PER_POINT = 150 / 72
_LARGER = 300 / 72
_TELLS = {"Author": Tells.PERSON, "Creator": Tells.DEVICE, "Producer": Tells.DEVICE, "Title": Tells.PERSON,
          "Subject": Tells.PERSON, "Keywords": Tells.PERSON, "CreationDate": Tells.TIME,
          "ModDate": Tells.TIME}  # fmt: skip


def render(content: Content, order: Order) -> Rendered:
    """One page."""
    try:
        document = pdfium.PdfDocument(content.array())
    except pdfium.PdfiumError as error:
        is_locked = getattr(error, "err_code", None) == raw.FPDF_ERR_PASSWORD
        raise RenderError(Failure.LOCKED if is_locked else Failure.DAMAGED) from None
    pages = len(document)
    if order.page > pages:
        raise RenderError(Failure.NO_SUCH_PAGE if pages else Failure.NOTHING_IN_IT)
    # What was filled into a form is drawn by this part of PDFium alone. It has no JavaScript in it.
    document.init_forms()
    page = document[order.page - 1]
    picture = _pixels(page, order)
    text = page.get_textpage()
    notes = *_notes(document), *(((Note.CUT, 0),) if text.count_chars() > CHARACTERS else ())
    return Rendered("", pages, few(_facts(document)), notes, _beginning(text), picture=picture)


def _pixels(page: pdfium.PdfPage, order: Order) -> Picture:
    width, height = page.get_size()
    if not (0 < width < math.inf and 0 < height < math.inf):
        raise RenderError(Failure.DAMAGED)
    scale = min(
        _PER_POINT if PIXELS[order.size] <= PIXELS[Size.PAGE] else _LARGER,
        math.sqrt(PIXELS[order.size] / (width * height)),
        LONGEST_SIDE / max(width, height),
    )
    # It rounds up: two pixels less on each side are in the limit for certain.
    scale *= 1 - 2 / max(scale * min(width, height), 4)
    bitmap = page.render(scale=scale, rev_byteorder=True, force_bitmap_format=raw.FPDFBitmap_BGR)
    rows = memoryview(bitmap.buffer).cast("B")
    row = 3 * bitmap.width
    pixels = b"".join(rows[at : at + row] for at in range(0, bitmap.stride * bitmap.height, bitmap.stride))
    return Picture(bitmap.width, bitmap.height, pixels)


def _beginning(text: pdfium.PdfTextPage) -> str:
    return clean(text.get_text_range(0, min(text.count_chars(), CHARACTERS))) if text.count_chars() > 0 else ""


def _facts(document: pdfium.PdfDocument) -> Iterator[Fact]:
    for name, value in document.get_metadata_dict(skip_empty=True).items():
        yield fact(name, value, _TELLS.get(name, Tells.NOTHING))


def _notes(document: pdfium.PdfDocument) -> Iterator[tuple[Note, int]]:
    if attached := document.count_attachments():
        yield Note.ATTACHED, attached
    if (scripts := raw.FPDFDoc_GetJavaScriptActionCount(document)) > 0:
        yield Note.SCRIPTS, scripts
