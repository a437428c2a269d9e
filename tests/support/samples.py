"""Files as sources send them, made with the libraries that other programs use, and by hand where those refuse."""

import array
import io
import math
import zipfile
from collections.abc import Mapping

import av
import pillow_heif
import pypdfium2 as pdfium
from PIL import Image, ImageDraw

pillow_heif.register_heif_opener()

BEIJING = {1: "N", 2: (39.0, 54.0, 20.0), 3: "E", 4: (116.0, 23.0, 29.0)}
"""The GPS part of EXIF, by its numbers."""


def half_and_half(width: int = 120, height: int = 80) -> Image.Image:
    """Red on the left, blue on the right."""
    image = Image.new("RGB", (width, height), "red")
    ImageDraw.Draw(image).rectangle((width // 2, 0, width, height), fill="blue")
    return image


def picture(format_: str = "JPEG", image: Image.Image | None = None, **options: object) -> bytes:
    """A picture in a format of Pillow's."""
    written = io.BytesIO()
    (image or half_and_half()).save(written, format_, **options)
    return written.getvalue()


def photo(place: Mapping[int, object] = BEIJING, **tags: str) -> bytes:
    """A JPEG that says where and with what it was taken, and that it is to be turned by a quarter."""
    exif = Image.Exif()
    exif[0x010F], exif[0x0110], exif[0x0112] = "Apple", "iPhone 15", 6
    exif[0x9003] = "2026:05:01 10:00:00"
    exif.get_ifd(0x8825).update(place)
    for number, value in tags.items():
        exif[int(number, 16)] = value
    return picture(exif=exif)


def pdf(
    pages: int = 1, text: str = "", *, info: str = "", catalog: str = "", width: int = 595, height: int = 842
) -> bytes:
    """A PDF written by hand; each page says `text` and its number."""
    objects = [f"<< /Type /Catalog /Pages 2 0 R {catalog} >>"]
    kids = " ".join(f"{4 + 2 * number} 0 R" for number in range(pages))
    objects.append(f"<< /Type /Pages /Kids [{kids}] /Count {pages} >>")
    objects.append("<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>")
    for number in range(pages):
        drawn = f"BT /F1 24 Tf 72 700 Td ({text} {number + 1}) Tj ET"
        objects.append(
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 {width} {height}] /Contents {5 + 2 * number} 0 R "
            "/Resources << /Font << /F1 3 0 R >> >> >>"
        )
        objects.append(f"<< /Length {len(drawn)} >>\nstream\n{drawn}\nendstream")
    return as_pdf(objects, info)


def as_pdf(objects: list[str], info: str = "") -> bytes:
    """A PDF of these objects, the catalog first."""
    trailer = ""
    if info:
        objects = [*objects, f"<< {info} >>"]
        trailer = f"/Info {len(objects)} 0 R"
    written, places = b"%PDF-1.7\n", []
    for number, body in enumerate(objects, 1):
        places.append(len(written))
        written += f"{number} 0 obj\n{body}\nendobj\n".encode()
    table = "".join(f"{place:010} 00000 n \n" for place in places)
    count = len(objects) + 1
    ends = f"trailer\n<< /Size {count} /Root 1 0 R {trailer} >>\nstartxref\n{len(written)}\n%%EOF\n"
    return written + f"xref\n0 {count}\n0000000000 65535 f \n{table}{ends}".encode()


def locked_pdf() -> bytes:
    """A PDF that asks for a password: its encryption dictionary fits none."""
    objects = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        "<< /Type /Pages /Kids [] /Count 0 >>",
        f"<< /Filter /Standard /V 1 /R 2 /O <{'11' * 32}> /U <{'22' * 32}> /P -4 >>",
    ]
    ends = f"/ID [<{'00' * 16}> <{'00' * 16}>] /Encrypt 3 0 R"
    return as_pdf(objects).replace(b"/Root 1 0 R", f"/Root 1 0 R {ends}".encode())


def large_pdf(size: int) -> bytes:
    """A PDF of about so many bytes, all of them pictures on its second page."""
    document = pdfium.PdfDocument(pdf(1, "First"))
    noise = Image.effect_noise((1600, int(size / 1600 * 2)), 100).convert("RGB")
    jpeg = io.BytesIO()
    noise.save(jpeg, "JPEG", quality=90)
    page = document.new_page(595, 842)
    image = pdfium.PdfImage.new(document)
    image.load_jpeg(jpeg)
    image.set_matrix(pdfium.PdfMatrix().scale(595, 842))
    page.insert_obj(image)
    page.gen_content()
    written = io.BytesIO()
    document.save(written)
    return written.getvalue()


def recording(
    seconds: float = 2, format_: str = "mp4", video: str = "libx264", sound: str = "aac", **said: str
) -> bytes:
    """Moving pictures with a tone, or one of the two; `said`: its metadata."""
    written = io.BytesIO()
    with av.open(written, "w", format=format_) as target:
        moving = target.add_stream(video, rate=10, options={"threads": "1"}) if video else None
        heard = target.add_stream(sound, rate=48_000, layout="mono") if sound else None
        target.metadata.update(said)
        if moving is not None:
            assert isinstance(moving, av.VideoStream)
            moving.width, moving.height, moving.pix_fmt = 160, 120, "yuv420p"
            for number in range(int(seconds * 10)):
                image = half_and_half(160, 120).rotate(number * 5)
                target.mux(moving.encode(_as_frame(image)))
            target.mux(moving.encode(None))
        if heard is not None:
            assert isinstance(heard, av.AudioStream)
            _add_tone(target, heard, seconds)
    return written.getvalue()


def _as_frame(image: Image.Image) -> av.VideoFrame:
    frame = av.VideoFrame(image.width, image.height, "rgb24")
    plane, row = frame.planes[0], 3 * image.width
    pixels = image.convert("RGB").tobytes()
    rows = (pixels[at : at + row].ljust(plane.line_size, b"\0") for at in range(0, len(pixels), row))
    plane.update(b"".join(rows))
    return frame


def _add_tone(target: av.container.OutputContainer, stream: av.AudioStream, seconds: float) -> None:
    rate, each = 48_000, stream.codec_context.frame_size or 1024
    for start in range(0, int(seconds * rate), each):
        wave = array.array("h", (int(8000 * math.sin((start + at) * 0.0576)) for at in range(each)))
        frame = av.AudioFrame("s16", "mono", each)
        frame.sample_rate, frame.pts = rate, start
        frame.planes[0].update(wave.tobytes().ljust(frame.planes[0].buffer_size, b"\0"))
        target.mux(stream.encode(frame))
    target.mux(stream.encode(None))


def archive(members: Mapping[str, str | bytes]) -> bytes:
    """A ZIP archive."""
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED) as target:
        for name, data in members.items():
            target.writestr(name, data)
    return written.getvalue()


W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_CORE = (
    '<cp:coreProperties xmlns:cp="c" xmlns:dc="d" xmlns:dcterms="t"><dc:creator>Amina K.</dc:creator>'
    "<dcterms:created>2026-05-01T10:00:00Z</dcterms:created></cp:coreProperties>"
)


def word_document(text: str = "They came at night.") -> bytes:
    """A document of Word's, with its author."""
    body = "".join(f"<w:p><w:r><w:t>{line}</w:t></w:r></w:p>" for line in text.splitlines())
    document = f'<w:document xmlns:w="{W}"><w:body>{body}</w:body></w:document>'
    return archive({"[Content_Types].xml": "<Types/>", "word/document.xml": document, "docProps/core.xml": _CORE})


def workbook() -> bytes:
    """A workbook with words and numbers, of Excel's."""
    shared = "<sst><si><t>Name</t></si><si><t>Ali</t></si></sst>"
    sheet = (
        "<worksheet><sheetData><row><c t='s'><v>0</v></c><c t='inlineStr'><is><t>Age</t></is></c></row>"
        "<row><c t='s'><v>1</v></c><c><v>41</v></c></row></sheetData></worksheet>"
    )
    return archive(
        {"xl/workbook.xml": "<workbook/>", "xl/sharedStrings.xml": shared, "xl/worksheets/sheet1.xml": sheet}
    )


def slides() -> bytes:
    """A presentation of PowerPoint's."""
    slide = '<p:sld xmlns:p="p" xmlns:a="a"><a:p><a:r><a:t>Slide {}</a:t></a:r></a:p></p:sld>'
    pages = {f"ppt/slides/slide{number}.xml": slide.format(number) for number in (10, 2, 1)}
    return archive({"ppt/presentation.xml": "<p/>", **pages})


def open_document() -> bytes:
    """A text of LibreOffice's."""
    content = '<o:document xmlns:o="o" xmlns:t="t"><t:h>Title</t:h><t:p>One<t:s/>two</t:p></o:document>'
    meta = '<o:meta xmlns:o="o" xmlns:m="m"><m:initial-creator>Amina K.</m:initial-creator></o:meta>'
    kind = "application/vnd.oasis.opendocument.text"
    return archive({"mimetype": kind, "content.xml": content, "meta.xml": meta})


def mail(parts: int = 0) -> bytes:
    """An e-mail as it is saved, with so many files attached."""
    head = (
        "Received: from [192.0.2.7] by mx.example\r\nFrom: Amina <amina@example.org>\r\nTo: desk@example.net\r\n"
        "Subject: =?utf-8?b?5L2g5aW9?=\r\nDate: Fri, 1 May 2026 10:00:00 +0800\r\nMIME-Version: 1.0\r\n"
        'Content-Type: multipart/mixed; boundary="b"\r\n\r\n'
    )
    text = "--b\r\nContent-Type: text/plain; charset=gb18030\r\nContent-Transfer-Encoding: base64\r\n\r\nxOO6ww==\r\n"
    attached = "".join(
        f'--b\r\nContent-Type: image/png; name="{number}.png"\r\nContent-Disposition: attachment\r\n\r\nx\r\n'
        for number in range(parts)
    )
    return f"{head}{text}{attached}--b--\r\n".encode()
