"""A log's two keys: both must have signed what is believed."""

import pytest

from crypto.checkpoint import Checkpoint, CheckpointError
from crypto.cosignature import Algorithm, CosigningKey
from crypto.logkey import LogSigner, LogVerifier
from crypto.note import Note, NoteError, SignatureError, SigningKey

NAME = "example.com/log"
KEY = LogSigner.from_seeds(NAME, bytes(range(32)), bytes(range(32, 64)))
CHECKPOINT = Checkpoint(NAME, 42, bytes(32))
KEPT = Note(CHECKPOINT.text, (KEY.sign(CHECKPOINT.text),))
SHOWN = KEY.also_sign(KEPT)


def test_a_checkpoint_is_signed_by_both_keys() -> None:
    assert [len(line.signature) for line in SHOWN.signatures] == [64, 8 + 2420]
    assert KEY.verifier.open(bytes(SHOWN)) == CHECKPOINT


def test_its_second_signature_says_nothing_of_when() -> None:
    assert KEY.verifier.ml_dsa is not None
    assert KEY.verifier.ml_dsa.verify(SHOWN) == 0


@pytest.mark.parametrize("kept", [0, 1])
def test_one_signature_is_not_enough(kept: int) -> None:
    with pytest.raises(SignatureError):
        KEY.verifier.open(bytes(Note(SHOWN.text, (SHOWN.signatures[kept],))))


@pytest.mark.parametrize("forged", [0, 1])
def test_who_breaks_one_algorithm_signs_nothing_that_is_believed(forged: int) -> None:
    """The other half is of a key of the same name that the attacker has made."""
    text = Checkpoint(NAME, 43, bytes(32)).text
    own = LogSigner.generate(NAME)
    pair = [own.also_sign(Note(text, (own.sign(text),))), KEY.also_sign(Note(text, (KEY.sign(text),)))]
    lines = [pair[0 if place != forged else 1].signatures[place] for place in (0, 1)]
    with pytest.raises(SignatureError):
        KEY.verifier.open(bytes(Note(text, tuple(lines))))


def test_whoever_was_told_the_first_key_alone_goes_by_that() -> None:
    told = LogVerifier(KEY.verifier.ed25519, None)
    assert told.open(bytes(SHOWN)) == told.open(bytes(KEPT)) == CHECKPOINT


def test_the_second_key_signs_nothing_that_the_first_did_not() -> None:
    false = Note(CHECKPOINT.text, (SigningKey.generate(NAME).sign(CHECKPOINT.text),))
    with pytest.raises(SignatureError):
        KEY.also_sign(false)


def test_a_checkpoint_of_another_log_is_refused_even_if_signed() -> None:
    text = Checkpoint("example.com/other", 42, bytes(32)).text
    with pytest.raises(CheckpointError):
        KEY.verifier.open(bytes(KEY.also_sign(Note(text, (KEY.sign(text),)))))


def test_keys_of_two_logs_are_not_those_of_one() -> None:
    for name, algorithm in (("example.com/other", Algorithm.ML_DSA_44), (NAME, Algorithm.ED25519)):
        with pytest.raises(NoteError):
            LogVerifier(KEY.verifier.ed25519, CosigningKey.from_seed(name, algorithm, bytes(32)).cosigner)


def test_keys_are_kept_by_their_seeds_and_show_nothing() -> None:
    key = LogSigner.generate(NAME)
    assert LogSigner.from_seeds(NAME, *key.seeds).verifier == key.verifier
    assert repr(key) == "<LogSigner>"
    assert len({*key.seeds, *KEY.seeds}) == 4
