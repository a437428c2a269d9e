"""Signed requests: RFC 9421 with Ed25519 over method, authority, path, query and content digest.

The signature base and the signature are kept in the log: they are what a reviewer can't deny and a server can't invent.
One form is written and read, of all that the RFC allows: one label, these components, these parameters, in this order.
"""

import base64
import binascii
import hashlib
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import ClassVar, Protocol

from crypto.note import SignatureError, SigningKey, Verifier, decode_base64
from intake.protocol.card import key_id

COMPONENTS = ("@method", "@authority", "@path", "@query", "content-digest")
LIFETIME = timedelta(minutes=5)
"""How far the times of a request and of its entry may lie apart."""

ANOTHER_DESK = "the request was signed for another desk"
"""What a desk says to a request that bears the name of another log."""

_COVERED = "(" + " ".join(f'"{name}"' for name in COMPONENTS) + ")"
_LABEL = "intake="

_BASE = re.compile(
    r'"@method": (?P<method>[A-Z]+)\n'
    r'"@authority": (?P<authority>[!-~]+)\n'
    r'"@path": (?P<path>/[!-~]*)\n'
    r'"@query": (?P<query>\?[!-~]*)\n'
    r'"content-digest": sha-256=:(?P<digest>[A-Za-z0-9+/]{43}=):\n'
    rf'"@signature-params": {re.escape(_COVERED)}'
    r';created=(?P<created>[1-9][0-9]{0,9});keyid="(?P<key>[0-9a-f]{32})";nonce="(?P<nonce>[0-9a-f]{32})";tag="(?P<log>[!#-\[\]-~]+)"'
)
# One signature under one label, so that what is logged is what was verified.
_SIGNATURE = re.compile(rf"{_LABEL}:([A-Za-z0-9+/]{{86}}==):")
# RFC 3986; the user before the host is no part of a request's target.
_CHARACTER = r"[A-Za-z0-9._~!$&'()*+,;=:@/-]|%[0-9A-Fa-f]{2}"
_ADDRESS = re.compile(
    r"(?P<scheme>https?)://(?:[^/?#\s]*@)?(?P<host>\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(?::(?P<port>[0-9]*))?"
    rf"(?P<path>/(?:{_CHARACTER})*)?(?:\?(?P<query>(?:{_CHARACTER}|\?)*))?"
)
_USUAL_PORTS = {"http": "80", "https": "443"}


class RequestError(ValueError):
    """A request is not let in, in words for whoever sent it. `says`: what an error of this kind says unless told."""

    says: ClassVar[str] = ""

    def __init__(self, says: str = "") -> None:
        super().__init__(says or self.says)


class UnsignedError(RequestError):
    """There is no signature."""

    says = "the request is not signed"


class MalformedError(RequestError):
    """The signature is not written in our one form."""

    says = "the signature is malformed"


class CoverageError(RequestError):
    """What is signed is not of our one form, or the request has no such form."""

    says = "the signature does not cover what it must"


class AnotherDeskError(RequestError):
    """The request bears the name of another log."""

    says = ANOTHER_DESK


class UnknownKeyError(RequestError):
    """The key is nobody's."""

    says = "the signing key is not enrolled, or was revoked"


class FalseSignatureError(RequestError):
    """The signature is not that of this request by this key."""

    says = "the signature is not valid"


class AnotherBodyError(RequestError):
    """The body is not the one whose digest was signed."""

    says = "the body is not the one that was signed"


class Fields(Protocol):
    """The header of a request."""

    def get(self, name: str, /) -> str | None:
        """The value of a field, or None."""

    def __setitem__(self, name: str, value: str, /) -> None:
        """Set a field."""


class Request(Protocol):
    """What is signed of a request, as both Flask's and httpx's have it."""

    @property
    def method(self) -> str:
        """In capitals."""

    @property
    def url(self) -> object:
        """Its whole address, by `str()`."""

    @property
    def headers(self) -> Fields:
        """Its fields."""


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
            raise AnotherBodyError


def sign(request: Request, body: bytes, key: SigningKey, log: str, created: datetime | None = None) -> str:
    """Sign a request in place, for the desk whose log has this name. Returns the nonce.

    `created`: when it is signed, if not now.
    """
    nonce = secrets.token_hex(16)
    seconds = int((created or datetime.now(UTC)).timestamp())
    parameters = f'{_COVERED};created={seconds};keyid="{key_id(key.verifier)}";nonce="{nonce}";tag="{log}"'
    digest = content_digest(body)
    signature = key.sign_bytes(signature_base(_values(request, digest), parameters).encode())
    request.headers["Content-Digest"] = digest
    request.headers["Signature-Input"] = f"{_LABEL}{parameters}"
    request.headers["Signature"] = f"{_LABEL}:{base64.b64encode(signature).decode()}:"
    return nonce


def verify(request: Request, body: bytes, keys: Keys, log: str) -> SignedRequest:
    """Verify a request's signature and that it covers `body`; one of the kinds of `RequestError` otherwise.

    Whether the signer may do it and now, and whether the nonce was used before, is for the caller: nobody whose
    signature isn't verified learns what a clock says.
    """
    given, signature = request.headers.get("Signature-Input"), request.headers.get("Signature")
    if given is None or signature is None:
        raise UnsignedError
    if not given.startswith(_LABEL):
        raise MalformedError
    digest = request.headers.get("Content-Digest") or ""
    base = signature_base(_values(request, digest), given.removeprefix(_LABEL))
    signed = parse_base(base, _parse_signature(signature))
    if signed.log != log:
        raise AnotherDeskError
    verifier = keys.verifier(signed.key_id)
    if verifier is None:
        raise UnknownKeyError
    try:
        verifier.verify_bytes(base.encode(), signed.signature)
    except SignatureError:
        raise FalseSignatureError from None
    # By its text: a digest that is written otherwise than we write it is not of our form.
    if digest != content_digest(body):
        raise AnotherBodyError
    return signed


def content_digest(body: bytes) -> str:
    """The field Content-Digest (RFC 9530) of a body."""
    return f"sha-256=:{base64.b64encode(hashlib.sha256(body).digest()).decode()}:"


def signature_base(values: Mapping[str, str], parameters: str) -> str:
    """What is signed (RFC 9421, section 2.5): a line a component, and the list of them with its parameters."""
    return "\n".join(f'"{name}": {value}' for name, value in {**values, "@signature-params": parameters}.items())


def parse_base(base: str, signature: bytes) -> SignedRequest:
    """Take a signature base of exactly our components apart; the signature itself is not verified here."""
    match = _BASE.fullmatch(base)
    if match is None:
        raise CoverageError
    method, authority, path, query, digest, created, key, nonce, log = match.groups()
    return SignedRequest(
        base=base,
        signature=signature,
        method=method,
        authority=authority,
        path=path,
        query=query,
        digest=binascii.a2b_base64(digest),
        created=datetime.fromtimestamp(int(created), UTC),
        key_id=key,
        nonce=nonce,
        log=log,
    )


def _values(request: Request, digest: str) -> Mapping[str, str]:
    # RFC 9421, sections 2.2.1, 2.2.3, 2.2.6 and 2.2.7.
    address = _ADDRESS.fullmatch(str(request.url))
    if address is None:
        raise CoverageError
    port = address["port"] or ""
    authority = address["host"].lower()
    if port and port != _USUAL_PORTS[address["scheme"]]:
        authority += f":{port}"
    values = (request.method, authority, address["path"] or "/", f"?{address['query'] or ''}", digest)
    return dict(zip(COMPONENTS, values, strict=True))


def _parse_signature(field: str) -> bytes:
    match = _SIGNATURE.fullmatch(field)
    if match is None:
        raise MalformedError
    try:
        return decode_base64(match[1])
    except ValueError:
        raise MalformedError from None
