"""Which dossier of the team's is written into: one that all can read, and that is not deleted soon."""

from datetime import timedelta

import pytest

from intake.protocol.logstate import LogState
from intake.triage.mirror.added import Author
from intake.triage.reading.dossiers import WRITTEN_INTO, to_write_into
from intake.triage.reading.opentip import OpenTip
from ledger import Ledger, verified_in_pieces


def made(ledger: Ledger, tip: str) -> OpenTip:
    """A dossier that was made by the newest entry."""
    return OpenTip(tip, "2026-03-10", made=Author("amina", ledger.now, len(ledger.lines) - 1), dossier="team")


def state(ledger: Ledger) -> LogState:
    return verified_in_pieces([ledger.lines], ledger.lines, ledger.key.verifier.name)[1]


@pytest.fixture
def ledger() -> Ledger:
    """A log with one reviewer, who has asked for something."""
    ledger = Ledger()
    ledger.ask(ledger.enrol("amina"))
    return ledger


def test_the_first_by_the_log_is_written_into(ledger: Ledger) -> None:
    dossiers = [made(ledger, "1"), made(ledger, "2")]
    assert to_write_into(dossiers, state(ledger)) == "1"
    assert to_write_into([], state(ledger)) is None


def test_one_that_somebody_enrolled_since_can_not_read_is_not(ledger: Ledger) -> None:
    before = made(ledger, "1")
    boris = ledger.enrol("boris")
    assert to_write_into([before], state(ledger)) is None
    ledger.ask(boris)
    assert to_write_into([before, made(ledger, "2")], state(ledger)) == "2"


def test_one_that_is_old_is_not(ledger: Ledger) -> None:
    amina = ledger.enrol("carla")
    ledger.ask(amina)
    dossier = made(ledger, "1")
    ledger.now += WRITTEN_INTO - timedelta(seconds=1)
    ledger.ask(amina)
    assert to_write_into([dossier], state(ledger)) == "1"
    ledger.now += timedelta(seconds=1)
    ledger.ask(amina)
    assert to_write_into([dossier], state(ledger)) is None


def test_one_of_which_the_log_does_not_say_who_made_it_is_not(ledger: Ledger) -> None:
    assert to_write_into([OpenTip("1", "2026-03-10", dossier="team")], state(ledger)) is None
