"""Signatures are verified last, all of a piece in a row: the verdict is that of one entry after the other."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from crypto.age import HybridIdentity
from crypto.note import SigningKey
from intake.protocol.actions import Action
from intake.protocol.audit import AuditError, replay
from intake.protocol.card import Role, issue_card
from intake.protocol.entry import OPERATOR, Entry, parse_entry
from intake.protocol.logstate import LogState
from ledger import Ledger

FORGED = "the signature is not amina's"


def forge(log: Ledger, place: int) -> None:
    """Put another signature under the request of an entry, as somebody might who has not its member's key."""
    entry = parse_entry(log.lines[place])
    assert entry.request is not None
    signature = bytes([entry.request.signature[0] ^ 1, *entry.request.signature[1:]])
    log.lines[place] = replace(entry, request=replace(entry.request, signature=signature)).to_bytes()


def require_true(log: Ledger) -> None:
    replay(LogState.empty(log.key.verifier.name), log.lines, lambda _: ())


@pytest.mark.parametrize("place", range(1, 6))
def test_a_forged_request_is_found_wherever_it_stands(place: int) -> None:
    log = Ledger()
    amina = log.enrol("amina")
    for _ in range(5):
        log.ask(amina)
    require_true(log)
    forge(log, place)
    with pytest.raises(AuditError, match=f"^entry {place} is false: {FORGED}$"):
        require_true(log)


def unsigned(log: Ledger, _: SigningKey) -> None:
    log.again(Entry(log.now, OPERATOR, Action.INDEX).to_bytes())


def malformed(log: Ledger, _: SigningKey) -> None:
    log.again(b"{}")


def repeated(log: Ledger, _: SigningKey) -> None:
    log.again(log.lines[-1])


def by_nobody(log: Ledger, _: SigningKey) -> None:
    log.ask(SigningKey.generate("mallory"))


def forged_too(log: Ledger, key: SigningKey) -> None:
    log.ask(key)
    forge(log, len(log.lines) - 1)


@pytest.mark.parametrize("second", [unsigned, malformed, repeated, by_nobody, forged_too])
def test_of_several_false_entries_the_first_is_told(second: Callable[[Ledger, SigningKey], None]) -> None:
    log = Ledger()
    amina = log.enrol("amina")
    log.ask(amina)
    log.ask(amina)
    second(log, amina)
    with pytest.raises(AuditError, match=r"^entry 3 is false"):
        require_true(log)
    forge(log, 1)
    with pytest.raises(AuditError, match=f"^entry 1 is false: {FORGED}$"):
        require_true(log)


def test_an_entry_that_is_false_in_two_ways_is_told_by_its_signature() -> None:
    log = Ledger()
    log.ask(log.enrol("amina"))
    entry = parse_entry(log.lines[1])
    log.lines[1] = replace(entry, objects=("item/" + "0" * 32,)).to_bytes()
    with pytest.raises(AuditError, match="it does not say what its request did"):
        require_true(log)
    forge(log, 1)
    with pytest.raises(AuditError, match=f"^entry 1 is false: {FORGED}$"):
        require_true(log)


def test_nobody_is_let_in_by_a_forged_word_whatever_they_sign_themselves() -> None:
    log = Ledger()
    amina = log.enrol("amina")
    log.rule("vouches/1")
    ghost = SigningKey.generate("ghost")
    log.vouch(amina, issue_card(Role.REVIEWER, ghost, HybridIdentity.generate()))
    log.ask(ghost)
    require_true(log)
    forge(log, 2)
    with pytest.raises(AuditError, match=f"^entry 2 is false: {FORGED}$"):
        require_true(log)
