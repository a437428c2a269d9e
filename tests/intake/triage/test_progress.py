"""A bar is for terminals: elsewhere not even an empty line is left of it."""

import io
import os
from contextlib import suppress

import pytest
from rich.console import Console

from intake.triage.progress import bar


@pytest.mark.parametrize("forced", ["", "1"])
def test_nothing_of_a_bar_goes_where_there_is_no_terminal(forced: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", forced)
    written = io.StringIO()
    with bar(Console(file=written))("Opening reports", 2) as told:
        told(1)
        told(2)
    assert written.getvalue() == ""


def test_a_terminal_shows_it() -> None:
    ours, its = os.openpty()
    with os.fdopen(its, "w", encoding="utf-8") as terminal, bar(Console(file=terminal))("Opening reports", 2) as told:
        told(1)
    # What was written comes in pieces; Linux says by an error that the other end is closed.
    shown = b""
    with os.fdopen(ours, "rb", buffering=0) as screen, suppress(OSError):
        while piece := screen.read(65536):
            shown += piece
    assert b"Opening reports" in shown
