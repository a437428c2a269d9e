"""Tables for spreadsheets, in which nothing runs."""

import csv
import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intake.audit.listing import ACCESSES, access_rows, keys_of, to_csv
from intake.findings.accesses import Wanted, accesses
from intake.protocol.entry import OPERATOR
from team_at_work import Team, at_work


@given(st.lists(st.lists(st.text(), min_size=1, max_size=4), max_size=4))
def test_no_cell_begins_as_a_formula_does_and_nothing_else_is_changed(rows: list[list[str]]) -> None:
    text = to_csv(["a"], rows)
    read = list(csv.reader(io.StringIO(text, newline="")))[1:]
    for row, back in zip(rows, read, strict=True):
        for cell, got in zip(row, back, strict=True):
            assert not got.lstrip(" ").startswith(("=", "+", "-", "@", "\t", "\r"))
            assert got in (cell, f"'{cell}")


@pytest.fixture(scope="module")
def team(tmp_path_factory: pytest.TempPathFactory) -> Team:
    return at_work(tmp_path_factory.mktemp("team"), days=30)


def test_a_member_whose_name_is_a_formula_stands_in_a_table_as_text(team: Team) -> None:
    log = team.mirror()
    found = accesses(log.record, Wanted(who=keys_of(log, "=SUM(A1)")))
    read = list(csv.DictReader(io.StringIO(to_csv(ACCESSES, access_rows(log, found)), newline="")))
    assert read
    assert {row["name"] for row in read} == {"'=SUM(A1)"}


def test_members_are_found_by_name_or_key_and_the_operator_too(team: Team, tmp_path: Path) -> None:
    log = team.mirror()
    (key,) = keys_of(log, "نرگس")
    assert keys_of(log, key) == {key}
    assert keys_of(log, OPERATOR) == {OPERATOR}
    assert keys_of(log, "nobody") == frozenset()
