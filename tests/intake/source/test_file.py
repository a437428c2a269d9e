"""Files: sealed as they arrive, whole or not at all, whatever they are called."""

import hashlib
from collections.abc import Callable
from io import BytesIO
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import text as sql
from werkzeug.exceptions import BadRequest

from crypto.padding import padme
from intake.source import files
from intake.source.files import IncomingFile
from intake.storage.tables import Kind

BOUNDARY = "----boundary"


@pytest.fixture
def adding(visit: Any) -> Any:
    """A source in front of the page to add a file."""
    visit.report()
    visit.open("/en/tip/file")
    return visit


def body(texts: list[tuple[str, bytes]], name: bytes, content: bytes, boundary: bytes = BOUNDARY.encode()) -> bytes:
    parts = [b'Content-Disposition: form-data; name="%b"\r\n\r\n%b' % (key.encode(), text) for key, text in texts]
    parts.append(
        b'Content-Disposition: form-data; name="file"; filename="%b"\r\nContent-Type: image/png\r\n\r\n%b'
        % (name, content)
    )
    return b"".join(b"--%b\r\n%b\r\n" % (boundary, part) for part in parts) + b"--%b--\r\n" % boundary


def test_a_file_is_sealed_with_its_true_size_name_and_hash_and_padded(site: Any, adding: Any) -> None:
    content = bytes(range(256)) * 1000
    assert adding.send_file(content, "письмо.png", shows="A letter.\r\nOf May.").status_code == 200
    assert "Your file has arrived." in adding.page.words
    (about,) = site.opened(Kind.ABOUT)
    assert about["name"] == "письмо.png"
    assert about["media_type"] == "image/png"
    assert about["size"] == len(content)
    assert about["sha256"] == hashlib.sha256(content).hexdigest()
    assert about["shows"] == "A letter.\nOf May."
    (stored,) = site.contents()
    assert stored == content.ljust(padme(len(content)), b"\0")
    (item,) = site.items(Kind.CONTENT)
    assert item.id.hex() == about["content"]
    assert item.size == site.blobs()[0].stat().st_size


def test_the_page_says_how_large_a_file_may_be_and_that_it_takes_long(open_site: Callable[..., Any]) -> None:
    visit = open_site(largest_file=2_500_000).visit()
    visit.report()
    visit.open("/en/tip/file")
    assert "up to 2.5 MB" in visit.page.words
    assert "can take long" in visit.page.words


@pytest.mark.parametrize("name", ["", "empty.txt"])
def test_no_file_and_an_empty_file_are_told_to_the_source_whose_words_stay(site: Any, adding: Any, name: str) -> None:
    assert adding.send_file(b"", name, shows="What I meant to add.").status_code == 400
    assert "No file was chosen, or it is empty." in adding.page.words
    assert adding.page.filled["shows"] == ["What I meant to add."]
    assert site.blobs() == []
    assert site.items(Kind.ABOUT) == []


def test_a_file_over_the_limit_leaves_nothing_behind(open_site: Callable[..., Any]) -> None:
    site = open_site(largest_file=100_000)
    visit = site.visit()
    visit.report()
    visit.open("/en/tip/file")
    assert visit.send_file(b"x" * 100_001, shows="Too much.").status_code == 413
    assert "too large" in visit.page.words
    assert visit.page.filled["shows"] == ["Too much."]
    assert visit.send_file(b"x" * 2_000_000).status_code == 413
    assert site.blobs() == []
    visit.open("/en/tip/file")
    assert visit.send_file(b"x" * 100_000).status_code == 200


def test_sending_the_same_file_again_stores_it_once(site: Any, adding: Any) -> None:
    form = adding.page.form("/tip/file")
    for _ in range(2):
        assert adding.post_file(form.hidden, b"content").status_code == 200
        assert "Your file has arrived." in adding.page.words
    assert len(site.items(Kind.CONTENT)) == len(site.items(Kind.ABOUT)) == len(site.blobs()) == 1


def test_the_same_file_with_other_words_arrives_too(site: Any, adding: Any) -> None:
    form = adding.page.form("/tip/file")
    for shows in ("One.", "Two."):
        assert adding.post_file({**form.hidden, "shows": shows}, b"content").status_code == 200
    assert len(site.items(Kind.CONTENT)) == len(site.items(Kind.ABOUT)) == len(site.blobs()) == 2


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("照片.jpg", "照片.jpg"),
        ("../../etc/passwd", "../../etc/passwd"),
        ("a\x01\x7f.txt", "a\x01\x7f.txt"),
        ("字" * 65_536 + ".jpeg", "字" * 194 + "….jpeg"),
        ("x" * 1000, "x" * 199 + "…"),
        ("." * 1000, "." * 198 + "…."),
    ],
)
def test_a_file_may_be_called_anything(site: Any, adding: Any, name: str, kept: str) -> None:
    hidden = [(key, value.encode()) for key, value in adding.page.form("/tip/file").hidden.items()]
    sent = body([*hidden, ("shows", b"")], name.encode(), b"content")
    answer = adding.post("/en/tip/file", sent, content_type=f"multipart/form-data; boundary={BOUNDARY}")
    assert answer.status_code == 200
    about = site.opened(Kind.ABOUT)[0]
    assert about["name"] == kept
    assert len(about["name"]) <= 200
    assert len(site.blobs()) == 1


def test_without_its_token_a_file_is_not_taken(site: Any, adding: Any) -> None:
    for token in ("", "wrong"):
        assert adding.send_file(b"content", shows="Still here.", csrf_token=token).status_code == 400
        assert adding.page.filled["shows"] == ["Still here."]
    assert site.blobs() == []


def test_without_a_session_the_codename_is_asked_for_and_the_words_stay(site: Any, visit: Any) -> None:
    codename = visit.report()
    visit.open("/en/tip/file")
    form = visit.page.form("/tip/file")
    visit.client.delete_cookie("session")
    assert visit.post_file({**form.hidden, "shows": "A letter."}, b"content").status_code == 400
    assert visit.page.filled["shows"] == ["A letter."]
    assert site.blobs() == []
    assert visit.send_file(b"content", codename=codename, shows="A letter.").status_code == 200
    assert len(site.blobs()) == 1


def test_what_is_not_multipart_or_not_whole_is_refused(site: Any, adding: Any) -> None:
    hidden = [(key, value.encode()) for key, value in adding.page.form("/tip/file").hidden.items()]
    whole = body(hidden, b"a.txt", b"content")
    multipart = f"multipart/form-data; boundary={BOUNDARY}"
    for sent, content_type in (
        (whole, "application/x-www-form-urlencoded"),
        (whole, "multipart/form-data"),
        (whole, "multipart/form-data; boundary=other"),
        (whole[: len(whole) // 2], multipart),
        (whole[:-5], multipart),
        (body([*hidden, ("shows", b"\xff")], b"a.txt", b"content"), multipart),
        (body([*hidden, ("unknown", b"x")], b"a.txt", b"content"), multipart),
        (body(hidden, b"\xff.txt", b"content"), multipart),
        (body([*hidden, *hidden], b"a.txt", b"content"), multipart),
        (body([*hidden, ("shows", b"x" * 100_000)], b"a.txt", b"content"), multipart),
        (whole[: -len(BOUNDARY) - 6] + whole, multipart),
    ):
        assert adding.post("/en/tip/file", sent, content_type=content_type).status_code in (400, 413, 415)
    assert site.blobs() == []
    assert site.items(Kind.CONTENT, Kind.ABOUT) == []


def test_if_the_rows_can_not_be_stored_the_blob_goes_too(site: Any, adding: Any) -> None:
    with site.server.store.writing() as session:
        session.execute(sql("DROP TABLE item"))
    assert adding.send_file(b"content").status_code == 503
    assert site.blobs() == []


def test_files_leave_room_for_text(site: Any, adding: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "RESERVE", 1 << 60)
    assert adding.send_file(b"content").status_code == 503
    assert "but text can" in adding.page.words
    adding.open("/en/tip")
    assert adding.send("/message", text="Text.").status_code == 200


TEXTS = st.lists(st.tuples(st.sampled_from(["shows", "token", "é"]), st.text(st.characters(codec="utf-8"))), max_size=3)


@given(TEXTS, st.binary(max_size=300), st.integers(1, 64))
def test_what_is_sent_as_multipart_comes_out_in_whatever_pieces_it_arrives(
    texts: list[tuple[str, str]], content: bytes, piece: int
) -> None:
    incoming = _incoming(body([(key, text.encode()) for key, text in texts], b"name", content), piece)
    assert incoming.texts() == texts
    assert incoming.name == "name"
    assert b"".join(incoming.content()) == content


@given(st.binary(max_size=100), st.data())
def test_a_body_that_breaks_off_anywhere_is_no_file(content: bytes, data: st.DataObject) -> None:
    whole = body([("shows", b"x")], b"name", content)
    cut = data.draw(st.integers(0, len(whole) - 3))
    incoming = _incoming(whole[:cut], 64)
    with pytest.raises(BadRequest):
        _drain(incoming)


@given(st.binary(max_size=300))
def test_no_other_bytes_are_a_file(sent: bytes) -> None:
    with pytest.raises(BadRequest):
        _drain(_incoming(sent, 64))


def _drain(incoming: IncomingFile) -> None:
    incoming.texts()
    for _ in incoming.content():
        pass


def _incoming(sent: bytes, piece: int) -> IncomingFile:
    class Pieces(BytesIO):
        def read(self, size: int | None = -1) -> bytes:
            return super().read(min(piece, piece if size is None or size < 0 else size))

    return IncomingFile(Pieces(sent), BOUNDARY, len(sent))
