"""Every vector of C2SP/CCTV, with its exact class of failure and what is released before it."""

import hashlib
import io
import traceback
import zlib
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from crypto.age import (
    AgeError,
    ArmorError,
    HeaderError,
    Identity,
    MacError,
    NoMatch,
    PayloadError,
    ScryptIdentity,
    decrypt,
    parse_identity,
    read_header,
)

VECTORS = 143
KNOWN = {"expect", "payload", "file key", "identity", "passphrase", "armored", "compressed", "comment"}
CLASSES: dict[str, type[AgeError]] = {
    "no match": NoMatch,
    "HMAC failure": MacError,
    "header failure": HeaderError,
    "payload failure": PayloadError,
    "armor failure": ArmorError,
}


@dataclass
class Vector:
    """A parsed vector. `values` are its header lines; a key may come several times."""

    values: dict[str, list[str]] = field(default_factory=dict)
    file: bytes = b""

    @property
    def identities(self) -> list[Identity]:
        keys: list[Identity] = [parse_identity(text) for text in self.values.get("identity", [])]
        return keys + [ScryptIdentity(text) for text in self.values.get("passphrase", [])]

    @property
    def armored(self) -> bool:
        return self.values.get("armored") == ["yes"]


def read_vector(path: Path) -> Vector:
    head, _, file = path.read_bytes().partition(b"\n\n")
    vector = Vector()
    for line in head.decode().split("\n"):
        key, _, value = line.partition(": ")
        assert key in KNOWN, f"a header key that this test does not know: {key}"
        vector.values.setdefault(key, []).append(value)
    vector.file = zlib.decompress(file) if vector.values.get("compressed") == ["zlib"] else file
    return vector


def test_the_corpus_is_whole(vectors: list[Path]) -> None:
    assert len(vectors) == VECTORS


def test_a_vector_has_exactly_the_expected_outcome(vector: Path) -> None:
    case = read_vector(vector)
    (expected,) = case.values["expect"]
    released = io.BytesIO()
    if expected == "success":
        decrypt(io.BytesIO(case.file), released, case.identities, armored=case.armored)
    else:
        with pytest.raises(AgeError) as caught:
            decrypt(io.BytesIO(case.file), released, case.identities, armored=case.armored)
        assert type(caught.value) is CLASSES[expected]
    if expected in ("success", "payload failure"):
        assert hashlib.sha256(released.getvalue()).hexdigest() == case.values["payload"][0]
    else:
        assert released.getvalue() == b""


def test_no_traceback_shows_a_file_key_or_an_identity(vector: Path) -> None:
    """Not even one that prints the values of all variables, as error reporters do."""
    case = read_vector(vector)
    if case.values["expect"] == ["success"]:
        return
    trace = failure(case)
    for text in case.values.get("identity", []) + case.values.get("passphrase", []):
        assert text not in trace
    for text in case.values.get("file key", []):
        file_key = bytes.fromhex(text)
        assert text not in trace
        assert repr(file_key)[2:-1] not in trace


def failure(case: Vector) -> str:
    """The traceback of opening a vector, from the library's own frames on."""
    try:
        decrypt(io.BytesIO(case.file), io.BytesIO(), case.identities, armored=case.armored)
    except AgeError as error:
        ours = error.__traceback__.tb_next if error.__traceback__ else None
        shown = traceback.TracebackException(type(error), error, ours, capture_locals=True)
        return "".join(shown.format())
    raise AssertionError("the vector must fail")


def test_a_header_that_parses_serialises_to_the_same_bytes(vector: Path) -> None:
    case = read_vector(vector)
    if case.armored or case.values["expect"] == ["header failure"]:
        return
    header = read_header(io.BytesIO(case.file))
    assert case.file.startswith(header)
