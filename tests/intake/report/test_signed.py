"""What a source sends is signed as exactly what it is: whatever is changed in it no longer verifies."""

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from any_document import KEY, LINKS, SENT, signed
from crypto.codename import Seed
from crypto.note import SigningKey
from intake.report.documents import read
from intake.report.payloads import FromSource, Message, PayloadFormatError
from intake.report.signed import (
    MOST_ITEMS,
    Link,
    NotTheSourcesError,
    SourceItem,
    parse_signer,
    sign_withdrawal,
    source_key,
    verify_withdrawal,
)

OTHER = source_key(Seed(bytes(31) + b"\x01"))
PAYLOADS = st.one_of(*SENT.values())
ITEMS = signed(PAYLOADS)


def parsed(document: bytes) -> SourceItem:
    item = read(document)
    assert isinstance(item, SourceItem)
    return item


@given(ITEMS)
def test_an_item_that_comes_back_from_its_bytes_verifies(item: SourceItem) -> None:
    parsed(item.padded()).verify(parse_signer(KEY.verifier.public_key.hex()))


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
        read(json.dumps(values).encode())


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
