"""Passphrases as people type them: the same on every keyboard and from every file, whatever bytes these make of it."""

import unicodedata

_BOM = "\ufeff"


def normal(typed: str) -> str:
    """The one form in which new keys are sealed: that of RFC 8265, section 4.2 (OpaqueString), without a BOM.

    NFC, and every space an ordinary one. Not NFKC: that would make one of passphrases that differ.
    """
    text = typed.strip("\r\n").removeprefix(_BOM)
    spaced = "".join(" " if unicodedata.category(character) == "Zs" else character for character in text)
    return unicodedata.normalize("NFC", spaced)


def spellings(typed: str) -> list[str]:
    """The forms in which an older key may have been sealed with this passphrase, the likeliest first; five at most.

    It was taken as it came: as typed, by a system that composes characters or one that takes them apart, and with
    the BOM of a file.
    """
    text = typed.strip("\r\n").removeprefix(_BOM)
    usual = normal(text)
    apart = unicodedata.normalize("NFD", usual)
    return list(dict.fromkeys((usual, text, apart, _BOM + usual, _BOM + text)))
