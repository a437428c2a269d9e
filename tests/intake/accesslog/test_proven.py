"""Reports are sealed to whom the log's key has signed for: nothing that somebody writes into the store changes that."""

import secrets
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import delete, insert, update

from crypto.logkey import LogSigner
from crypto.merkle import leaf_hash
from crypto.note import SigningKey
from earlier import before_signatures
from enrolled import Enrolled, Members
from ghost import add_ghost, ghost
from intake.accesslog import clock as operators_clock
from intake.accesslog import members
from intake.accesslog.append import LogAppender
from intake.accesslog.proven import ProvenMembers, UnprovenLogError
from intake.accesslog.read import LogReader
from intake.keeper import Keeper, initialise, open_keeper, read_log_key
from intake.protocol.card import Role, issue_card
from intake.protocol.entry import OPERATOR, parse_entry
from intake.protocol.roster import Roster
from intake.protocol.rules import VOUCHES, Rule
from intake.storage.store import Transaction
from intake.storage.tables import LogEntry
from signed_client import Client, ClientOf
from signed_head import sign_head


@pytest.fixture
def team(members_of: Members, server: Keeper) -> list[Enrolled]:
    """Three reviewers, one of whom was revoked; two must vouch."""
    team = [members_of.enrol(name) for name in ("amina", "boris", "dora")]
    members_of.revoke("dora")
    members.rule(server.store, server.log, Rule(VOUCHES, 2))
    return team


@pytest.fixture
def client(server: Keeper) -> Iterator[ClientOf]:
    """Signed requests to the desk."""
    with ExitStack() as opened:
        yield lambda member, of=None: opened.enter_context(closing(Client(of or server, member.key)))


def proven(server: Keeper, known: ProvenMembers | None = None) -> Roster:
    """By a process that has just begun, unless it is one that `known` something before."""
    known = known or ProvenMembers(LogReader(), read_log_key(server.settings.log_key).verifier)
    with server.store.reading() as session:
        return known.roster(session)


def names(roster: Roster) -> list[str]:
    return [member.card.name for member in roster.reviewers]


def in_the_place_of_another(server: Keeper) -> None:
    line = ghost().to_bytes()
    with server.store.writing() as session:
        session.execute(update(LogEntry).where(LogEntry.index == 1).values(body=line, leaf=leaf_hash(line)))


def with_the_hash_as_it_was(server: Keeper) -> None:
    with server.store.writing() as session:
        session.execute(update(LogEntry).where(LogEntry.index == 1).values(body=ghost().to_bytes()))


def unrevoked(server: Keeper) -> None:
    with server.store.writing() as session:
        session.execute(delete(LogEntry).where(LogEntry.index == 3))


def by_another_key(server: Keeper) -> None:
    line = ghost().to_bytes()
    with server.store.writing() as session:
        session.add(LogEntry(index=5, leaf=leaf_hash(line), body=line, rules=True))
    sign_head(server, LogSigner.generate(server.log.origin))


CHANGES = [add_ghost, in_the_place_of_another, with_the_hash_as_it_was, unrevoked, by_another_key]


@pytest.mark.parametrize("change", CHANGES)
def test_whatever_is_written_into_the_store_without_the_logs_key_is_found(
    change: Callable[[Keeper], None], server: Keeper, team: Sequence[Enrolled]
) -> None:
    assert names(proven(server)) == ["amina", "boris"]
    change(server)
    with pytest.raises(UnprovenLogError, match="the list of reviewers does not verify, so nothing is sealed to it"):
        proven(server)


def test_a_revocation_that_is_unmarked_counts_all_the_same(server: Keeper, team: Sequence[Enrolled]) -> None:
    """The server's other processes believe the marks; whoever seals reports looks at every entry."""
    with server.store.writing() as session:
        session.execute(update(LogEntry).values(rules=False).where(LogEntry.index == 3))
    with server.store.reading() as session:
        assert names(LogReader().roster(session)) == ["amina", "boris", "dora"]
    assert names(proven(server)) == ["amina", "boris"]


def test_a_process_that_runs_goes_on_from_what_it_has_proven(
    server: Keeper, team: Sequence[Enrolled], members_of: Members, client: ClientOf
) -> None:
    read: list[int] = []

    class Counting(LogReader):
        def lines(self, session: Transaction, start: int, end: int) -> Sequence[bytes]:
            read.extend(range(start, end))
            return super().lines(session, start, end)

    known = ProvenMembers(Counting(), read_log_key(server.settings.log_key).verifier)
    roster = proven(server, known)
    assert proven(server, known) is roster
    assert read == list(range(5))
    gulnar = members_of.make("gulnar")
    for each in team[:2]:
        assert client(each)("GET", "/v1/index").status_code == 200
        assert client(each)("POST", "/v1/vouch", gulnar.card.text.encode()).status_code == 204
    assert names(proven(server, known)) == ["amina", "boris", "gulnar"]
    assert read == list(range(9))
    add_ghost(server)
    with pytest.raises(UnprovenLogError):
        proven(server, known)
    sign_head(server, size=8)
    with pytest.raises(UnprovenLogError, match="shrank from 9 entries to 8"):
        proven(server, known)


@pytest.mark.parametrize("at_once", [1, 2, 3, 1024])
def test_it_is_the_same_in_pieces_of_any_size(
    at_once: int, server: Keeper, team: Sequence[Enrolled], client: ClientOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(3):
        client(team[0])("GET", "/v1/index")
    client(team[0])("POST", f"/v1/members/{team[1].card.key_id}/shut_out")
    monkeypatch.setattr("intake.accesslog.proven._AT_ONCE", at_once)
    with server.store.reading() as session:
        expected = server.log.roster(session)
    assert proven(server).members == expected.members


def test_whoever_holds_the_logs_key_can_invent_no_word_of_a_reviewer(
    server: Keeper, team: Sequence[Enrolled], members_of: Members, client: ClientOf
) -> None:
    gulnar = members_of.make("gulnar")
    client(team[0])("POST", "/v1/vouch", gulnar.card.text.encode())
    with server.store.reading() as session:
        (word,) = map(parse_entry, server.log.lines(session, 5, 6))
    assert word.request is not None
    invented = replace(word, who=team[1].card.key_id)
    for entry in (ghost(), invented, word, replace(word, request=None, who=OPERATOR)):
        line = entry.to_bytes()
        with server.store.writing() as session:
            session.execute(delete(LogEntry).where(LogEntry.index >= 6))
            session.execute(insert(LogEntry).values(index=6, leaf=leaf_hash(line), body=line, rules=True))
        sign_head(server)
        with pytest.raises(UnprovenLogError, match="entry 6 is false"):
            proven(server)


def test_a_corrected_clock_and_an_older_log_are_proven_too(tmp_path: Path) -> None:
    server = open_keeper(initialise(before_signatures(tmp_path / "earlier").data, {}))
    ahead = LogAppender(read_log_key(server.settings.log_key), lambda: datetime(2126, 1, 1, tzinfo=UTC))
    card = issue_card(Role.AUDITOR, SigningKey.generate(f"a{secrets.token_hex(4)}"), None)
    members.enrol(server.store, ahead, card, clock_is_right=True)
    operators_clock.correct(server.store, server.log)
    with server.store.reading() as session:
        assert proven(server).members == server.log.roster(session).members
    server.store.close()
