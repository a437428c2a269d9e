"""Proofs that an entry is in a log, as files that need nobody to be asked."""

import base64
import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crypto.checkpoint import Checkpoint
from crypto.logkey import LogSigner
from crypto.merkle import leaf_hash, root_hash
from crypto.note import Note
from crypto.proof import LONGEST, LogProof, LogProofError, parse_log_proof

KEY = LogSigner.from_seeds("example.com/log", bytes(32), bytes(32))
LEAVES = [leaf_hash(b"%d" % number) for number in range(300)]


def signed(size: int, key: LogSigner = KEY) -> Note:
    text = Checkpoint(key.verifier.name, size, root_hash(LEAVES[:size])).text
    return key.also_sign(Note(text, (key.sign(text),)))


CHECKPOINT = signed(300)
PROOF = LogProof.of(LEAVES, 73, CHECKPOINT)


def test_a_proof_is_laid_out_as_specified() -> None:
    lines = bytes(PROOF).decode().split("\n")
    assert lines[:2] == ["c2sp.org/tlog-proof@v1", "index 73"]
    empty = lines.index("")
    assert "\n".join(lines[empty + 1 :]).encode() == bytes(CHECKPOINT)
    # From the leaf up, as RFC 6962 orders them: worked out here once more, by hand.
    digest, index = LEAVES[73], 73
    for line in lines[2:empty][:8]:
        sibling = base64.b64decode(line)
        pair = sibling + digest if index & 1 else digest + sibling
        digest, index = hashlib.sha256(b"\x01" + pair).digest(), index >> 1
    assert digest == root_hash(LEAVES[:256])


def test_what_applications_add_stands_before_the_index() -> None:
    proof = LogProof.of(
        LEAVES,
        0,
        CHECKPOINT,
    )
    extra = LogProof(proof.index, proof.hashes, proof.checkpoint, b"age-v1.2.1")
    assert bytes(extra).decode().split("\n")[1:3] == ["extra YWdlLXYxLjIuMQ==", "index 0"]
    assert parse_log_proof(bytes(extra)).extra == b"age-v1.2.1"


def test_every_leaf_is_proven_by_its_file() -> None:
    for size in (1, 2, 3, 255, 256, 257, 300):
        note = signed(size)
        for index in range(size):
            proof = parse_log_proof(bytes(LogProof.of(LEAVES[:size], index, note)))
            assert proof.verify(LEAVES[index], KEY.verifier).size == size


def test_another_entry_place_or_log_is_not_proven() -> None:
    with pytest.raises(LogProofError):
        PROOF.verify(LEAVES[74], KEY.verifier)
    with pytest.raises(LogProofError):
        LogProof(74, PROOF.hashes, CHECKPOINT).verify(LEAVES[73], KEY.verifier)
    with pytest.raises(LogProofError):
        LogProof(73, PROOF.hashes, signed(299)).verify(LEAVES[73], KEY.verifier)
    with pytest.raises(LogProofError):
        PROOF.verify(LEAVES[73], LogSigner.generate("example.com/log").verifier)


@given(st.data())
def test_no_hash_of_a_proof_can_be_changed(data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(PROOF.hashes) - 1))
    hashes = list(PROOF.hashes)
    hashes[place] = bytes([hashes[place][0] ^ data.draw(st.integers(1, 255)), *hashes[place][1:]])
    with pytest.raises(LogProofError):
        LogProof(73, tuple(hashes), CHECKPOINT).verify(LEAVES[73], KEY.verifier)


GOOD = bytes(PROOF)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        GOOD[:-1],
        GOOD + b"\n",
        b"\n" + GOOD,
        GOOD.replace(b"@v1", b"@v2"),
        GOOD.replace(b"index 73", b"index 073"),
        GOOD.replace(b"index 73", b"index -1"),
        GOOD.replace(b"index 73", b"index  73"),
        GOOD.replace(b"index 73\n", b""),
        GOOD.replace(b"index 73", b"index 73\nextra YQ=="),
        GOOD.replace(b"index 73", b"extra YQ==\nextra YQ==\nindex 73"),
        GOOD.replace(b"index 73", b"extra YR==\nindex 73"),
        GOOD.replace(b"index 73", b"index %d" % 2**63),
        GOOD.replace(b"index 73", b"index 73\nYQ=="),
        GOOD.replace(b"\n", b"\r\n"),
        GOOD.partition(b"\n\n")[0] + b"\n\n",
        GOOD.replace(b"\n\n", b"\n", 1),
        b"c2sp.org/tlog-proof@v1\nindex 0\n" + (base64.b64encode(bytes(32)) + b"\n") * 64 + b"\n" + bytes(CHECKPOINT),
        b"a" * (LONGEST + 1),
    ],
)
def test_a_malformed_proof_is_refused(data: bytes) -> None:
    with pytest.raises(LogProofError):
        parse_log_proof(data)


def test_a_proof_of_no_tree_cannot_be_made() -> None:
    for index, hashes, extra in ((-1, (), None), (0, (bytes(31),), None), (0, (), bytes(65_537))):
        with pytest.raises(LogProofError):
            LogProof(index, hashes, CHECKPOINT, extra)


@given(st.binary() | st.just(GOOD), st.data())
def test_bytes_are_a_proof_that_serialises_back_or_an_error(data: bytes, drawn: st.DataObject) -> None:
    at = drawn.draw(st.integers(0, len(data)))
    changed = data[:at] + drawn.draw(st.sampled_from([b"", b"\n", b" ", b"=", b"A", b"\n\n", b"\x80"])) + data[at:]
    try:
        proof = parse_log_proof(changed)
    except LogProofError:
        return
    assert bytes(proof) == changed
