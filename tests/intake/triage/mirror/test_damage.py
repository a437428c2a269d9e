"""A disk that forgets: whatever is spoilt on a reviewer's machine is said to be that, mended, and nobody is accused."""

import base64
import json
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from werkzeug.wrappers import Response

from intake.report.payloads import Message
from intake.triage.home import Home
from intake.triage.mirror.pair import NAME
from intake.triage.mirror.tables import DAY, ENTRY, FACT, FIRST, ITEM, KNOWN, LACK, LISTED, SEALED, TIP
from intake.triage.mirror.tips import of_any_tip
from intake.triage.progress import no_progress
from intake.triage.workspace import Workspace
from open_desk import Desk
from opened import opened_tip, opened_tips
from program import Enrol, Reviewer
from sent import write

pytestmark = pytest.mark.slow

NEUTRAL = ("could not be opened", "is damaged", "not on the server as it is described")
"""What may be said of a report while the desk is away."""


def flip(path: Path, place: float) -> None:
    data = bytearray(path.read_bytes())
    if data:
        data[int(place * (len(data) - 1))] ^= 1
    path.write_bytes(data)


SPOIL: dict[str, Callable[[Path], object]] = {
    "a bit at the start": lambda path: flip(path, 0),
    "a bit in the middle": lambda path: flip(path, 0.5),
    "a bit near the end": lambda path: flip(path, 0.98),
    "cut": lambda path: path.write_bytes(path.read_bytes()[: path.stat().st_size // 2]),
    "emptied": lambda path: path.write_bytes(b""),
    "deleted": Path.unlink,
}


@pytest.fixture
def opened(desk: Desk, enrol: Enrol, tmp_path: Path) -> Iterator[Callable[[], Workspace]]:
    """Opens Amina's workspace over her directory, as after a restart, with the desk away."""
    keys, workspaces = enrol("amina"), []

    def start() -> Workspace:
        home = Home.open(tmp_path / "amina-home", desk=desk.url, policy=desk.policy, proxy=None)
        workspaces.append(Workspace(home, keys, no_progress))
        workspaces[-1].open_kept()
        return workspaces[-1]

    yield start
    for workspace in workspaces:
        workspace.close()


def told(workspace: Workspace) -> dict[str, tuple[str, int, int, int, list[str]]]:
    return {
        tip.id: (tip.narrative, len(tip.conversation), len(tip.files), len(tip.written), tip.warnings)
        for tip in opened_tips(workspace.book)
    }


def accusations(workspace: Workspace) -> list[str]:
    """Of anybody else: what was done here after a directory was copied, the copy takes for another machine's."""
    return [alarm.says for alarm in workspace.alarms if not alarm.says.startswith("Somebody used your key elsewhere")]


@pytest.mark.parametrize("how", SPOIL)
def test_no_damaged_file_accuses_anybody_and_each_is_mended_by_the_next_fetch(
    how: str, desk: Desk, opened: Callable[[], Workspace], tmp_path: Path
) -> None:
    tip = desk.store_tip("My story.", {"urgency": "now"})
    desk.store_message(tip, "They came again.")
    desk.store_file(tip, "a.jpg", b"data")
    first = opened()
    first.sync()
    write(first, tip.id.hex(), "note", "Seen before.")
    whole, directory, sound = told(first), tmp_path / "amina-home", tmp_path / "sound"
    assert (first.alarm, first.problem, first.notices) == ("", "", [])
    shutil.copytree(directory, sound)
    for name in sorted(str(path.relative_to(sound)) for path in sound.rglob("*") if path.is_file()):
        shutil.rmtree(directory)
        shutil.copytree(sound, directory)
        SPOIL[how](directory / name)
        workspace = opened()
        assert accusations(workspace) == [], name
        for *_, warnings in told(workspace).values():
            assert all(any(words in warning for words in NEUTRAL) for warning in warnings), (name, warnings)
        workspace.sync()
        assert (accusations(workspace), workspace.problem, told(workspace)) == ([], "", whole), name
        after = opened()
        assert (accusations(after), after.notices, told(after)) == ([], [], whole), name


def test_damaged_entries_are_fetched_again_and_only_a_desk_that_contradicts_the_kept_checkpoint_lies(
    desk: Desk, opened: Callable[[], Workspace], tmp_path: Path
) -> None:
    def damage(workspace: Workspace) -> None:
        workspace._home.mirror.remove(FACT, "state")
        workspace._home.mirror.remove(ENTRY, 0)

    first = opened()
    first.sync()
    damage(first)
    mended = opened()
    mended.sync()
    assert mended.alarm == ""
    assert any("was damaged; it has been fetched again and is as it was" in says for says in mended.notices)
    damage(mended)
    desk.cut(2)
    lied_to = opened()
    lied_to.sync()
    lied_to.sync()
    assert "the log was rewritten" in lied_to.alarm


def test_a_checkpoint_that_is_lost_twice_is_said_to_be_and_what_is_lost_by_it(
    desk: Desk, opened: Callable[[], Workspace]
) -> None:
    first = opened()
    first.sync()
    first._home.mirror.remove(FACT, "head")
    workspace = opened()
    workspace.sync()
    assert (workspace.alarm, workspace.problem) == ("", "")
    assert any(
        "whether the log was rewritten since the last time can't be seen any more" in n for n in workspace.notices
    )
    assert opened().notices == []


@pytest.mark.parametrize("which", ["summary", "item"])
def test_a_row_that_the_disk_spoilt_keeps_nothing_else_closed(
    which: str, desk: Desk, reviewer: Reviewer, tmp_path: Path
) -> None:
    program = reviewer("amina")
    program.unlock()
    desk.store_tip("Lies on a bad sector.", {})
    program.post("/sync", "/")
    program.guard._home.close()
    with closing(sqlite3.connect(tmp_path / "amina-home" / NAME, isolation_level=None)) as db:
        db.execute("UPDATE sealed SET bytes = x'00' || bytes WHERE name LIKE ?", (f"{which}/%",))
    desk.store_tip("Lies elsewhere.", {})
    honest, desk.wsgi = desk.wsgi, Response(status=502)
    program.guard.lock()
    # What is opened again is read again.
    (tmp_path / "amina-home" / "book.age").unlink(missing_ok=True)
    assert program.unlock().status_code == 303
    page = program.get("/")
    assert page.status_code == 200
    assert "was damaged; it is fetched again if the desk has it" in page.text
    desk.wsgi = honest
    assert program.post("/sync", "/").status_code == 303
    page = program.get("/")
    assert "Could not fetch" not in page.text
    assert "Lies elsewhere." in page.text
    assert "Lies on a bad sector." in page.text


@pytest.mark.parametrize("lost", ["memory", "memory and connection", "nothing"])
@pytest.mark.parametrize("answers", ["nothing", "noise", "a forgery"])
@pytest.mark.parametrize("by", ["this program", "an earlier program"])
def test_no_index_and_no_answer_have_kept_words_thrown_away(
    by: str, lost: str, answers: str, desk: Desk, opened: Callable[[], Workspace], tmp_path: Path
) -> None:
    tip, other = desk.store_tip("My story.", {"urgency": "now"}), desk.store_tip("Another's.", {})
    message = desk.store_message(tip, "They came again.")
    note = "Seen before."
    first = opened()
    first.sync()
    write(first, tip.id.hex(), "note", note)
    whole = told(first)
    mirror = first._home.mirror
    if by == "an earlier program":
        for name, sealed in mirror.select(SEALED, "WHERE name LIKE 'item/%'"):
            mirror.put(SEALED, (of_any_tip(name.rpartition("/")[2]), sealed))
            mirror.remove(SEALED, name)
    if lost != "nothing":
        for table in (KNOWN, FIRST, TIP, ITEM, DAY, LACK):
            mirror.remove(table, *(row[0] for row in mirror.select(table)))
        mirror.remove(FACT, "fetched", LISTED)
    if "connection" in lost:
        for path in (tmp_path / "amina-home").glob("connection.json*"):
            path.unlink()
    honest = desk.wsgi
    forged = other.sign(Message("Forged."), bytes.fromhex(message)) if answers == "a forgery" else b"noise"
    desk.spoil_index(lambda rows: move(rows["items"], message, other.id.hex()))
    desk.lie("/v1/read", lambda body: exchanged(body, message, None if answers == "nothing" else forged))
    for _ in range(2):
        lied_to = opened()
        lied_to.sync()
        lied_to.sync()
        assert "Forged." not in [line.text for line in opened_tip(lied_to.book, tip.id.hex()).conversation]
    desk.wsgi = honest
    for _ in range(2):
        after = opened()
        after.sync()
    assert told(after)[tip.id.hex()][:4] == whole[tip.id.hex()][:4]


def move(rows: list[dict[str, Any]], item: str, tip: str) -> None:
    for row in rows:
        if row["id"] == item:
            row["tip"] = tip


def exchanged(answer: bytes, item: str, sealed: bytes | None) -> bytes:
    values = json.loads(answer)
    if values["items"].pop(item, None) is not None and sealed is not None:
        values["items"][item] = base64.b64encode(sealed).decode()
    return json.dumps(values).encode()
