"""A file's name as it may be shown and saved: it can't pretend to be another kind of file, nor lead anywhere.

Joiners stay: Persian and many scripts of India are spelt with them, and emoji are put together by one.
"""

import re
import unicodedata

from intake.languages.shown import mark, unstacked

_JOINERS = "\u200c\u200d"
_BLANK = "\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0"
"""Letters and signs that look like nothing."""

_LONGEST = 180
"""Bytes of a saved name: file systems take 255, some programs add to it, and some folders encrypt names, which grow."""

_LONGEST_ENDING = 20
_RESERVED = re.compile(r"(?i)(con|prn|aux|nul|clock\$|conin\$|conout\$|(com|lpt)[0-9\u00b9\u00b2\u00b3])")
"""Names of devices on Windows, with any ending."""

_FORBIDDEN = re.compile(r'[<>:"|?*]')


def shown_name(name: str) -> str:
    """A name for a page, in one line: every character without a picture stands as a mark, but for joiners."""
    return unstacked("".join(mark(character) if _is_hidden(character) else character for character in name))


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


def _is_hidden(character: str) -> bool:
    unseen = unicodedata.category(character) in ("Cc", "Cf", "Cs", "Co", "Zl", "Zp") or character in _BLANK
    return unseen and character not in _JOINERS


def _is_space(character: str) -> bool:
    return unicodedata.category(character) == "Zs" or character in "\t\n\r"
