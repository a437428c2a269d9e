"""Forms that are long or malformed, or come when the disk is full: what was typed stays, nothing is half-stored."""

import shutil
import socket
from http.client import HTTPResponse

import pytest

from intake.protocol.kinds import Kind
from intake.source.admission.incoming import FORM, LARGEST_FORM
from source_site import OpenSite, Site, StartSource, Visit

pytestmark = pytest.mark.slow

LONGEST = 50_000


@pytest.mark.parametrize("letter", ["a", "家", "ئ", "བ", "𠀀", " ", "\n", "&"])
def test_a_text_that_is_too_long_stays_in_its_form_in_any_script(site: Site, visit: Visit, letter: str) -> None:
    visit.report()
    text = "x" + letter * LONGEST
    assert visit.send("/message", text=text).status_code == 400
    assert "This text is too long" in visit.page.words
    assert visit.page.filled["text"] == [text]
    assert [item.kind for item in site.items()] == [Kind.REPORT]
    assert visit.send("/message", text=text[:LONGEST]).status_code == 200
    assert site.opened(Kind.MESSAGE)[0]["text"] == text[:LONGEST]


def test_a_form_as_large_as_can_be_read_comes_back_whole(site: Site, visit: Visit) -> None:
    visit.report()
    text = "家" * (LARGEST_FORM // 9 - 100)
    assert visit.send("/message", text=text).status_code == 400
    assert visit.page.filled["text"] == [text]
    assert visit.send("/message", text=text + 200 * "家").status_code == 413


def test_forms_of_thousands_of_fields_are_refused_at_once(visit: Visit) -> None:
    visit.report()
    for body in ("a=&" * 10_000, "&" * (LARGEST_FORM - 1)):
        assert visit.post("/en/tip/message", body, content_type=FORM).status_code == 400


@pytest.mark.parametrize("path", ["/en/report", "/en/tip/message", "/en/tip/file", "/en/words"])
def test_a_malformed_chunked_body_is_the_clients_fault_and_logged_as_none_of_ours(
    site: Site, gunicorn: StartSource, path: str
) -> None:
    running = gunicorn(site.server.settings.data)
    kind = "multipart/form-data; boundary=b" if path == "/en/tip/file" else FORM
    head = f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Type: {kind}\r\nTransfer-Encoding: chunked\r\n\r\n"
    for body in ("zz\r\n", "5\r\nabcdeXX", "5;=\r\nabcde\r\n0\r\n\r\n", "5\r\nabc", "-1\r\n", "0\r\nX"):
        with running.connect() as connection:
            connection.sendall((head + body).encode())
            connection.shutdown(socket.SHUT_WR)
            with HTTPResponse(connection) as response:
                response.begin()
                page = response.read().decode()
        assert response.status == 400, body
        assert "did not arrive as it should" in page or "connection broke off" in page
    assert site.tips() == []
    assert running.stop() == ""


def test_text_leaves_room_for_the_team(open_site: OpenSite) -> None:
    site = open_site(reserve_text=shutil.disk_usage("/").total * 2)
    visit = site.visit()
    visit.get_codename()
    visit.open("/en/report")
    assert visit.send("/report", narrative="They came.").status_code == 503
    assert "Nothing can be stored at the moment. Nothing was sent." in visit.page.words
    assert visit.page.filled["narrative"] == ["They came."]
    assert site.tips() == []
    assert visit.open("/en/return").status_code == 200
