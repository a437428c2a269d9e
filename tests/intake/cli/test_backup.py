"""A backup is of one moment and logged before it is there; what was put back is declared by the log itself."""

import hashlib
import io
import re
import secrets
import shutil
import subprocess
import tarfile
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import delete, func, select

from commands import INTAKE
from crypto.note import SigningKey
from intake.accesslog import members
from intake.accesslog.append import LogAppender
from intake.accesslog.backup import taken
from intake.accesslog.operator import record
from intake.cli import main
from intake.cli.trouble import Status
from intake.keeper import Keeper, open_keeper, read_log_key
from intake.protocol.actions import Action, copy_of
from intake.protocol.audit import verify_log
from intake.protocol.card import Role, issue_card
from intake.protocol.entry import Entry, parse_entry
from intake.protocol.kinds import Kind
from intake.settings import load
from intake.storage.settle import settle
from intake.storage.tables import Item, Tip
from place import Place, in_one_line

pytestmark = pytest.mark.slow


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    monkeypatch.chdir(tmp_path)
    made = Place(tmp_path)
    assert made.call("reviewer", "enrol", "amina.card").exit_code == 0
    return made


@pytest.fixture
def server(place: Place) -> Iterator[Keeper]:
    opened = open_keeper(load(place.environment))
    yield opened
    opened.store.close()


def store_tip(server: Keeper, content: bytes, day: date | None = None) -> bytes:
    """A tip with one attachment."""
    day = day or datetime.now(UTC).date()
    with server.blobs.new() as writer:
        writer.write(content)
        blob = writer.keep()
    tip = secrets.token_bytes(16)
    with server.store.writing() as session:
        session.add(Tip(id=tip, day=day, header=b"header", payload=b"s", recipient="r", lookup=secrets.token_bytes(32)))
        session.flush()
        kept = Item(id=secrets.token_bytes(16), tip_id=tip, kind=Kind.CONTENT, day=day, size=len(content), blob=blob)
        session.add(kept)
    return tip


def held(server: Keeper) -> dict[bytes, bytes]:
    """The attachments by their tips."""
    with server.store.reading() as session:
        rows = session.execute(select(Item.tip_id, Item.blob)).all()
    found = {}
    for tip, blob in rows:
        with server.blobs.open(blob or "") as file:
            found[tip] = file.read()
    return found


def verified(server: Keeper) -> list[Entry]:
    """The log as any member's program verifies it."""
    key = read_log_key(server.settings.log_key)
    with server.store.reading() as session:
        lines = server.log.lines(session, 0, server.log.size(session))
        signed = server.log.shown(session)
    verify_log(lines, signed, key.verifier, None)
    return [parse_entry(line) for line in lines]


def emptied(place: Place) -> None:
    """Somebody sets the machine up anew, with the copies of what is no part of a backup."""
    kept = {name: (place.data / name).read_bytes() for name in ("log.key", "log.policy", "intake.toml")}
    shutil.rmtree(place.data)
    place.data.mkdir()
    for name, data in kept.items():
        (place.data / name).write_bytes(data)


def test_what_was_backed_up_is_there_again_and_the_log_says_so_behind_its_last_entry(
    place: Place, server: Keeper
) -> None:
    tips = {store_tip(server, content): content for content in (b"one", b"two" * 1000)}
    made = place.call("backup", "copy")
    assert (made.exit_code, made.stderr) == (0, "")
    digest = hashlib.sha256(Path("copy").read_bytes()).hexdigest()
    assert f"SHA-256: {digest}" in made.stdout
    assert Path("copy").stat().st_mode & 0o077 == 0
    *before, last = verified(server)
    assert (last.action, copy_of(last.objects).sha256) == (Action.BACKUP, digest)
    assert copy_of(last.objects).size == len(before)
    lost = store_tip(server, b"three")
    server.store.close()
    emptied(place)
    put_back = place.call("restore", "copy")
    assert (put_back.exit_code, put_back.stderr) == (0, "")
    again = open_keeper(load(place.environment))
    assert held(again) == tips
    assert lost not in held(again)
    *same, restored = verified(again)
    assert same == before
    assert (restored.action, restored.objects) == (Action.RESTORE, last.objects)
    assert not list(place.data.glob("*restoring*"))
    again.store.close()


def test_the_copy_holds_no_key_and_tells_of_no_time_owner_or_order(place: Place, server: Keeper) -> None:
    for number in range(20):
        store_tip(server, bytes([number]) * 50)
    assert place.call("backup", "copy").exit_code == 0
    key = (place.data / "log.key").read_text().split()
    data = Path("copy").read_bytes()
    assert not any(secret.encode() in data or bytes.fromhex(secret) in data for secret in key[1:])
    with tarfile.open("copy") as archive:
        found = archive.getmembers()
    names = [member.name for member in found]
    assert names[:2] == ["intake-backup", "intake.db"]
    assert names[2:] == sorted(names[2:])
    assert len(names) == 22
    assert {(member.mtime, member.uid, member.gid, member.uname, member.mode) for member in found} == {
        (0, 0, 0, "", 0o600)
    }


def test_it_is_of_one_moment_while_others_write_settle_and_delete(place: Place, server: Keeper) -> None:
    """Nothing that its rows name is missing, whatever became of it meanwhile."""
    tips = {store_tip(server, bytes([number]) * 9): bytes([number]) * 9 for number in range(8)}
    file, scratch = io.BytesIO(), place.directory / "scratch"
    scratch.mkdir()
    with taken(server.store, server.blobs, server.log) as copy:
        settle(server.store, server.blobs)
        with server.store.writing() as session:
            session.execute(delete(Item).where(Item.tip_id == next(iter(tips))))
        store_tip(server, b"later")
        members.enrol(server.store, server.log, issue_card(Role.AUDITOR, SigningKey.generate("carla"), None))
        settle(server.store, server.blobs)
        assert copy.write(file, scratch, lambda _: None).size == 1
    assert [path.name for path in (server.settings.blobs / ".held").iterdir()] == []
    server.store.close()
    emptied(place)
    Path("copy").write_bytes(file.getvalue())
    assert place.call("restore", "copy").exit_code == 0
    again = open_keeper(load(place.environment))
    assert held(again) == tips
    again.store.close()


def test_two_backups_at_once_are_refused_and_what_a_killed_one_left_goes(place: Place, server: Keeper) -> None:
    store_tip(server, b"sealed")
    with taken(server.store, server.blobs, server.log):
        in_one_line(place.call("backup", "copy"), Status.OUT_OF_REACH, "another backup is being made")
    left = server.settings.blobs / ".held" / ("0" * 32)
    left.write_bytes(b"sealed")
    assert place.call("settle").exit_code == 0
    assert not left.exists()


@pytest.mark.parametrize(
    "spoil",
    [
        lambda data: b"nonsense" * len(data),
        lambda data: data[: len(data) // 2],
        lambda data: data[:1024],
        lambda data: data[: data.rindex(b"blobs/")],
        lambda data: data.replace(b"blobs/", b"blobs.", 1),
        lambda data: data[:0],
    ],
    ids=["nonsense", "half", "begun", "without its end", "another name", "empty"],
)
def test_what_is_no_copy_or_not_all_of_one_is_put_back_nowhere(
    spoil: Callable[[bytes], bytes], place: Place, server: Keeper
) -> None:
    store_tip(server, secrets.token_bytes(20_000))
    assert place.call("backup", "copy").exit_code == 0
    server.store.close()
    Path("copy").write_bytes(spoil(Path("copy").read_bytes()))
    emptied(place)
    in_one_line(place.call("restore", "copy"), Status.USAGE, "copy of a store")
    assert not list(place.data.glob("intake.db*"))


def test_nothing_is_put_back_over_a_store_without_the_key_or_under_another_logs(place: Place, server: Keeper) -> None:
    assert place.call("backup", "copy").exit_code == 0
    in_one_line(place.call("restore", "copy"), Status.USAGE, "is a store already")
    server.store.close()
    emptied(place)
    for name in ("log.policy", "log.key"):
        (place.data / name).unlink()
        in_one_line(place.call("restore", "copy"), Status.USAGE, f"holds no {name}: put your copy of it there first")
    (place.directory / "other").mkdir()
    other = Place(place.directory / "other")
    for name in ("log.policy", "log.key"):
        shutil.copy(other.data / name, place.data / name)
    in_one_line(place.call("restore", "copy"), Status.USAGE, "this is a copy of the log intake-")
    assert not list(place.data.glob("intake.db*"))


def test_an_old_copy_is_put_back_only_once_somebody_says_that_the_clock_is_right(place: Place) -> None:
    """From its entry's time on no earlier request counts: a copy is older than what it lacks."""
    settings = load(place.environment)
    shutil.rmtree(place.data)
    assert place.call("init").exit_code == 0
    server = open_keeper(settings)
    then = datetime.now(UTC).replace(microsecond=0) - timedelta(days=40)
    old = LogAppender(read_log_key(settings.log_key), lambda: then)
    members.enrol(server.store, old, issue_card(Role.AUDITOR, SigningKey.generate("carla"), None))
    server.store.close()
    assert place.call("backup", "copy").exit_code == 0
    emptied(place)
    refused = place.runner.invoke(main, ["restore", "copy"], input="n\n", env={"INTAKE_DATA": str(place.data)})
    assert refused.exit_code == Status.FAILED
    assert not (place.data / "intake.db").exists()
    assert place.call("restore", "copy", "--clock-is-right").exit_code == 0
    server = open_keeper(settings)
    restored = verified(server)[-1]
    assert (restored.action, restored.confirmed) == (Action.RESTORE, True)
    assert restored.at - then > timedelta(days=39)
    server.store.close()


def killed_after(place: Place, seconds: float, *arguments: str) -> bool:
    """Run a command and kill it then, if it has not ended before. Returns whether it was killed."""
    running = subprocess.Popen([*INTAKE, *arguments], cwd=place.directory, env=place.environment)
    try:
        running.wait(seconds)
    except subprocess.TimeoutExpired:
        running.kill()
        running.wait()
        return True
    return False


def moments(place: Place, *arguments: str) -> Iterator[float]:
    """Times of a command to be killed at: from its start until behind its end."""
    began = datetime.now(UTC)
    assert not killed_after(place, 60, *arguments)
    takes = (datetime.now(UTC) - began).total_seconds()
    # Nearer to one another towards its end, where it writes.
    return (takes * (0.4 + 0.7 * step / 15) for step in range(15))


def test_a_backup_that_is_killed_at_any_instant_leaves_no_copy_that_the_log_lacks(place: Place, server: Keeper) -> None:
    for _ in range(20):
        store_tip(server, secrets.token_bytes(100_000))
    for number, moment in enumerate(moments(place, "backup", "first")):
        killed_after(place, moment, "backup", f"copy{number}")
    logged = {copy_of(entry.objects).sha256 for entry in verified(server) if entry.action is Action.BACKUP}
    copies = [path for path in place.directory.iterdir() if path.name == "first" or re.match(r"copy\d+$", path.name)]
    assert copies
    assert {hashlib.sha256(path.read_bytes()).hexdigest() for path in copies} <= logged


def test_a_restore_that_is_killed_at_any_instant_leaves_no_store_whose_log_does_not_declare_it(
    place: Place, server: Keeper
) -> None:
    tips = {store_tip(server, data): data for data in (secrets.token_bytes(100_000) for _ in range(20))}
    assert place.call("backup", "copy").exit_code == 0
    server.store.close()
    emptied(place)
    there = 0
    for moment in moments(place, "restore", "copy"):
        emptied(place)
        killed_after(place, moment, "restore", "copy")
        if not (place.data / "intake.db").exists():
            # What is left of it is in nobody's way.
            assert place.call("restore", "copy").exit_code == 0
        else:
            there += 1
        again = open_keeper(load(place.environment))
        assert verified(again)[-1].action is Action.RESTORE
        assert held(again) == tips
        again.store.close()
    assert there


def test_settling_that_is_killed_at_any_instant_deletes_nothing_that_the_log_lacks_and_says_of_nothing_that_is_there(
    place: Place, server: Keeper
) -> None:
    old, stored = date(2020, 1, 1), set[bytes]()
    for moment in moments(place, "settle"):
        stored |= {store_tip(server, b"sealed", old) for _ in range(3)}
        killed_after(place, moment, "settle")
        with server.store.reading() as session:
            there = set(session.scalars(select(Tip.id)))
        expired = [name for entry in verified(server) if entry.action is Action.EXPIRE for name in entry.objects]
        assert len(expired) == len(set(expired))
        assert {f"tip/{tip.hex()}" for tip in stored - there} == set(expired)
    assert place.call("settle").exit_code == 0
    with server.store.reading() as session:
        assert session.scalar(select(func.count()).select_from(Tip)) == 0


def test_what_is_deleted_for_its_age_stands_in_the_log_by_ids_500_an_entry(place: Place, server: Keeper) -> None:
    day = date(2020, 1, 1)
    ids = sorted(secrets.token_bytes(16) for _ in range(1200))
    with server.store.writing() as session:
        session.add_all(
            Tip(id=tip, day=day, header=b"header", payload=b"s", recipient="r", lookup=tip * 2) for tip in ids
        )
    young = store_tip(server, b"young")
    assert "1200 reports were older" in place.call("settle").output
    settled = [entry for entry in verified(server) if entry.action in (Action.SETTLE, Action.EXPIRE)]
    assert [entry.action for entry in settled] == [Action.SETTLE, *[Action.EXPIRE] * 3]
    assert [name for entry in settled for name in entry.objects] == [f"tip/{tip.hex()}" for tip in ids]
    assert list(held(server)) == [young]
    assert "0 reports" in place.call("settle").output
    assert verified(server)[-1].action is Action.SETTLE


def test_another_program_than_before_is_declared_once(place: Place, server: Keeper) -> None:
    place.call("settle")
    place.call("settle")
    declared = [entry for entry in verified(server) if entry.action is Action.SOFTWARE]
    assert len(declared) == 1
    with server.store.in_order() as session:
        record(session, server.log, Action.SOFTWARE, ("software/0.0.1", f"sha256/{'0' * 64}"))
    for command in (["init"], ["reviewer", "list"], ["auditor", "list"]):
        assert place.call(*command).exit_code == 0
    assert [entry.objects for entry in verified(server) if entry.action is Action.SOFTWARE][2:] == [declared[0].objects]
