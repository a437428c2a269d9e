"""Whole files: what is sealed comes back, what was changed does not, and no byte of a damaged chunk is released."""

import io
import secrets
import subprocess
import sys
import threading
from collections.abc import Callable
from typing import ClassVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crypto.age import (
    AgeError,
    ArmorError,
    Decryptor,
    Encryptor,
    HeaderError,
    HybridIdentity,
    Identity,
    MacError,
    NoMatch,
    PayloadError,
    ScryptIdentity,
    ScryptRecipient,
    X25519Identity,
    admit,
    decrypt,
    encrypt,
    exchange_stanza,
    read_header,
    rewrap,
    seal,
    split,
    stanza_count,
    unseal,
)
from crypto.age.header import parse_header

CHUNK = 65_536
HYBRID = HybridIdentity.generate()
CLASSICAL = X25519Identity.generate()


def released(file: bytes, *identities: Identity) -> bytes:
    """What is given out before an error."""
    target = io.BytesIO()
    with pytest.raises(AgeError):
        decrypt(io.BytesIO(file), target, identities)
    return target.getvalue()


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(0, 3 * CHUNK), max_size=6))
def test_pieces_of_any_size_come_back_as_one(sizes: list[int]) -> None:
    pieces = [secrets.token_bytes(size) for size in sizes]
    target = io.BytesIO()
    with Encryptor(target, [CLASSICAL.recipient]) as file:
        for piece in pieces:
            file.write(piece)
    assert unseal(target.getvalue(), [CLASSICAL]) == b"".join(pieces)


@pytest.mark.parametrize("size", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK])
def test_every_size_around_a_chunk_comes_back(size: int) -> None:
    data = secrets.token_bytes(size)
    assert unseal(seal(data, [HYBRID.recipient]), [HYBRID]) == data


def test_only_the_right_identity_opens_a_file() -> None:
    others: list[Identity] = [HybridIdentity.generate(), CLASSICAL, ScryptIdentity("x")]
    file = seal(b"data", [HYBRID.recipient, HybridIdentity.generate().recipient])
    with pytest.raises(NoMatch):
        unseal(file, others)
    assert unseal(file, [*others, HYBRID]) == b"data"


def test_hybrid_recipients_are_never_mixed_with_others() -> None:
    with pytest.raises(HeaderError):
        seal(b"", [HYBRID.recipient, CLASSICAL.recipient])


def test_a_passphrase_is_never_mixed_with_anything() -> None:
    for other in (HYBRID.recipient, CLASSICAL.recipient, ScryptRecipient("y", 2)):
        with pytest.raises(HeaderError):
            seal(b"", [ScryptRecipient("x", 2), other])


def test_a_file_needs_a_recipient() -> None:
    with pytest.raises(HeaderError):
        seal(b"", [])


def test_a_wrong_passphrase_is_no_match() -> None:
    with pytest.raises(NoMatch):
        unseal(seal(b"data", [ScryptRecipient("right", 2)]), [ScryptIdentity("wrong")])


def test_a_work_factor_beyond_the_bound_is_refused_before_any_work() -> None:
    file = seal(b"data", [ScryptRecipient("x", 2)]).replace(b" 2\n", b" 23\n", 1)
    with pytest.raises(HeaderError):
        unseal(file, [ScryptIdentity("x")])


@pytest.mark.parametrize("threads", [1, 2, 5])
@pytest.mark.parametrize("size", [0, 1, 16 * CHUNK - 1, 16 * CHUNK, 16 * CHUNK + 1, 40 * CHUNK + 7])
def test_any_number_of_threads_gives_the_same(threads: int, size: int) -> None:
    data, sealed, opened = secrets.token_bytes(size), io.BytesIO(), io.BytesIO()
    encrypt(io.BytesIO(data), sealed, [CLASSICAL.recipient], threads=threads)
    assert unseal(sealed.getvalue(), [CLASSICAL]) == data
    sealed.seek(0)
    decrypt(sealed, opened, [CLASSICAL], threads=threads)
    assert opened.getvalue() == data


@pytest.mark.parametrize("threads", [0, -1])
def test_there_must_be_a_thread(threads: int) -> None:
    with pytest.raises(ValueError, match="thread"):
        encrypt(io.BytesIO(b"data"), io.BytesIO(), [CLASSICAL.recipient], threads=threads)
    with pytest.raises(ValueError, match="thread"):
        decrypt(io.BytesIO(seal(b"data", [CLASSICAL.recipient])), io.BytesIO(), [CLASSICAL], threads=threads)


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("chunk", [0, 15, 16, 39, 40])
def test_whatever_the_threads_nothing_from_a_damaged_chunk_on_is_released(threads: int, chunk: int) -> None:
    data = secrets.token_bytes(40 * CHUNK + 7)
    file = bytearray(seal(data, [CLASSICAL.recipient]))
    file[len(file) - 41 * 16 - len(data) + chunk * (CHUNK + 16)] ^= 1
    target = io.BytesIO()
    with pytest.raises(PayloadError):
        decrypt(io.BytesIO(file), target, [CLASSICAL], threads=threads)
    assert target.getvalue() == data[: chunk * CHUNK]


@pytest.mark.parametrize("threads", [1, 2])
def test_an_error_of_the_source_or_the_target_ends_every_thread(threads: int) -> None:
    class Broken(io.BytesIO):
        def readinto(self, buffer: object) -> int:
            if self.tell() > 20 * CHUNK:
                raise ConnectionResetError
            return super().readinto(buffer)  # type: ignore[arg-type]

        def write(self, _data: object) -> int:
            raise BrokenPipeError

    before = threading.active_count()
    with pytest.raises(ConnectionResetError):
        encrypt(Broken(bytes(60 * CHUNK)), io.BytesIO(), [CLASSICAL.recipient], threads=threads)
    sealed = io.BytesIO(seal(bytes(60 * CHUNK), [CLASSICAL.recipient]))
    with pytest.raises(BrokenPipeError):
        decrypt(sealed, Broken(), [CLASSICAL], threads=threads)
    assert threading.active_count() == before


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_a_changed_byte_anywhere_is_found(data: st.DataObject) -> None:
    plaintext = secrets.token_bytes(2 * CHUNK + 10)
    file = bytearray(seal(plaintext, [CLASSICAL.recipient]))
    place = data.draw(st.integers(0, len(file) - 1))
    file[place] ^= data.draw(st.integers(1, 255))
    given_out = released(bytes(file), CLASSICAL)
    assert len(given_out) % CHUNK == 0
    assert plaintext.startswith(given_out)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2 * CHUNK + 40), st.binary(min_size=1, max_size=40))
def test_a_cut_or_extended_file_is_found(cut: int, extra: bytes) -> None:
    plaintext = bytes(2 * CHUNK)
    file = seal(plaintext, [CLASSICAL.recipient])
    assert plaintext.startswith(released(file[: len(file) - 1 - cut], CLASSICAL))
    assert plaintext.startswith(released(file + extra, CLASSICAL))


def test_a_file_whose_writing_failed_never_opens() -> None:
    target = io.BytesIO()
    file = Encryptor(target, [CLASSICAL.recipient])

    def fail() -> None:
        with file:
            file.write(bytes(3 * CHUNK))
            raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        fail()
    with pytest.raises(PayloadError):
        unseal(target.getvalue(), [CLASSICAL])

    with pytest.raises(ValueError, match="finished"):
        file.write(b"more")
    file.close()
    with pytest.raises(PayloadError):
        unseal(target.getvalue(), [CLASSICAL])


@pytest.mark.parametrize("armored", [False, True])
def test_a_file_is_finished_once(armored: bool) -> None:
    target, opened = io.BytesIO(), io.BytesIO()
    with Encryptor(target, [CLASSICAL.recipient], armored=armored) as file:
        file.write(b"data")
        file.close()
        with pytest.raises(ValueError, match="finished"):
            file.write(b"more")
    file.close()
    target.seek(0)
    decrypt(target, opened, [CLASSICAL], armored=armored)
    assert opened.getvalue() == b"data"


def test_a_second_try_to_write_a_chunk_takes_another_nonce() -> None:
    class Failing(io.BytesIO):
        pieces: ClassVar[list[bytes]] = []

        def write(self, data: object) -> int:
            self.pieces.append(bytes(data))  # type: ignore[call-overload]
            if len(self.pieces) == 3:
                raise InterruptedError
            return super().write(data)  # type: ignore[arg-type]

    file = Encryptor(Failing(), [CLASSICAL.recipient])
    with pytest.raises(InterruptedError):
        file.write(bytes(CHUNK + 1))
    file.write(bytes(CHUNK + 1))
    _header, _nonce, first, second = Failing.pieces
    assert first != second


def test_a_stanza_that_was_added_is_found() -> None:
    file = seal(b"data", [CLASSICAL.recipient])
    with pytest.raises(MacError):
        unseal(file.replace(b"--- ", b"-> grease x\n\n--- ", 1), [CLASSICAL])


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 6 * CHUNK), st.integers(0, 2 * CHUNK)), max_size=8), st.booleans())
def test_reading_at_any_place_gives_the_slice(places: list[tuple[int, int]], whole_last: bool) -> None:
    data = secrets.token_bytes(3 * CHUNK if whole_last else 3 * CHUNK - 7)
    file = io.BufferedReader(Decryptor(io.BytesIO(seal(data, [CLASSICAL.recipient])), [CLASSICAL]))
    for start, size in places:
        assert file.seek(start) == start
        assert file.read(size) == data[start : start + size]
    assert file.seek(0, io.SEEK_END) == len(data)
    assert file.seek(-1, io.SEEK_END) == len(data) - 1
    assert file.read() == data[-1:]


def test_a_cut_file_does_not_tell_a_size() -> None:
    cut = seal(bytes(2 * CHUNK + 1), [CLASSICAL.recipient])[:-17]
    file = Decryptor(io.BytesIO(cut), [CLASSICAL])
    with pytest.raises(PayloadError):
        file.seek(0, io.SEEK_END)


@pytest.mark.parametrize("size", [0, 1, CHUNK, 2 * CHUNK, 2 * CHUNK + 1])
@pytest.mark.parametrize("beyond", [0, 1, CHUNK, 1 << 40])
def test_a_place_beyond_the_end_holds_nothing(size: int, beyond: int) -> None:
    file = Decryptor(io.BytesIO(seal(bytes(size), [CLASSICAL.recipient])), [CLASSICAL])
    assert file.seek(size + beyond) == size + beyond
    assert (file.read(1), file.tell()) == (b"", size + beyond)
    assert file.seek(-size - beyond, io.SEEK_CUR) == 0
    assert file.readall() == bytes(size)


@pytest.mark.parametrize("left", [0, 10, CHUNK + 16, CHUNK + 17, 2 * CHUNK + 32, 2 * CHUNK + 48])
@pytest.mark.parametrize("place", [2 * CHUNK, 2 * CHUNK + 1, 3 * CHUNK + 1, 1 << 40])
def test_a_cut_file_has_no_place_beyond_its_end(left: int, place: int) -> None:
    whole = seal(bytes(2 * CHUNK + 1), [CLASSICAL.recipient])
    start = len(read_header(io.BytesIO(whole))) + 16
    file = Decryptor(io.BytesIO(whole[: start + left]), [CLASSICAL])

    def read() -> None:
        file.seek(place)
        file.read(1)

    with pytest.raises(PayloadError):
        read()


def test_what_follows_the_end_is_found_from_a_place_beyond_it() -> None:
    file = Decryptor(io.BytesIO(seal(bytes(CHUNK), [CLASSICAL.recipient]) + b"x"), [CLASSICAL])
    with pytest.raises(PayloadError):
        file.seek(3 * CHUNK)


@pytest.mark.parametrize(("offset", "whence"), [(-1, 0), (-11, 1), (-3 * CHUNK, 2), (0, 3), (0, -1)])
def test_a_place_that_is_none_moves_nothing(offset: int, whence: int) -> None:
    data = secrets.token_bytes(2 * CHUNK + 1)
    file = Decryptor(io.BytesIO(seal(data, [CLASSICAL.recipient])), [CLASSICAL])
    file.read(10)
    with pytest.raises(ValueError, match=r"before the start|whence"):
        file.seek(offset, whence)
    assert file.readall() == data[10:]


def test_an_armored_file_is_read_in_order_alone() -> None:
    data, target = secrets.token_bytes(2 * CHUNK), io.BytesIO()
    with Encryptor(target, [CLASSICAL.recipient], armored=True) as sealed:
        sealed.write(data)
    file = Decryptor(io.BytesIO(target.getvalue()), [CLASSICAL], armored=True)
    assert not file.seekable()
    assert file.readall() == data
    with pytest.raises(ArmorError):
        Decryptor(io.BytesIO(target.getvalue() + b"x"), [CLASSICAL], armored=True).readall()


def test_rewrapping_lets_another_in_and_leaves_the_payload() -> None:
    other = HybridIdentity.generate()
    file = seal(b"data", [HYBRID.recipient])
    header = read_header(io.BytesIO(file))
    changed = rewrap(header, [HYBRID], [HYBRID.recipient, other.recipient])
    assert stanza_count(changed) == 2
    assert unseal(changed + file[len(header) :], [other]) == b"data"
    with pytest.raises(NoMatch):
        rewrap(header, [other], [other.recipient])


def test_who_is_let_in_changes_nothing_for_those_who_were() -> None:
    second, third = HybridIdentity.generate(), HybridIdentity.generate()
    file = seal(b"data", [second.recipient, HYBRID.recipient])
    parts = split(file)
    header = admit(parts.header, [HYBRID], [third.recipient])
    assert [unseal(header + parts.payload, [each]) for each in (HYBRID, second, third)] == [b"data"] * 3
    before, after = (parse_header(io.BytesIO(each)).stanzas for each in (parts.header, header))
    assert after[:2] == before
    with pytest.raises(NoMatch):
        admit(parts.header, [third], [third.recipient])


def test_an_identity_is_exchanged_for_another_wherever_it_stands_and_for_nobody_else() -> None:
    second, new = HybridIdentity.generate(), HybridIdentity.generate()
    parts = split(seal(b"data", [HYBRID.recipient, second.recipient, HYBRID.recipient]))
    header = exchange_stanza(parts.header, HYBRID, new.recipient)
    assert stanza_count(header) == 3
    assert [unseal(header + parts.payload, [each]) for each in (second, new)] == [b"data"] * 2
    with pytest.raises(NoMatch):
        unseal(header + parts.payload, [HYBRID])
    with pytest.raises(NoMatch):
        exchange_stanza(header, HYBRID, new.recipient)


@pytest.mark.parametrize(
    "change", [lambda header: admit(header, [HYBRID], [HYBRID.recipient]),
               lambda header: exchange_stanza(header, HYBRID, HYBRID.recipient)]
)  # fmt: skip
def test_a_header_that_was_changed_or_is_of_another_kind_is_not_gone_on_from(change: Callable[[bytes], bytes]) -> None:
    parts = split(seal(b"data", [HYBRID.recipient, HYBRID.recipient]))
    stanza = bytes(parse_header(io.BytesIO(parts.header)).stanzas[0])
    with pytest.raises(MacError):
        change(parts.header.replace(stanza, b"", 1))
    with pytest.raises(HeaderError):
        change(parts.header + b"-> more\n")
    with pytest.raises(HeaderError, match="one kind"):
        admit(parts.header, [HYBRID], [CLASSICAL.recipient])


@given(st.binary(max_size=300))
def test_any_bytes_raise_only_our_errors(data: bytes) -> None:
    for start in (b"", b"age-encryption.org/v1\n", b"age-encryption.org/v1\n-> X25519 "):
        with pytest.raises(AgeError):
            decrypt(io.BytesIO(start + data), io.BytesIO(), [HYBRID, CLASSICAL])


@settings(deadline=None)
@given(st.data())
def test_any_change_of_a_header_raises_only_our_errors(data: st.DataObject) -> None:
    file = bytearray(seal(b"data", [CLASSICAL.recipient, X25519Identity.generate().recipient]))
    for _ in range(data.draw(st.integers(1, 4))):
        file[data.draw(st.integers(0, 300))] = data.draw(st.integers(0, 255))
    try:
        assert unseal(bytes(file), [CLASSICAL]) == b"data"
    except AgeError:
        return


def test_a_reader_finds_what_follows_the_end() -> None:
    for size in (1, CHUNK, 2 * CHUNK):
        file = seal(bytes(size), [CLASSICAL.recipient]) + b"x"
        with pytest.raises(PayloadError):
            Decryptor(io.BytesIO(file), [CLASSICAL]).readall()


MEMORY = """
import os, re, threading
from pathlib import Path
from crypto.age import X25519Identity, decrypt, encrypt

def peak():
    return int(re.findall(r"VmHWM:\\s+(\\d+) kB", Path("/proc/self/status").read_text())[0])

class Zeros:
    left = 2 << 30
    def readinto(self, buffer):
        size = min(len(buffer), self.left)
        self.left -= size
        return size

class Count:
    size = 0
    def write(self, data):
        self.size += len(data)

identity, count = X25519Identity.generate(), Count()
near, far = (os.fdopen(end, mode, buffering=0) for end, mode in zip(os.pipe(), ("rb", "wb")))
before = peak()

def seal():
    encrypt(Zeros(), far, [identity.recipient], threads=2)
    far.close()

sealing = threading.Thread(target=seal)
sealing.start()
decrypt(near, count, [identity], threads=2)
sealing.join()
assert count.size == 2 << 30
print(peak() - before)
"""


def test_two_gib_are_sealed_and_opened_in_32_mib() -> None:
    program = [sys.executable, "-c", MEMORY]
    grown = subprocess.run(program, capture_output=True, text=True, check=True).stdout
    assert int(grown) < 32 * 1024


@given(st.binary(max_size=200), st.integers(1, 3))
def test_a_file_taken_apart_is_its_header_and_its_payload_and_joined_again_the_file(data: bytes, readers: int) -> None:
    sealed = seal(data, [HybridIdentity.generate().recipient for _ in range(readers - 1)] + [HYBRID.recipient])
    parts = split(sealed)
    assert parts.header + parts.payload == sealed
    assert stanza_count(parts.header) == readers
    added = rewrap(parts.header, [HYBRID], [HYBRID.recipient, HybridIdentity.generate().recipient])
    assert unseal(added + parts.payload, [HYBRID]) == data, "the payload is the same whoever may read"


@given(st.binary(max_size=300))
def test_what_begins_with_no_header_is_all_payload(data: bytes) -> None:
    assert (split(data).header, split(data).payload) == (b"", data)
