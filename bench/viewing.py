"""A file is looked at: from its sealed bytes to the picture that a browser gets, beside the library alone."""

import hashlib
import io
from collections.abc import Iterator
from contextlib import contextmanager

import pypdfium2 as pdfium
from PIL import Image

from bench.timing import Part, Row
from crypto.age import Decryptor, HybridIdentity, seal
from intake.triage.files.view.rendering import Rendering

SIZE = 20_000_000
_QUALITY = 90


class Bench:
    """A PDF of scanned pages, sealed as it lies on a reviewer's machine."""

    def __init__(self) -> None:
        self._pdf = _scanned(SIZE)
        self._identity = HybridIdentity.generate()
        self._sealed = seal(self._pdf, [self._identity.recipient])
        self._rendering = Rendering()

    def rows(self) -> list[Row]:
        """What is measured."""
        size = f"{len(self._pdf) / 1e6:.0f} MB"
        return [
            Row(
                f"the first page of a PDF of {size}, opened, verified, in a child that is shut in",
                self._see,
                "PDFium alone, in this process",
                self._render,
                "1 s",
            )
        ]

    def _see(self) -> None:
        seen = self._rendering.see(self._opened(), len(self._pdf), 1)
        if not seen.png:
            raise RuntimeError(seen.failure)

    def _opened(self) -> Iterator[bytes]:
        digest, opened = hashlib.sha256(), Decryptor(io.BytesIO(self._sealed), [self._identity])
        while chunk := opened.next_chunk():
            digest.update(chunk)
            yield chunk

    def _render(self) -> None:
        document = pdfium.PdfDocument(self._pdf)
        document[0].render(scale=150 / 72)
        document.close()


def _scanned(size: int) -> bytes:
    """A PDF of about so many bytes: sheets of A4 at 150 to the inch, of which no two are alike."""
    document = pdfium.PdfDocument.new()
    written = 0
    while written < size:
        sheet = io.BytesIO()
        Image.effect_noise((1240, 1754), 60).convert("RGB").save(sheet, "JPEG", quality=_QUALITY)
        written += sheet.tell()
        page, image = document.new_page(595, 842), pdfium.PdfImage.new(document)
        image.load_jpeg(sheet)
        image.set_matrix(pdfium.PdfMatrix().scale(595, 842))
        page.insert_obj(image)
        page.gen_content()
    target = io.BytesIO()
    document.save(target)
    return target.getvalue()


@contextmanager
def part() -> Iterator[Part]:
    """The row."""
    yield Part(Bench().rows())
