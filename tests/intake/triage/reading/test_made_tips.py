"""A server that was taken over, and what members made: what it hides, alters or invents is said, and never theirs."""

import secrets
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import delete, update

from crypto.age import HybridIdentity, seal, split
from crypto.codename import generate
from intake.protocol.kinds import Kind
from intake.protocol.newtip import NewTip
from intake.report.beginning import NOTHING_YET, Writer, begin_dossier, follow, identity_of
from intake.report.definition import NARRATIVE, load_form
from intake.report.events import LabelName
from intake.report.payloads import TEAM, Dossier, Entered, Report
from intake.storage.tables import Item, Tip
from intake.triage.outbox.making import Told
from intake.triage.outbox.unsent import TypedReport, Unsent, new_form
from open_desk import Desk
from opened import opened_tips
from program import Program

pytestmark = pytest.mark.slow

TOLD = Told("phone", "", Report("en", load_form().version, {NARRATIVE: "They took him.", "urgency": "now"}))


def made(program: Program) -> str:
    """A report that a member makes; its tip."""
    unsent = Unsent.making(new_form(), TypedReport("typed"))
    program.workspace.sending.make(unsent, TOLD)
    program.let_leave()
    return unsent.tip


def change(desk: Desk, *statements: Any) -> None:
    with desk.server.store.writing() as session:
        for statement in statements:
            session.execute(statement)


def put_tip(desk: Desk, document: bytes) -> None:
    """Put a tip into the store that nobody made."""
    identity, day = HybridIdentity.generate(), datetime.now(UTC).date()
    with desk.server.store.writing() as session:
        summary = split(seal(document, desk.server.log.roster(session).recipients))
        session.add(
            Tip(
                id=secrets.token_bytes(16),
                day=day,
                recipient=str(identity.recipient),
                lookup=secrets.token_bytes(32),
                header=summary.header,
                payload=summary.payload,
            )
        )


def warnings(program: Program) -> str:
    """Whatever the program warns of."""
    program.post("/sync", "/")
    workspace = program.workspace
    tips = [says for tip in opened_tips(workspace.book) for says in tip.warnings]
    return "\n".join([*workspace.notices, *tips])


def test_one_that_is_hidden_is_said_to_those_who_never_saw_it_too(desk: Desk, amina: Program, boris: Program) -> None:
    tip = made(amina)
    change(desk, delete(Item), delete(Tip))
    for program in (amina, boris):
        says = warnings(program)
        assert "Made by amina, by the log, and not on the server" in says
        assert tip[:8] in says


def test_what_it_began_with_is_missed(desk: Desk, amina: Program, boris: Program) -> None:
    made(amina)
    change(desk, delete(Item).where(Item.kind == Kind.REPORT))
    assert "What this began with, and amina sent on" in warnings(boris)


def test_how_it_came_is_missed(desk: Desk, amina: Program, boris: Program) -> None:
    made(amina)
    change(desk, delete(Item).where(Item.kind == Kind.WORK))
    assert "amina sent on" in warnings(boris)


def test_one_that_was_exchanged_is_not_taken_for_the_members(desk: Desk, amina: Program, boris: Program) -> None:
    tip = bytes.fromhex(made(amina))
    with desk.server.store.writing() as session:
        readers = desk.server.log.roster(session).recipients
    item = bytes.fromhex(Unsent.making("another", TypedReport("")).item)
    begun = begin_dossier(TEAM, readers)
    change(
        desk,
        update(Tip).values(
            recipient=begun.recipient, header=begun.summary.header, payload=begun.summary.payload, id=tip
        ),
        update(Item).where(Item.kind == Kind.REPORT).values(id=item),
    )
    assert "By the log, amina made this on" in warnings(boris)
    (seen,) = opened_tips(boris.workspace.book)
    assert seen.made is None
    assert seen.identities == ()


def test_a_dossier_that_no_member_made_is_none_of_the_teams(desk: Desk, amina: Program) -> None:
    amina.workspace.write_for_team(new_form(), LabelName("1", "A label.", "grey", retired=False))
    amina.let_leave()
    put_tip(desk, Dossier((str(HybridIdentity.generate()),), TEAM).padded())
    assert "by the log no member made it so" in warnings(amina)
    assert len(amina.workspace.book.team()) == 1
    assert [label.name for label in amina.workspace.team.standing().outcomes(LabelName)] == ["A label."]
    assert "1 report" in amina.get("/reports").text, "it is shown where warnings are seen"


def test_nothing_in_a_dossier_comes_from_a_source(desk: Desk, amina: Program) -> None:
    amina.workspace.write_for_team(new_form(), LabelName("1", "A label.", "grey", retired=False))
    amina.let_leave()
    with desk.server.store.writing() as session:
        tip = session.query(Tip).one()
        session.add(
            Item(id=secrets.token_bytes(16), tip_id=tip.id, kind=Kind.MESSAGE, day=tip.day, size=3, sealed=b"...")
        )
    assert "lies in a dossier of your team's, which has no source" in warnings(amina)


def test_a_dossier_of_a_kind_that_came_later_is_said(desk: Desk, amina: Program) -> None:
    with desk.server.store.reading() as session:
        begun = begin_dossier("case", desk.server.log.roster(session).recipients)
    parts = (begun.summary.header, begun.summary.payload, begun.first.chain, begun.first.sealed)
    new = NewTip(begun.recipient, begun.lookup.hex(), *parts)
    assert amina.workspace._client.make(secrets.token_hex(16), secrets.token_hex(16), new)
    assert "a dossier of your team's own that was written by a newer version" in warnings(amina)
    assert amina.workspace.book.team() == []


def test_only_its_maker_can_say_that_a_report_came_otherwise(desk: Desk, amina: Program, boris: Program) -> None:
    """Neither of a source's report, nor of another member's."""
    desk.store_tip("First.", {})
    made(amina)
    boris.post("/sync", "/")
    for tip in opened_tips(boris.workspace.book):
        sealed = seal(Entered("phone", "", "en", ("one",) * 8).padded(), [tip.identities[0].recipient])
        boris.workspace._client.add(tip.id, secrets.token_hex(16), "work", sealed)
    assert warnings(amina).count("boris says how this report came to them, but by the log they did not make it") == 2
    assert sorted(tip.entered is not None for tip in opened_tips(amina.workspace.book)) == [False, True]


def test_what_somebody_else_seals_as_its_source_is_not_shown(desk: Desk, amina: Program, boris: Program) -> None:
    """The log binds the summary, and that names the source's key: whoever holds the server has it not."""
    tip = made(amina)
    report = amina.workspace.tip(tip)
    assert report is not None
    item, seed = secrets.token_bytes(16), generate("en").derive()
    writer = Writer(seed, identity_of(seed), bytes.fromhex(tip), report.identities[0].recipient)
    forged = follow(writer, NOTHING_YET, item, TOLD.report).sealed
    with desk.server.store.writing() as session:
        first = session.query(Item).filter(Item.kind == Kind.REPORT).one()
        session.add(
            Item(
                id=item,
                tip_id=first.tip_id,
                kind=Kind.REPORT,
                day=first.day,
                size=len(forged),
                sealed=forged,
            )
        )
    assert "does not bear the source's signature" in warnings(boris)
