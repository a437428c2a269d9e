"""A server that was taken over, against a reviewer's program: what it can't do, and what is said when it tries."""

import json
import secrets
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from wsgiref.types import StartResponse, WSGIEnvironment

import pytest
from sqlalchemy import delete, select, update
from werkzeug.test import run_wsgi_app
from werkzeug.wrappers import Response

from crypto.age import HybridIdentity, NoMatch, seal, split, unseal
from intake.accesslog import members
from intake.accesslog.append import LogAppender
from intake.keeper import read_log_key
from intake.protocol.card import Role
from intake.protocol.kinds import Kind
from intake.report.definition import load_form
from intake.report.payloads import About, Report, Summary
from intake.storage.tables import Item, Tip
from intake.triage.files.originals import DamagedFileError
from intake.triage.mirror.pair import COPY, NAME
from intake.triage.mirror.tables import ENTRY, FACT, SEALED
from intake.triage.mirror.tips import summary_name
from open_desk import Desk, Stored
from program import Enrol, Program, Reviewer
from told import alerts, page, queue, shown, sync

pytestmark = pytest.mark.slow

ANSWERS = {"urgency": "now"}


def today(days: int = 0) -> date:
    return datetime.now(UTC).date() + timedelta(days=days)


@pytest.fixture
def outside(tmp_path: Path) -> Iterator[None]:
    """Fails the test if anything appeared outside of the server's and the programs' directories."""
    yield
    assert {path.name for path in tmp_path.iterdir()} <= {
        "server",
        "amina.key",
        "amina-home",
        "boris.key",
        "boris-home",
    }
    assert not list(tmp_path.rglob("*PWNED*"))


@pytest.mark.parametrize(
    ("part", "fields"),
    [
        ("tips", {"payload": "/../../../PWNED"}),
        ("tips", {"id": "../../PWNED"}),
        ("items", {"id": "../../PWNED"}),
        ("items", {"size": -1}),
        ("items", {"tip": "0" * 32}),
    ],
)
def test_an_index_with_a_field_that_can_not_be_is_refused_whole(
    part: str, fields: dict[str, Any], desk: Desk, amina: Program, outside: None
) -> None:
    desk.store_tip("First.", ANSWERS)

    def spoil(index: Any) -> None:
        index[part][0] |= fields

    desk.spoil_index(spoil)
    shown = sync(amina)
    assert "Could not fetch: the desk's index is malformed" in shown
    assert "First." not in shown


def test_a_summary_that_is_not_the_one_of_the_index_is_refused(desk: Desk, amina: Program) -> None:
    tip = desk.store_tip("First.", ANSWERS)

    def spoil(body: bytes) -> bytes:
        return json.dumps({**json.loads(body), "summaries": {tip.id.hex(): "AAAA"}}).encode()

    desk.lie("/v1/read", spoil)
    assert "another summary than its index says" in sync(amina)


def content_of(desk: Desk, tip: Stored) -> str:
    with desk.server.store.reading() as session:
        wanted = select(Item.id).where(Item.tip_id == tip.id, Item.kind == Kind.CONTENT)
        return str(session.scalars(wanted).one().hex())


@pytest.mark.parametrize(
    ("content", "size"),
    [
        ("../../../.bash_profile_PWNED", 10),
        ("/PWNED", 10),
        ("", 10),
        ("0" * 32, 10),
        ("other", 10),
        ("report", 10),
        ("own", -1),
        ("own", 10**400),
    ],
)
def test_a_file_whose_content_is_none_of_its_tips_is_not_shown(
    content: str, size: int, desk: Desk, amina: Program, outside: None
) -> None:
    tip, other = desk.store_tip("First.", ANSWERS), desk.store_tip("Second.", ANSWERS)
    for each in (tip, other):
        desk.store_file(each, "honest.jpg", b"data")
    with desk.server.store.reading() as session:
        report = session.scalars(select(Item.id).where(Item.tip_id == tip.id, Item.kind == Kind.REPORT)).one().hex()
    ids = {"other": content_of(desk, other), "report": report, "own": content_of(desk, tip)}
    about = About(ids.get(content, content), "photo.jpg", "image/jpeg", size, "0" * 64, "")
    name = desk.send(tip, about)
    sync(amina)
    shown = amina.get(page(tip)).text
    assert "is not on the server as it is described" in shown
    assert ("photo.jpg" in shown, "honest.jpg" in shown) == (False, True)
    assert amina.get(f"{page(tip)}/files/{name}").status_code == 404


def test_a_file_that_did_not_verify_is_fetched_anew(desk: Desk, amina: Program) -> None:
    tip = desk.store_tip("First.", ANSWERS)
    data = secrets.token_bytes(300_000)
    name = f"{page(tip)}/files/{desk.store_file(tip, 'a.jpg', data)}"
    sync(amina)
    (blob,) = desk.server.settings.blobs.iterdir()
    honest = blob.read_bytes()
    for spoilt in (honest[:-1] + bytes([honest[-1] ^ 1]), honest[:100_000], b"nothing sealed"):
        blob.write_bytes(spoilt.ljust(len(honest), b"\0"))
        answer = amina.save(name, buffered=False)
        if answer.status_code == 200:
            with pytest.raises(DamagedFileError):
                list(answer.response)
        else:
            assert (answer.status_code, "not the one that its description says" in answer.text) == (502, True)
    blob.write_bytes(honest)
    assert amina.save(name).data == data


def test_what_reviewers_write_is_sealed_to_the_reports_own_key_whatever_the_index_says(
    desk: Desk, amina: Program
) -> None:
    tip, evil = desk.store_tip("First.", ANSWERS), HybridIdentity.generate()
    with desk.server.store.writing() as session:
        session.execute(update(Tip).values(recipient=str(evil.recipient)))
    sync(amina)
    assert any("names another key for this report" in alert for alert in alerts(amina, tip))
    for kind in ("note", "reply"):
        assert amina.write(page(tip), kind, text="the source is surely X").status_code == 303
    with desk.server.store.reading() as session:
        sealed = session.scalars(select(Item.sealed).where(Item.kind.in_((Kind.WORK, Kind.REPLY)))).all()
    assert len(sealed) >= 2
    for each in sealed:
        unseal(each or b"", [tip.identity])
        with pytest.raises(NoMatch):
            unseal(each or b"", [evil])


def test_nothing_can_be_written_to_a_report_that_could_not_be_opened(desk: Desk, amina: Program) -> None:
    tip = desk.store_tip("First.", ANSWERS, sealed_to=[HybridIdentity.generate().recipient])
    sync(amina)
    for kind, text in (("note", "x"), ("reply", "x"), ("status", "closed")):
        answer = amina.write(page(tip), kind, text=text, status=text, reason="a reason")
        assert (answer.status_code, "could not be opened" in answer.text) == (400, True)


def test_a_source_without_a_usable_key_gets_no_reply_and_the_reviewer_is_told(desk: Desk, amina: Program) -> None:
    tip = desk.store_tip("First.", ANSWERS, source="nonsense")
    sync(amina)
    answer = amina.write(page(tip), "reply", text="Are you safe?")
    assert (answer.status_code, "not one that an answer can be sealed to" in answer.text) == (400, True)
    assert amina.post(f"{page(tip)}/note", page(tip), text="No key.").status_code == 303


def exchange(desk: Desk, tip: Stored) -> None:
    """Put a summary and a report of one's own in the place of a tip's."""
    evil, form = HybridIdentity.generate(), load_form()
    summary = Summary((str(evil),), str(evil.recipient), "", "en", form.version, form.complete({}))
    report = Report("en", form.version, {"narrative": "A forged story."})
    with desk.server.store.writing() as session:
        recipients = desk.server.log.roster(session).recipients
        parts = split(seal(summary.padded(), recipients))
        forged = {"header": parts.header, "payload": parts.payload, "recipient": str(evil.recipient)}
        session.execute(update(Tip).where(Tip.id == tip.id).values(forged))
        session.execute(
            update(Item).where(Item.tip_id == tip.id).values(sealed=seal(report.padded(), [evil.recipient]))
        )


def test_a_summary_that_was_exchanged_is_told_and_the_first_one_stays(
    desk: Desk, amina: Program, restarted: Callable[[], Program]
) -> None:
    tip = desk.store_tip("My story.", ANSWERS)
    sync(amina)
    assert alerts(amina, tip) == []
    exchange(desk, tip)
    sync(amina)
    for program in (amina, restarted()):
        shown = program.get(page(tip)).text
        assert "has put another summary in the place of the one that was fetched first" in shown
        assert ("My story." in shown, "A forged story." in shown) == (True, False)


def test_a_report_that_came_later_but_is_dated_before_the_last_fetch_is_told(
    desk: Desk, amina: Program, restarted: Callable[[], Program]
) -> None:
    late, honest = desk.store_tip("Late.", ANSWERS, day=today(-1)), desk.store_tip("Honest.", ANSWERS)
    sync(amina)
    sync(amina)
    for program in (amina, restarted()):
        assert any(f"is dated {today(-1)}, but the server did not have it" in alert for alert in alerts(program, late))
        assert alerts(program, honest) == []


def test_what_was_there_at_the_first_fetch_may_have_any_day_on_which_the_reviewers_were_as_many(
    desk: Desk, enrol: Enrol, restarted: Callable[[], Program]
) -> None:
    earlier = LogAppender(read_log_key(desk.server.settings.log_key), lambda: datetime.now(UTC) - timedelta(days=3))
    enrol("amina", log=earlier)
    tip, before = desk.store_tip("Then.", ANSWERS, day=today(-2)), desk.store_tip("Before.", ANSWERS, day=today(-9))
    program = restarted()
    assert alerts(program, tip) == []
    assert any("more or fewer people" in alert for alert in alerts(program, before))


def test_being_left_out_of_a_report_that_came_after_the_enrolment_is_told(
    desk: Desk, enrol: Enrol, restarted: Callable[[], Program]
) -> None:
    earlier = LogAppender(read_log_key(desk.server.settings.log_key), lambda: datetime.now(UTC) - timedelta(days=3))
    enrol("amina", log=earlier)
    ghost = [HybridIdentity.generate().recipient]
    left_out = desk.store_tip("First.", ANSWERS, sealed_to=ghost)
    earlier_one = desk.store_tip("Second.", ANSWERS, sealed_to=ghost, day=today(-5))
    program = restarted()
    assert any("although it came after you were enrolled" in alert for alert in alerts(program, left_out))
    assert any("it came before you were enrolled" in alert for alert in alerts(program, earlier_one))


def test_being_left_out_on_the_day_of_the_enrolment_is_told_and_accuses_nobody(desk: Desk, amina: Program) -> None:
    tip = desk.store_tip("First.", ANSWERS, sealed_to=[HybridIdentity.generate().recipient])
    sync(amina)
    assert any("perhaps just before" in alert for alert in alerts(amina, tip))
    assert not any("Tell your colleagues" in alert for alert in alerts(amina, tip))


def remove(desk: Desk, *kinds: Kind) -> None:
    with desk.server.store.writing() as session:
        session.execute(delete(Item).where(Item.kind.in_(kinds)))


def test_a_note_status_or_reply_that_is_gone_is_told(
    desk: Desk, amina: Program, restarted: Callable[[], Program]
) -> None:
    tip = desk.store_tip("First.", ANSWERS)
    sync(amina)
    amina.get(page(tip))
    amina.post(f"{page(tip)}/status", page(tip), status="closed", reason="a reason")
    amina.write(page(tip), "reply", text="Are you safe?")
    assert alerts(amina, tip) == []
    remove(desk, Kind.WORK)
    sync(amina)
    assert alerts(amina, tip) == [f"A note or status that amina sent on {today()} is no longer on the server."]
    remove(desk, Kind.REPLY)
    sync(amina)
    removed = (
        f"A message to the source that amina sent on {today()} is no longer on the server, and nothing that the source"
    )
    for program in (amina, restarted()):
        assert any(alert.startswith(removed) for alert in alerts(program, tip))


@pytest.mark.parametrize(("kind", "gone"), [("work", "A note or status"), ("reply", "A message to the source")])
@pytest.mark.parametrize("called", ["as it is", "content", "event"])
def test_what_a_colleague_wrote_is_not_hidden_by_calling_it_the_content_of_a_file(
    desk: Desk, amina: Program, reviewer: Reviewer, kind: str, gone: str, called: str
) -> None:
    boris, tip = reviewer("boris"), desk.store_tip("First.", ANSWERS)
    boris.unlock()
    boris.post(f"{page(tip)}/note", page(tip), text="They follow her.")
    boris.write(page(tip), "reply", text="Are you safe?")

    def hide(rows: dict[str, list[dict[str, Any]]]) -> None:
        for item in rows["items"]:
            if item["kind"] == kind:
                item |= {"blob": True, "kind": kind if called == "as it is" else called}

    desk.spoil_index(hide)
    sync(amina)
    assert any(alert.startswith(f"{gone} that boris sent on {today()} is no longer") for alert in alerts(amina, tip))


@pytest.mark.parametrize(
    ("path", "late"),
    [("/v1/index", False), ("/v1/read", False), ("/v1/read", True)],
    ids=["after the list", "after the rows", "nor when a refused request is logged after it"],
)
def test_what_a_colleague_adds_during_a_fetch_is_not_missing(
    desk: Desk, amina: Program, reviewer: Reviewer, path: str, late: bool
) -> None:
    boris, honest = reviewer("boris"), desk.wsgi
    tip = desk.store_tip("First.", ANSWERS)
    boris.unlock()
    boris.get(page(tip))
    refused: list[WSGIEnvironment] = []

    def refuse(environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        refused.append(environ)
        return Response("", 403)(environ, start)

    if late:
        desk.wsgi = refuse
        sync(amina)
        desk.wsgi = honest
    meanwhile: list[Callable[[], object]] = [lambda: boris.post(f"{page(tip)}/note", page(tip), text="Seen before.")]
    meanwhile += [lambda: run_wsgi_app(honest, refused[0])] * late

    def between(body: bytes) -> bytes:
        # The index is fetched, the log isn't yet.
        while meanwhile:
            meanwhile.pop(0)()
        return body

    desk.lie(path, between)
    sync(amina)
    assert alerts(amina, tip) == []
    sync(amina)
    assert "Seen before." in amina.get(page(tip)).text


def test_a_report_that_is_gone_is_told_in_neutral_words(
    desk: Desk, amina: Program, restarted: Callable[[], Program]
) -> None:
    tip = desk.store_tip("First.", ANSWERS)
    assert "no longer on the server" not in sync(amina)
    with desk.server.store.writing() as session:
        session.execute(delete(Tip))
    for text in (sync(amina), queue(restarted())):
        assert "without a word of the source: older than your team keeps reports, or removed." in text
        assert f"Reports: of {today()} ({tip.id.hex()[:8]})." in text


def test_a_kept_log_that_was_changed_on_this_machine_is_told_when_the_desk_is_away(
    desk: Desk, amina: Program, restarted: Callable[[], Program], tmp_path: Path
) -> None:
    sync(amina)
    members.revoke(desk.server.store, desk.server.log, "amina", Role.REVIEWER)
    mirror = amina.guard._home.mirror
    mirror.remove(FACT, "state")
    mirror.remove(ENTRY, 0)
    desk.wsgi = Response(status=502)
    assert "a part of the log that was kept here is damaged" in queue(restarted())


def test_a_damaged_memory_is_made_anew_and_what_is_lost_is_said(
    desk: Desk, amina: Program, restarted: Callable[[], Program], tmp_path: Path
) -> None:
    tip = desk.store_tip("My story.", ANSWERS)
    sync(amina)
    exchange(desk, tip)
    amina.guard._home.close()
    for column in ("payload", "signer", "absent"):
        for name in (NAME, COPY):
            with closing(sqlite3.connect(tmp_path / "amina-home" / name, isolation_level=None)) as db:
                db.execute(f"UPDATE known SET {column} = {column} || 'x'")  # noqa: S608
        program = restarted()
        assert "what can't be noticed any more" in queue(program)
        shown = program.get(page(tip)).text
        assert "has put another summary in the place of the one that was fetched first" in shown
        assert "Damage on this machine" not in queue(restarted())


def test_the_first_summary_is_fetched_again_if_this_machine_lost_it(
    desk: Desk, amina: Program, restarted: Callable[[], Program], tmp_path: Path
) -> None:
    tip = desk.store_tip("First.", ANSWERS)
    sync(amina)
    mirror, name = amina.guard._home.mirror, summary_name(tip.id.hex())
    kept = mirror.get(SEALED, name)
    mirror.remove(SEALED, name)
    assert "First." in restarted().get(page(tip)).text
    assert kept is not None
    assert mirror.get(SEALED, name) == kept


@pytest.mark.parametrize("what", ["moved to a report of the server's own", "called something else"])
def test_no_index_makes_this_machine_throw_away_the_words_that_it_keeps(
    what: str, desk: Desk, amina: Program, restarted: Callable[[], Program], tmp_path: Path
) -> None:
    tip, own = desk.store_tip("First.", ANSWERS), desk.store_tip("The server's.", ANSWERS)
    desk.store_message(tip, "They came again.")
    sync(amina)
    amina.post(f"{page(tip)}/note", page(tip), text="Seen.")
    kept = amina.guard._home.mirror.select(SEALED)

    def spoil(index: Any) -> None:
        for row in index["items"]:
            if row["tip"] == tip.id.hex() and what.startswith("moved"):
                row["tip"] = own.id.hex()
            elif row["tip"] == tip.id.hex():
                row["kind"] = "message" if row["kind"] in ("work", "reply") else "work"

    honest = desk.wsgi
    desk.spoil_index(spoil)
    desk.lie("/v1/read", lambda _: b'{"summaries":{},"items":{}}')
    for program in (amina, restarted()):
        sync(program)
        assert program.guard._home.mirror.select(SEALED) == kept
    desk.wsgi = honest
    text = shown(restarted(), tip)
    assert all(words in text for words in ("First.", "They came again.", "Seen."))


def test_a_file_that_is_said_to_be_another_reports_message_is_not_opened_and_takes_nothing_away(
    desk: Desk, amina: Program, restarted: Callable[[], Program]
) -> None:
    tip, own = desk.store_tip("First.", ANSWERS), desk.store_tip("The server's.", ANSWERS)
    message = desk.store_message(tip, "They came again.")
    about = desk.send(own, About(message, "look.jpg", "image/jpeg", 4, "0" * 64, ""))
    sync(amina)

    def spoil(index: Any) -> None:
        for row in index["items"]:
            if row["id"] == message:
                row.update(tip=own.id.hex(), blob=True)

    desk.spoil_index(spoil)
    sync(amina)
    assert "look.jpg" in shown(amina, own)
    assert amina.save(f"{page(own)}/files/{about}").status_code == 502
    assert "They came again." in shown(restarted(), tip)
