"""The log as it is kept: put there and taken away a piece at a time, since it is longer than memory."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from intake.triage.fetching.kept import PIECE, KeptLog
from intake.triage.home import Home
from ledger import Ledger
from policies import policy

LONG = 2 * PIECE + 100


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[KeptLog]:
    home = Home.open(tmp_path, desk="http://127.0.0.1:1", policy=policy(Ledger().key.verifier), proxy=None)
    yield KeptLog(home)
    home.close()


@pytest.mark.parametrize("size", [0, 1, PIECE - 1, PIECE, PIECE + 1, LONG])
def test_entries_that_turn_out_to_be_false_go_all_of_them_and_no_other(kept: KeptLog, size: int) -> None:
    lines = [b"entry %d" % place for place in range(LONG)]
    kept.stage(0, iter(lines[:10]))
    kept.stage(10, iter(lines[10:]))
    assert list(kept.lines()) == lines
    kept.unstage(size)
    assert list(kept.lines()) == lines[:size]


def test_entries_are_kept_whole_or_not_at_all(kept: KeptLog) -> None:
    def broken() -> Iterator[bytes]:
        for place in range(PIECE + 1):
            yield b"entry %d" % place
        raise OSError("the spool can't be read")

    with pytest.raises(OSError, match="spool"):
        kept.stage(0, broken())
    assert list(kept.lines()) == []
