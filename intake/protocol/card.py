"""A card: the public half of a member's keys, as a signed note (C2SP signed-note) by the key it names.

The signature shows that whoever made the card holds the key. The same text is handed to the operator, enrolled in the
log, and read by every program that seals or verifies.
"""

import hashlib
import textwrap
import unicodedata
from dataclasses import dataclass
from enum import StrEnum

from crypto.age import AgeError, HybridIdentity, HybridRecipient, parse_recipient
from crypto.note import Note, NoteError, SigningKey, Verifier, parse_note, parse_verifier
from crypto.spoken import spoken
from intake.protocol.entry import OPERATOR
from intake.protocol.names import UnfitNameError, alike, require_plain

LONGEST_NAME = 64

_TITLE = "intake card v1"


class CardError(ValueError):
    """Not a card, or not signed by the key that it names."""


class UnfitMemberError(CardError):
    """Nobody may be called so."""


class NotACardError(CardError):
    """Not a card, or not all of one: copied by halves, or changed on its way."""

    def __init__(self) -> None:
        super().__init__("this is not a card, or not all of one: ask for it once more, as a file or with whole lines")


class Role(StrEnum):
    """What a member may do: reviewers open reports, auditors only read the log.

    A lead is a reviewer who also approves what takes more than one: exports and deletions.
    """

    REVIEWER = "reviewer"
    AUDITOR = "auditor"
    LEAD = "lead"

    @property
    def reads(self) -> bool:
        """Whether reports are sealed to such a member, who then is a reviewer for all that reviewers do."""
        return self is not Role.AUDITOR

    @property
    def noun(self) -> str:
        """One of them, in a sentence."""
        return f"{'an' if self is Role.AUDITOR else 'a'} {self.value}"


@dataclass(frozen=True, slots=True)
class Card:
    """A verified card. `recipient` is what reports are sealed to, for a reviewer; `text` is the note itself."""

    role: Role
    name: str
    verifier: Verifier
    recipient: HybridRecipient | None
    text: str

    @property
    def key_id(self) -> str:
        """32 hex digits that name the signing key in requests and in the log."""
        return key_id(self.verifier)

    @property
    def fingerprint(self) -> str:
        """The same digits in groups of four, to be read aloud."""
        return " ".join(textwrap.wrap(self.key_id, 4))

    @property
    def words(self) -> str:
        """The same as twelve words, which are read aloud with fewer mistakes."""
        return " ".join(spoken(bytes.fromhex(self.key_id)))


def key_id(verifier: Verifier) -> str:
    """The first 128 bits of the SHA-256 of an Ed25519 public key, in hex."""
    return hashlib.sha256(verifier.public_key).digest()[:16].hex()


def issue_card(role: Role, key: SigningKey, identity: HybridIdentity | None) -> Card:
    """The card of a member who holds `key` and, if they read, `identity`; `UnfitMemberError` for an unfit name."""
    require_fit(key.verifier.name)
    lines = [_TITLE, f"role: {role}", f"key: {key.verifier}"]
    if identity is not None:
        lines.append(f"recipient: {identity.recipient}")
    text = "\n".join(lines) + "\n"
    return parse_card(bytes(Note(text, (key.sign(text),))).decode())


def parse_card(text: str) -> Card:
    """Read a card and verify its signature; `CardError` says what is wrong with it."""
    try:
        note = parse_note(text.encode())
        verifier = parse_verifier(_values(note.text)["key"])
        verifier.verify(note)
        return _card(_values(note.text), verifier, text)
    except CardError:
        raise
    except (NoteError, AgeError, KeyError, ValueError) as error:
        raise NotACardError from error


def _card(values: dict[str, str], verifier: Verifier, text: str) -> Card:
    _require_name(verifier.name)
    role = Role(values["role"])
    recipient = _hybrid(values["recipient"]) if role.reads else None
    if values.keys() != ({"role", "key", "recipient"} if recipient else {"role", "key"}):
        raise CardError("the card has a line that it should not have")
    return Card(role=role, name=verifier.name, verifier=verifier, recipient=recipient, text=text)


def _require_name(name: str) -> None:
    """Raise `UnfitMemberError` for a name that would show as another, as none, or as the operator's."""
    if not 1 <= len(name) <= LONGEST_NAME:
        raise UnfitMemberError(f"a name has 1 to {LONGEST_NAME} characters")
    if any(unicodedata.category(character)[0] in "CZ" for character in name):
        raise UnfitMemberError("a name may have no spaces and no characters that don't show")
    if name.casefold() == OPERATOR:
        raise UnfitMemberError(f"nobody may be called {OPERATOR}: the log calls the server so")


def require_fit(name: str) -> None:
    """Raise `UnfitMemberError` unless a new member may be called so; older ones may have been enrolled otherwise."""
    _require_name(name)
    try:
        require_plain(name)
    except UnfitNameError as error:
        raise UnfitMemberError(str(error)) from error
    if alike(name, OPERATOR):
        raise UnfitMemberError(f"nobody may be called {OPERATOR}, or what looks like it: the log calls the server so")


def _hybrid(text: str) -> HybridRecipient:
    recipient = parse_recipient(text)
    if not isinstance(recipient, HybridRecipient):
        raise CardError("a reviewer's recipient must be a post-quantum one (age1pq1…)")
    return recipient


def _values(text: str) -> dict[str, str]:
    title, *lines = text.removesuffix("\n").split("\n")
    pairs = [line.partition(": ") for line in lines]
    values = {name: value for name, _, value in pairs}
    if title != _TITLE or len(values) != len(pairs):
        raise NotACardError
    return values
