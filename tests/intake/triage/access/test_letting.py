"""A colleague who was enrolled later is let in to what came before, all or a part; whatever ends it, it goes on."""

from collections.abc import Callable, Iterable
from datetime import UTC, date, datetime, timedelta
from wsgiref.types import StartResponse, WSGIEnvironment

import pytest
from sqlalchemy import select, update

from crypto.age import HybridIdentity, admit
from intake.accesslog.append import LogAppender
from intake.keeper import read_log_key
from intake.protocol.actions import Action
from intake.protocol.entry import parse_entry
from intake.storage.tables import LogEntry, Tip
from open_desk import Desk, Stored
from program import Enrol, Program, Reviewer
from told import alerts, page, queue, shown, sync

pytestmark = pytest.mark.slow

NOT_SEALED = "This report was not sealed to you: it came before you were enrolled."


def today(days: int = 0) -> date:
    return datetime.now(UTC).date() + timedelta(days=days)


@pytest.fixture
def five_days_ago(desk: Desk, enrol: Enrol) -> None:
    """Amina was enrolled then."""
    then = (datetime.now(UTC) - timedelta(days=5)).replace(microsecond=0)
    enrol("amina", log=LogAppender(read_log_key(desk.server.settings.log_key), lambda: then))


@pytest.fixture
def old(desk: Desk, five_days_ago: None) -> list[Stored]:
    """Reports of three days ago, two days ago and yesterday, when amina alone was there."""
    return [desk.store_tip(f"Of {days}.", {"urgency": "now"}, day=today(-days)) for days in (3, 2, 1)]


@pytest.fixture
def amina(old: list[Stored], restarted: Callable[[], Program]) -> Program:
    """Her program, unlocked: it has fetched them."""
    return restarted()


@pytest.fixture
def boris(amina: Program, reviewer: Reviewer) -> Program:
    """A reviewer who was enrolled after that."""
    program = reviewer("boris")
    program.unlock()
    sync(amina)
    return program


def key_of(program: Program) -> str:
    return program.workspace.people.me


def let_in(program: Program, other: Program, which: str = "all", query: str = "", **values: str) -> str:
    page = f"/members/{key_of(other)}/older{query}"
    answer = program.post(page, page, which=which, **values)
    return answer.text


def rewraps(desk: Desk) -> list[tuple[str, ...]]:
    """The objects of each such entry of the log."""
    with desk.server.store.reading() as session:
        lines = session.scalars(select(LogEntry.body).order_by(LogEntry.index)).all()
    return [entry.objects for entry in map(parse_entry, lines) if entry.action is Action.REWRAP]


def test_all_that_came_before_is_read_and_says_who_let_whom_in(
    desk: Desk, old: list[Stored], amina: Program, boris: Program
) -> None:
    assert [alerts(boris, tip) for tip in old] == [[NOT_SEALED]] * 3
    assert "Let them read 3 older reports" in amina.get("/members").text
    without = "Every reviewer but boris: it came before they were enrolled, and nobody has let them in."
    assert all(without in amina.get(f"{page(tip)}{part}").text for tip in old for part in ("", "/readers"))
    let_in(amina, boris)
    sync(boris)
    told = f"amina let boris read this on {today()}."
    for tip, days in zip(old, (3, 2, 1), strict=True):
        assert f"Of {days}." in shown(boris, tip)
        for program in (amina, boris):
            assert alerts(program, tip) == []
            assert told in shown(program, tip)
            assert "Every reviewer." in shown(program, tip)
    assert rewraps(desk) == [(f"member/{key_of(boris)}", *sorted(f"tip/{tip.id.hex()}" for tip in old))]
    assert "older report" not in amina.get("/members").text
    assert "can read everything that is here" in amina.get(f"/members/{key_of(boris)}/older").text


def test_what_comes_afterwards_is_sealed_to_both_anyway(
    desk: Desk, old: list[Stored], amina: Program, boris: Program
) -> None:
    new = desk.store_tip("Of today.", {"urgency": "now"}, day=today())
    let_in(amina, boris)
    sync(boris)
    assert "Of today." in shown(boris, new)
    assert len(rewraps(desk)[0]) == 1 + len(old)
    assert all("let boris read" not in shown(each, new) for each in (amina, boris))


def test_only_a_part_of_it_from_a_day_on(desk: Desk, old: list[Stored], amina: Program, boris: Program) -> None:
    let_in(amina, boris, "since", since=today(-2).isoformat())
    sync(boris)
    assert [bool(alerts(boris, tip)) for tip in old] == [True, False, False]
    assert "Let them read 1 older report " in amina.get("/members").text


def test_what_is_no_day_is_said(old: list[Stored], amina: Program, boris: Program, desk: Desk) -> None:
    assert "Write the day as in" in let_in(amina, boris, "since", since="yesterday")
    assert rewraps(desk) == []


def test_only_what_a_filter_shows_and_the_teams_own_dossiers(
    desk: Desk, old: list[Stored], amina: Program, reviewer: Reviewer
) -> None:
    over = desk.store_tip("Over.", {"urgency": "past"}, day=today())
    sync(amina)
    amina.post("/team/label_name", "/team", name="Detained", colour="green")
    boris = reviewer("boris")
    boris.unlock()
    sync(amina)
    assert "Let a colleague read these" in amina.get("/reports?urgency=now").text
    let_in(amina, boris, "filter", query="?urgency=now")
    sync(boris)
    assert [alerts(boris, tip) for tip in old] == [[], [], []]
    assert len(alerts(boris, over)) == 1
    assert "Detained" in boris.get("/team").text


def test_it_goes_on_where_the_desk_was_lost_midway(
    desk: Desk, old: list[Stored], amina: Program, boris: Program, restarted: Callable[[], Program]
) -> None:
    honest = desk.wsgi

    def lost(environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        answer = honest(environ, start)
        if environ["PATH_INFO"] == "/v1/headers":
            # It was done, but nobody hears of it.
            start("503 Service Unavailable", [])
            return [b""]
        return answer

    desk.wsgi = lost
    let_in(amina, boris)
    assert "was interrupted, and goes on later" in queue(amina)
    assert "3 reports are still to go" in amina.get(f"/members/{key_of(boris)}/older").text
    desk.wsgi = honest
    sync(amina)
    assert "still to go" not in amina.get(f"/members/{key_of(boris)}/older").text
    assert len(rewraps(desk)) == 1
    sync(boris)
    assert [alerts(boris, tip) for tip in old] == [[], [], []]


def test_it_goes_on_after_the_program_was_ended(desk: Desk, old: list[Stored], amina: Program, boris: Program) -> None:
    honest = desk.wsgi
    desk.lie("/v1/headers", lambda _: b"{}")
    let_in(amina, boris)
    amina.post("/lock", "/")
    desk.wsgi = honest
    amina.unlock()
    sync(boris)
    assert [alerts(boris, tip) for tip in old] == [[], [], []]


def test_it_can_be_stopped(desk: Desk, old: list[Stored], amina: Program, boris: Program) -> None:
    desk.lie("/v1/headers", lambda _: b"{}")
    let_in(amina, boris)
    page = f"/members/{key_of(boris)}"
    amina.post(f"{page}/stop", f"{page}/older")
    assert "still to go" not in amina.get(f"{page}/older").text


def test_a_header_that_a_colleague_exchanged_meanwhile_is_gone_on_from(
    desk: Desk, old: list[Stored], amina: Program, boris: Program, reviewer: Reviewer
) -> None:
    """Amina's program keeps the header that it saw first, and takes the newer one from the desk."""
    carla = reviewer("carla")
    carla.unlock()
    sync(amina)
    sync(boris)
    let_in(amina, boris)
    sync(boris)
    let_in(boris, carla)
    sync(carla)
    sync(amina)
    for program in (amina, boris, carla):
        assert [alerts(program, tip) for tip in old] == [[], [], []]
    assert "amina let boris read this" in shown(carla, old[0])
    assert "boris let carla read this" in shown(amina, old[0])
    assert rewraps(desk)[1][0] == f"member/{key_of(carla)}"


def test_nobody_lets_in_themself_an_auditor_or_a_stranger(old: list[Stored], amina: Program, boris: Program) -> None:
    for key in (key_of(amina), "0" * 32):
        assert amina.get(f"/members/{key}/older").status_code == 404


def test_a_header_that_no_entry_explains_is_the_alarm_that_it_was(
    desk: Desk, old: list[Stored], amina: Program, boris: Program
) -> None:
    """Somebody who holds the key of a tip gives the server a header for one more, and nothing is in the log."""
    header = admit(_header(desk, old[0]), [_identity(amina)], [HybridIdentity.generate().recipient])
    with desk.server.store.writing() as session:
        session.execute(update(Tip).where(Tip.id == old[0].id).values(header=header))
    sync(amina)
    (alert,) = alerts(amina, old[0])
    assert "put another summary in the place" in alert


def test_a_header_from_before_the_last_entry_is_the_same_alarm(
    desk: Desk, old: list[Stored], amina: Program, boris: Program
) -> None:
    before = _header(desk, old[0])
    let_in(amina, boris)
    sync(boris)
    with desk.server.store.writing() as session:
        session.execute(update(Tip).where(Tip.id == old[0].id).values(header=before))
    for program in (amina, boris):
        sync(program)
        assert any("put another summary in the place" in alert for alert in alerts(program, old[0]))
    assert "Of 3." in shown(boris, old[0])


def test_a_header_for_more_people_than_the_log_says_is_said(
    desk: Desk, old: list[Stored], amina: Program, boris: Program
) -> None:
    """A server that added a reader of its own: that boris was let in explains one more, and not two."""
    real = desk.server.log
    ghost = HybridIdentity.generate().recipient
    assert real is not None
    tip = desk.store_tip(
        "Ghost.", {"urgency": "now"}, ghosts=0, day=today(-1), sealed_to=[_identity(amina).recipient, ghost]
    )
    sync(amina)
    assert any("more or fewer people" in alert for alert in alerts(amina, tip))
    let_in(amina, boris)
    sync(boris)
    assert any("more or fewer people" in alert and "by the log" in alert for alert in alerts(boris, tip))


def _header(desk: Desk, tip: Stored) -> bytes:
    with desk.server.store.reading() as session:
        return session.scalars(select(Tip.header).where(Tip.id == tip.id)).one()


def _identity(program: Program) -> HybridIdentity:
    return program.workspace._opening.current
