"""One passphrase is one passphrase, however a keyboard or a file spells it; old keys still open."""

import unicodedata
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from intake.protocol.card import Role
from intake.triage.keys import keyfile
from intake.triage.keys.keyfile import KeyFileError, load_keys, make_keys, save_keys
from intake.triage.keys.passphrases import normal, spellings

TYPED = "Übergröße é ключ й"
SPELT = {
    "NFC": unicodedata.normalize("NFC", TYPED),
    "NFD": unicodedata.normalize("NFD", TYPED),
    "BOM": f"\ufeff{TYPED}",
    "CR LF": f"{TYPED}\r\n",
    "no-break spaces": TYPED.replace(" ", "\u00a0"),
}


@pytest.mark.parametrize("typed", SPELT.values(), ids=SPELT.keys())
@pytest.mark.parametrize("made", SPELT.values(), ids=SPELT.keys())
def test_a_key_opens_however_its_passphrase_was_spelt_then_and_now(made: str, typed: str, tmp_path: Path) -> None:
    keys = make_keys(Role.REVIEWER, "amina")
    save_keys(tmp_path / "amina.key", keys, made, work_factor=4)
    assert load_keys(tmp_path / "amina.key", typed).signing.seed == keys.signing.seed


@pytest.mark.parametrize("typed", SPELT.values(), ids=SPELT.keys())
@pytest.mark.parametrize("made", ["NFC", "NFD", "BOM"])
def test_a_key_that_an_earlier_version_sealed_with_what_was_typed_opens(
    made: str, typed: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = make_keys(Role.REVIEWER, "amina")
    with monkeypatch.context() as earlier:
        earlier.setattr(keyfile, "normal", lambda text: text)
        save_keys(tmp_path / "amina.key", keys, SPELT[made], work_factor=4)
    assert load_keys(tmp_path / "amina.key", typed).signing.seed == keys.signing.seed


@given(st.text())
def test_a_passphrase_has_one_form_and_few_spellings(text: str) -> None:
    assert normal(normal(text)) == normal(text)
    assert 1 <= len(spellings(text)) <= 5
    assert normal(text) in spellings(text)


def test_passphrases_that_differ_stay_different() -> None:
    assert len({normal(text) for text in ("fi", "ﬁ", "Fi", "f i", "x²", "x2")}) == 6


def test_half_of_a_character_is_told_from_a_wrong_passphrase(tmp_path: Path) -> None:
    keys = make_keys(Role.REVIEWER, "amina")
    save_keys(tmp_path / "amina.key", keys, "a passphrase", work_factor=4)
    with pytest.raises(KeyFileError, match="characters that are none"):
        load_keys(tmp_path / "amina.key", "a passphrase\udcff")
    with pytest.raises(KeyFileError, match="characters that are none"):
        save_keys(tmp_path / "other.key", keys, "a passphrase\udcff", work_factor=4)
