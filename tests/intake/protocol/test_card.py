"""A card shows who holds which keys, and can't be made for keys of somebody else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crypto.age import HybridIdentity
from crypto.note import Note, SigningKey
from intake.protocol.card import CardError, Role, issue_card, parse_card


@pytest.fixture
def key() -> SigningKey:
    return SigningKey.generate("amina")


def test_a_reviewers_card_carries_name_key_and_recipient(key: SigningKey) -> None:
    identity = HybridIdentity.generate()
    card = parse_card(issue_card(Role.REVIEWER, key, identity).text)
    assert (card.role, card.name) == (Role.REVIEWER, "amina")
    assert str(card.recipient) == str(identity.recipient)
    assert card.verifier.public_key == key.verifier.public_key


def test_an_auditors_card_has_no_recipient(key: SigningKey) -> None:
    assert issue_card(Role.AUDITOR, key, None).recipient is None


def test_a_card_whose_recipient_was_exchanged_is_refused(key: SigningKey) -> None:
    card = issue_card(Role.REVIEWER, key, HybridIdentity.generate())
    forged = card.text.replace(str(card.recipient), str(HybridIdentity.generate().recipient))
    with pytest.raises(CardError):
        parse_card(forged)


def test_a_card_signed_by_another_key_is_refused(key: SigningKey) -> None:
    text = parse_card_text(issue_card(Role.AUDITOR, key, None).text)
    other = SigningKey.generate("amina")
    with pytest.raises(CardError):
        parse_card(bytes(Note(text, (other.sign(text),))).decode())


def test_a_reviewers_card_without_a_recipient_is_refused(key: SigningKey) -> None:
    text = f"intake card v1\nrole: reviewer\nkey: {key.verifier}\n"
    with pytest.raises(CardError):
        parse_card(bytes(Note(text, (key.sign(text),))).decode())


def test_a_card_with_a_line_too_many_is_refused(key: SigningKey) -> None:
    text = f"intake card v1\nrole: auditor\nkey: {key.verifier}\nadmin: yes\n"
    with pytest.raises(CardError):
        parse_card(bytes(Note(text, (key.sign(text),))).decode())


@pytest.mark.parametrize(
    "name", ["amina\u202e", "am\u200dina", "a\x9b31m", "\ufeffamina", "\ue000", "operator", "Operator", "a" * 65]
)
def test_a_name_that_shows_as_another_is_refused_and_the_error_says_why(name: str) -> None:
    with pytest.raises(CardError, match=r"a name may have|a name has|nobody may be called"):
        issue_card(Role.AUDITOR, SigningKey.generate(name), None)


@pytest.mark.parametrize("name", ["amina", "阿米娜", "Đặng", "O'Neil-2", "operators"])
def test_names_of_every_script_are_fine(name: str) -> None:
    assert issue_card(Role.AUDITOR, SigningKey.generate(name), None).name == name


@given(st.text())
def test_any_other_text_is_not_a_card(text: str) -> None:
    with pytest.raises(CardError):
        parse_card(text)


def parse_card_text(card: str) -> str:
    """What is signed: everything above the empty line, with its newline."""
    return card.partition("\n\n")[0] + "\n"
