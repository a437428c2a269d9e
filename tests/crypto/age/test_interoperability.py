"""What we seal other programs open, and the reverse: npm's age-encryption, pyrage, Debian's age."""

import io
import secrets
from collections.abc import Callable
from pathlib import Path

import pyrage
import pytest

from crypto.age import (
    HybridIdentity,
    Identity,
    Recipient,
    ScryptIdentity,
    ScryptRecipient,
    X25519Identity,
    decrypt,
    encrypt,
    looks_armored,
    parse_identity,
    parse_recipient,
)

pytestmark = pytest.mark.slow

SIZES = [0, 1, 65_535, 65_536, 65_537, 5 << 20]
PASSPHRASE = "correct horse battery"
Peer = Callable[..., bytes]
Kind = type[HybridIdentity] | type[X25519Identity]


def sealed(data: bytes, *recipients: Recipient, armored: bool = False) -> bytes:
    target = io.BytesIO()
    encrypt(io.BytesIO(data), target, list(recipients), armored=armored)
    return target.getvalue()


def opened(data: bytes, *identities: Identity) -> bytes:
    target = io.BytesIO()
    decrypt(io.BytesIO(data), target, list(identities), armored=looks_armored(data))
    return target.getvalue()


@pytest.fixture(params=SIZES, ids=str)
def data(request: pytest.FixtureRequest) -> bytes:
    return secrets.token_bytes(request.param)


@pytest.fixture(params=[False, True], ids=["binary", "armored"])
def armored(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


@pytest.fixture(params=[1, 5], ids=["one recipient", "five recipients"])
def count(request: pytest.FixtureRequest) -> int:
    return int(request.param)


@pytest.mark.parametrize("kind", [HybridIdentity, X25519Identity])
def test_npm_opens_what_we_seal(kind: Kind, data: bytes, armored: bool, count: int, npm_age: Peer) -> None:
    identities = [kind.generate() for _ in range(count)]
    file = sealed(data, *(identity.recipient for identity in identities), armored=armored)
    assert npm_age("decrypt", str(identities[-1]), data=file) == data


@pytest.mark.parametrize("kind", ["hybrid", "x25519"])
def test_we_open_what_npm_seals(kind: str, data: bytes, armored: bool, count: int, npm_age: Peer) -> None:
    pairs = [npm_age("keygen", kind).decode().split() for _ in range(count)]
    flags = ["-a"] if armored else []
    file = npm_age("encrypt", *flags, *(recipient for _, recipient in pairs), data=data)
    assert opened(file, parse_identity(pairs[-1][0])) == data


def test_passphrases_work_in_both_directions_with_npm(data: bytes, armored: bool, npm_age: Peer) -> None:
    file = sealed(data, ScryptRecipient(PASSPHRASE, 10), armored=armored)
    assert npm_age("decrypt", f"passphrase:{PASSPHRASE}", data=file) == data
    flags = ["-a"] if armored else []
    file = npm_age("encrypt", *flags, f"passphrase:{PASSPHRASE}", data=data)
    assert opened(file, ScryptIdentity(PASSPHRASE)) == data


@pytest.mark.parametrize("kind", [HybridIdentity, X25519Identity])
def test_a_key_of_ours_has_the_same_recipient_at_npm(kind: Kind, npm_age: Peer) -> None:
    identity, recipient = npm_age("keygen", "hybrid" if kind is HybridIdentity else "x25519").decode().split()
    assert str(parse_identity(identity).recipient) == recipient


def test_pyrage_opens_what_we_seal_and_the_reverse(data: bytes, armored: bool, count: int) -> None:
    ours = [X25519Identity.generate() for _ in range(count)]
    file = sealed(data, *(identity.recipient for identity in ours), armored=armored)
    assert pyrage.decrypt(file, [pyrage.x25519.Identity.from_str(str(ours[-1]))]) == data
    theirs = [pyrage.x25519.Identity.generate() for _ in range(count)]
    file = pyrage.encrypt(data, [identity.to_public() for identity in theirs], armored=armored)
    assert opened(file, parse_identity(str(theirs[-1]))) == data


def test_pyrage_opens_what_a_passphrase_of_ours_seals(data: bytes) -> None:
    assert pyrage.passphrase.decrypt(sealed(data, ScryptRecipient(PASSPHRASE, 10)), PASSPHRASE) == data


def test_we_open_what_a_passphrase_of_pyrage_seals() -> None:
    # It chooses a work factor that takes a second: once is enough, the payload is the same as for any recipient.
    data = secrets.token_bytes(65_537)
    assert opened(pyrage.passphrase.encrypt(data, PASSPHRASE), ScryptIdentity(PASSPHRASE)) == data


def test_debians_age_opens_what_we_seal_and_the_reverse(
    data: bytes, armored: bool, count: int, debian_age: Peer, tmp_path: Path
) -> None:
    identities = [X25519Identity.generate() for _ in range(count)]
    key = tmp_path / "key.txt"
    key.write_text(f"{identities[-1]}\n")
    file = sealed(data, *(identity.recipient for identity in identities), armored=armored)
    assert debian_age("-d", "-i", str(key), data=file) == data
    arguments = [part for identity in identities for part in ("-r", str(identity.recipient))]
    flags = ["-a"] if armored else []
    assert opened(debian_age(*flags, *arguments, data=data), identities[0]) == data


def test_keys_of_debians_age_are_read(debian_age: Peer) -> None:
    identity = X25519Identity.generate()
    assert opened(debian_age("-r", str(identity.recipient), data=b"data"), identity) == b"data"
    assert parse_recipient(str(identity.recipient)) == identity.recipient
