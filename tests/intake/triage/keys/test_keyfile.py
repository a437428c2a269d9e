"""The key file: identities in it are exchanged without its passphrase, and those that were are not in it any more."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from crypto.age import (
    HybridIdentity,
    HybridRecipient,
    NoMatch,
    ScryptIdentity,
    ScryptRecipient,
    parse_identity,
    seal,
    unseal,
)
from intake.protocol.card import Role
from intake.triage.keys.keyfile import (
    KeyFileError,
    MemberKeys,
    change_keys,
    change_passphrase,
    load_keys,
    make_keys,
    save_keys,
)
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
    assert overwritten == bytes(len(held))


def test_only_its_owner_reads_it(path: Path, made: MemberKeys) -> None:
    opening_of(path).begin(HybridIdentity.generate(), "a log")
    assert path.stat().st_mode & 0o777 == 0o600


def first_version(
    path: Path, identity: HybridIdentity | None, role: str = "reviewer", paper: HybridRecipient | None = None
) -> bytes:
    """A key file as programs wrote it that never exchanged anything."""
    document = {"role": role, "name": "amina", "signing": "07" * 32, "identity": identity and str(identity)}
    if paper is not None:
        document["recovery"] = str(paper)
    path.write_bytes(seal(json.dumps(document).encode(), [ScryptRecipient(PASSPHRASE, 4)]))
    return path.read_bytes()


def test_one_of_the_first_version_becomes_one_of_the_second_when_it_is_opened(path: Path) -> None:
    identity = HybridIdentity.generate()
    paper = HybridIdentity.generate().recipient
    before = first_version(path, identity, paper=paper)
    with pytest.raises(KeyFileError):
        load_keys(path, "another passphrase")
    assert path.read_bytes() == before
    first = load_keys(path, PASSPHRASE)
    assert path.read_bytes() != before
    again = load_keys(path, PASSPHRASE)
    assert first.card == again.card
    assert (first.recovery, again.recovery) == (paper, paper)
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


def test_another_passphrase_changes_nothing_else(path: Path, made: MemberKeys) -> None:
    """The first step of an exchange is taken while somebody thinks about the new passphrase."""
    new, before = HybridIdentity.generate(), opening_of(path)

    def think() -> str:
        before.begin(new, "a log")
        return "another passphrase"

    change_passphrase(path, PASSPHRASE, think, work_factor=4)
    with pytest.raises(KeyFileError, match="not right"):
        load_keys(path, PASSPHRASE)
    opening = load_keys(path, "another passphrase").opening
    assert opening is not None
    assert texts(opening) == [str(new), str(made.identity)]
    assert (str(opening.unsent), opening.may_begin("another log")) == (str(new), False)


def test_a_program_that_has_it_open_takes_no_new_passphrase_back(path: Path, made: MemberKeys) -> None:
    opening = opening_of(path)
    change_passphrase(path, PASSPHRASE, lambda: "another passphrase", work_factor=4)
    changed = path.read_bytes()
    with pytest.raises(PermissionError, match="changed meanwhile"):
        opening.begin(HybridIdentity.generate(), "a log")
    assert (path.read_bytes(), texts(opening)) == (changed, [str(made.identity)])


def test_a_change_to_one_of_the_first_version_loses_nothing(path: Path) -> None:
    identity = HybridIdentity.generate()
    first_version(path, identity)
    change_keys(path, PASSPHRASE, lambda keys: keys, "another passphrase", work_factor=4)
    assert str(load_keys(path, "another passphrase").identity) == str(identity)


def test_an_auditor_may_choose_another_passphrase(path: Path) -> None:
    keys = make_keys(Role.AUDITOR, "carla")
    save_keys(path, keys, PASSPHRASE, work_factor=4)
    change_passphrase(path, PASSPHRASE, lambda: "another passphrase", work_factor=4)
    assert load_keys(path, "another passphrase").card == keys.card


def test_what_is_on_paper_is_named_in_it_and_stays_with_each_exchange(path: Path, made: MemberKeys) -> None:
    paper = HybridIdentity.generate().recipient
    change_keys(path, PASSPHRASE, lambda keys: replace(keys, recovery=paper), PASSPHRASE, work_factor=4)
    opening_of(path).begin(HybridIdentity.generate(), "a log")
    assert load_keys(path, PASSPHRASE).recovery == paper


def test_who_has_the_key_of_the_old_second_part_opens_no_new_one(path: Path, made: MemberKeys) -> None:
    def parts(passphrase: str) -> tuple[str, bytes]:
        data = path.read_bytes()
        ends = data.find(b"age-encryption.org/v1\n", 1)
        return json.loads(unseal(data[:ends], [ScryptIdentity(passphrase)]))["key"], data[ends:]

    key, _ = parts(PASSPHRASE)
    change_passphrase(path, PASSPHRASE, lambda: "another passphrase", work_factor=4)
    _, second = parts("another passphrase")
    with pytest.raises(NoMatch):
        unseal(second, [parse_identity(key)])


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
