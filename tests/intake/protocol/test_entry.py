"""An entry has one form in bytes, and nothing else parses."""

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intake.protocol.actions import CONFIRMED, RULINGS, SINCE, Action
from intake.protocol.entry import LONGEST, Entry, EntryError, LoggedRequest, parse_entry, rules

TIMES = st.integers(1_600_000_000, 4_000_000_000).map(lambda seconds: datetime.fromtimestamp(seconds, UTC))
TEXTS = st.text(st.characters(codec="utf-8"), max_size=40)
REQUESTS = st.none() | st.builds(LoggedRequest, TEXTS, st.binary(max_size=64), st.none() | TEXTS)
OBJECTS = st.lists(TEXTS, max_size=5).map(tuple)
OF_VERSION_1 = [action for action in Action if action not in SINCE]
ENTRIES = st.one_of(
    st.builds(Entry, TIMES, TEXTS, st.sampled_from(Action), OBJECTS, REQUESTS),
    st.builds(Entry, TIMES, TEXTS, st.just(Action.ENROL), OBJECTS, REQUESTS, TEXTS, st.booleans()),
    st.builds(Entry, TIMES, TEXTS, st.sampled_from(sorted(CONFIRMED)), OBJECTS, REQUESTS, confirmed=st.booleans()),
    st.builds(Entry, TIMES, TEXTS, st.sampled_from(OF_VERSION_1), OBJECTS, version=st.just(1)),
)


@given(ENTRIES)
def test_an_entry_comes_back_from_its_bytes(entry: Entry) -> None:
    assert parse_entry(entry.to_bytes()) == entry


@given(ENTRIES)
def test_whether_it_rules_is_seen_without_reading_it(entry: Entry) -> None:
    assert rules(entry.to_bytes()) is entry.rules
    assert entry.rules is (entry.action in RULINGS) or entry.action is Action.RENEW


@pytest.mark.parametrize(
    ("objects", "decides"),
    [(("tip/1",), False), (("member/1", "tip/1"), True), (("readers/all", "tip/1"), True)],
    ids=["for all as before", "restricted", "opened again"],
)
def test_a_renewal_rules_where_it_restricts_or_ends_that(objects: tuple[str, ...], *, decides: bool) -> None:
    entry = Entry(datetime(2026, 1, 1, tzinfo=UTC), 'at":"x","objects":["member/', Action.RENEW, objects)
    assert entry.rules is decides is rules(entry.to_bytes())


@given(ENTRIES)
def test_its_bytes_are_json_with_sorted_keys_and_nothing_between(entry: Entry) -> None:
    line = entry.to_bytes()
    assert json.dumps(json.loads(line), ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode() == line


@given(ENTRIES, st.data())
def test_whatever_parses_has_exactly_these_bytes(entry: Entry, data: st.DataObject) -> None:
    line = bytearray(entry.to_bytes())
    place = data.draw(st.integers(0, len(line) - 1))
    line[place] = data.draw(st.integers(0, 255))
    try:
        parsed = parse_entry(bytes(line))
    except EntryError:
        return
    assert parsed.to_bytes() == bytes(line)


@given(st.binary(max_size=200))
def test_other_bytes_are_refused_as_no_entry(line: bytes) -> None:
    with pytest.raises(EntryError):
        parse_entry(line)


@given(ENTRIES)
def test_json_in_another_spelling_is_refused(entry: Entry) -> None:
    with pytest.raises(EntryError):
        parse_entry(json.dumps(json.loads(entry.to_bytes()), indent=1).encode())


@pytest.mark.parametrize(
    "change",
    [
        {"who": 5},
        {"objects": [5]},
        {"objects": "ab"},
        {"card": 5},
        {"card": None},
        {"action": "revoke"},
        {"request": None},
        {"request": {"base": 5, "signature": ""}},
        {"request": {"base": "", "signature": 5}},
        {"request": {"base": "", "signature": "", "body": 5}},
        {"request": ["base", "signature"]},
        {"v": 0},
        {"v": 4},
        {"v": True},
        {"v": "2"},
        {"v": 1, "confirmed": True},
        {"v": 1, "action": "clock"},
        {"confirmed": False},
        {"confirmed": 1},
        {"action": "clock", "confirmed": True},
        {"action": "index", "confirmed": True},
    ],
)
def test_a_field_of_another_type_or_out_of_place_is_refused(change: dict[str, object]) -> None:
    entry = Entry(datetime(2026, 1, 1, tzinfo=UTC), "operator", Action.ENROL, ("member/0",), card="card")
    parse_entry(entry.to_bytes())
    values = {**json.loads(entry.to_bytes()), **change}
    with pytest.raises(EntryError):
        parse_entry(json.dumps(values, sort_keys=True, separators=(",", ":")).encode())


def test_an_entry_longer_than_a_bundle_can_hold_is_refused() -> None:
    with pytest.raises(EntryError):
        Entry(datetime(2026, 1, 1, tzinfo=UTC), "x" * LONGEST, Action.INDEX).to_bytes()
