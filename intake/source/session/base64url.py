"""Base64 for cookies and fields (RFC 4648, section 5), without padding, and with one text for each data."""

import base64
import binascii


class Base64Error(ValueError):
    """Not what `encode` writes."""


def encode(data: bytes) -> str:
    """The text of any bytes."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def decode(text: str) -> bytes:
    """The reverse of `encode`; `Base64Error` for anything else."""
    try:
        data = base64.b64decode(text.encode() + b"=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, UnicodeEncodeError):
        raise Base64Error from None
    # Some letters' last bits say nothing, and Python takes + and / as well.
    if encode(data) != text:
        raise Base64Error
    return data
