"""How long work shows how far it is, if anywhere."""

from collections.abc import Callable, Iterable

Progress = Callable[[Iterable[int], str], Iterable[int]]
"""Gives the steps on, one by one, and shows them under these words."""


def no_progress(steps: Iterable[int], _says: str) -> Iterable[int]:
    """Show nothing."""
    return steps
