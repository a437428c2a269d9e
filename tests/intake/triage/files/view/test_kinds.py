"""What a file is, by its bytes: names and types mean nothing, and two things at once are said to be that."""

import io
import tarfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

import samples
from intake.triage.files.view.kinds import SORTS, ending_misleads, look


def tar() -> bytes:
    written = io.BytesIO()
    with tarfile.open(fileobj=written, mode="w") as target:
        target.addfile(tarfile.TarInfo("a.txt"))
    return written.getvalue()


FILES = {
    "jpeg": samples.picture("JPEG"),
    "png": samples.picture("PNG"),
    "gif": samples.picture("GIF"),
    "webp": samples.picture("WEBP"),
    "bmp": samples.picture("BMP"),
    "tiff": samples.picture("TIFF"),
    "heif": samples.picture("HEIF"),
    "avif": samples.picture("AVIF"),
    "pdf": samples.pdf(),
    "zip": samples.archive({"a": b""}),
    "tar": tar(),
    "mail": samples.mail(),
    "text": "Они пришли ночью.".encode(),
    "mp4": samples.recording(0.2),
    "matroska": samples.recording(0.2, "webm", "libvpx", "libopus"),
    "wave": samples.recording(0.2, "wav", "", "pcm_s16le"),
    "mp3": samples.recording(0.2, "mp3", "", "libmp3lame"),
    "ogg": samples.recording(0.2, "ogg", "", "libopus"),
    "avi": samples.recording(0.2, "avi", "mpeg4", "libmp3lame"),
    "mpegts": samples.recording(0.2, "mpegts", "mpeg2video", "mp2"),
    "flac": samples.recording(0.2, "flac", "", "flac"),
    "windows program": b"MZ\x90\0" + bytes(100),
    "unknown": bytes(range(256)),
    "empty": b"",
}


@pytest.mark.parametrize("sort", FILES)
def test_a_file_is_what_its_bytes_say(sort: str) -> None:
    data = FILES[sort]
    assert look(data, data).sort == sort
    assert look(data, data).others == ()


@given(st.binary(), st.binary())
def test_whatever_the_bytes_are_they_are_of_a_sort(head: bytes, tail: bytes) -> None:
    looked = look(head, tail)
    assert looked.sort in SORTS
    assert looked.sort not in looked.others
    assert set(looked.others) <= set(SORTS)


@pytest.mark.parametrize("text", ["BMW cars stood outside.", "MZ came at night.", "ID3 is what he said", "GIF89a"])
def test_a_text_may_begin_as_a_picture_or_a_program_does(text: str) -> None:
    assert look(text.encode(), text.encode()).sort == "text"


def test_a_picture_that_ends_as_an_archive_is_both() -> None:
    both = FILES["jpeg"] + FILES["zip"]
    assert look(both, both).others == ("zip",)


def test_an_archive_in_which_a_pdf_begins_is_both() -> None:
    both = samples.archive({"%PDF-1.7": b"x"})
    assert look(both, both).others == ("pdf",)


def test_a_pdf_is_found_behind_other_bytes() -> None:
    assert look(b"\0\0\0" + FILES["pdf"], b"").sort == "pdf"


@pytest.mark.parametrize(
    ("sort", "name", "misleads"),
    [
        ("jpeg", "photo.jpg", False),
        ("jpeg", "photo.JPEG", False),
        ("jpeg", "photo", False),
        ("jpeg", "photo.png", False),
        ("jpeg", "photo.pdf", True),
        ("jpeg", "photo.jрg", True),  # a Cyrillic letter
        ("windows program", "photo.jpg", True),
        ("windows program", "setup.exe", False),
        ("pdf", "summons.pdf.jpg", True),
        ("text", "notes.cfg", False),
        ("text", "photo.jpg", True),
        ("zip", "book.epub", False),
        ("unknown", "photo.jpg", False),
        ("docx", "letter.pdf", True),
    ],
)  # fmt: skip
def test_a_name_that_promises_something_else_is_noticed(sort: str, name: str, misleads: bool) -> None:
    assert ending_misleads(sort, name) == misleads
