"""What a server, a reviewer or a witness can do to deceive the others, each done for real: who finds it, and where.

Amina and Boris are reviewers whose programs have fetched the log; Carla is an auditor who has verified it once. What an
adversary does is done to the store behind a real desk, with the log's own key. What parts of this come to in every
variation is tested where they are made; here, nobody may be deceived.
"""

import re
import secrets
from collections.abc import Callable, Iterable
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from wsgiref.types import StartResponse, WSGIEnvironment

import pytest
from werkzeug.wrappers import Response

from crypto.age import HybridIdentity
from crypto.checkpoint import Checkpoint
from crypto.merkle import Frontier, leaf_hash
from crypto.note import SigningKey
from intake.accesslog import members
from intake.keeper import read_log_key
from intake.protocol.actions import Action
from intake.protocol.audit import AuditError
from intake.protocol.card import Card, Role, issue_card
from intake.protocol.entry import OPERATOR, Entry, parse_entry
from intake.protocol.evidence import parse_evidence
from intake.protocol.queries import first_wanted
from intake.protocol.rules import VOUCHES, Rule
from intake.protocol.wire import encode_entries
from intake.triage.desk.client import DeskClient, DeskError
from intake.triage.fetching.log import fetch_whole
from intake.triage.home import Home
from intake.triage.keys.keyfile import MemberKeys, load_keys
from intake.triage.progress import no_progress
from open_desk import Desk
from program import ORIGIN, PASSPHRASE, Enrol, HomeOf, Program, Reviewer
from rewriting import lines, rewrite
from signed_head import signed

pytestmark = pytest.mark.slow


@dataclass
class Team:
    """Everybody, with what they know by now."""

    desk: Desk
    amina: Program
    boris: Program
    carla: MemberKeys
    carla_home: Home
    keys: Path

    def fetch(self) -> None:
        """Everybody looks at the log."""
        for program in (self.amina, self.boris):
            program.post("/sync", "/")

    def audit(self) -> str:
        """What Carla finds; empty if nothing."""
        with closing(DeskClient(self.carla_home, self.carla.signing, Role.AUDITOR)) as client:
            try:
                fetch_whole(client, self.carla_home, no_progress)
            except (AuditError, DeskError) as error:
                return str(error)
        return ""

    def key(self, name: str) -> MemberKeys:
        return load_keys(self.keys / f"{name}.key", PASSPHRASE)

    def show(self, held: list[bytes]) -> None:
        """From now on, show this log to everybody, signed with the log's keys, whatever is done."""
        honest, key, edge = self.desk.wsgi, read_log_key(self.desk.server.settings.log_key), Frontier.empty()
        for line in held:
            edge = edge.append(leaf_hash(line))
        head = signed(key, Checkpoint(key.verifier.name, edge.size, edge.root()).text)

        def answer(environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
            if environ["PATH_INFO"] == "/v1/log/checkpoint":
                return Response(head)(environ, start)
            if environ["PATH_INFO"] == "/v1/log/entries":
                first = first_wanted(f"?{environ['QUERY_STRING']}")
                return Response(encode_entries(held[first:]))(environ, start)
            return honest(environ, start)

        self.desk.wsgi = answer

    def add(self, *entries: Entry) -> int:
        """Have the log say more than was. Returns the place of the first entry that is false."""
        held = lines(self.desk.server)
        self.show([*held, *(entry.to_bytes() for entry in entries)])
        return len(held)


@pytest.fixture
def team(desk: Desk, amina: Program, reviewer: Reviewer, enrol: Enrol, home: HomeOf, tmp_path: Path) -> Team:
    boris = reviewer("boris")
    boris.unlock()
    carla = enrol("carla", Role.AUDITOR)
    desk.store_tip("They went to my mother.", {"urgency": "now"})
    made = Team(desk, amina, boris, carla, home("carla"), tmp_path)
    made.fetch()
    assert made.audit() == ""
    for program in (amina, boris):
        assert program.workspace.alarms == []
    return made


def alarm(program: Program) -> str:
    return program.workspace.alarm


def now(after: timedelta = timedelta(0)) -> datetime:
    return datetime.now(UTC).replace(microsecond=0) + after


def new_card(name: str, role: Role = Role.REVIEWER, key: SigningKey | None = None) -> Card:
    return issue_card(role, key or SigningKey.generate(name), HybridIdentity.generate() if role.reads else None)


def first_of(held: list[bytes], action: Action) -> int:
    return next(place for place, line in enumerate(held) if parse_entry(line).action is action)


# A server that rewrites what was.


def drops_an_entry(held: list[bytes]) -> list[bytes]:
    place = first_of(held, Action.READ)
    return [*held[:place], *held[place + 1 :]]


def edits_an_entry(held: list[bytes]) -> list[bytes]:
    place = first_of(held, Action.READ)
    entry = parse_entry(held[place])
    return [*held[:place], replace(entry, objects=(f"item/{'0' * 32}",)).to_bytes(), *held[place + 1 :]]


def rolls_back(held: list[bytes]) -> list[bytes]:
    return held[:4]


CHANGED = re.compile(r"the log (shrank: |was rewritten: )")
"""By what each has seen of it so far."""


@pytest.mark.parametrize("does", [drops_an_entry, edits_an_entry, rolls_back])
def test_what_was_changed_is_found_by_everybody_who_saw_it(
    does: Callable[[list[bytes]], list[bytes]], team: Team
) -> None:
    team.show(does(lines(team.desk.server)))
    assert CHANGED.match(team.audit())
    team.fetch()
    for program in (team.amina, team.boris):
        assert CHANGED.match(alarm(program).removeprefix("The log can't be trusted: "))
        assert "what it signed is kept in" in alarm(program)
        (file,) = program.workspace.evidence
        parse_evidence(file.read_bytes())


def test_entries_that_were_changed_without_the_logs_key_deceive_nobody_who_reads_them(team: Team) -> None:
    rewrite(team.desk.server, edits_an_entry(lines(team.desk.server)))
    assert "entries are not the ones seen before" in team.audit()
    team.fetch()
    for program in (team.amina, team.boris):
        assert (alarm(program), program.workspace.problem) == ("", ""), "they keep the entries themselves"


# A server that says what was not.


def test_an_invented_access_is_found_by_everybody_at_its_entry(team: Team) -> None:
    held = lines(team.desk.server)
    real = parse_entry(held[first_of(held, Action.READ)])
    place = team.add(replace(real, at=now(), objects=(f"item/{'0' * 32}",)))
    assert f"entry {place} is false: it does not say what its request did" in team.audit()
    team.fetch()
    for program in (team.amina, team.boris):
        assert f"entry {place} is false" in alarm(program)


def test_a_replayed_request_is_refused_by_the_desk_and_by_whoever_verifies(team: Team) -> None:
    held = lines(team.desk.server)
    place = team.add(replace(parse_entry(held[first_of(held, Action.READ)]), at=now()))
    assert f"entry {place} is false: its request was used before" in team.audit()


def test_a_deletion_that_nobody_wanted_is_obeyed_by_nobody(team: Team) -> None:
    tip = next(iter(team.amina.workspace.book.given(None)))
    place = team.add(Entry(now(), OPERATOR, Action.DELETE, (f"tip/{tip}", f"item/{'1' * 32}")))
    assert f"entry {place} is false" in team.audit()
    team.fetch()
    for program in (team.amina, team.boris):
        assert f"entry {place} is false" in alarm(program)
        assert "They went to my mother." in program.get(f"/tips/{tip}").text, "what was fetched is kept"


# A server that says nothing of what was.


@pytest.mark.parametrize("path", ["/v1/index", "/v1/read"])
def test_an_answer_without_an_entry_is_found_by_whoever_got_it(path: str, team: Team) -> None:
    team.desk.store_tip("A second one.", {"urgency": "now"})
    honest = team.desk.wsgi

    def unlogged(body: bytes) -> bytes:
        team.desk.cut(1)
        return body

    team.desk.lie(path, unlogged)
    team.amina.post("/sync", "/")
    team.desk.wsgi = honest
    team.fetch()
    assert re.search(r"the server answered your (fetch of the index|reading of|download of)", alarm(team.amina))
    assert "the server answered" not in alarm(team.boris), "and by nobody else: it was Amina's"


def test_entries_that_are_withheld_are_missed_by_whoever_made_them(team: Team) -> None:
    with team.desk.server.store.reading() as session:
        before = team.desk.server.log.shown(session)
    team.desk.lie("/v1/log/checkpoint", lambda _: before)
    team.fetch()
    for program in (team.amina, team.boris):
        assert "the server answered your fetch of the index" in alarm(program)


# A server that shows different people different logs.


def checkpoint_of(program: Program) -> bytes:
    newest = program.workspace.checkpoints.newest
    assert newest
    return newest.received.note


def forked(team: Team, size: int) -> bytes:
    """What such a server has signed for somebody else: a tree of this size that is not the others'."""
    key = read_log_key(team.desk.server.settings.log_key)
    return signed(key, Checkpoint(key.verifier.name, size, secrets.token_bytes(32)).text)


def test_a_fork_for_one_reviewer_is_found_when_two_compare(team: Team) -> None:
    newest = team.amina.workspace.checkpoints.newest
    assert newest
    theirs = forked(team, newest.checkpoint.size)
    answer = team.amina.post("/log/compare", "/log", checkpoint=theirs.decode())
    assert "The log shows the two of you different histories" in answer.text
    assert parse_evidence(team.amina.workspace.evidence[0].read_bytes()).is_proof


def test_a_fork_for_one_auditor_is_found_by_the_reviewer_who_is_given_her_checkpoint(team: Team) -> None:
    newest = team.boris.workspace.checkpoints.newest
    assert newest
    theirs = forked(team, newest.checkpoint.size + 1)
    assert "longer log" in team.boris.post("/log/compare", "/log", checkpoint=theirs.decode()).text
    team.fetch()
    assert "it contradicted itself" in alarm(team.boris)
    assert parse_evidence(team.boris.workspace.evidence[0].read_bytes()).is_proof


def test_two_who_see_the_same_are_told_so(team: Team) -> None:
    team.fetch()
    answer = team.boris.post("/log/compare", "/log", checkpoint=checkpoint_of(team.amina).decode())
    assert "you see the same log" in answer.text


def test_a_log_of_endless_size_is_refused_at_once(team: Team) -> None:
    key = read_log_key(team.desk.server.settings.log_key)
    huge = signed(key, Checkpoint(key.verifier.name, 1 << 40, bytes(32)).text)
    team.desk.lie("/v1/log/checkpoint", lambda _: huge)
    assert f"the desk claims a log of {1 << 40} entries" in team.audit()
    team.fetch()
    assert f"the desk claims a log of {1 << 40} entries" in team.amina.workspace.problem


# Who may read.


def test_a_ghost_whom_the_operator_enrols_and_revokes_again_is_told_to_everybody(team: Team) -> None:
    """As long as nobody has to vouch."""
    ghost = new_card("ghost")
    members.enrol(team.desk.server.store, team.desk.server.log, ghost)
    members.revoke(team.desk.server.store, team.desk.server.log, "ghost", Role.REVIEWER)
    team.fetch()
    for program in (team.amina, team.boris):
        told = " ".join(program.workspace.changes)
        assert "ghost was enrolled as a reviewer" in told
        assert "ghost is no longer a reviewer" in told


def test_where_reviewers_must_vouch_a_ghost_makes_the_log_false_for_everybody(team: Team) -> None:
    members.rule(team.desk.server.store, team.desk.server.log, Rule(VOUCHES, 2))
    team.fetch()
    ghost = new_card("ghost")
    enrolled = Entry(now(), OPERATOR, Action.ENROL, (f"member/{ghost.key_id}",), card=ghost.text)
    place = team.add(enrolled, Entry(now(), OPERATOR, Action.REVOKE, (f"member/{ghost.key_id}",)))
    assert f"entry {place} is false: reviewers must vouch for them" in team.audit()
    team.fetch()
    for program in (team.amina, team.boris):
        assert f"entry {place} is false" in alarm(program)


def test_a_vouching_that_is_dated_back_makes_the_log_false(team: Team) -> None:
    members.rule(team.desk.server.store, team.desk.server.log, Rule(VOUCHES, 2))
    card = new_card("dora")
    with closing(DeskClient(team.amina.workspace._home, team.key("amina").signing, Role.REVIEWER)) as client:
        client.vouch(card)
    held = lines(team.desk.server)
    vouched = parse_entry(held[-1])
    assert vouched.action is Action.VOUCH
    team.show([*held[:-1], replace(vouched, at=vouched.at - timedelta(hours=1)).to_bytes()])
    assert f"entry {len(held) - 1} is false: the request is of another time" in team.audit()


def test_nobody_vouches_for_themself(team: Team) -> None:
    members.rule(team.desk.server.store, team.desk.server.log, Rule(VOUCHES, 2))
    own = new_card("amina")
    client = DeskClient(team.amina.workspace._home, team.key("amina").signing, Role.REVIEWER)
    with closing(client), pytest.raises(DeskError, match="refused"):
        client.vouch(own)
    assert Action.VOUCH not in {parse_entry(line).action for line in lines(team.desk.server)}


def test_a_name_that_is_enrolled_again_is_shown_with_both_keys(team: Team) -> None:
    members.revoke(team.desk.server.store, team.desk.server.log, "boris", Role.REVIEWER)
    again = new_card("boris")
    members.enrol(team.desk.server.store, team.desk.server.log, again)
    team.amina.post("/sync", "/")
    told = " ".join(team.amina.workspace.changes)
    assert again.fingerprint in told
    assert team.key("boris").card.fingerprint in told


# A reviewer among reviewers.


def test_who_reads_with_a_colleagues_key_is_found_by_that_colleague(team: Team, home: HomeOf) -> None:
    with closing(DeskClient(home("stolen"), team.key("boris").signing, Role.REVIEWER)) as client:
        client.days("")
    team.fetch()
    assert "Somebody used your key elsewhere" in alarm(team.boris)
    assert alarm(team.amina) == ""


def test_who_takes_a_colleagues_session_reads_nothing_without_its_path(team: Team) -> None:
    place = team.boris.place.path
    cookie = team.boris.browser.get_cookie("triage", "127.0.0.1", f"{place}/")
    assert cookie is not None
    thief = team.boris.app.test_client()
    thief.set_cookie("triage", cookie.value, domain="127.0.0.1", path="/")
    assert thief.get(f"{place}/reports", base_url=ORIGIN).status_code == 200, "with both, it is Boris"
    for guessed in ("", f"/{secrets.token_urlsafe(16)}", team.amina.place.path):
        assert thief.get(f"{guessed}/reports", base_url=ORIGIN).status_code == 403
