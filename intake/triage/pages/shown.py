"""Text of strangers as it may be shown and saved: nothing in it can pretend to be other text, or another kind of file.

Some characters have no picture but change how others look: they turn letters around, or hide. Joiners stay: Persian and
many scripts of India are spelt with them, and emoji are put together by one.
"""

import re
import unicodedata

_JOINERS = "\u200c\u200d"
_TURNING = {
    "\u202a": "LRE", "\u202b": "RLE", "\u202c": "PDF", "\u202d": "LRO", "\u202e": "RLO",
    "\u2066": "LRI", "\u2067": "RLI", "\u2068": "FSI", "\u2069": "PDI",
}  # fmt: skip
"""Embeddings, overrides and isolates (UAX #9), which make letters stand in another order than they are read."""

_BLANK = "\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0"
"""Letters and signs that look like nothing."""

_TURNS = re.compile(f"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f{''.join(_TURNING)}]")
"""These, and the controls (category Cc) but for tabs and ends of lines. Every word of a page goes through this."""

_LONGEST = 180
"""Bytes of a saved name: file systems take 255, some programs add to it, and some folders encrypt names, which grow."""

_LONGEST_ENDING = 20
_RESERVED = re.compile(r"(?i)(con|prn|aux|nul|clock\$|conin\$|conout\$|(com|lpt)[0-9\u00b9\u00b2\u00b3])")
"""Names of devices on Windows, with any ending."""

_FORBIDDEN = re.compile(r'[<>:"|?*]')


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
    return _STACKED.sub(_interrupted, _TURNS.sub(lambda found: _mark(found[0]), text))


def shown_name(name: str) -> str:
    """A name for a page, in one line: every character without a picture stands as a mark, but for joiners."""
    marked = "".join(_mark(character) if _is_hidden(character) else character for character in name)
    return _STACKED.sub(_interrupted, marked)


def parts(name: str) -> tuple[str, str]:
    """A file's name as its stem and its true ending, so that a page can show the ending where endings stand.

    Beside letters that are read from the right, it may come to stand in front of them.
    """
    stem, dot, ending = name.rpartition(".")
    return (stem, dot + ending) if stem else (name, "")


def reads_from_right(text: str) -> bool:
    """Whether there is a letter in it beside which others may change their place."""
    return any(unicodedata.bidirectional(character) in ("R", "AL", "AN") for character in text)


def saved_name(name: str) -> str:
    """A name under which a file may be saved on any system: it leads nowhere, hides nothing, and keeps its ending."""
    last = name.replace("\\", "/").rpartition("/")[2]
    spaced = "".join(" " if _is_space(character) else character for character in last)
    plain = unicodedata.normalize("NFC", "".join(character for character in spaced if not _is_hidden(character)))
    plain = _FORBIDDEN.sub("_", re.sub(" +", " ", plain)).strip(" .")
    stem, ending = parts(plain)
    if len(ending.encode()) > _LONGEST_ENDING:
        # None that any system knows; cut to its beginning it might be one.
        stem, ending = plain.replace(".", "_"), ""
    stem = stem.encode()[: _LONGEST - len(ending.encode())].decode(errors="ignore").rstrip(" .")
    if _RESERVED.fullmatch(stem.partition(".")[0].strip()):
        stem = f"_{stem}"
    return f"{stem or 'file'}{ending}"


def _interrupted(run: re.Match[str]) -> str:
    parts, stacked = [], 0
    for character in run[0]:
        stacked = stacked + 1 if unicodedata.category(character) in ("Mn", "Me", "Mc", "Cf") else 0
        if stacked > _MOST_STACKED:
            parts.append(_INTERRUPTED)
            stacked = 1
        parts.append(character)
    return "".join(parts)


def _mark(character: str) -> str:
    return f"⟦{_TURNING.get(character, f'U+{ord(character):04X}')}⟧"


def _is_hidden(character: str) -> bool:
    unseen = unicodedata.category(character) in ("Cc", "Cf", "Cs", "Co", "Zl", "Zp") or character in _BLANK
    return unseen and character not in _JOINERS


def _is_space(character: str) -> bool:
    return unicodedata.category(character) == "Zs" or character in "\t\n\r"
