"""What stands out in a log, and what doesn't."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deeds import AMINA, BORIS, CARLA, DORA, TEAM, Log, card, limits, logs, tip
from intake.findings.found import TITLES, Finding, Kind, find
from intake.findings.thresholds import Thresholds
from intake.protocol.actions import Action

LOW = limits(
    much_reports=2, odd_days=5, odd_percent=50, idle_reports=1, idle_days=1, many_readers=2, revocation_hours=5
)


def found(log: Log, kind: Kind, thresholds: Thresholds | None = None) -> list[Finding]:
    return [each for each in find(log.record, log.roster, thresholds or limits()) if each.kind is kind]


def test_thirty_reports_within_an_hour_are_much_and_twenty_nine_are_not() -> None:
    log = Log()
    for number in range(29):
        log.after(minutes=2).open(AMINA, number)
        log.open(BORIS, 1)
    assert found(log, Kind.MUCH) == []
    log.after(minutes=1).open(AMINA, 29)
    (much,) = found(log, Kind.MUCH)
    assert (much.who, len(much.tips), much.at) == ((AMINA.key_id,), 30, log.now)
    assert much.says == "opened 30 reports within 57 minutes"


def test_the_same_report_again_is_not_much_nor_is_what_lies_far_apart() -> None:
    log = Log()
    for number in range(60):
        log.after(minutes=1).open(AMINA, number % 5)
        log.open(BORIS, number % 5)
    for number in range(60):
        log.after(minutes=3).open(AMINA, number)
    assert found(log, Kind.MUCH) == []


def test_who_goes_on_reading_after_they_answered_has_another_finding_for_each_further_thirty() -> None:
    log = Log()
    for number in range(95):
        log.after(seconds=20).open(AMINA, number)
    much = found(log, Kind.MUCH)
    assert [len(each.tips) for each in much] == [30, 30, 30]
    assert len({each.id for each in much}) == 3


def worked(log: Log, days: int, hour: int) -> Log:
    """Amina works at the same hour, day after day."""
    for _ in range(days):
        log.now = log.now.replace(hour=hour)
        log.open(AMINA, 1)
        log.after(days=1)
    return log


def test_an_hour_is_odd_by_ones_own_days_only() -> None:
    log = worked(Log(), 20, hour=9)
    log.now = log.now.replace(hour=3)
    log.fetch(AMINA, 2)
    log.fetch(BORIS, 2)
    (odd,) = found(log, Kind.ODD)
    assert odd.who == (AMINA.key_id,)
    assert odd.says == "read at 03:00 UTC; on 0 of 20 days before they did anything within an hour of that"
    assert found(worked(Log(), 40, hour=3), Kind.ODD) == []


@pytest.mark.parametrize("hour", [8, 9, 10])
def test_an_hour_earlier_or_later_is_not_odd(hour: int) -> None:
    log = worked(Log(), 20, hour=9)
    log.now = log.now.replace(hour=hour)
    log.open(AMINA, 2)
    assert found(log, Kind.ODD) == []


def test_before_enough_days_no_hour_is_odd_and_a_night_is_one_finding() -> None:
    log = worked(Log(), 14, hour=9)
    log.now = log.now.replace(hour=2)
    log.open(AMINA, 2)
    assert found(log, Kind.ODD) == []
    log = worked(Log(), 15, hour=9)
    for hour in (1, 2, 3):
        log.now = log.now.replace(hour=hour)
        log.open(AMINA, hour)
    assert len(found(log, Kind.ODD)) == 1


@given(logs(), st.integers(5, 50))
def test_nobody_is_odd_before_they_did_something_on_enough_days(log: Log, days: int) -> None:
    for odd in found(log, Kind.ODD, limits(odd_days=days, odd_percent=50)):
        before = {deed.day for deed in log.record.deeds[: odd.places[0]] if deed.who == odd.who[0]}
        assert len(before - {odd.at.date()}) >= days


def test_what_was_read_just_before_a_revocation_is_found_once_that_has_come() -> None:
    log = Log()
    log.open(AMINA, 1)
    log.after(days=3).open(AMINA, 2)
    log.fetch(AMINA, 3)
    log.open(BORIS, 4)
    assert found(log, Kind.REVOCATION) == []
    log.after(hours=47).revoke(AMINA)
    (last,) = found(log, Kind.REVOCATION)
    assert (last.who, last.tips) == ((AMINA.key_id,), (tip(2),))
    assert last.says == "opened 1 report and fetched once in the 48 hours before"


def test_a_name_that_comes_back_with_another_key_is_found() -> None:
    log = Log()
    log.revoke(AMINA)
    again = card("amina2")
    log.enrol(again)
    (returned,) = found(log, Kind.RETURNED)
    assert returned.who == (again.key_id,)
    assert AMINA.key_id in returned.says


@pytest.mark.parametrize("kind", ["work", "reply"])
def test_what_is_worked_on_in_time_is_not_idle(kind: str) -> None:
    """The first reply is the one that the program sends by itself."""
    log = Log()
    for number in range(10):
        log.open(AMINA, number)
        log.add(AMINA, number, "reply")
        log.add(AMINA, number, kind)
    log.after(days=40).open(BORIS, 1)
    assert found(log, Kind.IDLE) == []


@pytest.mark.parametrize("action", [Action.PROPOSE, Action.SECOND, Action.STOP, Action.APPROVE])
def test_who_decides_what_becomes_of_a_report_has_worked_on_it(action: Action) -> None:
    log = Log()
    for number in range(10):
        log.open(AMINA, number)
        log.member(AMINA, action, f"tip/{tip(number)}", f"item/{number:032x}")
    log.after(days=40).open(BORIS, 1)
    assert found(log, Kind.IDLE) == []


def test_a_purge_receipt_is_the_programs_and_no_work() -> None:
    log = Log()
    for number in range(10):
        log.open(AMINA, number)
        log.member(AMINA, Action.PURGED, f"tip/{tip(number)}")
    log.after(days=40).open(BORIS, 1)
    assert [idle.who for idle in found(log, Kind.IDLE)] == [(AMINA.key_id,)]


def test_ten_reports_that_nobody_worked_on_are_found_after_thirty_days_and_not_before() -> None:
    log = Log()
    for number in range(10):
        log.open(AMINA, number)
        log.add(AMINA, number, "reply")
        log.add(BORIS, number)
    log.after(days=30).open(BORIS, 1)
    assert found(log, Kind.IDLE) == []
    log.after(minutes=1).open(BORIS, 1)
    (idle,) = found(log, Kind.IDLE)
    assert (idle.who, len(idle.tips)) == ((AMINA.key_id,), 10)
    assert idle.says == "opened 10 reports and did nothing about them within 30 days"


def test_a_report_that_more_people_open_in_a_week_than_usual_is_found() -> None:
    log = Log()
    for member in (AMINA, BORIS, CARLA):
        log.after(days=2).open(member, 7)
    assert found(log, Kind.MANY, limits(many_readers=3))[0].tips == (tip(7),)
    log.after(days=5).open(DORA, 7)
    assert found(log, Kind.MANY, limits(many_readers=4)) == []


def test_an_export_stands_out_if_its_maker_had_only_just_opened_the_report() -> None:
    log = Log()
    log.open(AMINA, 1)
    log.after(days=2).open(AMINA, 1)
    log.open(AMINA, 2)
    log.open(BORIS, 2)
    for number in (1, 2):
        log.after(hours=1).member(AMINA, Action.EXPORT, f"tip/{tip(number)}")
    (exported,) = found(log, Kind.EXPORT)
    assert (exported.who, exported.tips) == ((AMINA.key_id,), (tip(2),))


LEAVES = pytest.mark.parametrize("action", [Action.EXPORT, Action.REFER])


@LEAVES
def test_what_left_although_no_lead_had_approved_it_is_found(action: Action) -> None:
    log = Log()
    log.member(BORIS, action, f"tip/{tip(1)}")
    assert found(log, Kind.UNAPPROVED) == [], "there was no lead then"
    log.turn(AMINA)
    log.approve(AMINA, 2)
    log.member(BORIS, action, f"tip/{tip(1)}")
    log.approve(AMINA, 1)
    (left,) = found(log, Kind.UNAPPROVED)
    assert (left.who, left.tips, left.places) == ((BORIS.key_id,), (tip(1),), (len(log.entries) - 2,))
    assert left.says.endswith("a report although no lead had approved that in the 30 days before")


@LEAVES
def test_what_a_lead_approved_or_does_is_not(action: Action) -> None:
    log = Log()
    log.turn(AMINA)
    log.approve(AMINA, 1)
    log.after(days=30).member(BORIS, action, f"tip/{tip(1)}")
    log.member(AMINA, action, f"tip/{tip(2)}")
    assert found(log, Kind.UNAPPROVED) == []
    log.after(seconds=1).member(BORIS, action, f"tip/{tip(1)}")
    assert [each.who for each in found(log, Kind.UNAPPROVED)] == [(BORIS.key_id,)]


def test_an_approval_ends_with_the_lead_and_who_was_one_counts_as_they_were_then() -> None:
    log = Log()
    log.turn(AMINA)
    log.turn(CARLA)
    log.approve(AMINA, 1)
    log.member(AMINA, Action.EXPORT, f"tip/{tip(2)}")
    log.member(BORIS, Action.EXPORT, f"tip/{tip(1)}")
    log.turn(AMINA)
    assert found(log, Kind.UNAPPROVED) == []
    log.member(BORIS, Action.EXPORT, f"tip/{tip(1)}")
    log.turn(CARLA)
    log.member(BORIS, Action.EXPORT, f"tip/{tip(1)}")
    (left,) = found(log, Kind.UNAPPROVED)
    assert left.places == (len(log.entries) - 3,), "and once there are no leads any more, nobody has to ask"


@pytest.mark.parametrize("action", [Action.DELETE, Action.EXPIRE])
def test_whoever_opened_a_report_just_before_it_was_deleted_is_named(action: Action) -> None:
    log = Log()
    log.open(CARLA, 1)
    log.after(days=2).open(AMINA, 1)
    log.after(hours=1).open(BORIS, 1)
    log.after(hours=1).operator(action, f"tip/{tip(1)}", f"tip/{tip(2)}")
    (deleted,) = found(log, Kind.DELETION)
    assert (deleted.who, deleted.tips) == ((AMINA.key_id, BORIS.key_id), (tip(1),))


def test_a_restore_a_clock_and_other_software_are_found_and_the_first_software_is_not() -> None:
    log = Log()
    log.operator(Action.SOFTWARE, "software/1.0")
    log.operator(Action.SOFTWARE, "software/1.0")
    assert find(log.record, log.roster, limits()) == []
    log.operator(Action.SOFTWARE, "software/1.1")
    log.operator(Action.RESTORE, "size/4")
    log.now = log.now.replace(hour=1)
    log.operator(Action.CLOCK)
    assert {each.kind for each in find(log.record, log.roster, limits())} == {
        Kind.SOFTWARE, Kind.RESTORE, Kind.CLOCK,
    }  # fmt: skip


def test_what_a_reviewer_said_belongs_to_the_finding_with_its_time() -> None:
    log = Log()
    log.operator(Action.RESTORE, "size/4")
    (restored,) = find(log.record, log.roster, limits())
    log.explain(BORIS, restored.id, "The disk had failed.")
    (answer,) = log.record.answers[restored.id]
    assert (answer.who, answer.says, answer.at) == (BORIS.key_id, "The disk had failed.", log.now)


@given(logs(), st.data())
def test_what_was_found_is_found_again_in_every_longer_log_under_the_same_id(log: Log, data: st.DataObject) -> None:
    """What was answered stays answered, and nobody can make a finding go away by going on."""
    entries = log.entries
    size = data.draw(st.integers(len(TEAM), len(entries)))
    log.entries = entries[:size]
    earlier = {each.id: each for each in find(log.record, log.roster, LOW)}
    log.entries = entries
    later = {each.id: each for each in find(log.record, log.roster, LOW)}
    assert earlier.items() <= later.items()


@given(logs())
def test_each_finding_has_its_own_id_and_rests_on_entries_that_are_there(log: Log) -> None:
    every = find(log.record, log.roster, LOW)
    assert len({each.id for each in every}) == len(every)
    assert all(0 <= place < len(log.entries) for each in every for place in each.places)
    assert all(log.entries[each.places[-1]].at == each.at for each in every if each.places)
    assert every == sorted(every, key=lambda each: each.at, reverse=True) or len({e.at for e in every}) < len(every)


@given(logs())
def test_the_more_a_threshold_takes_the_less_is_found(log: Log) -> None:
    for name in ("much_reports", "many_readers", "idle_days", "odd_days"):
        kinds = {"much": Kind.MUCH, "many": Kind.MANY, "idle": Kind.IDLE, "odd": Kind.ODD}
        kind = kinds[name.partition("_")[0]]
        counts = [len(found(log, kind, limits(**{"idle_reports": 1, name: number}))) for number in (2, 4, 8, 1000)]
        assert counts == sorted(counts, reverse=True)


def test_every_kind_has_words() -> None:
    assert TITLES.keys() == set(Kind)
