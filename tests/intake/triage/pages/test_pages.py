"""What reviewers see of each other's work, and what they are warned of."""

import secrets
from pathlib import Path

import pytest
from jinja2 import UndefinedError
from sqlalchemy import select

from crypto.age import HybridIdentity, seal, unseal
from intake.accesslog import members
from intake.protocol.card import Role
from intake.protocol.kinds import Kind
from intake.report.documents import read_one
from intake.report.events import Note
from intake.report.payloads import Opened
from intake.storage.tables import Item
from intake.triage.keys.keyfile import KeyFileError, load_keys
from intake.triage.mirror.tables import SEALED
from intake.triage.mirror.tips import item_name
from open_desk import Desk
from program import Enrol, Reviewer

pytestmark = pytest.mark.slow

ANSWERS = {"urgency": "now", "host_country": "CA", "origin_state": "CN"}


@pytest.mark.parametrize("asked", ["{{ nowhere }}", "{% if nowhere %}{% endif %}", "{{ tip.nowhere }}"])
def test_what_a_page_was_not_given_is_a_fault_and_no_empty_place(asked: str, enrol: Enrol, reviewer: Reviewer) -> None:
    enrol("amina")
    of_page = reviewer("amina").app.jinja_env.from_string(asked)
    with pytest.raises(UndefinedError, match="nowhere"):
        of_page.render(tip=object())


def test_two_reviewers_see_each_others_status_note_and_reply(desk: Desk, reviewer: Reviewer, enrol: Enrol) -> None:
    enrol("amina")
    enrol("boris")
    tip = desk.store_tip("They went to my mother.", ANSWERS)
    amina, boris = reviewer("amina"), reviewer("boris")
    assert amina.unlock().status_code == 303
    page = f"/tips/{tip.id.hex()}"
    for kind, given in (
        ("status", {"status": "in_review"}), ("note", {"text": "Seen before in May."}),
        ("reply", {"text": "Are you safe now?"}),
    ):  # fmt: skip
        assert amina.write(page, kind, **given).status_code == 303
    boris.unlock()
    shown = boris.get(page).text
    for text in ("They went to my mother.", "In review", "Seen before in May.", "Are you safe now?", "amina"):
        assert text in shown
    assert "In review" in boris.get("/reports").text


def test_the_queue_has_the_urgent_first_and_filters_by_the_forms_choices(
    desk: Desk, reviewer: Reviewer, enrol: Enrol
) -> None:
    enrol("amina")
    desk.store_tip("It is over.", {"urgency": "past", "origin_state": "BY"})
    desk.store_tip("It is happening.", {"urgency": "now", "origin_state": "CN"})
    amina = reviewer("amina")
    amina.unlock()
    shown = amina.get("/reports").text
    assert shown.index("It is happening.") < shown.index("It is over.")
    filtered = amina.get("/reports?origin_state=BY").text
    assert "It is over." in filtered
    assert "It is happening." not in filtered


def test_a_message_that_came_later_is_fetched(desk: Desk, reviewer: Reviewer, enrol: Enrol) -> None:
    enrol("amina")
    tip = desk.store_tip("First.", ANSWERS)
    amina = reviewer("amina")
    amina.unlock()
    desk.store_message(tip, "They came again.")
    assert amina.post("/sync", "/").status_code == 303
    assert "They came again." in amina.get(f"/tips/{tip.id.hex()}").text


def test_a_note_that_the_operator_put_there_is_not_shown_but_warned_of(
    desk: Desk, reviewer: Reviewer, enrol: Enrol
) -> None:
    enrol("amina")
    tip = desk.store_tip("First.", ANSWERS)
    desk.store_item(tip, Kind.WORK, seal(Note("Close this one.").padded(), [tip.identity.recipient]))
    amina = reviewer("amina")
    amina.unlock()
    shown = amina.get(f"/tips/{tip.id.hex()}").text
    assert "Close this one." not in shown
    assert "not in the log as any reviewer" in shown


def test_a_note_that_was_exchanged_for_another_is_not_shown(desk: Desk, reviewer: Reviewer, enrol: Enrol) -> None:
    enrol("amina")
    tip = desk.store_tip("First.", ANSWERS)
    amina, page = reviewer("amina"), f"/tips/{tip.id.hex()}"
    amina.unlock()
    amina.post(f"{page}/note", page, text="Keep this one.")
    with desk.server.store.writing() as session:
        stored = session.query(Item).filter_by(kind=Kind.WORK).one()
        stored.sealed = seal(Note("Close this one.").padded(), [tip.identity.recipient])
    boris = reviewer("boris")
    boris.unlock()
    assert "came before you were enrolled" in boris.get(page).text
    other = reviewer("amina")
    other.guard._home.mirror.remove(SEALED, item_name(tip.id.hex(), stored.id.hex()))
    other.unlock()
    shown = other.get(page).text
    assert "Close this one." not in shown
    assert "not in the log as any reviewer" in shown


def test_a_summary_sealed_to_somebody_who_is_not_in_the_log_is_warned_of(
    desk: Desk, reviewer: Reviewer, enrol: Enrol
) -> None:
    enrol("amina")
    tip = desk.store_tip("First.", ANSWERS, ghosts=1)
    amina = reviewer("amina")
    amina.unlock()
    assert "more or fewer people than there were reviewers" in amina.get(f"/tips/{tip.id.hex()}").text


def test_an_item_that_is_damaged_does_not_hide_the_rest(desk: Desk, reviewer: Reviewer, enrol: Enrol) -> None:
    enrol("amina")
    tip = desk.store_tip("First.", ANSWERS)
    desk.store_item(tip, Kind.MESSAGE, b"not sealed at all")
    amina = reviewer("amina")
    amina.unlock()
    shown = amina.get(f"/tips/{tip.id.hex()}").text
    assert "First." in shown
    assert "could not be opened" in shown


def test_more_than_500_items_are_fetched_in_several_requests(desk: Desk, reviewer: Reviewer, enrol: Enrol) -> None:
    enrol("amina")
    tip = desk.store_tip("First.", ANSWERS)
    for number in range(501):
        desk.store_message(tip, f"message {number}.")
    amina = reviewer("amina")
    amina.unlock()
    shown = amina.get(f"/tips/{tip.id.hex()}").text
    assert all(f"message {number}." in shown for number in range(501))


def test_a_revoked_reviewer_is_told_so_and_keeps_what_was_fetched(desk: Desk, reviewer: Reviewer, enrol: Enrol) -> None:
    enrol("amina")
    enrol("boris")
    desk.store_tip("First.", ANSWERS)
    boris = reviewer("boris")
    boris.unlock()
    members.revoke(desk.server.store, desk.server.log, "boris", Role.REVIEWER)
    boris.post("/sync", "/")
    assert "not enrolled, or was revoked" in boris.get("/").text


def test_without_the_desk_what_was_fetched_before_is_shown(desk: Desk, reviewer: Reviewer, enrol: Enrol) -> None:
    enrol("amina")
    tip = desk.store_tip("First.", ANSWERS)
    reviewer("amina").unlock()
    members.revoke(desk.server.store, desk.server.log, "amina", Role.REVIEWER)
    again = reviewer("amina")
    again.unlock()
    assert "What you see is what was fetched before." in again.get("/").text
    assert "First." in again.get(f"/tips/{tip.id.hex()}").text


@pytest.mark.parametrize(("kind", "text"), [("reply", ""), ("note", "  "), ("status", ""), ("note", "x" * 50_001)])
def test_what_cannot_be_sent_gets_plain_words_and_stays(
    kind: str, text: str, desk: Desk, reviewer: Reviewer, enrol: Enrol
) -> None:
    enrol("amina")
    page = f"/tips/{desk.store_tip('First.', ANSWERS).id.hex()}"
    amina = reviewer("amina")
    amina.unlock()
    answer = amina.post(f"{page}/{kind}", page, text=text)
    assert answer.status_code == 400
    assert "Not saved" in answer.text
    assert kind == "status" or text.strip() in answer.text


def test_a_tip_that_is_not_there_is_not_found(reviewer: Reviewer) -> None:
    amina = reviewer("amina")
    amina.unlock()
    assert amina.get(f"/tips/{secrets.token_hex(16)}").status_code == 404


def test_a_key_file_tells_a_wrong_passphrase_from_no_key_file(enrol: Enrol, tmp_path: Path) -> None:
    enrol("amina")
    with pytest.raises(KeyFileError, match="the passphrase is not right"):
        load_keys(tmp_path / "amina.key", "another")
    (tmp_path / "other").write_bytes(b"something")
    with pytest.raises(KeyFileError, match="is not a key file"):
        load_keys(tmp_path / "other", "another")
    (tmp_path / "other").write_bytes(seal(b"something", [HybridIdentity.generate().recipient]))
    with pytest.raises(KeyFileError, match="is not a key file"):
        load_keys(tmp_path / "other", "another")


def test_the_source_is_told_once_that_somebody_opened_the_report(desk: Desk, reviewer: Reviewer, enrol: Enrol) -> None:
    enrol("boris")
    amina = reviewer("amina")
    tip = desk.store_tip("They came.", {})
    amina.unlock()
    assert _replies(desk) == []
    for _ in range(2):
        amina.get(f"/tips/{tip.id.hex()}")
    boris = reviewer("boris")
    boris.unlock()
    boris.get(f"/tips/{tip.id.hex()}")
    (sealed,) = _replies(desk)
    assert read_one(unseal(sealed, [tip.source]), Opened)


def _replies(desk: Desk) -> list[bytes]:
    with desk.server.store.reading() as session:
        return list(session.scalars(select(Item.sealed).where(Item.kind == Kind.REPLY)))


def test_a_sync_asks_for_no_more_at_once_than_the_desk_answers(desk: Desk, reviewer: Reviewer, enrol: Enrol) -> None:
    enrol("amina")
    tip = desk.store_tip("They went to my mother.", ANSWERS)
    large = [desk.store_item(tip, Kind.MESSAGE, secrets.token_bytes(1_500_000)) for _ in range(7)]
    amina = reviewer("amina")
    assert amina.unlock().status_code == 303
    assert "They went to my mother." in amina.get(f"/tips/{tip.id.hex()}").text
    assert all(amina.guard._home.mirror.get(SEALED, item_name(tip.id.hex(), item)) for item in large)
