"""A member's card with another recipient: what is sealed to them from now on, only a newer key opens.

The body of the request begins with what the log holds: which recipient is replaced, and the new card. After a zero byte
follows the handover, which the log doesn't hold: the new identity, sealed to the one before, for the member's other
machines.
"""

import re
from dataclasses import dataclass
from hashlib import sha256

from crypto.age import HybridRecipient
from intake.protocol.actions import ActionError
from intake.protocol.card import Card, CardError, parse_card
from intake.protocol.manifest import END, manifest_in

_REPLACES = re.compile(r"replaces ([0-9a-f]{64})")


@dataclass(frozen=True, slots=True)
class Rekey:
    """`replaces`: SHA-256 (hex) of the recipient, as text, that the card had before: of two machines one is first."""

    card: Card
    replaces: str

    def to_bytes(self) -> bytes:
        """As the log holds it."""
        return f"replaces {self.replaces}\n{self.card.text}".encode()

    @property
    def objects(self) -> tuple[str, ...]:
        """The objects, as the log names them."""
        return (f"member/{self.card.key_id}",)


def digest_of(recipient: HybridRecipient) -> str:
    """What a recipient is named by."""
    return sha256(str(recipient).encode()).hexdigest()


def parse_rekey(data: bytes) -> Rekey:
    """Read what the log holds of such a body; `ActionError` unless it is that, of a card with a recipient."""
    first, _, text = data.decode("utf-8", "replace").partition("\n")
    replaces = _REPLACES.fullmatch(first)
    try:
        card = parse_card(text)
    except CardError as error:
        raise ActionError(str(error)) from error
    if replaces is None or card.recipient is None:
        raise ActionError("this replaces no recipient")
    rekey = Rekey(card, replaces[1])
    if rekey.to_bytes() != data:
        raise ActionError("this replaces no recipient")
    return rekey


def body_of(rekey: Rekey, handover: bytes) -> bytes:
    """The body to send. `handover`: an age file to the recipient that is replaced."""
    return rekey.to_bytes() + END + handover


def handover_in(body: bytes) -> bytes:
    """The handover in such a body."""
    return body[len(manifest_in(body)) + len(END) :]
