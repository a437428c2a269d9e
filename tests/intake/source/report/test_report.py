"""The report: sealed to the reviewers and to nobody else, stored once, and never lost."""

import json
import re
from datetime import UTC, datetime

import pytest

from crypto.age import HybridIdentity, NoMatch, parse_identity, unseal
from crypto.codename import parse
from intake.accesslog import members
from intake.protocol.card import Role
from intake.protocol.kinds import Kind
from intake.report.definition import load_form
from intake.report.payloads import SUMMARY_SIZES
from source_site import OpenSite, Site, Visit

pytestmark = pytest.mark.slow

NARRATIVE = "Zwei Männer kamen zu meinem Vater.\nمرتين. 他们又来了。"


def test_a_report_opens_with_a_reviewers_identity_only(site: Site, visit: Visit) -> None:
    visit.report(NARRATIVE, urgency="now", host_country="CA")
    (tip,) = site.tips()
    for number in (0, 1):
        assert site.summary(number)["answers"]["urgency"] == "now"
    with pytest.raises(NoMatch):
        unseal(tip.summary, [HybridIdentity.generate()])
    (report,) = site.opened(Kind.REPORT)
    assert report["answers"]["narrative"] == NARRATIVE
    assert report["answers"]["host_country"] == "CA"


def test_questions_that_were_passed_over_are_unanswered_and_not_empty(site: Site, visit: Visit) -> None:
    visit.report(urgency="unknown", detained_now="withheld")
    (report,) = site.opened(Kind.REPORT)
    assert report["answers"]["urgency"] == "unknown"
    assert report["answers"]["detained_now"] == "withheld"
    assert report["answers"]["missing_now"] == "unanswered"
    assert report["form"] == load_form().version
    assert report["language"] == "en"
    assert site.summary()["answers"].keys() == {question.key for question in load_form().summary_fields}


def test_the_summary_has_one_stanza_for_each_reviewer_and_one_of_two_sizes(site: Site, visit: Visit) -> None:
    visit.report()
    (tip,) = site.tips()
    header = tip.summary.partition(b"\n---")[0]
    assert header.count(b"\n-> ") == 2
    assert len(unseal(tip.summary, [site.reviewers[0]])) in SUMMARY_SIZES


def test_the_narrative_is_in_no_summary_and_nothing_stored_holds_it(site: Site, visit: Visit) -> None:
    visit.report("a marker in the text")
    assert "marker" not in json.dumps(site.summary())
    site.server.store.close()
    for path in site.server.settings.data.rglob("*"):
        assert path.is_dir() or b"marker" not in path.read_bytes()


def test_every_tip_has_an_identity_of_its_own_and_a_day_without_a_time(site: Site) -> None:
    for _ in range(2):
        site.visit().report()
    tips = site.tips()
    assert len({tip.recipient for tip in tips}) == len({tip.id for tip in tips}) == 2
    assert {tip.day for tip in tips} == {datetime.now(UTC).date()}
    for tip in tips:
        summary = json.loads(unseal(tip.summary, [site.reviewers[0]]))
        assert str(parse_identity(summary["identities"][0]).recipient) == tip.recipient


def test_reports_of_any_length_take_few_sizes(site: Site) -> None:
    for length in (1, 100, 900):
        site.visit().report("x" * length)
    assert len({item.size for item in site.items(Kind.REPORT)}) == 1


def test_received_is_said_once_the_report_is_there(site: Site, visit: Visit) -> None:
    visit.report()
    assert visit.path == "/en/tip"
    assert "It has arrived. This is enough." in visit.page.words
    visit.open("/en/tip")
    assert "It has arrived. This is enough." not in visit.page.words


def test_sending_the_same_form_again_stores_it_once_and_is_answered_alike(site: Site, visit: Visit) -> None:
    visit.get_codename()
    visit.open("/en/report")
    form = visit.page.form("/report")
    values = {**form.hidden, "narrative": "Twice."}
    answers = [visit.post(form.action, values) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 200]
    assert all("It has arrived. This is enough." in answer.get_data(as_text=True) for answer in answers)
    assert len(site.tips()) == len(site.items()) == 1


def test_a_text_that_was_changed_and_sent_again_is_not_lost(site: Site, visit: Visit) -> None:
    visit.get_codename()
    visit.open("/en/report")
    form = visit.page.form("/report")
    visit.post(form.action, {**form.hidden, "narrative": "First."})
    again = visit.post(form.action, {**form.hidden, "narrative": "First, and more."})
    assert again.status_code == 409
    assert "has arrived before" in visit.page.words
    assert visit.page.filled["text"] == ["First, and more."]
    assert len(site.items()) == 1
    assert visit.send("/message", text="First, and more.").status_code == 200
    assert [message["text"] for message in site.opened(Kind.MESSAGE)] == ["First, and more."]


def test_whoever_has_sent_a_report_is_brought_to_its_page_from_the_form(visit: Visit) -> None:
    visit.report()
    visit.open("/en/report")
    assert visit.path == "/en/tip"


def test_without_a_narrative_everything_else_stays_and_the_field_is_named(site: Site, visit: Visit) -> None:
    visit.get_codename()
    visit.open("/en/report")
    answer = visit.send("/report", narrative=" \r\n", urgency="past", origin_state="IR")
    assert answer.status_code == 400
    assert visit.page.filled["urgency"] == ["past"]
    assert visit.page.filled["origin_state"] == ["IR"]
    assert "#narrative" in visit.page.links
    assert "narrative-error" in visit.page.ids
    assert site.tips() == []


@pytest.mark.parametrize(("length", "status"), [(50_000, 200), (50_001, 400)])
def test_a_narrative_may_be_50000_characters_however_line_breaks_are_sent(
    site: Site, visit: Visit, length: int, status: int
) -> None:
    text = "字\r\n" * (length // 2) + "字" * (length % 2)
    visit.get_codename()
    visit.open("/en/report")
    assert visit.send("/report", narrative=text).status_code == status
    if status == 200:
        assert len(site.opened(Kind.REPORT)[0]["answers"]["narrative"]) == length
    else:
        assert visit.page.filled["narrative"] == [text.replace("\r\n", "\n")]


def test_a_text_is_shown_again_as_text_whatever_it_looks_like(visit: Visit) -> None:
    text = '\n</textarea><script>alert("&amp;")</script>'
    visit.get_codename()
    visit.open("/en/report")
    visit.send("/report", narrative=text + "x" * 50_000)
    assert visit.page.filled["narrative"][0].startswith(text)


def test_without_a_codename_the_page_offers_one(visit: Visit) -> None:
    visit.open("/en/report")
    assert visit.page.form("/words")
    assert not any(form.action.endswith("/report") for form in visit.page.forms)


def test_when_the_session_has_ended_the_text_stays_and_the_codename_that_was_kept_brings_it_in(
    site: Site, visit: Visit
) -> None:
    codename = visit.get_codename()
    visit.open("/en/report")
    visit.client.delete_cookie("session")
    assert visit.send("/report", narrative="Written for hours.", urgency="now").status_code == 400
    assert visit.page.filled["narrative"] == ["Written for hours."]
    assert site.tips() == []
    visit.send("/report", narrative="Written for hours.", urgency="now", codename=codename)
    assert "It has arrived. This is enough." in visit.page.words
    assert [tip.lookup for tip in site.tips()] == [parse(codename).derive().lookup_key()]


def test_whoever_has_lost_the_codename_of_an_ended_session_gets_a_new_one_and_the_text_stays(
    site: Site, visit: Visit
) -> None:
    visit.get_codename()
    visit.open("/en/report")
    visit.client.delete_cookie("session")
    visit.send("/report", narrative="Written for hours.", urgency="now")
    assert visit.send("/report", narrative="Written for hours.", urgency="now", new_words="yes").status_code == 400
    assert visit.page.filled["narrative"] == ["Written for hours."]
    codename = " ".join(re.findall(r"<li>(\w+)</li>", visit.text))
    assert site.tips() == []
    visit.send("/report", narrative="Written for hours.", urgency="now")
    assert "It has arrived. This is enough." in visit.page.words
    assert [tip.lookup for tip in site.tips()] == [parse(codename).derive().lookup_key()]


def test_without_a_reviewer_nobody_is_let_begin(open_site: OpenSite) -> None:
    visit = open_site(reviewers=0).visit()
    visit.open("/en/")
    assert visit.send("/words").status_code == 503
    assert "can't be taken at the moment" in visit.page.words
    assert visit.open("/en/report").status_code == 503


def test_if_the_last_reviewer_goes_meanwhile_nothing_is_stored_and_the_text_stays(site: Site, visit: Visit) -> None:
    visit.get_codename()
    visit.open("/en/report")
    for number in (0, 1):
        members.revoke(site.server.store, site.server.log, f"reviewer{number}", Role.REVIEWER)
    assert visit.send("/report", narrative="Too late.").status_code == 503
    assert visit.page.filled["narrative"] == ["Too late."]
    assert site.tips() == []
