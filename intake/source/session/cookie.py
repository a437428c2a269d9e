"""The cookie's content, sealed: always of one size, and with nothing readable in it, neither a time nor a length."""

import json
import secrets
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCMSIV

from intake.source.session import base64url

KEY_SIZE = 32
CONTENT_SIZE = 1536
"""Bytes of JSON. Browsers drop a cookie of more than 4,096 bytes; this comes to 2,086."""

_NONCE_SIZE = 12
_TAG_SIZE = 16


class CookieError(ValueError):
    """Not a cookie that this key has sealed."""


class TooMuchError(ValueError):
    """More than a cookie takes."""


class CookieSeal:
    """AES-256-GCM-SIV (RFC 8452) under one key.

    Nonces are random. Should two be alike after some 2^48 cookies, that only shows whether both hold the same.
    """

    def __init__(self, key: bytes) -> None:
        self._cipher = AESGCMSIV(key)

    def seal(self, content: dict[str, Any]) -> str:
        """A cookie; `TooMuchError` if the content doesn't fit."""
        plain = json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()
        if len(plain) > CONTENT_SIZE:
            raise TooMuchError
        nonce = secrets.token_bytes(_NONCE_SIZE)
        # Spaces behind it are still JSON.
        sealed = self._cipher.encrypt(nonce, plain.ljust(CONTENT_SIZE), None)
        return base64url.encode(nonce + sealed)

    def open(self, cookie: str) -> dict[str, Any]:
        """What `seal` was given; `CookieError` for anything else."""
        try:
            data = base64url.decode(cookie)
        except base64url.Base64Error:
            raise CookieError from None
        if len(data) != _NONCE_SIZE + CONTENT_SIZE + _TAG_SIZE:
            raise CookieError
        try:
            plain = self._cipher.decrypt(data[:_NONCE_SIZE], data[_NONCE_SIZE:], None)
        except InvalidTag:
            raise CookieError from None
        content: dict[str, Any] = json.loads(plain)
        return content
