"""Reviewers let somebody in and shut somebody out by signed requests; the operator no longer can alone."""

import pytest

from audited import audited
from enrolled import Enrolled, Members
from intake.accesslog import members
from intake.keeper import Keeper
from intake.protocol.card import Role, issue_card
from intake.protocol.roster import RosterError
from intake.protocol.rules import VOUCHES, Rule
from signed_client import ClientOf


@pytest.fixture
def team(members_of: Members, server: Keeper) -> list[Enrolled]:
    """Three reviewers, two of whom must vouch."""
    team = [members_of.enrol(name) for name in ("amina", "boris", "dora")]
    members.rule(server.store, server.log, Rule(VOUCHES, 2))
    return team


def reviewers(server: Keeper) -> list[str]:
    """As the server has it, whose log verifies."""
    with server.store.reading() as session:
        roster = server.log.roster(session)
        assert server.members.roster(session).recipients == roster.recipients == audited(server).roster.recipients
    return [member.card.name for member in roster.reviewers]


def test_two_let_a_third_in_who_can_then_read(
    team: list[Enrolled], members_of: Members, client: ClientOf, server: Keeper
) -> None:
    gulnar = members_of.make("gulnar")
    body = gulnar.card.text.encode()
    assert client(team[0])("POST", "/v1/vouch", body).status_code == 204
    assert client(gulnar)("GET", "/v1/index").status_code == 401
    assert "gulnar" not in reviewers(server)
    assert client(team[1])("POST", "/v1/vouch", body).status_code == 204
    assert client(gulnar)("GET", "/v1/index").status_code == 200
    assert reviewers(server) == ["amina", "boris", "dora", "gulnar"]


def test_a_word_that_can_not_be_is_refused_with_its_reason_and_not_logged(
    team: list[Enrolled], members_of: Members, client: ClientOf, server: Keeper
) -> None:
    with server.store.reading() as session:
        before = server.log.size(session)
    for card, says in (
        (team[1].card, "this key was enrolled before"),
        (members_of.make("boris").card, "somebody of this name is enrolled already"),
        (members_of.make("аmina").card, "looks like that of amina"),
    ):
        answer = client(team[0])("POST", "/v1/vouch", card.text.encode())
        assert (answer.status_code, says in answer.json()["error"]) == (409, True)
    assert client(team[0])("POST", "/v1/vouch", b"no card").json() == {"error": "the body must be a card"}
    answer = client(team[0])("POST", f"/v1/members/{team[0].card.key_id}/shut_out")
    assert (answer.status_code, "by another one" in answer.json()["error"]) == (409, True)
    with server.store.reading() as session:
        assert server.log.size(session) == before


def test_a_word_is_taken_back_as_long_as_it_was_not_enough(
    team: list[Enrolled], members_of: Members, client: ClientOf, server: Keeper
) -> None:
    gulnar = members_of.make("gulnar").card
    path = f"/v1/members/{gulnar.key_id}/word"
    assert client(team[0])("DELETE", path).status_code == 409
    client(team[0])("POST", "/v1/vouch", gulnar.text.encode())
    assert client(team[0])("DELETE", path).status_code == 204
    client(team[1])("POST", "/v1/vouch", gulnar.text.encode())
    assert "gulnar" not in reviewers(server)


def test_an_auditor_has_no_word(team: list[Enrolled], members_of: Members, client: ClientOf) -> None:
    carla = members_of.enrol("carla", Role.AUDITOR)
    for path, body in (("/v1/vouch", members_of.make("gulnar").card.text.encode()), (_out(team[0]), b"")):
        assert client(carla)("POST", path, body).status_code == 401


def test_two_shut_a_third_out_at_once(team: list[Enrolled], client: ClientOf, server: Keeper) -> None:
    for each in team[:2]:
        assert client(team[2])("GET", "/v1/index").status_code == 200
        assert client(each)("POST", _out(team[2])).status_code == 204
    assert client(team[2])("GET", "/v1/index").status_code == 401
    assert reviewers(server) == ["amina", "boris"]


def test_the_operator_can_not_enrol_a_reviewer_alone_and_can_revoke(
    team: list[Enrolled], members_of: Members, server: Keeper
) -> None:
    with pytest.raises(RosterError, match="reviewers must vouch for them: 2"):
        members_of.enrol("ghost")
    members_of.enrol("carla", Role.AUDITOR)
    for each in team:
        members_of.revoke(each.name)
    members_of.enrol("gulnar")
    assert reviewers(server) == ["gulnar"]


def test_the_rule_can_not_be_lowered(team: list[Enrolled], server: Keeper) -> None:
    for count in (1, 2):
        with pytest.raises(RosterError, match="vouches is 2, and can't be made less"):
            members.rule(server.store, server.log, Rule(VOUCHES, count))


def test_a_lead_reads_as_before(team: list[Enrolled], client: ClientOf, server: Keeper) -> None:
    lead = issue_card(Role.LEAD, team[2].key, team[2].identity)
    for each in team[:2]:
        assert client(each)("POST", "/v1/vouch", lead.text.encode()).status_code == 204
    assert client(team[2])("GET", "/v1/index").status_code == 200
    assert reviewers(server) == ["amina", "boris", "dora"]


def _out(member: Enrolled) -> str:
    return f"/v1/members/{member.card.key_id}/shut_out"
