"""Whatever happens between two fetches: opening what was touched shows what opening everything shows."""

import secrets
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete

from crypto.age import seal
from intake.accesslog import clock as operators_clock
from intake.accesslog import members
from intake.accesslog.append import LogAppender
from intake.keeper import read_log_key
from intake.protocol.card import Role
from intake.protocol.kinds import Kind
from intake.report.events import Note
from intake.storage.removal import remove_tips
from intake.storage.tables import Item, Tip
from intake.triage.desk.client import DeskClient
from intake.triage.home import Home
from intake.triage.keys.keyfile import MemberKeys, make_keys
from intake.triage.mirror.pair import NAME
from intake.triage.progress import no_progress
from intake.triage.workspace import Workspace
from open_desk import Desk, Stored
from opened import opened_tips
from program import Enrol
from sent import write

STEPS = st.lists(
    st.tuples(
        st.sampled_from(
            (
                *("tip", "message", "note", "colleagues_note", "forgery", "noise", "loss", "removal", "damage"),
                *("enrolment", "wrong_clock", "restart"),
            )
        ),
        st.integers(0, 5),
    ),
    min_size=3,
    max_size=7,
)


class Story:
    """A desk, what happens there, and a program that fetches now and then."""

    def __init__(self, desk: Desk, keys: MemberKeys, boris: MemberKeys, home: Path) -> None:
        self.desk, self._keys, self._boris, self._home = desk, keys, boris, home
        self.tips: list[Any] = []

        self.workspaces: list[Workspace] = []
        self.workspace = self.start()

    def start(self) -> Workspace:
        home = Home.open(self._home, desk=self.desk.url, policy=self.desk.policy, proxy=None)
        workspace = Workspace(home, self._keys, no_progress)
        self.workspaces.append(workspace)
        workspace.open_kept()
        return workspace

    def step(self, what: str, number: int) -> None:
        if not self.tips:
            self.tip(None, 0)
        getattr(self, what)(self.tips[number % len(self.tips)], number)

    def tip(self, _: Any, number: int) -> None:
        day = datetime.now(UTC).date() - timedelta(days=number % 2)
        self.tips.append(self.desk.store_tip(f"Report {len(self.tips)}.", {}, day=day))

    def message(self, tip: Stored, _: int) -> None:
        self.desk.store_message(tip, "They came again.")

    def note(self, tip: Stored, _: int) -> None:
        if self.workspace.book.tip(tip.id.hex()):
            write(self.workspace, tip.id.hex(), "note", "Seen.")

    def colleagues_note(self, tip: Stored, _: int) -> None:
        home = Home.open(self._home.with_name("boris"), desk=self.desk.url, policy=self.desk.policy, proxy=None)
        client = DeskClient(home, self._boris.signing, Role.REVIEWER)
        sealed = seal(Note("Mine.").padded(), [tip.identity.recipient])
        client.add(tip.id.hex(), secrets.token_hex(16), "work", sealed)
        client.close()
        home.close()

    def forgery(self, tip: Stored, _: int) -> None:
        self.desk.store_item(tip, Kind.WORK, seal(Note("Forged.").padded(), [tip.identity.recipient]))

    def noise(self, tip: Stored, _: int) -> None:
        self.desk.store_item(tip, Kind.MESSAGE, b"noise" * 100)

    def loss(self, tip: Stored, _: int) -> None:
        with self.desk.server.store.writing() as session:
            session.execute(delete(Item).where(Item.tip_id == tip.id, Item.kind.in_((Kind.WORK, Kind.MESSAGE))))

    def removal(self, tip: Stored, _: int) -> None:
        remove_tips(self.desk.server.store, self.desk.server.blobs, Tip.id == tip.id)
        self.tips.remove(tip)

    def damage(self, _: Any, number: int) -> None:
        """One file of two has other bytes; the digests are as they were."""
        with closing(sqlite3.connect(self._home / NAME, timeout=30, isolation_level=None)) as db:
            db.execute("UPDATE sealed SET bytes = bytes || x'00' WHERE rowid % 3 = ?", (number % 3,))
            db.execute("UPDATE item SET day = day || 'x' WHERE size % 2 = ?", (number % 2,))

    def enrolment(self, _: Any, __: int) -> None:
        card = make_keys(Role.REVIEWER, f"carla-{secrets.token_hex(4)}").card
        members.enrol(self.desk.server.store, self.desk.server.log, card, clock_is_right=True)

    def wrong_clock(self, _: Any, __: int) -> None:
        """The operator enrols by a clock that is a day ahead, and corrects the log's."""
        key = read_log_key(self.desk.server.settings.log_key)
        ahead = LogAppender(key, lambda: datetime.now(UTC) + timedelta(days=1))
        card = make_keys(Role.AUDITOR, f"dora-{secrets.token_hex(4)}").card
        members.enrol(self.desk.server.store, ahead, card, clock_is_right=True)
        operators_clock.correct(self.desk.server.store, self.desk.server.log)

    def restart(self, _: Any, __: int) -> None:
        self.workspace.close()
        self.workspace._home.close()
        self.workspace = self.start()


def told(workspace: Workspace) -> Any:
    return {
        tip.id: (
            tip.narrative,
            [(line.day, line.author, line.text) for line in tip.conversation],
            [(signed.item, signed.author) for signed in tip.written],
            tip.warnings,
            tip.remarks,
        )
        for tip in opened_tips(workspace.book)
    }


@pytest.mark.slow
@settings(max_examples=5, suppress_health_check=[HealthCheck.function_scoped_fixture])
@example(steps=[("tip", 1), ("damage", 0), ("tip", 0)])
@example(steps=[("tip", 1), ("message", 0), ("damage", 0), ("removal", 0)])
@given(steps=STEPS)
def test_opening_what_was_touched_shows_what_opening_everything_shows(
    steps: list[tuple[str, int]], story: Callable[[], Story]
) -> None:
    told_so_far = story()
    for what, number in steps:
        told_so_far.step(what, number)
        if number % 2:
            told_so_far.workspace.sync()
    told_so_far.workspace.sync()
    assert (told_so_far.workspace.problem, told_so_far.workspace.alarm) == ("", "")
    shown = told(told_so_far.workspace), told_so_far.workspace._notices
    told_so_far.workspace._home.close()
    after = told_so_far.start()
    after.sync()
    assert (told(after), after._notices) == shown


@pytest.fixture
def story(desk: Desk, enrol: Enrol, tmp_path: Path) -> Iterator[Callable[[], Story]]:
    """Begins anew, with a home of its own, at a desk that may have seen something already."""
    amina, boris = enrol("amina"), enrol("boris")
    stories: list[Story] = []

    def begin() -> Story:
        stories.append(Story(desk, amina, boris, tmp_path / f"home-{len(stories)}"))
        return stories[-1]

    yield begin
    for each in stories:
        for workspace in each.workspaces:
            workspace.close()
