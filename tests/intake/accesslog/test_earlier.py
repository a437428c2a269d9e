"""A log of the first version stays as it was, byte for byte, and goes on by the rules of the second."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from crypto.note import SigningKey
from earlier import before_signatures
from intake.accesslog import members
from intake.keeper import Keeper, initialise, open_keeper, read_log_key
from intake.protocol.audit import AuditError, VerifiedLog, verify_log
from intake.protocol.card import Card, Role, issue_card
from intake.protocol.entry import parse_entry
from intake.protocol.roster import RosterError


@pytest.fixture
def server(tmp_path: Path) -> Any:
    """What the program before signatures filled, brought up to date."""
    opened = open_keeper(initialise(before_signatures(tmp_path / "earlier").data, {}))
    yield opened
    opened.store.close()


def audited(server: Keeper) -> VerifiedLog:
    with server.store.reading() as session:
        lines = server.log.lines(session, 0, server.log.size(session))
        key = read_log_key(server.settings.log_key).verifier
        return verify_log(lines, server.log.checkpoint(session), key, None)


def enrol(server: Keeper, card: Card) -> None:
    members.enrol(server.store, server.log, card, clock_is_right=True)


def card(name: str) -> Card:
    return issue_card(Role.AUDITOR, SigningKey.generate(name), None)


def versions(server: Keeper) -> list[int]:
    return [entry.version for entry in audited(server).entries]


def test_its_entries_verify_and_have_the_same_bytes_again(server: Keeper) -> None:
    with server.store.reading() as session:
        lines = server.log.lines(session, 0, server.log.size(session))
    assert [parse_entry(line).to_bytes() for line in lines] == list(lines)
    assert set(versions(server)) == {1}


def test_new_entries_are_of_the_second_version_and_bring_its_rules(server: Keeper) -> None:
    before = versions(server)
    with pytest.raises(RosterError, match="looks like that of amina"):
        enrol(server, card("аmina"))
    enrol(server, card("emre"))
    assert versions(server) == [*before, 2]


def test_nobody_goes_back_to_the_first_version_to_be_rid_of_its_rules(server: Keeper) -> None:
    enrol(server, card("emre"))
    other = card("аmina")
    with server.store.in_order() as session:
        entry = replace(audited(server).entries[-1], objects=(f"member/{other.key_id}",), card=other.text, version=1)
        server.log.append(session, replace(entry, confirmed=False))
    with pytest.raises(AuditError, match="is of an older version than the entry above it"):
        audited(server)
