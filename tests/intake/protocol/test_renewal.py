"""What a renewal says: a manifest that the log holds, and the sealed bytes that it names."""

import secrets
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from crypto.age import HybridIdentity, X25519Identity, seal, split
from intake.protocol.actions import Action, ActionError
from intake.protocol.endpoints import SUMMARIES, named
from intake.protocol.entry import LONGEST, Entry, LoggedRequest
from intake.protocol.index import sha256_hex
from intake.protocol.queries import manifest_query
from intake.protocol.renewal import (
    MOST,
    MOST_READERS,
    Renewal,
    Renewals,
    Renewed,
    body_of,
    parse_renewals,
    parse_renewed,
)
from intake.protocol.wire import WireError

OLD = "a" * 64, "b" * 64
KEYS = tuple(sorted(secrets.token_hex(16) for _ in range(3)))


def renewed() -> Renewed:
    parts = split(seal(b"summary", [HybridIdentity.generate().recipient]))
    return Renewed(str(HybridIdentity.generate().recipient), parts.header, parts.payload)


NEW = (renewed(), renewed())
TWO = Renewals(tuple(new.of(str(number) * 32, *OLD) for number, new in enumerate(NEW)), KEYS)


def test_what_is_written_is_read_again() -> None:
    for each in (TWO, replace(TWO, readers=()), replace(TWO, readers=(), opens=True)):
        assert parse_renewals(each.to_bytes()) == each
        assert parse_renewed(body_of(each, NEW)) == (each, NEW)


def test_the_log_names_the_tips_and_to_whom_they_are_restricted() -> None:
    query = manifest_query(TWO.digest)
    does = named("PUT", "/v1/summaries", query, TWO.to_bytes())
    assert does.action is Action.RENEW
    assert does.objects == (*(f"member/{key}" for key in KEYS), f"tip/{'0' * 32}", f"tip/{'1' * 32}")
    assert replace(TWO, readers=()).objects == does.objects[len(KEYS) :]
    assert replace(TWO, readers=(), opens=True).objects == ("readers/all", *does.objects[len(KEYS) :])


def test_of_the_body_the_log_holds_the_manifest_and_no_sealed_byte() -> None:
    held = SUMMARIES.logged_of(body_of(TWO, NEW))
    assert held == TWO.to_bytes()
    assert sha256_hex(NEW[0].payload).encode() in TWO.to_bytes()


@pytest.mark.parametrize(
    "spoil",
    [
        lambda text: text.replace("only", "all"),
        lambda text: text.replace("only", "nobody"),
        lambda text: text.replace(KEYS[0], KEYS[1]),
        lambda text: text.upper(),
        lambda text: text + "\n",
        lambda text: text.removesuffix("\n"),
        lambda text: text.replace("0" * 32, "2" * 32),
        lambda text: text.replace("1" * 32, "0" * 32),
        lambda text: text.splitlines(keepends=True)[0],
        lambda text: text.replace("a" * 64, "a" * 63),
        lambda _: "",
        lambda _: "all\n" + "".join(f"{Renewal(f'{number:032x}', *OLD, *OLD, OLD[0])}\n" for number in range(MOST + 1)),
    ],
)
def test_what_is_no_manifest_in_its_one_form_is_refused(spoil: object) -> None:
    assert callable(spoil)
    with pytest.raises(ActionError):
        parse_renewals(spoil(TWO.to_bytes().decode()).encode())


def test_a_body_with_anything_else_than_it_names_is_refused() -> None:
    body = body_of(TWO, NEW)
    other = replace(NEW[0], recipient=str(X25519Identity.generate().recipient))
    classical = Renewals((other.of("0" * 32, *OLD),))
    for spoilt in (body + b"x", body[:-1], body_of(TWO, NEW[::-1]), body_of(TWO, NEW[:1]), body_of(classical, [other])):
        with pytest.raises(WireError):
            parse_renewed(spoilt)


def test_the_largest_one_fits_into_an_entry() -> None:
    keys = tuple(f"{number:032x}" for number in range(MOST_READERS))
    most = Renewals(tuple(Renewal(f"{number:032x}", *OLD, *OLD, OLD[0]) for number in range(MOST)), keys)
    assert parse_renewals(most.to_bytes()) == most
    base = "x" * 2000

    entry = Entry(
        datetime(2026, 1, 1, tzinfo=UTC),
        "a" * 32,
        Action.RENEW,
        most.objects,
        LoggedRequest(base, bytes(64), most.to_bytes().decode()),
    )
    assert len(entry.to_bytes()) < LONGEST
