"""What leaves, what is handed on, and why something was read, is told to the log, and nothing of what it says."""

import hashlib
from collections.abc import Iterable
from wsgiref.types import StartResponse, WSGIEnvironment

import pytest
from sqlalchemy import select

import samples
from bad_connection import unreachable
from intake.protocol.actions import Action
from intake.protocol.entry import Entry, parse_entry
from intake.protocol.queries import purpose_said
from intake.protocol.requests import parse_base
from intake.storage.tables import Item
from open_desk import Desk, Stored
from program import Program
from told import page, shown, sync

pytestmark = pytest.mark.slow

REFERRAL = {"to_kind": "lawyer", "to_name": "R. Example", "consent": "consent_lawyer", "handed": "The whole report."}
WHY = "The lawyer asked me on the phone."


@pytest.fixture
def tip(desk: Desk, amina: Program, boris: Program) -> Stored:
    """A report that both have."""
    tip = desk.store_tip("They went to my mother.", {})
    for program in (amina, boris):
        sync(program)
    return tip


def logged(desk: Desk, *actions: Action) -> list[Entry]:
    with desk.server.store.reading() as session:
        lines = desk.server.log.lines(session, 0, desk.server.log.size(session))
    return [entry for entry in map(parse_entry, lines) if not actions or entry.action in actions]


def query(entry: Entry) -> str:
    assert entry.request is not None
    return parse_base(entry.request.base, entry.request.signature).query


def sealed(desk: Desk) -> dict[str, str]:
    """Of all items, the ids by the digest of their sealed bytes, as an entry of the log names it."""
    with desk.server.store.reading() as session:
        rows = session.execute(select(Item.id, Item.sealed)).all()
    return {f"sha256/{hashlib.sha256(data or b'').hexdigest()}": item.hex() for item, data in rows}


def added(desk: Desk) -> list[str]:
    """What reviewers added for one another, by its ids."""
    of_work = [entry for entry in logged(desk, Action.ADD) if query(entry).startswith("?kind=work&")]
    return [entry.objects[1].removeprefix("item/") for entry in of_work]


def test_why_somebody_reads_is_named_by_the_log_and_read_by_the_team_alone(
    desk: Desk, tip: Stored, amina: Program, boris: Program
) -> None:
    assert amina.write(page(tip), "purpose", why=WHY).status_code == 303
    without, with_purpose = logged(desk, Action.OPEN)
    assert without.objects == with_purpose.objects == (f"tip/{tip.id.hex()}",)
    assert purpose_said(query(without)) == ""
    assert purpose_said(query(with_purpose)) == added(desk)[-1]
    assert WHY.encode() not in b"".join(entry.to_bytes() for entry in logged(desk))
    sync(boris)
    assert WHY in shown(boris, tip)


def test_a_report_is_shown_whether_or_not_anybody_says_why_and_without_the_desk(
    desk: Desk, tip: Stored, amina: Program
) -> None:
    away = unreachable(desk)
    assert "They went to my mother." in shown(amina, tip)
    assert amina.write(page(tip), "purpose", why=WHY).status_code == 303
    assert amina.write(page(tip), "purpose", why=" ").status_code == 400
    assert "They went to my mother." in shown(amina, tip)
    away.clear()
    sync(amina)
    amina.workspace.sending.take_turn()
    assert [purpose_said(query(entry)) != "" for entry in logged(desk, Action.OPEN)] == [False, True]


def test_it_is_told_after_a_lock_as_well(desk: Desk, tip: Stored, amina: Program) -> None:
    away = unreachable(desk)
    amina.write(page(tip), "purpose", why=WHY)
    amina.guard.lock()
    away.clear()
    amina.unlock()
    amina.let_leave()
    (told,) = [entry for entry in logged(desk, Action.OPEN) if purpose_said(query(entry))]
    assert purpose_said(query(told)) == added(desk)[-1]


def test_a_referral_is_told_behind_the_sealed_word_on_it_by_its_digest(desk: Desk, tip: Stored, amina: Program) -> None:
    amina.post(f"{page(tip)}/referral", page(tip), **REFERRAL)
    referral, refer = logged(desk, Action.ADD, Action.REFER)[-2:]
    assert (referral.action, refer.action) == (Action.ADD, Action.REFER)
    assert refer.objects[0] == f"tip/{tip.id.hex()}"
    assert sealed(desk)[refer.objects[1]] == added(desk)[-1]


def test_one_that_is_taken_back_before_it_left_is_told_to_nobody(desk: Desk, tip: Stored, amina: Program) -> None:
    away = unreachable(desk)
    amina.post(f"{page(tip)}/referral", page(tip), **REFERRAL)
    (unsent,) = amina.workspace.sending.under_way
    amina.post(f"{page(tip)}/unsent/{unsent.item}/discard", page(tip))
    away.clear()
    amina.workspace.sending.take_turn()
    assert not logged(desk, Action.REFER)
    assert not added(desk)


@pytest.mark.parametrize("what", ["original", "copy"])
def test_a_file_is_in_the_log_before_a_byte_of_it_leaves(desk: Desk, tip: Stored, amina: Program, what: str) -> None:
    data = samples.photo()
    file = f"{page(tip)}/files/{desk.store_file(tip, 'photo.jpg', data)}"
    sync(amina)
    honest, held = desk.wsgi, list[int]()

    def count(environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        held.append(len(logged(desk, Action.EXPORT)))
        return honest(environ, start)

    desk.wsgi = count
    saved = amina.save(file, what)
    (entry,) = logged(desk, Action.EXPORT)
    assert (saved.status_code, entry.objects[0]) == (200, f"tip/{tip.id.hex()}")
    # The digest is that of the sealed word on it: that of the file would tell who else has the file.
    assert sealed(desk)[entry.objects[1]] in added(desk)
    digest = hashlib.sha256(saved.data).hexdigest()
    assert digest in shown(amina, tip)
    line = b"".join(each.to_bytes() for each in logged(desk))
    for known in (digest, hashlib.sha256(data).hexdigest()):
        assert known.encode() not in line


@pytest.mark.parametrize("what", ["original", "copy"])
@pytest.mark.parametrize("status", [503, 401])
def test_while_the_log_cannot_be_told_nothing_leaves_and_that_is_said(
    desk: Desk, tip: Stored, amina: Program, what: str, status: int
) -> None:
    data = samples.photo()
    file = f"{page(tip)}/files/{desk.store_file(tip, 'photo.jpg', data)}"
    sync(amina)
    assert amina.save(file, "original").status_code == 200
    before = len(logged(desk, Action.EXPORT)), len(added(desk))
    away = unreachable(desk, status)
    refused = amina.save(file, what)
    assert refused.status_code == 502
    assert "Nothing was saved: what leaves must stand in the log before it does." in refused.text
    assert data not in refused.data
    away.clear()
    amina.workspace.sending.take_turn()
    assert (len(logged(desk, Action.EXPORT)), len(added(desk))) == before
    assert amina.save(file, what).status_code == 200
    assert len(logged(desk, Action.EXPORT)) == before[0] + 1


def test_a_bulk_read_names_items_in_no_order_that_tells_which_are_of_one_report(
    desk: Desk, tip: Stored, amina: Program
) -> None:
    tips = [desk.store_tip("One.", {}) for _ in range(8)]
    for each in tips:
        for number in range(4):
            desk.store_message(each, f"{number}")
    sync(amina)
    read = logged(desk, Action.READ)[-1].objects
    assert len(read) == 8 + 8 * 5
    for kind in ("summary/", "item/"):
        of_kind = [name for name in read if name.startswith(kind)]
        assert of_kind == sorted(of_kind)
