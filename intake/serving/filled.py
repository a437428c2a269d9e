"""The head of an answer, filled up, so that its length tells nothing: neither what happened, nor who asked."""

HEAD_SIZE = 1 << 12
"""Bytes of a head, from the status line to the empty line; the largest there is takes three quarters of it."""

_NAME = "Filler: "


def filler(size: int, whole: int) -> str:
    """A header that brings a head of `size` bytes, its last line and its empty line included, to `whole` bytes.

    To twice as many, or four times …, where it doesn't fit. It says nothing.
    """
    least = size + len(f"{_NAME}\r\n")
    while whole < least:
        whole *= 2
    return f"{_NAME}{'.' * (whole - least)}\r\n"
