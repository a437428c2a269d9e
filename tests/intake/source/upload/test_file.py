"""Files: several at once, sealed as they arrive, each whole or not at all, whatever they are called."""

import hashlib
import re
import resource
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from io import BytesIO
from threading import Event
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text as sql
from werkzeug.exceptions import BadRequest

from crypto.padding import padme
from intake.protocol.kinds import Kind
from intake.source.session import visits
from intake.source.upload.form import ROWS, FileForm, Row
from intake.source.upload.parts import IncomingFile, IncomingParts, IncomingText
from source_site import OpenSite, Site, Visit

pytestmark = pytest.mark.slow

BOUNDARY = "----boundary"
MULTIPART = f"multipart/form-data; boundary={BOUNDARY}"

Part = tuple[str, bytes] | tuple[str, bytes, bytes]
"""A text's name and value, or a file's field, name and content."""


@pytest.fixture
def adding(visit: Visit) -> Visit:
    """A source in front of the page to add files."""
    visit.report()
    visit.open("/en/tip/file")
    return visit


@dataclass
class Chosen:
    """A file that a source has chosen, and what they have answered about it."""

    content: bytes
    name: str = "photo.jpg"
    shows: str = ""
    answers: tuple[tuple[str, str], ...] = ()


NOTHING = Chosen(b"", "")


def parts(hidden: dict[str, str], *chosen: Chosen) -> list[Part]:
    """What a browser sends for the rows of the form, in its order."""
    sent: list[Part] = [(name, value.encode()) for name, value in hidden.items()]
    for number, file in enumerate([*chosen, *[NOTHING] * (ROWS - len(chosen))], 1):
        suffix = "" if number == 1 else f"_{number}"
        sent.append((f"shows{suffix}", file.shows.encode()))
        sent += [(name + suffix, value.encode()) for name, value in file.answers]
        sent.append((f"file{suffix}", file.name.encode(), file.content))
    return sent


def body(sent: list[Part]) -> bytes:
    return b"".join(b"--%b\r\n%b\r\n" % (BOUNDARY.encode(), _part(*part)) for part in sent) + (
        b"--%b--\r\n" % BOUNDARY.encode()
    )


def _part(field: str, value: bytes, content: bytes | None = None) -> bytes:
    head = b'Content-Disposition: form-data; name="%b"' % field.encode()
    if content is None:
        return head + b"\r\n\r\n" + value
    return head + b'; filename="%b"\r\nContent-Type: image/png\r\n\r\n%b' % (value, content)


def hidden(visit: Visit) -> dict[str, str]:
    return dict(visit.page.form("/tip/file").hidden)


def send(visit: Visit, *chosen: Chosen, **other: str) -> Any:
    return send_body(visit, body(parts({**hidden(visit), **other}, *chosen)))


def send_body(visit: Visit, sent: bytes, content_type: str = MULTIPART) -> Any:
    return visit.post("/en/tip/file", sent, content_type=content_type)


def send_stream(visit: Visit, stream: BytesIO, length: int | None, **environ: Any) -> Any:
    """Send a body whose length is said to be this."""
    said = {"CONTENT_LENGTH": "" if length is None else str(length), **environ}
    return visit.post("/en/tip/file", None, input_stream=stream, content_type=MULTIPART, environ_overrides=said)


def words(visit: Visit) -> str:
    """What the page says, without the marks around names that may run in another direction."""
    return re.sub(r"[\u2068\u2069]", "", visit.page.words)


def names(site: Site) -> list[str]:
    return sorted(about["name"] for about in site.opened(Kind.ABOUT))


def stored(site: Site) -> int:
    """How much there is of files; every part of a file has the others."""
    counts = {len(site.items(Kind.ABOUT)), len(site.items(Kind.CONTENT)), len(site.blobs())}
    assert len(counts) == 1, "a file is half stored"
    return counts.pop()


def test_a_file_is_sealed_with_its_true_size_name_and_hash_and_padded(site: Site, adding: Visit) -> None:
    content = bytes(range(256)) * 1000
    assert send(adding, Chosen(content, "письмо.png", "A letter.\r\nOf May.")).status_code == 200
    (about,) = site.opened(Kind.ABOUT)
    assert about["name"] == "письмо.png"
    assert about["media_type"] == "image/png"
    assert about["size"] == len(content)
    assert about["sha256"] == hashlib.sha256(content).hexdigest()
    assert about["shows"] == "A letter.\nOf May."
    (sealed,) = site.contents()
    assert sealed == content.ljust(padme(len(content)), b"\0")
    (item,) = site.items(Kind.CONTENT)
    assert item.id.hex() == about["content"]
    assert item.size == site.blobs()[0].stat().st_size


def test_what_is_too_long_about_a_later_file_is_not_looked_through_for_each_before_it(site: Site, visit: Visit) -> None:
    codename = visit.report()
    visit.open("/en/tip/file")
    sent: list[Part] = [(name, value.encode()) for name, value in hidden(visit).items()]
    sent.append(("shows_2", f"{codename} ".encode() * 1000))
    sent += [("file", b"1.jpg", b"one"), ("file_2", b"2.jpg", b"two")]
    assert send_body(visit, body(sent)).status_code == 400
    assert "This text is too long." in words(visit)
    assert names(site) == ["1.jpg"]


def test_several_files_arrive_at_once_each_with_its_own_words(site: Site, adding: Visit) -> None:
    answered = (("original", "copy"), ("made_by", "My aunt, in May"), ("kept", "withheld"), ("seen_by", "unknown"))
    chosen = [
        Chosen(b"one", "1.jpg", "First.", answered),
        Chosen(b"two" * 50_000, "2.jpg"),
        Chosen(b"3", "3.jpg", "Last."),
    ]
    assert send(adding, *chosen).status_code == 200
    assert adding.path == "/en/tip"
    said = {about["name"]: about for about in site.opened(Kind.ABOUT)}
    assert [said[name]["shows"] for name in ("1.jpg", "2.jpg", "3.jpg")] == ["First.", "", "Last."]
    assert said["1.jpg"]["answers"] == dict(answered)
    assert set(said["2.jpg"]["answers"].values()) == {"unanswered"}
    assert {content.rstrip(b"\0") for content in site.contents()} == {b"one", b"two" * 50_000, b"3"}


def test_files_that_have_arrived_are_shown_once_with_name_and_size(adding: Visit) -> None:
    send(adding, Chosen(b"x" * 1_234_567, "voice.ogg"), NOTHING, Chosen(b"x", "letter.pdf"))
    assert "Your 2 files have arrived. “voice.ogg” (1.2 MB) and “letter.pdf” (1 byte)" in words(adding)
    adding.open("/en/tip")
    assert "voice.ogg" not in words(adding)


def test_a_file_in_any_row_may_be_the_only_one(site: Site, adding: Visit) -> None:
    assert send(adding, NOTHING, NOTHING, Chosen(b"x", shows="Third.")).status_code == 200
    assert "Your file has arrived." in words(adding)
    assert [about["shows"] for about in site.opened(Kind.ABOUT)] == ["Third."]


def test_the_page_says_beforehand_how_large_a_file_may_be_and_how_long_it_takes(adding: Visit) -> None:
    assert "up to 500 MB each" in words(adding)
    said = " ".join(words(adding).split())
    for line in (
        "1 MB 2 seconds to 10 seconds",
        "10 MB 20 seconds to 2 minutes",
        "100 MB 3 minutes to 17 minutes",
        "500 MB 17 minutes to 83 minutes",
    ):
        assert line in said


def test_the_limit_is_the_settings(open_site: OpenSite) -> None:
    visit = open_site(largest_file=2_500_000).visit()
    visit.report()
    visit.open("/en/tip/file")
    assert "up to 2.5 MB each" in words(visit)
    assert "2.5 MB 5 seconds to 25 seconds" in " ".join(words(visit).split())
    assert "10 MB" not in words(visit)


def test_without_any_file_the_page_asks_for_one(site: Site, adding: Visit) -> None:
    assert send(adding).status_code == 400
    assert "No file was chosen, or it is empty." in words(adding)
    assert site.blobs() == []


def test_words_without_their_file_stay_and_the_other_files_arrive(site: Site, adding: Visit) -> None:
    about = Chosen(b"", "", "What I meant to add.", (("original", "copy"),))
    assert send(adding, Chosen(b"x", shows="The first."), about).status_code == 400
    assert "No file was chosen, or it is empty." in words(adding)
    assert "“photo.jpg” (1 byte)" in words(adding)
    assert adding.page.filled["shows"] == [""]
    assert adding.page.filled["shows_2"] == ["What I meant to add."]
    assert adding.page.filled["original_2"] == ["copy"]
    assert stored(site) == 1


def test_a_file_that_is_empty_too_large_or_wrongly_described_is_named_and_the_others_stay(
    open_site: OpenSite,
) -> None:
    site = open_site(largest_file=100_000)
    for refused, status, said in (
        (Chosen(b"x" * 100_001, "long.mp4", "A film."), 413, "“long.mp4”: This file is too large. It can have 100 kB"),
        (Chosen(b"x" * 900_000, "long.mp4", "A film."), 413, "“long.mp4”: This file is too large. It can have 100 kB"),
        (Chosen(b"", "empty.txt", "A text."), 400, "“empty.txt”: This file is empty."),
        (Chosen(b"x", "a.txt", "word " * 1001), 400, "“a.txt”: Please look through what you wrote"),
        (Chosen(b"x", "a.txt", "word " * 20_000), 400, "“a.txt”: Please look through what you wrote"),
        (Chosen(b"x", "a.txt", "nul\0"), 400, "“a.txt”: Please look through what you wrote"),
        (Chosen(b"x", "a.txt", "", (("kept", "maybe"),)), 400, "“a.txt”: Please look through what you wrote"),
    ):
        visit, before = site.visit(), len(site.blobs())
        visit.report()
        visit.open("/en/tip/file")
        first, last = Chosen(b"x" * 100_000, "first.jpg"), Chosen(b"x", "last.jpg", "Last.")
        assert send(visit, first, refused, last).status_code == status
        assert said in words(visit)
        assert "2 files have arrived. “first.jpg” (100 kB) and “last.jpg” (1 byte)" in words(visit)
        assert visit.page.filled["shows_2"] == [refused.shows]
        assert visit.page.filled["shows_3"] == [""]
        assert stored(site) == before + 2


def test_what_is_far_too_large_is_not_waited_for_and_what_came_before_it_stays(open_site: OpenSite) -> None:
    site = open_site(largest_file=1_000_000)
    visit = site.visit()
    visit.report()
    visit.open("/en/tip/file")
    chosen = [Chosen(b"x", "small.jpg"), Chosen(b"x" * 30_000_000, "film.mp4"), Chosen(b"x", "after.jpg", "After.")]
    sent = BytesIO(body(parts(hidden(visit), *chosen)))
    assert send_stream(visit, sent, len(sent.getvalue())).status_code == 413
    assert sent.tell() < 2_000_000
    assert "Your file has arrived. “small.jpg”" in words(visit)
    assert "“film.mp4”: This file is too large." in words(visit)
    assert "Please send the others again." in words(visit)
    assert names(site) == ["small.jpg"]


def test_of_what_is_no_form_no_more_is_read_than_a_form_may_have(adding: Visit) -> None:
    for sent in (b"x" * 30_000_000, body([("shows", b"x" * 30_000_000)]), body([("shows", b"")] * 100_000)):
        stream = BytesIO(sent)
        assert send_stream(adding, stream, len(sent)).status_code in (400, 413)
        assert stream.tell() < 1_600_000


def test_sending_the_same_files_again_stores_each_once(site: Site, adding: Visit) -> None:
    sent = body(parts(hidden(adding), Chosen(b"content", "a"), Chosen(b"content", "b")))
    for _ in range(2):
        assert send_body(adding, sent).status_code == 200
        assert "Your 2 files have arrived." in words(adding)
    assert names(site) == ["a", "b"]
    assert stored(site) == 2


def test_the_same_file_with_other_words_arrives_too(site: Site, adding: Visit) -> None:
    form = hidden(adding)
    for shows in ("One.", "Two."):
        assert send_body(adding, body(parts(form, Chosen(b"content", shows=shows)))).status_code == 200
    assert stored(site) == 2


@pytest.mark.parametrize(
    ("name", "kept", "shown"),
    [
        ("照片.jpg", "照片.jpg", "照片.jpg"),
        ("../../etc/passwd", "../../etc/passwd", "../../etc/passwd"),
        ("a\x01\x7f.txt", "a\x01\x7f.txt", "a��.txt"),
        ("\u202egpj.exe", "\u202egpj.exe", "�gpj.exe"),
        ("<script>&'.js", "<script>&'.js", "<script>&'.js"),
        ("字" * 65_536 + ".jpeg", "字" * 194 + "….jpeg", "字" * 24 + "….jpeg"),
        ("x" * 1000, "x" * 199 + "…", "x" * 29 + "…"),
        ("." * 1000, "." * 198 + "….", "." * 28 + "…."),
    ],
)
def test_a_file_may_be_called_anything(site: Site, adding: Visit, name: str, kept: str, shown: str) -> None:
    assert send(adding, Chosen(b"content", name)).status_code == 200
    assert f"“{shown}”" in words(adding)
    assert names(site) == [kept]
    adding.open("/en/tip/file")
    assert send(adding, Chosen(b"", name)).status_code == 400
    assert f"“{shown}”: This file is empty." in words(adding)


def test_a_file_without_a_name_arrives(site: Site, adding: Visit) -> None:
    assert send(adding, Chosen(b"content", "")).status_code == 200
    assert names(site) == [""]


def test_a_file_that_is_not_what_its_name_says_is_kept_as_it_is(site: Site, adding: Visit) -> None:
    assert send(adding, Chosen(b"MZ\x90\0", "photo.jpg")).status_code == 200
    assert site.contents()[0].startswith(b"MZ\x90\0")
    assert names(site) == ["photo.jpg"]


def test_however_long_their_names_are_the_cookie_is_kept(adding: Visit) -> None:
    send(adding, *(Chosen(b"x", f"{number}" + "🏔" * 10_000) for number in range(3)))
    (cookie,) = [c for answer in adding.responses[-1].history for c in answer.headers.getlist("Set-Cookie")]
    assert len(cookie) < 4096
    assert adding.path == "/en/tip"


def test_without_its_token_nothing_is_taken_and_all_words_stay(site: Site, adding: Visit) -> None:
    chosen = [Chosen(b"content", shows=f"Still here, {number}.") for number in range(3)]
    for token in ("", "wrong"):
        assert send(adding, *chosen, csrf_token=token).status_code == 400
        for number, name in enumerate(("shows", "shows_2", "shows_3")):
            assert adding.page.filled[name] == [f"Still here, {number}."]
    assert site.blobs() == []


def test_without_a_session_the_codename_is_asked_for_and_all_words_stay(site: Site, visit: Visit) -> None:
    codename = visit.report()
    visit.open("/en/tip/file")
    form = hidden(visit)
    visit.client.delete_cookie("session")
    chosen = [Chosen(b"content", "1", "A letter."), Chosen(b"content", "2", "A photo.")]
    assert send_body(visit, body(parts(form, *chosen))).status_code == 400
    for wrong in ("", "zebra " * 8):
        assert send(visit, *chosen, codename=wrong).status_code == 400
        assert (visit.page.filled["shows"], visit.page.filled["shows_2"]) == (["A letter."], ["A photo."])
    assert site.blobs() == []
    assert send(visit, *chosen, codename=codename).status_code == 200
    assert names(site) == ["1", "2"]


class Counted(BytesIO):
    """A body that notes how much is read of it in all."""

    taken = 0

    def read(self, size: int | None = -1) -> bytes:
        piece = super().read(size)
        self.taken += len(piece)
        return piece

    def readinto(self, target: Any) -> int:
        piece = self.read(len(target))
        target[: len(piece)] = piece
        return len(piece)


def test_of_a_form_with_several_files_each_byte_is_read_once(site: Site, adding: Visit) -> None:
    chosen = [Chosen(b"%d" % number * 300_000, f"{number}", f"Words {number}.") for number in range(ROWS)]
    sent = body(parts(hidden(adding), *chosen))
    stream = Counted(sent)
    assert send_stream(adding, stream, len(sent)).status_code == 200
    assert stream.taken == len(sent)
    assert sorted(about["shows"] for about in site.opened(Kind.ABOUT)) == [file.shows for file in chosen]


def test_a_form_with_several_files_is_gone_through_once(
    site: Site, adding: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = body(parts(hidden(adding), *(Chosen(b"x", f"{number}", f"Words {number}.") for number in range(ROWS))))
    made: list[FileForm] = []
    checked: list[Row] = []
    monkeypatch.setattr(FileForm, "__init__", noting(FileForm.__init__, made))
    monkeypatch.setattr(Row, "check", noting(Row.check, checked))
    assert send_body(adding, sent).status_code == 200
    assert (len(made), len(checked)) == (1, ROWS)
    assert names(site) == ["0", "1", "2"]


def noting(call: Callable[..., Any], calls: list[Any]) -> Callable[..., Any]:
    """The same, with each call noted."""

    def noted(self: Any, *args: Any, **values: Any) -> Any:
        calls.append(self)
        return call(self, *args, **values)

    return noted


class Watched(BytesIO):
    """A body that does something once when half of it has been read."""

    def __init__(self, sent: bytes, at_half: Callable[[], None]) -> None:
        super().__init__(sent)
        self.size = len(sent)
        self._at_half: Callable[[], None] | None = at_half

    def read(self, size: int | None = -1) -> bytes:
        if self._at_half is not None and self.tell() > self.size // 2:
            at_half, self._at_half = self._at_half, None
            at_half()
        return super().read(size)

    def readinto(self, target: Any) -> int:
        piece = self.read(len(target))
        target[: len(piece)] = piece
        return len(piece)


def send_watched(visit: Visit, sent: bytes, at_half: Callable[[], None]) -> Any:
    return send_stream(visit, Watched(sent, at_half), len(sent))


def test_a_session_that_ends_while_files_arrive_loses_none_of_them(
    site: Site, adding: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = site.app.test_client()
    other.set_cookie("session", adding.cookie)

    def end() -> None:
        assert other.get("/en/tip/file").status_code == 200
        monkeypatch.setattr(visits, "IDLE", timedelta(seconds=-1))
        assert other.get("/en/tip/file").location == "/en/return"

    sent = body(parts(hidden(adding), Chosen(b"x" * 500_000, "1"), Chosen(b"x" * 500_000, "2"), Chosen(b"x", "3")))
    send_watched(adding, sent, end)
    assert adding.responses[-1].history[0].status_code == 303
    assert names(site) == ["1", "2", "3"]


def test_a_second_submit_while_the_first_runs_stores_each_file_once(site: Site, adding: Visit) -> None:
    sent = body(parts(hidden(adding), Chosen(b"x" * 500_000, "1"), Chosen(b"x" * 500_000, "2")))
    second = site.visit()
    second.client.set_cookie("session", adding.cookie)
    first_waits, second_done = Event(), Event()

    def wait() -> None:
        first_waits.set()
        assert second_done.wait(60)

    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(send_watched, adding, sent, wait)
        assert first_waits.wait(60)
        assert send_body(second, sent).status_code == 200
        second_done.set()
        assert first.result(60).status_code == 200
    for visit in (adding, second):
        assert "Your 2 files have arrived." in words(visit)
    assert names(site) == ["1", "2"]
    assert stored(site) == 2


def test_files_of_a_report_that_is_deleted_meanwhile_leave_nothing_behind(site: Site, adding: Visit) -> None:
    def delete() -> None:
        with site.server.store.writing() as changes:
            changes.execute(sql("DELETE FROM item"))
            changes.execute(sql("DELETE FROM tip"))

    sent = body(parts(hidden(adding), Chosen(b"x" * 500_000, "1")))
    assert send_watched(adding, sent, delete).status_code == 400
    assert "Your visit had ended" in words(adding)
    assert stored(site) == 0


def test_what_is_not_multipart_or_not_a_form_of_ours_is_refused(site: Site, adding: Visit) -> None:
    form = hidden(adding)
    whole = parts(form, Chosen(b"content", "a.txt"))
    start = parts(form)[:2]
    for sent, content_type in (
        (body(whole), "application/x-www-form-urlencoded"),
        (body(whole), "multipart/form-data"),
        (body(whole), "multipart/form-data; boundary=other"),
        (body([*start, ("shows", b"\xff"), *whole[3:]]), MULTIPART),
        (body([*start, ("unknown", b"x"), *whole]), MULTIPART),
        (body([*start, ("shows", b""), ("file", b"\xff.txt", b"content")]), MULTIPART),
        (body([*start, ("shows", b""), ("elsewhere", b"a.txt", b"content")]), MULTIPART),
        (body([*start, *whole]), MULTIPART),
        (body([("shows", b"x" * 2_000_000), *whole]), MULTIPART),
        (body([*start, *([("shows", b"x")] * 10_000)]), MULTIPART),
        (b"", MULTIPART),
        (b"x" * 3_000_000, MULTIPART),
    ):
        assert send_body(adding, sent, content_type).status_code in (400, 413, 415)
        assert "500" not in words(adding).partition("up to")[0]
    assert stored(site) == 0


def test_what_follows_a_whole_file_can_not_undo_it(site: Site, adding: Visit) -> None:
    form = hidden(adding)
    whole = parts(form, Chosen(b"content", "a.txt", "A letter."))[:-4]
    rests: list[list[Part]] = [
        [("file", b"a.txt", b"again")],
        [("elsewhere", b"b.txt", b"content")],
        [("unknown", b""), ("file_2", b"b.txt", b"content")],
        [("shows_2", b"x" * 2_000_000)],
        [("shows_2", b"x")] * 10_000,
    ]
    for number, rest in enumerate(rests):
        token = f"{number:022}"
        answer = send_body(adding, body([*parts({**form, "token": token})[:2], *whole[2:], *rest]))
        assert answer.status_code in (400, 413)
        assert "Your file has arrived. “a.txt” (7 bytes)" in words(adding)
        assert "Not everything arrived." in words(adding)
        assert stored(site) == number + 1


def test_without_a_length_nothing_is_taken_but_in_chunks_everything(site: Site, adding: Visit) -> None:
    sent = body(parts(hidden(adding), Chosen(b"content", "a"), Chosen(b"content", "b")))
    assert send_stream(adding, BytesIO(sent), None).status_code == 400
    assert stored(site) == 0
    chunked = {"HTTP_TRANSFER_ENCODING": "chunked", "wsgi.input_terminated": True}
    assert send_stream(adding, BytesIO(sent), None, **chunked).status_code == 200
    assert names(site) == ["a", "b"]


def test_a_body_larger_than_its_length_ends_where_that_says(site: Site, adding: Visit) -> None:
    sent = body(parts(hidden(adding), Chosen(b"content", "a"), Chosen(b"content", "b")))
    assert send_stream(adding, BytesIO(sent), sent.index(b'name="file_2"') + 60).status_code == 400
    assert "Your file has arrived. “a”" in words(adding)
    assert names(site) == ["a"]


@pytest.fixture
def unhurried(open_site: OpenSite) -> tuple[Any, Any]:
    """A site that takes as many files in a minute as a test sends, and a source in front of its page."""
    site = open_site(limit_sends="10000 per minute", limit_pages="10000 per minute")
    visit = site.visit()
    visit.report()
    return site, visit


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_wherever_an_upload_is_cut_the_files_before_it_stay_and_are_named_and_nothing_is_half_stored(
    unhurried: tuple[Any, Any], data: st.DataObject
) -> None:
    site, visit = unhurried
    visit.open("/en/tip/file")
    before = stored(site)
    sent = body(parts(hidden(visit), *(Chosen(b"content" * 9, f"file-{n}.txt", f"Words {n}.") for n in range(3))))
    ends = [match.end() for match in re.finditer(rb"(?:content){9}\r\n--" + BOUNDARY.encode() + rb"(?:\r\n|--)", sent)]
    cut = data.draw(st.integers(0, len(sent) - 1))
    arrived = sum(end <= cut for end in ends)
    assert send_stream(visit, BytesIO(sent[:cut]), len(sent)).status_code == 400
    assert stored(site) == before + arrived
    for number in range(3):
        assert (f"“file-{number}.txt” (63 bytes)" in words(visit)) == (number < arrived)


def test_if_the_rows_can_not_be_stored_the_blobs_go_too(site: Site, adding: Visit) -> None:
    with site.server.store.writing() as changes:
        changes.execute(sql("DROP TABLE item"))
    assert send(adding, Chosen(b"content", "a"), Chosen(b"content", "b", "Words.")).status_code == 503
    for name in ("a", "b"):
        assert f"“{name}”: This file can't be stored at the moment." in words(adding)
    assert adding.page.filled["shows_2"] == ["Words."]
    assert site.blobs() == []


@contextmanager
def files_up_to(size: int) -> Iterator[None]:
    """A disk that takes no file of more than so many bytes."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_disk_that_refuses_in_the_middle_of_a_file_leaves_nothing_of_it_and_the_others_stay(
    site: Site, adding: Visit
) -> None:
    chosen = [Chosen(b"x" * 1000, "before"), Chosen(b"x" * 9_000_000, "large", "A film."), Chosen(b"x" * 1000, "after")]
    with files_up_to(4_000_000):
        assert send(adding, *chosen).status_code == 503
    assert "“large”: This file can't be stored at the moment." in words(adding)
    assert "“before” (1 kB) and “after” (1 kB)" in words(adding)
    assert adding.page.filled["shows_2"] == ["A film."]
    assert names(site) == ["after", "before"]
    assert stored(site) == 2


def test_files_leave_room_for_text(open_site: OpenSite) -> None:
    site = open_site(reserve_files=1 << 60)
    visit = site.visit()
    visit.report()
    visit.open("/en/tip/file")
    assert send(visit, Chosen(b"content", "a", "Words."), Chosen(b"content", "b", "More.")).status_code == 503
    assert "“a”: Files can't be taken at the moment, but text can." in words(visit)
    assert (visit.page.filled["shows"], visit.page.filled["shows_2"]) == (["Words."], ["More."])
    assert site.blobs() == []
    visit.open("/en/tip")
    assert visit.send("/message", text="Text.").status_code == 200


FIELDS = st.sampled_from(["shows", "token", "é"])
TEXT = st.tuples(FIELDS, st.text(st.characters(codec="utf-8")).map(str.encode))
FILE = st.tuples(FIELDS, st.just(b"name"), st.binary(min_size=1, max_size=300))
PARTS = st.lists(TEXT | FILE, max_size=6)


@given(PARTS, st.integers(1, 64))
def test_what_is_sent_as_multipart_comes_out_in_whatever_pieces_it_arrives(sent: list[Part], piece: int) -> None:
    incoming = _incoming(body(sent), piece)
    assert [read(part) for part in incoming] == sent
    assert sorted(incoming.texts.items(multi=True)) == sorted(_texts(sent))


@given(PARTS, st.data())
def test_of_a_body_that_breaks_off_anywhere_only_whole_parts_come_out(sent: list[Part], data: st.DataObject) -> None:
    whole = body(sent)
    cut = data.draw(st.integers(0, len(whole) - 3))
    found: list[Part] = []
    with pytest.raises(BadRequest):
        found.extend(read(part) for part in _incoming(whole[:cut], 64))
    assert found == sent[: len(found)]


@given(st.binary(max_size=300))
def test_no_other_bytes_are_a_form(sent: bytes) -> None:
    with pytest.raises(BadRequest):
        list(_incoming(sent, 64))


@given(PARTS, st.integers(0, 3))
def test_what_is_not_read_of_a_file_is_skipped(sent: list[Part], skipped: int) -> None:
    incoming = _incoming(body(sent), 64)
    found = [read(part) for number, part in enumerate(incoming) if number != skipped]
    assert found == [part for number, part in enumerate(sent) if number != skipped]


def read(part: IncomingText | IncomingFile) -> Part:
    if isinstance(part, IncomingText):
        return part.part, part.text.encode()
    return part.part, part.name.encode(), b"".join(part.content)


def _texts(sent: list[Part]) -> list[tuple[str, str]]:
    return [(name, value.decode()) for name, value in (part for part in sent if len(part) == 2)]


def _incoming(sent: bytes, piece: int) -> IncomingParts:
    class Pieces(BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            return super().read(min(piece, piece if size is None or size < 0 else size))

    return IncomingParts(Pieces(sent), BOUNDARY, len(sent), 1 << 20)
