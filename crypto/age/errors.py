"""Why a file can't be opened. "Not my key" (`NoMatch`) is never confused with "bad file" (all others)."""


class AgeError(Exception):
    """Anything that is wrong with an age file, a key or a passphrase. Never repeats a secret."""


class HeaderError(AgeError):
    """The header, a recipient or an identity is malformed, or recipients may not be combined."""


class NoMatch(AgeError):  # noqa: N818 - not an error of the file: the next identity may match
    """No identity opens this file."""


class MacError(AgeError):
    """The header was changed after it was written."""


class PayloadError(AgeError):
    """The payload was changed, cut or extended."""


class ArmorError(AgeError):
    """The ASCII armor is malformed."""
