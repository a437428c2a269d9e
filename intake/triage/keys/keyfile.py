"""A member's private keys: in memory, and in a file that is sealed with a passphrase."""

import json
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from crypto.age import (
    AgeError,
    HybridIdentity,
    NoMatch,
    ScryptIdentity,
    ScryptRecipient,
    parse_identity,
    read_header,
    seal,
    unseal,
)
from crypto.note import NoteError, SigningKey
from intake.durable import exchange_file, write_new
from intake.protocol.card import Card, Role, issue_card, require_fit
from intake.triage.keys.passphrases import normal, spellings

SHORTEST_PASSPHRASE = 8
_SEALED_WITH_PASSPHRASE = b"age-encryption.org/v1\n-> scrypt "


class KeyFileError(ValueError):
    """The key file can't be made or opened, in words for its owner."""


@dataclass(frozen=True, slots=True, repr=False)
class MemberKeys:
    """The private half of a member's card. `identity` opens reports; an auditor has none."""

    role: Role
    signing: SigningKey
    identity: HybridIdentity | None

    @property
    def card(self) -> Card:
        """The public half."""
        return issue_card(self.role, self.signing, self.identity)


def make_keys(role: Role, name: str) -> MemberKeys:
    """New keys for a member of this name; `UnfitMemberError` if nobody may be called so."""
    require_fit(name)
    return MemberKeys(role, SigningKey.generate(name), HybridIdentity.generate() if role.reads else None)


def require_new(path: Path) -> None:
    """Raise `KeyFileError` if there is a file of this name."""
    if path.exists():
        raise _exists(path)


def write_card(path: Path, keys: MemberKeys) -> None:
    """Write the public half into a new file, never over another."""
    _write_new(path, keys.card.text.encode(), mode=0o644)


def save_keys(path: Path, keys: MemberKeys, passphrase: str, work_factor: int = 18) -> None:
    """Write a new key file, readable by its owner only; never in the clear, never over another file."""
    document = {
        "role": keys.role.value,
        "name": keys.signing.verifier.name,
        "signing": keys.signing.seed.hex(),
        "identity": None if keys.identity is None else str(keys.identity),
    }
    _write_new(path, _seal(json.dumps(document).encode(), passphrase, work_factor), mode=0o600)


def change_passphrase(path: Path, old: str, new: Callable[[], str], work_factor: int = 18) -> None:
    """Seal what a key file holds with another passphrase, which is asked for once the old one has opened it.

    Durably, and at no instant is there neither the one file nor the other. The old bytes are overwritten, as far as the
    file system writes where it wrote before. `KeyFileError` as for `load_keys` and `save_keys`.
    """
    load_keys(path, old)
    try:
        document = unseal(path.read_bytes(), _identities(old))
        exchange_file(path, _seal(document, new(), work_factor))
    except OSError as error:
        raise KeyFileError(f"{path} can't be written anew: {error.strerror}") from error


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
    """Open a key file; `KeyFileError` tells a wrong passphrase from something that is no key file."""
    require_key_file(path)
    identities = _identities(passphrase)
    try:
        document = json.loads(unseal(path.read_bytes(), identities))
        identity = document["identity"] and parse_identity(document["identity"])
        if not isinstance(identity, HybridIdentity | None):
            raise KeyFileError(f"{path} holds a key of another kind")
        signing = SigningKey.from_seed(document["name"], bytes.fromhex(document["signing"]))
        return MemberKeys(Role(document["role"]), signing, identity)
    except NoMatch:
        raise KeyFileError("the passphrase is not right") from None
    except OSError as error:
        raise _unreadable(path, error) from error
    except (AgeError, NoteError, ValueError, KeyError, TypeError) as error:
        raise _no_key_file(path) from error


def _seal(document: bytes, passphrase: str, work_factor: int) -> bytes:
    chosen = normal(passphrase)
    if len(chosen) < SHORTEST_PASSPHRASE:
        raise KeyFileError(f"the passphrase must have at least {SHORTEST_PASSPHRASE} characters")
    return seal(document, [_sealed_with(chosen, work_factor)])


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
    return KeyFileError(f"{path} exists already; keys and cards are never overwritten")


def _unreadable(path: Path, error: OSError) -> KeyFileError:
    return KeyFileError(f"{path} can't be read: {error.strerror}")


def _no_key_file(path: Path) -> KeyFileError:
    return KeyFileError(f"{path} is not a key file of this program; 'intake key new' makes one")


def _write_new(path: Path, data: bytes, *, mode: int) -> None:
    try:
        write_new(path, data, mode=mode)
    except FileExistsError:
        raise _exists(path) from None
