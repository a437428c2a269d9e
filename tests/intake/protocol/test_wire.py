"""The desk's answers: nothing in them is believed before it is checked."""

import json
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crypto.age import HybridIdentity, X25519Identity
from intake.protocol.wire import KINDS, Index, ItemRow, OtherVersionError, TipRow, WireError, WithdrawalRow, parse_index
from intake.report.signed import SOURCE_KINDS
from intake.storage.tables import Kind

RECIPIENT = str(HybridIdentity.generate().recipient)
INDEX = Index(
    (TipRow("0" * 32, "2026-01-01", RECIPIENT, "1" * 64),),
    (ItemRow("2" * 32, "0" * 32, "message", "2026-01-02", 2500, blob=False),),
    (WithdrawalRow("3" * 32, "2026-01-03", "4" * 128),),
)


def changed(part: str, **fields: Any) -> bytes:
    values = json.loads(INDEX.to_json())
    values[part][0] |= fields
    return json.dumps(values).encode()


def test_an_index_comes_back_from_its_bytes() -> None:
    assert parse_index(INDEX.to_json()) == INDEX


def test_every_kind_of_the_store_is_known() -> None:
    assert frozenset(Kind) == KINDS == SOURCE_KINDS | {"content", "reply", "work"}


@pytest.mark.parametrize(
    ("part", "fields"),
    [
        *(("tips", {"id": text}) for text in ("../../x", "A" * 32, "0" * 31, "0" * 32 + "\n", 5, None)),
        *(("tips", {"summary": text}) for text in ("/../../../PWNED", "1" * 63, "1" * 16, "", 5, None)),
        *(("tips", {"day": text}) for text in ("20260101", "2026-02-30", "2026-W01-1", "", 5, None)),
        *(("tips", {"recipient": text}) for text in ("", RECIPIENT[:-1], str(X25519Identity.generate().recipient), 5)),
        *(("items", {"id": text}) for text in ("../../x", "A" * 32, "", 5, None)),
        *(("items", {"tip": text}) for text in ("3" * 32, "", 5, None, [])),
        *(("items", {"kind": text}) for text in ("other", "", 5, None, [])),
        *(("items", {"day": text}) for text in ("20260101", 5)),
        *(("items", {"size": size}) for size in (-1, 1.5, True, "1", None)),
        *(("items", {"blob": blob}) for blob in (0, 1, "", None)),
        ("items", {"more": 1}),
        *(("withdrawals", {"tip": text}) for text in ("../../x", "3" * 31, 5, None)),
        *(("withdrawals", {"day": text}) for text in ("20260101", "", 5)),
        *(("withdrawals", {"signature": text}) for text in ("4" * 127, "x" * 128, "", 5, None)),
    ],
)
def test_a_field_that_is_not_what_it_must_be_is_refused(part: str, fields: dict[str, Any]) -> None:
    with pytest.raises(WireError):
        parse_index(changed(part, **fields))


@pytest.mark.parametrize("part", ["tips", "items", "withdrawals"])
def test_an_id_that_is_there_twice_is_refused(part: str) -> None:
    values = json.loads(INDEX.to_json())
    values[part] *= 2
    with pytest.raises(WireError):
        parse_index(json.dumps(values).encode())


@pytest.mark.parametrize(
    ("version", "who"), [(None, "the desk is of an earlier version"), (1, "the desk is"), (3, "this program is")]
)
def test_an_index_of_another_version_says_which_side_is_older(version: int | None, who: str) -> None:
    values = json.loads(INDEX.to_json())
    values.pop("v")
    changed = values if version is None else {**values, "v": version}
    with pytest.raises(OtherVersionError, match=who):
        parse_index(json.dumps(changed).encode())


@pytest.mark.parametrize("body", [b"[]", b"{}", b"5", b'{"v": "2"}', b'{"v": true}', b'{"v": 2}', b'{"v": null}'])
def test_what_is_no_index_is_refused(body: bytes) -> None:
    with pytest.raises(WireError):
        parse_index(body)


IDS, DIGESTS, SIGNATURES = (st.text("0123456789abcdef", min_size=size, max_size=size) for size in (32, 64, 128))
DAYS = st.dates().map(date.isoformat)


@given(
    st.lists(st.builds(TipRow, IDS, DAYS, st.just(RECIPIENT), DIGESTS), unique_by=lambda row: row.id, max_size=3),
    st.lists(st.builds(WithdrawalRow, IDS, DAYS, SIGNATURES), unique_by=lambda row: row.tip, max_size=3),
    st.lists(st.tuples(IDS, st.sampled_from(sorted(KINDS)), DAYS, st.integers(0), st.booleans()), max_size=3),
)
def test_every_index_comes_back_from_its_bytes_and_gives_the_same(
    tips: list[TipRow], withdrawals: list[WithdrawalRow], items: list[tuple[str, str, str, int, bool]]
) -> None:
    rows = {name: ItemRow(name, tips[0].id, kind, day, size, blob) for name, kind, day, size, blob in items if tips}
    index = Index(tuple(tips), tuple(rows.values()), tuple(withdrawals))
    assert parse_index(index.to_json()) == index
    assert parse_index(index.to_json()).to_json() == index.to_json()
