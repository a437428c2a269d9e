"""A member's private keys: in memory, and in a file that is sealed with a passphrase."""

import json
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

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
from intake.triage.keys.passphrases import normal, spellings

SHORTEST_PASSPHRASE = 8
_SEALED_WITH_PASSPHRASE = b"age-encryption.org/v1\n-> scrypt "


class KeyFileError(ValueError):
    """The key file can't be made or opened, in words for its owner."""


@dataclass(frozen=True, slots=True, repr=False)
class MemberKeys:
    """The private half of a member's card. `identity` opens reports; an auditor has none.

    `recovery`: what the keys are sealed to as well, of which the private half is on paper (`keys/recovery.py`).
    """

    role: Role
    signing: SigningKey
    identity: HybridIdentity | None
    recovery: HybridRecipient | None = None

    @property
    def card(self) -> Card:
        """The public half."""
        return issue_card(self.role, self.signing, self.identity)

    def to_bytes(self) -> bytes:
        """As JSON, to be sealed. Holds secrets."""
        document = {
            "role": self.role.value,
            "name": self.signing.verifier.name,
            "signing": self.signing.seed.hex(),
            "identity": None if self.identity is None else str(self.identity),
        }
        if self.recovery is not None:
            document["recovery"] = str(self.recovery)
        return json.dumps(document).encode()


def parse_keys(data: bytes) -> MemberKeys:
    """Read what `to_bytes` wrote; `ValueError` for anything else."""
    try:
        document = json.loads(data)
        identity = document["identity"] and parse_identity(document["identity"])
        recovery = document.get("recovery") and parse_recipient(document["recovery"])
        signing = SigningKey.from_seed(document["name"], bytes.fromhex(document["signing"]))
        role = Role(document["role"])
    except (AgeError, NoteError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError("not the keys of a member") from error
    if not isinstance(identity, HybridIdentity | None) or not isinstance(recovery, HybridRecipient | None):
        raise ValueError("keys of another kind")  # noqa: TRY004 - of a file, not of an argument
    return MemberKeys(role, signing, identity, recovery)


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


def write_recovery(path: Path, sealed: bytes) -> None:
    """Write a recovery file (`keys/recovery.py`), never over another file."""
    _write_new(path, sealed, mode=0o600)


def save_keys(path: Path, keys: MemberKeys, passphrase: str, work_factor: int = 18) -> None:
    """Write a new key file, readable by its owner only; never in the clear, never over another file."""
    _write_new(path, _sealed(keys, passphrase, work_factor), mode=0o600)


def replace_keys(path: Path, keys: MemberKeys, passphrase: str, work_factor: int = 18) -> None:
    """Put a member's keys as they are now in the place of those in a key file.

    Durably, and at no instant is there neither the one file nor the other. The old bytes are overwritten, as far as the
    file system writes where it wrote before. `KeyFileError` as for `save_keys`.
    """
    try:
        exchange_file(path, _sealed(keys, passphrase, work_factor))
    except OSError as error:
        raise KeyFileError(f"{path} can't be written anew: {error.strerror}") from error


def _sealed(keys: MemberKeys, passphrase: str, work_factor: int) -> bytes:
    chosen = normal(passphrase)
    if len(chosen) < SHORTEST_PASSPHRASE:
        raise KeyFileError(f"the passphrase must have at least {SHORTEST_PASSPHRASE} characters")
    return seal(keys.to_bytes(), [_sealed_with(chosen, work_factor)])


def change_passphrase(path: Path, old: str, new: Callable[[], str], work_factor: int = 18) -> None:
    """Seal what a key file holds with another passphrase, which is asked for once the old one has opened it.

    `KeyFileError` as for `load_keys` and `replace_keys`.
    """
    keys = load_keys(path, old)
    replace_keys(path, keys, new(), work_factor)


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
        return parse_keys(unseal(path.read_bytes(), identities))
    except NoMatch:
        raise KeyFileError("the passphrase is not right") from None
    except OSError as error:
        raise _unreadable(path, error) from error
    except (AgeError, ValueError) as error:
        raise _no_key_file(path) from error


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
