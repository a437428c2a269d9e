"""A reviewer's key is exchanged by itself, and goes on wherever it ended; the old one opens nothing deleted."""

import shutil
import sqlite3
from collections.abc import Callable, Iterable
from contextlib import closing
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

import pytest
from sqlalchemy import delete, select

from crypto.age import AgeError, HybridIdentity, seal, split, unseal
from intake.accesslog import members
from intake.accesslog.append import LogAppender
from intake.audit.verified import accept
from intake.keeper import read_log_key
from intake.protocol.actions import Action
from intake.protocol.card import Role
from intake.protocol.entry import parse_entry
from intake.protocol.index import sha256_hex
from intake.protocol.manifest import Exchange, Manifest
from intake.protocol.renewal import Renewals, Renewed
from intake.protocol.rules import REKEYING, Rule
from intake.storage.tables import Deposit, Handover, LogEntry, Tip
from intake.triage.access import rekeying
from intake.triage.home import Home
from intake.triage.keys.keyfile import change_keys, load_keys, make_keys
from intake.triage.keys.recovery import open_keys
from intake.triage.mirror.tips import Tips
from intake.triage.progress import no_progress
from open_desk import Desk, Stored
from program import IDLE, PASSPHRASE, Enrol, HomeOf, Program, Reviewer
from set_back import back_up, set_back
from told import alerts, page, queue, shown, sync

pytestmark = pytest.mark.slow


def today(days: int = 0) -> date:
    return datetime.now(UTC).date() + timedelta(days=days)


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """What comes meanwhile is not waited for: no test lasts two days."""
    monkeypatch.setattr(rekeying, "GRACE", timedelta(0))


@pytest.fixture
def old(desk: Desk, enrol: Enrol) -> list[Stored]:
    """Amina was enrolled forty days ago; since then came two reports."""
    then = (datetime.now(UTC) - timedelta(days=40)).replace(microsecond=0)
    enrol("amina", log=LogAppender(read_log_key(desk.server.settings.log_key), lambda: then))
    members.enrol(desk.server.store, desk.server.log, make_keys(Role.AUDITOR, "dina").card, clock_is_right=True)
    return [desk.store_tip(f"Of {days}.", {"urgency": "now"}, day=today(-days)) for days in (20, 10)]


@pytest.fixture
def amina(old: list[Stored], restarted: Callable[[], Program]) -> Program:
    return restarted()


def held(path: Path) -> tuple[HybridIdentity, ...]:
    """The identities that a key file gives with its passphrase."""
    opening = load_keys(path, PASSPHRASE).opening
    assert opening is not None
    return opening.identities


def rule(desk: Desk, days: int) -> None:
    """What the operator does."""
    members.rule(desk.server.store, desk.server.log, Rule(REKEYING, days))


def settle(program: Program, times: int = 4) -> None:
    for _ in range(times):
        sync(program)


def alarms(program: Program) -> list[str]:
    """What they say, as far as the colon."""
    return [alarm.says.partition(":")[0] for alarm in program.workspace.alarms]


def it_was_me(program: Program) -> None:
    """Put aside that the other machine used the key."""
    sync(program)
    for alarm in program.workspace.alarms:
        assert alarm.says.startswith("Somebody used your key elsewhere")
        program.workspace.put_aside(alarm, "My other machine.")


def refusing(honest: WSGIApplication, route: str) -> WSGIApplication:
    """A desk that can't do one thing."""

    def refuse(environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        if environ["PATH_INFO"] == route:
            start("503 Service Unavailable", [])
            return [b""]
        return honest(environ, start)

    return refuse


def begun(desk: Desk, restarted: Callable[[], Program]) -> Program:
    """Amina's program with an identity of its own making, which the desk has not taken yet."""
    honest = desk.wsgi
    desk.wsgi = refusing(honest, "/v1/card")
    amina = restarted()
    desk.wsgi = honest
    return amina


def left(desk: Desk, paper: HybridIdentity) -> list[str]:
    """The identities that the paper opens at the desk."""
    with desk.server.store.reading() as session:
        (sealed,) = session.scalars(select(Deposit.sealed))
    opening = open_keys(sealed, paper).opening
    assert opening is not None
    return list(map(str, opening.identities))


def did(desk: Desk, action: Action) -> int:
    with desk.server.store.reading() as session:
        lines = session.scalars(select(LogEntry.body)).all()
    return sum(parse_entry(line).action is action for line in lines)


def opens(desk: Desk, tip: Stored, identity: HybridIdentity) -> bool:
    with desk.server.store.writing() as session:
        row = session.get(Tip, tip.id)
        assert row is not None
        return _opens(row.summary, identity)


def _opens(sealed: bytes, identity: HybridIdentity) -> bool:
    try:
        unseal(sealed, [identity])
    except AgeError:
        return False
    return True


def test_it_is_exchanged_by_itself_and_all_reads_as_before(
    desk: Desk, old: list[Stored], tmp_path: Path, restarted: Callable[[], Program]
) -> None:
    (before,) = held(tmp_path / "amina.key")
    amina = restarted()
    amina.workspace.aside.put("Something is wrong", "I know why.", datetime.now(UTC))
    settle(amina)
    (after,) = held(tmp_path / "amina.key")
    assert str(after) != str(before)
    assert [each.reason for each in amina.workspace.aside.all()] == ["I know why."]
    assert [(opens(desk, tip, before), opens(desk, tip, after)) for tip in old] == [(False, True)] * 2
    new = desk.store_tip("New.", {"urgency": "now"}, day=today())
    sync(amina)
    for tip, text in zip((*old, new), ("Of 20.", "Of 10.", "New."), strict=True):
        assert text in shown(amina, tip)
        assert alerts(amina, tip) == []
    amina.post("/lock", "/")
    amina.unlock()
    assert [alerts(amina, tip) for tip in (*old, new)] == [[], [], []]
    assert (did(desk, Action.REKEY), did(desk, Action.TAKE_OVER)) == (1, 0)


def reads(desk: Desk) -> int:
    """How many summaries the log says that somebody read."""
    with desk.server.store.reading() as session:
        entries = map(parse_entry, session.scalars(select(LogEntry.body)).all())
        return sum(
            name.startswith("summary/") for each in entries if each.action is Action.READ for name in each.objects
        )


def test_to_the_log_it_is_no_reading(desk: Desk, old: list[Stored], restarted: Callable[[], Program]) -> None:
    """Each member's program does it every month, with all reports: what an auditor looks at would drown in that."""
    amina = restarted()
    settle(amina)
    assert (did(desk, Action.REKEY), did(desk, Action.REWRAP)) == (1, 1)
    assert reads(desk) == len(old), "once, when they came"


def test_where_the_program_has_lost_what_it_made_that_is_fetched(
    desk: Desk, old: list[Stored], restarted: Callable[[], Program], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Tips, "exchanged", lambda *_: None)
    amina = restarted()
    settle(amina)
    assert did(desk, Action.REWRAP) == 1
    assert reads(desk) == 2 * len(old)
    assert [alerts(amina, tip) for tip in old] == [[], []]


def test_what_is_restricted_to_others_keeps_no_older_key(
    desk: Desk,
    old: list[Stored],
    restarted: Callable[[], Program],
    reviewer: Reviewer,
    tmp_path: Path,
) -> None:
    rule(desk, 90)
    boris, amina = reviewer("boris"), restarted()
    boris.unlock()
    tip = desk.store_tip("Of both.", {"urgency": "now"}, day=today())
    sync(amina)
    sync(boris)
    address = f"{page(tip)}/readers"
    boris.send(address, {**boris.hidden(address), "alone": "yes"})
    (before,) = held(tmp_path / "amina.key")
    rule(desk, 30)
    settle(amina)
    (after,) = held(tmp_path / "amina.key")
    assert str(after) != str(before)
    assert "Restricted to boris" in shown(amina, tip)


def test_what_the_server_hides_meanwhile_is_not_lost_with_the_older_key(
    desk: Desk, old: list[Stored], tmp_path: Path, restarted: Callable[[], Program]
) -> None:
    """Nobody has a report destroyed on reviewers' machines by leaving it out of an index while a key passes away."""
    (before,) = held(tmp_path / "amina.key")
    honest = desk.wsgi
    desk.wsgi = refusing(honest, "/v1/card")
    amina = restarted()
    assert "Of 20." in shown(amina, old[0])
    desk.wsgi = honest

    def hide(index: dict[str, list[dict[str, Any]]]) -> None:
        index["tips"] = [row for row in index["tips"] if row["id"] != old[0].id.hex()]
        index["items"] = [row for row in index["items"] if row["tip"] != old[0].id.hex()]

    desk.spoil_index(hide)
    settle(amina, 6)
    (after,) = held(tmp_path / "amina.key")
    assert str(after) != str(before)
    desk.wsgi = honest
    amina = restarted()
    sync(amina)
    assert alerts(amina, old[0]) == []
    assert "Of 20." in shown(amina, old[0])


def test_whom_a_colleague_has_left_out_puts_it_right_and_is_told_who_that_was(
    desk: Desk, old: list[Stored], reviewer: Reviewer, tmp_path: Path, restarted: Callable[[], Program]
) -> None:
    """Nobody else looks into each header that is exchanged; and the older key would stay for ever."""
    (before,) = held(tmp_path / "amina.key")
    amina = begun(desk, restarted)
    boris = reviewer("boris")
    boris.unlock()
    nonsense = split(seal(b"", [HybridIdentity.generate().recipient])).header
    with desk.server.store.reading() as session:
        header = session.scalars(select(Tip.header).where(Tip.id == old[0].id)).one()
    exchange = Exchange(old[0].id.hex(), sha256_hex(header), sha256_hex(nonsense))
    assert boris.workspace._client.exchange(Manifest((exchange,)), [nonsense]) == ()
    settle(amina, 6)
    (after,) = held(tmp_path / "amina.key")
    assert str(after) != str(before)
    assert [opens(desk, tip, after) for tip in old] == [True, True]
    (says,) = [alarm.says for alarm in amina.workspace.alarms]
    assert "left you out" in says
    assert "boris" in says
    assert [text in shown(amina, tip) for tip, text in zip(old, ("Of 20.", "Of 10."), strict=True)] == [True, True]
    assert not any("another summary" in alert or "not sealed" in alert for tip in old for alert in alerts(amina, tip))
    amina = restarted()
    assert [alarm.says for alarm in amina.workspace.alarms] == [says]
    # Boris was never let in to what came before him.
    sync(boris)
    assert "Of 20." not in shown(boris, old[0])


def test_nobody_keeps_an_older_key_alive_by_a_summary_that_its_owner_cannot_open(
    desk: Desk, old: list[Stored], reviewer: Reviewer, tmp_path: Path, restarted: Callable[[], Program]
) -> None:
    (before,) = held(tmp_path / "amina.key")
    amina = begun(desk, restarted)
    boris = reviewer("boris")
    boris.unlock()
    strangers = [HybridIdentity.generate().recipient for _ in range(2)]
    parts = split(seal(b"nonsense", strangers))
    with desk.server.store.reading() as session:
        row = session.execute(select(Tip.header, Tip.payload).where(Tip.id == old[0].id)).one()
    nonsense = Renewed(str(strangers[0]), parts.header, parts.payload)
    renewal = nonsense.of(old[0].id.hex(), sha256_hex(row.header), sha256_hex(row.payload))
    assert boris.workspace._client.renew(Renewals((renewal,)), [nonsense]) == ()
    settle(amina, 6)
    (after,) = held(tmp_path / "amina.key")
    assert str(after) != str(before)
    amina = restarted()
    assert any("boris gave this report another key" in alert for alert in alerts(amina, old[0]))
    assert "Of 20." in shown(amina, old[0])


def test_after_how_many_days_is_a_rule_in_the_log(
    desk: Desk, old: list[Stored], tmp_path: Path, restarted: Callable[[], Program]
) -> None:
    rule(desk, 41)
    (before,) = held(tmp_path / "amina.key")
    amina = restarted()
    settle(amina)
    assert [str(each) for each in held(tmp_path / "amina.key")] == [str(before)]
    rule(desk, 40)
    settle(amina)
    assert str(before) not in map(str, held(tmp_path / "amina.key"))
    assert "each reviewer's key for reading is exchanged after 40 days" in queue(amina)


def test_it_is_not_exchanged_again_before_its_time(desk: Desk, amina: Program) -> None:
    settle(amina, 6)
    assert did(desk, Action.REKEY) == 1


def test_a_key_that_is_young_stays(desk: Desk, reviewer: Reviewer, amina: Program, tmp_path: Path) -> None:
    boris = reviewer("boris")
    (before,) = held(tmp_path / "boris.key")
    boris.unlock()
    settle(boris)
    assert [str(each) for each in held(tmp_path / "boris.key")] == [str(before)]


def test_whoever_kept_a_copy_of_last_month_and_takes_the_key_today_opens_nothing_that_was_deleted(
    desk: Desk, old: list[Stored], tmp_path: Path, restarted: Callable[[], Program]
) -> None:
    """What was handed over since, which the server has today, leads from older keys to newer ones, and never back."""
    (before,) = held(tmp_path / "amina.key")
    with desk.server.store.writing() as session:
        copy = [row.summary for row in session.scalars(select(Tip))]
    assert all(_opens(sealed, before) for sealed in copy)
    shutil.copytree(tmp_path / "server", tmp_path / "taken")
    amina = restarted()
    settle(amina)
    with desk.server.store.writing() as session:
        session.execute(delete(Tip).where(Tip.id == old[0].id))
    sync(amina)
    today_ = held(tmp_path / "amina.key")
    with closing(sqlite3.connect(tmp_path / "taken" / "intake.db")) as taken:
        rows = taken.execute("SELECT header, payload FROM tip").fetchall()
    with desk.server.store.reading() as session:
        handed = list(session.scalars(select(Handover.sealed)))
    assert (len(rows), len(handed)) == (2, 1)
    for sealed in (*(header + payload for header, payload in rows), *copy, *handed):
        assert not any(_opens(sealed, identity) for identity in today_)
    assert str(before) not in (tmp_path / "amina.key").read_bytes().decode("latin-1")


ROUTES = ["/v1/card", "/v1/headers", "/v1/log/checkpoint", "/v1/index"]


@pytest.mark.parametrize("heard", [True, False])
@pytest.mark.parametrize("route", ROUTES)
def test_where_it_is_interrupted_it_goes_on_after_the_next_unlock(
    route: str, heard: bool, desk: Desk, old: list[Stored], tmp_path: Path, restarted: Callable[[], Program]
) -> None:
    """The desk is lost at each request once, before it does it or after, and the program is ended then."""
    (before,) = held(tmp_path / "amina.key")
    honest, lost = desk.wsgi, list[str]()
    begun = False

    def lose(environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        nonlocal begun
        begun |= environ["PATH_INFO"] == "/v1/card"
        if environ["PATH_INFO"] == route and begun and not lost:
            lost.append(route)
            if heard:
                list(honest(environ, start))
            start("503 Service Unavailable", [])
            return [b""]
        return honest(environ, start)

    desk.wsgi = lose
    amina = restarted()
    amina.post("/lock", "/")
    amina.unlock()
    settle(amina)
    assert lost == [route]
    (after,) = held(tmp_path / "amina.key")
    assert str(after) != str(before)
    assert did(desk, Action.REKEY) == 1
    assert [(opens(desk, tip, before), opens(desk, tip, after)) for tip in old] == [(False, True)] * 2
    assert [alerts(amina, tip) for tip in old] == [[], []]
    assert "not to be trusted" not in queue(amina)


def test_what_was_typed_and_not_sent_is_still_there(
    desk: Desk, old: list[Stored], amina: Program, tmp_path: Path
) -> None:
    honest = desk.wsgi
    desk.lie("/v1/tips", lambda _: b"{}")

    def refuse(environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        if environ["PATH_INFO"].startswith("/v1/tips"):
            start("507 Insufficient Storage", [])
            return [b""]
        return honest(environ, start)

    desk.wsgi = refuse
    amina.write(page(old[0]), "note", text="A note that waits.")
    settle(amina)
    assert len(held(tmp_path / "amina.key")) == 1
    amina.post("/lock", "/")
    desk.wsgi = honest
    amina.unlock()
    sync(amina)
    assert "A note that waits." in shown(amina, old[0])


@pytest.fixture
def second(desk: Desk, tmp_path: Path) -> Program:
    """Another machine of amina's: a copy of her key file, and a home of its own."""
    shutil.copy(tmp_path / "amina.key", tmp_path / "second.key")
    home = Home.open(tmp_path / "second-home", desk=desk.url, policy=desk.policy, proxy=None)
    program = Program(home, tmp_path / "second.key", IDLE)
    program.enter()
    return program


def test_another_machine_takes_over_what_the_first_has_made(
    desk: Desk, old: list[Stored], second: Program, tmp_path: Path, restarted: Callable[[], Program]
) -> None:
    amina = restarted()
    settle(amina)
    second.unlock()
    settle(second)
    assert [str(each) for each in held(tmp_path / "second.key")] == [str(each) for each in held(tmp_path / "amina.key")]
    assert [alerts(second, tip) for tip in old] == [[], []]
    assert (did(desk, Action.REKEY), did(desk, Action.TAKE_OVER)) == (1, 1)
    sync(amina)
    assert (alarms(amina), alarms(second)) == (["Somebody used your key elsewhere"], [])
    second.guard.lock()


def test_a_machine_that_has_not_taken_over_yet_calls_the_newer_key_no_strangers(
    desk: Desk, old: list[Stored], second: Program, restarted: Callable[[], Program]
) -> None:
    amina = restarted()
    settle(amina)
    desk.lie("/v1/handovers", lambda _: b"{}")
    second.unlock()
    settle(second)
    assert alarms(second) == []
    assert "Your key is exchanged for a newer one later" in queue(second)
    second.guard.lock()


def test_what_was_left_for_the_paper_at_the_desk_is_as_the_keys_are_now(
    desk: Desk, old: list[Stored], tmp_path: Path, restarted: Callable[[], Program]
) -> None:
    """While older ones are needed that is all of them; in the end nothing there brings them back."""
    paper = HybridIdentity.generate()
    change_keys(
        tmp_path / "amina.key",
        PASSPHRASE,
        lambda keys: replace(keys, recovery=paper.recipient),
        PASSPHRASE,
        work_factor=4,
    )
    (before,) = held(tmp_path / "amina.key")
    honest = desk.wsgi
    desk.wsgi = refusing(honest, "/v1/headers")
    amina = restarted()
    settle(amina)
    both = held(tmp_path / "amina.key")
    assert len(both) == 2
    assert left(desk, paper) == list(map(str, both))
    desk.wsgi = honest
    settle(amina)
    (after,) = held(tmp_path / "amina.key")
    assert left(desk, paper) == [str(after)] != [str(before)]


def test_of_two_that_exchange_at_once_one_is_first_and_both_have_the_same(
    desk: Desk, old: list[Stored], second: Program, tmp_path: Path, restarted: Callable[[], Program]
) -> None:
    """The second has fetched, and made an identity of its own, before the first one's is on the card."""
    honest = desk.wsgi
    desk.wsgi = refusing(honest, "/v1/card")
    second.unlock()
    assert len(held(tmp_path / "second.key")) == 2
    desk.wsgi = honest
    amina = restarted()
    settle(amina)
    settle(second)
    assert [str(each) for each in held(tmp_path / "second.key")] == [str(each) for each in held(tmp_path / "amina.key")]
    for program in (amina, second):
        it_was_me(program)
        assert [alerts(program, tip) for tip in old] == [[], []]
    assert did(desk, Action.REKEY) == 1
    second.guard.lock()


def test_a_card_with_a_key_of_nobodys_machine_is_an_alarm(
    desk: Desk, old: list[Stored], second: Program, tmp_path: Path, restarted: Callable[[], Program]
) -> None:
    """Somebody with a copy of the key file exchanges the key, and hands nothing over."""
    second.unlock()
    settle(second)
    with desk.server.store.writing() as session:
        session.connection().exec_driver_sql("DELETE FROM handover")
    amina = restarted()
    assert "none of your machines has handed that over" in queue(amina)
    second.guard.lock()


def test_where_a_copy_from_before_was_put_back_the_key_goes_onto_the_card_again(
    desk: Desk, old: list[Stored], tmp_path: Path, restarted: Callable[[], Program], home: HomeOf
) -> None:
    """The copy has a card whose identity was destroyed: whatever came would be sealed to a key that nobody has."""
    made = back_up(desk, tmp_path / "scratch")
    settle(restarted())
    (mine,) = held(tmp_path / "amina.key")
    amina = restarted()
    with set_back(desk, made, tmp_path / "again", declared=True):
        sync(amina)
        amina.guard.lock()
        accept(home("amina"), load_keys(tmp_path / "amina.key", PASSPHRASE), "The disk broke.", no_progress)
        amina = restarted()
        settle(amina)
        assert alarms(amina) == []
        new = desk.store_tip("New.", {"urgency": "now"}, day=today())
        sync(amina)
        for tip in (*old, new):
            assert alerts(amina, tip) == []
        for tip, text in zip((*old, new), ("Of 20.", "Of 10.", "New."), strict=True):
            assert text in shown(amina, tip)
        assert [str(each) for each in held(tmp_path / "amina.key")] == [str(mine)]
        amina.guard.lock()
