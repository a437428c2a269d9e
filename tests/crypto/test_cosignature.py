"""Cosignatures of checkpoints: what is signed, by which algorithm, and whose counts."""

import hashlib
import struct

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PublicKey
from hypothesis import example, given
from hypothesis import strategies as st

from crypto.checkpoint import Checkpoint, CheckpointError
from crypto.cosignature import Algorithm, Cosigner, CosigningKey, parse_cosigner
from crypto.note import Note, NoteError, Signature, SignatureError, SigningKey, parse_note

ROOT = hashlib.sha256(b"root").digest()
CHECKPOINT = Checkpoint("example.com/log", 42, ROOT)
ELSEWHERE = Checkpoint("example.com/log", 43, ROOT).text
TIME = 1_679_315_147
NAME = "witness.example.com/w1"
KEYS = {each: CosigningKey.from_seed(NAME, each, bytes(range(32))) for each in Algorithm}
OTHERS = {each: CosigningKey.from_seed("witness.example.com/w2", each, bytes(32)) for each in Algorithm}
LOG = SigningKey.from_seed("example.com/log", bytes(range(32)))
SIZES = {Algorithm.ED25519: 72, Algorithm.ML_DSA_44: 2428}

ALGORITHMS = pytest.mark.parametrize("algorithm", Algorithm)


def cosigned(*lines: Signature) -> Note:
    return Note(CHECKPOINT.text, lines)


def changed(line: Signature, data: bytes) -> Note:
    return cosigned(Signature(line.name, line.key_id, data))


@ALGORITHMS
def test_a_cosignature_says_when_it_was_made(algorithm: Algorithm) -> None:
    key = KEYS[algorithm]
    note = cosigned(OTHERS[algorithm].cosign(CHECKPOINT.text, 5), key.cosign(CHECKPOINT.text, TIME))
    assert key.cosigner.verify(parse_note(bytes(note))) == TIME


def test_an_ed25519_cosignature_is_laid_out_as_specified() -> None:
    key = KEYS[Algorithm.ED25519]
    line, public_key = key.cosign(CHECKPOINT.text, TIME), key.cosigner.public_key
    assert line.key_id == hashlib.sha256(NAME.encode() + b"\n\x04" + public_key).digest()[:4]
    assert line.signature[:8].hex() == "00000000641850cb"
    message = b"cosignature/v1\ntime 1679315147\n" + CHECKPOINT.text.encode()
    Ed25519PublicKey.from_public_bytes(public_key).verify(line.signature[8:], message)


def test_an_ml_dsa_44_cosignature_is_laid_out_as_specified() -> None:
    key = KEYS[Algorithm.ML_DSA_44]
    line, public_key = key.cosign(CHECKPOINT.text, TIME), key.cosigner.public_key
    assert line.key_id == hashlib.sha256(NAME.encode() + b"\n\x06" + public_key).digest()[:4]
    assert line.signature[:8].hex() == "00000000641850cb"
    message = struct.pack(
        ">12sB22sQB15sQQ32s", b"subtree/v1\n\0", 22, NAME.encode(), TIME, 15, b"example.com/log", 0, 42, ROOT
    )
    verifier = MLDSA44PublicKey.from_public_bytes(public_key)
    verifier.verify(line.signature[8:], message)
    with pytest.raises(InvalidSignature):
        verifier.verify(line.signature[8:], message + b"\0")


def test_another_implementation_gives_an_ml_dsa_44_key_the_same_id() -> None:
    # What litewitness tests itself with: its log's seed, and the beginning of its verifier key.
    seed = bytes.fromhex("2886adc2b0eabfce67c0472939127998bf886cf256bfee8ba76a253fce1146e0")
    key = CosigningKey.from_seed("example.com/mldsa-log", Algorithm.ML_DSA_44, seed)
    assert str(key.cosigner).startswith("example.com/mldsa-log+b5df45c5+BuhtcL97l3dcitjZ8Y9J54gmQ1TWn/BMF0yePKpTzhlF")


@ALGORITHMS
def test_the_latest_of_several_cosignatures_counts(algorithm: Algorithm) -> None:
    key = KEYS[algorithm]
    assert key.cosigner.verify(cosigned(*(key.cosign(CHECKPOINT.text, time) for time in (5, 7, 6)))) == 7


@ALGORITHMS
@given(data=st.data())
def test_no_byte_of_a_cosignature_can_be_changed(algorithm: Algorithm, data: st.DataObject) -> None:
    line = KEYS[algorithm].cosign(CHECKPOINT.text, TIME)
    forged = bytearray(line.signature)
    forged[data.draw(st.integers(0, SIZES[algorithm] - 1))] ^= data.draw(st.integers(1, 255))
    with pytest.raises(SignatureError):
        KEYS[algorithm].cosigner.verify(changed(line, bytes(forged)))


@ALGORITHMS
@pytest.mark.parametrize("length", [1, 8, -1, 1 << 20])
def test_a_cosignature_of_a_wrong_length_is_false(algorithm: Algorithm, length: int) -> None:
    line = KEYS[algorithm].cosign(CHECKPOINT.text, 0)
    assert len(line.signature) == SIZES[algorithm]
    data = line.signature[:length] if length < SIZES[algorithm] else line.signature + b"\0"
    with pytest.raises(SignatureError):
        KEYS[algorithm].cosigner.verify(changed(line, data))


@ALGORITHMS
def test_a_time_can_be_any_below_2_to_the_63(algorithm: Algorithm) -> None:
    key = KEYS[algorithm]
    for time in (0, 2**63 - 1):
        assert key.cosigner.verify(cosigned(key.cosign(CHECKPOINT.text, time))) == time
    for time in (-1, 2**63):
        with pytest.raises(CheckpointError):
            key.cosign(CHECKPOINT.text, time)


def test_a_later_time_is_refused_even_if_signed() -> None:
    key = SigningKey.from_seed(NAME, bytes(range(32)))
    late = key.sign_bytes(f"cosignature/v1\ntime {2**63}\n{CHECKPOINT.text}".encode())
    line = KEYS[Algorithm.ED25519].cosign(CHECKPOINT.text, 0)
    with pytest.raises(SignatureError):
        KEYS[Algorithm.ED25519].cosigner.verify(changed(line, (2**63).to_bytes(8, "big") + late))


@ALGORITHMS
def test_a_cosignature_of_another_checkpoint_or_key_does_not_count(algorithm: Algorithm) -> None:
    key, other = KEYS[algorithm], OTHERS[algorithm]
    for line in (key.cosign(ELSEWHERE, 1), other.cosign(CHECKPOINT.text, 1), LOG.sign(CHECKPOINT.text)):
        with pytest.raises(SignatureError):
            key.cosigner.verify(cosigned(line))


@ALGORITHMS
def test_one_false_cosignature_spoils_a_true_one(algorithm: Algorithm) -> None:
    key = KEYS[algorithm]
    with pytest.raises(SignatureError):
        key.cosigner.verify(cosigned(key.cosign(CHECKPOINT.text, 1), key.cosign(ELSEWHERE, 1)))


def test_a_cosignature_says_nothing_in_another_name() -> None:
    key = KEYS[Algorithm.ML_DSA_44]
    other = Cosigner("witness.example.com/w2", Algorithm.ML_DSA_44, key.cosigner.public_key)
    line = key.cosign(CHECKPOINT.text, 1)
    with pytest.raises(SignatureError):
        other.verify(cosigned(Signature(other.name, other.key.id, line.signature)))


def test_a_cosignature_is_not_a_signature_of_the_log() -> None:
    same = SigningKey.from_seed(NAME, bytes(range(32)))
    with pytest.raises(NoteError):
        same.verifier.verify(cosigned(KEYS[Algorithm.ED25519].cosign(CHECKPOINT.text, 1)))


@ALGORITHMS
@pytest.mark.parametrize("text", ["", "a letter\n", CHECKPOINT.text + "more\n"])
def test_nothing_but_a_checkpoint_is_cosigned_or_verifies(algorithm: Algorithm, text: str) -> None:
    with pytest.raises(CheckpointError):
        KEYS[algorithm].cosign(text, 1)
    line = KEYS[algorithm].cosign(CHECKPOINT.text, 1)
    with pytest.raises(NoteError):
        KEYS[algorithm].cosigner.verify(Note(text or "\n", (line,)))


def test_names_are_as_long_as_the_structure_has_room_for() -> None:
    long = Checkpoint("a" * 255, 1, ROOT)
    key = KEYS[Algorithm.ML_DSA_44]
    assert key.cosigner.verify(Note(long.text, (key.cosign(long.text, 3),))) == 3
    with pytest.raises(CheckpointError):
        key.cosign(Checkpoint("a" * 256, 1, ROOT).text, 3)
    with pytest.raises(NoteError):
        CosigningKey.from_seed("字" * 86, Algorithm.ML_DSA_44, bytes(32))


@ALGORITHMS
def test_verifier_keys_are_read_as_they_are_written(algorithm: Algorithm) -> None:
    cosigner = KEYS[algorithm].cosigner
    assert parse_cosigner(str(cosigner)) == cosigner


@given(st.text() | st.builds("{}+{}+{}".format, st.text(), st.text("0123456789abcdef", max_size=9), st.text()))
@example(str(KEYS[Algorithm.ED25519].cosigner))
def test_text_is_a_cosigners_key_that_serialises_back_or_an_error(text: str) -> None:
    try:
        cosigner = parse_cosigner(text)
    except NoteError:
        return
    assert str(cosigner) == text


def test_a_key_of_another_type_or_length_is_none_of_a_cosigner() -> None:
    for wrong in (
        str(LOG.verifier),
        str(KEYS[Algorithm.ED25519].cosigner)[:-4],
        str(KEYS[Algorithm.ML_DSA_44].cosigner)[:-4],
        "",
    ):
        with pytest.raises(NoteError):
            parse_cosigner(wrong)
    for algorithm, length in ((Algorithm.ED25519, 1312), (Algorithm.ML_DSA_44, 32), (Algorithm.ED25519, 0)):
        with pytest.raises(NoteError):
            Cosigner(NAME, algorithm, bytes([2]) * length)
    with pytest.raises(NoteError, match="binds nobody"):
        Cosigner(NAME, Algorithm.ED25519, bytes(32))


@ALGORITHMS
def test_a_key_is_kept_by_its_seed_and_shows_nothing(algorithm: Algorithm) -> None:
    key = KEYS[algorithm]
    assert CosigningKey.from_seed(NAME, algorithm, key.seed).cosigner == key.cosigner
    assert repr(key) == "<CosigningKey>"
    with pytest.raises(NoteError):
        CosigningKey.from_seed(NAME, algorithm, bytes(31))
