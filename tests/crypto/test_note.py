"""Signed notes: what is read, what is refused, and whose signature counts."""

import base64
import secrets
import traceback
from collections.abc import Iterator

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from hypothesis import assume, example, given
from hypothesis import strategies as st

from crypto.note import (
    ED25519,
    MAX_NOTE_SIZE,
    Note,
    NoteError,
    Signature,
    SignatureError,
    SigningKey,
    Verifier,
    VerifierKey,
    decode_base64,
    parse_note,
    parse_verifier,
)

KEY = SigningKey.from_seed("example.com/log", bytes(range(32)))
OTHER = SigningKey.from_seed("example.com/other", bytes(32))
TEXT = "the text\n\nof a note, with è and 字\n"
NOTE = Note(TEXT, (KEY.sign(TEXT),))

# From the documentation of Go's golang.org/x/mod/sumdb/note, which the specification describes.
NEUMANN = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
NEUMANN_SEED = base64.b64decode("AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz")[1:]
NEUMANN_NOTE = (
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n"
    "\n"
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
).encode()

NAMES = st.text(min_size=1, max_size=20).filter(
    lambda name: not any(char.isspace() or char in "+" or char < " " or "\ud800" <= char <= "\udfff" for char in name)
)
TEXTS = st.text(st.characters(min_codepoint=0x20, codec="utf-8") | st.just("\n"), max_size=60).map("{}\n".format)
SIGNATURES = st.builds(Signature, NAMES, st.binary(min_size=4, max_size=4), st.binary(min_size=1, max_size=80))
NOTES = st.builds(Note, TEXTS, st.lists(SIGNATURES, min_size=1, max_size=3).map(tuple))


def test_a_note_of_the_go_implementation_verifies_and_is_made_alike() -> None:
    verifier = parse_verifier(NEUMANN)
    note = parse_note(NEUMANN_NOTE)
    verifier.verify(note)
    key = SigningKey.from_seed("PeterNeumann", NEUMANN_SEED)
    assert str(key.verifier) == NEUMANN
    assert bytes(Note(note.text, (key.sign(note.text),))) == NEUMANN_NOTE


def test_a_verifier_key_in_use_is_read() -> None:
    vkey = "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8"
    assert str(parse_verifier(vkey)) == vkey


def test_what_was_signed_verifies_after_a_journey() -> None:
    KEY.verifier.verify(parse_note(bytes(NOTE)))


def test_the_last_empty_line_separates_the_text() -> None:
    assert parse_note(bytes(NOTE)).text == TEXT
    assert parse_note(b"a\n\n" + bytes(NOTE)).text == "a\n\n" + TEXT


@given(st.integers(0, len(bytes(NOTE)) - 1), st.integers(1, 255))
def test_no_byte_of_a_note_can_be_changed(at: int, flip: int) -> None:
    data = bytearray(bytes(NOTE))
    data[at] ^= flip
    with pytest.raises(NoteError):
        KEY.verifier.verify(parse_note(bytes(data)))


def test_a_note_that_others_signed_is_not_signed() -> None:
    with pytest.raises(SignatureError, match="not signed by"):
        OTHER.verifier.verify(NOTE)


def test_signatures_of_unknown_keys_are_ignored() -> None:
    note = Note(TEXT, (OTHER.sign("another text\n"), KEY.sign(TEXT)))
    KEY.verifier.verify(note)


def test_a_name_or_an_id_alone_is_not_the_key() -> None:
    true = KEY.sign(TEXT)
    for line in (
        Signature("example.com/else", true.key_id, true.signature),
        Signature(true.name, OTHER.verifier.key.id, true.signature),
    ):
        with pytest.raises(SignatureError):
            KEY.verifier.verify(Note(TEXT, (line,)))


@pytest.mark.parametrize("false_one_first", [True, False])
def test_one_false_signature_of_a_key_spoils_its_true_one(false_one_first: bool) -> None:
    lines = [KEY.sign("another text\n"), KEY.sign(TEXT)]
    with pytest.raises(SignatureError):
        KEY.verifier.verify(Note(TEXT, tuple(lines if false_one_first else reversed(lines))))


def test_a_signature_of_another_type_by_the_same_key_does_not_count() -> None:
    cosigner = VerifierKey(KEY.verifier.name, b"\x04", KEY.verifier.public_key)
    line = Signature(cosigner.name, cosigner.id, KEY.sign_bytes(TEXT.encode()))
    with pytest.raises(SignatureError):
        KEY.verifier.verify(Note(TEXT, (line,)))


@pytest.mark.parametrize("length", [0, 1, 63, 65, 128])
def test_a_signature_of_a_wrong_length_is_false(length: int) -> None:
    with pytest.raises(SignatureError):
        KEY.verifier.verify_bytes(b"data", bytes(length))


def test_plain_signatures_verify_for_their_bytes_only() -> None:
    signature = KEY.sign_bytes(b"data")
    KEY.verifier.verify_bytes(b"data", signature)
    Ed25519PublicKey.from_public_bytes(KEY.verifier.public_key).verify(signature, b"data")
    with pytest.raises(SignatureError):
        KEY.verifier.verify_bytes(b"dat", signature)


def test_sixteen_post_quantum_signatures_fit() -> None:
    line = Signature("example.com/witness", b"\x00" * 4, bytes(5_000))
    note = Note(TEXT, (KEY.sign(TEXT), *[line] * 16))
    KEY.verifier.verify(parse_note(bytes(note)))


def test_a_note_of_256_kib_is_the_longest() -> None:
    filler = "a" * (256 * 1024 - len(bytes(NOTE)))
    assert len(bytes(parse_note(filler.encode() + bytes(NOTE)))) == MAX_NOTE_SIZE
    with pytest.raises(NoteError):
        Note("a" + filler + TEXT, NOTE.signatures)


def malformed() -> Iterator[bytes]:
    good = bytes(NOTE)
    line = str(NOTE.signatures[0]).encode()
    encoded = line.rpartition(b" ")[2]
    yield b""
    yield b"\n\n"
    yield TEXT.encode()  # no signature
    yield TEXT.encode() + b"\n"
    yield line + b"\n"  # no text
    yield b"\n" + line + b"\n"
    yield good[:-1]
    yield good + b"\n"
    yield good + b"trailing\n"
    yield good.replace(b"\n", b"\r\n")
    yield b"\x00" + good
    yield b"tab\t" + good
    yield b"\xff" + good
    yield b"\xed\xa0\x80" + good  # a surrogate
    yield good.replace("—".encode(), b"-")
    yield good.replace("— ".encode(), "—".encode())
    yield good.replace("— ".encode(), "—  ".encode())
    yield good.replace("— ".encode(), "—\u00a0".encode())
    yield good.replace(b"example.com/log", b"")
    yield good.replace(b"example.com/log", b"example.com+log")
    yield good.replace(b"example.com/log", "example.com\u2003log".encode())
    yield good.replace(encoded, encoded[:-1])
    yield good.replace(encoded, encoded.rstrip(b"="))
    yield good.replace(encoded, encoded + b"=")
    yield good.replace(encoded, encoded[:8] + b" " + encoded[8:])
    yield good.replace(encoded, encoded[:8] + b"!" + encoded[8:])
    yield good.replace(encoded, encoded.replace(b"+", b"-").replace(b"/", b"_").replace(b"=", b"-"))
    yield good.replace(encoded, b"AAAA")  # three bytes
    yield good.replace(encoded, b"AAAAAA==")  # an id and no signature
    yield good.replace(encoded, b"AAAAAAB=")  # unused bits
    yield b"a" * (MAX_NOTE_SIZE - len(good) + 1) + good


@pytest.mark.parametrize("data", list(malformed()))
def test_a_malformed_note_is_refused(data: bytes) -> None:
    with pytest.raises(NoteError):
        parse_note(data)


@pytest.mark.parametrize("text", ["", "no newline", "a\tb\n", "\x1f\n", "\ud800\n", "a\r\n"])
def test_a_note_cannot_be_made_of_a_text_that_would_not_be_read(text: str) -> None:
    with pytest.raises(NoteError):
        Note(text, NOTE.signatures)


@given(NOTES)
def test_every_note_that_can_be_made_is_read_as_it_is(note: Note) -> None:
    assume(len(bytes(note)) <= MAX_NOTE_SIZE)
    assert parse_note(bytes(note)) == note


@given(st.binary() | st.text().map(lambda text: text.encode("utf-8", "replace")) | NOTES.map(bytes), st.data())
def test_bytes_are_a_note_that_serialises_back_or_an_error(data: bytes, drawn: st.DataObject) -> None:
    at = drawn.draw(st.integers(0, len(data)))
    changed = data[:at] + drawn.draw(st.sampled_from([b"", b"\n", b" ", b"=", b"A", b"\n\n", b"\x80"])) + data[at:]
    try:
        note = parse_note(changed)
    except NoteError:
        return
    assert bytes(note) == changed


@given(st.text() | st.builds("{}+{}+{}".format, NAMES, st.text("0123456789abcdef", max_size=9), st.text()))
@example(NEUMANN)
def test_text_is_a_verifier_key_that_serialises_back_or_an_error(text: str) -> None:
    try:
        verifier = parse_verifier(text)
    except NoteError:
        return
    assert str(verifier) == text


@given(NAMES, st.binary(min_size=32, max_size=32))
def test_verifier_keys_are_read_as_they_are_written(name: str, seed: bytes) -> None:
    verifier = SigningKey.from_seed(name, seed).verifier
    assert parse_verifier(str(verifier)) == verifier


@pytest.mark.parametrize(
    "text",
    [
        "",
        "PeterNeumann",
        "PeterNeumann+c74f20a3",
        NEUMANN + "+",
        NEUMANN + "\n",
        NEUMANN.replace("c74f20a3", "C74F20A3"),
        NEUMANN.replace("c74f20a3", "c74f20a4"),
        NEUMANN.replace("PeterNeumann", "Peter Neumann"),
        NEUMANN.replace("PeterNeumann", ""),
        NEUMANN.replace("+ARpc", "+BRpc"),
        NEUMANN[:-4],
    ],
)
def test_a_malformed_verifier_key_is_refused(text: str) -> None:
    with pytest.raises(NoteError):
        parse_verifier(text)


@pytest.mark.parametrize("name", ["", "a b", "a+b", "a\nb", "a\u3000b", "\x00", "\ud800"])
def test_a_key_cannot_have_a_name_that_would_not_be_read(name: str) -> None:
    with pytest.raises(NoteError):
        SigningKey.generate(name)


def test_the_key_id_is_that_of_the_specification() -> None:
    assert VerifierKey("PeterNeumann", ED25519, parse_verifier(NEUMANN).public_key).id.hex() == "c74f20a3"


P = 2**255 - 19
Y8 = int.from_bytes(bytes.fromhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"), "little")
SMALL_ORDER = [(y | sign << 255).to_bytes(32, "little") for y in (0, 1, P - 1, P, P + 1, Y8, P - Y8) for sign in (0, 1)]


def signs_anything(public_key: bytes) -> bool:
    """Whether one made-up signature verifies for many messages under this key."""
    forged = (1).to_bytes(32, "little") + bytes(32)  # R = the identity, s = 0
    key = Ed25519PublicKey.from_public_bytes(public_key)
    verified = 0
    for number in range(200):
        try:
            key.verify(forged, b"message %d" % number)
        except InvalidSignature:
            continue
        verified += 1
    return verified > 1


@pytest.mark.parametrize("public_key", SMALL_ORDER, ids=bytes.hex)
def test_a_key_under_which_one_signature_fits_many_messages_is_refused(public_key: bytes) -> None:
    with pytest.raises(NoteError, match="binds nobody"):
        Verifier("example.com/denier", public_key)


def test_such_keys_are_a_danger() -> None:
    assert sum(signs_anything(public_key) for public_key in SMALL_ORDER) >= 8
    assert not signs_anything(KEY.verifier.public_key)


@pytest.mark.parametrize("length", [0, 31, 33])
def test_keys_are_32_bytes(length: int) -> None:
    with pytest.raises(NoteError):
        Verifier("example.com/log", bytes([2]) * length)
    with pytest.raises(NoteError):
        SigningKey.from_seed("example.com/log", bytes(length))


def test_generated_keys_differ_and_can_be_kept_by_their_seed() -> None:
    one, two = SigningKey.generate("a"), SigningKey.generate("a")
    assert one.seed != two.seed
    assert SigningKey.from_seed("a", one.seed).verifier == one.verifier


def test_a_signing_key_shows_nothing_of_itself() -> None:
    for shown in (repr(KEY), str(KEY), f"{KEY}", repr([KEY]), repr({"key": KEY})):
        assert KEY.seed.hex() not in shown
        assert "<SigningKey>" in shown


def test_the_error_about_a_seed_does_not_show_it() -> None:
    seed = secrets.token_bytes(31)
    with pytest.raises(NoteError) as caught:
        SigningKey.from_seed("a", seed)
    shown = "".join(traceback.format_exception(caught.value))
    assert seed.hex() not in shown
    assert repr(seed) not in shown


@given(st.binary())
def test_base64_is_read_as_it_is_written(data: bytes) -> None:
    assert decode_base64(base64.b64encode(data).decode()) == data


@given(st.text() | st.text("AB+/=\n -_", max_size=12))
@example("AAAAAAB=")
@example("AA==\n")
@example("ＡＡＡＡ")
def test_text_is_base64_that_encodes_back_or_an_error(text: str) -> None:
    try:
        data = decode_base64(text)
    except ValueError:
        return
    assert base64.b64encode(data).decode() == text
