"""What names an exchange of headers: read back to the same bytes, and nothing else is one."""

import secrets
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crypto.age import HybridIdentity, seal, split
from crypto.note import SigningKey
from intake.protocol.actions import Action, ActionError, Named
from intake.protocol.audit import AuditError, verify_log
from intake.protocol.endpoints import HEADERS, named
from intake.protocol.entry import LONGEST, Entry, LoggedRequest, parse_entry
from intake.protocol.index import sha256_hex
from intake.protocol.manifest import END, MOST, Exchange, Manifest, body_of, parse_headers, parse_manifest
from intake.protocol.queries import manifest_query
from intake.protocol.wire import WireError
from ledger import NOON, Ledger

HEADERS_OF = [split(seal(b"", [HybridIdentity.generate().recipient])).header for _ in range(2)]
TIPS = ["0" * 32, "f" * 32]
OWN = Manifest(tuple(Exchange(tip, "a" * 64, sha256_hex(header)) for tip, header in zip(TIPS, HEADERS_OF, strict=True)))
LET_IN = replace(OWN, whom="c" * 32)
HEX = {length: st.text("0123456789abcdef", min_size=length, max_size=length) for length in (32, 64)}
EXCHANGES = st.lists(st.builds(Exchange, HEX[32], HEX[64], HEX[64]), min_size=1, max_size=5, unique_by=lambda e: e.tip)


@given(EXCHANGES, st.sampled_from(["", "c" * 32]))
def test_it_is_read_back_as_it_was(exchanges: list[Exchange], whom: str) -> None:
    manifest = Manifest(tuple(sorted(exchanges, key=lambda each: each.tip)), whom)
    assert parse_manifest(manifest.to_bytes()) == manifest


@given(st.binary(max_size=300) | st.text().map(str.encode) | st.just(OWN.to_bytes()[:-1]))
def test_nothing_else_is_one(data: bytes) -> None:
    with pytest.raises(ActionError):
        parse_manifest(data)


@pytest.mark.parametrize(
    "data",
    [
        Manifest(()).to_bytes(),
        Manifest(OWN.exchanges[::-1]).to_bytes(),
        Manifest(OWN.exchanges[:1] * 2).to_bytes(),
        Manifest(tuple(Exchange(f"{number:032x}", "a" * 64, "b" * 64) for number in range(MOST + 1))).to_bytes(),
        OWN.to_bytes().upper(),
        OWN.to_bytes() + b"\n",
        OWN.to_bytes().replace(b"\n", b"\r\n"),
    ],
)
def test_it_names_each_tip_once_in_their_order_and_no_more_than_fit(data: bytes) -> None:
    with pytest.raises(ActionError):
        parse_manifest(data)


@pytest.mark.parametrize("manifest", [OWN, LET_IN])
def test_the_log_names_the_tips_and_whoever_is_let_in(manifest: Manifest) -> None:
    body = body_of(manifest, HEADERS_OF)
    objects = (*(["member/" + "c" * 32] if manifest.whom else []), *(f"tip/{tip}" for tip in TIPS))
    assert named("PUT", "/v1/headers", manifest_query(manifest.digest), body) == Named(Action.REWRAP, objects)
    assert HEADERS.logged_of(body) == manifest.to_bytes()


def test_the_largest_fits_into_an_entry() -> None:
    full = tuple(Exchange(f"{number:032x}", "a" * 64, "b" * 64) for number in range(MOST))
    manifest = Manifest(full, whom="c" * 32)
    base = "x" * 600
    request = LoggedRequest(base, secrets.token_bytes(64), manifest.to_bytes().decode())
    entry = Entry(NOON, "c" * 32, Action.REWRAP, manifest.objects, request)
    assert len(entry.to_bytes()) < LONGEST


def signed(manifest: Manifest = OWN) -> tuple[Ledger, SigningKey]:
    """A log in which somebody exchanged headers."""
    ledger = Ledger()
    key = ledger.enrol("amina")
    ledger.ask(key, "PUT", "/v1/headers", body_of(manifest, HEADERS_OF), query=manifest_query(manifest.digest))
    return ledger, key


def verify(ledger: Ledger) -> tuple[Entry, ...]:
    log = ledger.key.verifier
    return verify_log(ledger.lines, ledger.head, log, None).entries


def test_an_audit_finds_the_manifest_that_was_signed_without_the_headers() -> None:
    ledger, _ = signed()
    request = verify(ledger)[-1].request
    assert request is not None
    assert request.body == OWN.to_bytes().decode()


@pytest.mark.parametrize("other", [LET_IN, Manifest(OWN.exchanges[:1])])
def test_an_entry_with_another_manifest_than_was_signed_is_found(other: Manifest) -> None:
    ledger, _ = signed()
    entry = parse_entry(ledger.lines[-1])
    assert entry.request is not None
    request = replace(entry.request, body=other.to_bytes().decode())
    ledger.lines[-1] = replace(entry, objects=other.objects, request=request).to_bytes()
    with pytest.raises(AuditError, match="entry 1 is false"):
        verify(ledger)


def test_more_than_the_manifest_is_found_though_its_digest_was_signed() -> None:
    ledger, key = signed()
    held = OWN.to_bytes() + END + b"more"
    query = manifest_query(sha256_hex(held))
    logged = replace(
        ledger.request(key, "PUT", "/v1/headers", held, query=query, created=ledger.now), body=held.decode()
    )
    who = parse_entry(ledger.lines[-1]).who
    ledger.lines.append(Entry(ledger.now, who, Action.REWRAP, OWN.objects, logged).to_bytes())
    with pytest.raises(AuditError, match="entry 2 is false"):
        verify(ledger)


def test_a_body_has_just_the_headers_that_its_manifest_names() -> None:
    assert parse_headers(body_of(OWN, HEADERS_OF)) == (OWN, tuple(HEADERS_OF))
    for body in (
        body_of(OWN, HEADERS_OF[::-1]),
        body_of(OWN, HEADERS_OF[:1]),
        body_of(OWN, [*HEADERS_OF, b"more"]),
        OWN.to_bytes(),
        OWN.to_bytes() + END,
    ):
        with pytest.raises(WireError):
            parse_headers(body)
