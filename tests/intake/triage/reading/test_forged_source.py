"""A server that was taken over forges, withholds, exchanges and forgets what sources send: reviewers see each of it."""

import re
import secrets
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import delete, select, update

from crypto.age import HybridIdentity, seal, split
from crypto.codename import Seed
from intake.protocol.kinds import Kind
from intake.report.definition import Answer, load_form
from intake.report.payloads import About, Addition, Deletion, FromSource, Message, Report
from intake.report.signed import Link, SourceItem, sign_withdrawal, source_key
from intake.storage.tables import Item, Tip, Withdrawal
from intake.triage.mirror.known import Known
from intake.triage.reading.gone import notices
from open_desk import Desk, Stored
from opened import opened_tip
from program import Enrol, Program
from told import alerts, page, queue, shown, sync

pytestmark = pytest.mark.slow

ANSWERS = {"urgency": "now"}
FORM = load_form().version
YES: dict[str, Answer] = {"consent_statistics": "yes"}
NO: dict[str, Answer] = {"consent_statistics": "no"}


def today() -> date:
    return datetime.now(UTC).date()


@pytest.fixture
def tip(desk: Desk, amina: Program) -> Any:
    """A tip that came after amina was enrolled, with a consent and a message; fetched."""
    tip = desk.store_tip("My story.", ANSWERS)
    desk.send(tip, Addition(FORM, "consents", YES))
    desk.send(tip, Message("They came again."))
    sync(amina)
    assert alerts(amina, tip) == []
    return tip


def forge(desk: Desk, tip: Stored, payload: FromSource, key: Any = None) -> str:
    """What somebody with the server seals to the tip's public key."""
    name = secrets.token_bytes(16)
    link = Link(tip.id.hex(), name.hex(), len(tip.sent) + 1, "0" * 64)
    item = SourceItem(payload, link).signed_by(key or source_key(Seed(secrets.token_bytes(32))))
    return str(desk.store_item(tip, Kind(payload.kind), seal(item.padded(), [tip.identity.recipient]), name))


def remove(desk: Desk, *conditions: Any) -> None:
    with desk.server.store.writing() as session:
        assert session.scalars(delete(Item).where(*conditions).returning(Item.id)).all()


@pytest.mark.parametrize("deleted", [False, True])
@pytest.mark.parametrize("version", [1, 2])
def test_a_second_report_never_takes_the_place_of_the_sources(
    deleted: bool, version: int, desk: Desk, amina: Program, tip: Stored, restarted: Callable[[], Program]
) -> None:
    if deleted:
        remove(desk, Item.tip_id == tip.id, Item.kind == Kind.REPORT)
    report = Report("en", FORM, {"narrative": "A forged story.", "urgency": "none"})
    if version == 2:
        forge(desk, tip, report)
    else:
        document = (
            b'{"kind": "report", "v": 1, "language": "en", "form": 1, "answers": {"narrative": "A forged story."}}'
        )
        desk.store_item(tip, Kind.REPORT, seal(document, [tip.identity.recipient]))
    sync(amina)
    for program in (amina, restarted()):
        told = alerts(program, tip)
        assert any(f"A report of {today()} does not bear the source's signature. It is not shown." in a for a in told)
        assert any("A report of" in a and "no longer on the server" in a for a in told) == deleted
        text = shown(program, tip)
        assert ("My story." in text, "A forged story." in text) == (True, False)


@pytest.mark.parametrize(
    ("payload", "words"),
    [
        (Message("Forged words."), "A message of"),
        (Addition(FORM, "consents", NO), "An addition to the report of"),
        (About("0" * 32, "forged.jpg", "image/jpeg", 4, "1" * 64, ""), "A file of"),
        (Deletion("0" * 32), "A deletion of"),
    ],
)
def test_what_the_source_did_not_sign_is_not_shown_as_the_sources(
    payload: FromSource, words: str, desk: Desk, amina: Program, tip: Stored
) -> None:
    forge(desk, tip, payload)
    sync(amina)
    assert any(
        a.startswith(words) and "does not bear the source's signature. It is not shown." in a
        for a in alerts(amina, tip)
    )
    text = shown(amina, tip)
    assert "Forged words." not in text
    assert "forged.jpg" not in text
    assert text.count("They came again.") == 1
    assert opened_tip(amina.workspace.book, tip.id.hex()).account.once["consent_statistics"].value == "yes"


def test_an_item_of_another_tip_or_id_or_kind_is_told_though_its_source_signed_it(
    desk: Desk, amina: Program, tip: Stored
) -> None:
    # Another tip of the same words: the source signs with the same key.
    other = desk.store_tip("Another story.", ANSWERS)
    other.seed = tip.seed
    name = secrets.token_bytes(16)
    moved = SourceItem(Message("Moved words."), Link(other.id.hex(), name.hex(), 4, "0" * 64)).signed_by(tip.key)
    desk.store_item(tip, Kind.MESSAGE, seal(moved.padded(), [tip.identity.recipient]), name)
    replayed = tip.sent[2]
    desk.store_item(tip, Kind.MESSAGE, replayed)
    desk.store_item(tip, Kind.ADDITION, replayed)
    sync(amina)
    told = [a for a in alerts(amina, tip) if "was signed by the source as something else than it is shown as" in a]
    assert sorted("(2 times)" in alert for alert in told) == [False, True]
    text = shown(amina, tip)
    assert ("Moved words." in text, text.count("They came again.")) == (False, 1)


def test_about_a_file_exchanged_under_its_own_id_is_told(
    desk: Desk, enrol: Enrol, restarted: Callable[[], Program]
) -> None:
    enrol("amina")
    tip = desk.store_tip("My story.", ANSWERS)
    name = bytes.fromhex(desk.store_file(tip, "letter.jpg", b"data"))
    about = About("0" * 32, "exchanged.jpg", "image/jpeg", 4, "1" * 64, "")
    link = Link(tip.id.hex(), name.hex(), 2, "0" * 64)
    item = SourceItem(about, link).signed_by(source_key(Seed(bytes(32))))
    with desk.server.store.writing() as session:
        sealed = seal(item.padded(), [tip.identity.recipient])
        session.execute(update(Item).where(Item.id == name).values(sealed=sealed, size=len(sealed)))
    program = restarted()
    assert any("A file of" in a and "does not bear" in a for a in alerts(program, tip))
    assert "exchanged.jpg" not in shown(program, tip)


@pytest.mark.parametrize("kind", [Kind.REPORT, Kind.ADDITION, Kind.MESSAGE, Kind.ABOUT])
def test_what_was_fetched_once_and_vanishes_is_told_and_stays_to_be_read(
    kind: Kind, desk: Desk, amina: Program, tip: Stored, restarted: Callable[[], Program]
) -> None:
    desk.store_file(tip, "letter.jpg", b"data")
    sync(amina)
    remove(desk, Item.tip_id == tip.id, Item.kind == kind)
    sync(amina)
    sync(amina)
    for program in (amina, restarted()):
        (told,) = alerts(program, tip)
        assert "is no longer on the server. No source can delete that alone." in told
        text = shown(program, tip)
        assert all(words in text for words in ("My story.", "They came again.", "letter.jpg"))


def test_any_number_of_forged_messages_is_one_warning(desk: Desk, amina: Program, tip: Stored) -> None:
    for number in range(20):
        forge(desk, tip, Message(f"Forged {number}."))
    sync(amina)
    (alert,) = [alert for alert in alerts(amina, tip) if "signature" in alert]
    assert "(20 times)" in alert
    assert "Forged" not in shown(amina, tip)


def test_no_number_of_forged_days_fills_the_page_or_hides_another_warning(
    desk: Desk, amina: Program, tip: Stored
) -> None:
    withheld = desk.store_message(tip, "Withheld.")
    remove(desk, Item.id == bytes.fromhex(withheld))
    desk.store_message(tip, "The next.")
    forged = [forge(desk, tip, Message("Forged.")) for _ in range(100)]
    with desk.server.store.writing() as session:
        for number, name in enumerate(forged):
            day = today() - timedelta(days=number)
            session.execute(update(Item).where(Item.id == bytes.fromhex(name)).values(day=day))
    sync(amina)
    told = alerts(amina, tip)
    assert len(told) < 10
    assert "The same is to be said of other days (95 times)." in told
    assert any("so much is missing: 1." in alert for alert in told)


def test_a_report_that_vanishes_is_named_however_many_are_no_longer_kept() -> None:
    old = {f"{number:032x}": Known("", "", day="2024-01-01") for number in range(1000)}
    vanished = "f" * 32
    (said,) = notices({**old, vanished: Known("", "", day=str(today()))}, (), {})
    assert f"Reports: of {today()} ({vanished[:8]}), " in said
    assert "and 951 earlier ones." in said
    assert len(said) < 4000


def test_the_newest_item_that_vanishes_is_told(desk: Desk, amina: Program, tip: Stored) -> None:
    name = desk.store_message(tip, "The newest.")
    sync(amina)
    remove(desk, Item.id == bytes.fromhex(name))
    sync(amina)
    assert any(a.startswith("A message of") and "no longer on the server" in a for a in alerts(amina, tip))
    assert "The newest." in shown(amina, tip)


def test_a_gap_is_told_though_what_is_missing_was_never_fetched(desk: Desk, amina: Program, tip: Stored) -> None:
    name = desk.store_message(tip, "Withheld.")
    remove(desk, Item.id == bytes.fromhex(name))
    desk.store_message(tip, "The next.")
    sync(amina)
    assert any(a.startswith("Of what the source sent, so much is missing: 1.") for a in alerts(amina, tip))


def test_no_number_of_items_that_nobody_can_open_stands_for_one_that_is_missing(
    desk: Desk, amina: Program, tip: Stored, restarted: Callable[[], Program]
) -> None:
    name = desk.store_message(tip, "Withheld.")
    remove(desk, Item.id == bytes.fromhex(name))
    desk.store_message(tip, "The next.")
    for _ in range(3):
        desk.store_item(tip, Kind.MESSAGE, secrets.token_bytes(2048))
    for again in (False, True):
        program = restarted() if again else amina
        sync(program)
        told = alerts(program, tip)
        assert any(a.startswith("Of what the source sent, so much is missing: 1.") for a in told)
        assert any("could not be opened" in a for a in told)


def test_an_item_exchanged_for_another_that_the_source_signed_breaks_the_hashes(
    desk: Desk, amina: Program, tip: Stored
) -> None:
    name = desk.store_message(tip, "What the source saw arrive.")
    tip.sent[-1] = b"something else"
    desk.store_message(tip, "The next.")
    sync(amina)
    assert name
    assert any("followed on something else than what is shown before it" in a for a in alerts(amina, tip))


def test_a_chain_that_was_set_back_shows_both_and_says_so(desk: Desk, amina: Program, tip: Stored) -> None:
    desk.store_message(tip, "Before.")
    tip.sent.pop()
    desk.store_message(tip, "After.")
    sync(amina)
    assert any("The server was set back to an earlier state" in a for a in alerts(amina, tip))
    text = shown(amina, tip)
    assert "Before." in text
    assert "After." in text


def test_a_reply_that_the_source_deleted_is_told_apart_from_one_that_was_removed(
    desk: Desk, amina: Program, tip: Stored
) -> None:
    shown(amina, tip)
    for text in ("One.", "Two."):
        amina.write(page(tip), "reply", text=text)
    workspace = amina.workspace
    one, two = (
        signed.item for signed in opened_tip(workspace.book, tip.id.hex()).written if signed.payload.kind == "reply"
    )
    remove(desk, Item.id.in_([bytes.fromhex(one), bytes.fromhex(two)]))
    desk.send(tip, Deletion(one))
    forge(desk, tip, Deletion(two))
    sync(amina)
    assert "The source deleted a reply that amina sent on" in shown(amina, tip)
    told = alerts(amina, tip)
    assert sum("nothing that the source signed says that they deleted it" in a for a in told) == 1
    assert any(a.startswith("A deletion of") and "does not bear" in a for a in told)


def withdraw(desk: Desk, tip: Stored, signature: bytes | None) -> None:
    with desk.server.store.writing() as session:
        session.execute(delete(Tip).where(Tip.id == tip.id))
        if signature is not None:
            session.add(Withdrawal(tip_id=tip.id, day=today(), signature=signature))


@pytest.mark.parametrize(
    ("signed", "words"),
    [
        ("by the source", "Withdrawn by the source, as its signature proves; nothing of it is kept here any more."),
        ("by another", "said to be withdrawn, but without the source's signature"),
        ("for another", "said to be withdrawn, but without the source's signature"),
        ("", "without a word of the source: older than your team keeps reports, or removed"),
    ],
)
def test_a_tip_that_is_gone_was_withdrawn_only_if_its_source_signed_that(
    signed: str, words: str, desk: Desk, amina: Program, tip: Stored, restarted: Callable[[], Program]
) -> None:
    word = {
        "by the source": sign_withdrawal(tip.key, tip.id.hex()),
        "by another": sign_withdrawal(source_key(Seed(bytes(32))), tip.id.hex()),
        "for another": sign_withdrawal(tip.key, "0" * 32),
        "": None,
    }[signed]
    withdraw(desk, tip, word)
    for text in (sync(amina), queue(restarted())):
        assert re.search(rf"o[fn] {today()} \({tip.id.hex()[:8]}\)", text)
        assert words in text


def test_a_withdrawal_stays_proven_when_the_servers_row_of_it_is_gone(desk: Desk, amina: Program, tip: Stored) -> None:
    withdraw(desk, tip, sign_withdrawal(tip.key, tip.id.hex()))
    sync(amina)
    with desk.server.store.writing() as session:
        session.execute(delete(Withdrawal))
    assert "Withdrawn by the source, as its signature proves" in sync(amina)


def test_a_new_tip_without_a_signer_is_no_old_one(desk: Desk, amina: Program, tip: Stored) -> None:
    form, identity = load_form(), HybridIdentity.generate()
    values = {"identities": [str(identity)], "source": str(tip.source.recipient), "language": "en", "form": FORM}
    with desk.server.store.writing() as session:
        recipients = desk.server.log.roster(session).recipients
        document = f'{{"kind": "summary", "v": 1, "answers": {{}}, {str(values)[1:-1].replace(chr(39), chr(34))}}}'
        parts = split(seal(document.encode(), recipients))
        forged = Tip(
            id=secrets.token_bytes(16),
            day=today(),
            recipient=str(identity.recipient),
            lookup=secrets.token_bytes(32),
            header=parts.header,
            payload=parts.payload,
        )
        session.add(forged)
    sync(amina)
    assert form.version == FORM
    assert any("This report names no key of its source, although it came when" in a for a in alerts(amina, forged))


def test_what_is_from_before_the_first_fetch_of_a_new_program_is_ordered_by_number(
    desk: Desk, enrol: Enrol, restarted: Callable[[], Program]
) -> None:
    """Files, consents and messages: the store returns its rows in the order of their random ids."""
    enrol("amina")
    tip = desk.store_tip("My story.", ANSWERS)
    for number in range(9):
        desk.store_file(tip, f"file-{number}.jpg", b"data")
        desk.send(tip, Addition(FORM, "consents", YES if number % 2 else NO))
        desk.store_message(tip, f"message-{number}")
    text = shown(restarted(), tip)
    for kind in ("file", "message"):
        assert re.findall(rf"{kind}-\d", text) == [f"{kind}-{number}" for number in range(9)]
    with desk.server.store.reading() as session:
        assert len(session.scalars(select(Item.id)).all()) > 20
