"""A member's private keys: in memory, and in a file that is sealed with a passphrase.

The file is two age files, one after the other. The first is sealed with the passphrase: the signing key, and a key for
the second, which holds the identities. So these are exchanged while nobody types the passphrase, and who takes the file
has none of those that were in it before. In the first version the identity was in the first part, and there was no
other.
"""

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
from intake.durable import replace_secret, write_new
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
    """The private half of a member's card. `opening` opens reports; an auditor has none."""

    role: Role
    signing: SigningKey
    opening: OpeningKeys | None

    @property
    def identity(self) -> HybridIdentity | None:
        """The one whose recipient is on the card; an auditor has none."""
        return None if self.opening is None else self.opening.current

    @property
    def card(self) -> Card:
        """The public half."""
        return issue_card(self.role, self.signing, self.identity)


def make_keys(role: Role, name: str) -> MemberKeys:
    """New keys for a member of this name; `UnfitMemberError` if nobody may be called so."""
    require_fit(name)
    opening = OpeningKeys.of(HybridIdentity.generate()) if role is Role.REVIEWER else None
    return MemberKeys(role, SigningKey.generate(name), opening)


def require_new(path: Path) -> None:
    """Raise `KeyFileError` if there is a file of this name."""
    if path.exists():
        raise _exists(path)


def write_card(path: Path, keys: MemberKeys) -> None:
    """Write the public half into a new file, never over another."""
    _write_new(path, keys.card.text.encode(), mode=0o644)


def save_keys(path: Path, keys: MemberKeys, passphrase: str, work_factor: int = 18) -> None:
    """Write a new key file, readable by its owner only; never in the clear, never over another file."""
    chosen = normal(passphrase)
    if len(chosen) < SHORTEST_PASSPHRASE:
        raise KeyFileError(f"the passphrase must have at least {SHORTEST_PASSPHRASE} characters")
    _write_new(path, _sealed(keys, _sealed_with(chosen, work_factor))[0], mode=0o600)


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
        data = path.read_bytes()
        # What is sealed is random: no second file begins in it by chance.
        ends = data.find(_BEGINS, 1)
        first, second = (data, b"") if ends < 0 else (data[:ends], data[ends:])
        document = json.loads(unseal(first, identities))
        signing = SigningKey.from_seed(document["name"], bytes.fromhex(document["signing"]))
        role = Role(document["role"])
        _require_known(path, document.get("v", 1))
        if "v" not in document:
            return _of_first_version(path, role, signing, document["identity"], first, passphrase)
        if role is not Role.REVIEWER:
            return MemberKeys(role, signing, None)
        key = _hybrid(document["key"])
        held = _parse_identities(unseal(second, [key]))
        return MemberKeys(role, signing, OpeningKeys(held, _keeper(path, first, key)))
    except KeyFileError:
        raise
    except NoMatch:
        raise KeyFileError("the passphrase is not right") from None
    except OSError as error:
        raise _unreadable(path, error) from error
    except (AgeError, NoteError, ValueError, KeyError, TypeError) as error:
        raise _no_key_file(path) from error


def _of_first_version(
    path: Path, role: Role, signing: SigningKey, identity: str | None, first: bytes, passphrase: str
) -> MemberKeys:
    """The keys in a file of the first version, which is made one of the second while its passphrase is known."""
    if identity is None:
        return MemberKeys(role, signing, None)
    keys = MemberKeys(role, signing, OpeningKeys.of(_hybrid(identity)))
    work_factor = int(first.partition(b"\n-> scrypt ")[2].partition(b"\n")[0].split()[1])
    sealed, keep = _sealed(keys, _sealed_with(normal(passphrase), work_factor), path)
    try:
        replace_secret(path, sealed)
    except OSError:
        # It lies where nothing can be written, such as on a stick: it opens all the same.
        return keys
    return MemberKeys(role, signing, OpeningKeys(Identities((_hybrid(identity),)), keep))


def _sealed(
    keys: MemberKeys, passphrase: ScryptRecipient, path: Path | None = None
) -> tuple[bytes, Callable[[Identities], None] | None]:
    """Both parts of a key file, and what writes the second one anew if it is told where."""
    key = HybridIdentity.generate()
    document = {
        "v": _VERSION,
        "role": keys.role.value,
        "name": keys.signing.verifier.name,
        "signing": keys.signing.seed.hex(),
        "key": str(key),
    }
    first = seal(json.dumps(document).encode(), [passphrase])
    if keys.opening is None:
        return first, None
    second = _seal_identities(Identities(keys.opening.identities), key)
    return first + second, None if path is None else _keeper(path, first, key)


def _keeper(path: Path, first: bytes, key: HybridIdentity) -> Callable[[Identities], None]:
    """What writes the second part anew, durably."""

    def keep(identities: Identities) -> None:
        replace_secret(path, first + _seal_identities(identities, key))

    return keep


def _seal_identities(identities: Identities, key: HybridIdentity) -> bytes:
    document = {
        "identities": [str(identity) for identity in identities.held],
        "log": identities.log,
        "unsent": identities.unsent,
    }
    return seal(json.dumps(document).encode(), [key.recipient])


def _parse_identities(data: bytes) -> Identities:
    document = json.loads(data)
    held = tuple(map(_hybrid, document["identities"]))
    if not 1 + bool(document["unsent"]) <= len(held):
        raise ValueError("no identity")
    return Identities(held, str(document["log"]), bool(document["unsent"]))


def _hybrid(text: str) -> HybridIdentity:
    identity = parse_identity(text)
    if not isinstance(identity, HybridIdentity):
        raise ValueError("a key of another kind")  # noqa: TRY004 - what the file says is wrong, not what calls this
    return identity


def _require_known(path: Path, version: int) -> None:
    if version > _VERSION:
        raise KeyFileError(f"{path} is of a newer version of this program: bring this one up to date")


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
