"""What two reviewers want deleted counts down, and is then gone from the server for good, with its entry in the log."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from audited import audited
from enrolled import Enrolled, Members
from intake.accesslog import members
from intake.accesslog.append import LogAppender
from intake.accesslog.deleting import delete_due
from intake.keeper import Keeper, read_log_key
from intake.protocol.actions import Action
from intake.protocol.audit import VerifiedLog
from intake.protocol.card import Role
from intake.protocol.entry import OPERATOR
from intake.protocol.index import parse_day, parse_days
from intake.storage.removal import remove_tips
from intake.storage.tables import Item, Tip
from signed_client import Client, ClientOf, StoreTip

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
DAY = timedelta(days=1)
WHY, AGAIN = "01" * 16, "02" * 16


@dataclass
class World:
    """A desk, its members, and the time."""

    server: Keeper
    client: ClientOf
    now: datetime

    def ask(self, member: Enrolled, method: str, path: str, body: bytes = b"") -> int:
        desk: Client = self.client(member, self.server)
        request = desk.request(method, path, body, created=self.now)
        return desk.send(request).status_code

    def propose(self, member: Enrolled, tip: str, item: str = WHY) -> int:
        return self.ask(member, "PUT", f"/v1/tips/{tip}/deletion/{item}")

    def second(self, member: Enrolled, tip: str, item: str = WHY) -> int:
        return self.ask(member, "POST", f"/v1/tips/{tip}/deletion/{item}/second")

    def stop(self, member: Enrolled, tip: str, item: str = WHY) -> int:
        return self.ask(member, "POST", f"/v1/tips/{tip}/deletion/{item}/stop")

    def fetch(self, member: Enrolled) -> None:
        assert self.ask(member, "GET", "/v1/index") == 200

    @property
    def log(self) -> VerifiedLog:
        return audited(self.server)

    @property
    def tips(self) -> list[str]:
        with self.server.store.reading() as session:
            return [name.hex() for name in session.scalars(select(Tip.id))]


@pytest.fixture
def world(server: Keeper, client: ClientOf) -> World:
    made = World(server, client, NOON)
    made.server = replace(server, log=LogAppender(read_log_key(server.settings.log_key), lambda: made.now))
    return made


@pytest.fixture
def enrol(world: World, members_of: Members) -> Callable[..., Enrolled]:
    def make(name: str, role: Role = Role.REVIEWER) -> Enrolled:
        member = members_of.make(name, role)
        members.enrol(world.server.store, world.server.log, member.card)
        return member

    return make


@pytest.fixture
def amina(enrol: Callable[..., Enrolled]) -> Enrolled:
    return enrol("amina")


@pytest.fixture
def boris(enrol: Callable[..., Enrolled]) -> Enrolled:
    return enrol("boris")


@pytest.fixture
def wanted(world: World, amina: Enrolled, boris: Enrolled, stored: StoreTip) -> str:
    """A tip with three items that both of them want deleted."""
    tip, _ = stored(3)
    assert (world.propose(amina, tip), world.second(boris, tip)) == (201, 204)
    return tip


def test_two_want_it_and_the_first_fetch_after_the_countdown_finds_it_gone(
    world: World, amina: Enrolled, boris: Enrolled, stored: StoreTip
) -> None:
    tip, (item,) = stored(1)
    kept, _ = stored(1)
    assert (world.propose(amina, tip), world.second(boris, tip)) == (201, 204)
    world.now += 7 * DAY - timedelta(seconds=1)
    world.fetch(amina)
    assert set(world.tips) == {tip, kept}
    world.now += timedelta(seconds=1)
    world.fetch(boris)
    assert world.tips == [kept]
    last = world.log.entries[-1]
    assert (last.who, last.action, last.objects) == (OPERATOR, Action.DELETE, (f"tip/{tip}", f"item/{WHY}"))
    assert last.at == NOON + 7 * DAY
    files = [path for path in world.server.settings.data.rglob("*") if path.is_file()]
    assert not [path for path in files if b"item " + bytes.fromhex(item) in path.read_bytes()]
    assert [path for path in files if bytes.fromhex(kept) in path.read_bytes()]


def test_the_index_that_carries_it_out_no_longer_shows_it(world: World, amina: Enrolled, wanted: str) -> None:
    world.now += 7 * DAY
    desk = world.client(amina, world.server)
    assert parse_days(desk.send(desk.request("GET", "/v1/index", created=world.now)).content).days == ()


def test_one_reviewer_alone_is_refused_and_the_log_stays_as_short_as_it_is(
    world: World, amina: Enrolled, boris: Enrolled, stored: StoreTip
) -> None:
    tip, _ = stored(1)
    assert world.second(amina, tip) == 409
    assert world.stop(amina, tip) == 409
    assert world.propose(amina, tip) == 201
    size = world.log.checkpoint.size
    world.now += timedelta(seconds=1)
    assert (world.propose(amina, tip), world.propose(boris, tip)) == (409, 409)
    assert world.second(amina, tip) == 409
    assert world.propose(boris, "00" * 16, AGAIN) == 404
    assert world.log.checkpoint.size == size
    world.now += 30 * DAY
    world.fetch(amina)
    assert tip in world.tips


def test_a_stop_is_final_and_what_was_on_its_way_to_second_it_comes_to_nothing(
    world: World, amina: Enrolled, boris: Enrolled, enrol: Callable[..., Enrolled], wanted: str
) -> None:
    chen = enrol("chen")
    world.now += 7 * DAY
    assert world.stop(chen, wanted) == 204
    world.now += timedelta(seconds=1)
    assert (world.stop(chen, wanted), world.second(chen, wanted)) == (409, 409)
    world.fetch(amina)
    assert wanted in world.tips
    assert world.propose(boris, wanted, AGAIN) == 201


def test_who_added_too_much_can_still_stop_it(world: World, amina: Enrolled, boris: Enrolled, stored: StoreTip) -> None:
    tip, _ = stored(1)
    world.propose(amina, tip)
    world.server = replace(world.server, settings=replace(world.server.settings, member_quota=1))
    assert world.second(boris, tip) == 429
    assert world.stop(boris, tip) == 204


def test_who_proposes_too_much_on_a_day_is_told_to_go_on_tomorrow(
    world: World, amina: Enrolled, boris: Enrolled, stored: StoreTip
) -> None:
    tip, _ = stored(0)
    assert {world.propose(amina, tip, f"{number:032x}") for number in range(200)} == {201}
    logged = len(world.log.entries)
    assert world.propose(amina, tip) == 409
    assert len(world.log.entries) == logged
    assert world.propose(boris, tip) == 201
    world.now += DAY
    assert world.propose(amina, tip, AGAIN) == 201


def test_neither_an_auditor_nor_somebody_revoked_has_a_word(
    world: World, amina: Enrolled, boris: Enrolled, enrol: Callable[..., Enrolled], stored: StoreTip
) -> None:
    tip, _ = stored(1)
    carla = enrol("carla", Role.AUDITOR)
    world.propose(amina, tip)
    members.revoke(world.server.store, world.server.log, "boris", Role.REVIEWER)
    for who in (carla, boris):
        assert {world.propose(who, tip, AGAIN), world.second(who, tip), world.stop(who, tip)} == {401}


def test_a_member_who_is_revoked_in_the_countdown_takes_their_word_with_them(
    world: World, amina: Enrolled, boris: Enrolled, wanted: str
) -> None:
    members.revoke(world.server.store, world.server.log, "boris", Role.REVIEWER)
    world.now += 30 * DAY
    world.fetch(amina)
    assert wanted in world.tips
    assert world.log.state.deletions.deleted == {}


def test_what_its_source_withdrew_meanwhile_is_logged_too_since_programs_still_keep_it(
    world: World, amina: Enrolled, wanted: str
) -> None:
    remove_tips(world.server.store, world.server.blobs, Tip.id == bytes.fromhex(wanted))
    world.now += 7 * DAY
    world.fetch(amina)
    assert list(world.log.state.deletions.deleted) == [wanted]


def test_a_servers_clock_that_jumps_deletes_nothing_as_long_as_no_member_vouches(world: World, wanted: str) -> None:
    world.now += 400 * DAY
    with world.server.store.in_order() as session:
        assert delete_due(session, world.server.log, world.server.gate) is None
    assert wanted in world.tips


def test_a_receipt_is_logged_of_a_tip_that_is_gone(world: World, amina: Enrolled) -> None:
    assert world.ask(amina, "POST", f"/v1/tips/{'ab' * 16}/purged") == 204
    last = world.log.entries[-1]
    assert (last.who, last.action, last.objects) == (amina.card.key_id, Action.PURGED, (f"tip/{'ab' * 16}",))


def test_whatever_belonged_to_it_goes_with_it(world: World, amina: Enrolled, boris: Enrolled, wanted: str) -> None:
    world.now += 7 * DAY
    world.fetch(amina)
    with world.server.store.reading() as session:
        assert session.scalars(select(Item.id)).all() == []
    day = world.server.today().isoformat()
    desk = world.client(boris, world.server)
    rows = desk.send(desk.request("GET", f"/v1/index/{day}", created=world.now)).content
    assert parse_day(day, rows).tips == ()
