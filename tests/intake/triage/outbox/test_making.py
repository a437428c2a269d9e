"""What members make: dossiers of the team's, and reports that came otherwise; offline too, and never twice."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from wsgiref.types import StartResponse, WSGIEnvironment

import pytest
from sqlalchemy import select

from bad_connection import lose_answers, unreachable
from crypto.codename import NUMBERS, parse
from intake.accesslog import members
from intake.protocol.card import Role
from intake.report.beginning import identity_of
from intake.report.definition import NARRATIVE, load_form
from intake.report.events import LabelName, Note
from intake.report.payloads import Report
from intake.storage.tables import Tip
from intake.triage.outbox.making import Told
from intake.triage.outbox.sending import SealError
from intake.triage.outbox.unsent import TypedReport, Unsent, new_form
from intake.triage.reading.opentip import OpenTip
from open_desk import Desk
from opened import opened_tips
from program import Enrol, Program, Reviewer

pytestmark = pytest.mark.slow

TOLD = Told(
    "phone", "A call on Monday.", Report("fr", load_form().version, {NARRATIVE: "They took him.", "urgency": "now"})
)


def notes(program: Program) -> list[str]:
    """What the team's dossiers hold for this program."""
    return [label.name for label in program.workspace.team.standing().outcomes(LabelName)]


def write(program: Program, text: str) -> None:
    program.workspace.write_for_team(new_form(), LabelName(new_form(), text, "grey", retired=False))
    program.let_leave()


def sync(*programs: Program) -> None:
    for program in programs:
        program.post("/sync", "/")


def make_report(program: Program, text: str = "what was typed", form: str = "a form") -> str:
    """Make a report of what was told; its tip."""
    unsent = Unsent.making(form, TypedReport(text))
    program.workspace.sending.make(unsent, TOLD)
    program.let_leave()
    return unsent.tip


def opened(program: Program, tip: str) -> OpenTip:
    found = program.workspace.tip(tip)
    assert found is not None
    return found


def tips(desk: Desk) -> list[Tip]:
    with desk.server.store.writing() as session:
        return list(session.scalars(select(Tip)))


def test_what_is_written_for_the_team_is_there_for_all_of_it_and_stands_in_no_queue(
    desk: Desk, amina: Program, boris: Program
) -> None:
    for text in ("A filter.", "Another."):
        write(amina, text)
    write(boris, "A template.")
    sync(boris, amina)
    for program in (amina, boris):
        assert notes(program) == ["A filter.", "Another.", "A template."]
        assert "0 reports" in program.get("/reports").text
        assert not program.workspace.notices
    assert {tip.warnings == [] and tip.made is not None for tip in opened_tips(amina.workspace.book)} == {True}


def test_a_team_needs_one_dossier_for_as_long_as_everybody_can_read_it(
    desk: Desk, amina: Program, boris: Program, reviewer: Reviewer
) -> None:
    for program in (amina, boris, amina):
        sync(program)
        write(program, "A filter.")
    assert len(tips(desk)) == 1
    carla = reviewer("carla")
    carla.unlock()
    sync(amina)
    write(amina, "For carla too.")
    sync(carla)
    assert len(tips(desk)) == 2
    assert notes(carla) == ["For carla too."]


def test_two_who_each_made_one_offline_read_both_in_the_order_of_the_log(
    desk: Desk, amina: Program, boris: Program
) -> None:
    away = unreachable(desk)
    for program, text in ((amina, "Of amina."), (boris, "Of boris."), (amina, "Of amina too.")):
        write(program, text)
        assert notes(program)[-1] == text, "it is there at once"
    assert tips(desk) == []
    away.clear()
    sync(boris, amina, boris)
    assert len(tips(desk)) == 2
    assert notes(amina) == notes(boris) == ["Of boris.", "Of amina.", "Of amina too."]


def test_what_was_made_is_kept_by_a_program_that_is_killed_and_leaves_once(
    desk: Desk, amina: Program, restarted: Callable[[], Program]
) -> None:
    away = unreachable(desk)
    write(amina, "A filter.")
    tip = make_report(amina)
    again = restarted()
    assert notes(again) == ["A filter."]
    assert opened(again, tip).narrative == "They took him."
    away.clear()
    sync(again)
    assert notes(again) == ["A filter."]
    assert len(tips(desk)) == 2
    assert again.workspace.sending.making == []


def test_a_report_that_a_member_made_is_everybodys_with_who_made_it_and_how_it_came(
    desk: Desk, amina: Program, boris: Program
) -> None:
    tip = make_report(amina)
    sync(boris)
    for program in (amina, boris):
        report = opened(program, tip)
        assert report.warnings == report.remarks == []
        assert report.made is not None
        assert report.made.name == "amina"
        assert (report.narrative, report.language) == ("They took him.", "fr")
        assert report.entered is not None
        assert (report.entered.how, report.entered.remark) == ("phone", "A call on Monday.")
        assert "They took him." in program.get("/reports?urgency=now").text


def test_with_its_eight_words_its_source_is_who_signed_it(amina: Program) -> None:
    report = opened(amina, make_report(amina))
    assert report.entered is not None
    assert report.entered.language == "fr"
    seed = parse(" ".join(report.entered.words)).derive()
    assert str(identity_of(seed).recipient) == report.source


@pytest.mark.parametrize(("spoken", "drawn_in"), [("fa", "fa"), ("ug", NUMBERS), ("de", NUMBERS)])
def test_its_words_are_of_the_language_it_was_told_in_and_numbers_where_there_are_none(
    amina: Program, spoken: str, drawn_in: str
) -> None:
    unsent = Unsent.making("a form", TypedReport("what was typed"))
    amina.workspace.sending.make(unsent, replace(TOLD, report=replace(TOLD.report, language=spoken)))
    amina.let_leave()
    entered = opened(amina, unsent.tip).entered
    assert entered is not None
    assert entered.language == parse(" ".join(entered.words)).language == drawn_in


def test_the_same_form_makes_the_same_report_once(desk: Desk, amina: Program) -> None:
    lost = lose_answers(desk)
    first = make_report(amina)
    lost.clear()
    assert make_report(amina) == first
    sync(amina)
    assert make_report(amina) == first
    sync(amina)
    assert len(tips(desk)) == 1
    assert opened(amina, first).warnings == []
    assert make_report(amina, "with a correction") != first
    assert len(tips(desk)) == 2


def test_what_has_not_left_can_be_taken_back_with_all_that_follows_it(desk: Desk, amina: Program) -> None:
    away = unreachable(desk)
    # Before its turn has come.
    amina.workspace.sending.stop()
    unsent = Unsent.making("a form", TypedReport("what was typed"))
    amina.workspace.sending.make(unsent, TOLD)
    tip = unsent.tip
    (making,) = amina.workspace.sending.making
    amina.workspace.write(Unsent.typed(new_form(), tip, Note("Call back.")))
    amina.workspace.discard(making.item)
    (draft,) = amina.workspace.sending.drafts
    assert (draft.item, draft.payload) == (making.item, TypedReport("what was typed"))
    assert amina.workspace.tip(tip) is None
    amina.workspace.discard(draft.item)
    away.clear()
    amina.guard.lock()
    amina.unlock()
    sync(amina)
    assert (tips(desk), amina.workspace.sending.drafts, amina.workspace.sending.under_way) == ([], [], [])


def test_whoever_was_enrolled_before_it_arrived_can_read_it(
    desk: Desk, amina: Program, enrol: Enrol, reviewer: Reviewer
) -> None:
    away = unreachable(desk)
    tip = make_report(amina)
    write(amina, "A filter.")
    enrol("boris")
    away.clear()
    sync(amina)
    amina.workspace.sending.hurry()
    amina.let_leave()
    boris = reviewer("boris")
    boris.unlock()
    assert opened(boris, tip).warnings == []
    assert notes(boris) == ["A filter."]


def test_whoever_was_revoked_before_it_arrived_can_not(desk: Desk, amina: Program, boris: Program) -> None:
    away = unreachable(desk)
    make_report(amina)
    members.revoke(desk.server.store, desk.server.log, "boris", Role.REVIEWER)
    away.clear()
    sync(amina)
    amina.workspace.sending.hurry()
    amina.let_leave()
    (tip,) = tips(desk)
    assert tip.header.count(b"\n-> ") == 1


def test_who_took_the_place_of_another_meanwhile_is_told_by_whom_they_were_left_out(
    desk: Desk, amina: Program, boris: Program, reviewer: Reviewer
) -> None:
    """The desk sees only how many there are. That is no fault of the server's, and it isn't accused of one."""
    away = unreachable(desk)
    tip = make_report(amina)
    members.revoke(desk.server.store, desk.server.log, "boris", Role.REVIEWER)
    carla = reviewer("carla")
    away.clear()
    sync(amina)
    carla.unlock()
    (says,) = opened(carla, tip).warnings
    assert "amina made this" in says
    assert "your auditors" not in says


def test_before_the_first_fetch_nobody_knows_who_would_read_it(desk: Desk, reviewer: Reviewer) -> None:
    unreachable(desk)
    amina = reviewer("amina")
    amina.unlock()
    with pytest.raises(SealError):
        make_report(amina)
    with pytest.raises(SealError):
        write(amina, "A filter.")
    (draft,) = amina.workspace.sending.drafts
    assert draft.payload == TypedReport("what was typed")


def refusing(desk: Desk) -> list[str]:
    """The desk refuses whatever begins a tip, and says in this list what else it was sent."""
    honest, came = desk.wsgi, list[str]()

    def answer(environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        path = environ["PATH_INFO"]
        if environ["REQUEST_METHOD"] == "PUT" and "/first/" in path:
            start("412 Precondition Failed", [("Content-Type", "application/json")])
            return [b'{"error":"not now"}']
        if environ["REQUEST_METHOD"] == "PUT":
            came.append(path)
        return honest(environ, start)

    desk.wsgi = answer
    return came


def test_nothing_overtakes_the_tip_that_it_is_for(desk: Desk, amina: Program) -> None:
    came = refusing(desk)
    tip = make_report(amina)
    amina.workspace.write(Unsent.typed(new_form(), tip, Note("Call back.")))
    amina.let_leave()
    assert came == []
    assert "not now" in amina.workspace.sending.failure(amina.workspace.sending.making[0].item)
