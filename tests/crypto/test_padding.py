"""Padding: sizes that say little, documents that stay JSON."""

import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from crypto.padding import PaddingError, pad_padme, pad_to, padme, zeros_after

SIZES = st.integers(0, 2**50)
DOCUMENTS = st.dictionaries(st.text(), st.text() | st.integers()).map(lambda value: json.dumps(value).encode())


@pytest.mark.parametrize(
    ("size", "padded"),
    [
        (0, 0),
        (1, 1),
        (8, 8),
        (9, 10),
        (100, 104),
        (1_000, 1_024),
        (1_025, 1_088),
        (2_048, 2_048),
        (2_049, 2_176),
        (1_000_000, 1_015_808),
        (10**9, 1_006_632_960),
    ],
)
def test_sizes_worked_out_by_hand(size: int, padded: int) -> None:
    assert padme(size) == padded


@given(SIZES)
@example(129)
def test_padding_costs_at_most_12_percent(size: int) -> None:
    assert size <= padme(size) <= size * 1.12


@given(SIZES, SIZES)
def test_a_larger_size_is_never_padded_to_less(one: int, other: int) -> None:
    smaller, larger = sorted((one, other))
    assert padme(smaller) <= padme(larger)


@given(SIZES)
def test_a_padded_size_needs_no_more_padding(size: int) -> None:
    assert padme(padme(size)) == padme(size)


def test_few_sizes_remain() -> None:
    assert len({padme(size) for size in range(2**16 + 1, 2**17 + 1)}) == 32


@given(SIZES)
def test_zeros_fill_an_attachment_up_to_its_padded_size(size: int) -> None:
    assert size + zeros_after(size) == padme(size)


def test_a_negative_size_is_refused() -> None:
    with pytest.raises(PaddingError):
        padme(-1)


@given(DOCUMENTS, st.integers(0, 5_000))
def test_a_padded_document_is_the_same_json_at_the_wanted_size(document: bytes, room: int) -> None:
    padded = pad_to(document, len(document) + room)
    assert len(padded) == len(document) + room
    assert json.loads(padded) == json.loads(document)


def test_a_document_that_is_too_long_is_refused_without_being_shown() -> None:
    with pytest.raises(PaddingError) as caught:
        pad_to(b'"secret"', 7)
    assert "secret" not in str(caught.value)


@given(DOCUMENTS, st.integers(0, 10_000))
def test_a_document_gets_a_padme_size_not_below_the_minimum(document: bytes, minimum: int) -> None:
    padded = pad_padme(document, minimum)
    assert len(padded) == padme(len(padded)) >= minimum
    assert json.loads(padded) == json.loads(document)


def test_short_documents_all_have_one_size() -> None:
    assert {len(pad_padme(b"{}" + b" " * extra)) for extra in range(2_047)} == {2_048}
