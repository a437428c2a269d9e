"""Text of others as it may be shown: nothing in it can pretend to be other text, or cover it.

Some characters have no picture but change how others look: they turn letters around, or hide.
"""

import re
import unicodedata

_TURNING = {
    "\u202a": "LRE", "\u202b": "RLE", "\u202c": "PDF", "\u202d": "LRO", "\u202e": "RLO",
    "\u2066": "LRI", "\u2067": "RLI", "\u2068": "FSI", "\u2069": "PDI",
}  # fmt: skip
"""Embeddings, overrides and isolates (UAX #9), which make letters stand in another order than they are read."""

_TURNS = re.compile(f"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f{''.join(_TURNING)}]")
"""These, and the controls (category Cc) but for tabs and ends of lines. Every word of a page goes through this."""

_MOST_STACKED = 30
"""Signs without a place of their own, one upon the other: no text of any language has more (UAX #15, stream-safe)."""

_STACKED = re.compile(rf"[^\w\s]{{{_MOST_STACKED + 1},}}")
"""Where there may be more: a sign that stands upon another is no letter of a word."""

_INTERRUPTED = "⟦◌⟧"


def shown(text: str) -> str:
    """Text for a page: characters that turn others around, and those without a meaning there, stand as marks.

    What only says in which direction a neighbour is read (U+200E, U+200F, U+061C) stays: it misleads nobody in a text.
    A stack of accents is interrupted by marks: it would cover what stands around it, and keep a browser busy for ever.
    """
    return unstacked(_TURNS.sub(lambda found: mark(found[0]), text))


def unstacked(text: str) -> str:
    """A text with marks where signs stand upon each other in a stack."""
    return _STACKED.sub(_interrupted, text)


def mark(character: str) -> str:
    """What stands for a character that isn't shown."""
    return f"⟦{_TURNING.get(character, f'U+{ord(character):04X}')}⟧"


def _interrupted(run: re.Match[str]) -> str:
    parts, stacked = [], 0
    for character in run[0]:
        stacked = stacked + 1 if unicodedata.category(character) in ("Mn", "Me", "Mc", "Cf") else 0
        if stacked > _MOST_STACKED:
            parts.append(_INTERRUPTED)
            stacked = 1
        parts.append(character)
    return "".join(parts)
