"""Who is enrolled and shut out by the word of reviewers: the same for the server and for whoever checks its log."""

from dataclasses import replace
from datetime import timedelta

import pytest

from crypto.age import HybridIdentity
from crypto.note import SigningKey
from intake.protocol.actions import Action
from intake.protocol.audit import AuditError, VerifiedLog, verify_log
from intake.protocol.card import Card, Role, issue_card, key_id
from intake.protocol.entry import EntryError, parse_entry
from intake.protocol.membership import in_words, let_in_alone
from intake.protocol.roster import Roster
from intake.protocol.words import LASTING
from ledger import NOON, Ledger, cut, verified_in_pieces

MINUTE = timedelta(minutes=1)


class Team(Ledger):
    """A log of some reviewers, the first of whom are called as they are here."""

    def __init__(self, reviewers: int = 3, rule: int = 2) -> None:
        super().__init__()
        self.identities = [HybridIdentity.generate() for _ in range(reviewers)]
        names = ("amina", "boris", "dora", "emre", "farida")
        self.keys = [self.enrol(name, identity=own) for name, own in zip(names, self.identities, strict=False)]
        if rule:
            self.rule(f"vouches/{rule}")

    def verified(self) -> VerifiedLog:
        """As an auditor finds it, at once and in any pieces."""
        verified = verify_log(self.lines, self.head, self.key.verifier, None)
        pieces = verified_in_pieces(cut(self.lines, range(len(self.lines))), self.lines, self.key.verifier.name)
        assert pieces[1].to_bytes() == verified.state.to_bytes()
        return verified

    @property
    def roster(self) -> Roster:
        return self.verified().roster

    def reviewers(self) -> list[str]:
        return [member.card.name for member in self.roster.reviewers]

    def is_refused(self, why: str) -> None:
        """The newest entry makes the log false."""
        with pytest.raises(AuditError, match=f"entry {len(self.lines) - 1} is false: .*{why}"):
            self.verified()


def new_card(name: str = "gulnar", role: Role = Role.REVIEWER) -> Card:
    return issue_card(role, SigningKey.generate(name), HybridIdentity.generate() if role.reads else None)


def test_before_any_rule_the_operator_enrols_alone_and_nobody_vouches() -> None:
    team = Team(rule=0)
    team.add_card(new_card())
    assert team.reviewers() == ["amina", "boris", "dora", "gulnar"]
    team.vouch(team.keys[0], new_card("hamid"))
    team.is_refused("the operator enrols alone")


def test_the_last_whose_word_is_needed_enrols() -> None:
    team, card = Team(), new_card()
    team.vouch(team.keys[0], card)
    assert team.reviewers() == ["amina", "boris", "dora"]
    (candidate,) = team.roster.candidates(team.now)
    assert (candidate.card, candidate.by, candidate.needed) == (card, [key_id(team.keys[0].verifier)], 2)
    assert "amina vouched, 1 of 2" in "".join(in_words(team.roster, team.now))
    team.now += MINUTE
    team.vouch(team.keys[2], card)
    roster = team.roster
    assert team.reviewers() == ["amina", "boris", "dora", "gulnar"]
    assert card.recipient in roster.recipients
    assert [roster.label(key) for key in roster.members[-1].vouched] == ["amina", "dora"]
    assert (roster.members[-1].since, roster.candidates(team.now)) == (team.now, ())


@pytest.mark.parametrize(("reviewers", "rule", "needed"), [(1, 2, 1), (2, 2, 2), (2, 9, 2), (5, 3, 3), (3, 1, 1)])
def test_as_many_must_vouch_as_ruled_or_all_that_there_are(reviewers: int, rule: int, needed: int) -> None:
    team, card = Team(reviewers, rule), new_card()
    for number in range(needed):
        assert "gulnar" not in team.reviewers()
        team.vouch(team.keys[number], card)
    assert "gulnar" in team.reviewers()


def test_a_ghost_whom_the_operator_enrols_makes_the_log_false() -> None:
    team = Team()
    team.add_card(new_card("ghost"))
    team.is_refused("reviewers must vouch for them: 2 of those there are")


def test_revoking_the_ghost_again_does_not_help() -> None:
    team, ghost = Team(), new_card("ghost")
    team.add_card(ghost)
    team.revoke(ghost.key_id)
    with pytest.raises(AuditError, match="entry 4 is false: reviewers must vouch"):
        team.verified()


def test_the_operator_enrols_where_nobody_is_there_to_vouch() -> None:
    team = Team(2)
    for key in team.keys:
        team.revoke(key_id(key.verifier))
    team.add_card(new_card())
    assert team.reviewers() == ["gulnar"]
    team.add_card(new_card("hamid"))
    team.is_refused("reviewers must vouch for them: 1 of those")


def test_the_operator_goes_on_enrolling_auditors_whom_reviewers_could_otherwise_keep_out() -> None:
    team = Team()
    team.add_card(new_card("carla", Role.AUDITOR))
    assert team.roster.active("carla") is not None


@pytest.mark.parametrize("rule", [1, 2])
def test_the_rule_is_never_lowered(rule: int) -> None:
    team = Team()
    team.rule(f"vouches/{rule}")
    team.is_refused("can't be made less")


def test_the_rule_is_raised_and_what_was_said_before_counts() -> None:
    team, card = Team(4, 1), new_card()
    team.rule("vouches/3")
    for key in team.keys[:2]:
        team.vouch(key, card)
    assert "gulnar" not in team.reviewers()
    team.vouch(team.keys[3], card)
    assert "gulnar" in team.reviewers()


@pytest.mark.parametrize("objects", [(), ("vouches/0",), ("vouches/10",), ("vouches/2", "vouches/3"), ("votes/2",)])
def test_a_rule_of_anything_else_makes_the_log_false(objects: tuple[str, ...]) -> None:
    team = Team(rule=0)
    team.rule("vouches/1")
    last = parse_entry(team.lines.pop())
    team.again(replace(last, objects=objects).to_bytes())
    team.is_refused("a rule is one of|from 1 to 9")


def test_nobody_is_two() -> None:
    team, card = Team(), new_card()
    for _ in range(3):
        team.vouch(team.keys[0], card)
    assert "gulnar" not in team.reviewers()
    team.vouch(team.keys[1], card)
    assert "gulnar" in team.reviewers()


def test_nobody_vouches_for_themself() -> None:
    team = Team()
    team.vouch(team.keys[0], issue_card(Role.LEAD, team.keys[0], team.identities[0]))
    team.is_refused("nobody for themself")


def test_nobody_vouches_for_their_own_name_under_another_key() -> None:
    team = Team()
    team.vouch(team.keys[0], new_card("amina"))
    team.is_refused("of this name is enrolled already")


def test_nobody_vouches_for_a_name_that_looks_like_a_members() -> None:
    team = Team()
    team.vouch(team.keys[0], new_card("аmina"))
    team.is_refused("looks like that of amina")


def test_an_auditor_does_not_vouch() -> None:
    team = Team()
    carla = team.enrol("carla", Role.AUDITOR)
    team.vouch(carla, new_card())
    team.is_refused("a member with the role of auditor may not do this")


def test_whoever_was_revoked_does_not_vouch_and_what_they_said_counts_no_more() -> None:
    team, card = Team(4), new_card()
    team.vouch(team.keys[0], card)
    team.revoke(key_id(team.keys[0].verifier))
    team.vouch(team.keys[1], card)
    assert "gulnar" not in team.reviewers()
    team.vouch(team.keys[0], card)
    team.is_refused("was not enrolled at the time")


@pytest.mark.parametrize(("days", "counts"), [(LASTING, True), (LASTING + timedelta(seconds=1), False)])
def test_a_word_counts_for_thirty_days(days: timedelta, counts: bool) -> None:
    team, card = Team(), new_card()
    team.vouch(team.keys[0], card)
    team.now += days
    team.vouch(team.keys[1], card)
    assert ("gulnar" in team.reviewers()) is counts


def test_a_word_that_is_given_again_lasts_from_then_on() -> None:
    team, card = Team(), new_card()
    team.vouch(team.keys[0], card)
    team.now += timedelta(days=20)
    team.vouch(team.keys[0], card)
    team.now += timedelta(days=20)
    team.vouch(team.keys[1], card)
    assert "gulnar" in team.reviewers()


def test_a_word_is_for_one_card_alone() -> None:
    team, key, identity = Team(), SigningKey.generate("gulnar"), HybridIdentity.generate()
    team.vouch(team.keys[0], issue_card(Role.REVIEWER, key, identity))
    team.vouch(team.keys[1], issue_card(Role.LEAD, key, identity))
    team.vouch(team.keys[2], issue_card(Role.REVIEWER, key, HybridIdentity.generate()))
    assert "gulnar" not in team.reviewers()


def test_a_word_given_for_whoever_has_a_name_falls_with_another_who_gets_it() -> None:
    team, first, second = Team(), new_card(), new_card()
    team.vouch(team.keys[0], first)
    for key in team.keys[:2]:
        team.vouch(key, second)
    assert team.roster.candidates(team.now) == ()
    team.vouch(team.keys[1], first)
    team.is_refused("of this name is enrolled already")


def test_a_word_that_is_replayed_makes_the_log_false() -> None:
    team = Team()
    word = team.vouch(team.keys[0], new_card())
    team.again(word)
    team.is_refused("was used before")
    team.lines[-1] = replace(parse_entry(word), at=team.now + LASTING).to_bytes()
    team.is_refused("is of another time")


@pytest.mark.parametrize("off", [-20 * MINUTE, 20 * MINUTE])
def test_a_word_that_is_dated_back_or_ahead_makes_the_log_false(off: timedelta) -> None:
    """Such as that of somebody whose key was taken, or who was revoked."""
    team = Team()
    team.vouch(team.keys[0], new_card(), off=off)
    team.is_refused("is of another time")


def test_a_word_with_another_card_than_was_signed_makes_the_log_false() -> None:
    team, other = Team(), new_card()
    team.vouch(team.keys[0], new_card())
    entry = parse_entry(team.lines.pop())
    assert entry.request is not None
    changed = replace(entry, objects=(f"member/{other.key_id}",), request=replace(entry.request, body=other.text))
    team.again(changed.to_bytes())
    team.is_refused("the body is not the one that was signed")


def test_a_word_that_nobody_signed_makes_the_log_false() -> None:
    team, card = Team(), new_card()
    team.vouch(team.keys[0], card)
    team.again(replace(parse_entry(team.lines.pop()), request=None).to_bytes())
    team.is_refused("nobody signed for it")


def test_older_entries_know_nothing_of_it() -> None:
    team = Team()
    team.vouch(team.keys[0], new_card())
    for line in team.lines[-2:]:
        with pytest.raises(EntryError):
            parse_entry(replace(parse_entry(line), version=2).to_bytes())


def test_a_reviewer_becomes_a_lead_and_stops_being_one_by_the_word_of_others() -> None:
    team = Team()
    for role in (Role.LEAD, Role.REVIEWER):
        card = issue_card(role, team.keys[0], team.identities[0])
        for key in team.keys[1:]:
            team.vouch(key, card)
        member = team.roster.member(card.key_id)
        assert member is not None
        assert (member.card, member.since, member.until) == (card, NOON, None)
        team.ask(team.keys[0])
    assert team.reviewers() == ["amina", "boris", "dora"]


def test_the_operator_makes_a_lead_as_long_as_nobody_has_to_vouch() -> None:
    team = Team(rule=0)
    card = issue_card(Role.LEAD, team.keys[0], team.identities[0])
    team.add_card(card)
    lead = team.roster.active(card.name)
    assert lead is not None
    assert lead.card.role is Role.LEAD
    team.rule("vouches/1")
    team.add_card(issue_card(Role.LEAD, team.keys[1], team.identities[1]))
    team.is_refused("reviewers must vouch")


def test_another_role_brings_no_other_recipient_and_nobody_back() -> None:
    team = Team(rule=0)
    team.add_card(issue_card(Role.LEAD, team.keys[0], HybridIdentity.generate()))
    team.is_refused("changes nothing else")
    team.lines.pop()
    team.revoke(key_id(team.keys[0].verifier))
    team.add_card(issue_card(Role.LEAD, team.keys[0], team.identities[0]))
    team.is_refused("this key was enrolled before")


def test_no_auditor_becomes_a_reviewer_with_the_same_key() -> None:
    team = Team(rule=0)
    carla = team.enrol("carla", Role.AUDITOR)
    team.add_card(issue_card(Role.REVIEWER, carla, HybridIdentity.generate()))
    team.is_refused("with the same key")


def test_in_older_entries_nobody_gets_another_role() -> None:
    team = Team(rule=0)
    team.add_card(issue_card(Role.LEAD, team.keys[0], team.identities[0]))
    team.lines = [replace(parse_entry(line), version=2).to_bytes() for line in team.lines]
    team.is_refused("this key was enrolled before")


def test_as_many_others_as_must_vouch_shut_somebody_out() -> None:
    team = Team(4)
    dora = key_id(team.keys[2].verifier)
    team.shut_out(team.keys[0], dora)
    assert "dora" in team.reviewers()
    (accused,) = team.roster.accused(team.now)
    assert (accused.member.card.name, len(accused.by), accused.needed) == ("dora", 1, 2)
    assert "dora would be shut out: so amina said, 1 of 2" in "".join(in_words(team.roster, team.now))
    team.shut_out(team.keys[0], dora)
    assert "dora" in team.reviewers()
    team.shut_out(team.keys[3], dora)
    member = team.roster.member(dora)
    assert member is not None
    assert (member.until, len(member.shut_out), "dora" in team.reviewers()) == (team.now, 2, False)
    team.ask(team.keys[2])
    team.is_refused("was not enrolled at the time")


def test_nobody_shuts_another_out_alone_however_few_must_vouch() -> None:
    team = Team(3, 1)
    dora = key_id(team.keys[2].verifier)
    team.shut_out(team.keys[0], dora)
    assert "dora" in team.reviewers()
    team.shut_out(team.keys[1], dora)
    assert "dora" not in team.reviewers()


@pytest.mark.parametrize(
    ("team", "who", "whom", "why"),
    [
        (Team(3, 0), 0, 1, "only the operator can revoke"),
        (Team(2), 0, 1, "that takes two others"),
        (Team(3), 0, 0, "only by another one"),
    ],
)
def test_nobody_is_shut_out_otherwise(team: Team, who: int, whom: int, why: str) -> None:
    team.shut_out(team.keys[who], key_id(team.keys[whom].verifier))
    team.is_refused(why)


def test_reviewers_do_not_choose_who_audits_them() -> None:
    team = Team()
    carla = team.enrol("carla", Role.AUDITOR)
    team.shut_out(team.keys[0], key_id(carla.verifier))
    team.is_refused("nobody chooses who audits them")
    assert Action.REVOKE not in {parse_entry(line).action for line in team.lines}


def test_a_word_that_is_taken_back_counts_no_more_and_may_be_given_again() -> None:
    team, card = Team(4), new_card()
    dora = key_id(team.keys[2].verifier)
    team.vouch(team.keys[0], card)
    team.shut_out(team.keys[0], dora)
    for whom in (card.key_id, dora):
        assert team.roster.can_unsay(key_id(team.keys[0].verifier), whom)
        team.unsay(team.keys[0], whom)
        assert not team.roster.can_unsay(key_id(team.keys[0].verifier), whom)
    team.vouch(team.keys[1], card)
    team.shut_out(team.keys[1], dora)
    assert team.reviewers() == ["amina", "boris", "dora", "emre"]
    team.vouch(team.keys[0], card)
    team.shut_out(team.keys[0], dora)
    assert team.reviewers() == ["amina", "boris", "emre", "gulnar"]


def test_nobody_takes_back_the_word_of_another_or_one_that_was_enough() -> None:
    team, card = Team(), new_card()
    team.vouch(team.keys[0], card)
    team.unsay(team.keys[1], card.key_id)
    team.is_refused("no word of theirs")
    team.lines.pop()
    team.vouch(team.keys[1], card)
    team.unsay(team.keys[0], card.key_id)
    team.is_refused("no word of theirs")


def test_where_the_operator_enrolled_alone_is_found() -> None:
    team = Team(1)
    team.enrol("carla", Role.AUDITOR)
    team.revoke(key_id(team.keys[0].verifier))
    team.add_card(new_card())
    assert [ruling.place for ruling in let_in_alone(team.verified().state.rulings)] == [len(team.lines) - 1]


def test_where_no_rule_asks_for_words_nobody_is_said_to_have_been_enrolled_alone() -> None:
    team = Team(1, rule=0)
    for rule in ("retention/12", "deleters/3", "countdown/14"):
        team.rule(rule)
    team.add_card(new_card())
    assert list(let_in_alone(team.verified().state.rulings)) == []


def test_nobody_fills_everybodys_memory_with_words() -> None:
    team = Team()
    for _ in range(50):
        team.vouch(team.keys[0], new_card("gulnar", Role.AUDITOR))
    assert len(team.roster.candidates(team.now)) == 50
    team.vouch(team.keys[0], new_card("gulnar", Role.AUDITOR))
    team.is_refused("nobody has more than 50 words on a day")
    team.lines.pop()
    team.vouch(team.keys[1], new_card("hamid"))
    team.now += timedelta(days=1)
    team.vouch(team.keys[0], new_card("gulnar", Role.AUDITOR))
    assert len(team.roster.candidates(team.now)) == 52
