"""The documents of a book, as they are kept and come back."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intake.triage.book.documents import Documents

NAMES = st.binary(min_size=16, max_size=16).map(bytes.hex)
KEPT = st.dictionaries(NAMES, st.tuples(st.binary(min_size=32, max_size=32), st.binary(max_size=80)), max_size=8)


def read(data: bytes) -> Documents:
    stream = io.BytesIO(data)
    return Documents.read(lambda size: bytearray(stream.read(size)))


def filled(kept: dict[str, tuple[bytes, bytes]]) -> Documents:
    documents = Documents()
    for name, (digest, document) in kept.items():
        documents.put(name, digest, document)
    return documents


@given(KEPT)
def test_they_come_back_as_they_were_kept(kept: dict[str, tuple[bytes, bytes]]) -> None:
    again = read(b"".join(filled(kept).parts()))
    assert {name: (digest, again.get(name)) for name, digest in again.given().items()} == kept


@pytest.mark.parametrize("size", [999, 1000, 1001, 2500])
def test_they_come_back_however_many_there_are(size: int) -> None:
    kept = {number.to_bytes(16, "big").hex(): (bytes(32), b"%d" % number) for number in range(size)}
    again = read(b"".join(filled(kept).parts()))
    assert {name: (digest, again.get(name)) for name, digest in again.given().items()} == kept


@given(KEPT.filter(bool), st.data())
def test_what_is_cut_off_is_not_taken(kept: dict[str, tuple[bytes, bytes]], data: st.DataObject) -> None:
    whole = b"".join(filled(kept).parts())
    length = data.draw(st.integers(8, len(whole) - 1))
    with pytest.raises(ValueError, match="cut off"):
        read(whole[:length])


def test_of_some_the_digests_of_those_that_are_there_are_told() -> None:
    documents = filled({"a" * 32: (bytes(32), b"one"), "b" * 32: (bytes([1]) * 32, b"other")})
    documents.remove("a" * 32)
    documents.remove("c" * 32)
    assert documents.get("a" * 32) is None
    assert documents.given(["a" * 32, "b" * 32]) == {"b" * 32: bytes([1]) * 32}
