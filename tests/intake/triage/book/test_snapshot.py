"""The book between two unlocks: sealed on the disk, trusted only as far as it would be opened the same again."""

import io
import shutil
from collections.abc import Callable, Iterator
from itertools import repeat
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, update

from crypto.age import Encryptor, HybridIdentity, seal, split
from crypto.padding import padme
from intake.protocol.kinds import Kind
from intake.report.payloads import Deletion
from intake.storage.tables import Item, Tip
from intake.triage.book import Book, Snapshot, SnapshotError, Wanted, snapshot
from intake.triage.home import Home
from intake.triage.keys.keyfile import MemberKeys
from intake.triage.keys.opening import OpeningKeys
from intake.triage.progress import no_progress
from intake.triage.reading.opening import open_tip
from intake.triage.reading.opentip import OpenTip
from intake.triage.workspace import Workspace, opener
from open_desk import Desk, Stored
from opened import GIVEN, contents, stored, tips_of
from program import Enrol, Reviewer
from project import PROJECT
from sent import write

pytestmark = pytest.mark.slow

MARKER = "a-narrative-that-no-disk-may-hold"
NEVER = Event()


@pytest.fixture
def place(tmp_path: Path, desk: Desk) -> Home:
    home = Home.open(tmp_path / "home", desk=desk.url, policy=desk.policy, proxy=None)
    home.directory.mkdir()
    return home


def book_of(*narratives: str) -> Book:
    book = Book()
    for number, narrative in enumerate(narratives):
        book.put(OpenTip(f"{number:032x}", "2026-01-01", narrative=narrative), GIVEN)
    return book


def kept(home: Home) -> Path:
    return home.path("book.age")


def test_what_was_kept_is_loaded_and_its_file_tells_a_padded_size_and_nothing_else(place: Home) -> None:
    identity = HybridIdentity.generate()
    book = book_of(MARKER, "another")
    Snapshot(place, OpeningKeys.of(identity)).save(book, NEVER)
    loaded = Snapshot(place, OpeningKeys.of(identity)).load()
    assert loaded is not None
    assert contents(loaded) == contents(book)
    loaded.put(OpenTip("f" * 32, "2026-01-01"), GIVEN)
    assert kept(place).stat().st_mode & 0o777 == 0o600
    sealed = kept(place).read_bytes()
    assert MARKER.encode() not in sealed
    empty = len(seal(b"", [identity.recipient])) - 16
    plain = len(sealed) - empty - 16 * -(-(len(sealed) - empty) // (65536 + 16))
    assert padme(plain) == plain


SPOIL: dict[str, Callable[[bytes], bytes]] = {
    "a bit of the header": lambda data: bytes([data[0] ^ 1]) + data[1:],
    "a bit of the first chunk": lambda data: data[:3000] + bytes([data[3000] ^ 1]) + data[3001:],
    "a bit of the last chunk": lambda data: data[:-1] + bytes([data[-1] ^ 1]),
    "cut": lambda data: data[: len(data) // 2],
    "cut after a chunk": lambda data: data[: -(len(data) % 65536 or 65536)],
    "emptied": lambda _: b"",
    "something after it": lambda data: data + b"\0",
}


@pytest.mark.parametrize("how", SPOIL)
def test_a_snapshot_that_is_damaged_is_not_taken(how: str, place: Home) -> None:
    own = Snapshot(place, OpeningKeys.of(HybridIdentity.generate()))
    own.save(book_of(*("words " * 50 for _ in range(500))), NEVER)
    kept(place).write_bytes(SPOIL[how](kept(place).read_bytes()))
    assert own.load() is None


def test_a_snapshot_that_is_missing_or_another_keys_is_not_taken(place: Home) -> None:
    assert Snapshot(place, OpeningKeys.of(HybridIdentity.generate())).load() is None
    Snapshot(place, OpeningKeys.of(HybridIdentity.generate())).save(book_of("mine"), NEVER)
    assert Snapshot(place, OpeningKeys.of(HybridIdentity.generate())).load() is None


def test_a_snapshot_of_another_version_of_the_program_is_not_taken(
    place: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    identity, version = HybridIdentity.generate(), snapshot.program()
    Snapshot(place, OpeningKeys.of(identity)).save(book_of("as it was"), NEVER)
    monkeypatch.setattr(snapshot, "program", lambda: version[::-1])
    assert Snapshot(place, OpeningKeys.of(identity)).load() is None


def test_whatever_is_changed_in_what_opens_reports_makes_another_version(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for package in ("crypto", "intake"):
        shutil.copytree(PROJECT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(snapshot, "files", lambda package: tmp_path.joinpath(*package.split(".")))
    snapshot.program.cache_clear()
    same = snapshot.program()
    for name in (
        "intake/triage/reading/opening.py",
        "intake/triage/book/queue.py",
        "intake/report/forms/1.toml",
        "crypto/note.py",
    ):
        with (tmp_path / name).open("a") as file:
            file.write("# another\n")
        snapshot.program.cache_clear()
        assert snapshot.program() != same
        same = snapshot.program()
    monkeypatch.setattr(snapshot, "READ_BY", ("another Unicode",))
    snapshot.program.cache_clear()
    assert snapshot.program() != same
    monkeypatch.undo()
    snapshot.program.cache_clear()


def test_whoever_knows_only_the_public_key_can_put_no_words_into_a_book(place: Home) -> None:
    identity = HybridIdentity.generate()
    forged = stored(book_of("Nothing to doubt here."))
    target = io.BytesIO()
    with Encryptor(target, [identity.recipient]) as sealed:
        sealed.write(bytes(32) + forged)
    kept(place).write_bytes(target.getvalue())
    assert Snapshot(place, OpeningKeys.of(identity)).load() is None


def test_where_it_cannot_be_kept_what_was_kept_stays_and_nothing_lies_beside_it(place: Home) -> None:
    own, abandoned = Snapshot(place, OpeningKeys.of(HybridIdentity.generate())), Event()
    own.save(book_of("before"), NEVER)
    abandoned.set()
    names = set(place.directory.iterdir())
    with pytest.raises(SnapshotError, match="no more time"):
        own.save(book_of("after"), abandoned)
    loaded = own.load()
    assert loaded is not None
    assert [tip["narrative"] for tip in tips_of(loaded).values()] == ["before"]
    assert set(place.directory.iterdir()) == names
    kept(place).unlink()
    kept(place).mkdir()
    with pytest.raises(SnapshotError, match="this machine can't keep it"):
        own.save(book_of("after"), NEVER)
    assert set(place.directory.iterdir()) == names


@pytest.fixture
def keys(enrol: Enrol) -> MemberKeys:
    return enrol("amina")


@pytest.fixture
def start(desk: Desk, place: Home, keys: MemberKeys) -> Iterator[Callable[..., Workspace]]:
    """Amina's workspace over her home, or one that is named, as after an unlock, before it has asked the desk."""
    workspaces: list[Workspace] = []

    def begin(directory: Path | None = None) -> Workspace:
        home = Home.open(directory or place.directory, desk=desk.url, policy=desk.policy, proxy=None)
        workspaces.append(Workspace(home, keys, no_progress))
        workspaces[-1].open_kept()
        return workspaces[-1]

    yield begin
    for each in workspaces:
        each.close()


def at_once(start: Callable[..., Workspace], directory: Path) -> dict[str, Any]:
    """Every tip as it is opened from what a home holds, without the book that was kept."""
    other = directory.with_name("at-once")
    shutil.rmtree(other, ignore_errors=True)
    shutil.copytree(directory, other)
    (other / "book.age").unlink(missing_ok=True)
    return tips_of(start(other).book)


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The tips that are opened, each time."""
    names: list[str] = []

    def count(given: Any, *rest: Any) -> OpenTip:
        names.append(given.row.id)
        return open_tip(given, *rest)

    monkeypatch.setattr(opener, "open_tip", count)
    return names


def test_an_unlock_opens_nothing_again_and_a_fetch_only_what_has_changed(
    desk: Desk, start: Callable[..., Workspace], opened: list[str]
) -> None:
    tips = [desk.store_tip(f"story {number}", {"urgency": "now"}) for number in range(5)]
    first = start()
    first.sync()
    assert len(opened) == 5
    first.sync()
    assert len(opened) == 5, "nothing was new"
    first.keep_book(NEVER)
    again = start()
    assert tips_of(again.book) == tips_of(first.book)
    assert len(opened) == 5
    desk.store_message(tips[2], "They came again.")
    again.sync()
    assert opened[5:] == [tips[2].id.hex()]


def test_reports_with_doubts_too_are_opened_again_only_when_something_is_new_of_them(
    desk: Desk, start: Callable[..., Workspace], opened: list[str]
) -> None:
    desk.store_tip("sealed to a ghost too", {}, ghosts=1)
    workspace = start()
    for _ in range(4):
        workspace.sync()
    assert len(opened) == 1


def test_what_was_withdrawn_is_not_brought_back_by_an_old_snapshot(desk: Desk, start: Callable[..., Workspace]) -> None:
    tip = desk.store_tip(MARKER, {})
    workspace = start()
    workspace.sync()
    workspace.keep_book(NEVER)
    with desk.server.store.writing() as session:
        session.execute(delete(Tip).where(Tip.id == tip.id))
    workspace.sync()
    # Killed now, before what was opened is kept again.
    again = start()
    assert again.book.queue(Wanted()).tips == 0
    assert again.book.tip(tip.id.hex()) is None
    assert MARKER.encode() not in stored(again.book)


def test_a_lock_keeps_what_was_opened_and_a_lock_that_has_no_time_for_it_leaves_what_was_kept(
    desk: Desk, keys: MemberKeys, reviewer: Reviewer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.store_tip("My story.", {})
    amina = reviewer("amina")
    amina.unlock()
    amina.guard.lock()
    file = tmp_path / "amina-home" / "book.age"
    whole, names = file.read_bytes(), set(file.parent.iterdir())
    amina.unlock()
    desk.store_tip("Another.", {})
    amina.post("/sync", "/")
    # A book without an end: whatever the machine, there is not enough time.
    monkeypatch.setattr(snapshot, "_pieces", lambda *_: repeat(b"more"))
    unlocked, ended = amina.guard, Event()
    monkeypatch.setattr(unlocked, "_end", ended.set)
    unlocked.lock()
    assert ended.is_set(), "the lock itself waits for nothing"
    unlocked.put_away(0.1)
    assert file.read_bytes() == whole
    assert {name for name in file.parent.iterdir() if name.name.startswith(".")} == set()
    assert set(file.parent.iterdir()) >= names


def test_what_a_killed_program_had_not_finished_writing_is_removed_by_the_next_unlock(
    desk: Desk, start: Callable[..., Workspace], place: Home
) -> None:
    start().sync()
    unfinished = place.directory / ".0123456789abcdef"
    unfinished.write_bytes(b"half a book")
    start()
    assert not unfinished.exists()


def ghost(desk: Desk, tip: Stored) -> None:
    other = HybridIdentity.generate().recipient
    with desk.server.store.writing() as session:
        session.execute(update(Tip).where(Tip.id == tip.id).values(recipient=str(other)))


def lose_message(desk: Desk, tip: Stored) -> None:
    with desk.server.store.writing() as session:
        session.execute(delete(Item).where(Item.tip_id == tip.id, Item.kind == Kind.MESSAGE))


def lose_note(desk: Desk, tip: Stored) -> None:
    with desk.server.store.writing() as session:
        session.execute(delete(Item).where(Item.tip_id == tip.id, Item.kind == Kind.WORK))


def lose_reply(desk: Desk, tip: Stored) -> None:
    with desk.server.store.writing() as session:
        session.execute(delete(Item).where(Item.tip_id == tip.id, Item.kind == Kind.REPLY))


def another_summary(desk: Desk, tip: Stored) -> None:
    with desk.server.store.writing() as session:
        parts = split(seal(b"another", [HybridIdentity.generate().recipient]))
        session.execute(update(Tip).where(Tip.id == tip.id).values(header=parts.header, payload=parts.payload))


def forged_note(desk: Desk, tip: Stored) -> None:
    desk.store_item(tip, Kind.WORK, seal(b"{}", [tip.identity.recipient]))


def damaged_message(desk: Desk, tip: Stored) -> None:
    desk.store_item(tip, Kind.MESSAGE, b"not sealed at all")


CHANGES: dict[Callable[[Any, Any], None], str] = {
    ghost: "names another key for this report",
    lose_message: "is no longer on the server. No source can delete that alone",
    lose_note: "A note or status that amina",
    lose_reply: "A message to the source that amina",
    another_summary: "has put another summary in the place",
    forged_note: "is not in the log as any reviewer's",
    damaged_message: "could not be opened",
}


@pytest.mark.parametrize("change", CHANGES)
def test_no_old_snapshot_hides_a_doubt_before_or_after_the_next_fetch(
    change: Callable[[Any, Any], None], desk: Desk, place: Home, start: Callable[..., Workspace]
) -> None:
    tip = desk.store_tip("My story.", {})
    desk.store_message(tip, "They came again.")
    workspace = start()
    workspace.sync()
    for kind in ("note", "reply"):
        write(workspace, tip.id.hex(), kind, "Some words.")
    workspace.keep_book(NEVER)
    old = kept(place).read_bytes()
    change(desk, tip)
    workspace.sync()
    shown = workspace.book.tip(tip.id.hex())
    assert shown is not None
    assert any(CHANGES[change] in warning for warning in shown.warnings)
    kept(place).write_bytes(old)
    again = start()
    assert tips_of(again.book) == tips_of(workspace.book) == at_once(start, place.directory)
    again.sync()
    assert tips_of(again.book) == tips_of(workspace.book)


def test_what_only_the_log_says_anew_of_a_report_is_not_hidden(
    desk: Desk, place: Home, start: Callable[..., Workspace], enrol: Enrol
) -> None:
    tip = desk.store_tip("My story.", {}, ghosts=1)
    workspace = start()
    workspace.sync()
    workspace.keep_book(NEVER)
    old = kept(place).read_bytes()
    enrol("boris")
    workspace.sync()
    shown = workspace.book.tip(tip.id.hex())
    assert shown is not None
    assert shown.warnings == [], "from now on there were two reviewers on that day, it seems"
    kept(place).write_bytes(old)
    assert tips_of(start().book) == tips_of(workspace.book) == at_once(start, place.directory)


ACTIONS = ("arrive", "write", "note", "reply", "delete", "lose", "ghost", "withdraw", "fetch", "lock", "kill", "damage")
DAMAGE = st.sampled_from([*SPOIL.values(), lambda _: None])


@given(steps=st.lists(st.tuples(st.sampled_from(ACTIONS), st.integers(0, 99), DAMAGE), min_size=4, max_size=14))
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_book_after_any_life_is_one_that_was_built_in_one_go(
    steps: list[tuple[str, int, Callable[[bytes], bytes | None]]],
    desk: Desk,
    place: Home,
    start: Callable[..., Workspace],
) -> None:
    life = Life(desk, start, place)
    for action, which, spoil in steps:
        life.live(action, which, spoil)
    life.workspace.sync()
    assert (life.workspace.problem, life.workspace.alarm) == ("", "")
    assert tips_of(life.workspace.book) == at_once(start, place.directory)
    life.live("lock", 0, bytes)
    assert tips_of(life.workspace.book) == at_once(start, place.directory)


class Life:
    """A reviewer's program over a home that is empty at first, and what happens to it and at the desk."""

    def __init__(self, desk: Desk, start: Callable[..., Workspace], place: Home) -> None:
        self.desk, self.start, self.place = desk, start, place
        with desk.server.store.writing() as session:
            session.execute(delete(Tip))
        shutil.rmtree(place.directory)
        self.tips = [desk.store_tip("The first.", {"urgency": "now"})]
        self.workspace = start()
        self.workspace.sync()

    def live(self, action: str, which: int, spoil: Callable[[bytes], bytes | None]) -> None:
        tip = self.tips[which % len(self.tips)]
        getattr(self, f"_{action}")(tip, f"words {which}", spoil)

    def _arrive(self, _tip: Stored, words: str, _spoil: Any) -> None:
        self.tips.append(self.desk.store_tip(words, {"urgency": "past"}))

    def _write(self, tip: Stored, words: str, _spoil: Any) -> None:
        self.desk.store_message(tip, words)

    def _note(self, tip: Stored, words: str, _spoil: Any, kind: str = "note") -> None:
        if self.workspace.book.day(tip.id.hex()):
            write(self.workspace, tip.id.hex(), kind, words)

    def _reply(self, tip: Stored, words: str, spoil: Any) -> None:
        self._note(tip, words, spoil, "reply")

    def _delete(self, tip: Stored, _words: str, _spoil: Any) -> None:
        shown = self.workspace.book.tip(tip.id.hex())
        replies = [signed.item for signed in shown.written if signed.payload.kind == "reply"] if shown else []
        for reply in replies[:1]:
            with self.desk.server.store.writing() as session:
                session.execute(delete(Item).where(Item.id == bytes.fromhex(reply)))
            self.desk.send(tip, Deletion(reply))

    def _lose(self, tip: Stored, _words: str, _spoil: Any) -> None:
        lose_message(self.desk, tip)

    def _ghost(self, tip: Stored, _words: str, _spoil: Any) -> None:
        ghost(self.desk, tip)

    def _withdraw(self, tip: Stored, _words: str, _spoil: Any) -> None:
        if len(self.tips) > 1:
            self.tips.remove(tip)
            with self.desk.server.store.writing() as session:
                session.execute(delete(Tip).where(Tip.id == tip.id))

    def _fetch(self, _tip: Stored, _words: str, _spoil: Any) -> None:
        self.workspace.sync()

    def _lock(self, tip: Stored, words: str, spoil: Any) -> None:
        self.workspace.keep_book(NEVER)
        self._kill(tip, words, spoil)

    def _kill(self, _tip: Stored, _words: str, _spoil: Any) -> None:
        self.workspace = self.start()

    def _damage(self, tip: Stored, words: str, spoil: Callable[[bytes], bytes | None]) -> None:
        if kept(self.place).exists() and kept(self.place).stat().st_size:
            damaged = spoil(kept(self.place).read_bytes())
            kept(self.place).unlink()
            if damaged is not None:
                kept(self.place).write_bytes(damaged)
        self._kill(tip, words, spoil)
