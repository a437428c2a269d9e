"""A server whose clock is wrong: who is told what, what puts it right, and that nothing comes in a second time."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from audited import audited
from crypto.age import HybridIdentity
from crypto.note import SigningKey
from enrolled import Enrolled, Members
from intake.accesslog import clock as operators_clock
from intake.accesslog import members
from intake.accesslog.append import LogAppender
from intake.desk import create_app
from intake.keeper import Keeper, initialise, open_keeper, read_log_key
from intake.protocol.actions import Action
from intake.protocol.card import Role, issue_card
from intake.protocol.clock import ClockError, ClockJumpError
from intake.protocol.requests import sign
from intake.storage.tables import Item
from ledger import cut, verified_in_pieces
from signed_client import ClientOf, StoreTip

pytestmark = pytest.mark.slow

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


@dataclass
class World:
    """The true time, and how far the server's clock is from it."""

    now: datetime = NOON
    off: timedelta = timedelta(0)

    def server_now(self) -> datetime:
        return self.now + self.off


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
def clocked(server: Keeper, world: World) -> Keeper:
    """The server, by its clock in that world."""
    return replace(server, log=LogAppender(read_log_key(server.settings.log_key), world.server_now))


@pytest.fixture
def enrol(clocked: Keeper, members_of: Members) -> Callable[..., Enrolled]:
    """Enrols by the server's clock."""

    def make(name: str, role: Role = Role.REVIEWER, *, clock_is_right: bool = False) -> Any:
        member = members_of.make(name, role)
        members.enrol(clocked.store, clocked.log, member.card, clock_is_right=clock_is_right)
        return member

    return make


@pytest.fixture
def asks(clocked: Keeper, world: World, client: ClientOf) -> Callable[..., tuple[int, str]]:
    """Lets a member ask for the index; their machine's clock is right, or off by so much. The status and the words."""

    def ask(member: Enrolled, path: str = "/v1/index", off: timedelta = timedelta(0)) -> tuple[int, str]:
        desk = client(member, clocked)
        answer = desk.send(desk.request("GET", path, created=world.now + off))
        return answer.status_code, answer.json()["error"] if answer.status_code == 401 else ""

    return ask


def today(server: Keeper) -> str:
    return server.today().isoformat()


def test_an_enrolment_one_day_ahead_is_corrected_and_then_everything_works(
    clocked: Keeper, world: World, enrol: Callable[..., Enrolled], asks: Any
) -> None:
    amina = enrol("amina")
    world.off = DAY
    boris = enrol("boris")
    world.off = timedelta(0)
    for member in (amina, boris):
        status, says = asks(member)
        assert (status, "the server's log is ahead of the time by about 24 hours" in says) == (401, True)
        assert "'intake clock correct'" in says
    assert asks(amina, "/v1/log/checkpoint")[0] == 200
    correction = operators_clock.correct(clocked.store, clocked.log)
    assert (correction.before, correction.after) == (NOON + DAY, NOON)
    assert asks(amina) == asks(boris) == (200, "")
    assert today(clocked) == "2026-03-10"
    verified = audited(clocked)
    assert verified.clock.corrections == (correction,)
    assert [entry.action for entry in verified.entries[2:]] == [Action.CLOCK, Action.INDEX, Action.INDEX]


def test_a_jump_of_the_operators_is_confirmed_and_the_log_shows_it(
    clocked: Keeper, world: World, enrol: Callable[..., Enrolled]
) -> None:
    enrol("amina")
    world.now += 400 * DAY
    with pytest.raises(ClockJumpError, match=r"is of 2026-03-10 12:00 UTC.*says 2027-04-14 12:00 UTC"):
        enrol("boris")
    with pytest.raises(ClockJumpError):
        members.revoke(clocked.store, clocked.log, "amina", Role.REVIEWER)
    enrol("boris", clock_is_right=True)
    enrol("dmitri", clock_is_right=True)
    assert [entry.confirmed for entry in audited(clocked).entries] == [False, True, False]


def test_after_a_pause_of_weeks_a_member_vouches_for_the_time(
    clocked: Keeper, world: World, enrol: Callable[..., Enrolled], asks: Any
) -> None:
    amina = enrol("amina")
    world.now += 40 * DAY
    assert asks(amina)[0] == 200
    enrol("boris")
    assert not any(entry.confirmed for entry in audited(clocked).entries)


@pytest.mark.parametrize("off", [-HOUR, HOUR, -2 * DAY, 2 * DAY])
def test_a_server_whose_clock_is_off_is_told_as_that_and_works_once_it_is_right(
    off: timedelta, world: World, enrol: Callable[..., Enrolled], asks: Any
) -> None:
    amina = enrol("amina")
    world.off = off
    in_words = "60 minutes" if abs(off) == HOUR else "2 days"
    assert asks(amina) == (
        401,
        f"this machine's clock and the server's differ by about {in_words}; put right whichever of them is wrong",
    )
    world.off = timedelta(0)
    assert asks(amina)[0] == 200


def test_a_members_wrong_clock_is_told_in_the_same_words_while_the_log_is_ahead(
    world: World, enrol: Callable[..., Enrolled], asks: Any
) -> None:
    world.off = DAY
    amina = enrol("amina")
    world.off = timedelta(0)
    assert "this machine's clock and the server's differ by about 24 hours" in asks(amina, off=DAY)[1]


@pytest.mark.parametrize("was_member", [False, True])
def test_nobody_but_a_member_is_told_a_clock(
    was_member: bool, clocked: Keeper, world: World, enrol: Callable[..., Enrolled], asks: Any, members_of: Members
) -> None:
    enrol("amina")
    stranger = enrol("mallory") if was_member else members_of.make("mallory")
    if was_member:
        members.revoke(clocked.store, clocked.log, "mallory", Role.REVIEWER)
    world.off = 3 * DAY
    enrol("boris", clock_is_right=True)
    for off in (timedelta(0), world.off, -DAY):
        assert asks(stranger, off=off) == (401, "the signing key is not enrolled, or was revoked")


def test_a_log_a_year_ahead_is_corrected_too(
    clocked: Keeper, world: World, enrol: Callable[..., Enrolled], asks: Any
) -> None:
    world.off = 365 * DAY
    amina = enrol("amina")
    world.off = timedelta(0)
    assert "ahead of the time by about 365 days" in asks(amina)[1]
    operators_clock.correct(clocked.store, clocked.log)
    assert asks(amina)[0] == 200
    assert audited(clocked).clock.last == NOON


def test_a_log_that_is_not_ahead_is_not_corrected(
    clocked: Keeper, world: World, enrol: Callable[..., Enrolled]
) -> None:
    enrol("amina")
    for _ in range(2):
        with pytest.raises(ClockError, match="nothing to correct"):
            operators_clock.correct(clocked.store, clocked.log)
        world.now += DAY


def test_what_came_in_before_a_correction_never_comes_in_again(
    clocked: Keeper, world: World, enrol: Callable[..., Enrolled], client: ClientOf
) -> None:
    """Neither at once nor when its time has come: its nonce, long forgotten by then, is read from the log again."""
    world.off = DAY
    desk = client(enrol("amina"), clocked)
    before = desk.request("GET", "/v1/index", created=world.now + DAY)
    assert desk.send(before).status_code == 200
    world.off += HOUR
    assert desk.send(desk.request("GET", "/v1/index", created=world.server_now())).status_code == 200
    early = desk.request("GET", "/v1/index", created=NOON - MINUTE)
    world.off = timedelta(0)
    operators_clock.correct(clocked.store, clocked.log)
    assert "corrected meanwhile" in desk.send(early).json()["error"]
    world.now += DAY
    assert desk.send(before).json()["error"] == "this request was used before"
    audited(clocked)


def test_a_report_is_deleted_for_its_age_by_no_clock_that_is_ahead_of_the_log(
    clocked: Keeper, world: World, enrol: Callable[..., Enrolled]
) -> None:
    enrol("amina")
    world.off = 900 * DAY
    with clocked.store.reading() as session:
        assert clocked.log.day_for_deleting(session, clock_is_right=False) == NOON.date()
        assert clocked.log.day_for_deleting(session, clock_is_right=True) == (NOON + 900 * DAY).date()
        assert clocked.log.day(session) == (NOON + 900 * DAY).date()


STEPS = st.lists(
    st.one_of(
        # Minutes that the member's clock is off that of the server, or of the world.
        st.tuples(st.sampled_from(["ask", "ask truly"]), st.sampled_from([-6, -4, 0, 4, 6])),
        st.tuples(st.just("again"), st.integers(0, 5)),
        st.tuples(st.just("again at its time"), st.integers(0, 5)),
        st.tuples(st.just("pass"), st.sampled_from([1, 5, 12, 90, 2000])),
        st.tuples(st.just("server"), st.sampled_from([0, -90, 3, 90, 2000])),
        st.tuples(st.sampled_from(["enrol", "correct", "put right"]), st.just(0)),
    ),
    max_size=25,
)


class Play:
    """A server, a reviewer, and every request that was ever sent."""

    def __init__(self, directory: Path) -> None:
        self.world = World()
        self._opened = open_keeper(initialise(directory, {"desk_authority": "desk.test"}))
        log = LogAppender(read_log_key(self._opened.settings.log_key), self.world.server_now)
        self.server = replace(self._opened, log=log)
        self._http = httpx.Client(
            transport=httpx.WSGITransport(app=create_app(self.server)), base_url="http://desk.test", trust_env=False
        )
        self._key = SigningKey.generate("amina")
        self._sent: list[tuple[datetime, httpx.Request]] = []
        self._names = (f"carla-{number}" for number in count())
        self.let_in = 0
        members.enrol(self.server.store, log, issue_card(Role.REVIEWER, self._key, HybridIdentity.generate()))

    def close(self) -> None:
        self._http.close()
        self._opened.store.close()

    def step(self, what: str, value: int) -> None:
        if what in ("ask", "ask truly"):
            now = self.world.server_now() if what == "ask" else self.world.now
            self._ask(now + value * MINUTE)
        elif what in ("again", "again at its time") and value < len(self._sent):
            created, request = self._sent[value]
            if what == "again at its time":
                self.world.now = max(self.world.now, created)
            self._send(request)
        elif what == "pass":
            self.world.now += value * MINUTE
        elif what == "server":
            self.world.off = value * MINUTE
        elif what == "enrol":
            card = issue_card(Role.AUDITOR, SigningKey.generate(next(self._names)), None)
            members.enrol(self.server.store, self.server.log, card, clock_is_right=True)
        elif what in ("correct", "put right"):
            self.world.off = timedelta(0) if what == "put right" else self.world.off
            with suppress(ClockError):
                operators_clock.correct(self.server.store, self.server.log)

    def _ask(self, created: datetime) -> None:
        request = self._http.build_request("GET", "/v1/index")
        sign(request, b"", self._key, self.server.log.origin, created)
        self._sent.append((created, request))
        self._send(request)

    def _send(self, request: httpx.Request) -> None:
        self.let_in += self._http.send(request).status_code == 200


@settings(max_examples=60)
@given(STEPS)
@example([("server", 90), ("ask", 0), ("pass", 12), ("ask", 0), ("put right", 0), ("again at its time", 0)])
@example([("ask", 0), ("server", 90), ("enrol", 0), ("put right", 0), ("again", 0), ("pass", 5), ("ask", -4)])
def test_whatever_clocks_do_the_desk_lets_in_only_what_an_auditor_accepts_and_each_request_once(
    steps: list[tuple[str, int]],
) -> None:
    """Time passes, clocks go wrong and right, requests come again, the operator enrols and corrects."""
    with TemporaryDirectory() as directory:
        play = Play(Path(directory))
        for what, value in steps:
            play.step(what, value)
        verified = audited(play.server)
        with play.server.store.reading() as session:
            lines = play.server.log.lines(session, 0, play.server.log.size(session))
        play.close()
    entries = verified.entries
    for places in (range(len(lines)), range(0, len(lines), 4)):
        in_pieces = verified_in_pieces(cut(lines, places), lines, verified.checkpoint.origin)
        assert (tuple(in_pieces[0]), in_pieces[1].to_bytes()) == (entries, verified.state.to_bytes())
    bases = [entry.request.base for entry in entries if entry.request is not None]
    assert len(bases) == len(set(bases)) == play.let_in


def test_what_reviewers_add_bears_the_day_of_the_log(
    clocked: Keeper,
    world: World,
    enrol: Callable[..., Enrolled],
    client: ClientOf,
    stored: StoreTip,
) -> None:
    """Also where the server's clock is a few minutes behind it, across midnight."""
    world.now = NOON + 12 * HOUR + MINUTE
    desk, (tip, _) = client(enrol("amina"), clocked), stored(0)
    world.off = -2 * MINUTE
    path = f"/v1/tips/{tip}/items/{'0' * 32}?kind=work"
    assert desk.send(desk.request("PUT", path, b"sealed", created=world.now)).status_code == 201
    with clocked.store.reading() as session:
        assert [day.isoformat() for day in session.scalars(select(Item.day))] == ["2026-03-11"]
