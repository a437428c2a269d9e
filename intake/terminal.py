"""What the terminal gets: all of it, whatever it can show, and nothing that changes how it is read."""

import io
import sys

_JOINERS = "\u200c\u200d"
"""Invisible, but Persian and other scripts are misspelt without them; they move nothing."""


def shown(text: str) -> str:
    """A text from elsewhere as a part of one line.

    What doesn't print is escaped: a line break, a terminal's command, a mark that turns the order of what follows.
    """
    return "".join(
        character if character.isprintable() or character in _JOINERS else _escaped(character) for character in text
    )


def keep_output_whole() -> None:
    """From now on, what standard output or error has no character for is escaped there, too, and ends nothing."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def _escaped(character: str) -> str:
    return character.encode("unicode_escape").decode()
