"""Whoever changes the log behind the server's back is found, with the log's key in hand or without."""

import json
import re
import secrets
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import httpx
import pytest

from crypto.checkpoint import Checkpoint
from crypto.logkey import LogSigner
from crypto.note import SigningKey
from enrolled import Enrolled, Members
from intake.accesslog.append import LogAppender
from intake.accesslog.read import LogDamagedError
from intake.desk import create_app
from intake.keeper import Keeper, read_log_key
from intake.protocol.actions import Action, ReadRequest
from intake.protocol.audit import AuditError, VerifiedLog, open_checkpoint, verify_log
from intake.protocol.card import Role
from intake.protocol.entry import OPERATOR, Entry, LoggedRequest, parse_entry
from intake.protocol.queries import Made, made_query
from intake.protocol.requests import sign
from ledger import cut as cut_at
from ledger import verified_in_pieces
from rewriting import lines, rewrite
from signed_head import sign_head
from signing import signature_of

pytestmark = pytest.mark.slow


@dataclass
class Auditor:
    """Fetches what the server has and checks it against what was seen before."""

    server: Keeper
    seen: Checkpoint | None = None

    @property
    def key(self) -> LogSigner:
        return read_log_key(self.server.settings.log_key)

    def verify(self) -> VerifiedLog:
        with self.server.store.reading() as session:
            signed = self.server.log.shown(session)
            size = open_checkpoint(signed, self.key.verifier).size
            held = self.server.log.lines(session, 0, size)
        require_same_in_pieces(held, self.server.log.origin)
        verified = verify_log(held, signed, self.key.verifier, self.seen)
        self.seen = verified.checkpoint
        return verified


def require_same_in_pieces(held: Sequence[bytes], log: str) -> None:
    """Whether a log is true or false, whoever goes on from what was kept says the same of it, in the same words."""
    verdicts: set[bytes | str] = set()
    every: tuple[Iterable[int], ...] = ((), range(len(held)), range(0, len(held), 3))
    for places in every:
        try:
            verdicts.add(verified_in_pieces(cut_at(held, places), held, log)[1].to_bytes())
        except AuditError as error:
            verdicts.add(str(error))
    assert len(verdicts) == 1


@pytest.fixture
def amina(members_of: Members) -> Enrolled:
    """The reviewer who is enrolled first."""
    return members_of.enrol("amina")


@pytest.fixture
def log(server: Keeper, members_of: Members, amina: Enrolled) -> Auditor:
    """A log of two enrolments and six reads by two reviewers."""
    boris = members_of.enrol("boris")
    with httpx.Client(
        transport=httpx.WSGITransport(app=create_app(server)), base_url="http://desk.test", trust_env=False
    ) as desk:
        for reader in (amina, boris, amina):
            for method, path, body in (
                ("GET", "/v1/index", b""),
                ("POST", "/v1/read", ReadRequest((), (secrets.token_hex(16),)).to_json()),
            ):
                request = desk.build_request(method, path, content=body)
                sign(request, body, reader.key, server.log.origin)
                assert desk.send(request).status_code == 200
    return Auditor(server)


def edited(held: list[bytes]) -> list[bytes]:
    entry = parse_entry(held[3])
    return [*held[:3], replace(entry, objects=("item/" + "0" * 32,)).to_bytes(), *held[4:]]


def dropped(held: list[bytes]) -> list[bytes]:
    return [*held[:4], *held[5:]]


def cut(held: list[bytes]) -> list[bytes]:
    return held[:-2]


def reordered(held: list[bytes]) -> list[bytes]:
    return [*held[:3], held[4], held[3], *held[5:]]


def appended(held: list[bytes]) -> list[bytes]:
    blamed = parse_entry(held[3])
    return [*held, replace(blamed, objects=("item/" + "0" * 32,)).to_bytes()]


def repeated(held: list[bytes]) -> list[bytes]:
    return [*held, held[-1]]


def unsigned(held: list[bytes]) -> list[bytes]:
    last = parse_entry(held[-1])
    return [*held, Entry(last.at, last.who, Action.READ, ("item/" + "0" * 32,)).to_bytes()]


CHANGES = [edited, dropped, cut, reordered, appended, repeated, unsigned]


def test_an_untouched_log_says_who_opened_what(log: Auditor) -> None:
    verified = log.verify()
    actions = [(entry.who == OPERATOR, entry.action) for entry in verified.entries]
    assert actions == [(True, Action.ENROL)] * 2 + [(False, Action.INDEX), (False, Action.READ)] * 3
    assert len({entry.who for entry in verified.entries if entry.action is Action.READ}) == 2


def test_a_log_that_grew_verifies_against_the_checkpoint_seen_before(log: Auditor, members_of: Members) -> None:
    log.verify()
    members_of.enrol("dmitri")
    assert log.verify().checkpoint.size == 9


@pytest.mark.parametrize("change", CHANGES)
def test_entries_changed_in_the_store_are_found(change: Callable[[Any], Any], log: Auditor) -> None:
    rewrite(log.server, change(lines(log.server)))
    with pytest.raises((AuditError, LogDamagedError)):
        log.verify()


@pytest.mark.parametrize("change", [edited, appended, repeated, unsigned])
def test_forged_entries_are_found_even_when_the_head_is_signed_anew(change: Callable[[Any], Any], log: Auditor) -> None:
    """A new auditor, who has seen nothing before, finds them: nobody can sign for a reviewer."""
    rewrite(log.server, change(lines(log.server)))
    sign_head(log.server, log.key)
    with pytest.raises(AuditError, match="is false"):
        log.verify()


@pytest.mark.parametrize("change", CHANGES)
def test_a_rewritten_and_newly_signed_log_is_found_by_who_kept_a_checkpoint(
    change: Callable[[Any], Any], log: Auditor
) -> None:
    log.verify()
    rewrite(log.server, change(lines(log.server)))
    sign_head(log.server, log.key)
    with pytest.raises(AuditError):
        log.verify()


def test_a_log_that_shrank_is_told_as_such(log: Auditor) -> None:
    log.verify()
    rewrite(log.server, cut(lines(log.server)))
    sign_head(log.server, log.key)
    with pytest.raises(AuditError, match="shrank: 8 entries were seen before, now it claims 6"):
        log.verify()


def test_a_checkpoint_signed_by_another_key_is_refused(log: Auditor) -> None:
    other = LogSigner.generate(log.server.log.origin)
    sign_head(log.server, other)
    with pytest.raises(LogDamagedError, match="not signed by log"):
        log.verify()
    log.server = replace(log.server, log=LogAppender(other))
    with pytest.raises(AuditError, match="not signed by its keys"):
        log.verify()


def test_a_time_that_goes_back_is_found(log: Auditor) -> None:
    held = lines(log.server)
    entry = parse_entry(held[0])
    rewrite(log.server, [replace(entry, at=entry.at + timedelta(hours=1)).to_bytes(), *held[1:]])
    sign_head(log.server, log.key)
    with pytest.raises(AuditError, match="its time lies before"):
        log.verify()


def signed_again(entry: Entry, key: SigningKey, **parameters: object) -> Entry:
    """The entry of the same request, signed with other parameters, at the time that these say."""
    assert entry.request
    base = entry.request.base
    for name, value in parameters.items():
        base = re.sub(f';{name}=("?)[0-9a-f]+("?)', rf";{name}=\g<1>{value}\g<2>", base)
    return replace(entry, request=replace(entry.request, base=base, signature=key.sign_bytes(base.encode())))


def test_a_nonce_that_the_desk_has_forgotten_may_come_again(log: Auditor, amina: Enrolled) -> None:
    held = lines(log.server)
    entry = parse_entry(held[-1])
    later = entry.at + timedelta(minutes=10)
    again = replace(signed_again(entry, amina.key, created=int(later.timestamp())), at=later)
    rewrite(log.server, [*held, again.to_bytes()])
    sign_head(log.server, log.key)
    assert log.verify().checkpoint.size == len(held) + 1


def test_a_request_of_another_time_than_its_entry_is_found(log: Auditor, amina: Enrolled) -> None:
    held = lines(log.server)
    entry = parse_entry(held[-1])
    for minutes in (-6, 6):
        created = int((entry.at + timedelta(minutes=minutes)).timestamp())
        rewrite(log.server, [*held[:-1], signed_again(entry, amina.key, created=created).to_bytes()])
        sign_head(log.server, log.key)
        with pytest.raises(AuditError, match="is of another time"):
            log.verify()


@pytest.mark.parametrize(
    "change",
    [
        {"objects": [5]},
        {"who": 5},
        {"action": "enrol", "card": 5},
        {"action": "revoke", "card": "card"},
        {"request": {"base": 5, "signature": ""}},
        {"request": {"base": "", "signature": "", "body": 5}},
    ],
)
def test_an_entry_that_is_malformed_is_found_and_ends_no_audit(change: dict[str, Any], log: Auditor) -> None:
    held = lines(log.server)
    operators = Entry(parse_entry(held[-1]).at, OPERATOR, Action.REVOKE, ("member/0",)).to_bytes()
    line = json.dumps({**json.loads(operators), **change}, sort_keys=True, separators=(",", ":")).encode()
    rewrite(log.server, [*held, line])
    sign_head(log.server, log.key)
    with pytest.raises(AuditError, match="entry 8 is false"):
        log.verify()


def test_a_request_signed_beyond_the_calendar_is_found_and_ends_no_audit(log: Auditor, amina: Enrolled) -> None:
    held = lines(log.server)
    far = signed_again(parse_entry(held[-1]), amina.key, created=999_999_999_999)
    rewrite(log.server, [*held, far.to_bytes()])
    sign_head(log.server, log.key)
    with pytest.raises(AuditError, match="entry 8 is false"):
        log.verify()


READ = ReadRequest((), ("0" * 32,)).to_json()


@pytest.mark.parametrize(
    ("method", "path", "body", "action", "objects"),
    [
        ("GET", "/v1/index", b"", Action.INDEX, ()),
        ("POST", "/v1/read", READ, Action.READ, (f"item/{'0' * 32}",)),
        ("GET", f"/v1/items/{'0' * 32}", b"", Action.READ, (f"item/{'0' * 32}",)),
        (
            "PUT",
            f"/v1/tips/{'0' * 32}/items/{'1' * 32}?kind=reply",
            b"sealed",
            Action.ADD,
            (f"tip/{'0' * 32}", f"item/{'1' * 32}"),
        ),
        (
            "PUT",
            f"/v1/tips/{'0' * 32}/first/{'1' * 32}{made_query(Made('2' * 64, '3' * 64))}",
            b"sealed",
            Action.MAKE,
            (f"tip/{'0' * 32}", f"item/{'1' * 32}"),
        ),
    ],
)
def test_what_only_reviewers_may_do_is_found_under_the_name_of_an_auditor(
    method: str, path: str, body: bytes, action: Action, objects: tuple[str, ...], log: Auditor, members_of: Members
) -> None:
    """Although the auditor has signed for it, and the server for the log."""
    carla = members_of.enrol("carla", Role.AUDITOR)
    request = httpx.Request(method, f"http://desk.test{path}", content=body)
    sign(request, body, carla.key, log.server.log.origin)
    held = lines(log.server)
    logged = LoggedRequest(*signature_of(request, carla.key), body.decode() if action is Action.READ and body else None)
    entry = Entry(parse_entry(held[-1]).at, carla.card.key_id, action, objects, logged)
    rewrite(log.server, [*held, entry.to_bytes()])
    sign_head(log.server, log.key)
    with pytest.raises(AuditError, match="entry 9 is false: a member with the role of auditor may not do this"):
        log.verify()


def test_the_next_append_refuses_a_log_with_an_extra_entry(log: Auditor, members_of: Members) -> None:
    rewrite(log.server, repeated(lines(log.server)))
    with pytest.raises(Exception, match=r"UNIQUE|more or fewer"):
        members_of.enrol("dmitri")
