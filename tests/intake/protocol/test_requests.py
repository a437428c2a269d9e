"""Signed requests: RFC 9421 in one form, byte for byte as it always was, and every other form refused by its kind."""

import base64
import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from crypto.note import SigningKey, Verifier
from intake.protocol import requests
from intake.protocol.card import key_id
from intake.protocol.requests import (
    COMPONENTS,
    AnotherBodyError,
    AnotherDeskError,
    CoverageError,
    FalseSignatureError,
    MalformedError,
    RequestError,
    SignedRequest,
    UnknownKeyError,
    UnsignedError,
    content_digest,
    parse_base,
    sign,
    signature_base,
    verify,
)

KEY = SigningKey.from_seed("amina", bytes(range(32)))
LOG = "intake-1f2e+desk.test"
BODY = b'{"summaries":[],"items":[]}'
FIELDS = ("Content-Digest", "Signature-Input", "Signature")

# Made with http-message-signatures 3.0.0, which signed the requests that logs hold.
BEFORE = json.loads(Path(__file__).with_name("data").joinpath("signed-requests.json").read_text())
EVERY_EARLIER_ONE = pytest.mark.parametrize("held", BEFORE, ids=lambda held: f"{held['method']} {held['url']}")


class Members:
    """Where one key is enrolled."""

    def __init__(self, *verifiers: Verifier) -> None:
        self._verifiers = {key_id(verifier): verifier for verifier in verifiers}

    def verifier(self, key: str) -> Verifier | None:
        return self._verifiers.get(key)


AMINA = Members(KEY.verifier)


def request(method: str = "POST", url: str = "http://desk.test/v1/read?kind=work", body: bytes = BODY) -> httpx.Request:
    return httpx.Request(method, url, content=body)


def signed_request(log: str = LOG) -> httpx.Request:
    made = request()
    sign(made, BODY, KEY, log)
    return made


@EVERY_EARLIER_ONE
def test_a_request_that_was_signed_before_is_verified(held: dict[str, str]) -> None:
    body = bytes.fromhex(held["body"])
    earlier = httpx.Request(held["method"], held["url"], content=body)
    earlier.headers.update({name: held[name.lower()] for name in FIELDS})
    signed = verify(earlier, body, AMINA, LOG)
    assert (signed.method, signed.created) == (held["method"], datetime(2026, 11, 26, 3, 0, 5, tzinfo=UTC))
    assert parse_base(signed.base, signed.signature) == signed


def nonce_of(held: dict[str, str]) -> str:
    match = re.search('nonce="([0-9a-f]+)"', held["signature-input"])
    assert match
    return match[1]


@EVERY_EARLIER_ONE
def test_a_request_is_signed_in_the_same_bytes_as_before(held: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("secrets.token_hex", lambda _: "00112233445566778899aabbccddeeff")
    body = bytes.fromhex(held["body"])
    made = httpx.Request(held["method"], held["url"], content=body)
    assert sign(made, body, KEY, LOG, datetime(2026, 11, 26, 3, 0, 5, 999_999, UTC)) == nonce_of(held)
    assert {name: made.headers[name] for name in FIELDS} == {name: held[name.lower()] for name in FIELDS}


def test_the_base_and_signature_are_those_of_the_rfc() -> None:
    """RFC 9421, appendix B.2.6, with the key of B.1.4."""
    values = {
        "date": "Tue, 20 Apr 2021 02:07:55 GMT",
        "@method": "POST",
        "@path": "/foo",
        "@authority": "example.com",
        "content-type": "application/json",
        "content-length": "18",
    }
    listed = " ".join(f'"{name}"' for name in values)
    base = signature_base(values, f'({listed});created=1618884473;keyid="test-key-ed25519"')
    assert base.encode() == (
        b'"date": Tue, 20 Apr 2021 02:07:55 GMT\n"@method": POST\n"@path": /foo\n"@authority": example.com\n'
        b'"content-type": application/json\n"content-length": 18\n'
        b'"@signature-params": ("date" "@method" "@path" "@authority" "content-type" "content-length")'
        b';created=1618884473;keyid="test-key-ed25519"'
    )
    key = SigningKey.from_seed("rfc", base64.urlsafe_b64decode("n4Ni-HpISpVObnQMW0wOhCKROaIKqKtW_2ZYb2p9KcU="))
    assert key.verifier.public_key == base64.urlsafe_b64decode("JrQLj5P_89iXES9-vFgrIy29clF9CC_oPPsw3c5D0bs=")
    assert base64.b64encode(key.sign_bytes(base.encode())).decode() == (
        "wqcAqbmYJ2ji2glfAMaRy4gruYYnx2nEFN2HN6jrnDnQCK1u02Gb04v9EDgwUPiu4A0w6vuQv5lIp5WPpBKRCw=="
    )


@pytest.mark.parametrize(
    ("url", "authority", "path", "query"),
    [
        ("http://example.com/foo?param=Value&Pet=dog", "example.com", "/foo", "?param=Value&Pet=dog"),  # B.2
        ("https://www.example.com/path?param=value", "www.example.com", "/path", "?param=value"),  # 2.2
        ("https://www.example.com/path?queryString", "www.example.com", "/path", "?queryString"),  # 2.2.7
        ("https://www.example.com/path", "www.example.com", "/path", "?"),
        ("https://WWW.Example.com:443", "www.example.com", "/", "?"),  # 2.2.3 and 2.2.6
        ("http://www.example.com:443/%7Ea", "www.example.com:443", "/%7Ea", "?"),
        ("http://user:word@www.example.com:80/", "www.example.com", "/", "?"),
        ("http://[::1]:8401/", "[::1]:8401", "/", "?"),
    ],
)
def test_the_components_of_an_address_are_those_of_the_rfc(url: str, authority: str, path: str, query: str) -> None:
    class Plain:
        method = "GET"
        headers: dict[str, str] = {}  # noqa: RUF012 - filled by `sign`

    made: Any = Plain()
    made.url = url
    sign(made, b"", KEY, LOG)
    signed = verify(made, b"", AMINA, LOG)
    assert (signed.authority, signed.path, signed.query) == (authority, path, query)


def test_the_digest_of_a_body_is_that_of_the_rfc() -> None:
    """RFC 9530, appendix B.1 and B.2."""
    assert content_digest(b'{"hello": "world"}\n') == "sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:"
    assert content_digest(b"") == "sha-256=:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=:"


def test_every_reason_to_refuse_a_request_has_a_kind() -> None:
    def refused(kind: type[RequestError], keys: Members = AMINA, body: bytes = BODY, **fields: str | None) -> None:
        made = signed_request()
        for name, value in fields.items():
            made.headers.pop(name.replace("_", "-"))
            if value is not None:
                made.headers[name.replace("_", "-")] = value
        with pytest.raises(RequestError) as caught:
            verify(made, body, keys, LOG)
        assert type(caught.value) is kind

    good = signed_request().headers
    refused(UnsignedError, Signature=None)
    refused(UnsignedError, Signature_Input=None)
    refused(MalformedError, Signature="intake=:AAAA:")
    refused(MalformedError, Signature=good["Signature"] + ", other=:AAAA:")
    refused(MalformedError, Signature_Input=good["Signature-Input"].replace("intake=", "other="))
    refused(CoverageError, Signature_Input=good["Signature-Input"] + ';alg="ed25519"')
    refused(CoverageError, Signature_Input=good["Signature-Input"].replace('"@query" ', ""))
    refused(CoverageError, Content_Digest=None)
    refused(CoverageError, Content_Digest="sha-512=:AAAA:")
    refused(UnknownKeyError, Members())
    refused(FalseSignatureError, Content_Digest=content_digest(b"other"))
    refused(AnotherBodyError, body=b"other")
    with pytest.raises(AnotherDeskError):
        verify(signed_request(log="intake-other"), BODY, AMINA, LOG)
    for other in (request(method="PUT"), request(url="http://desk.test/v1/other?kind=work"), request(url="http://a.b")):
        other.headers.update({name: good[name] for name in FIELDS})
        with pytest.raises(FalseSignatureError):
            verify(other, BODY, AMINA, LOG)


@given(st.data())
def test_a_byte_that_is_changed_anywhere_in_the_fields_is_refused(data: st.DataObject) -> None:
    made = signed_request()
    name = data.draw(st.sampled_from(FIELDS))
    value = bytearray(made.headers[name].encode())
    place = data.draw(st.integers(0, len(value) - 1))
    value[place] = data.draw(st.integers(0x20, 0x7E).filter(lambda byte: byte != value[place]))
    made.headers[name] = value.decode()
    with pytest.raises(RequestError):
        verify(made, BODY, AMINA, LOG)


@given(st.data())
def test_a_byte_that_is_added_or_taken_away_anywhere_in_the_fields_is_refused(data: st.DataObject) -> None:
    made = signed_request()
    name = data.draw(st.sampled_from(FIELDS))
    value = made.headers[name]
    place = data.draw(st.integers(0, len(value)))
    added = data.draw(st.sampled_from(["", " ", ";", '"', "=", ":", "A", "0", ","]))
    changed = value[:place] + added + value[place + (not added) :]
    assume(changed != value)
    made.headers[name] = changed
    with pytest.raises(RequestError):
        verify(made, BODY, AMINA, LOG)


@given(st.binary(max_size=40), st.integers(1, 9_999_999_999), st.sampled_from(["GET", "POST", "PUT"]), st.data())
def test_what_is_signed_is_verified_and_read_back_from_its_base(
    body: bytes, created: int, method: str, data: st.DataObject
) -> None:
    path = data.draw(st.from_regex(r"(?:/[a-z0-9._~:@!$&'()*+,;=-]{1,9}|/%[0-9A-F]{2}){1,4}", fullmatch=True))
    query = data.draw(st.from_regex(r"(?:\?[a-z0-9=&?/]{0,9})?", fullmatch=True))

    class Plain:
        url = f"http://desk.test:8401{path}{query}"

        def __init__(self) -> None:
            self.method = method
            self.headers: dict[str, str] = {}

    made = Plain()
    nonce = sign(made, body, KEY, LOG, datetime.fromtimestamp(created, UTC))
    signed = verify(made, body, AMINA, LOG)
    assert (signed.method, signed.path, signed.query) == (method, path, query or "?")
    assert (signed.nonce, signed.created, signed.log) == (nonce, datetime.fromtimestamp(created, UTC), LOG)
    assert parse_base(signed.base, signed.signature) == signed
    assert composed(signed) == signed.base


def composed(signed: SignedRequest) -> str:
    """The base once more, from what was read of it."""
    digest = f"sha-256=:{base64.b64encode(signed.digest).decode()}:"
    values = (signed.method, signed.authority, signed.path, signed.query, digest)
    listed = " ".join(f'"{name}"' for name in COMPONENTS)
    seconds = int(signed.created.timestamp())
    parameters = f'({listed});created={seconds};keyid="{signed.key_id}";nonce="{signed.nonce}";tag="{signed.log}"'
    return signature_base(dict(zip(COMPONENTS, values, strict=True)), parameters)


def test_no_kind_of_refusal_repeats_what_was_sent() -> None:
    kinds = [kind for kind in vars(requests).values() if isinstance(kind, type) and kind.__base__ is RequestError]
    assert len({str(kind()) for kind in kinds}) == len(kinds) == 7
