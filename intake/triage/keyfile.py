"""A member's private keys: in memory, and in a file that is sealed with a passphrase."""

import json
import os
from dataclasses import dataclass
from pathlib import Path

from crypto.age import (
    AgeError,
    HybridIdentity,
    NoMatch,
    ScryptIdentity,
    ScryptRecipient,
    parse_identity,
    seal,
    unseal,
)
from crypto.note import NoteError, SigningKey
from intake.protocol.card import Card, Role, issue_card

SHORTEST_PASSPHRASE = 8


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
    """New keys for a member of this name; `KeyFileError` if the name can't be one."""
    try:
        signing = SigningKey.generate(name)
    except NoteError as error:
        raise KeyFileError(str(error)) from error
    return MemberKeys(role, signing, HybridIdentity.generate() if role is Role.REVIEWER else None)


def save_keys(path: Path, keys: MemberKeys, passphrase: str, work_factor: int = 18) -> None:
    """Write a new key file, readable by its owner only; never in the clear, never over another file."""
    if len(passphrase) < SHORTEST_PASSPHRASE:
        raise KeyFileError(f"the passphrase must have at least {SHORTEST_PASSPHRASE} characters")
    document = {
        "role": keys.role.value,
        "name": keys.signing.verifier.name,
        "signing": keys.signing.seed.hex(),
        "identity": None if keys.identity is None else str(keys.identity),
    }
    sealed = seal(json.dumps(document).encode(), [ScryptRecipient(passphrase, work_factor)])
    try:
        descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    except FileExistsError:
        raise KeyFileError(f"{path} exists already; keys are never overwritten") from None
    with os.fdopen(descriptor, "wb") as file:
        file.write(sealed)


def load_keys(path: Path, passphrase: str) -> MemberKeys:
    """Open a key file; `KeyFileError` tells a wrong passphrase from something that is no key file."""
    try:
        document = json.loads(unseal(path.read_bytes(), [ScryptIdentity(passphrase)]))
        identity = document["identity"] and parse_identity(document["identity"])
        if not isinstance(identity, HybridIdentity | None):
            raise KeyFileError(f"{path} holds a key of another kind")
        signing = SigningKey.from_seed(document["name"], bytes.fromhex(document["signing"]))
        return MemberKeys(Role(document["role"]), signing, identity)
    except NoMatch:
        raise KeyFileError("the passphrase is not right") from None
    except (AgeError, NoteError, ValueError, KeyError, TypeError, OSError) as error:
        raise KeyFileError(f"{path} is not a key file of this program") from error
