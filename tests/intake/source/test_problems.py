"""Bad input: the right status, plain words, what was typed stays, nothing is stored, nothing is repeated in a log."""

import re
from io import BytesIO
from typing import Any

import pytest
from sqlalchemy import text as sql

from intake.source.admission.incoming import FORM, LARGEST_FORM
from source_site import OpenSite, Site, Visit

pytestmark = pytest.mark.slow

TEXT = "What happened on the bridge."


@pytest.fixture
def writing(visit: Visit) -> Visit:
    """A source in front of the report form."""
    visit.get_codename()
    visit.open("/en/report")
    return visit


def filled(visit: Visit) -> dict[str, Any]:
    return {**visit.page.form("/report").hidden, "narrative": TEXT}


@pytest.mark.parametrize(
    "extra",
    [
        {"unknown": "x"},
        {"urgency": "tomorrow"},
        {"urgency": "NOW"},
        {"urgency": ["now", "past"]},
        {"narrative": [TEXT, "and another"]},
        {"host_country": "XX"},
        {"host_country": "ca"},
        {"narrative": TEXT + "\0"},
        {"token": "short"},
        {"token": ["A" * 22, "B" * 22]},
        {"codename": "x"},
    ],
)
def test_a_form_with_what_it_did_not_ask_for_is_refused(site: Site, writing: Visit, extra: dict[str, Any]) -> None:
    answer = writing.post("/en/report", {**filled(writing), **extra})
    assert answer.status_code == 400
    assert writing.page.filled["narrative"][0].startswith(TEXT)
    assert "Not done yet" in writing.page.words
    assert site.tips() == []
    writing.send("/report", narrative=TEXT)
    assert len(site.tips()) == 1


@pytest.mark.parametrize("bad", [b"\xff\xfe", b"%FF%FE", b"%ED%A0%80"])
def test_a_form_that_is_not_utf8_is_refused_and_the_rest_of_it_stays(site: Site, writing: Visit, bad: bytes) -> None:
    hidden = writing.page.form("/report").hidden
    start = f"csrf_token={hidden['csrf_token']}&token={hidden['token']}&narrative="
    answer = writing.post("/en/report", start.encode() + TEXT.replace(" ", "+").encode() + bad, content_type=FORM)
    assert answer.status_code == 400
    assert writing.page.filled["narrative"][0].startswith(TEXT)
    assert site.tips() == []


@pytest.mark.parametrize("token", ["", "x", "IjEi.x.y"])
def test_a_form_without_its_token_is_refused_and_stays(site: Site, writing: Visit, token: str) -> None:
    answer = writing.post("/en/report", {**filled(writing), "csrf_token": token})
    assert answer.status_code == 400
    assert writing.page.filled["narrative"] == [TEXT]
    assert site.tips() == []


def test_the_token_of_another_visit_is_none(site: Site, writing: Visit) -> None:
    other = site.visit()
    other.open("/en/")
    token = other.page.form("/words").hidden["csrf_token"]
    assert writing.post("/en/report", {**filled(writing), "csrf_token": token}).status_code == 400
    assert site.tips() == []


@pytest.mark.parametrize("path", ["/en/words", "/en/return", "/en/tip/message", "/en/tip/more/family"])
def test_every_form_but_the_one_to_leave_needs_its_token(visit: Visit, path: str) -> None:
    visit.report()
    assert visit.post(path, {"token": "A" * 22}).status_code == 400


def test_a_form_that_was_cut_short_is_refused(site: Site, writing: Visit) -> None:
    hidden = writing.page.form("/report").hidden
    body = f"csrf_token={hidden['csrf_token']}&token={hidden['token']}&narrative=What+happ".encode()
    answer = writing.post(
        "/en/report",
        None,
        content_type=FORM,
        input_stream=BytesIO(body),
        environ_overrides={"wsgi.input_terminated": True, "CONTENT_LENGTH": str(len(body) + 10)},
    )
    assert answer.status_code == 400
    assert "broke off" in writing.page.words
    assert site.tips() == []


def test_a_form_over_the_size_limit_is_refused(site: Site, writing: Visit) -> None:
    answer = writing.post("/en/report", {**filled(writing), "narrative": "x" * LARGEST_FORM})
    assert answer.status_code == 413
    assert "too much at once" in writing.page.words
    assert site.tips() == []


@pytest.mark.parametrize("content_type", ["multipart/form-data; boundary=x", "application/json", "text/plain", ""])
def test_forms_come_as_forms(site: Site, writing: Visit, content_type: str) -> None:
    assert writing.post("/en/report", b"x=y", content_type=content_type).status_code == 415
    assert site.tips() == []


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/en/nowhere", 404),
        ("GET", "/xx/", 404),
        ("GET", "/xx/report", 404),
        ("GET", "/en/tip/more/nothing", 404),
        ("GET", "/en/tip/more/now", 404),
        ("GET", "/static/nothing", 404),
        ("GET", "/static/../app.py", 404),
        ("GET", "/en/leave", 405),
        ("POST", "/en/", 405),
        ("PUT", "/en/report", 405),
        ("DELETE", "/en/tip", 405),
    ],
)
def test_what_is_not_there_says_so_and_nothing_of_the_software(
    visit: Visit, method: str, path: str, status: int
) -> None:
    answer = visit.client.open(path, method=method)
    assert answer.status_code == status
    assert not re.search("flask|werkzeug|python|jinja", answer.get_data(as_text=True) + str(answer.headers), re.I)


def test_a_group_that_does_not_exist_is_not_there_even_for_a_form(visit: Visit) -> None:
    visit.report()
    form = visit.page.form("/message")
    assert visit.post("/en/tip/more/nothing", form.hidden).status_code == 404
    assert visit.post("/en/tip/more/nothing", {}).status_code == 400


def test_if_the_store_fails_the_text_stays_and_the_log_has_none_of_it(
    site: Site, writing: Visit, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    with site.server.store.writing() as session:
        session.execute(sql("DROP TABLE item"))
    answer = writing.send("/report", narrative=TEXT)
    assert answer.status_code == 503
    assert writing.page.filled["narrative"] == [TEXT]
    assert site.tips() == []
    logged = caplog.text + capsys.readouterr().err
    assert "OperationalError" in logged
    assert TEXT not in logged
    assert "item" not in re.sub(r"\S*\.py\S*|_item|item_id", "", logged)


def test_an_error_of_ours_says_so_and_is_logged_without_what_was_written(
    site: Site, visit: Visit, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_args: Any, **_options: Any) -> None:
        raise RuntimeError(TEXT)

    monkeypatch.setattr("intake.source.report.views.receive_report", fail)
    visit.get_codename()
    visit.open("/en/report")
    assert visit.send("/report", narrative=TEXT).status_code == 500
    assert visit.page.filled["narrative"] == [TEXT]
    assert "RuntimeError" in caplog.text
    assert TEXT not in caplog.text


def test_what_was_typed_stays_when_a_limit_is_reached(open_site: OpenSite) -> None:
    site = open_site(limit_sends="2 per hour")
    visit = site.visit()
    visit.report()
    visit.send("/message", text="One.")
    assert visit.send("/message", text="Two.").status_code == 429
    assert visit.page.filled["text"] == ["Two."]
    assert "Please wait a minute" in visit.page.words
