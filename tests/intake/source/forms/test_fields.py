"""Whatever is in the fields of a form: a page and never an error of ours, and nothing stored that was refused."""

import secrets
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crypto.age import parse_recipient, seal
from intake.protocol.kinds import Kind
from intake.report.payloads import Reply
from intake.storage.tables import Item
from long_part import GROUPS, OF_EACH_SORT
from source_site import Site, Visit

pytestmark = pytest.mark.slow

PATHS = [
    "/en/words/check",
    "/en/report",
    "/en/return",
    "/en/tip/message",
    "/en/tip/withdraw",
    *(f"/en{path}" for path in (*GROUPS, *OF_EACH_SORT)),
]
SHOWN_ON = {"/en/tip/message": "/en/tip"}
VALUES = st.text(st.characters(codec="utf-8"), max_size=60) | st.sampled_from(["yes", "no", "unknown", "CN", "\0", "١"])
ODD: st.SearchStrategy[dict[str, str]] = st.just({}) | st.dictionaries(
    st.text(st.characters(codec="utf-8"), max_size=20), VALUES, max_size=2
)


def state(site: Site) -> tuple[int, int, int]:
    return len(site.tips()), len(site.items()), len(site.blobs())


def prepare(visit: Visit, path: str) -> Any:
    """The page's form, reached as a source would reach it."""
    if path in ("/en/report", "/en/words/check"):
        visit.get_codename()
    elif path != "/en/return":
        visit.report()
    visit.open(SHOWN_ON.get(path, path))
    return visit.page.form(path)


@pytest.mark.parametrize("path", PATHS)
def test_any_values_get_a_page_and_a_refusal_stores_nothing(unlimited: Site, path: str) -> None:
    visit = unlimited.visit()
    form = prepare(visit, path)
    pairs = st.lists(st.tuples(st.sampled_from(sorted(form.names)), VALUES), max_size=8)
    hidden = st.just(form.hidden) | st.fixed_dictionaries(dict.fromkeys(form.hidden, VALUES))

    @settings(max_examples=25, deadline=None)
    @given(pairs, ODD, hidden)
    def send(chosen: list[tuple[str, str]], odd: dict[str, str], hidden: dict[str, str]) -> None:
        before = state(unlimited)
        answer = visit.client.post(path, data=urlencode([*hidden.items(), *chosen, *odd.items()]), content_type=FORM)
        assert answer.status_code in (200, 303, 400, 409)
        if answer.status_code >= 400:
            assert state(unlimited) == before
            assert "</html>" in answer.get_data(as_text=True)

    send()


BOUNDARY = "f32b9d71c40a4f0e"
END = f"--{BOUNDARY}--\r\n".encode()


def multipart(texts: list[tuple[str, str]], files: list[tuple[str, bytes]]) -> bytes:
    """A form as a browser sends it: in names, it escapes what would end them."""
    escapes = str.maketrans({'"': "%22", "\r": "%0D", "\n": "%0A"})
    parts = [(f'name="{name.translate(escapes)}"', text.encode()) for name, text in texts]
    parts += [(f'name="{name}"; filename="x"\r\nContent-Type: image/png', content) for name, content in files]
    head = f"--{BOUNDARY}\r\nContent-Disposition: form-data; "
    return b"".join(f"{head}{name}\r\n\r\n".encode() + text + b"\r\n" for name, text in parts) + END


@pytest.mark.parametrize("files", [[], [("file", b"")], [("file", b"content")]], ids=["none", "empty", "one"])
def test_any_words_about_a_file_get_a_page_and_a_refusal_stores_nothing(
    unlimited: Site, files: list[tuple[str, bytes]]
) -> None:
    visit = unlimited.visit()
    form = prepare(visit, "/en/tip/file")
    # What is said about a file that does not come is refused, which undoes none that came.
    names = [name for name in sorted(form.names) if not (name.startswith("file") or (files and name[-1].isdigit()))]
    pairs = st.lists(st.tuples(st.sampled_from([*names, "codename"]), VALUES), max_size=6)
    token = st.just(form.hidden["token"]) | VALUES

    @settings(max_examples=40, deadline=None)
    @given(pairs, ODD, token)
    def send(chosen: list[tuple[str, str]], odd: dict[str, str], token: str) -> None:
        before = state(unlimited)
        texts = [("csrf_token", form.hidden["csrf_token"]), ("token", token), *chosen, *odd.items()]
        answer = visit.client.post(
            "/en/tip/file", data=multipart(texts, files), content_type=f"multipart/form-data; boundary={BOUNDARY}"
        )
        assert answer.status_code in (303, 400)
        if answer.status_code == 400:
            assert state(unlimited) == before
            assert "</html>" in answer.get_data(as_text=True)

    send()
    whole = multipart([*form.hidden.items(), ("shows", "A letter.")], files)
    answer = visit.client.post("/en/tip/file", data=whole, content_type=f"multipart/form-data; boundary={BOUNDARY}")
    assert answer.status_code == (303 if files == [("file", b"content")] else 400)


def test_any_name_of_a_reply_gets_a_page_and_deletes_none_but_that(unlimited: Site) -> None:
    visit = unlimited.visit()
    visit.report()
    (tip,) = unlimited.tips()
    sealed = seal(Reply("an answer", 1).padded(), [parse_recipient(tip.recipient)])
    item = Item(
        id=secrets.token_bytes(16), tip_id=tip.id, kind=Kind.REPLY, day=tip.day, size=len(sealed), sealed=sealed
    )
    name = item.id.hex()
    with unlimited.server.store.writing() as session:
        session.add(item)
    visit.open("/en/tip")
    hidden = visit.page.form("/delete").hidden
    near = st.sampled_from([name[:-1], name[:-2], name + "00", f"{name} x", name[::-1], "٠" * 32, ".", "..", ""])

    @settings(max_examples=80, deadline=None)
    @given(VALUES | near | st.binary(max_size=20).map(bytes.hex))
    def send(text: str) -> None:
        answer = visit.client.post(f"/en/tip/reply/{quote(text, safe='')}/delete", data=hidden)
        assert answer.status_code == 404
        assert "</html>" in answer.get_data(as_text=True)
        assert len(unlimited.items(Kind.REPLY)) == 1

    send()
    assert visit.post(f"/en/tip/reply/{name}/delete", hidden).status_code == 200
    assert unlimited.items(Kind.REPLY) == []


FORM = "application/x-www-form-urlencoded"


def test_any_bytes_get_a_page_and_store_nothing(unlimited: Site) -> None:
    visit = unlimited.visit()
    visit.report()
    before = state(unlimited)

    @settings(max_examples=40, deadline=None)
    @given(st.binary(max_size=300), st.sampled_from([FORM, "multipart/form-data; boundary=b", "text/plain", "x"]))
    def send(body: bytes, content_type: str) -> None:
        for path in ("/en/report", "/en/tip/message", "/en/tip/file", "/en/return", "/en/tip/more/acts"):
            answer = visit.client.post(path, data=body, content_type=content_type)
            assert 400 <= answer.status_code < 500
        assert state(unlimited) == before

    send()


def test_ten_thousand_fields_are_refused(site: Site, visit: Visit) -> None:
    visit.report()
    before = state(site)
    body = "&".join(f"field{number}=1" for number in range(10_000))
    for path in ("/en/report", "/en/tip/message", "/en/tip/more/acts"):
        assert visit.client.post(path, data=body, content_type=FORM).status_code in (400, 413)
    assert state(site) == before
