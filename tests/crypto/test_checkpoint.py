"""Checkpoints, with the sample of the specifications."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crypto.checkpoint import Checkpoint, CheckpointError, parse_checkpoint
from crypto.note import parse_note

ROOT = hashlib.sha256(b"root").digest()
CHECKPOINT = Checkpoint("example.com/log", 42, ROOT)

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
