"""What is seen of honest files of every kind, by the real child: pages, texts, and what the files say of themselves."""

import io
import struct
import tarfile
import zipfile
from collections.abc import Callable

import av
import pytest
from av.container import InputContainer
from PIL import Image

import samples
from intake.triage.files.view.answer import Failure, Note, Size, Tells
from intake.triage.files.view.rendering import Rendering, Seen

pytestmark = pytest.mark.slow

NOBODYS = (b"Exif", b"Amina", b"iPhone", b"GPS", b"2026")


def see(data: bytes, page: int = 1, want: Size = Size.PAGE) -> Seen:
    return Rendering().see([data], len(data), page, want)


def facts(seen: Seen) -> dict[str, tuple[str, Tells]]:
    return {fact.name: (fact.value, fact.tells) for fact in seen.rendered.facts}


def pixels(png: bytes) -> Image.Image:
    image = Image.open(io.BytesIO(png))
    image.load()
    return image


def opened(media: bytes) -> InputContainer:
    return av.open(io.BytesIO(media), "r")


def is_near(color: object, other: tuple[int, int, int]) -> bool:
    assert isinstance(color, tuple)
    return all(abs(part - wanted) < 40 for part, wanted in zip(color, other, strict=True))


RED, BLUE = (255, 0, 0), (0, 0, 255)


@pytest.mark.parametrize("format_", ["JPEG", "PNG", "GIF", "WEBP", "BMP", "TIFF", "HEIF", "AVIF"])
def test_a_picture_is_seen_as_it_is(format_: str) -> None:
    seen = see(samples.picture(format_))
    assert seen.failure is None
    image = pixels(seen.png)
    assert image.size == (seen.width, seen.height) == (120, 80)
    assert is_near(image.getpixel((10, 40)), RED)
    assert is_near(image.getpixel((110, 40)), BLUE)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA", "CMYK", "I;16", "F"])
def test_a_picture_of_any_mode_is_seen(mode: str) -> None:
    image = samples.half_and_half().convert("L").convert("I").convert(mode) if mode == "I;16" else None
    made = image or samples.half_and_half().convert(mode)
    seen = see(samples.picture("TIFF" if mode in ("CMYK", "I;16", "F") else "PNG", made))
    assert seen.failure is None
    assert len(set(pixels(seen.png).get_flattened_data())) > 1, "it is not all of one colour"


def test_what_is_transparent_is_seen_on_white() -> None:
    seen = see(samples.picture("PNG", Image.new("RGBA", (10, 10), (0, 0, 0, 0))))
    assert pixels(seen.png).getpixel((5, 5)) == (255, 255, 255)


def test_a_photograph_is_turned_upright_and_says_where_and_with_what_it_was_taken() -> None:
    seen = see(samples.photo())
    assert (seen.width, seen.height) == (80, 120)
    told = facts(seen)
    assert told["Place (latitude, longitude)"] == ("39.905556, 116.391389", Tells.PLACE)
    assert told["Model"] == ("iPhone 15", Tells.DEVICE)
    assert told["DateTimeOriginal"] == ("2026:05:01 10:00:00", Tells.TIME)


@pytest.mark.parametrize("want", [Size.PAGE, Size.COPY])
def test_nothing_of_that_is_in_what_is_shown_or_copied(want: Size) -> None:
    made = see(samples.photo(), want=want).png
    assert not any(word in made for word in NOBODYS)
    assert pixels(made).info == {}


def test_a_large_picture_is_shown_smaller_and_copied_as_it_is() -> None:
    large = samples.picture("PNG", samples.half_and_half(3000, 2000))
    shown, copied = see(large), see(large, want=Size.COPY)
    assert shown.width * shown.height <= 2_500_000
    assert (copied.width, copied.height) == (3000, 2000)


def test_each_picture_of_a_moving_one_is_a_page() -> None:
    frames = [samples.half_and_half().rotate(degrees) for degrees in (0, 90, 180)]
    data = samples.picture("GIF", frames[0], save_all=True, append_images=frames[1:])
    assert see(data).rendered.pages == 3
    assert see(data).rendered.notes == ((Note.FRAMES, 3),)
    assert is_near(pixels(see(data, 3).png).getpixel((10, 40)), BLUE)
    assert see(data, 4).failure is Failure.NO_SUCH_PAGE


def test_a_pdf_of_300_pages_is_seen_page_by_page() -> None:
    data = samples.pdf(300, "Summons", info="/Author (Amina K.) /Producer (Writer 7)")
    seen = see(data, 300)
    assert seen.rendered.pages == 300
    assert "Summons 300" in seen.rendered.text
    assert facts(seen)["Author"] == ("Amina K.", Tells.PERSON)
    assert facts(seen)["Producer"] == ("Writer 7", Tells.DEVICE)
    assert len(set(pixels(seen.png).get_flattened_data())) > 1
    assert see(data, 301).failure is Failure.NO_SUCH_PAGE


def test_a_page_of_a_pdf_is_copied_without_what_the_file_says() -> None:
    copied = see(samples.pdf(1, "Summons", info="/Author (Amina K.)"), want=Size.COPY)
    assert (copied.width, copied.height) > (1240, 1750)
    assert b"Amina" not in copied.png


def test_scripts_and_attached_files_of_a_pdf_are_counted() -> None:
    script = "/Names << /JavaScript << /Names [(a) << /S /JavaScript /JS (app.alert\\(1\\)) >>] >> >>"
    assert (Note.SCRIPTS, 1) in see(samples.pdf(catalog=script)).rendered.notes


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "gb18030"])
def test_a_text_is_read_in_its_own_letters(encoding: str) -> None:
    seen = see("他们来过我家。".encode(encoding))
    assert seen.rendered.text == "他们来过我家。"
    assert seen.rendered.notes == (((Note.GUESSED_LETTERS, 0),) if encoding == "gb18030" else ())


def test_a_long_text_has_pages_and_is_copied_whole() -> None:
    data = "".join(f"line {number}\n" for number in range(10_000)).encode()
    pages = see(data).rendered.pages
    assert "".join(see(data, page).rendered.text for page in range(1, pages + 1)).encode() == data
    assert see(data, want=Size.COPY).rendered.text.encode() == data


def test_marks_of_html_and_svg_stand_there_and_are_nothing_else() -> None:
    page = "<html><script>alert(1)</script><img src='http://192.0.2.1/'></html>"
    assert see(page.encode()).rendered.text == page


def test_an_email_is_read_with_its_headers_and_what_is_attached_is_listed() -> None:
    seen = see(samples.mail(2))
    assert seen.sort == "mail"
    assert seen.rendered.text == "你好"
    assert [entry.name for entry in seen.rendered.entries] == ["0.png", "1.png"]
    told = facts(seen)
    assert told["Subject"] == ("你好", Tells.NOTHING)
    assert told["From"] == ("Amina <amina@example.org>", Tells.PERSON)
    assert told["Received"][1] is Tells.PLACE


def test_of_an_email_in_html_the_words_are_read() -> None:
    html = "<style>p{}</style><p>They&nbsp;came</p><p>at night<script>x()</script></p>"
    data = f"From: a@b.example\nTo: c@d.example\nSubject: x\nContent-Type: text/html\n\n{html}".encode()
    assert see(data).rendered.text.split() == ["They", "came", "at", "night"]


def test_of_a_mail_that_says_the_same_twice_the_plain_one_is_read_and_the_other_is_counted() -> None:
    parts = ["--b\nContent-Type: text/plain\n\nplain\n", "--b\nContent-Type: text/html\n\n<p>other</p>\n", "--b--\n"]
    head = "From: a@b.example\nTo: c@d.example\nSubject: x\nContent-Type: multipart/{}; boundary=b\n\n"
    seen = see((head.format("alternative") + "".join(parts)).encode())
    assert (seen.rendered.text, seen.rendered.notes) == ("plain", ((Note.PARTS, 1),))
    mixed = see((head.format("mixed") + "".join(parts)).encode())
    assert (mixed.rendered.text.split(), mixed.rendered.notes) == (["plain", "other"], ())


def test_what_was_deleted_in_a_word_document_is_read_as_that() -> None:
    run = "<w:del><w:r><w:delText>my name</w:delText></w:r></w:del><w:r><w:t> was here</w:t></w:r>"
    document = f'<w:document xmlns:w="{samples.W}"><w:body><w:p>{run}</w:p></w:body></w:document>'
    assert see(samples.archive({"word/document.xml": document})).rendered.text == "[deleted: my name] was here\n"


def typed(**parts: str) -> str:
    """The list of types of an office document: by the names of its parts without folder and ending."""
    overrides = "".join(
        f'<Override PartName="/{name}.xml" ContentType="application/vnd.openxmlformats-officedocument.{kind}+xml"/>'
        for name, kind in parts.items()
    )
    return f"<Types>{overrides}</Types>"


def test_the_parts_of_an_office_document_are_what_their_types_say_whatever_they_are_called() -> None:
    word, run = "wordprocessingml", f'<w:d xmlns:w="{samples.W}"><w:p><w:r><w:t>{{}}</w:t></w:r></w:p></w:d>'
    types = typed(
        Main2=f"{word}.document.main", elsewhere=f"{word}.header", other=f"{word}.comments", x=f"{word}.styles"
    )
    parts = {"main2.xml": "one", "elsewhere.xml": "two", "other.xml": "three", "x.xml": "four"}
    members = {name: run.format(says) for name, says in parts.items()}
    seen = see(samples.archive({"[Content_Types].xml": types, **members}))
    assert (seen.sort, seen.rendered.text.split()) == ("docx", ["one", "three", "two"])
    sheet = "<worksheet><row><c t='inlineStr'><is><t>cell</t></is></c></row></worksheet>"
    excel = "spreadsheetml"
    types = typed(a=f"{excel}.sheet.main", b=f"{excel}.worksheet", c=f"{excel}.comments")
    said = "<comments><comment><text><r><t>said</t></r></text></comment></comments>"
    seen = see(samples.archive({"[Content_Types].xml": types, "a.xml": "<w/>", "b.xml": sheet, "c.xml": said}))
    assert (seen.sort, seen.rendered.text.split()) == ("xlsx", ["cell", "said"])


@pytest.mark.parametrize("document", [samples.word_document, samples.workbook, samples.open_document])
def test_an_office_document_whose_text_breaks_off_says_so_and_shows_what_came_before(
    document: Callable[[], bytes],
) -> None:
    assert see(document()).rendered.notes == ()
    with zipfile.ZipFile(io.BytesIO(document())) as whole:
        members = {name: whole.read(name) for name in whole.namelist()}
    for name in ("word/document.xml", "xl/worksheets/sheet1.xml", "content.xml"):
        if name in members:
            members[name] = members[name].rpartition(b"</")[0]
    seen = see(samples.archive(members))
    assert (seen.rendered.text, seen.rendered.notes) == (see(document()).rendered.text, ((Note.ENDS_EARLY, 0),))


@pytest.mark.parametrize("encoding", ["none-such", "windows-1252", "gb2312", "hex", "idna"])
@pytest.mark.parametrize("name", ["[Content_Types].xml", "docProps/core.xml", "word/header1.xml"])
def test_a_part_in_letters_that_can_not_be_read_hides_no_other(name: str, encoding: str) -> None:
    with zipfile.ZipFile(io.BytesIO(samples.word_document())) as whole:
        members = {each: whole.read(each) for each in whole.namelist()}
    members[name] = f'<?xml version="1.0" encoding="{encoding}"?><a/>'.encode()
    seen = see(samples.archive(members))
    assert (seen.failure, seen.sort, seen.rendered.text) == (None, "docx", "They came at night.\n")
    assert len(seen.rendered.entries) == len(members)
    assert seen.rendered.notes == (() if name.startswith("docProps") else ((Note.ENDS_EARLY, 0),))


def test_a_list_of_types_that_breaks_off_is_said_as_text_that_does() -> None:
    with zipfile.ZipFile(io.BytesIO(samples.word_document())) as whole:
        members = {each: whole.read(each) for each in whole.namelist()}
    assert see(samples.archive({**members, "[Content_Types].xml": "<Types>"})).rendered.notes == ((Note.ENDS_EARLY, 0),)


@pytest.mark.parametrize("place", ["\N{SUPERSCRIPT TWO}", "9" * 5_000, "-1", "1e3", ""])
def test_a_cell_that_names_no_text_hides_no_other(place: str) -> None:
    with zipfile.ZipFile(io.BytesIO(samples.workbook())) as whole:
        members = {each: whole.read(each) for each in whole.namelist()}
    sheet = members["xl/worksheets/sheet1.xml"].replace(b"<v>0</v>", f"<v>{place}</v>".encode())
    seen = see(samples.archive({**members, "xl/worksheets/sheet1.xml": sheet}))
    assert (seen.rendered.text, seen.rendered.notes) == ("?\tAge\t\nAli\t41\t\n", ())


def test_what_was_filled_into_a_form_of_a_pdf_is_seen() -> None:
    drawn = "1 0 0 rg 0 0 100 100 re f"
    objects = [
        "<< /Type /Catalog /Pages 2 0 R /AcroForm << /Fields [4 0 R] >> >>",
        "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 100 100] /Annots [4 0 R] >>",
        "<< /Type /Annot /Subtype /Widget /FT /Tx /T (name) /Rect [0 0 100 100] /F 4 /AP << /N 5 0 R >> >>",
        f"<< /Type /XObject /Subtype /Form /BBox [0 0 100 100] /Length {len(drawn)} >>\nstream\n{drawn}\nendstream",
    ]
    assert pixels(see(samples.as_pdf(objects)).png).getpixel((50, 50)) == RED


@pytest.mark.parametrize(
    ("made", "sort", "text"),
    [
        (samples.word_document("They came\nat night."), "docx", "They came\nat night.\n"),
        (samples.workbook(), "xlsx", "Name\tAge\t\nAli\t41\t\n"),
        (samples.slides(), "pptx", "Slide 1\n\n\nSlide 2\n\n\nSlide 10\n"),
        (samples.open_document(), "odt", "Title\nOne two\n"),
    ],
    ids=["docx", "xlsx", "pptx", "odt"],
)
def test_of_an_office_document_the_text_is_read(made: bytes, sort: str, text: str) -> None:
    seen = see(made)
    assert seen.sort == sort
    assert seen.rendered.text == text


@pytest.mark.parametrize("made", [samples.word_document(), samples.open_document()])
def test_an_office_document_says_who_wrote_it(made: bytes) -> None:
    assert ("Amina K.", Tells.PERSON) in facts(see(made)).values()


def test_an_archive_is_listed() -> None:
    seen = see(samples.archive({"a/b.txt": b"x" * 100, "c.exe": b"MZ"}))
    assert [(entry.name, entry.size) for entry in seen.rendered.entries] == [("a/b.txt", 100), ("c.exe", 2)]
    assert seen.rendered.text == ""
    written = io.BytesIO()
    with tarfile.open(fileobj=written, mode="w") as target:
        for name in ("one", "two"):
            target.addfile(tarfile.TarInfo(name))
    assert [entry.name for entry in see(written.getvalue()).rendered.entries] == ["one", "two"]


RECORDINGS = {
    "mp4": samples.recording(),
    "webm": samples.recording(format_="webm", video="libvpx", sound="libopus"),
    "avi": samples.recording(format_="avi", video="mpeg4", sound="libmp3lame"),
    "ts": samples.recording(format_="mpegts", video="mpeg2video", sound="mp2"),
    "silent": samples.recording(sound=""),
}
SOUNDS = {
    "mp3": samples.recording(format_="mp3", video="", sound="libmp3lame"),
    "wav": samples.recording(format_="wav", video="", sound="pcm_s16le"),
    "ogg": samples.recording(format_="ogg", video="", sound="libopus"),
}


@pytest.mark.parametrize("name", [*RECORDINGS, *SOUNDS])
def test_sound_and_video_are_made_anew_as_webm(name: str) -> None:
    made = see((RECORDINGS | SOUNDS)[name], want=Size.MEDIA).rendered.media
    with opened(made) as container:
        assert container.format.name == "matroska,webm"
        kinds = [(stream.type, stream.codec_context.name) for stream in container.streams]
        frames = len(list(container.decode(container.streams[0])))
    expected = [("video", "vp8")] * (name in RECORDINGS) + [("audio", "opus")] * (name != "silent")
    assert kinds == expected
    assert frames >= 18, "two seconds of it"


@pytest.mark.parametrize("name", [*RECORDINGS, *SOUNDS])
def test_of_a_recording_its_length_and_first_picture_are_seen(name: str) -> None:
    seen = see((RECORDINGS | SOUNDS)[name])
    assert seen.rendered.plays
    assert seen.rendered.pages == 1
    assert facts(seen)["Length"][0] in ("0:02", "0:01")
    assert bool(seen.png) == (name in RECORDINGS)


def lying(turned: int) -> bytes:
    """A video of a telephone that was turned by so many degrees: how it is to be shown stands in its track's matrix."""
    data = samples.recording(sound="")
    down, right = {90: (1, 0), 180: (0, -1), 270: (-1, 0)}[turned]
    matrix = struct.pack(">9i", right << 16, down << 16, 0, -down << 16, right << 16, 0, 0, 0, 1 << 30)
    at = data.index(b"tkhd") + 44
    return data[:at] + matrix + data[at + len(matrix) :]


@pytest.mark.parametrize(("turned", "red_at", "size"), [(90, "top", (120, 160)), (180, "right", (160, 120)),
                                                        (270, "bottom", (120, 160))])  # fmt: skip
def test_a_video_that_was_filmed_lying_is_turned_upright(turned: int, red_at: str, size: tuple[int, int]) -> None:
    image = pixels(see(lying(turned)).png)
    assert image.size == size
    width, height = size
    place = {"top": (width // 2, 8), "right": (width - 8, height // 2), "bottom": (width // 2, height - 8)}[red_at]
    assert is_near(image.getpixel(place), RED)
    with opened(see(lying(turned), want=Size.MEDIA).rendered.media) as container:
        stream = container.streams.video[0]
        assert (stream.width, stream.height) == size


def test_a_recording_says_where_it_was_made_and_its_copy_does_not() -> None:
    data = samples.recording(title="Amina's garden", location="+39.9055+116.3913/")
    told = facts(see(data))
    assert told["location"] == ("+39.9055+116.3913/", Tells.PLACE)
    assert told["title"] == ("Amina's garden", Tells.PERSON)
    copied = see(data, want=Size.COPY).rendered.media
    assert b"Amina" not in copied
    assert b"39.9" not in copied


def test_a_long_recording_is_played_in_parts() -> None:
    data = samples.recording(65, format_="mp3", video="", sound="libmp3lame")
    assert see(data).rendered.pages == 3
    lengths = []
    for part in (1, 2, 3):
        with opened(see(data, part, Size.MEDIA).rendered.media) as container:
            lengths.append(sum(frame.samples for frame in container.decode(container.streams.audio[0])) / 48_000)
    assert lengths == pytest.approx([30, 30, 5], abs=0.5)


@pytest.mark.parametrize("sort", ["windows program", "unknown"])
def test_a_file_of_a_kind_that_nothing_is_made_of_says_so(sort: str) -> None:
    data = {"windows program": b"MZ\x90\0" + bytes(100), "unknown": bytes(range(256))}[sort]
    seen = see(data)
    assert seen.failure is Failure.NO_RENDERER
    assert seen.sort == sort
