"""Words to be read aloud are those of BIP 39, whose own examples hold them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crypto.spoken import SIZE, spoken

# The examples that the proposal links to (trezor/python-mnemonic, vectors.json), for 128 bits.
EXAMPLES = {
    "00" * 16: "abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon abandon about",
    "7f" * 16: "legal winner thank year wave sausage worth useful legal winner thank yellow",
    "80" * 16: "letter advice cage absurd amount doctor acoustic avoid letter advice cage above",
    "ff" * 16: "zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo zoo wrong",
    "9e885d952ad362caeb4efe34a8e91bd2": (
        "ozone drill grab fiber curtain grace pudding thank cruise elder eight picnic"
    ),
}


@pytest.mark.parametrize("data", EXAMPLES)
def test_the_words_are_those_of_the_examples(data: str) -> None:
    assert " ".join(spoken(bytes.fromhex(data))) == EXAMPLES[data]


@given(st.binary(min_size=SIZE, max_size=SIZE), st.integers(0, SIZE * 8 - 1))
def test_another_bit_is_another_word(data: bytes, bit: int) -> None:
    other = (int.from_bytes(data, "big") ^ 1 << bit).to_bytes(SIZE, "big")
    place = (SIZE * 8 - 1 - bit) // 11
    assert spoken(data)[place] != spoken(other)[place]


@pytest.mark.parametrize("size", [0, 15, 17, 32])
def test_nothing_of_another_size_has_words(size: int) -> None:
    with pytest.raises(ValueError, match="only 16 bytes"):
        spoken(bytes(size))
