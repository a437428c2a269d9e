"""A member's private keys: in memory, and in a file that is sealed with a passphrase.

The file is two age files, one after the other. The first is sealed with the passphrase: the signing key, and a key for
the second, which holds the identities. So these are exchanged while nobody types the passphrase, and who takes the file
has none of those that were in it before. An auditor has no second one. In the first version the identity was in the
first part, and there was no other.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from errno import EPERM
from pathlib import Path
from typing import Any

from crypto.age import (
    AgeError,
    HybridIdentity,
    HybridRecipient,
    NoMatch,
    ScryptIdentity,
    ScryptRecipient,
    parse_identity,
    parse_recipient,
    read_header,
    seal,
    unseal,
)
from crypto.note import NoteError, SigningKey
from intake.durable import exchange_file, write_new
from intake.protocol.card import Card, Role, issue_card, require_fit
from intake.triage.keys.opening import Identities, OpeningKeys
from intake.triage.keys.passphrases import normal, spellings

SHORTEST_PASSPHRASE = 8
_BEGINS = b"age-encryption.org/v1\n"
_SEALED_WITH_PASSPHRASE = _BEGINS + b"-> scrypt "
_VERSION = 2


class KeyFileError(ValueError):
    """The key file can't be made or opened, in words for its owner."""


@dataclass(frozen=True, slots=True, repr=False)
class MemberKeys:
    """The private half of a member's card. `opening` opens reports; an auditor has none.

    `recovery`: what the keys are sealed to as well, of which the private half is on paper (`keys/recovery.py`).
    """

    role: Role
    signing: SigningKey
    opening: OpeningKeys | None
    recovery: HybridRecipient | None = None

    @property
    def identity(self) -> HybridIdentity | None:
        """The one whose recipient is on the card; an auditor has none."""
        return None if self.opening is None else self.opening.current

    @property
    def card(self) -> Card:
        """The public half."""
        return issue_card(self.role, self.signing, self.identity)

    def to_bytes(self) -> bytes:
        """All of them as JSON, to be sealed. Holds secrets."""
        opening = {} if self.opening is None else _of_identities(self.opening.kept)
        return json.dumps(_of_member(self) | opening).encode()


@dataclass(frozen=True, slots=True, repr=False)
class _Parts:
    """Both parts of a key file; the second is empty where there is none."""

    first: bytes
    second: bytes

    @property
    def data(self) -> bytes:
        return self.first + self.second


@dataclass(frozen=True, slots=True, repr=False)
class _Opened:
    """What a key file holds. `first`: its first part, sealed; `key`: that of the second, if there is one."""

    keys: MemberKeys
    first: bytes
    key: HybridIdentity | None


def parse_keys(data: bytes) -> MemberKeys:
    """Read what `to_bytes` wrote, of any version; `ValueError` for anything else."""
    try:
        document = json.loads(data)
        _require_known(document)
        if "v" not in document:
            identity = document["identity"] and _hybrid(document["identity"])
            return _member(document, OpeningKeys.of(identity) if identity else None)
        return _member(document, OpeningKeys(_identities_in(document)) if "identities" in document else None)
    except (AgeError, NoteError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError("not the keys of a member") from error


def make_keys(role: Role, name: str) -> MemberKeys:
    """New keys for a member of this name; `UnfitMemberError` if nobody may be called so."""
    require_fit(name)
    opening = OpeningKeys.of(HybridIdentity.generate()) if role.reads else None
    return MemberKeys(role, SigningKey.generate(name), opening)


def require_new(path: Path) -> None:
    """Raise `KeyFileError` if there is a file of this name."""
    if path.exists():
        raise _exists(path)


def write_card(path: Path, keys: MemberKeys) -> None:
    """Write the public half into a new file, never over another."""
    _write_new(path, keys.card.text.encode(), mode=0o644)


def write_recovery(path: Path, sealed: bytes) -> None:
    """Write a recovery file (`keys/recovery.py`), never over another file."""
    _write_new(path, sealed, mode=0o600)


def save_keys(path: Path, keys: MemberKeys, passphrase: str, work_factor: int = 18) -> None:
    """Write a new key file, readable by its owner only; never in the clear, never over another file."""
    _write_new(path, _sealed(keys, _chosen(passphrase, work_factor)).data, mode=0o600)


def replace_keys(path: Path, keys: MemberKeys, passphrase: str, work_factor: int = 18) -> None:
    """Put a member's keys in the place of those in a key file.

    Durably, and at no instant is there neither the one file nor the other. The old bytes are overwritten, as far as the
    file system writes where it wrote before. `KeyFileError` as for `save_keys`.
    """
    _exchange(path, _sealed(keys, _chosen(passphrase, work_factor)))


def change_passphrase(path: Path, old: str, new: Callable[[], str], work_factor: int = 18) -> None:
    """Seal what a key file holds with another passphrase, which is asked for once the old one has opened it.

    `KeyFileError` as for `change_keys`.
    """
    load_keys(path, old)
    change_keys(path, old, lambda keys: keys, new(), work_factor)


def change_keys(
    path: Path, old: str, change: Callable[[MemberKeys], MemberKeys], new: str, work_factor: int = 18
) -> None:
    """Change something about the keys in a file, as they are by now: `new` is the passphrase from then on.

    A program that has it open exchanges nothing in it from then on, until it is unlocked again. `KeyFileError` as for
    `load_keys` and `replace_keys`.
    """
    chosen = _chosen(new, work_factor)
    found = _opened(path, old)
    first, key = _first(change(found.keys), chosen)
    # Both took their time: what was exchanged meanwhile is not lost.
    kept = _kept_by_now(path, found)
    _exchange(path, _Parts(first, b"" if kept is None else _seal(kept, key)))


def _kept_by_now(path: Path, found: _Opened) -> Identities | None:
    """The identities in a file that was opened before; None for an auditor."""
    try:
        parts = _parts(path.read_bytes())
    except OSError as error:
        raise _unreadable(path, error) from error
    if parts.first != found.first:
        raise KeyFileError(f"{path} was changed by another program meanwhile: try again")
    if found.key is None:
        return None if found.keys.opening is None else found.keys.opening.kept
    try:
        return _identities_in(json.loads(unseal(parts.second, [found.key])))
    except (AgeError, ValueError) as error:
        raise _no_key_file(path) from error


def require_key_file(path: Path) -> None:
    """Raise `KeyFileError` unless the file is sealed with a passphrase, as key files are; needs no passphrase."""
    try:
        with path.open("rb") as file:
            header = read_header(file)
    except OSError as error:
        raise _unreadable(path, error) from error
    except AgeError:
        raise _no_key_file(path) from None
    if not header.startswith(_SEALED_WITH_PASSPHRASE):
        raise _no_key_file(path)


def load_keys(path: Path, passphrase: str) -> MemberKeys:
    """Open a key file; `KeyFileError` tells a wrong passphrase from something that is no key file.

    One of the first version becomes one of the second, unless it lies where nothing can be written.
    """
    opened = _opened(path, passphrase)
    if opened.keys.opening is None or opened.key is not None:
        return opened.keys
    work_factor = int(opened.first.partition(b"\n-> scrypt ")[2].partition(b"\n")[0].split()[1])
    first, key = _first(opened.keys, _sealed_with(normal(passphrase), work_factor))
    try:
        exchange_file(path, first + _seal(opened.keys.opening.kept, key))
    except OSError:
        # Such as on a stick: it opens all the same.
        return opened.keys
    return replace(opened.keys, opening=OpeningKeys(opened.keys.opening.kept, _keeper(path, first, key)))


def _opened(path: Path, passphrase: str) -> _Opened:
    require_key_file(path)
    identities = _identities(passphrase)
    try:
        parts = _parts(path.read_bytes())
        data = unseal(parts.first, identities)
        document = json.loads(data)
        _require_known(document)
        if "key" not in document:
            return _Opened(parse_keys(data), parts.first, None)
        key = _hybrid(document["key"])
        held = _identities_in(json.loads(unseal(parts.second, [key])))
        return _Opened(_member(document, OpeningKeys(held, _keeper(path, parts.first, key))), parts.first, key)
    except KeyFileError:
        raise
    except NoMatch:
        raise KeyFileError("the passphrase is not right") from None
    except OSError as error:
        raise _unreadable(path, error) from error
    except (AgeError, NoteError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise _no_key_file(path) from error


def _parts(data: bytes) -> _Parts:
    # What is sealed is random: no second file begins in it by chance.
    ends = data.find(_BEGINS, 1)
    return _Parts(data, b"") if ends < 0 else _Parts(data[:ends], data[ends:])


def _first(keys: MemberKeys, passphrase: ScryptRecipient) -> tuple[bytes, HybridIdentity]:
    """The first part of a file, sealed, and a new key for the second."""
    key = HybridIdentity.generate()
    held = {} if keys.opening is None else {"key": str(key)}
    return seal(json.dumps(_of_member(keys) | held).encode(), [passphrase]), key


def _sealed(keys: MemberKeys, passphrase: ScryptRecipient) -> _Parts:
    first, key = _first(keys, passphrase)
    return _Parts(first, b"" if keys.opening is None else _seal(keys.opening.kept, key))


def _exchange(path: Path, parts: _Parts) -> None:
    try:
        exchange_file(path, parts.data)
    except OSError as error:
        raise KeyFileError(f"{path} can't be written anew: {error.strerror}") from error


def _keeper(path: Path, first: bytes, key: HybridIdentity) -> Callable[[Identities], None]:
    """What writes the second part anew, durably; `OSError` if that can't be done."""

    def keep(identities: Identities) -> None:
        if _parts(path.read_bytes()).first != first:
            # Another passphrase, or sheets of paper: nobody takes that back, nor can seal for it.
            raise PermissionError(EPERM, "the key file was changed meanwhile: lock and unlock the program")
        exchange_file(path, first + _seal(identities, key))

    return keep


def _seal(identities: Identities, key: HybridIdentity) -> bytes:
    return seal(json.dumps(_of_identities(identities)).encode(), [key.recipient])


def _of_member(keys: MemberKeys) -> dict[str, object]:
    """All but the identities, for JSON."""
    document: dict[str, object] = {
        "v": _VERSION,
        "role": keys.role.value,
        "name": keys.signing.verifier.name,
        "signing": keys.signing.seed.hex(),
    }
    return document if keys.recovery is None else {**document, "recovery": str(keys.recovery)}


def _member(document: Mapping[str, Any], opening: OpeningKeys | None) -> MemberKeys:
    signing = SigningKey.from_seed(document["name"], bytes.fromhex(document["signing"]))
    recovery = parse_recipient(document["recovery"]) if document.get("recovery") else None
    if not isinstance(recovery, HybridRecipient | None):
        raise ValueError("a key of another kind")  # noqa: TRY004 - of a file, not of an argument
    return MemberKeys(Role(document["role"]), signing, opening, recovery)


def _of_identities(identities: Identities) -> dict[str, object]:
    return {
        "identities": list(map(str, identities.held)),
        "log": identities.log,
        "unsent": identities.unsent,
        "destroyed": identities.destroyed,
    }


def _identities_in(document: Mapping[str, Any]) -> Identities:
    held = tuple(map(_hybrid, document["identities"]))
    if not 1 + bool(document["unsent"]) <= len(held):
        raise ValueError("no identity")
    destroyed = tuple(map(str, document.get("destroyed", ())))
    return Identities(held, str(document["log"]), bool(document["unsent"]), destroyed)


def _hybrid(text: str) -> HybridIdentity:
    identity = parse_identity(text)
    if not isinstance(identity, HybridIdentity):
        raise ValueError("a key of another kind")  # noqa: TRY004 - of a file, not of an argument
    return identity


def _require_known(document: Mapping[str, Any]) -> None:
    if document.get("v", 1) > _VERSION:
        raise KeyFileError("this file is of a newer version of this program: bring this one up to date")


def _chosen(passphrase: str, work_factor: int) -> ScryptRecipient:
    chosen = normal(passphrase)
    if len(chosen) < SHORTEST_PASSPHRASE:
        raise KeyFileError(f"the passphrase must have at least {SHORTEST_PASSPHRASE} characters")
    return _sealed_with(chosen, work_factor)


def _sealed_with(passphrase: str, work_factor: int) -> ScryptRecipient:
    with suppress(AgeError):
        return ScryptRecipient(passphrase, work_factor)
    raise _no_passphrase()


def _identities(passphrase: str) -> Sequence[ScryptIdentity]:
    """One for each way in which the passphrase may have been taken; each costs the work of scrypt if it is wrong."""
    with suppress(AgeError):
        return [ScryptIdentity(spelling) for spelling in spellings(passphrase)]
    raise _no_passphrase()


def _no_passphrase() -> KeyFileError:
    return KeyFileError("the passphrase has characters that are none; this terminal may use another encoding")


def _exists(path: Path) -> KeyFileError:
    return KeyFileError(f"{path} exists already; keys and cards are never overwritten: name another file with -o")


def _unreadable(path: Path, error: OSError) -> KeyFileError:
    return KeyFileError(f"{path} can't be read: {error.strerror}")


def _no_key_file(path: Path) -> KeyFileError:
    return KeyFileError(f"{path} is not a key file of this program; 'intake key new' makes one")


def _write_new(path: Path, data: bytes, *, mode: int) -> None:
    try:
        write_new(path, data, mode=mode)
    except FileExistsError:
        raise _exists(path) from None
