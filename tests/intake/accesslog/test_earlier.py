"""A log of the first version stays as it was, byte for byte, and goes on by the rules of the second."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from audited import audited
from crypto.note import SigningKey, parse_note
from crypto.policy import parse_policy
from earlier import before_signatures
from intake.accesslog import members
from intake.keeper import Keeper, initialise, open_keeper, read_log_key
from intake.protocol.audit import AuditError
from intake.protocol.card import Card, Role, issue_card
from intake.protocol.entry import VERSION, parse_entry
from intake.protocol.roster import RosterError
from intake.settings import SettingError


@pytest.fixture
def server(tmp_path: Path) -> Any:
    """What the program before signatures filled, brought up to date."""
    opened = open_keeper(initialise(before_signatures(tmp_path / "earlier").data, {}))
    yield opened
    opened.store.close()


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


def test_new_entries_are_of_the_newest_version_and_bring_its_rules(server: Keeper) -> None:
    before = versions(server)
    with pytest.raises(RosterError, match="looks like that of amina"):
        enrol(server, card("аmina"))
    enrol(server, card("emre"))
    assert versions(server) == [*before, VERSION]


def test_nobody_goes_back_to_the_first_version_to_be_rid_of_its_rules(server: Keeper) -> None:
    enrol(server, card("emre"))
    other = card("аmina")
    with server.store.in_order() as session:
        entry = replace(audited(server).entries[-1], objects=(f"member/{other.key_id}",), card=other.text, version=1)
        server.log.append(session, replace(entry, confirmed=False))
    with pytest.raises(AuditError, match="is of an older version than the entry above it"):
        audited(server)


def test_a_log_from_before_there_were_two_keys_gets_its_second_one_beside_the_first(tmp_path: Path) -> None:
    data = before_signatures(tmp_path / "earlier").data
    name, seed = (data / "log.key").read_text().split()
    with pytest.raises(SettingError, match=r"lacks the second key .* run 'intake init'"):
        read_log_key(data / "log.key")
    settings = initialise(data, {})
    key = read_log_key(settings.log_key)
    assert (key.verifier.name, key.seeds[0].hex()) == (name, seed)
    assert parse_policy(settings.policy.read_bytes()).log == key.verifier
    assert read_log_key(initialise(data, {}).log_key).verifier == key.verifier, "and keeps it"


def test_what_it_signed_before_is_gone_on_from(server: Keeper) -> None:
    key = read_log_key(server.settings.log_key).verifier
    with server.store.reading() as session:
        before = key.first.open(server.log.checkpoint(session))
    enrol(server, card("emre"))
    verified = audited(server)
    assert verified.checkpoint.size == before.size + 1
    with server.store.reading() as session:
        assert len(parse_note(server.log.shown(session)).signatures) == 2
