"""What reviewers write goes out once and is never lost: two clicks, a lost answer, a lock in between."""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from html import unescape
from pathlib import Path
from threading import Event, Thread
from typing import Any
from wsgiref.types import StartResponse, WSGIEnvironment

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import delete, select
from werkzeug.test import TestResponse
from werkzeug.wrappers import Response

from any_document import IDS
from bad_connection import lose_answers, unreachable
from crypto.age import unseal
from forms import tokens
from intake.protocol.actions import Action
from intake.protocol.entry import parse_entry
from intake.protocol.kinds import Kind
from intake.report.documents import read_one
from intake.report.events import Assignment, Note, Status
from intake.report.payloads import Handed, Opened, Payload, Reply
from intake.storage.removal import remove_tips
from intake.storage.tables import Item, Tip
from intake.triage.keys.keyfile import load_keys
from intake.triage.mirror.tables import UNSENT
from intake.triage.outbox.unsent import OutboxError, TeamDossier, TypedReport, Unsent, parse_unsent
from intake.triage.reading.standing import Standing
from open_desk import Desk, Stored
from opened import opened_tip
from program import PASSPHRASE, Enrol, Program
from sent import statuses_set, text_of
from told import page

pytestmark = pytest.mark.slow

KINDS = st.sampled_from(["status", "note", "reply", "opened", "look", "report", "team", "entered", "handed"])
TEXTS = st.text(st.characters(exclude_categories=["Cs"]))


@pytest.fixture
def tip(desk: Desk, enrol: Enrol) -> Stored:
    """A tip that came after amina was enrolled."""
    enrol("amina")
    return desk.store_tip("They went to my mother.", {})


@pytest.fixture
def amina(tip: Stored, restarted: Callable[[], Program]) -> Program:
    """Amina's program, unlocked, in which she has opened the tip."""
    program = restarted()
    program.get(page(tip))
    return program


def stored(desk: Desk, kind: Kind = Kind.WORK) -> list[bytes]:
    with desk.server.store.reading() as session:
        return [sealed or b"" for sealed in session.scalars(select(Item.sealed).where(Item.kind == kind))]


def form(program: Program, tip: Stored, text: str, *, waits: bool = True) -> dict[str, str]:
    """The note form of the page as it is now, filled in."""
    return {**tokens(program.get(page(tip), waits=waits).text), "text": text, "status": text, "reason": "a reason"}


def waiting(program: Program) -> list[Unsent]:
    """What the program has not seen in the log."""
    sending = program.workspace.sending
    return [*sending.drafts, *sending.under_way]


def looks(desk: Desk, tip: Stored) -> int:
    """How often the log says that somebody was shown a tip."""
    with desk.server.store.reading() as session:
        lines = list(desk.server.log.lines(session, 0, desk.server.log.size(session)))
    look = Action.OPEN, (f"tip/{tip.id.hex()}",)
    return [(entry.action, entry.objects) for entry in map(parse_entry, lines)].count(look)


@pytest.mark.parametrize(("kind", "text"), [("note", "Seen."), ("status", "in_review"), ("reply", "Are you safe?")])
def test_a_form_that_is_sent_twice_is_there_once(kind: str, text: str, desk: Desk, amina: Program, tip: Stored) -> None:
    before = len(stored(desk, Kind.REPLY))
    sent = form(amina, tip, text)
    for _ in range(2):
        answer = amina.send(f"{page(tip)}/{kind}", sent)
        assert answer.status_code == 303
        if kind == "reply":
            assert amina.send_seen(answer).status_code == 303
    replies, workspace = len(stored(desk, Kind.REPLY)) - before, len(stored(desk))
    assert (replies, workspace) == ((1, 0) if kind == "reply" else (0, 1))


def test_two_clicks_at_the_same_time_are_one_note(desk: Desk, amina: Program, tip: Stored) -> None:
    sent = form(amina, tip, "Seen before.")
    other = amina.app.test_client()
    other._cookies = amina.browser._cookies
    answers: list[int] = []

    def click(browser: Any) -> None:
        answer = browser.post(f"{amina.place.path}{page(tip)}/note", base_url="http://127.0.0.1:8003", data=sent)
        answers.append(answer.status_code)

    clicks = [Thread(target=click, args=(browser,)) for browser in (amina.browser, other)]
    for each in clicks:
        each.start()
    for each in clicks:
        each.join()
    amina.let_leave()
    assert answers == [303, 303]
    assert len(stored(desk)) == 1


def test_another_text_in_the_same_form_is_another_note(desk: Desk, amina: Program, tip: Stored) -> None:
    sent = form(amina, tip, "Seen before.")
    for text in ("Seen before.", "Seen before in May."):
        amina.send(f"{page(tip)}/note", {**sent, "text": text})
    assert len(stored(desk)) == 2


def test_a_note_whose_answer_was_lost_is_kept_and_the_same_bytes_are_sent_again(
    desk: Desk, amina: Program, tip: Stored
) -> None:
    lost = lose_answers(desk)
    assert amina.send(f"{page(tip)}/note", form(amina, tip, "Seen before.")).status_code == 303
    (unsent,) = waiting(amina)
    shown = amina.get(page(tip)).text
    assert shown.count("Seen before.") == 1
    assert "Not sent yet: the desk refused" in shown
    lost.clear()
    again = {**form(amina, tip, "Seen before."), "form": unsent.form}
    assert amina.send(f"{page(tip)}/note", again).status_code == 303
    (sealed,) = stored(desk)
    assert sealed == unsent.sealed
    shown = amina.get(page(tip)).text
    assert "Not sent yet" not in shown
    assert shown.count("Seen before.") == 1


@pytest.mark.parametrize(("kind", "text"), [("note", "Seen."), ("status", "in_review"), ("reply", "Are you safe?")])
def test_what_is_written_is_there_at_once_while_the_desk_is_out_of_reach_and_leaves_later(
    kind: str, text: str, desk: Desk, amina: Program, tip: Stored
) -> None:
    before = len(stored(desk, Kind.REPLY))
    away = unreachable(desk)
    assert amina.write(page(tip), kind, text=text, status=text, reason="a reason").status_code == 303
    shown = "In review" if kind == "status" else text
    assert shown in amina.get(f"{page(tip)}").text.partition(f'<section id="{kind}">')[2].partition("</section>")[0]
    assert "Goes out as soon as the desk takes it" in amina.get("/").text
    if kind == "status":
        assert "In review</span>" in amina.get("/").text
        assert "1 report" in amina.get("/reports?status=in_review").text
    amina.guard.lock()
    amina.unlock()
    assert ("In review" if kind == "status" else text) in amina.get(page(tip)).text
    assert len(stored(desk)) + len(stored(desk, Kind.REPLY)) - before == 0
    away.clear()
    amina.post("/sync", "/")
    assert waiting(amina) == []
    assert len(stored(desk)) + len(stored(desk, Kind.REPLY)) - before == 1
    assert amina.get("/reports?status=in_review").text.count("1 report") == (kind == "status")


def test_it_leaves_in_the_order_in_which_it_was_written_across_a_lock(desk: Desk, amina: Program, tip: Stored) -> None:
    away = unreachable(desk)
    for text in ("in_review", "closed", "new", "in_review"):
        amina.send(f"{page(tip)}/status", form(amina, tip, text))
    amina.guard.lock()
    amina.unlock()
    amina.send(f"{page(tip)}/status", form(amina, tip, "closed"))
    away.clear()
    amina.post("/sync", "/")
    written = statuses_set(opened_tip(amina.workspace.book, tip.id.hex()))
    assert written == ["in_review", "closed", "new", "in_review", "closed"]


def test_what_the_desk_refuses_for_now_is_not_overtaken_by_what_follows_it(
    desk: Desk, amina: Program, tip: Stored
) -> None:
    honest, refused = desk.wsgi, list[str]()

    def answer(environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        if environ["REQUEST_METHOD"] == "PUT" and not refused:
            refused.append(environ["PATH_INFO"])
            return Response("", 503)(environ, start)
        return honest(environ, start)

    away = unreachable(desk)
    for text in ("in_review", "closed"):
        amina.send(f"{page(tip)}/status", form(amina, tip, text))
    away.clear()
    desk.wsgi = answer
    for _ in range(2):
        amina.post("/sync", "/")
    assert refused
    assert Standing(opened_tip(amina.workspace.book, tip.id.hex()).changes).status == "closed"


def test_a_status_that_comes_back_after_another_one_is_set_again_from_the_same_form(
    desk: Desk, amina: Program, tip: Stored
) -> None:
    sent = form(amina, tip, "in_review")
    for text in ("in_review", "closed", "in_review", "in_review"):
        amina.send(f"{page(tip)}/status", {**sent, "status": text})
    written = statuses_set(opened_tip(amina.workspace.book, tip.id.hex()))
    assert written == ["in_review", "closed", "in_review"]


def test_of_two_drafts_from_one_form_each_is_sent_or_discarded_alone(desk: Desk, amina: Program, tip: Stored) -> None:
    sent = form(amina, tip, "The longer one, with all that happened.")
    amina.guard.lock()
    for text in (sent["text"], "Shorter."):
        amina.send(f"{page(tip)}/note", {**sent, "text": text})
    amina.unlock()
    shorter = next(unsent for unsent in waiting(amina) if text_of(unsent) == "Shorter.")
    amina.send(f"{page(tip)}/note", {**form(amina, tip, "Short."), "form": shorter.form, "draft": shorter.item})
    assert [text_of(unsent) for unsent in waiting(amina)] == [sent["text"]]


def test_a_draft_takes_its_place_when_it_is_sent(desk: Desk, amina: Program, tip: Stored) -> None:
    sent = form(amina, tip, "closed")
    amina.guard.lock()
    amina.send(f"{page(tip)}/status", sent)
    away = unreachable(desk)
    amina.unlock()
    (draft,) = waiting(amina)
    amina.send(f"{page(tip)}/status", form(amina, tip, "in_review"))
    again = {**form(amina, tip, "closed"), "form": draft.form, "draft": draft.item}
    amina.send(f"{page(tip)}/status", again)
    away.clear()
    amina.post("/sync", "/")
    assert Standing(opened_tip(amina.workspace.book, tip.id.hex()).changes).status == "closed"


def test_a_draft_of_what_the_log_has_is_gone_after_the_next_fetch(desk: Desk, amina: Program, tip: Stored) -> None:
    sent = form(amina, tip, "Seen before.")
    amina.send(f"{page(tip)}/note", sent)
    amina.guard.lock()
    amina.send(f"{page(tip)}/note", sent)
    amina.unlock()
    amina.post("/sync", "/")
    assert waiting(amina) == []


def test_what_is_taken_back_before_it_left_never_leaves(desk: Desk, amina: Program, tip: Stored) -> None:
    away = unreachable(desk, 429)
    amina.send(f"{page(tip)}/status", form(amina, tip, "closed"))
    (unsent,) = waiting(amina)
    assert "Take it back" in amina.get(page(tip)).text
    assert amina.post(f"{page(tip)}/unsent/{unsent.item}/discard", page(tip)).status_code == 303
    assert "0 reports" in amina.get("/reports?status=closed").text
    away.clear()
    amina.post("/sync", "/")
    assert stored(desk) == []


def test_what_may_have_left_is_not_said_to_be_taken_back(desk: Desk, amina: Program, tip: Stored) -> None:
    lost = lose_answers(desk)
    amina.send(f"{page(tip)}/note", form(amina, tip, "Seen before."))
    (unsent,) = waiting(amina)
    assert "Stop sending it" in amina.get(page(tip)).text
    answer = amina.post(f"{page(tip)}/unsent/{unsent.item}/discard", page(tip))
    assert answer.status_code == 409
    assert "may have arrived" in answer.text
    lost.clear()
    amina.post("/sync", "/")
    assert "Seen before." in amina.get(page(tip)).text


def test_what_has_left_cannot_be_taken_back_and_that_is_said(desk: Desk, amina: Program, tip: Stored) -> None:
    amina.send(f"{page(tip)}/note", form(amina, tip, "Seen before."))
    (item,) = (signed.item for signed in opened_tip(amina.workspace.book, tip.id.hex()).written_as(Note))
    answer = amina.post(f"{page(tip)}/unsent/{item}/discard", page(tip))
    assert answer.status_code == 409
    assert "It waits here no more: it has been sent" in answer.text
    assert "Seen before." in answer.text


def test_what_is_under_way_is_sent_no_more_and_said_to_have_begun(
    desk: Desk, amina: Program, tip: Stored, held: Event
) -> None:
    amina.send(f"{page(tip)}/note", form(amina, tip, "Seen before."), waits=False)
    assert held.wait(60)
    assert "Take it back" not in amina.get(page(tip), waits=False).text
    (unsent,) = waiting(amina)
    hidden = amina.hidden(page(tip))
    answer = amina.send(f"{page(tip)}/unsent/{unsent.item}/discard", hidden, waits=False)
    assert answer.status_code == 409
    assert "may have arrived" in answer.text


def test_a_look_at_a_report_is_logged_once_and_waits_for_nothing(desk: Desk, amina: Program) -> None:
    tip = desk.store_tip("Another.", {})
    amina.post("/sync", "/")
    away = unreachable(desk)
    for _ in range(2):
        assert "Another." in amina.get(f"/tips/{tip.id.hex()}").text
    assert looks(desk, tip) == 0
    away.clear()
    amina.post("/sync", "/")
    amina.get(f"/tips/{tip.id.hex()}")
    assert looks(desk, tip) == 1
    amina.guard.lock()
    amina.unlock()
    amina.get(f"/tips/{tip.id.hex()}")
    assert looks(desk, tip) == 2, "whoever unlocks it again looks again"


def test_a_look_just_before_the_lock_is_logged_after_the_next_unlock(desk: Desk, amina: Program) -> None:
    tip = desk.store_tip("Another.", {})
    amina.post("/sync", "/")
    away = unreachable(desk)
    amina.get(page(tip), waits=False)
    amina.guard.lock()
    away.clear()
    amina.unlock()
    amina.post("/sync", "/")
    assert looks(desk, tip) >= 1


def test_what_the_desk_turns_out_to_have_is_not_offered_any_more(desk: Desk, amina: Program, tip: Stored) -> None:
    lose_answers(desk)
    amina.send(f"{page(tip)}/note", form(amina, tip, "Seen before."))
    amina.post("/sync", "/")
    assert "Not sent yet" not in amina.get(page(tip)).text


def test_a_reply_that_the_source_has_deleted_is_not_offered_again_though_its_answer_was_lost(
    desk: Desk, amina: Program, tip: Stored
) -> None:
    lost = lose_answers(desk)
    amina.write(page(tip), "reply", text="Dangerous to have.")
    lost.clear()
    (item,) = (unsent.item for unsent in waiting(amina))
    with desk.server.store.writing() as session:
        gone = session.scalars(delete(Item).where(Item.id == bytes.fromhex(item)).returning(Item.id)).all()
    assert len(gone) == 1
    amina.post("/sync", "/")
    assert "Not sent yet" not in amina.get(page(tip)).text
    assert waiting(amina) == []


@pytest.mark.parametrize("lists", [False, True])
def test_what_a_desk_only_claims_to_have_is_kept(lists: bool, desk: Desk, amina: Program, tip: Stored) -> None:
    """A conflict is answered without an entry of the log, and anybody can list an id: neither takes the text away."""
    honest, sent, listed = desk.wsgi, form(amina, tip, "Seen before."), list[str]()

    def claim(environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        if environ["REQUEST_METHOD"] != "PUT":
            return honest(environ, start)
        if lists and not listed:
            listed.append(environ["PATH_INFO"])
            desk.store_item(tip, Kind.WORK, b"nothing", bytes.fromhex(environ["PATH_INFO"][-32:]))
        return Response('{"error": "this id is taken"}', 409)(environ, start)

    desk.wsgi = claim
    amina.send(f"{page(tip)}/note", sent)
    for _ in range(2):
        shown = amina.get(page(tip)).text
        assert "Seen before." in shown
        assert "Not sent yet: the desk says that it has this already" in shown
        amina.guard.lock()
        amina.unlock()


def test_what_was_typed_again_after_it_had_arrived_is_no_second_one_and_not_offered(
    desk: Desk, amina: Program, tip: Stored
) -> None:
    sent = form(amina, tip, "Seen before.")
    assert amina.send(f"{page(tip)}/note", sent).status_code == 303
    amina.guard.lock()
    amina.send(f"{page(tip)}/note", sent)
    amina.unlock()
    assert "Not sent yet" not in amina.get(page(tip)).text
    assert len(stored(desk)) == 1


def test_what_was_sent_after_the_lock_is_sealed_and_there_after_unlocking(
    desk: Desk, amina: Program, tip: Stored, tmp_path: Path
) -> None:
    sent = form(amina, tip, "Written while it locked.\n\u202eStill mine.")
    amina.guard.lock()
    answer = amina.send(f"{page(tip)}/note", sent)
    assert "/unlock?kept=yes" in answer.headers["Location"]
    assert "What you wrote is kept" in amina.get("/unlock?kept=yes").text
    for path in tmp_path.rglob("*"):
        assert path.is_dir() or b"Written while it locked" not in path.read_bytes()
    amina.unlock()
    assert "not sent" in amina.get("/").text
    assert stored(desk) == [], "whoever typed it may have been locked out"
    shown = amina.get(page(tip)).text
    assert "Written while it locked.\n\u202eStill mine.</textarea>" in shown, "nothing in it is changed"
    (unsent,) = waiting(amina)
    assert amina.send(f"{page(tip)}/note", {**sent, "form": unsent.form}).status_code == 303
    (sealed,) = stored(desk)
    assert read_one(unseal(sealed, [tip.identity]), Note).text == text_of(unsent)
    assert "Not sent yet" not in amina.get("/").text


@pytest.fixture
def held(desk: Desk) -> Iterator[Event]:
    """Set once the desk has been sent something; it goes on with that when the test is over."""
    arrived, go_on = Event(), Event()
    honest = desk.wsgi

    def answer(environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        if environ["REQUEST_METHOD"] == "PUT":
            arrived.set()
            assert go_on.wait(60)
        return honest(environ, start)

    desk.wsgi = answer
    yield arrived
    go_on.set()


def test_nobody_waits_for_the_desk_and_a_lock_meanwhile_loses_nothing(
    amina: Program, held: Event, tmp_path: Path, tip: Stored
) -> None:
    sent = form(amina, tip, "On its way.")
    assert amina.send(f"{page(tip)}/note", sent, waits=False).status_code == 303
    assert held.wait(60)
    shown = amina.get(page(tip), waits=False).text
    assert "On its way.</p>" in shown
    amina.guard.lock()
    identity = load_keys(tmp_path / "amina.key", PASSPHRASE).identity
    assert identity is not None
    kept = [parse_unsent(unseal(sealed, [identity])) for _, sealed in amina.guard._home.mirror.select(UNSENT)]
    assert "On its way." in [text_of(unsent) for unsent in kept]


def test_what_is_written_while_a_fetch_goes_on_leaves_without_waiting_for_it(
    desk: Desk, amina: Program, tip: Stored
) -> None:
    fetching, goes_on, honest = Event(), Event(), desk.wsgi

    def drip(environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        if environ["PATH_INFO"].startswith("/v1/index"):
            fetching.set()
            assert goes_on.wait(100)
        return honest(environ, start)

    desk.wsgi = drip
    for number, text in enumerate(("First.", "Second.", "Third."), 1):
        assert amina.send(f"{page(tip)}/note", form(amina, tip, text, waits=False), waits=False).status_code == 303
        assert fetching.wait(60), "what was sent is to be fetched"
        assert amina.workspace.sending.tried.wait(30)
        assert len(stored(desk)) == number
    shown = amina.get(page(tip), waits=False).text
    assert shown.count("Sent; not in the log yet.") == 3
    assert shown.index("First.</p>") < shown.index("Second.</p>") < shown.index("Third.</p>")
    goes_on.set()
    amina.let_leave()
    assert waiting(amina) == []
    notes = [signed.payload for signed in opened_tip(amina.workspace.book, tip.id.hex()).written_as(Note)]
    assert notes == [Note("First."), Note("Second."), Note("Third.")]


def test_a_lock_during_a_request_answers_it_at_once(desk: Desk, amina: Program, tip: Stored) -> None:
    arrived, go_on = Event(), Event()
    honest = desk.wsgi

    def answer(environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        arrived.set()
        assert go_on.wait(60)
        return honest(environ, start)

    sent = form(amina, tip, "")
    desk.wsgi = answer
    answers: list[TestResponse] = []
    click = Thread(target=lambda: answers.append(amina.send("/sync", sent, waits=False)))
    click.start()
    assert arrived.wait(60)
    amina.guard.lock()
    click.join(60)
    assert answers[0].status_code == 303
    assert "/unlock" in answers[0].headers["Location"]
    go_on.set()


def test_what_was_not_sent_is_named_by_its_first_words_and_by_those_of_its_report(
    desk: Desk, amina: Program, tip: Stored
) -> None:
    sent = form(amina, tip, "Ask about the uncle. " * 20)
    other = page(desk.store_tip("Another story.", {}))
    amina.post("/sync", "/")
    amina.guard.lock()
    amina.send(f"{page(tip)}/note", sent)
    amina.send(f"{other}/status", {**sent, "status": "in_review"})
    amina.unlock()
    line = re.compile(r"A (\w+) for the report of [^<]*</a>, <q[^>]*>([^<]*)</q>: <q[^>]*>([^<]*)</q>")
    told = {kind: (report, text) for kind, report, text in line.findall(unescape(amina.get("/").text))}
    report, text = told["note"]
    assert report == "They went to my mother."
    assert text.startswith("Ask about the uncle. Ask")
    assert len(text) <= 60
    assert told["status"] == ("Another story.", "In review: a reason")


def test_what_was_kept_can_be_discarded(desk: Desk, amina: Program, tip: Stored) -> None:
    sent = form(amina, tip, "Never mind.")
    amina.guard.lock()
    amina.send(f"{page(tip)}/note", sent)
    amina.unlock()
    (unsent,) = waiting(amina)
    assert amina.post(f"{page(tip)}/unsent/{unsent.item}/discard", "/").status_code == 303
    assert "Never mind." not in amina.get(page(tip)).text
    amina.guard.lock()
    amina.unlock()
    assert "Not sent yet" not in amina.get("/").text
    assert stored(desk) == []


def test_what_was_written_for_a_report_that_is_gone_meanwhile_is_shown(desk: Desk, amina: Program, tip: Stored) -> None:
    sent = form(amina, tip, "For nobody.")
    remove_tips(desk.server.store, desk.server.blobs, Tip.id == tip.id)
    amina.post("/sync", "/")
    assert amina.send(f"{page(tip)}/note", sent).status_code == 303
    assert "For nobody." in amina.get("/").text


def test_the_word_that_a_report_was_opened_goes_out_once_though_its_answer_was_lost(desk: Desk, amina: Program) -> None:
    other = desk.store_tip("Another.", {})
    amina.post("/sync", "/")
    before = len(stored(desk, Kind.REPLY))
    lost = lose_answers(desk)
    amina.get(page(other))
    lost.clear()
    amina.get(page(other))
    assert len(stored(desk, Kind.REPLY)) == before + 1


def test_a_disk_that_takes_nothing_more_loses_no_text_and_keeps_nobody_from_reading(
    desk: Desk, amina: Program, tip: Stored
) -> None:
    other = desk.store_tip("Another.", {})
    amina.post("/sync", "/")
    amina.guard._home.mirror._db.execute("PRAGMA query_only = ON")
    answer = amina.get(page(other))
    assert (answer.status_code, "Another." in answer.text) == (200, True)
    for _ in range(2):
        answer = amina.send(f"{page(tip)}/note", form(amina, tip, "Seen before."))
        assert answer.status_code in (500, 502)
        assert "this machine can&#39;t keep" in answer.text
        assert "Seen before.</textarea>" in answer.text
    assert stored(desk) == []


PAYLOADS = st.none() | st.builds(TypedReport, TEXTS) | st.sampled_from([TeamDossier(), Handed(), Opened()])
PAYLOADS |= st.builds(Note, TEXTS) | st.builds(Reply, TEXTS, st.just(0)) | (
    st.builds(Status, TEXTS, TEXTS, seen=st.lists(TEXTS).map(tuple)) | st.builds(Assignment, IDS, st.booleans())
)  # fmt: skip


@given(TEXTS, TEXTS, PAYLOADS, st.integers(0), st.binary())
def test_what_is_kept_reads_back_as_it_was(
    form: str, tip: str, payload: Payload | None, order: int, sealed: bytes
) -> None:
    unsent = replace(Unsent.typed(form, tip, payload), order=order, sealed=sealed)
    assert parse_unsent(unsent.to_json()) == unsent


@given(st.binary())
def test_anything_else_is_refused(document: bytes) -> None:
    with pytest.raises(OutboxError):
        parse_unsent(document)


@given(TEXTS, TEXTS, TEXTS)
def test_each_field_counts_in_the_id(one: str, two: str, three: str) -> None:
    item = Unsent.typed(one, two, Note(three)).item
    for other in ((one + "x", two, three), (one, two + "x", three), (one, two, three + "x")):
        assert Unsent.typed(other[0], other[1], Note(other[2])).item != item
