"""What a file is, by its bytes alone: neither its name nor what a browser called it makes it anything."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum

HEAD = 1 << 16
"""How much of a file's beginning, and of its end, is looked at."""

_PDF_WITHIN = 1024
"""Programs find a PDF's first line anywhere in so many bytes."""

_FEW = 0.02
"""The share of control characters that a text may have."""


class Renderer(StrEnum):
    """The modules in `renderers` that make something of a file."""

    PICTURE = "picture"
    PDF = "pdf"
    TEXT = "text"
    MAIL = "mail"
    PACKED = "packed"
    ARCHIVE = "archive"
    MEDIA = "media"


@dataclass(frozen=True, slots=True)
class Sort:
    """A sort of file: in words, what makes something of it (None: nothing does), and the endings of honest names."""

    words: str
    renderer: Renderer | None
    endings: frozenset[str]


def _sort(words: str, renderer: Renderer | None, endings: str = "") -> Sort:
    return Sort(words, renderer, frozenset(endings.split()))


SORTS: Mapping[str, Sort] = {
    "jpeg": _sort("a JPEG picture", Renderer.PICTURE, "jpg jpeg jpe jfif"),
    "png": _sort("a PNG picture", Renderer.PICTURE, "png"),
    "gif": _sort("a GIF picture", Renderer.PICTURE, "gif"),
    "webp": _sort("a WebP picture", Renderer.PICTURE, "webp"),
    "bmp": _sort("a BMP picture", Renderer.PICTURE, "bmp dib"),
    "tiff": _sort("a TIFF picture", Renderer.PICTURE, "tif tiff"),
    "heif": _sort("an HEIF picture, as iPhones take them", Renderer.PICTURE, "heic heif hif"),
    "avif": _sort("an AVIF picture", Renderer.PICTURE, "avif"),
    "pdf": _sort("a PDF document", Renderer.PDF, "pdf"),
    "mp4": _sort("sound or video of the MP4 family", Renderer.MEDIA, "mp4 m4a m4v mov qt 3gp 3g2 m4b"),
    "matroska": _sort("WebM or Matroska video", Renderer.MEDIA, "webm weba mkv mka"),
    "avi": _sort("an AVI video", Renderer.MEDIA, "avi"),
    "wave": _sort("a WAVE recording", Renderer.MEDIA, "wav wave"),
    "ogg": _sort("Ogg sound or video", Renderer.MEDIA, "ogg oga ogv opus spx"),
    "mp3": _sort("an MP3 recording", Renderer.MEDIA, "mp3"),
    "flac": _sort("a FLAC recording", Renderer.MEDIA, "flac"),
    "amr": _sort("an AMR recording", Renderer.MEDIA, "amr awb"),
    "aac": _sort("an AAC recording", Renderer.MEDIA, "aac"),
    "flv": _sort("a Flash video", Renderer.MEDIA, "flv"),
    "asf": _sort("Windows Media sound or video", Renderer.MEDIA, "wmv wma asf"),
    "mpeg": _sort("an MPEG video", Renderer.MEDIA, "mpg mpeg mp2 m2v vob"),
    "mpegts": _sort("an MPEG transport stream", Renderer.MEDIA, "ts mts m2ts"),
    "zip": _sort("a ZIP archive", Renderer.PACKED, "zip jar apk"),
    "docx": _sort("a Word document", Renderer.PACKED, "docx docm dotx"),
    "xlsx": _sort("an Excel workbook", Renderer.PACKED, "xlsx xlsm xltx"),
    "pptx": _sort("a PowerPoint presentation", Renderer.PACKED, "pptx pptm ppsx"),
    "odt": _sort("an OpenDocument text", Renderer.PACKED, "odt ott"),
    "ods": _sort("an OpenDocument spreadsheet", Renderer.PACKED, "ods ots"),
    "odp": _sort("an OpenDocument presentation", Renderer.PACKED, "odp otp"),
    "tar": _sort("a tar archive", Renderer.ARCHIVE, "tar"),
    "mail": _sort("an e-mail", Renderer.MAIL, "eml mht mhtml txt text"),
    "text": _sort("text", Renderer.TEXT, "txt text md csv tsv log json xml html htm vcf ics srt rtf svg ini yaml py"),
    "gzip": _sort("a file that gzip packed", None, "gz tgz"),
    "xz": _sort("a file that xz packed", None, "xz txz"),
    "bzip2": _sort("a file that bzip2 packed", None, "bz2 tbz2"),
    "zstd": _sort("a file that zstd packed", None, "zst"),
    "7z": _sort("a 7-Zip archive", None, "7z"),
    "rar": _sort("a RAR archive", None, "rar"),
    "ole": _sort("an older or locked Office document, or an Outlook message", None, "doc dot xls xlt ppt pps msg pub"),
    "windows program": _sort("a program for Windows", None, "exe dll scr com sys cpl"),
    "linux program": _sort("a program for Linux", None, "so elf"),
    "mac program": _sort("a program for macOS", None, "dylib"),
    "empty": _sort("an empty file", None),
    "unknown": _sort("of no kind that is known here", None),
}  # fmt: skip
"""Every sort, by its key."""

_BEGINNINGS: tuple[tuple[int, bytes, str], ...] = (
    (0, b"\xff\xd8\xff", "jpeg"),
    (0, b"\x89PNG\r\n\x1a\n", "png"),
    (0, b"GIF87a", "gif"),
    (0, b"GIF89a", "gif"),
    (8, b"WEBP", "webp"),
    (0, b"BM", "bmp"),
    (0, b"II*\0", "tiff"),
    (0, b"MM\0*", "tiff"),
    (0, b"%PDF-", "pdf"),
    (8, b"AVI ", "avi"),
    (8, b"WAVE", "wave"),
    (0, b"\x1aE\xdf\xa3", "matroska"),
    (0, b"OggS", "ogg"),
    (0, b"ID3", "mp3"),
    (0, b"\xff\xfb", "mp3"),
    (0, b"\xff\xf3", "mp3"),
    (0, b"\xff\xf2", "mp3"),
    (0, b"fLaC", "flac"),
    (0, b"#!AMR", "amr"),
    (0, b"\xff\xf1", "aac"),
    (0, b"\xff\xf9", "aac"),
    (0, b"FLV\x01", "flv"),
    (0, b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", "asf"),
    (0, b"\0\0\x01\xba", "mpeg"),
    (0, b"\0\0\x01\xb3", "mpeg"),
    (0, b"PK\x03\x04", "zip"),
    (0, b"PK\x05\x06", "zip"),
    (257, b"ustar", "tar"),
    (0, b"\x1f\x8b", "gzip"),
    (0, b"\xfd7zXZ\0", "xz"),
    (0, b"BZh", "bzip2"),
    (0, b"\x28\xb5\x2f\xfd", "zstd"),
    (0, b"7z\xbc\xaf\x27\x1c", "7z"),
    (0, b"Rar!\x1a\x07", "rar"),
    (0, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "ole"),
    (0, b"MZ", "windows program"),
    (0, b"\x7fELF", "linux program"),
    (0, b"\xcf\xfa\xed\xfe", "mac program"),
    (0, b"\xca\xfe\xba\xbe", "mac program"),
)

_HEIF = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"mif1", b"msf1")
_AVIF = (b"avif", b"avis")
_IN_RIFF = ("webp", "avi", "wave")
_MAIL = (b"from:", b"received:", b"return-path:", b"delivered-to:", b"mime-version:", b"date:", b"subject:", b"to:",
         b"message-id:", b"content-type:", b"x-mozilla-status:", b"dkim-signature:")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Look:
    """What a file is, and what else it would be to a program that looks elsewhere in it; keys of `SORTS`."""

    sort: str
    others: tuple[str, ...]


def look(head: bytes, tail: bytes) -> Look:
    """Look at the first and the last `HEAD` bytes of a file."""
    sort = _sort_of(head)
    others = dict.fromkeys(_others(head, tail))
    others.pop(sort, None)
    return Look(sort, tuple(others))


def ending_misleads(sort: str, name: str) -> bool:
    """Whether the name promises something else. A name without an ending promises nothing.

    Of pictures, of recordings and so on one is as good as another: that a PNG is called `.jpg` misleads nobody.
    """
    stem, _, ending = name.rpartition(".")
    alike = _alike(sort)
    # Many honest formats are ZIP archives, of which few are known here; and most that nobody knows are texts.
    is_open = sort == "zip" or (sort == "text" and ending.casefold() not in _KNOWN)
    return bool(stem) and bool(alike) and ending.casefold() not in alike and not is_open


def _alike(sort: str) -> frozenset[str]:
    """The endings of all that is seen in the same way."""
    renderer = SORTS[sort].renderer
    same = (each.endings for each in SORTS.values() if renderer is not None and each.renderer is renderer)
    return SORTS[sort].endings.union(*same)


_KNOWN = frozenset().union(*(sort.endings for sort in SORTS.values()))


def _sort_of(head: bytes) -> str:
    if not head:
        return "empty"
    return _by_beginning(head) or ("pdf" if _is_pdf(head) else _of_text(head))


def _by_beginning(head: bytes) -> str:
    if head[4:8] == b"ftyp":
        brand = head[8:12]
        return "heif" if brand in _HEIF else "avif" if brand in _AVIF else "mp4"
    if head[:1] == head[188:189] == head[376:377] == b"G":
        return "mpegts"
    is_text = _is_text(head)
    found = ((sort, mark) for at, mark, sort in _BEGINNINGS if head.startswith(mark, at))
    return next((sort for sort, mark in found if _is_one(head, sort, mark, is_text)), "")


def _is_one(head: bytes, sort: str, mark: bytes, is_text: bool) -> bool:
    """Whether a mark means what it says: a text may begin with the letters BM or MZ."""
    if sort in _IN_RIFF:
        return head.startswith(b"RIFF")
    return not (is_text and mark.isalnum())


def _is_pdf(head: bytes) -> bool:
    return b"%PDF-" in head[:_PDF_WITHIN]


def _of_text(head: bytes) -> str:
    if not _is_text(head):
        return "unknown"
    return "mail" if _is_mail(head) else "text"


def _others(head: bytes, tail: bytes) -> Iterator[str]:
    if _is_pdf(head):
        yield "pdf"
    # The end of a ZIP archive is its beginning: whatever stands before it, programs unpack it.
    if b"PK\x05\x06" in tail:
        yield "zip"
    if head[257:262] == b"ustar":
        yield "tar"


def _is_text(head: bytes) -> bool:
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return True
    controls = sum(head.count(byte) for byte in range(32) if byte not in b"\t\n\r\f\x1b")
    return b"\0" not in head and controls <= _FEW * len(head)


def _is_mail(head: bytes) -> bool:
    lines = head.lstrip(b"\r\n").split(b"\n", 40)[:40]
    if lines[0].startswith(b"From ") and len(lines) > 1:
        lines = lines[1:]
    first = lines[0].lower()
    named = first.partition(b":")[0]
    return (
        b":" in first
        and named.replace(b"-", b"").isalnum()
        and sum(line.lower().startswith(_MAIL) for line in lines) >= 3
    )
