"""The first start after an update: what lay in files is in the mirror, shown as before, and the files are gone."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from earlier import Earlier, before_mirror, before_signatures
from intake.triage.fetching.log import KeptLog
from intake.triage.home import Home
from intake.triage.keys.keyfile import load_keys
from intake.triage.mirror.pair import COPY, NAME
from intake.triage.progress import no_progress
from intake.triage.work import Work
from opened import opened_tips
from project import TESTS

NEUTRAL = ("is no longer on the server", "could not be opened", "is damaged")
"""What is said before and after; nothing of it is new, or accuses anybody."""


@pytest.fixture
def started() -> Iterator[Callable[[Earlier], Work]]:
    """Opens amina's work over her home, with no desk."""
    works: list[Work] = []

    def start(earlier: Earlier) -> Work:
        home = Home.open(earlier.home("amina"), desk=None, log=None, proxy=None)
        works.append(Work(home, load_keys(earlier.key("amina"), earlier.told["passphrase"]), no_progress))
        works[-1].open_kept()
        return works[-1]

    yield start
    for work in works:
        work.close()


def shown(work: Work) -> dict[str, Any]:
    """What a program shows of its reports, as the one before wrote it down."""
    return {
        tip.id: {
            "narrative": tip.narrative,
            "conversation": [line.text for line in tip.conversation],
            "warnings": tip.warnings,
            "written": [type(signed.payload).__name__ for signed in tip.written],
        }
        for tip in opened_tips(work.book)
    }


def test_all_that_a_home_of_files_held_is_shown_as_before_and_the_files_are_gone(
    started: Callable[[Earlier], Work], tmp_path: Path
) -> None:
    earlier = before_mirror(tmp_path / "earlier")
    for _ in range(2):
        work = started(earlier)
        assert shown(work) == earlier.told["tips"]
        assert work.alarm == earlier.told["alarm"]
        (notice,) = work.notices
        assert earlier.told["gone"][:8] in notice
        assert [unsent.text for unsent in work.sending.under_way + work.sending.drafts] == [earlier.told["unsent"]]
        kept = {path.name for path in earlier.home("amina").iterdir() if not path.name.startswith((NAME, COPY))}
        assert kept == {"connection.json", "connection.json.copy", "files"}
        work.close()
        work._home.close()


def test_a_take_over_that_broke_off_is_begun_again(started: Callable[[Earlier], Work], tmp_path: Path) -> None:
    earlier = before_mirror(tmp_path / "earlier")
    home = earlier.home("amina")
    shutil.copytree(home, tmp_path / "files")
    work = started(earlier)
    work._home.close()
    shutil.copytree(tmp_path / "files", home, dirs_exist_ok=True)
    assert shown(started(earlier)) == earlier.told["tips"]
    assert not (home / "sealed").exists()


@pytest.mark.parametrize(
    "name", ["memory.json", "index.json", "log/checkpoint", "requests.jsonl", "sealed", "log/tile"]
)
def test_what_is_damaged_in_a_home_of_files_is_said_and_accuses_nobody(
    name: str, started: Callable[[Earlier], Work], tmp_path: Path
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
        work = started(earlier)
        assert work.alarm in ("", earlier.told["alarm"])
        for tip in opened_tips(work.book):
            assert all(
                "is no longer on the server" in w or "could not be opened" in w or "is damaged" in w
                for w in tip.warnings
            )
        assert [unsent.text for unsent in work.sending.under_way + work.sending.drafts] == [earlier.told["unsent"]]
        assert any("Damage on this machine" in says for says in work.notices) or shown(work) == earlier.told["tips"]
        work._home.close()


def test_an_auditors_home_of_before_signatures_goes_on_from_the_checkpoint_that_was_seen(tmp_path: Path) -> None:
    earlier = before_signatures(tmp_path / "earlier")
    note = (earlier.home("carla") / "log" / "checkpoint").read_bytes()
    kept = KeptLog(Home.open(earlier.home("carla"), desk=None, log=None, proxy=None))
    head, state = kept.head, kept.state
    assert head is not None
    assert state is not None
    assert (head.received.note, state.size) == (note, head.checkpoint.size)
    assert len(list(kept.earlier(state.size))) == state.size
    assert not (earlier.home("carla") / "log").exists()
