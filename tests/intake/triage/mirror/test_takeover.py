"""The first start after an update: what lay in files is in the mirror, shown as before, and the files are gone."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from earlier import Earlier, before_mirror, before_signatures
from intake.triage.fetching.kept import KeptLog
from intake.triage.home import Home
from intake.triage.keys.keyfile import load_keys
from intake.triage.mirror.pair import COPY, NAME
from intake.triage.progress import no_progress
from intake.triage.workspace import Workspace
from opened import opened_tips
from project import TESTS
from sent import text_of

NEUTRAL = ("is no longer on the server", "could not be opened", "is damaged")
"""What is said before and after; nothing of it is new, or accuses anybody."""


@pytest.fixture
def started() -> Iterator[Callable[[Earlier], Workspace]]:
    """Opens amina's workspace over her home, with no desk."""
    workspaces: list[Workspace] = []

    def start(earlier: Earlier) -> Workspace:
        home = Home.open(earlier.home("amina"), desk=None, policy=None, proxy=None)
        workspaces.append(Workspace(home, load_keys(earlier.key("amina"), earlier.told["passphrase"]), no_progress))
        workspaces[-1].open_kept()
        return workspaces[-1]

    yield start
    for workspace in workspaces:
        workspace.close()


def shown(workspace: Workspace) -> dict[str, Any]:
    """What a program shows of its reports, as the one before wrote it down."""
    return {
        tip.id: {
            "narrative": tip.narrative,
            "conversation": [line.text for line in tip.conversation],
            "warnings": tip.warnings,
            "written": [type(signed.payload).__name__ for signed in tip.written],
        }
        for tip in opened_tips(workspace.book)
    }


def test_all_that_a_home_of_files_held_is_shown_as_before_and_the_files_are_gone(
    started: Callable[[Earlier], Workspace], tmp_path: Path
) -> None:
    earlier = before_mirror(tmp_path / "earlier")
    for _ in range(2):
        workspace = started(earlier)
        assert shown(workspace) == earlier.told["tips"]
        assert workspace.alarm == f"The log can't be trusted: {earlier.told['alarm']}"
        (notice,) = workspace.notices
        assert earlier.told["gone"][:8] in notice
        assert [text_of(unsent) for unsent in workspace.sending.under_way + workspace.sending.drafts] == [
            earlier.told["unsent"]
        ]
        kept = {path.name for path in earlier.home("amina").iterdir() if not path.name.startswith((NAME, COPY))}
        assert kept == {"connection.json", "connection.json.copy", "files"}
        workspace.close()
        workspace._home.close()


def test_a_take_over_that_broke_off_is_begun_again(started: Callable[[Earlier], Workspace], tmp_path: Path) -> None:
    earlier = before_mirror(tmp_path / "earlier")
    home = earlier.home("amina")
    shutil.copytree(home, tmp_path / "files")
    workspace = started(earlier)
    workspace._home.close()
    shutil.copytree(tmp_path / "files", home, dirs_exist_ok=True)
    assert shown(started(earlier)) == earlier.told["tips"]
    assert not (home / "sealed").exists()


@pytest.mark.parametrize(
    "name", ["memory.json", "index.json", "log/checkpoint", "requests.jsonl", "sealed", "log/tile"]
)
def test_what_is_damaged_in_a_home_of_files_is_said_and_accuses_nobody(
    name: str, started: Callable[[Earlier], Workspace], tmp_path: Path
) -> None:
    earlier = before_mirror(tmp_path / "earlier")
    for place in (0.02, 0.5, 0.98):
        home = earlier.home("amina")
        shutil.rmtree(home)
        shutil.copytree(TESTS / "data" / "before-mirror" / "amina-home", home)
        spoilt = [path for path in home.rglob("*") if str(path.relative_to(home)).startswith(name)]
        for path in filter(Path.is_file, spoilt):
            data = bytearray(path.read_bytes())
            data[int(place * (len(data) - 1))] ^= 1
            path.write_bytes(data)
        workspace = started(earlier)
        assert workspace.alarm in ("", f"The log can't be trusted: {earlier.told['alarm']}")
        for tip in opened_tips(workspace.book):
            assert all(
                "is no longer on the server" in w or "could not be opened" in w or "is damaged" in w
                for w in tip.warnings
            )
        assert [text_of(unsent) for unsent in workspace.sending.under_way + workspace.sending.drafts] == [
            earlier.told["unsent"]
        ]
        assert (
            any("Damage on this machine" in says for says in workspace.notices)
            or shown(workspace) == earlier.told["tips"]
        )
        workspace._home.close()


def test_an_auditors_home_of_before_signatures_goes_on_from_the_checkpoint_that_was_seen(tmp_path: Path) -> None:
    earlier = before_signatures(tmp_path / "earlier")
    note = (earlier.home("carla") / "log" / "checkpoint").read_bytes()
    kept = KeptLog(Home.open(earlier.home("carla"), desk=None, policy=None, proxy=None))
    head, state = kept.head, kept.state
    assert head is not None
    assert state is not None
    assert (head.received.note, state.size) == (note, head.checkpoint.size)
    assert len(list(kept.earlier(state.size))) == state.size
    assert not (earlier.home("carla") / "log").exists()
