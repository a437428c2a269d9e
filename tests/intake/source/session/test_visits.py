"""What somebody writes goes where it was meant to, in however many windows; a visit that is over is over everywhere."""

import re
from datetime import timedelta
from typing import Any

import pytest

from crypto.codename import parse
from intake.protocol.kinds import Kind
from intake.source.leaving import views as leaving
from intake.source.report import views as report
from intake.source.thread import views as thread
from intake.source.tip import correspondence
from intake.source.upload import delivery
from intake.storage.tables import Item
from source_site import OpenSite, Site, Visit

pytestmark = pytest.mark.slow

TEXT = "What was meant for the first."
ELSEWHERE = [{"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}, {"Origin": "http://elsewhere.example"}]
OURS = [
    {"Sec-Fetch-Site": "same-origin", "Origin": "null"},
    {"Sec-Fetch-Site": "none"},
    {"Origin": "null"},
    {"Origin": "http://localhost"},
    {},
]


def lookups(site: Site) -> set[bytes]:
    return {tip.lookup for tip in site.tips()}


def lookup(codename: str) -> bytes:
    return parse(codename).derive().lookup_key()


def begin(visit: Visit) -> tuple[str, Any]:
    """Get a codename and go on to the report form; both."""
    codename = visit.get_codename()
    visit.open("/en/report")
    return codename, visit.page.form("/report")


def begin_with_others(site: Site, visit: Visit) -> str:
    """Begin another report, with other words, after an older one was opened; those words."""
    sign_in(visit, site.visit().report("The old one."))
    return begin(visit)[0]


def sign_in(visit: Visit, codename: str) -> None:
    visit.open("/en/return")
    visit.send("/return", codename=codename)
    assert visit.path == "/en/tip"


def opens_nothing(site: Site, copy: str) -> bool:
    other = site.visit()
    other.client.set_cookie("session", copy)
    other.open("/en/tip")
    return bool(other.path == "/en/return")


def test_a_report_is_never_filed_under_the_words_of_another_window(site: Site, visit: Visit) -> None:
    first, form = begin(visit)
    second = begin_with_others(site, visit)
    before = lookups(site)
    assert visit.post(form.action, {**form.hidden, "narrative": TEXT}).status_code == 400
    assert visit.page.filled["narrative"] == [TEXT]
    assert lookups(site) == before
    assert visit.send("/report", narrative=TEXT, codename=first).status_code == 200
    assert "It has arrived. This is enough." in visit.page.words
    assert lookups(site) == {*before, lookup(first)}
    assert lookup(second) not in lookups(site)


def test_a_report_shows_no_words_of_another_window_beside_its_text(site: Site, visit: Visit) -> None:
    _, form = begin(visit)
    words = begin_with_others(site, visit).split()
    assert visit.post(form.action, {**form.hidden, "narrative": TEXT}).status_code == 400
    assert not any(f"<li>{word}</li>" in visit.text for word in words)


def test_a_report_never_becomes_a_message_to_an_older_one_that_is_open(site: Site, visit: Visit) -> None:
    old = site.visit().report("The old one.")
    first, form = begin(visit)
    sign_in(visit, old)
    assert visit.post(form.action, {**form.hidden, "narrative": TEXT}).status_code == 400
    assert visit.page.filled["narrative"] == [TEXT]
    assert "text" not in visit.page.form("/report").names
    assert site.items(Kind.MESSAGE) == []
    visit.send("/report", narrative=TEXT, codename=first)
    assert lookups(site) == {lookup(old), lookup(first)}
    assert site.items(Kind.MESSAGE) == []


def test_words_that_were_never_given_out_make_no_report_that_nobody_can_come_back_to(site: Site, visit: Visit) -> None:
    _, form = begin(visit)
    begin_with_others(site, visit)
    before = lookups(site)
    stranger = site.visit().get_codename()
    answer = visit.post(form.action, {**form.hidden, "narrative": TEXT, "codename": stranger})
    assert answer.status_code == 400
    assert "We don't know these words" in visit.page.words
    assert visit.page.filled["narrative"] == [TEXT]
    assert lookups(site) == before


def test_asked_for_words_of_a_codename_that_another_window_replaced_says_so(site: Site, visit: Visit) -> None:
    visit.get_codename()
    visit.open("/en/words/check")
    form = visit.page.form("/words/check")
    begin_with_others(site, visit)
    assert visit.post(form.action, {**form.hidden, "first": "x", "second": "y"}).status_code == 400
    assert "You have other words now." in visit.page.words


def test_until_the_report_is_sent_its_words_can_be_seen_again_in_every_window(visit: Visit) -> None:
    words, form = begin(visit)
    assert all(f"<li>{word}</li>" in visit.text for word in words.split())
    visit.open("/en/words")
    assert all(f"<li>{word}</li>" in visit.text for word in words.split())
    assert visit.get_codename() == words
    visit.post(form.action, {**form.hidden, "narrative": TEXT})
    for path in ("/en/words", "/en/report", "/en/tip"):
        visit.open(path)
        assert not any(f"<li>{word}</li>" in visit.text for word in words.split())


def test_a_reply_is_not_deleted_from_a_page_of_another_report(site: Site, visit: Visit) -> None:
    first = visit.report()
    (tip,) = site.tips()
    with site.server.store.writing() as session:
        session.add(Item(id=bytes(16), tip_id=tip.id, kind=Kind.REPLY, day=tip.day, size=1, sealed=b"x"))
    visit.open("/en/tip")
    form = visit.page.form("/delete")
    visit.report("Another.")
    visit.client.get("/en/tip")
    assert visit.post(form.action, form.hidden).status_code == 400
    assert "belongs to other words. Nothing was deleted." in visit.page.words
    assert len(site.items(Kind.REPLY)) == 1
    visit.send("/return", codename=first)
    assert visit.send("/delete").status_code == 200
    assert site.items(Kind.REPLY) == []


def test_leaving_ends_every_visit_of_the_browser(site: Site, visit: Visit) -> None:
    codename = visit.report()
    copies = [visit.cookie]
    sign_in(visit, codename)
    copies.append(visit.cookie)
    visit.report("Another.")
    copies.append(visit.cookie)
    visit.post("/en/leave", {})
    assert all(opens_nothing(site, copy) for copy in copies)


def test_a_second_sign_in_ends_the_visit_before_it(site: Site, visit: Visit) -> None:
    codename = visit.report()
    before = visit.cookie
    sign_in(visit, codename)
    assert opens_nothing(site, before)
    visit.open("/en/tip")
    assert visit.path == "/en/tip"


def test_withdrawing_ends_every_visit_of_these_words_wherever_it_is(site: Site, visit: Visit) -> None:
    codename, form = begin(visit)
    visit.post(form.action, {**form.hidden, "narrative": TEXT})
    other = site.visit()
    sign_in(other, codename)
    copies = [visit.cookie, other.cookie]
    visit.open("/en/tip/withdraw")
    visit.send("/tip/withdraw", sure="yes")
    for copy in copies:
        window = site.visit()
        window.client.set_cookie("session", copy)
        window.open("/en/report")
        assert window.page.form("/words")
        # Nor does the report's own form, sent once more, bring it back.
        window.post(form.action, {**form.hidden, "narrative": TEXT})
        assert window.send("/report", narrative=TEXT, codename=codename).status_code == 400
    assert site.tips() == []


def test_withdrawing_twice_says_twice_that_it_is_withdrawn(site: Site, visit: Visit) -> None:
    visit.report()
    visit.open("/en/tip/withdraw")
    form = visit.page.form("/withdraw")
    for _ in range(2):
        assert visit.post(form.action, {**form.hidden, "sure": "yes"}).status_code == 200
        assert visit.path == "/en/withdrawn"


def test_a_visit_that_was_left_elsewhere_can_be_begun_again_in_the_same_browser(site: Site, visit: Visit) -> None:
    codename = visit.report()
    other = site.visit()
    other.client.set_cookie("session", visit.cookie)
    other.post("/en/leave", {})
    sign_in(visit, codename)
    visit.open("/en/tip")
    assert visit.path == "/en/tip"


def test_an_answer_that_comes_late_does_not_put_its_ended_visit_in_the_place_of_a_new_one(
    site: Site, visit: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    visit.report()
    form = visit.page.form("/message")
    slow = site.app.test_client()
    slow.set_cookie("session", visit.cookie)

    def meanwhile(*_args: Any) -> None:
        visit.report("Another.")

    monkeypatch.setattr("intake.source.thread.views.receive", meanwhile)
    answer = slow.post(form.action, data={**form.hidden, "text": "A long upload."})
    assert answer.status_code == 303
    assert "Set-Cookie" not in answer.headers


@pytest.mark.parametrize("headers", ELSEWHERE)
def test_a_form_on_another_sites_page_is_refused_and_nothing_of_it_is_shown(
    site: Site, visit: Visit, headers: dict[str, str]
) -> None:
    _, form = begin(visit)
    before = visit.cookie
    for path, values in (
        (form.action, {**form.hidden, "narrative": "Planted."}),
        ("/en/words", {}),
        ("/en/return", {"codename": "x"}),
        ("/en/leave", {}),
    ):
        other = site.app.test_client()
        for client in (visit.client, other):
            answer = client.post(path, data=values, headers=headers)
            assert answer.status_code == 403
            assert "came from a page of another site" in answer.get_data(as_text=True)
            assert "Planted" not in answer.get_data(as_text=True)
        assert other.get_cookie("session") is None
    assert site.tips() == []
    window = site.visit()
    window.client.set_cookie("session", before)
    window.open("/en/report")
    assert window.page.form("/report")


@pytest.mark.parametrize("headers", OURS)
def test_a_form_of_our_own_page_is_taken_whatever_the_browser_says_of_it(
    site: Site, visit: Visit, headers: dict[str, str]
) -> None:
    _, form = begin(visit)
    assert visit.post(form.action, {**form.hidden, "narrative": TEXT}, headers=headers).status_code == 200
    assert len(site.tips()) == 1


def test_a_link_on_another_site_neither_ends_a_visit_nor_hides_words_that_are_being_shown(visit: Visit) -> None:
    words = visit.get_codename()
    for path in ("/en/", "/en/report", "/en/left", "/en/tip"):
        visit.client.get(path, headers={"Sec-Fetch-Site": "cross-site"})
    visit.open("/en/words")
    assert " ".join(re.findall(r"<li>(\w+)</li>", visit.text)) == words


def test_pictures_and_frames_of_another_site_bring_no_cookie(site: Site) -> None:
    for kind in ("image", "iframe", "empty"):
        answer = site.app.test_client().get("/en/", headers={"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Dest": kind})
        assert "Set-Cookie" not in answer.headers


@pytest.mark.parametrize("path", ["/en/words", "/en/return", "/en/report", "/en/tip/message"])
def test_a_browser_that_keeps_no_cookies_is_told_so_and_what_to_do(site: Site, visit: Visit, path: str) -> None:
    visit.report()
    visit.open({"/en/words": "/en/", "/en/tip/message": "/en/tip"}.get(path, path))
    if path == "/en/report":
        _, form = begin(visit)
    else:
        form = visit.page.form(path)
    without = site.app.test_client(use_cookies=False)
    typed = {"/en/report": {"narrative": TEXT}, "/en/tip/message": {"text": TEXT}}.get(path, {})
    for _ in range(2):
        answer = without.post(form.action, data={**form.hidden, **typed})
        text = answer.get_data(as_text=True)
        assert answer.status_code == 400
        assert "your browser keeps no cookies" in text
        assert "Tor Browser" in text
        assert "open for a long time" not in text
        assert f'action="{path}"' in text
        assert not typed or TEXT in text


def test_a_form_of_yesterday_goes_to_its_report_once_the_words_are_typed(
    site: Site, visit: Visit, monkeypatch: pytest.MonkeyPatch
) -> None:
    codename = visit.report()
    form = visit.page.form("/message")
    monkeypatch.setattr("intake.source.session.visits.IDLE", timedelta(seconds=-1))
    assert visit.post(form.action, {**form.hidden, "text": TEXT}).status_code == 400
    assert visit.page.filled["text"] == [TEXT]
    monkeypatch.undo()
    visit.send("/message", text=TEXT, codename=codename)
    assert "Your message has arrived." in visit.page.words


def test_the_same_report_sent_again_in_every_window_is_told_of_once(
    open_site: OpenSite,
) -> None:
    site = open_site(limit_sends="1000 per minute")
    visit = site.visit()
    _, form = begin(visit)
    for _ in range(40):
        answer = visit.client.post(form.action, data={**form.hidden, "narrative": TEXT})
        assert answer.status_code == 303
    visit.open("/en/tip")
    assert visit.page.words.count("It has arrived. This is enough.") == 1


def withdraw_elsewhere(site: Site, copy: str) -> None:
    window = site.visit()
    window.client.set_cookie("session", copy)
    window.open("/en/tip/withdraw")
    window.send("/tip/withdraw", sure="yes")
    assert window.path == "/en/withdrawn"


def test_a_late_answer_from_before_a_visit_does_not_end_it(site: Site, visit: Visit) -> None:
    codename = site.visit().report()
    visit.open("/en/help")
    visit.open("/en/")
    before = visit.cookie
    sign_in(visit, codename)
    late = site.app.test_client()
    late.set_cookie("session", before)
    for path in ("/en/", "/en/help", "/en/return", "/en/report", "/en/tip", "/en/nowhere"):
        assert "Set-Cookie" not in late.get(path).headers


def test_words_that_are_no_longer_shown_are_shown_to_no_copy_of_an_earlier_cookie(site: Site, visit: Visit) -> None:
    words, _ = begin(visit)
    copy = visit.cookie
    visit.send("/report", narrative=TEXT)
    for path in ("/en/words", "/en/words/check", "/en/report"):
        thief = site.visit()
        thief.client.set_cookie("session", copy)
        thief.open(path)
        assert not any(f"<li>{word}</li>" in thief.text for word in words.split())
        assert not path.endswith("check") or thief.path == "/en/tip"


def test_a_message_that_arrives_while_its_report_is_withdrawn_is_not_called_a_fault_of_the_store(
    site: Site, visit: Visit, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    visit.report()
    form, copy = visit.page.form("/message"), visit.cookie

    def meanwhile(*args: Any) -> None:
        withdraw_elsewhere(site, copy)
        correspondence.receive(*args)

    monkeypatch.setattr(thread, "receive", meanwhile)
    assert visit.post(form.action, {**form.hidden, "text": TEXT}).status_code == 400
    assert "Your visit had ended" in visit.page.words
    assert "try again" not in visit.page.words
    assert visit.page.filled["text"] == [TEXT]
    assert site.items() == []
    assert "the store fails" not in caplog.text


def test_a_file_that_arrives_while_its_report_is_withdrawn_is_not_called_a_fault_of_the_store(
    site: Site, visit: Visit, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    visit.report()
    visit.open("/en/tip/file")
    copy = visit.cookie

    def meanwhile(*args: Any) -> None:
        withdraw_elsewhere(site, copy)
        correspondence.receive_file(*args)

    monkeypatch.setattr(delivery, "receive_file", meanwhile)
    assert visit.send_file(b"content", shows="A letter.").status_code == 400
    assert "Your visit had ended" in visit.page.words
    assert "try again" not in visit.page.words
    assert visit.page.filled["shows"] == ["A letter."]
    assert site.blobs() == []
    assert "the store fails" not in caplog.text


@pytest.mark.parametrize("module", [report, leaving])
def test_a_report_sent_twice_does_not_come_back_when_it_is_withdrawn_in_between(
    site: Site, visit: Visit, monkeypatch: pytest.MonkeyPatch, module: Any
) -> None:
    _, form = begin(visit)
    values = {**form.hidden, "narrative": TEXT}
    visit.post(form.action, values)
    copy = visit.cookie
    twice = site.app.test_client()
    twice.set_cookie("session", copy)

    def behind_the_withdrawal(*args: Any, **options: Any) -> Any:
        withdraw_elsewhere(site, copy)
        return correspondence.receive_report(*args, **options)

    def before_its_end(*args: Any) -> Any:
        forgotten = correspondence.leave_slowly(*args)
        assert twice.post(form.action, data=values).status_code == 303
        assert len(site.tips()) == 1
        return forgotten

    if module is report:
        monkeypatch.setattr(report, "receive_report", behind_the_withdrawal)
        assert twice.post(form.action, data=values).headers["Location"] == "/en/withdrawn"
    else:
        monkeypatch.setattr(leaving, "leave_slowly", before_its_end)
        withdraw_elsewhere(site, copy)
    assert site.tips() == []
