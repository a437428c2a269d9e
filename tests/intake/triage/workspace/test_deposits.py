"""Whoever loses their machine gets their keys back, from the paper and from what their program left at the desk."""

from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import select

from intake.protocol.actions import Action
from intake.protocol.entry import parse_entry
from intake.storage.tables import Deposit
from intake.triage.keys.keyfile import load_keys, replace_keys
from intake.triage.keys.recovery import Paper, Sheets, open_keys, split
from intake.triage.mirror.tables import FACT
from open_desk import Desk
from program import PASSPHRASE, Enrol, Program, Reviewer
from told import sync

pytestmark = pytest.mark.slow


@pytest.fixture
def paper() -> Paper:
    return split(3, 2)


@pytest.fixture
def carla(reviewer: Reviewer, enrol: Enrol, paper: Paper, tmp_path: Path) -> Program:
    """Carla's program, unlocked, with her keys split."""
    keys = enrol("carla")
    replace_keys(tmp_path / "carla.key", replace(keys, recovery=paper.recipient), PASSPHRASE, work_factor=4)
    program = reviewer("carla")
    program.unlock()
    return program


def logged(desk: Desk) -> list[tuple[Action, tuple[str, ...]]]:
    with desk.server.store.reading() as session:
        lines = desk.server.log.lines(session, 0, desk.server.log.size(session))
    return [(entry.action, entry.objects) for entry in map(parse_entry, lines)]


def test_keys_are_left_at_the_first_fetch_and_at_no_other(desk: Desk, carla: Program) -> None:
    sync(carla)
    sync(carla)
    assert logged(desk).count((Action.DEPOSIT, ())) == 1


def test_who_has_no_sheets_leaves_nothing(desk: Desk, amina: Program) -> None:
    sync(amina)
    assert Action.DEPOSIT not in {action for action, _ in logged(desk)}


def test_a_colleague_saves_them_and_the_paper_opens_them(
    desk: Desk, carla: Program, amina: Program, paper: Paper, tmp_path: Path
) -> None:
    sync(amina)
    key = carla.workspace.people.me
    assert "carla" in amina.get("/recovery").text
    saved = amina.post(f"/recovery/{key}", "/recovery")
    assert saved.headers["Content-Disposition"].startswith('attachment; filename="carla.recovery"')
    sheets = Sheets()
    for sheet in paper.sheets[1:]:
        sheets.add(sheet)
    lost = load_keys(tmp_path / "carla.key", PASSPHRASE)
    assert open_keys(saved.data, sheets.identity()).to_bytes() == lost.to_bytes()
    assert (Action.READ, (f"keys/{key}",)) in logged(desk), "and it is in the log who fetched them"


def test_where_nothing_was_left_the_page_says_so(amina: Program, boris: Program) -> None:
    key = boris.workspace.people.me
    answer = amina.post(f"/recovery/{key}", "/recovery")
    assert answer.status_code == 503
    assert "The recovery file of boris can&#39;t be had" in answer.text
    assert amina.post(f"/recovery/{'0' * 32}", "/recovery").status_code == 404


def test_what_lies_at_the_desk_and_on_the_machine_opens_with_neither(
    desk: Desk, carla: Program, tmp_path: Path
) -> None:
    keys = load_keys(tmp_path / "carla.key", PASSPHRASE)
    with desk.server.store.reading() as session:
        (sealed,) = session.scalars(select(Deposit.sealed))
    row = carla.workspace.deposits._file.get(FACT, "deposited")
    for kept in (sealed, str(row).encode()):
        assert keys.signing.seed.hex().encode() not in kept
        assert str(keys.identity).encode() not in kept
