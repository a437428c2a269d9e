"""Keys as text: one spelling in each case, and nowhere else a secret."""

import traceback

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from hypothesis import given, settings
from hypothesis import strategies as st

from crypto.age import (
    HeaderError,
    HybridIdentity,
    HybridRecipient,
    ScryptIdentity,
    ScryptRecipient,
    X25519Identity,
    X25519Recipient,
    bech32,
    parse_identity,
    parse_recipient,
    unseal,
)

Kind = type[HybridIdentity] | type[X25519Identity]
KINDS: list[Kind] = [HybridIdentity, X25519Identity]


@pytest.mark.parametrize("kind", KINDS)
def test_keys_come_back_from_their_text_in_both_cases(kind: Kind) -> None:
    identity = kind.generate()
    assert str(identity).startswith("AGE-SECRET-KEY-")
    for text in (str(identity), str(identity).lower()):
        assert str(parse_identity(text)) == str(identity)
    for text in (str(identity.recipient), str(identity.recipient).upper()):
        assert parse_recipient(text) == identity.recipient


def test_the_specifications_example_keys_are_read() -> None:
    hybrid = parse_identity("AGE-SECRET-KEY-PQ-1XX76JRALNLXDMEW0CRK45QMCCH4X06SE84UN3VPM33W6HWDX0H3SK3ZQFR")
    assert str(hybrid.recipient).startswith("age1pq1x34nzsvr0rxjsgdn8zgyhfe8j7ceq5r9rdelkjuh3y235jzxshfg87pzf5zr")
    classical = parse_identity("AGE-SECRET-KEY-1GFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPYYSJZGFPQ4EGAEX")
    assert str(classical.recipient) == "age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj"


@pytest.mark.parametrize("kind", KINDS)
def test_mixed_case_is_refused(kind: Kind) -> None:
    text = str(kind.generate().recipient)
    with pytest.raises(HeaderError):
        parse_recipient(text[:10].upper() + text[10:])


@pytest.mark.parametrize("kind", KINDS)
def test_a_character_whose_lower_case_is_ascii_is_refused(kind: Kind) -> None:
    with pytest.raises(HeaderError):
        parse_identity(str(kind.generate()).replace("K", "\N{KELVIN SIGN}"))


@settings(max_examples=50)
@given(st.data())
def test_one_wrong_character_in_a_key_is_found(data: st.DataObject) -> None:
    text = str(X25519Identity.generate())
    place = data.draw(st.integers(0, len(text) - 1))
    other = data.draw(st.characters(codec="ascii").filter(lambda c: c.upper() != text[place]))
    with pytest.raises(HeaderError):
        parse_identity(text[:place] + other + text[place + 1 :])


LOW_ORDER = [
    (0).to_bytes(32, "little"),
    (1).to_bytes(32, "little"),
    bytes.fromhex("e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800"),
    bytes.fromhex("5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157"),
    *((2**255 - 19 + more).to_bytes(32, "little") for more in (-1, 0, 1)),
    *((2**255 + more).to_bytes(32, "little") for more in (0, 1)),
    (2**256 - 20).to_bytes(32, "little"),
]
"""Points of Curve25519 with which every exchange comes to zero (RFC 7748, section 6.1; https://cr.yp.to/ecdh.html)."""


@pytest.mark.parametrize("point", LOW_ORDER)
def test_a_recipient_to_whom_nothing_can_be_sealed_is_none(point: bytes) -> None:
    """One of a group would keep everybody from sealing to any of them."""
    with pytest.raises(ValueError, match="computing shared key"):
        X25519PrivateKey.generate().exchange(X25519PublicKey.from_public_bytes(point))
    mlkem = bech32.decode(str(HybridIdentity.generate().recipient))[1][:-32]
    for prefix, key in (("age1pq", mlkem + point), ("age", point)):
        with pytest.raises(HeaderError):
            parse_recipient(bech32.encode(prefix, key))
    for kind, key in ((HybridRecipient, mlkem + point), (X25519Recipient, point)):
        with pytest.raises(HeaderError):
            kind(key)


@given(st.text())
def test_other_text_is_no_key(text: str) -> None:
    for parse in (parse_identity, parse_recipient):
        with pytest.raises(HeaderError):
            parse(text)


@given(st.binary(max_size=80))
def test_bech32_comes_back(data: bytes) -> None:
    assert bech32.decode(bech32.encode("age", data)) == ("age", data)


@given(st.text(bech32._CHARSET.decode(), max_size=40))
def test_whatever_bech32_parses_has_one_spelling(text: str) -> None:
    try:
        prefix, data = bech32.decode("age1" + text)
    except HeaderError:
        return
    assert bech32.encode(prefix, data) == "age1" + text


@pytest.mark.parametrize("kind", KINDS)
def test_no_secret_shows_in_a_repr_or_a_traceback(kind: Kind) -> None:
    identity = kind.generate()
    passphrase = ScryptIdentity("passphrase")
    secrets = [passphrase, ScryptRecipient("passphrase"), identity]
    assert "passphrase" not in repr(secrets)
    assert "KEY" not in repr(secrets)
    try:
        unseal(b"age-encryption.org/v1\n", [passphrase])
    except HeaderError as error:
        shown = "".join(traceback.TracebackException.from_exception(error, capture_locals=True).format())
    assert "'passphrase'" not in shown
    assert str(identity) not in shown


@pytest.mark.parametrize("kind", [ScryptIdentity, ScryptRecipient])
def test_a_passphrase_that_is_no_text_is_told_without_repeating_it(
    kind: type[ScryptIdentity] | type[ScryptRecipient],
) -> None:
    with pytest.raises(HeaderError) as caught:
        kind("pass\ud800phrase")
    assert "pass\ud800" not in str(caught.value)
    assert (caught.value.__cause__, caught.value.__context__) == (None, None)
