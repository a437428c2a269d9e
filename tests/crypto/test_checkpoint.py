"""Checkpoints and their cosignatures, with the samples of the specifications."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crypto.checkpoint import Checkpoint, CheckpointError, cosign, parse_checkpoint, verify_cosignature
from crypto.note import Note, NoteError, Signature, SignatureError, SigningKey, parse_note

ROOT = hashlib.sha256(b"root").digest()
CHECKPOINT = Checkpoint("example.com/log", 42, ROOT)
WITNESS = SigningKey.from_seed("witness.example.com/w1", bytes(range(32)))
OTHER = SigningKey.from_seed("witness.example.com/w2", bytes(32))

# The sample of tlog-cosignature, which has that of tlog-checkpoint in it.
SAMPLE = (
    "example.com/behind-the-sofa\n"
    "20852163\n"
    "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"
    "\n"
    "— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+"
    "ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=\n"
    "— witness.example.com/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9DYn/zXcrtPHeolMI5OWXEhZCB9dl"
    "rDJsX3b2oyin1nPZqhf5nNo0xUe+mbIUBkBIfZ+qnA==\n"
)

ORIGINS = st.text(st.characters(min_codepoint=0x20, codec="utf-8"), min_size=1)
CHECKPOINTS = st.builds(Checkpoint, ORIGINS, st.integers(0, 2**63 - 1), st.binary(min_size=32, max_size=32))


def cosigned(*lines: Signature) -> Note:
    return Note(CHECKPOINT.text, lines)


def test_the_sample_of_the_specification_is_read() -> None:
    note = parse_note(SAMPLE.encode())
    checkpoint = parse_checkpoint(note.text)
    assert (checkpoint.origin, checkpoint.size) == ("example.com/behind-the-sofa", 20_852_163)
    assert checkpoint.text == note.text
    assert int.from_bytes(note.signatures[1].signature[:8], "big") == 1_679_315_147


@given(CHECKPOINTS)
def test_every_checkpoint_is_read_as_it_is_written(checkpoint: Checkpoint) -> None:
    assert parse_checkpoint(checkpoint.text) == checkpoint


@given(st.text() | st.builds("{}\n{}\n{}\n".format, st.text(), st.text("+-0123456789_ ", max_size=4), st.text()))
def test_text_is_a_checkpoint_that_serialises_back_or_an_error(text: str) -> None:
    try:
        checkpoint = parse_checkpoint(text)
    except CheckpointError:
        return
    assert checkpoint.text == text


@given(CHECKPOINTS, st.data())
def test_a_changed_checkpoint_serialises_back_or_is_an_error(checkpoint: Checkpoint, drawn: st.DataObject) -> None:
    text = checkpoint.text
    at = drawn.draw(st.integers(0, len(text)))
    changed = text[:at] + drawn.draw(st.sampled_from(["\n", "0", " ", "+", "=", "A", "٣", "_"])) + text[at:]
    try:
        read = parse_checkpoint(changed)
    except CheckpointError:
        return
    assert read.text == changed


@pytest.mark.parametrize("size", ["", "-1", "+1", "01", "00", "1.0", "1_0", " 1", "1 ", "٣", "0x1", "1e3", str(2**63)])
def test_a_size_must_be_a_canonical_decimal_below_2_to_the_63(size: str) -> None:
    with pytest.raises(CheckpointError):
        parse_checkpoint(CHECKPOINT.text.replace("\n42\n", f"\n{size}\n"))


@pytest.mark.parametrize("size", [0, 9, 10, 2**63 - 1])
def test_any_size_below_2_to_the_63_is_read(size: int) -> None:
    assert parse_checkpoint(CHECKPOINT.text.replace("\n42\n", f"\n{size}\n")).size == size


@pytest.mark.parametrize("length", [0, 31, 33, 64])
def test_a_root_must_be_32_bytes(length: int) -> None:
    with pytest.raises(CheckpointError):
        Checkpoint("example.com/log", 42, bytes(length))


@pytest.mark.parametrize("origin", ["", "a\nb", "a\tb", "\ud800"])
def test_an_origin_must_be_one_line(origin: str) -> None:
    with pytest.raises(CheckpointError):
        Checkpoint(origin, 42, ROOT)


@pytest.mark.parametrize("size", [-1, 2**63])
def test_a_size_must_be_possible(size: int) -> None:
    with pytest.raises(CheckpointError):
        Checkpoint("example.com/log", size, ROOT)


def test_lines_must_be_three_each_with_its_newline() -> None:
    text = CHECKPOINT.text
    for wrong in (text[:-1], text + "\n", "\n" + text, text.replace("\n", "\r\n"), text.partition("\n")[2]):
        with pytest.raises(CheckpointError):
            parse_checkpoint(wrong)


def test_extension_lines_are_refused() -> None:
    with pytest.raises(CheckpointError):
        parse_checkpoint(CHECKPOINT.text + "an extension\n")


def test_a_root_must_be_canonical_base64() -> None:
    encoded = CHECKPOINT.text.split("\n")[2]
    assert encoded.endswith("=")
    for wrong in (encoded[:-1], encoded + "=", " " + encoded, encoded[:-2] + chr(ord(encoded[-2]) + 1) + "="):
        with pytest.raises(CheckpointError):
            parse_checkpoint(CHECKPOINT.text.replace(encoded, wrong))


def test_a_cosignature_says_when_it_was_made() -> None:
    note = cosigned(OTHER.sign(CHECKPOINT.text), cosign(WITNESS, CHECKPOINT.text, 1_679_315_147))
    assert verify_cosignature(WITNESS.verifier, parse_note(bytes(note))) == 1_679_315_147


def test_a_cosignature_is_laid_out_as_specified() -> None:
    line = cosign(WITNESS, CHECKPOINT.text, 1_679_315_147)
    name, public_key = WITNESS.verifier.name, WITNESS.verifier.public_key
    message = b"cosignature/v1\ntime 1679315147\n" + CHECKPOINT.text.encode()
    assert line.key_id == hashlib.sha256(name.encode() + b"\n\x04" + public_key).digest()[:4]
    assert line.signature[:8].hex() == "00000000641850cb"
    WITNESS.verifier.verify_bytes(message, line.signature[8:])


def test_the_latest_of_several_cosignatures_counts() -> None:
    note = cosigned(*(cosign(WITNESS, CHECKPOINT.text, time) for time in (5, 7, 6)))
    assert verify_cosignature(WITNESS.verifier, note) == 7


@given(st.integers(0, 71), st.integers(1, 255))
def test_no_byte_of_a_cosignature_can_be_changed(at: int, flip: int) -> None:
    line = cosign(WITNESS, CHECKPOINT.text, 1_679_315_147)
    data = bytearray(line.signature)
    data[at] ^= flip
    with pytest.raises(SignatureError):
        verify_cosignature(WITNESS.verifier, cosigned(Signature(line.name, line.key_id, bytes(data))))


@pytest.mark.parametrize("length", [1, 8, 71, 73])
def test_a_cosignature_of_a_wrong_length_is_false(length: int) -> None:
    line = cosign(WITNESS, CHECKPOINT.text, 0)
    with pytest.raises(SignatureError):
        verify_cosignature(
            WITNESS.verifier, cosigned(Signature(line.name, line.key_id, line.signature.ljust(73)[:length]))
        )


def test_a_time_of_2_to_the_63_or_later_is_refused_even_if_signed() -> None:
    line = cosign(WITNESS, CHECKPOINT.text, 2**63 - 1)
    assert verify_cosignature(WITNESS.verifier, cosigned(line)) == 2**63 - 1
    late = WITNESS.sign_bytes(f"cosignature/v1\ntime {2**63}\n{CHECKPOINT.text}".encode())
    with pytest.raises(SignatureError):
        verify_cosignature(
            WITNESS.verifier, cosigned(Signature(line.name, line.key_id, (2**63).to_bytes(8, "big") + late))
        )


def test_a_cosignature_of_another_checkpoint_or_key_does_not_count() -> None:
    elsewhere = Checkpoint("example.com/log", 43, ROOT).text
    for line in (cosign(WITNESS, elsewhere, 1), cosign(OTHER, CHECKPOINT.text, 1), WITNESS.sign(CHECKPOINT.text)):
        with pytest.raises(SignatureError):
            verify_cosignature(WITNESS.verifier, cosigned(line))


def test_one_false_cosignature_spoils_a_true_one() -> None:
    elsewhere = Checkpoint("example.com/log", 43, ROOT).text
    note = cosigned(cosign(WITNESS, CHECKPOINT.text, 1), cosign(WITNESS, elsewhere, 1))
    with pytest.raises(SignatureError):
        verify_cosignature(WITNESS.verifier, note)


def test_a_cosignature_is_not_a_signature_of_the_log() -> None:
    with pytest.raises(NoteError):
        WITNESS.verifier.verify(cosigned(cosign(WITNESS, CHECKPOINT.text, 1)))


@pytest.mark.parametrize("text", ["", "a letter\n", CHECKPOINT.text + "more\n"])
def test_nothing_but_a_checkpoint_is_cosigned(text: str) -> None:
    with pytest.raises(CheckpointError):
        cosign(WITNESS, text, 1)


@pytest.mark.parametrize("time", [-1, 2**63])
def test_a_time_must_be_possible(time: int) -> None:
    with pytest.raises(CheckpointError):
        cosign(WITNESS, CHECKPOINT.text, time)
