"""Files that are made to do harm, by the real child: each ends soon, harms nothing, and says why it isn't seen."""

import io
import struct
import time
import zipfile
import zlib

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import samples
from intake.triage.files.view.answer import Failure, Note, Size
from intake.triage.files.view.rendering import Rendering, Seen

pytestmark = pytest.mark.slow

PATIENCE = 40


def see(data: bytes, page: int = 1, want: Size = Size.PAGE) -> Seen:
    started = time.monotonic()
    seen = Rendering().see([data], len(data), page, want)
    assert time.monotonic() - started < PATIENCE
    return seen


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def huge_png(side: int) -> bytes:
    """A picture of so many pixels each way, all black, in little more than nothing."""
    head = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    packer = zlib.compressobj(9)
    row = bytes(1 + 3 * side)
    packed = b"".join(packer.compress(row) for _ in range(20)) + packer.flush()
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", packed) + chunk(b"IEND", b"")


def test_a_picture_of_60000_by_60000_pixels_is_not_unpacked() -> None:
    assert see(huge_png(60_000)).failure is Failure.TOO_MANY_PIXELS


def test_a_page_of_a_pdf_that_is_kilometres_wide_is_a_picture_of_bearable_size() -> None:
    seen = see(samples.pdf(width=10_000_000, height=10_000_000))
    assert seen.failure is None
    assert seen.width * seen.height <= 2_500_000


def test_a_pdf_whose_pages_are_their_own_parents_ends() -> None:
    objects = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        "<< /Type /Pages /Kids [2 0 R 3 0 R] /Count 2 /Parent 2 0 R >>",
        "<< /Type /Pages /Kids [2 0 R] /Count 1 /Parent 2 0 R >>",
    ]
    assert see(samples.as_pdf(objects)).failure in (Failure.DAMAGED, Failure.NOTHING_IN_IT, Failure.BROKEN)


def test_a_pdf_that_draws_itself_again_and_again_ends() -> None:
    """Forms that each draw the next one many times: two to the power of forty drawings."""
    depth = 40
    names = [f"{6 + level} 0 R" for level in range(depth)]
    drawing = "/Contents 4 0 R /Resources << /XObject << /X 6 0 R >> >>"
    objects = [
        "<< /Type /Catalog /Pages 2 0 R >>",
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 100 100] {drawing} >>",
        "<< /Length 4 >>\nstream\n/X Do\nendstream",
        "<< >>",
    ]
    for level in range(depth):
        after = names[level + 1] if level + 1 < depth else names[0]
        head = f"/Type /XObject /Subtype /Form /BBox [0 0 100 100] /Resources << /XObject << /X {after} >> >>"
        objects.append(f"<< {head} /Length 11 >>\nstream\n/X Do /X Do\nendstream")
    seen = see(samples.as_pdf(objects))
    assert seen.failure in (None, Failure.TIME, Failure.BROKEN, Failure.MEMORY)


def test_a_pdf_with_a_password_says_so() -> None:
    assert see(samples.locked_pdf()).failure is Failure.LOCKED


def nested(levels: int) -> bytes:
    """An archive of archives, each with sixteen of the next: what 42.zip is."""
    inner = samples.archive({"0.dll": bytes(2_000_000)})
    for level in range(levels):
        inner = samples.archive({f"{level}{number:x}.zip": inner for number in range(16)})
    return inner


def test_a_small_archive_of_archives_is_listed_and_nothing_of_it_unpacked() -> None:
    data = nested(4)
    assert len(data) < 42_000
    seen = see(data)
    assert len(seen.rendered.entries) == 16
    assert seen.rendered.text == ""


def claimed(size: int) -> bytes:
    """An archive whose directory says that a file in it has so many bytes."""
    data = samples.archive({"a.txt": b"x"})
    at = data.rindex(b"PK\x01\x02")
    return data[: at + 24] + struct.pack("<I", size) + data[at + 28 :]


def test_what_an_archive_says_of_sizes_is_only_said() -> None:
    assert see(claimed(0xFFFFFFF0)).rendered.entries[0].size == 0xFFFFFFF0


def test_an_office_document_that_unpacks_without_end_is_cut() -> None:
    """300 MB of one letter in 300 kB."""
    opening, closing = f'<w:document xmlns:w="{samples.W}"><w:p><w:t>'.encode(), b"</w:t></w:p></w:document>"
    seen = see(samples.archive({"word/document.xml": opening + b"a" * 300_000_000 + closing}))
    assert seen.failure in (None, Failure.MEMORY, Failure.TIME)
    assert len(seen.rendered.text) <= 20_000
    assert seen.failure or seen.rendered.notes == ((Note.ENDS_EARLY, 0),)


def test_an_office_document_that_defines_what_grows_or_lies_elsewhere_is_read_without() -> None:
    laughs = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10))
    document = f'<!DOCTYPE d [<!ENTITY a0 "ha"><!ENTITY f SYSTEM "file:///etc/passwd">{laughs}]><d><t>&a9;&f;</t></d>'
    seen = see(samples.archive({"word/document.xml": document}))
    assert seen.failure is None
    assert seen.rendered.text == ""


def test_an_office_document_whose_bytes_are_spoilt_is_listed_all_the_same() -> None:
    data = samples.word_document("They came at night. " * 200)
    at = data.index(b"word/document.xml") + 40
    seen = see(data[:at] + bytes(20) + data[at + 20 :])
    assert seen.failure is None
    assert "word/document.xml" in [entry.name for entry in seen.rendered.entries]


@pytest.mark.parametrize(
    "place",
    [
        {1: "N", 2: (4e9, 999.0, 0.0), 3: "E", 4: (0.0, 0.0, 0.0)},
        {1: "\x00", 2: (7.0,), 4: (0.0,) * 500},
        {2: (0.0, 0.0)},
        {1: "<script>alert(1)</script>", 29: "\u202egpj"},
    ],
)
def test_exif_that_lies_is_what_the_file_says_and_nothing_more(place: dict[int, object]) -> None:
    seen = see(samples.photo(place))
    assert seen.failure is None
    assert seen.png


def test_exif_that_is_garbage_hides_no_picture() -> None:
    data = samples.photo()
    at = data.index(b"Exif\0\0") + 6
    seen = see(data[:at] + b"II*\0" + b"\xff" * 60 + data[at + 64 :])
    assert seen.failure is None
    assert seen.png


def test_a_mail_of_10000_parts_is_listed_as_far_as_anybody_reads() -> None:
    seen = see(samples.mail(10_000))
    assert seen.rendered.text == "你好"
    assert len(seen.rendered.entries) == 1_000
    assert (Note.MORE_ENTRIES, 9_000) in seen.rendered.notes


def test_a_mail_in_a_mail_in_a_mail_ends() -> None:
    head = b"From: a@b.example\nTo: c@d.example\nSubject: x\n"
    one = head + b"Content-Type: message/rfc822\n\n"
    assert see(one * 5_000 + head + b"\ntext\n").failure in (None, Failure.DAMAGED, Failure.TIME, Failure.MEMORY)
    assert see(one * 5 + head + b"\ntext\n").rendered.text == "text\n"


def test_what_lies_deep_in_a_mail_is_read_as_well() -> None:
    levels = "".join(f'Content-Type: multipart/mixed; boundary="{level}."\n\n--{level}.\n' for level in range(200))
    seen = see(f"From: a@b.example\nTo: c@d.example\nSubject: x\n{levels}\nThey came.".encode())
    assert seen.rendered.text == "They came."


@pytest.mark.parametrize("encoding", ["x-none", "rot13", "zlib_codec", "\u202e", "utf-7", "idna", "unicode_escape"])
def test_a_mail_in_letters_that_are_none_is_read_all_the_same(encoding: str) -> None:
    head = (
        f"From: a@b.example\nTo: c@d.example\nSubject: =?{encoding}?q?a?=\nContent-Type: text/plain; charset={encoding}"
    )
    seen = see(f"{head}\n\nThey came.".encode())
    assert seen.failure is None
    assert seen.rendered.text


def test_a_video_of_no_length_says_that_there_is_nothing_in_it() -> None:
    whole = samples.recording()
    assert see(whole[:32]).failure in (Failure.DAMAGED, Failure.NOTHING_IN_IT)
    assert see(b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom").failure in (Failure.DAMAGED, Failure.NOTHING_IN_IT)


def test_a_video_that_does_not_say_its_length_is_measured() -> None:
    written = samples.recording(format_="webm", video="libvpx", sound="libopus")
    # The element Duration (0x4489), made a Void of the same size.
    at = written.index(b"\x44\x89\x88")
    seen = see(written[:at] + b"\xec\x89" + bytes(9) + written[at + 11 :])
    assert seen.failure is None
    assert (Note.NO_LENGTH, 0) in seen.rendered.notes
    assert seen.rendered.pages == 1


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
@pytest.mark.parametrize(
    "data",
    [samples.picture("JPEG"), samples.picture("PNG"), samples.pdf(3, "x"), samples.word_document(),
     samples.mail(3), samples.recording(), samples.recording(format_="webm", video="libvpx", sound="libopus")],
    ids=["jpeg", "png", "pdf", "docx", "mail", "mp4", "webm"],
)  # fmt: skip
def test_a_file_that_ends_early_is_seen_as_far_as_it_goes_or_says_why_not(data: bytes, share: float) -> None:
    seen = see(data[: int(len(data) * share)])
    assert seen.failure or seen.png or seen.rendered.text or seen.rendered.facts


def test_a_picture_that_is_an_archive_too_is_seen_as_the_picture() -> None:
    seen = see(samples.picture() + samples.archive({"run.js": b"x"}))
    assert seen.png
    assert seen.look.others == ("zip",)


def test_an_empty_file_says_that_there_is_nothing_in_it() -> None:
    assert see(b"").failure is Failure.NOTHING_IN_IT


@pytest.mark.parametrize(
    ("does", "failure"),
    [
        ("never_done", Failure.TIME),
        ("breaks_down", Failure.BROKEN),
        ("takes_memory", Failure.MEMORY),
        ("talks_on", Failure.TIME),
        ("lies", Failure.BROKEN),
    ],
)
def test_a_child_that_is_taken_over_gets_nowhere(does: str, failure: Failure) -> None:
    assert Rendering("taken_over").see([does.encode()], len(does), 1).failure is failure


BEGINNINGS = [b"\xff\xd8\xff\xe0", b"\x89PNG\r\n\x1a\n", b"%PDF-1.7\n", b"PK\x03\x04", b"GIF89a", b"OggS", b"ID3",
              b"\0\0\0\x18ftypmp42", b"\0\0\0\x18ftypheic", b"From: a\nTo: b\nDate: c\n", b""]  # fmt: skip


@settings(max_examples=40, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(BEGINNINGS), st.binary(max_size=2_000))
def test_any_bytes_are_seen_or_say_why_not(beginning: bytes, rest: bytes) -> None:
    seen = see(beginning + rest)
    assert seen.failure is not Failure.BROKEN


def test_an_archive_with_very_many_entries_ends() -> None:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as target:
        for number in range(20_000):
            target.writestr(str(number), b"")
    seen = see(written.getvalue())
    assert len(seen.rendered.entries) == 1_000
    assert (Note.MORE_ENTRIES, 19_000) in seen.rendered.notes
