"""The pages of files: what a browser gets of what strangers sent, and what it takes to save a file outside."""

import hashlib
import re
from collections.abc import Callable
from html import unescape
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

import samples
from axe import AXE
from beyond import BEYOND_THE_SIDES
from intake.triage.files.view.answer import Failure
from open_desk import Desk
from program import Enrol, Program, Reviewer
from told import sync
from window import show

pytestmark = pytest.mark.slow

FILE_PAGE = "img-src 'self'; media-src 'self'"
NAME = "证据 \u202egpj.jpg"


@pytest.fixture
def file(desk: Desk, reviewer: Reviewer) -> Callable[[str, bytes], tuple[Program, str]]:
    """An unlocked program and the address of a file in it."""

    def store(name: str, data: bytes) -> tuple[Program, str]:
        amina = reviewer("amina")
        tip = desk.store_tip("They went to my mother.", {})
        address = f"/tips/{tip.id.hex()}/files/{desk.store_file(tip, name, data)}"
        amina.unlock()
        return amina, address

    return store


File = Callable[[str, bytes], tuple[Program, str]]


def test_the_browser_gets_a_picture_of_a_file_and_never_a_byte_of_it(file: File) -> None:
    data = samples.photo()
    amina, address = file("photo.jpg", data)
    page = amina.get(address)
    source = f"{amina.place.path}{address}/picture?page=1"
    assert f'src="{source}"' in page.text
    picture = amina.get(f"{address}/picture?page=1")
    assert picture.data.startswith(b"\x89PNG")
    assert b"iPhone" not in picture.data
    assert picture.headers["Content-Type"] == "image/png"
    assert picture.headers["Content-Disposition"] == "inline"


def test_only_pages_of_files_may_show_pictures_and_only_ours(file: File) -> None:
    amina, address = file("photo.jpg", samples.photo())
    policy = amina.get(address).headers["Content-Security-Policy"]
    assert policy.endswith(FILE_PAGE)
    assert policy.startswith("default-src 'none'")
    for path in ("/", address.partition("/files/")[0], f"{address}/outside"):
        assert "img-src" not in amina.get(path).headers["Content-Security-Policy"]


@pytest.mark.parametrize("path", ["", "/picture", "/media", "/outside"])
def test_nothing_of_a_file_is_kept_by_the_browser_or_guessed_at(path: str, file: File) -> None:
    amina, address = file("film.mp4", samples.recording())
    headers = amina.get(f"{address}{path}").headers
    assert headers["Cache-Control"] == "no-store"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
    if path in ("/picture", "/media"):
        assert headers["Content-Security-Policy"] == "sandbox; default-src 'none'"


def test_what_the_file_says_of_itself_is_shown_as_risk_and_as_evidence(file: File) -> None:
    amina, address = file("photo.jpg", samples.photo())
    page = amina.get(address).text
    assert re.search(r"Place \(latitude, longitude\)</bdi> <strong class=\"warn\">tells where</strong></dt>", page)
    assert "39.905556, 116.391389" in page
    assert "proves nothing" in page


def test_words_of_files_are_words_and_no_marks(file: File) -> None:
    hostile = "<script>alert(1)</script>\u202etxt"
    amina, address = file("a.pdf", samples.pdf(info=f"/Author <{(chr(0xFEFF) + hostile).encode('utf-16-be').hex()}>"))
    page = amina.get(address).text
    assert "<script" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;⟦RLO⟧txt" in page


def test_a_pdf_is_turned_page_by_page(file: File) -> None:
    amina, address = file("summons.pdf", samples.pdf(300, "Summons"))
    assert "Page 1 of 300" in amina.get(address).text
    last = amina.get(f"{address}?page=300").text
    assert "Summons 300" in last
    assert "Previous page" in last
    assert "Next page" not in last
    beyond = amina.get(f"{address}?page=301")
    assert beyond.status_code == 404
    assert "It has no such page." in beyond.text
    for page in ("0", "-1", "x", "9" * 30):
        assert amina.get(f"{address}?page={page}").status_code in (200, 404)


@pytest.mark.parametrize(
    ("name", "data", "says"),
    [
        ("photo.jpg", b"MZ\x90\0" + bytes(100), "this is a program for Windows"),
        ("photo.jpg", samples.picture() + samples.archive({"a.js": b""}), "may take it for a ZIP archive"),
        ("locked.pdf", samples.locked_pdf(), "locked with a password"),
        ("broken.png", samples.picture("PNG")[:20], "It is damaged"),
        ("unknown.bin", bytes(range(256)), "makes no picture and no text of files of this kind"),
        ("empty.txt", b"", "nothing in it to see or hear"),
    ],
    ids=["program", "polyglot", "locked", "broken", "unknown", "empty"],
)  # fmt: skip
def test_what_is_wrong_with_a_file_is_said(name: str, data: bytes, says: str, file: File) -> None:
    amina, address = file(name, data)
    answer = amina.get(address)
    assert answer.status_code == 200
    assert says in unescape(answer.text)


def test_a_name_that_looks_like_another_files_is_said_to(desk: Desk, reviewer: Reviewer) -> None:
    amina = reviewer("amina")
    tip = desk.store_tip("First.", {})
    desk.store_file(tip, "paper.txt", b"one")
    other = desk.store_file(tip, "рареr.txt", b"two")
    amina.unlock()
    page = amina.get(f"/tips/{tip.id.hex()}/files/{other}").text
    assert "looks like that of another file" in page
    assert hashlib.sha256(b"one").hexdigest() in page


def test_sound_is_played_in_the_browser_and_a_part_of_it_can_be_asked_for(file: File) -> None:
    amina, address = file("voice.mp3", samples.recording(3, "mp3", "", "libmp3lame"))
    page = amina.get(address).text
    assert "<audio" in page
    whole = amina.get(f"{address}/media?page=1")
    assert whole.headers["Content-Type"] == "video/webm"
    some = amina.get(f"{address}/media?page=1", headers={"Range": "bytes=10-19"})
    assert (some.status_code, some.data) == (206, whole.data[10:20])


def test_the_original_is_saved_only_behind_a_page_that_warns(file: File) -> None:
    data = samples.photo()
    amina, address = file("photo.jpg", data)
    assert "Save the original" not in amina.get(address).text
    warning = amina.get(f"{address}/outside").text
    assert "nothing of this program protects a file any more" in warning
    assert hashlib.sha256(data).hexdigest() in warning
    assert amina.send(f"{address}/outside", {"what": "original"}).status_code == 400, "only from that page"
    saved = amina.save(address)
    assert saved.data == data
    assert saved.headers["Content-Disposition"].startswith("attachment")


def test_who_saved_a_file_outside_stands_in_the_reports_history_for_all(
    file: File, enrol: Enrol, reviewer: Reviewer
) -> None:
    enrol("boris")
    data = samples.photo()
    amina, address = file("photo.jpg", data)
    report = address.partition("/files/")[0]
    assert "was saved outside" not in amina.get(report).text
    copy = hashlib.sha256(amina.save(address, what="copy").data).hexdigest()
    amina.save(address)
    boris = reviewer("boris")
    boris.unlock()
    history = boris.get(report).text.partition('<section id="history">')[2]
    digest = hashlib.sha256(data).hexdigest()
    for what in (f"a cleaned copy of a page, SHA-256 {copy}, of the original with SHA-256", "the original, SHA-256"):
        assert re.search(f"A file was saved outside. *<span[^>]*>{what} {digest}</span>.*amina", history)


@pytest.mark.parametrize(
    ("name", "data", "ending"),
    [
        ("photo.jpg", samples.photo(), "png"),
        ("summons.pdf", samples.pdf(2, "Summons", info="/Author (Amina K.)"), "png"),
        ("letter.docx", samples.word_document(), "txt"),
        ("film.mp4", samples.recording(title="Amina K."), "webm"),
    ],
    ids=["jpeg", "pdf", "docx", "mp4"],
)  # fmt: skip
def test_a_cleaned_copy_has_nothing_of_what_the_file_says_of_itself(
    name: str, data: bytes, ending: str, file: File
) -> None:
    amina, address = file(name, data)
    copied = amina.save(address, what="copy")
    assert copied.status_code == 200
    short = hashlib.sha256(data).hexdigest()[:8]
    assert copied.headers["Content-Disposition"].startswith(f'attachment; filename="copy-of-{short}-1.{ending}"')
    assert not any(word in copied.data for word in (b"Amina", b"iPhone", b"Exif", b"GPS"))


@pytest.mark.parametrize(
    ("name", "data"),
    [("setup.exe", b"MZ\x90\0" + bytes(100)), ("files.zip", samples.archive({"c.exe": b"MZ"}))],
    ids=["program", "archive"],
)
def test_no_copy_is_made_of_what_can_not_be_seen_and_none_stands_in_the_history(
    name: str, data: bytes, file: File
) -> None:
    amina, address = file(name, data)
    answer = amina.save(address, what="copy")
    assert answer.status_code == 422
    assert "No copy was made." in answer.text
    assert "was saved outside" not in amina.get(address.partition("/files/")[0]).text


def test_a_locked_program_shows_no_file(file: File) -> None:
    amina, address = file("photo.jpg", samples.photo())
    amina.get(address)
    amina.guard.lock()
    for path in ("", "/picture", "/media", "/outside"):
        assert "/unlock" in amina.get(f"{address}{path}").headers["Location"]


def test_after_the_lock_nothing_more_is_rendered(file: File) -> None:
    amina, address = file("photo.jpg", samples.photo())
    _, _, tip_id, _, item_id = address.split("/")
    viewer, tip = amina.workspace.viewer, amina.workspace.book.tip(tip_id)
    assert tip is not None
    assert viewer.see(tip, tip.files[item_id], 1).png
    amina.guard.lock()
    assert viewer.see(tip, tip.files[item_id], 1).failure is Failure.TIME


def test_nothing_of_a_file_that_was_seen_lies_on_the_disk(file: File, tmp_path: Path) -> None:
    marker = "a-marker-that-must-not-reach-the-disk"
    amina, address = file(f"{marker}.txt", marker.encode() * 1000)
    assert marker in amina.get(address).text
    amina.guard.lock()
    for path in tmp_path.rglob("*"):
        assert not path.is_file() or marker.encode() not in path.read_bytes(), path


def found(program: Program, typed: str) -> str:
    """What the search says of how many reports it finds."""
    (says,) = re.findall(r"<h1>(Found in \d+) report", program.get(f"/search?q={typed}").text)
    return str(says)


def test_what_stands_in_a_file_is_found_once_its_page_was_opened_and_after_a_lock(file: File) -> None:
    text = f"The verdict of <b>Ürümqi</b>.{' ' * 20_000}The second page speaks of appeals."
    amina, address = file("verdict.txt", text.encode())
    assert found(amina, "urumqi") == "Found in 0"
    assert "This page, as the others of it that were opened on this machine" in amina.get(address).text
    assert found(amina, "urumqi") == "Found in 1"
    assert found(amina, "file:appeals") == "Found in 0", "its second page was not opened"
    amina.get(f"{address}?page=2")
    amina.guard.lock()
    amina.unlock()
    shown = amina.get("/search?q=appeals urumqi").text
    assert "&lt;b&gt;<mark>Ürümqi</mark>&lt;/b&gt;" in shown
    assert "page 2 of verdict.txt" in shown


def test_a_file_with_more_text_than_is_searched_says_so_on_the_page_that_is_not(file: File) -> None:
    amina, address = file("long.txt", ("word " * 20_000).encode())
    said = ["Not this page: there is no more room" in amina.get(f"{address}?page={page}").text for page in range(1, 6)]
    assert said == [False, False, False, True, True]


def test_a_report_of_which_a_file_was_opened_is_new_no_more_and_what_came_since_is(
    reviewer: Reviewer, desk: Desk
) -> None:
    def unread(choice: str) -> bool:
        return "<h1>1 report</h1>" in amina.get(f"/reports?unread={choice}").text

    amina = reviewer("amina")
    stored = desk.store_tip("They went to my mother.", {})
    tip = f"/tips/{stored.id.hex()}"
    address = f"{tip}/files/{desk.store_file(stored, 'photo.jpg', samples.photo())}"
    amina.unlock()
    assert unread("new")
    amina.get(address)
    assert unread("read")
    desk.store_message(stored, "They came again.")
    sync(amina)
    amina.get(address)
    assert unread("changed"), "the message was not seen"
    other = f"{tip}/files/{desk.store_file(stored, 'other.txt', b'text')}"
    amina.get(tip)
    sync(amina)
    assert unread("changed")
    amina.get(other)
    assert unread("read")


def test_a_file_that_the_desk_does_not_send_is_said_not_to_be_had(desk: Desk, file: File) -> None:
    amina, address = file("photo.jpg", samples.photo())
    (blob,) = desk.server.settings.blobs.iterdir()
    blob.unlink()
    answer = amina.get(address)
    assert answer.status_code == 502
    assert "lost on the server" in answer.text


SEEN = {
    "photo": (NAME, samples.photo()),
    "pdf": ("summons.pdf", samples.pdf(300, "Summons", info="/Author (Amina K.) /Producer (Writer 7)")),
    "text": ("راپور.txt", ("他们来过我家。" * 40 + "\n" + "x" * 900).encode()),
    "mail": ("letter.eml", samples.mail(40)),
    "word": ("letter.docx", samples.word_document("They came at night.\nThey asked for my brother.")),
    "video": ("film.mp4", samples.recording(65, title="Amina K.", location="+39.9055+116.3913/")),
    "sound": ("voice.mp3", samples.recording(3, "mp3", "", "libmp3lame")),
    "archive": ("files.zip", samples.archive({"a/b.txt": b"x" * 100, "c.exe": b"MZ", "n" * 400: b""})),
    "polyglot": ("photo.jpg", samples.picture() + samples.archive({"run.js": b""})),
    "program": ("photo.jpg", b"MZ\x90\0" + bytes(100)),
}


@pytest.mark.parametrize("name", SEEN)
def test_a_page_of_a_file_is_whole_and_accessible(
    name: str, file: File, window: Page, photograph: Callable[[Page, str], None]
) -> None:
    amina, address = file(*SEEN[name])
    for path in (address, f"{address}/outside"):
        show(window, amina, path)
        for image in window.locator("img").all():
            expect(image).to_have_js_property("complete", True)
            assert image.evaluate("image => image.naturalWidth") > 0
        assert window.evaluate(AXE) == []
        for width in (320, 1024, 1600):
            window.set_viewport_size({"width": width, "height": 900})
            assert window.evaluate(BEYOND_THE_SIDES) == []
            photograph(window, f"file-{name}{'-outside' if path != address else ''}-{width}")


@pytest.mark.parametrize("name", ["video", "sound"])
def test_a_recording_plays_in_the_browser(name: str, file: File, chromium: Browser) -> None:
    amina, address = file(*SEEN[name])
    with chromium.new_context(viewport={"width": 1280, "height": 900}) as context:
        window = context.new_page()
        refused: list[str] = []
        window.on("console", lambda message: refused.append(message.text))
        show(window, amina, address)
        player = window.locator("video, audio")
        player.evaluate("async player => { player.muted = true; await player.play(); }")
        window.wait_for_function("() => document.querySelector('video, audio').currentTime > 0.2")
        assert refused == []
