"""What a source sends is signed as exactly what it is: whatever is changed in it no longer verifies."""

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crypto.codename import Seed
from crypto.note import SigningKey
from intake.report.payloads import About, Addition, Deletion, FromSource, Message, PayloadFormatError, Report
from intake.report.signed import (
    MOST_ITEMS,
    Link,
    NotTheSourcesError,
    SourceItem,
    Unsigned,
    parse_signer,
    parse_source_item,
    sign_withdrawal,
    source_key,
    verify_withdrawal,
)

KEY, OTHER = source_key(Seed(bytes(32))), source_key(Seed(bytes(31) + b"\x01"))
TEXT = st.text(st.characters(codec="utf-8"))
ANSWERS = st.dictionaries(TEXT, TEXT | st.lists(TEXT).map(tuple), max_size=4)
IDS, DIGESTS = (st.text("0123456789abcdef", min_size=size, max_size=size) for size in (32, 64))
PAYLOADS: st.SearchStrategy[FromSource] = st.one_of(
    st.builds(Report, TEXT, st.integers(), ANSWERS),
    st.builds(Addition, st.integers(), TEXT, ANSWERS),
    st.builds(Message, TEXT),
    st.builds(About, IDS, TEXT, TEXT, st.integers(), DIGESTS, TEXT, st.integers(), ANSWERS),
    st.builds(Deletion, IDS),
)
LINKS = st.one_of(
    st.builds(Link, IDS, IDS, st.just(1), st.just(""), st.lists(IDS, max_size=3).map(tuple)),
    st.builds(Link, IDS, IDS, st.integers(2, MOST_ITEMS), DIGESTS, st.lists(IDS, max_size=3).map(tuple)),
)
ITEMS = st.builds(SourceItem, PAYLOADS, LINKS).map(lambda item: item.signed_by(KEY))


def parsed(document: bytes) -> SourceItem:
    item = parse_source_item(document)
    assert isinstance(item, SourceItem)
    return item


@given(ITEMS)
def test_an_item_comes_back_from_its_bytes_and_verifies(item: SourceItem) -> None:
    again = parsed(item.padded())
    assert again == item
    assert again.to_json() == item.to_json()
    again.verify(parse_signer(KEY.verifier.public_key.hex()))


@given(ITEMS, LINKS, PAYLOADS)
def test_under_another_key_link_or_payload_the_signature_is_false(
    item: SourceItem, link: Link, payload: FromSource
) -> None:
    with pytest.raises(NotTheSourcesError):
        item.verify(OTHER.verifier)
    for changed in (replace(item, link=link), replace(item, payload=payload)):
        if changed != item:
            with pytest.raises(NotTheSourcesError):
                parsed(changed.to_json()).verify(KEY.verifier)


@given(ITEMS, st.data())
def test_a_value_that_is_not_what_it_must_be_is_refused(item: SourceItem, data: st.DataObject) -> None:
    values: dict[str, Any] = json.loads(item.to_json())
    place = data.draw(st.sampled_from([values, values["link"]]))
    name = data.draw(st.sampled_from(sorted(place)))
    place[name] = data.draw(st.sampled_from([None, 1.5, {"a": 1}, [[]], True]))
    with pytest.raises(PayloadFormatError):
        parse_source_item(json.dumps(values).encode())


@pytest.mark.parametrize(
    "changed",
    [
        {"number": 0},
        {"number": -1},
        {"number": MOST_ITEMS + 1},
        {"number": 1},
        {"previous": ""},
        {"previous": "A" * 64},
        {"tip": "0" * 31},
        {"item": "../" + "0" * 29},
        {"heard": ["x"]},
        {"more": 1},
    ],
)
def test_a_link_that_can_not_be_is_refused(changed: dict[str, Any]) -> None:
    values = json.loads(SourceItem(Message("x"), Link("0" * 32, "1" * 32, 2, "2" * 64)).signed_by(KEY).to_json())
    values["link"] |= changed
    with pytest.raises(PayloadFormatError):
        parse_source_item(json.dumps(values).encode())


@given(st.binary(max_size=60))
def test_other_bytes_are_no_item(document: bytes) -> None:
    with pytest.raises(PayloadFormatError):
        parse_source_item(document)


def test_what_came_before_signatures_is_read_and_a_deletion_is_not_among_it() -> None:
    message = parse_source_item(b'{"kind": "message", "v": 1, "place": 4, "text": "old"}   ')
    assert message == Unsigned(Message("old"), 4)
    report = parse_source_item(b'{"kind": "report", "v": 1, "language": "en", "form": 1, "answers": {}}')
    assert report == Unsigned(Report("en", 1, {}), 0)
    for document in (
        b'{"kind": "deletion", "v": 1, "reply": ""}',
        b'{"kind": "message", "v": 1, "text": "old"}',
        b'{"kind": "message", "v": 2, "text": "unsigned"}',
        b'{"kind": "note", "v": 1, "text": "x"}',
    ):
        with pytest.raises(PayloadFormatError):
            parse_source_item(document)


def test_a_withdrawal_holds_for_its_tip_and_its_source_only() -> None:
    word = sign_withdrawal(KEY, "0" * 32).hex()
    verify_withdrawal(KEY.verifier, "0" * 32, word)
    for signer, tip, signature in (
        (OTHER.verifier, "0" * 32, word),
        (KEY.verifier, "1" * 32, word),
        (KEY.verifier, "0" * 32, word[:-2] + "00" if word[-2:] != "00" else word[:-2] + "01"),
        (KEY.verifier, "0" * 32, "no hex"),
    ):
        with pytest.raises(NotTheSourcesError):
            verify_withdrawal(signer, tip, signature)


@pytest.mark.parametrize("text", ["", "0" * 63, "01" + "00" * 31, "x" * 64, "00" * 33])
def test_a_signer_that_binds_nobody_is_refused(text: str) -> None:
    with pytest.raises(PayloadFormatError):
        parse_signer(text)


def test_no_signature_of_another_kind_opens_with_the_same_words() -> None:
    key = SigningKey.from_seed("source", source_key(Seed(bytes(32))).seed)
    assert key.verifier == KEY.verifier
    item = SourceItem(Message("x"), Link("0" * 32, "1" * 32, 1, "")).signed_by(KEY)
    with pytest.raises(NotTheSourcesError):
        verify_withdrawal(KEY.verifier, "0" * 32, item.signature)
