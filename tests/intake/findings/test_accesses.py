"""Who opened what: chosen, and summed up."""

from hypothesis import given
from hypothesis import strategies as st

from deeds import AMINA, BORIS, TEAM, Log, logs, tip
from intake.findings.accesses import By, Wanted, accesses, sums
from intake.protocol.actions import Action


def test_a_bulk_fetch_is_an_access_to_each_report_and_an_added_item_to_the_one_it_was_added_to() -> None:
    log = Log(team=[AMINA])
    log.fetch(AMINA, 1, 2)
    log.add(AMINA, 2)
    item = log.entries[-1].objects[1]
    log.member(AMINA, Action.READ, item, "item/" + "f" * 32)
    found = [(each.deed.action, each.tip) for each in accesses(log.record, Wanted(who=frozenset({AMINA.key_id})))]
    assert found == [
        (Action.READ, tip(1)), (Action.READ, tip(2)), (Action.ADD, tip(2)), (Action.READ, tip(2)),
    ]  # fmt: skip


def test_they_are_chosen_by_member_report_days_and_action() -> None:
    log = Log()
    log.open(AMINA, 1)
    log.after(days=1).open(BORIS, 1)
    log.after(days=1).open(AMINA, 2)
    record, day = log.record, log.now.date()

    def places(wanted: Wanted) -> list[int]:
        return [each.deed.place - len(TEAM) for each in accesses(record, wanted)]

    opens = frozenset({Action.OPEN})
    assert places(Wanted(actions=opens)) == [0, 1, 2]
    assert places(Wanted(who=frozenset({AMINA.key_id}))) == [0, 2]
    assert places(Wanted(tip=tip(1))) == [0, 1]
    assert places(Wanted(tip=tip(1)[:-1], actions=opens)) == [0, 1, 2]
    assert places(Wanted(since=day, actions=opens)) == [2]
    assert places(Wanted(until=log.record.deeds[0].day, actions=opens)) == [0]


def test_sums_say_how_many_and_from_when_to_when() -> None:
    log = Log()
    log.open(AMINA, 1)
    log.open(AMINA, 2)
    log.after(hours=2).open(BORIS, 1)
    opens = Wanted(actions=frozenset({Action.OPEN}))
    by_report = sums(accesses(log.record, opens), By.REPORT)
    assert [(each.of, each.entries, each.members) for each in by_report] == [(tip(1), 2, 2), (tip(2), 1, 1)]
    assert by_report[0].last - by_report[0].first == log.now - log.record.deeds[0].at
    (day,) = sums(accesses(log.record, opens), By.DAY)
    assert (day.of, day.entries, day.reports, day.members) == ("2026-03-02", 3, 2, 2)


@given(logs(), st.sampled_from([By.REVIEWER, By.DAY]))
def test_no_entry_is_lost_or_counted_twice(log: Log, by: By) -> None:
    assert sum(each.entries for each in sums(accesses(log.record, Wanted()), by)) == len(log.entries)
