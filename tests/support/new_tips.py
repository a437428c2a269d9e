"""Tips as a reviewer's program sends them to the desk, and requests for them."""

import secrets
from collections.abc import Sequence

from crypto.age import HybridIdentity, HybridRecipient, seal, split
from intake.protocol.endpoints import MAKE
from intake.protocol.newtip import NewTip
from intake.protocol.queries import made_query


def new_tip(readers: Sequence[HybridRecipient], content: bytes = b"summary") -> NewTip:
    """A tip with nothing in it that anybody could read, sealed to these."""
    summary, identity = split(seal(content, readers)), HybridIdentity.generate()
    return NewTip(
        recipient=str(identity.recipient),
        lookup=secrets.token_hex(32),
        header=summary.header,
        payload=summary.payload,
        chain=secrets.token_bytes(100),
        first=seal(b"first", [identity.recipient]),
    )


def path_of(new: NewTip, tip: str, item: str) -> str:
    """Where it is sent, with its query."""
    return MAKE.at(tip=tip, item=item) + made_query(new.made)
