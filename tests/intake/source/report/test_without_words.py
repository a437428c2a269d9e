"""A report without eight words: nobody comes back to it, and in the same visit its source can still add to it."""

from datetime import UTC, datetime

from crypto.codename import parse
from intake.protocol.kinds import Kind
from intake.report.payloads import WITHOUT
from source_site import Site, Visit


def begin(visit: Visit) -> str:
    codename = visit.get_codename()
    visit.open("/en/report")
    return codename


def send(visit: Visit, narrative: str = "Two men came.") -> None:
    visit.send("/report", narrative=narrative, back=WITHOUT)


def test_the_words_that_were_shown_lead_nowhere(site: Site, visit: Visit) -> None:
    codename = begin(visit)
    send(visit)
    assert "It has arrived. This is enough. You may leave." in visit.page.words
    (tip,) = site.tips()
    assert tip.lookup != parse(codename).derive().lookup_key()
    other = site.visit()
    other.open("/en/return")
    assert other.send("/return", codename=codename).status_code == 400
    assert "We don't know these words." in other.page.words


def test_the_page_says_that_nobody_comes_back_and_offers_no_way_that_needs_words(visit: Visit) -> None:
    begin(visit)
    send(visit)
    assert visit.path == "/en/tip"
    assert "You sent this without eight words." in visit.page.words
    assert "come back with your eight words" not in visit.page.words
    assert not any(link.endswith("/tip/end") for link in visit.page.links)
    visit.open("/en/tip/withdraw")
    assert "Your eight words then no longer work." not in visit.page.words


def test_reviewers_are_told_at_once_signed_by_its_source(site: Site, visit: Visit) -> None:
    begin(visit)
    send(visit)
    (report,) = site.opened(Kind.REPORT)
    (leaving,) = site.opened(Kind.ADDITION)
    assert (report["answers"]["narrative"], leaving["kind"], leaving["says"]) == ("Two men came.", "leaving", WITHOUT)


def test_in_the_same_visit_more_can_be_added_and_afterwards_nobody_can(site: Site, visit: Visit) -> None:
    begin(visit)
    send(visit)
    visit.send("/tip/message", text="They rang again.")
    assert [each["text"] for each in site.opened(Kind.MESSAGE)] == ["They rang again."]
    visit.open("/en/tip")
    visit.send("/leave")
    visit.open("/en/tip")
    assert visit.path == "/en/return"


def test_in_the_same_visit_it_can_be_withdrawn(site: Site, visit: Visit) -> None:
    begin(visit)
    send(visit)
    visit.open("/en/tip/withdraw")
    visit.send("/tip/withdraw", sure="yes")
    assert "Your report is withdrawn" in visit.page.words
    assert site.tips() == []


def test_the_same_form_sent_twice_arrives_once_also_by_a_cookie_of_before(site: Site, visit: Visit) -> None:
    begin(visit)
    form, before = visit.page.form("/report"), visit.cookie
    values = {**form.hidden, "narrative": "Two men came.", "back": WITHOUT}
    visit.post(form.action, values)
    visit.post(form.action, values)
    assert "It has arrived." in visit.page.words
    visit.client.set_cookie("session", before)
    visit.post(form.action, values)
    assert "It has arrived." in visit.page.words
    assert len(site.tips()) == 1


def test_another_text_in_that_form_becomes_a_message(site: Site, visit: Visit) -> None:
    begin(visit)
    form = visit.page.form("/report")
    for text in ("First.", "First, and more."):
        visit.post(form.action, {**form.hidden, "narrative": text, "back": WITHOUT})
    assert visit.page.filled["text"] == ["First, and more."]
    assert len(site.tips()) == 1


def test_who_has_sent_it_with_words_keeps_these(site: Site, visit: Visit) -> None:
    codename = begin(visit)
    form = visit.page.form("/report")
    visit.post(form.action, {**form.hidden, "narrative": "First."})
    visit.post(form.action, {**form.hidden, "narrative": "First.", "back": WITHOUT})
    assert "You sent this without eight words." not in visit.page.words
    (tip,) = site.tips()
    assert tip.lookup == parse(codename).derive().lookup_key()


def test_what_could_not_be_sent_without_words_can_be_sent_with_them(site: Site, visit: Visit) -> None:
    codename = begin(visit)
    assert visit.send("/report", narrative=" ", back=WITHOUT).status_code == 400
    visit.send("/report", narrative="Two men came.", back="at_once")
    (tip,) = site.tips()
    assert tip.lookup == parse(codename).derive().lookup_key()
    assert tip.day == datetime.now(UTC).date()


def test_where_the_answer_was_lost_the_report_is_found_and_not_sent_twice(site: Site, visit: Visit) -> None:
    begin(visit)
    form, before = visit.page.form("/report"), visit.cookie
    send(visit)
    for path in ("/en/report", "/en/tip"):
        visit.client.set_cookie("session", before)
        visit.open(path)
        assert visit.path == "/en/tip"
        assert "You sent this without eight words." in visit.page.words
    visit.client.set_cookie("session", before)
    visit.post(form.action, {**form.hidden, "narrative": "Once more.", "back": "at_once"})
    assert visit.page.filled["text"] == ["Once more."]
    assert len(site.tips()) == 1


def test_whoever_forces_the_words_and_has_a_page_of_then_is_led_nowhere(site: Site, visit: Visit) -> None:
    codename = begin(visit)
    form = visit.page.form("/report")
    send(visit)
    visit.send("/leave")
    other = site.visit()
    other.get_codename()
    other.open("/en/report")
    own = other.page.form("/report").hidden
    forced = {**own, "owner": form.hidden["owner"], "codename": codename, "narrative": "x", "back": WITHOUT}
    other.post("/en/report", forced)
    assert "Two men came." not in other.text
    assert len(site.items(Kind.REPORT)) == 2, "it is another report, of their own"


def test_only_the_words_that_a_visit_began_with_are_taken_for_its_own(site: Site, visit: Visit) -> None:
    begin(visit)
    form = visit.page.form("/report")
    answer = visit.post(form.action, {**form.hidden, "owner": "-", "narrative": "x"})
    assert answer.status_code == 400
    assert site.tips() == []


def test_nothing_ends_that_visit_unasked(visit: Visit) -> None:
    begin(visit)
    send(visit)
    visit.open("/en/")
    visit.send("/words")
    assert visit.path == "/en/tip"
    assert "You sent this without eight words." in visit.page.words
    for path in ("/en/return", "/en/tip/end"):
        visit.open(path)
        assert visit.path == "/en/tip"


def test_questions_say_that_nobody_comes_back_to_be_asked(visit: Visit) -> None:
    begin(visit)
    send(visit)
    visit.open("/en/tip/more/consents")
    assert "nobody can come back here any more" in visit.page.words
