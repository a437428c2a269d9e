"""Somebody else may be reading a report now: as far as the log says so, and no longer than that means anything."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from intake.triage.fetching import opens
from open_desk import Desk, Stored
from program import Program
from told import page, shown, sync

pytestmark = pytest.mark.slow

SAYS = "<bdi>boris</bdi> opened this report 0 minutes ago"


@pytest.fixture
def tip(desk: Desk, amina: Program, boris: Program) -> Stored:
    """A report that both have and boris has opened."""
    tip = desk.store_tip("They went to my mother.", {})
    for program in (amina, boris):
        sync(program)
    boris.get(page(tip))
    return tip


def test_who_opened_it_within_the_hour_is_said_once_the_log_has_told(
    amina: Program, boris: Program, tip: Stored
) -> None:
    assert SAYS not in shown(amina, tip)
    sync(amina)
    assert SAYS in shown(amina, tip)
    sync(boris)
    assert "<bdi>amina</bdi> opened this report" in shown(boris, tip)
    assert SAYS not in shown(boris, tip), "nobody is told of themselves"


@pytest.mark.parametrize("path", ["/translation", "/status"])
def test_whichever_page_shows_it_first_the_log_tells(
    path: str, desk: Desk, amina: Program, boris: Program, tip: Stored
) -> None:
    other = desk.store_tip("They came again.", {})
    for program in (amina, boris):
        sync(program)
    # A status that needs a reason is not set, and the whole report is shown around what lacks.
    answer = (
        boris.get(f"{page(other)}{path}")
        if path == "/translation"
        else boris.post(f"{page(other)}{path}", page(tip), status="closed")
    )
    assert "They came again." in answer.text
    boris.let_leave()
    sync(amina)
    assert SAYS in shown(amina, other)


def test_it_is_still_known_after_a_lock(amina: Program, tip: Stored) -> None:
    sync(amina)
    amina.guard.lock()
    amina.unlock()
    assert SAYS in shown(amina, tip)


def test_another_report_says_nothing_of_it(desk: Desk, amina: Program, tip: Stored) -> None:
    other = desk.store_tip("Another story.", {})
    sync(amina)
    assert "opened this report" not in shown(amina, other)


@pytest.fixture
def an_hour_passes(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    return lambda: monkeypatch.setattr(opens, "LATELY", timedelta(0))


def test_after_an_hour_it_says_nothing_of_now(amina: Program, tip: Stored, an_hour_passes: Callable[[], None]) -> None:
    sync(amina)
    an_hour_passes()
    assert "opened this report" not in shown(amina, tip)
