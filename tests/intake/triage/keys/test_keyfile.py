"""The key file: identities in it are exchanged without its passphrase, and those that were are not in it any more."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from crypto.age import HybridIdentity, ScryptIdentity, ScryptRecipient, parse_identity, seal, unseal
from intake.protocol.card import Role
from intake.triage.keys.keyfile import KeyFileError, MemberKeys, load_keys, make_keys, save_keys
from intake.triage.keys.opening import OpeningKeys

PASSPHRASE = "a passphrase"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "amina.key"


@pytest.fixture
def made(path: Path) -> MemberKeys:
    keys = make_keys(Role.REVIEWER, "amina")
    save_keys(path, keys, PASSPHRASE, work_factor=4)
    return keys


def opening_of(path: Path) -> OpeningKeys:
    opening = load_keys(path, PASSPHRASE).opening
    assert opening is not None
    return opening


def texts(opening: OpeningKeys) -> list[str]:
    return [str(identity) for identity in opening.identities]


def everything_in(path: Path) -> str:
    """All that the passphrase gives, by hand."""
    data = path.read_bytes()
    ends = data.find(b"age-encryption.org/v1\n", 1)
    first = json.loads(unseal(data[:ends], [ScryptIdentity(PASSPHRASE)]))
    return json.dumps(first) + unseal(data[ends:], [parse_identity(first["key"])]).decode()


def test_it_gives_back_what_was_saved(path: Path, made: MemberKeys) -> None:
    loaded = load_keys(path, PASSPHRASE)
    assert loaded.card == made.card
    assert str(loaded.identity) == str(made.identity)
    with pytest.raises(KeyFileError, match="not right"):
        load_keys(path, "another passphrase")


def test_an_auditor_has_none(path: Path) -> None:
    keys = make_keys(Role.AUDITOR, "carla")
    save_keys(path, keys, PASSPHRASE, work_factor=4)
    loaded = load_keys(path, PASSPHRASE)
    assert (loaded.card, loaded.identity) == (keys.card, None)


def test_each_step_of_an_exchange_is_there_when_it_is_opened_again(path: Path, made: MemberKeys) -> None:
    old, new = made.identity, HybridIdentity.generate()
    opening = opening_of(path)
    opening.begin(new, "a log")
    again = opening_of(path)
    assert texts(again) == [str(new), str(old)]
    assert str(again.current) == str(old)
    assert again.may_begin("a log")
    assert not again.may_begin("another log")
    again.confirm()
    again = opening_of(path)
    assert str(again.current) == str(new)
    assert list(map(str, again.older)) == [str(old)]
    again.destroy_older()
    assert texts(opening_of(path)) == [str(new)]


def test_one_that_was_never_on_the_card_gives_way_to_another_machines(path: Path, made: MemberKeys) -> None:
    opening, other = opening_of(path), HybridIdentity.generate()
    opening.begin(HybridIdentity.generate(), "a log")
    opening.discard()
    opening.take_over((other,), "a log")
    assert texts(opening_of(path)) == [str(other), str(made.identity)]


def test_whoever_takes_the_file_and_the_passphrase_has_none_that_was_destroyed(path: Path, made: MemberKeys) -> None:
    old = str(made.identity)
    assert old in everything_in(path)
    opening = opening_of(path)
    opening.begin(HybridIdentity.generate(), "a log")
    opening.confirm()
    opening.destroy_older()
    assert old not in everything_in(path)


def test_the_blocks_that_held_it_are_overwritten(path: Path, made: MemberKeys) -> None:
    with path.open("rb") as before:
        held = before.read()
        opening_of(path).begin(HybridIdentity.generate(), "a log")
        before.seek(0)
        overwritten = before.read()
    assert len(overwritten) == len(held)
    assert b"age-encryption" not in overwritten


def test_only_its_owner_reads_it(path: Path, made: MemberKeys) -> None:
    opening_of(path).begin(HybridIdentity.generate(), "a log")
    assert path.stat().st_mode & 0o777 == 0o600


def first_version(path: Path, identity: HybridIdentity | None, role: str = "reviewer") -> bytes:
    """A key file as programs wrote it that never exchanged anything."""
    document = {"role": role, "name": "amina", "signing": "07" * 32, "identity": identity and str(identity)}
    path.write_bytes(seal(json.dumps(document).encode(), [ScryptRecipient(PASSPHRASE, 4)]))
    return path.read_bytes()


def test_one_of_the_first_version_becomes_one_of_the_second_when_it_is_opened(path: Path) -> None:
    identity = HybridIdentity.generate()
    before = first_version(path, identity)
    with pytest.raises(KeyFileError):
        load_keys(path, "another passphrase")
    assert path.read_bytes() == before
    first = load_keys(path, PASSPHRASE)
    assert path.read_bytes() != before
    again = load_keys(path, PASSPHRASE)
    assert first.card == again.card
    assert str(again.identity) == str(identity)
    assert again.signing.seed.hex() == "07" * 32
    assert b"-> scrypt" in path.read_bytes()
    opening = opening_of(path)
    opening.begin(HybridIdentity.generate(), "a log")
    opening.confirm()
    opening.destroy_older()
    assert str(identity) not in everything_in(path)


def test_an_auditors_of_the_first_version_stays(path: Path) -> None:
    before = first_version(path, None, "auditor")
    assert load_keys(path, PASSPHRASE).identity is None
    assert path.read_bytes() == before


@pytest.mark.parametrize("spoil", [lambda data: data[:-1], lambda data: data[:400], lambda data: data + b"x"])
def test_a_file_that_was_cut_or_grew_is_none(spoil: Callable[[bytes], bytes], path: Path, made: MemberKeys) -> None:
    path.write_bytes(spoil(path.read_bytes()))
    with pytest.raises(KeyFileError):
        load_keys(path, PASSPHRASE)


def test_one_of_a_newer_version_is_said_to_be_that(path: Path) -> None:
    document = {"v": 3, "role": "reviewer", "name": "amina", "signing": "07" * 32}
    path.write_bytes(seal(json.dumps(document).encode(), [ScryptRecipient(PASSPHRASE, 4)]))
    with pytest.raises(KeyFileError, match="newer version"):
        load_keys(path, PASSPHRASE)
