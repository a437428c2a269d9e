"""The passphrase recipient type (section "The scrypt recipient type")."""

import re
import secrets
from collections.abc import Sequence
from contextlib import suppress

from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from crypto.age.errors import HeaderError, NoMatch
from crypto.age.header import Stanza
from crypto.age.primitives import WRAPPED_SIZE, FileKey, decode_base64, encode_base64, unwrap, wrap

TYPE = "scrypt"
USUAL_WORK_FACTOR = 18
LARGEST_WORK_FACTOR = 22
"""The most that is accepted from others, as in stock age: 4 GiB of memory and some 15 s."""

_SALT_SIZE = 16
_DOMAIN = b"age-encryption.org/v1/scrypt"
_WORK_FACTOR = re.compile(r"[1-9][0-9]*")


class ScryptRecipient:
    """Seals a file with a passphrase, and with nothing besides. `work_factor` is the logarithm of scrypt's N.

    `HeaderError` for a passphrase that UTF-8 has no bytes for, or a work factor out of bounds.
    """

    label = "scrypt"

    def __init__(self, passphrase: str, work_factor: int = USUAL_WORK_FACTOR) -> None:
        if not 1 <= work_factor <= LARGEST_WORK_FACTOR:
            raise HeaderError(f"the work factor must be from 1 to {LARGEST_WORK_FACTOR}")
        self._passphrase = _encoded(passphrase)
        self._work_factor = work_factor

    def __repr__(self) -> str:
        return "<ScryptRecipient>"

    def wrap(self, file_key: FileKey) -> Stanza:
        """A stanza that the passphrase opens."""
        salt = secrets.token_bytes(_SALT_SIZE)
        key = _derive(self._passphrase, salt, self._work_factor)
        return Stanza((TYPE, encode_base64(salt), str(self._work_factor)), wrap(key, file_key))


class ScryptIdentity:
    """Opens a file with a passphrase; `HeaderError` for one that UTF-8 has no bytes for."""

    def __init__(self, passphrase: str) -> None:
        self._passphrase = _encoded(passphrase)

    def __repr__(self) -> str:
        return "<ScryptIdentity>"

    def unwrap(self, stanzas: Sequence[Stanza]) -> FileKey:
        """The file key; `NoMatch` if the passphrase is another one, `HeaderError` if the stanza is malformed."""
        wanted = [stanza for stanza in stanzas if stanza.type == TYPE]
        if not wanted:
            raise NoMatch("the file is not sealed with a passphrase")
        file_key = self._unwrap(wanted[0])
        if file_key is None:
            raise NoMatch("the passphrase is not the one that the file was sealed with")
        return file_key

    def _unwrap(self, stanza: Stanza) -> FileKey | None:
        if len(stanza.arguments) != 3:
            raise HeaderError("an scrypt stanza has three arguments")
        salt, factor = decode_base64(stanza.arguments[1]), stanza.arguments[2]
        if len(salt) != _SALT_SIZE or len(stanza.body) != WRAPPED_SIZE:
            raise HeaderError("an scrypt stanza has a wrong length")
        if not _WORK_FACTOR.fullmatch(factor) or len(factor) > 2 or int(factor) > LARGEST_WORK_FACTOR:
            raise HeaderError("the work factor of an scrypt stanza is malformed or too large")
        return unwrap(_derive(self._passphrase, salt, int(factor)), stanza.body)


def require_alone(stanzas: Sequence[Stanza]) -> None:
    """Raise `HeaderError` where a passphrase is combined with anything: it must vouch for who sealed the file."""
    if len(stanzas) > 1 and any(stanza.type == TYPE for stanza in stanzas):
        raise HeaderError("a passphrase can't be combined with other recipients")


def _encoded(passphrase: str) -> bytes:
    with suppress(UnicodeEncodeError):
        return passphrase.encode()
    # Not while the other error is handled: that holds the passphrase.
    raise HeaderError("the passphrase has characters that are none, such as half of a surrogate pair")


def _derive(passphrase: bytes, salt: bytes, work_factor: int) -> bytes:
    return Scrypt(_DOMAIN + salt, 32, 2**work_factor, 8, 1).derive(passphrase)
