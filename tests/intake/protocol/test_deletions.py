"""A deletion takes two, counts down, and can be stopped; whoever verifies the log refuses every other one."""

from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from crypto.age import HybridIdentity
from crypto.note import SigningKey
from intake.protocol.actions import Action
from intake.protocol.audit import AuditError, verify_log
from intake.protocol.card import Role, issue_card
from intake.protocol.deletions import Deletions, purges
from intake.protocol.entry import parse_entry
from intake.protocol.logstate import LogState, parse_state
from intake.protocol.rules import DELETERS
from ledger import NOON, Ledger, cut, verified_in_pieces

TIP, OTHER = "aa" * 16, "bb" * 16
ITEM, LATER = "01" * 16, "02" * 16
DAY = timedelta(days=1)
MOMENT = timedelta(seconds=1)


@dataclass
class Team:
    """Three reviewers and their log."""

    log: Ledger = field(default_factory=Ledger)
    keys: dict[str, SigningKey] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in ("amina", "boris", "chen"):
            self.keys[name] = self.log.enrol(name)

    def propose(self, name: str, tip: str = TIP, item: str = ITEM) -> None:
        self.log.ask(self.keys[name], "PUT", f"/v1/tips/{tip}/deletion/{item}")

    def second(self, name: str, tip: str = TIP, item: str = ITEM) -> None:
        self.log.ask(self.keys[name], "POST", f"/v1/tips/{tip}/deletion/{item}/second")

    def stop(self, name: str, tip: str = TIP, item: str = ITEM) -> None:
        self.log.ask(self.keys[name], "POST", f"/v1/tips/{tip}/deletion/{item}/stop")

    def purged(self, name: str, tip: str = TIP) -> None:
        self.log.ask(self.keys[name], "POST", f"/v1/tips/{tip}/purged")

    def revoke(self, name: str) -> None:
        state = self.state()
        member = state.roster.active(name)
        assert member is not None
        self.log.revoke(member.card.key_id)

    def wait(self, time: timedelta) -> None:
        """Time passes, in which members ask for things."""
        self.log.now += time
        self.log.ask(self.keys["amina"])

    def state(self) -> LogState:
        """The log as whoever verifies it knows it, whole, in pieces, and kept; `AuditError` if it is false."""
        state = verify_log(self.log.lines, self.log.head, self.log.key.verifier, None).state
        name = self.log.key.verifier.name
        for places in (range(len(self.log.lines)), range(0, len(self.log.lines), 2)):
            pieces = verified_in_pieces(cut(self.log.lines, places), self.log.lines, name)[1]
            assert pieces.to_bytes() == state.to_bytes()
        return parse_state(state.to_bytes())

    def deletions(self) -> Deletions:
        return self.state().deletions


@pytest.fixture
def team() -> Team:
    return Team()


def test_two_want_it_and_after_seven_days_it_is_deleted(team: Team) -> None:
    team.propose("amina")
    assert team.deletions().open[0].due(team.state().roster) is None
    team.wait(DAY)
    team.second("boris")
    assert team.deletions().open[0].due(team.state().roster) == NOON + 8 * DAY
    team.wait(7 * DAY)
    team.log.delete(TIP, ITEM)
    deletions = team.deletions()
    assert deletions.deleted[TIP].at == NOON + 8 * DAY
    assert deletions.open == ()


@pytest.mark.parametrize("seconds", [(), ("amina",), ("amina", "amina")], ids=["nobody", "by oneself", "twice so"])
def test_one_alone_deletes_nothing_whatever_the_server_says(team: Team, seconds: tuple[str, ...]) -> None:
    team.propose("amina")
    for name in seconds:
        team.second(name)
    team.wait(8 * DAY)
    assert team.deletions().due(team.state().roster, team.log.now) == ()
    team.log.delete(TIP, ITEM)
    with pytest.raises(AuditError, match="not enough members want deleted"):
        team.state()


def test_a_deletion_before_its_countdown_is_over_is_false(team: Team) -> None:
    team.propose("amina")
    team.second("boris")
    team.wait(7 * DAY - MOMENT)
    team.log.delete(TIP, ITEM)
    with pytest.raises(AuditError, match="before the countdown was over"):
        team.state()


@pytest.mark.parametrize("who", ["amina", "boris", "chen"])
def test_anybody_stops_it_until_it_is_carried_out_also_who_wanted_it(team: Team, who: str) -> None:
    team.propose("amina")
    team.second("boris")
    team.wait(8 * DAY)
    team.stop(who)
    assert team.deletions().open == ()
    team.log.delete(TIP, ITEM)
    with pytest.raises(AuditError, match="a member has stopped"):
        team.state()


def test_what_was_stopped_is_proposed_anew_and_needs_everything_anew(team: Team) -> None:
    team.propose("amina")
    team.second("boris")
    team.stop("chen")
    team.propose("amina", item=LATER)
    # Written before the stop was seen, it still means what was stopped.
    team.second("boris")
    team.wait(8 * DAY)
    assert team.deletions().due(team.state().roster, team.log.now) == ()
    team.second("boris", item=LATER)
    assert team.deletions().open[0].due(team.state().roster) == team.log.now + 7 * DAY


def test_nothing_is_deleted_that_nobody_proposed_or_that_was_proposed_of_another(team: Team) -> None:
    team.propose("amina")
    team.second("boris")
    team.wait(8 * DAY)
    for tip, item in ((OTHER, ITEM), (TIP, LATER)):
        kept = list(team.log.lines)
        team.log.delete(tip, item)
        with pytest.raises(AuditError, match="nobody has proposed"):
            team.state()
        team.log.lines[:] = kept


def test_a_revoked_members_word_counts_no_more(team: Team) -> None:
    team.propose("amina")
    team.second("boris")
    team.revoke("boris")
    team.wait(8 * DAY)
    assert team.deletions().open[0].due(team.state().roster) is None
    kept = list(team.log.lines)
    team.log.delete(TIP, ITEM)
    with pytest.raises(AuditError, match="not enough members want deleted"):
        team.state()
    team.log.lines[:] = kept
    team.second("chen")
    # Counted from when enough of those wanted it who are still there.
    assert team.deletions().open[0].due(team.state().roster) == team.log.now + 7 * DAY


def test_where_the_lead_who_had_not_agreed_is_gone_the_countdown_begins_then(team: Team) -> None:
    """It could not be counting down as long as one of the leads had to want it, so nobody saw to it that it stops."""
    team.log.enrol("lena", Role.LEAD)
    team.propose("amina")
    team.second("boris")
    team.wait(30 * DAY)
    assert team.deletions().open[0].due(team.state().roster) is None
    team.revoke("lena")
    state = team.state()
    assert state.deletions.open[0].due(state.roster) == team.log.now + 7 * DAY
    team.log.delete(TIP, ITEM)
    with pytest.raises(AuditError, match="before the countdown was over"):
        team.state()


def test_where_somebody_who_wanted_it_becomes_a_lead_the_countdown_begins_then(team: Team) -> None:
    team.log.enrol("lena", Role.LEAD)
    identity = HybridIdentity.generate()
    dana = team.keys["dana"] = team.log.enrol("dana", identity=identity)
    team.propose("amina")
    team.second("dana")
    team.wait(30 * DAY)
    team.log.add_card(issue_card(Role.LEAD, dana, identity))
    state = team.state()
    assert state.deletions.open[0].due(state.roster) == team.log.now + 7 * DAY


def test_where_one_who_wanted_it_is_gone_meanwhile_no_day_counts_twice(team: Team) -> None:
    dana, lena = team.log.enrol("dana"), team.log.enrol("lena", Role.LEAD)
    team.keys |= {"dana": dana, "lena": lena}
    team.propose("amina")
    team.second("lena")
    team.wait(6 * DAY)
    team.second("boris")
    team.revoke("lena")
    state = team.state()
    # No lead is left; of the two who are, the second wanted it now.
    assert state.deletions.open[0].due(state.roster) == team.log.now + 7 * DAY


def test_who_is_not_a_reviewer_has_no_word(team: Team) -> None:
    carla = team.log.enrol("carla", Role.AUDITOR)
    team.propose("amina")
    team.log.ask(carla, "POST", f"/v1/tips/{TIP}/deletion/{ITEM}/second")
    with pytest.raises(AuditError, match="may not do this"):
        team.state()


def test_a_rule_asks_for_more_but_never_less_and_holds_for_what_is_proposed_from_then_on(team: Team) -> None:
    team.propose("amina")
    for rule in ("deleters/3", "countdown/10", "retention/6", "retention/3"):
        team.log.rule(rule)
    team.propose("boris", OTHER, LATER)
    before, after = team.deletions().open
    assert (before.needed, before.days) == (2, 7)
    assert (after.needed, after.days) == (3, 10)
    for rule in ("deleters/2", "deleters/3", "countdown/9", "deleters/10", "countdown/0", "vetoes/1", "deleters/03"):
        kept = list(team.log.lines)
        team.log.rule(rule)
        with pytest.raises(AuditError, match="is false"):
            team.state()
        team.log.lines[:] = kept


def test_a_small_team_is_not_asked_for_more_than_it_is_and_one_alone_can_delete_nothing(team: Team) -> None:
    team.log.rule("deleters/5")
    team.propose("amina")
    assert team.deletions().open[0].needed == 3
    team.revoke("boris")
    team.revoke("chen")
    team.propose("amina", OTHER, LATER)
    assert team.deletions().open[1].needed == 2
    assert team.deletions().rules[DELETERS] == 5


def test_what_was_deleted_is_deleted_once_and_nobody_proposes_it_again(team: Team) -> None:
    team.propose("amina")
    team.second("boris")
    team.wait(7 * DAY)
    team.log.delete(TIP, ITEM)
    team.propose("chen", item=LATER)
    assert team.deletions().of(TIP) == (team.deletions().deleted[TIP].proposal,)
    team.log.delete(TIP, ITEM)
    with pytest.raises(AuditError, match="was deleted before"):
        team.state()


def test_purge_receipts_say_whose_program_has_not_said_that_it_deleted_it_too(team: Team) -> None:
    team.propose("amina")
    team.second("boris")
    team.wait(7 * DAY)
    team.log.delete(TIP, ITEM)
    team.wait(DAY)
    team.log.enrol("dara")
    team.purged("boris")
    team.wait(DAY)
    team.purged("boris")
    team.purged("amina", OTHER)
    state = team.state()
    purge, withdrawn = purges(map(parse_entry, team.log.lines), state.roster)
    keys = {member.card.name: member.card.key_id for member in state.roster.members}
    assert (purge.tip, purge.deleted, purge.at) == (TIP, True, NOON + 7 * DAY)
    assert purge.receipts == {keys["boris"]: NOON + 8 * DAY}
    # Dara came later; Amina's receipt is for something else.
    assert purge.missing == (keys["amina"], keys["chen"])
    # Of what a source withdrew, the log knows only what a program says.
    assert (withdrawn.tip, withdrawn.deleted, withdrawn.at) == (OTHER, False, NOON + 9 * DAY)
    assert withdrawn.missing == (keys["boris"], keys["chen"], keys["dara"])


def test_whoever_was_revoked_and_may_keep_a_copy_is_still_named(team: Team) -> None:
    """Those who were reviewers when it went, and those who had got it before they were revoked."""
    team.log.ask(team.keys["chen"], "POST", f"/v1/tips/{TIP}/open")
    for name in ("dara", "elif"):
        team.keys[name] = team.log.enrol(name)
    team.propose("amina")
    team.second("boris")
    for name in ("chen", "dara"):
        team.revoke(name)
    team.wait(7 * DAY)
    team.log.delete(TIP, ITEM)
    team.purged("amina")
    team.wait(DAY)
    for name in ("elif", "boris"):
        team.revoke(name)
    state = team.state()
    (purge,) = purges(map(parse_entry, team.log.lines), state.roster)
    names = {member.card.key_id: member.card.name for member in state.roster.members}
    assert {names[key] for key in purge.revoked} == {"boris", "chen", "elif"}
    assert purge.missing == ()
    team.keys["boris"] = team.log.enrol("boris")
    (purge,) = purges(map(parse_entry, team.log.lines), team.state().roster)
    assert len(purge.revoked) == 3, "another key of the same name has deleted nothing"


def test_older_logs_know_none_of_it(team: Team) -> None:
    line = team.log.rule("deleters/3").replace(b'"v":3', b'"v":2')
    with pytest.raises(ValueError, match="not an entry"):
        parse_entry(line)
    assert parse_entry(team.log.lines[-1]).action is Action.RULE
