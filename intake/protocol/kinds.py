"""What an item is, as far as the server may know."""

import re
from enum import StrEnum


class Kind(StrEnum):
    """What an item is. `work`: whatever reviewers write for each other."""

    REPORT = "report"
    ADDITION = "addition"
    MESSAGE = "message"
    ABOUT = "about"
    DELETION = "deletion"
    CONTENT = "content"
    REPLY = "reply"
    WORK = "work"


KINDS = frozenset(kind.value for kind in Kind)
"""Those that this version knows."""

_WORD = re.compile(r"[a-z][a-z_]{0,15}")

BY_REVIEWERS = (Kind.REPLY, Kind.WORK)
"""What a reviewer can add."""


def is_kind(text: object) -> bool:
    """Whether this can be a kind, of this version or of one to come."""
    return isinstance(text, str) and _WORD.fullmatch(text) is not None
