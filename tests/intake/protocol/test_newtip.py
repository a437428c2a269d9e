"""A new tip on its way to the desk: one form, which is read back to the same bytes or not at all."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crypto.age import HybridIdentity, X25519Identity
from intake.protocol.actions import ActionError
from intake.protocol.newtip import parse_new_tip
from intake.protocol.queries import Made, made_query, what_was_made
from intake.protocol.wire import WireError
from new_tips import new_tip

NEW = new_tip([HybridIdentity.generate().recipient] * 2)
DIGESTS = st.binary(min_size=32, max_size=32).map(bytes.hex)
BYTES = st.binary(max_size=200)


@given(BYTES, BYTES, BYTES, DIGESTS)
def test_it_comes_back_as_it_was_sent(payload: bytes, chain: bytes, first: bytes, lookup: str) -> None:
    new = replace(NEW, payload=payload, chain=chain, first=first, lookup=lookup)
    assert parse_new_tip(new.to_json()) == new
    assert new.readers == 2


@settings(deadline=None)
@given(st.data())
def test_whatever_is_read_is_the_very_bytes_that_are_written(data: st.DataObject) -> None:
    body = bytearray(NEW.to_json())
    place = data.draw(st.integers(0, len(body)))
    body[place : place + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=3))
    try:
        new = parse_new_tip(bytes(body))
    except WireError:
        return
    assert new.to_json() == body


@pytest.mark.parametrize("recipient", ["", str(X25519Identity(bytes(32)).recipient), 5])
def test_a_tip_has_a_recipient_of_the_one_kind(recipient: str) -> None:
    with pytest.raises(WireError):
        parse_new_tip(replace(NEW, recipient=recipient).to_json())


@given(DIGESTS, DIGESTS)
def test_what_was_made_comes_back_from_its_query(payload: str, first: str) -> None:
    assert what_was_made(made_query(Made(payload, first))) == Made(payload, first)


@given(st.text())
def test_no_other_query_says_what_was_made(query: str) -> None:
    with pytest.raises(ActionError):
        what_was_made(query)
