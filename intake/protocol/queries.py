"""What requests say in their queries: written by who asks, read by the desk, and again by whoever reads the log.

Which query belongs to which route, and to whom, the table in `endpoints.py` says.
"""

import re
from dataclasses import dataclass

from intake.protocol.actions import ActionError
from intake.protocol.kinds import BY_REVIEWERS, Kind

ID = r"[0-9a-f]{32}"
DIGEST = r"[0-9a-f]{64}"
"""Of an object, and SHA-256 in hex, as expressions."""

NOTHING = r"\??"
FROM = r"\?from=([1-9][0-9]{0,14})"
HAVE = rf"\?have=({DIGEST})"
PURPOSE = rf"\?purpose=({ID})"
MADE = rf"\?payload=({DIGEST})&first=({DIGEST})"
MANIFEST = rf"\?manifest=({DIGEST})"
ADDED = rf"\?kind=({'|'.join(BY_REVIEWERS)})(?:&to=({DIGEST}))?"
"""The expressions that whole queries must match, each with what it says in groups."""


@dataclass(frozen=True, slots=True)
class Made:
    """What a reviewer makes a tip of: SHA-256 (hex) of the payload of its sealed summary, and of its first item."""

    payload: str
    first: str


def from_query(start: int) -> str:
    """The query of a request for an item from its byte `start` on, or for the log from this entry on; none for all."""
    return f"?from={start}" if start else ""


def first_wanted(query: str) -> int:
    """Where such a request wants to go on, 0 for all of it; `ActionError` for any other query."""
    return int(_said(FROM, query) or 0)


def purpose_query(item: str) -> str:
    """The query of the word that a tip was shown, for a purpose that this item says; none where it is empty."""
    return f"?purpose={item}" if item else ""


def purpose_said(query: str) -> str:
    """The item that such a query names, empty for none; `ActionError` for any other query."""
    return _said(PURPOSE, query)


def have_query(digest: str) -> str:
    """The query of a request for the days by somebody who keeps the list of this digest, or none if it is empty."""
    return f"?have={digest}" if digest else ""


def kept_digest(query: str) -> str:
    """The digest that such a query names, empty for none; `ActionError` for any other query."""
    return _said(HAVE, query)


def made_query(made: Made) -> str:
    """The query of a request that makes a tip."""
    return f"?payload={made.payload}&first={made.first}"


def what_was_made(query: str) -> Made:
    """What such a query says; `ActionError` for any other query."""
    made = re.fullmatch(MADE, query)
    if made is None:
        raise ActionError("unknown query")
    return Made(*made.groups())


def manifest_query(digest: str) -> str:
    """The query of a request of whose body the log holds a manifest of this digest (SHA-256, hex)."""
    return f"?manifest={digest}"


def add_query(kind: str, recipient: str) -> str:
    """The query of a request that adds something, sealed to a recipient of this digest (hex), if that is known."""
    return f"?kind={kind}&to={recipient}" if recipient else f"?kind={kind}"


def is_to_source(query: str) -> bool:
    """Whether such a query adds what the source can read."""
    added = re.fullmatch(ADDED, query)
    return added is not None and added[1] == Kind.REPLY


def _said(expression: str, query: str) -> str:
    """What a query says that may say nothing; `ActionError` for any that doesn't match."""
    if re.fullmatch(NOTHING, query):
        return ""
    said = re.fullmatch(expression, query)
    if said is None:
        raise ActionError("unknown query")
    return said[1]
