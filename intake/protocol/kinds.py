"""What an item is, as far as the server may know."""

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


BY_REVIEWERS = (Kind.REPLY, Kind.WORK)
"""What a reviewer can add."""
