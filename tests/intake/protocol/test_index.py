"""The index, by day: nothing in it is believed before it is checked, and each answer has one form only."""

import json
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intake.protocol.index import (
    AS_KEPT,
    Day,
    DayIndex,
    Days,
    ItemRow,
    OtherVersionError,
    TipRow,
    WithdrawalRow,
    parse_day,
    parse_days,
    sha256_hex,
)
from intake.protocol.kinds import BY_REVIEWERS, Kind
from intake.protocol.wire import WireError
from intake.report.signed import SOURCE_KINDS

DAY = "2026-01-01"
ROWS = DayIndex(
    DAY,
    (TipRow("0" * 32, DAY, "1" * 64, "2" * 64, "3" * 64),),
    (ItemRow("4" * 32, "0" * 32, "message", DAY, 2500, blob=False),),
    (WithdrawalRow("5" * 32, DAY, "6" * 128),),
)
LISTED = Days((Day(DAY, 1, 1, sha256_hex(ROWS.to_json())),))


def changed(body: bytes, part: str, place: int, value: Any) -> bytes:
    values = json.loads(body)
    values[part][0][place] = value
    return json.dumps(values, separators=(",", ":")).encode()


def test_an_index_comes_back_from_its_bytes() -> None:
    assert parse_day(DAY, ROWS.to_json()) == ROWS
    assert parse_days(LISTED.to_json()) == LISTED


def test_every_kind_is_a_sources_or_a_reviewers_or_the_content_of_a_file() -> None:
    assert frozenset(Kind) == SOURCE_KINDS | {Kind.CONTENT, *BY_REVIEWERS}


IDS: tuple[object, ...] = ("../../x", "A" * 32, "0" * 31, "0" * 32 + "\n", "", 5, None, [])
KINDS: tuple[object, ...] = ("Other", "../x", "a" * 17, "x\n", "_", "", 5, None, [])
DIGESTS: tuple[object, ...] = ("/../../../PWNED", "1" * 63, "1" * 16, "", 5, None)


@pytest.mark.parametrize(
    ("part", "place", "value"),
    [
        *(("tips", 0, text) for text in IDS),
        *(("tips", place, text) for place in (1, 2, 3) for text in DIGESTS),
        *(("items", place, text) for place in (0, 1) for text in IDS),
        *(("items", 2, text) for text in KINDS),
        *(("items", 3, size) for size in (-1, 1.5, True, "1", None)),
        *(("items", 4, blob) for blob in (0, 1, "", None)),
        *(("withdrawals", 0, text) for text in IDS),
        *(("withdrawals", 1, text) for text in ("4" * 127, "x" * 128, "", 5, None)),
    ],
)
def test_a_field_of_a_row_that_is_not_what_it_must_be_is_refused(part: str, place: int, value: Any) -> None:
    with pytest.raises(WireError):
        parse_day(DAY, changed(ROWS.to_json(), part, place, value))


@pytest.mark.parametrize(
    ("place", "value"),
    [
        *((0, text) for text in ("20260101", "2026-02-30", "2026-W01-1", "../x", "", 5, None)),
        *((place, number) for place in (1, 2) for number in (-1, 1.5, True, "1", None)),
        *((3, text) for text in DIGESTS),
    ],
)
def test_a_field_of_the_list_that_is_not_what_it_must_be_is_refused(place: int, value: Any) -> None:
    with pytest.raises(WireError):
        parse_days(changed(LISTED.to_json(), "days", place, value))


@pytest.mark.parametrize("part", ["tips", "items", "withdrawals"])
def test_rows_that_are_there_twice_or_not_in_their_order_are_refused(part: str) -> None:
    values = json.loads(ROWS.to_json())
    for rows in (values[part] * 2, [["f" * 32, *values[part][0][1:]], *values[part]]):
        with pytest.raises(WireError):
            parse_day(DAY, json.dumps({**values, part: rows}, separators=(",", ":")).encode())


@pytest.mark.parametrize("body", [ROWS.to_json(), LISTED.to_json()])
def test_another_form_of_the_same_is_refused(body: bytes) -> None:
    values = json.loads(body)
    others = (
        json.dumps(values).encode(),
        body + b"\n",
        json.dumps({**values, "more": []}, separators=(",", ":")).encode(),
    )
    for other in others:
        for parse in (parse_days, lambda text: parse_day(DAY, text)):
            with pytest.raises(WireError):
                parse(other)


@pytest.mark.parametrize(
    ("version", "who"), [(None, "the desk is of an earlier version"), (2, "the desk is"), (4, "this program is")]
)
def test_an_index_of_another_version_says_which_side_is_older(version: int | None, who: str) -> None:
    values = json.loads(LISTED.to_json())
    values.pop("v")
    changed = values if version is None else {**values, "v": version}
    for parse in (parse_days, lambda text: parse_day(DAY, text)):
        with pytest.raises(OtherVersionError, match=who):
            parse(json.dumps(changed).encode())


@pytest.mark.parametrize("body", [b"", b"\xff", b"[]", b"5", b'{"v": "3"}', b'{"v": true}', b'{"v": null}', AS_KEPT])
def test_what_is_no_index_is_refused(body: bytes) -> None:
    for parse in (parse_days, lambda text: parse_day(DAY, text)):
        with pytest.raises(WireError):
            parse(body)


NAMES, HASHES, SIGNATURES = (st.text("0123456789abcdef", min_size=size, max_size=size) for size in (32, 64, 128))
DATES = st.dates().map(date.isoformat)


@given(
    DATES,
    st.lists(st.tuples(NAMES, HASHES, HASHES, HASHES), unique_by=lambda row: row[0], max_size=3),
    st.lists(
        st.tuples(NAMES, NAMES, st.from_regex(r"[a-z][a-z_]{0,15}", fullmatch=True), st.integers(0), st.booleans()),
        unique_by=lambda row: row[0],
        max_size=3,
    ),
    st.lists(st.tuples(NAMES, SIGNATURES), unique_by=lambda row: row[0], max_size=3),
)
def test_the_rows_of_every_day_come_back_from_their_bytes_and_give_the_same(
    day: str,
    tips: list[tuple[str, str, str, str]],
    items: list[tuple[str, str, str, int, bool]],
    withdrawals: list[tuple[str, str]],
) -> None:
    index = DayIndex(
        day,
        tuple(TipRow(name, day, *digests) for name, *digests in sorted(tips)),
        tuple(ItemRow(name, tip, kind, day, size, blob) for name, tip, kind, size, blob in sorted(items)),
        tuple(WithdrawalRow(tip, day, signature) for tip, signature in sorted(withdrawals)),
    )
    assert parse_day(day, index.to_json()) == index
    assert parse_day(day, index.to_json()).to_json() == index.to_json()


@given(st.lists(st.builds(Day, DATES, st.integers(0), st.integers(0), HASHES), unique_by=lambda day: day.day))
def test_every_list_of_days_comes_back_from_its_bytes_and_gives_the_same(days: list[Day]) -> None:
    listed = Days(tuple(sorted(days, key=lambda day: day.day)))
    assert parse_days(listed.to_json()) == listed
    assert parse_days(listed.to_json()).to_json() == listed.to_json()
