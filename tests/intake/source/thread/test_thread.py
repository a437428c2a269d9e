"""The tip's own page: replies, messages, and the rest of the form."""

import secrets
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import date
from typing import Any

import pytest
from sqlalchemy import func, select

from crypto.age import HybridIdentity, parse_recipient, seal
from crypto.codename import parse
from intake.protocol.kinds import Kind
from intake.report.definition import load_form
from intake.report.payloads import Opened, Reply
from intake.report.told import Account
from intake.storage.store import Store
from intake.storage.tables import Item, Tip
from source_site import OpenSite, Site, Visit

pytestmark = pytest.mark.slow

GROUPS = [group.key for group in load_form().later_groups]
TRACES = "Traces of it may stay on the server for a little while; they disappear by themselves."


def reply(site: Site, payload: Any, day: date | None = None) -> None:
    """What a reviewer's program does: seal to the tip and to the source."""
    (tip,) = site.tips()
    recipients = [parse_recipient(tip.recipient), parse_recipient(site.summary()["source"])]
    text = payload if isinstance(payload, bytes) else payload.padded()
    sealed = seal(text, recipients)
    item = Item(
        id=secrets.token_bytes(16), tip_id=tip.id, kind=Kind.REPLY, day=day or tip.day, size=len(sealed), sealed=sealed
    )
    with site.server.store.writing() as session:
        session.add(item)


def additions(site: Site) -> list[dict[str, Any]]:
    """What was added to the form, in the order in which it was."""
    return sorted(site.opened(Kind.ADDITION), key=lambda addition: addition["link"]["number"])


def test_replies_are_shown_with_their_day_in_their_order_and_as_text(site: Site, visit: Visit) -> None:
    visit.report()
    visit.open("/en/tip")
    assert "There is no reply yet" in visit.page.words
    reply(site, Reply("The <b>first</b>.", 1).padded(), date(2026, 5, 3))
    reply(site, Reply("The second.", 2).padded(), date(2026, 5, 10))
    visit.open("/en/tip")
    words = visit.page.words
    assert words.index("May 3, 2026") < words.index("May 10, 2026") < words.index("The second.")
    assert "The <b>first</b>." in words


def test_a_reply_that_does_not_open_is_said_to_be_there(site: Site, visit: Visit) -> None:
    visit.report()
    reply(site, b"not a reply", date(2026, 5, 3))
    visit.open("/en/tip")
    assert "can't be opened" in visit.page.words


def test_replies_open_with_the_identity_of_the_codename(site: Site, visit: Visit) -> None:
    seed = parse(visit.report()).derive()
    recipient = HybridIdentity.from_seed(seed.identity_seed()).recipient
    assert site.summary()["source"] == str(recipient)
    assert site.tips()[0].lookup == seed.lookup_key()


def test_what_was_sent_is_on_no_later_page(visit: Visit) -> None:
    visit.report("A sentence to look for.")
    visit.open("/en/tip")
    visit.send("/message", text="Another sentence to look for.")
    visit.open("/en/tip")
    assert "look for" not in visit.text


def test_a_message_is_sealed_to_the_tip_and_arrives_once(site: Site, visit: Visit) -> None:
    visit.report()
    form = visit.page.form("/message")
    for _ in range(2):
        assert visit.post(form.action, {**form.hidden, "text": "They called\r\nagain."}).status_code == 200
        assert "Your message has arrived." in visit.page.words
    assert [message["text"] for message in site.opened(Kind.MESSAGE)] == ["They called\nagain."]


def test_a_message_that_was_changed_before_it_was_sent_again_arrives_too(site: Site, visit: Visit) -> None:
    visit.report()
    form = visit.page.form("/message")
    for text in ("Tuesday.", "No, Wednesday."):
        visit.post(form.action, {**form.hidden, "text": text})
    assert len(site.items(Kind.MESSAGE)) == 2


@pytest.mark.parametrize("text", ["", " \n", "x" * 50_001])
def test_an_empty_or_overlong_message_is_refused_and_stays(site: Site, visit: Visit, text: str) -> None:
    visit.report()
    assert visit.send("/message", text=text).status_code == 400
    assert visit.page.filled["text"] == [text]
    assert site.items(Kind.MESSAGE) == []


def test_when_the_session_has_ended_a_message_asks_for_the_codename_and_then_arrives(site: Site, visit: Visit) -> None:
    codename = visit.report()
    form = visit.page.form("/message")
    visit.client.delete_cookie("session")
    assert visit.post(form.action, {**form.hidden, "text": "Still here."}).status_code == 400
    assert visit.page.filled["text"] == ["Still here."]
    assert visit.send("/message", codename=codename + " x", text="Still here.").status_code == 400
    assert visit.page.filled["text"] == ["Still here."]
    visit.send("/message", codename=codename, text="Still here.")
    assert "Your message has arrived." in visit.page.words
    assert [message["text"] for message in site.opened(Kind.MESSAGE)] == ["Still here."]


def test_the_groups_follow_each_other_and_each_is_saved_by_itself(site: Site, visit: Visit) -> None:
    visit.report()
    visit.open(f"/en/tip/more/{GROUPS[0]}")
    assert f"1 of {len(GROUPS)}" in visit.page.words
    visit.send(f"/more/{GROUPS[0]}", consent_lawyer="yes")
    assert visit.path == f"/en/tip/more/{GROUPS[1]}"
    assert "Saved." in visit.page.words
    visit.open("/en/tip/more/reporter")
    visit.send("/more/reporter", reporter_role="relative")
    _, addition = additions(site)
    assert (addition["group"], addition["link"]["number"]) == ("reporter", 3)
    assert addition["answers"] == {
        "reporter_role": "relative", "for_someone_else": "unanswered", "they_know": "unanswered",
    }  # fmt: skip


def test_what_may_be_done_and_how_to_be_reached_is_asked_before_anything_else_that_comes_after_sending() -> None:
    assert GROUPS[:2] == ["consents", "contact"]


def test_a_consent_that_is_left_as_it_was_says_nothing_about_what_was_answered_before(site: Site, visit: Visit) -> None:
    visit.report()
    visit.open("/en/tip/more/consents")
    keys = [field.key for field in load_form().consents]
    assert {key: visit.page.filled[key] for key in keys} == {key: ["unanswered"] for key in keys}
    visit.send("/more/consents", consent_lawyer="yes", consent_un="no")
    visit.open("/en/tip/more/consents")
    assert visit.page.filled["consent_lawyer"] == ["unanswered"], "nobody else who has the words learns what was said"
    visit.send("/more/consents", consent_un="yes")
    told = Account()
    for addition in additions(site):
        told.take(addition["form"], addition["answers"])
    assert {key: answer.value for key, answer in told.once.items()} == {"consent_lawyer": "yes", "consent_un": "yes"}


def test_several_answers_can_be_given_and_one_that_stands_alone_can_not_join_them(site: Site, visit: Visit) -> None:
    visit.report()
    visit.open("/en/tip/more/return")
    assert visit.send("/more/return", return_type=["ir1", "none"]).status_code == 400
    assert visit.page.filled["return_type"] == ["ir1", "none"]
    assert "#return_type" in visit.page.links
    visit.send("/more/return", return_type=["ir1", "ir3"])
    assert site.opened(Kind.ADDITION)[0]["answers"] == {"return_type": ["ir1", "ir3"]}


def test_a_group_can_be_skipped_and_passed_over(site: Site, visit: Visit) -> None:
    visit.report()
    for key, after in zip(GROUPS, [*(f"/en/tip/more/{key}" for key in GROUPS[1:]), "/en/tip"], strict=True):
        visit.open(f"/en/tip/more/{key}")
        assert after in visit.page.links
        visit.send(f"/more/{key}")
        assert visit.path == after
    assert site.opened(Kind.ADDITION) == []


def test_another_entry_keeps_what_is_typed_and_blank_entries_are_not_stored(site: Site, visit: Visit) -> None:
    visit.report()
    visit.open("/en/tip/more/acts")
    typed = {"acts-0-when": "1402/05/03", "acts-0-channel": "phone"}
    assert visit.send("/more/acts", **typed, another="1").status_code == 200
    assert visit.page.filled["acts-0-when"] == ["1402/05/03"]
    assert visit.page.filled["acts-0-channel"] == ["phone"]
    assert "acts-1-when" in visit.page.form("/more/acts").names
    assert site.items(Kind.ADDITION) == []
    visit.send("/more/acts", **typed, **{"acts-1-when": "  "})
    (addition,) = site.opened(Kind.ADDITION)
    (act,) = addition["answers"]["acts"]
    assert (act["when"], act["channel"], act["words"]) == ("1402/05/03", "phone", "unanswered")


def test_there_can_be_twenty_entries_and_no_more(visit: Visit) -> None:
    visit.report()
    visit.open("/en/tip/more/people")
    for number in range(19):
        visit.send("/more/people", another="1", **{f"people-{entry}-happened": "" for entry in range(number + 1)})
    assert "people-19-relation" in visit.page.form("/more/people").names
    assert "another" not in visit.page.form("/more/people").names
    typed = {f"people-{entry}-happened": "" for entry in range(21)}
    assert visit.post("/en/tip/more/people", {**visit.page.form("/more/people").hidden, **typed}).status_code == 400


def test_an_entry_with_a_wrong_answer_is_named_and_nothing_is_stored(site: Site, visit: Visit) -> None:
    visit.report()
    visit.open("/en/tip/more/places")
    answer = visit.send("/more/places", **{"places-0-name": "x" * 501})
    assert answer.status_code == 400
    assert "#places-0-name" in visit.page.links
    assert site.items(Kind.ADDITION) == []


def test_a_reply_is_deleted_when_the_source_says_so_and_only_then(site: Site, visit: Visit) -> None:
    visit.report()
    reply(site, Reply("the first answer", 1))
    reply(site, Reply("the second answer", 2))
    visit.open("/en/tip")
    action = next(form.action for form in visit.page.forms if form.action.endswith("/delete"))
    before = {item.id for item in site.items(Kind.REPLY)}
    visit.send(action)
    assert "deleted" in visit.page.words
    (left,) = site.items(Kind.REPLY)
    assert bytes.fromhex(action.split("/")[-2]) in before - {left.id}


def test_nobody_deletes_a_reply_to_somebody_else(site: Site, visit: Visit) -> None:
    visit.report()
    reply(site, Reply("an answer", 1))
    (item,) = site.items(Kind.REPLY)
    other = site.visit()
    other.get_codename()
    other.open("/en/report")
    other.send("/report", narrative="Something else.")
    hidden = {"csrf_token": other.page.form("/tip/message").hidden["csrf_token"]}
    assert other.post(f"/en/tip/reply/{item.id.hex()}/delete", hidden).status_code == 404
    assert len(site.items(Kind.REPLY)) == 1


def test_a_report_that_was_opened_says_so_with_its_day(site: Site, visit: Visit) -> None:
    visit.report()
    visit.open("/en/tip")
    assert "has opened" not in visit.page.words
    reply(site, Opened(), date(2026, 3, 9))
    reply(site, Opened(), date(2026, 3, 7))
    visit.open("/en/tip")
    assert "A reviewer has opened your report, on March 7, 2026." in visit.page.words
    assert "There is no reply yet." in visit.page.words


def test_withdrawing_needs_a_yes_and_then_leaves_nothing_of_the_tip(site: Site, visit: Visit) -> None:
    codename = visit.report()
    visit.open("/en/tip/file")
    visit.open("/en/tip/withdraw")
    assert visit.send("/tip/withdraw").status_code == 400
    assert len(site.tips()) == 1
    visit.send("/tip/withdraw", sure="yes")
    assert "withdrawn" in visit.page.words
    assert (site.tips(), site.items(), site.blobs()) == ([], [], [])
    visit.open("/en/return")
    assert visit.send("/return", codename=codename).status_code == 400


def test_nothing_of_a_withdrawn_report_stays_in_the_files_of_the_store(site: Site, visit: Visit) -> None:
    visit.report()
    (tip,) = site.tips()
    visit.open("/en/tip/withdraw")
    visit.send("/tip/withdraw", sure="yes")
    for path in site.server.settings.data.rglob("intake.db*"):
        assert tip.lookup not in path.read_bytes()
        assert tip.payload[1000:1100] not in path.read_bytes()


@pytest.fixture
def reader(site: Site) -> Iterator[Callable[[], ExitStack]]:
    """Begins a reading transaction of another program, which keeps in the store's files what it could still read."""
    other = Store(site.server.settings.database_url)

    def begin() -> ExitStack:
        reading = ExitStack()
        session = reading.enter_context(other.reading())
        session.scalar(select(func.count()).select_from(Tip))
        return reading

    yield begin
    other.close()


def test_a_deleted_reply_is_said_to_leave_traces_only_while_somebody_still_reads_the_store(
    site: Site, visit: Visit, reader: Any
) -> None:
    visit.report()
    for text in ("the first answer", "the second answer"):
        reply(site, Reply(text, 1))
    visit.open("/en/tip")
    with reader():
        visit.send("/delete")
        assert "The reply has been deleted." in visit.page.words
        assert TRACES in visit.page.words
    visit.open("/en/tip")
    assert TRACES not in visit.page.words, "it is said once"
    visit.send("/delete")
    assert "The reply has been deleted." in visit.page.words
    assert TRACES not in visit.page.words
    assert site.items(Kind.REPLY) == []


@pytest.mark.parametrize("times", [1, 2], ids=["once", "the same form twice"])
def test_a_withdrawn_report_is_said_to_leave_traces_while_somebody_still_reads_the_store(
    site: Site, visit: Visit, reader: Any, times: int
) -> None:
    visit.report()
    visit.open("/en/tip/withdraw")
    form = visit.page.form("/tip/withdraw")
    before = visit.cookie
    with reader():
        for _ in range(times):
            # A second click is sent with the cookie of the page that it was made on.
            visit.client.set_cookie("session", before)
            visit.post(form.action, {**form.hidden, "sure": "yes"})
        assert visit.path == "/en/withdrawn"
        assert TRACES in visit.page.words
    assert site.tips() == []
    visit.open("/en/withdrawn")
    assert TRACES not in visit.page.words, "it is said once"


@pytest.mark.parametrize("times", [1, 2], ids=["once", "the same form twice"])
def test_a_withdrawn_report_that_nobody_reads_any_more_is_said_to_be_gone_without_traces(
    site: Site, visit: Visit, times: int
) -> None:
    visit.report()
    visit.open("/en/tip/withdraw")
    form = visit.page.form("/tip/withdraw")
    for _ in range(times):
        visit.post(form.action, {**form.hidden, "sure": "yes"})
    assert visit.path == "/en/withdrawn"
    assert "Everything that you sent and all replies have been deleted here." in visit.page.words
    assert TRACES not in visit.page.words
    assert site.tips() == []


@pytest.mark.parametrize(
    ("minutes", "said"),
    [(0, None), (1, "an hour"), (60, "an hour"), (120, "a day"), (1440, "a day")],
)
def test_the_page_says_when_the_team_can_see_what_was_sent_as_the_gate_is_set(
    open_site: OpenSite, minutes: int, said: str | None
) -> None:
    site = open_site(gate_minutes=minutes)
    visit = site.visit()
    visit.report()
    visit.open("/en/tip")
    assert "There is no reply yet." in visit.page.words
    for time in ("an hour", "a day"):
        sentence = f"The team can see what you send within about {time}, not at once"
        assert (sentence in visit.page.words) is (time == said)
    reply(site, Reply("an answer", 1))
    visit.open("/en/tip")
    assert "The team can see what you send" not in visit.page.words, "it has been seen"


@pytest.mark.parametrize("path", ["/en/tip", "/en/tip/file", "/en/tip/more/family"])
def test_without_a_codename_one_is_asked_for(visit: Visit, path: str) -> None:
    visit.open(path)
    assert visit.path == "/en/return"


@pytest.mark.parametrize("path", ["/en/tip", "/en/tip/file", "/en/tip/more/family"])
def test_whoever_has_not_written_yet_is_brought_to_the_form(visit: Visit, path: str) -> None:
    visit.get_codename()
    visit.open(path)
    assert visit.path == "/en/report"


def two_tips_in_one_browser(site: Site) -> tuple[Any, dict[str, Any], str]:
    """The forms of one's pages, opened before another came back in the same browser, and that one's codename."""
    visit = site.visit()
    first = visit.report("The first report.")
    forms = {}
    for path, shown_on in (("/en/tip/message", "/en/tip"), ("/en/tip/withdraw", ""), ("/en/tip/more/reporter", "")):
        visit.open(shown_on or path)
        forms[path] = visit.page.form(path)
    visit.client.post("/en/leave")
    visit.report("The second report.")
    return visit, forms, first


FILLED = {
    "/en/tip/message": {"text": "More about the first."},
    "/en/tip/withdraw": {"sure": "yes"},
    "/en/tip/more/reporter": {"reporter_role": "relative"},
}


@pytest.mark.parametrize("path", FILLED)
def test_a_form_of_one_report_never_goes_to_another_that_was_opened_in_between(site: Site, path: str) -> None:
    visit, forms, codename = two_tips_in_one_browser(site)
    token = {"csrf_token": visit.page.form("/tip/message").hidden["csrf_token"]}
    before = {(item.id, item.tip_id) for item in site.items()}
    sent = {**forms[path].hidden, **token, **FILLED[path]}
    assert visit.post(path, sent).status_code == 400
    assert "codename" in visit.page.form(path).names
    assert {(item.id, item.tip_id) for item in site.items()} == before
    assert len(site.tips()) == 2
    visit.post(path, {**sent, "codename": codename})
    if path == "/en/tip/withdraw":
        assert len(site.tips()) == 1
    else:
        (added,) = [item for item in site.items() if (item.id, item.tip_id) not in before]
        assert added.tip_id == parse_tip(site, codename)


def parse_tip(site: Site, codename: str) -> bytes:
    lookup = parse(codename).derive().lookup_key()
    return bytes(next(tip.id for tip in site.tips() if tip.lookup == lookup))


def test_after_sending_it_is_said_first_that_this_is_enough_and_nothing_looks_unsent(visit: Visit) -> None:
    visit.report()
    words = visit.page.words
    enough = words.index("It has arrived. This is enough. You may leave.")
    assert enough < words.rindex("Your page") < words.index("You can add something, now or later")
    assert "<details>\n<summary>Write more</summary>" in visit.text


def test_a_text_that_was_not_sent_is_not_folded_away(visit: Visit) -> None:
    visit.report()
    assert visit.send("/message", text="x" * 50_001).status_code == 400
    assert "<details open>\n<summary>Write more</summary>" in visit.text


def test_before_a_report_is_deleted_it_is_said_what_stays_where(visit: Visit) -> None:
    visit.report()
    visit.open("/en/tip/withdraw")
    words = visit.page.words
    assert words.index("Nobody can bring them back.") < words.index("Copies that reviewers have already fetched")
