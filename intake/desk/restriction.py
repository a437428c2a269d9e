"""Whom a tip is restricted to, as the store has it: key ids with a space between two, or none where it is for all."""


def is_for(readers: str | None, who: str) -> bool:
    """Whether a reviewer (key id) is one of those to whom a tip is restricted, if it is."""
    return readers is None or who in readers.split()
