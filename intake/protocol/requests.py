"""Signed requests: RFC 9421 with Ed25519 over method, authority, path, query and content digest.

The signature base and the signature are kept in the log: they are what a reviewer can't deny and a server can't invent.
"""

import base64
import hashlib
import re
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from http_message_signatures import (
    HTTPMessageSigner,
    HTTPMessageVerifier,
    HTTPSignatureKeyResolver,
    InvalidSignature,
    algorithms,
)

from crypto.note import SigningKey, Verifier
from intake.protocol.card import key_id

COMPONENTS = ("@method", "@authority", "@path", "@query", "content-digest")
LIFETIME = timedelta(minutes=5)
"""How far the times of a request and of its entry may lie apart."""

_ANY_AGE = timedelta(days=500_000)

ANOTHER_DESK = "the request was signed for another desk"
"""What a desk says to a request that bears the name of another log."""

_BASE = re.compile(
    r'"@method": (?P<method>[A-Z]+)\n'
    r'"@authority": (?P<authority>[!-~]+)\n'
    r'"@path": (?P<path>/[!-~]*)\n'
    r'"@query": (?P<query>\?[!-~]*)\n'
    r'"content-digest": sha-256=:(?P<digest>[A-Za-z0-9+/]{43}=):\n'
    r'"@signature-params": \("@method" "@authority" "@path" "@query" "content-digest"\)'
    r';created=(?P<created>[1-9][0-9]{0,9});keyid="(?P<key>[0-9a-f]{32})";nonce="(?P<nonce>[0-9a-f]{32})";tag="(?P<log>[!-~]+)"'
)
# One signature under one label, so that what is logged is what was verified.
_SIGNATURE = re.compile(r"intake=:([A-Za-z0-9+/]{86}==):")


class RequestError(ValueError):
    """A signature is missing, malformed, expired or false, in words for whoever sent the request."""


class Keys(Protocol):
    """Where the public key of a signer is looked up."""

    def verifier(self, key: str) -> Verifier | None:
        """The verifier with this key id, or None."""


@dataclass(frozen=True, slots=True)
class SignedRequest:
    """A request whose signature has been verified. `base` is the signature base, `signature` its 64 bytes."""

    base: str
    signature: bytes
    method: str
    authority: str
    path: str
    query: str
    digest: bytes
    created: datetime
    key_id: str
    nonce: str
    log: str

    def require_body(self, body: bytes) -> None:
        """Raise `RequestError` unless `body` is the one that was signed."""
        if hashlib.sha256(body).digest() != self.digest:
            raise RequestError("the body is not the one that was signed")


def sign(request: Any, body: bytes, key: SigningKey, log: str, created: datetime | None = None) -> str:
    """Sign an `httpx.Request` in place, for the desk whose log has this name. Returns the nonce.

    `created`: when it is signed, if not now.
    """
    nonce = secrets.token_hex(16)
    HTTPMessageSigner(signature_algorithm=algorithms.ED25519, key_resolver=_Signer(key)).sign(
        request,
        key_id=key_id(key.verifier),
        created=created or datetime.now(UTC),
        nonce=nonce,
        label="intake",
        tag=log,
        include_alg=False,
        covered_component_ids=COMPONENTS[:-1],
        body=body,
    )
    return nonce


def verify(request: Any, body: bytes, keys: Keys, log: str) -> SignedRequest:
    """Verify a Flask request's signature and that it covers `body`; `RequestError` otherwise.

    Whether the signer may do it and now, and whether the nonce was used before, is for the caller.
    """
    if "Signature" not in request.headers or "Signature-Input" not in request.headers:
        raise RequestError("the request is not signed")
    signature = _SIGNATURE.fullmatch(request.headers["Signature"])
    if signature is None:
        raise RequestError("the signature is malformed")
    verifier = HTTPMessageVerifier(signature_algorithm=algorithms.ED25519, key_resolver=_Lookup(keys))
    # Times are judged by the caller, once it is known who asks: nobody else learns what a clock says.
    verifier.max_clock_skew = _ANY_AGE
    try:
        (result,) = verifier.verify(request, max_age=None, expect_tag=log, require_components=COMPONENTS, body=body)
    except InvalidSignature as error:
        raise RequestError(_reason(str(error))) from error
    base = "\n".join(f"{name}: {value}" for name, value in result.covered_components.items())
    return parse_base(base, base64.b64decode(signature[1]))


def parse_base(base: str, signature: bytes) -> SignedRequest:
    """Take a signature base of exactly our components apart; the signature itself is not verified here."""
    match = _BASE.fullmatch(base)
    if match is None:
        raise RequestError("the signature does not cover what it must")
    return SignedRequest(
        base=base,
        signature=signature,
        method=match["method"],
        authority=match["authority"],
        path=match["path"],
        query=match["query"],
        digest=base64.b64decode(match["digest"], validate=True),
        created=datetime.fromtimestamp(int(match["created"]), UTC),
        key_id=match["key"],
        nonce=match["nonce"],
        log=match["log"],
    )


def _reason(error: str) -> str:
    if "resolve verification key" in error:
        return "the signing key is not enrolled, or was revoked"
    if "expected tag" in error:
        return ANOTHER_DESK
    return "the signature is not valid"


class _Signer(HTTPSignatureKeyResolver):
    def __init__(self, key: SigningKey) -> None:
        self._key = key

    def resolve_private_key(self, key_id: str) -> Ed25519PrivateKey:  # noqa: ARG002 - the one key there is
        return Ed25519PrivateKey.from_private_bytes(self._key.seed)


class _Lookup(HTTPSignatureKeyResolver):
    def __init__(self, keys: Keys) -> None:
        self._keys = keys

    def resolve_public_key(self, key_id: str) -> Ed25519PublicKey | None:
        verifier = self._keys.verifier(key_id)
        return None if verifier is None else Ed25519PublicKey.from_public_bytes(verifier.public_key)
