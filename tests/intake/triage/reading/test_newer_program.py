"""What a newer version of the program wrote is said and hides nothing else; old reports keep their form's words."""

import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from crypto.age import seal, split
from crypto.codename import Seed
from earlier import before_mirror
from intake.protocol.kinds import Kind
from intake.report import labels
from intake.report.definition import load_form
from intake.report.payloads import Addition, Message, Newer, to_document
from intake.report.signed import Link, SourceItem, source_key
from intake.storage.tables import Item, Tip
from intake.triage.home import Home
from intake.triage.keys.keyfile import load_keys
from intake.triage.progress import no_progress
from intake.triage.workspace import Workspace
from next_form import next_form
from open_desk import Desk, Stored
from program import Program, Reviewer
from told import alerts, page, queue, shown, sync

pytestmark = pytest.mark.slow

NEWER = "was written by a newer version of this program than the one on this machine"
NEWER_FORM = "Some of the answers are to a version of the form that the program on this machine doesn't know"
FORM = load_form().version
MESSAGE = Newer("message", Message.version + 1, {"text": "Words of another kind."})


@pytest.fixture
def tip(desk: Desk, amina: Program) -> Stored:
    return desk.store_tip("My story.", {"urgency": "now"})


def test_a_message_of_a_newer_program_is_said_in_its_place_and_nothing_seems_to_be_missing(
    desk: Desk, amina: Program, tip: Stored
) -> None:
    desk.send(tip, MESSAGE)
    desk.send(tip, Message("They came again."))
    sync(amina)
    (alert,) = alerts(amina, tip)
    assert alert.startswith("A message of")
    assert NEWER in alert
    text = shown(amina, tip)
    assert ("My story." in text, "They came again." in text) == (True, True)
    assert "Words of another kind." not in text


def test_nobody_but_the_source_can_have_a_newer_message_taken_for_theirs(
    desk: Desk, amina: Program, tip: Stored
) -> None:
    forged = secrets.token_bytes(16)
    item = SourceItem(MESSAGE, Link(tip.id.hex(), forged.hex(), 2, "0" * 64))
    for name, document in (
        (forged, item.signed_by(source_key(Seed(bytes(32)))).padded()),
        (secrets.token_bytes(16), item.signed_by(tip.key).padded()),
        (secrets.token_bytes(16), to_document(MESSAGE.document())),
    ):
        desk.store_item(tip, Kind.MESSAGE, seal(document, [tip.identity.recipient]), name)
    sync(amina)
    told = alerts(amina, tip)
    assert not any(NEWER in alert for alert in told)
    assert sorted("does not bear the source's signature" in alert for alert in told) == [False, True]
    assert any("(2 times)" in alert for alert in told)
    assert any("was signed by the source as something else than it is shown as" in alert for alert in told)


@pytest.mark.parametrize(
    "written", [{"kind": "note", "v": 3, "text": "x", "to": "all"}, {"kind": "verdict", "v": 1, "label": "urgent"}]
)
def test_what_a_colleague_wrote_with_a_newer_program_is_said_with_their_name(
    written: dict[str, Any], desk: Desk, amina: Program, reviewer: Reviewer
) -> None:
    boris = reviewer("boris")
    tip = desk.store_tip("My story.", {})
    boris.unlock()
    sealed = seal(to_document(written), [tip.identity.recipient])
    assert boris.workspace._client.add(tip.id.hex(), secrets.token_hex(16), "work", sealed)
    boris.post(f"{page(tip)}/note", page(tip), text="A note that all can read.")
    boris.let_leave()
    sync(amina)
    (alert,) = alerts(amina, tip)
    assert alert.startswith("What boris wrote on")
    assert NEWER in alert
    assert "A note that all can read." in shown(amina, tip)


def relabelled(desk: Desk, kinds: dict[str, str]) -> None:
    """Let the index say of items, by id, that they are of these kinds."""

    def change(rows: dict[str, list[dict[str, Any]]]) -> None:
        for item in rows["items"]:
            item["kind"] = kinds.get(item["id"], item["kind"])

    desk.spoil_index(change)


def test_items_of_a_kind_that_came_later_are_kept_counted_and_said_and_hide_nothing_of_their_day(
    desk: Desk, amina: Program, tip: Stored
) -> None:
    other = desk.store_tip("Another story.", {})
    sealed = seal(to_document({"kind": "event", "v": 1, "due": "2027-01-01"}), [tip.identity.recipient])
    events = [desk.store_item(tip, Kind.WORK, sealed) for _ in range(2)]
    desk.send(tip, Message("They came again."))
    relabelled(desk, {events[0]: "event"})
    said = "of a kind that this version of the program does not know: kept, and not shown."
    sync(amina)
    assert [alert.partition(" of a kind")[0] for alert in alerts(amina, tip) if said in alert] == ["One item"]
    relabelled(desk, dict.fromkeys(events, "event"))
    assert "2 reports" in sync(amina)
    (alert,) = alerts(amina, tip)
    assert alert.startswith(f"2 items {said}")
    assert "They came again." in shown(amina, tip)
    assert "Another story." in shown(amina, other)
    assert alerts(amina, other) == []
    assert [amina.workspace._kept.item_bytes(tip.id.hex(), event) for event in events] == [sealed, sealed]


def test_what_a_source_sends_of_a_kind_that_came_later_has_its_place_and_is_no_gap(
    desk: Desk, amina: Program, tip: Stored
) -> None:
    name = secrets.token_bytes(16)
    correction = Newer("correction", 1, {"text": "Words of another kind."})
    item = desk.store_item(tip, Kind.MESSAGE, tip.sign(correction, name), name)
    desk.send(tip, Message("They came again."))
    relabelled(desk, {item: "correction"})
    sync(amina)
    (alert,) = alerts(amina, tip)
    assert alert.startswith("An item of")
    assert NEWER in alert
    assert "They came again." in shown(amina, tip)


def test_no_word_of_the_server_makes_a_message_or_a_note_one_of_an_unknown_kind(
    desk: Desk, amina: Program, tip: Stored
) -> None:
    sync(amina)
    amina.post(f"{page(tip)}/note", page(tip), text="Call back.")
    desk.send(tip, Message("They came again."))
    with desk.server.store.reading() as session:
        kinds = (Kind.MESSAGE, Kind.WORK)
        hidden = [name.hex() for name in session.scalars(select(Item.id).where(Item.kind.in_(kinds)))]
    relabelled(desk, dict.fromkeys(hidden, "event"))
    sync(amina)
    told = alerts(amina, tip)
    assert any("was signed by the source as something else than it is shown as" in alert for alert in told)
    assert any("could not be opened" in alert for alert in told)


def test_a_report_sealed_by_a_newer_program_is_said_and_the_others_are_shown(
    desk: Desk, amina: Program, tip: Stored
) -> None:
    newer = desk.store_tip("Another story.", {})
    with desk.server.store.writing() as session:
        recipients = desk.server.log.roster(session).recipients
        parts = split(seal(to_document({"kind": "summary", "v": 3, "keys": {}}), recipients))
        row = session.get_one(Tip, newer.id)
        row.header, row.payload = parts.header, parts.payload
    text = sync(amina)
    assert "My story." in text
    assert "2 reports" in text
    assert any(alert.startswith("The summary of this report") and NEWER in alert for alert in alerts(amina, newer))
    assert alerts(amina, tip) == []


def test_answers_to_a_form_that_came_later_are_shown_by_their_keys(desk: Desk, amina: Program, tmp_path: Path) -> None:
    with next_form(tmp_path / "forms") as later:
        tip = desk.store_tip("My story.", {"urgency": "over", "host_country": "FR"})
        desk.send(tip, Addition(later, "deadline", {"deadline_day": "17 May 2027"}))
    assert ">FR</td>" in sync(amina).replace("\n", "")
    text = shown(amina, tip)
    assert text.count(NEWER_FORM) == 1
    assert alerts(amina, tip) == []
    assert '<dt>urgency</dt><dd dir="auto">over</dd>' in text
    assert '<dt>deadline_day</dt><dd dir="auto">17 May 2027</dd>' in text


def test_after_a_change_of_the_form_each_report_has_the_words_that_its_source_read(
    desk: Desk, amina: Program, restarted: Callable[[], Program], tmp_path: Path
) -> None:
    old = desk.store_tip("My story.", {"urgency": "past"})
    desk.send(old, Addition(FORM, "family", {"family_methods": ("made_to_denounce",), "target_methods": ("bribe",)}))
    with next_form(tmp_path / "forms") as later:
        new = desk.store_tip("Another story.", {"urgency": "over"})
        desk.send(new, Addition(later, "family", {"family_methods": ("made_to_denounce",)}))
        program = restarted()
        sync(program)
        for each, words in (
            (old, ("It is over", "Made to speak against someone", "An inducement or a bribe")),
            (new, ("It is over now", "Made to denounce someone")),
        ):
            answers = [text.partition("</dd>")[0] for text in shown(program, each).split('<dd dir="auto">')[1:]]
            assert answers == list(words)
            assert NEWER_FORM not in shown(program, each)
        listed = queue(program)
        assert '<span class="urgency past">It is over</span>' in listed
        assert '<span class="urgency over">It is over now</span>' in listed
        assert "It is over (1)</label>" in listed
        assert "It is over now (1)</label>" in listed


def test_a_home_that_an_earlier_program_filled_is_shown_in_the_words_of_its_form(tmp_path: Path) -> None:
    earlier = before_mirror(tmp_path / "earlier")
    with next_form(tmp_path / "forms"):
        home = Home.open(earlier.home("amina"), desk=None, policy=None, proxy=None)
        workspace = Workspace(home, load_keys(earlier.key("amina"), earlier.told["passphrase"]), no_progress)
        workspace.open_kept()
        tips = [tip for tip in map(workspace.book.tip, workspace.book.given()) if tip is not None]
        told = {
            tip.narrative: [line.answer for group in labels.groups(tip.account) for line in group.lines] for tip in tips
        }
        # The second source's form was filled in by a program that never asked the form what it offers.
        assert told == {"They went to my mother.": ["It is happening now"], "Another story.": ["soon"]}
        assert not any(NEWER_FORM in tip.remarks for tip in tips)
        workspace.close()
