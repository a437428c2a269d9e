"""The state of a tip is its events put together: the same on every machine, with what contradicts beside it."""

from dataclasses import replace
from datetime import UTC, datetime
from time import process_time

from hypothesis import given, settings
from hypothesis import strategies as st
from werkzeug.datastructures import MultiDict

from any_document import DOCUMENTS
from intake.report.documents import Document
from intake.report.events import EVENTS, EVERYTHING, Assignment, Due, Duty, Event, Label, Status, Subject
from intake.triage.mirror.added import Author
from intake.triage.pages.forms import read_form
from intake.triage.reading.standing import Change, Standing

SOMEBODY = Author("somebody", datetime(2026, 11, 30, tzinfo=UTC), 0)


def change(number: int, event: Event, *seen: int) -> Change:
    """A change whose writer had seen those of these numbers."""
    return Change(f"{number:032x}", replace(event, seen=tuple(f"{each:032x}" for each in seen)), SOMEBODY)


def test_a_tip_that_nobody_touched_is_new_and_nobodys() -> None:
    standing = Standing([])
    assert (standing.status, standing.assigned, standing.labels, standing.due) == ("new", (), (), ())


def test_the_later_of_two_changes_counts_and_settles_what_its_writer_had_seen() -> None:
    standing = Standing([change(1, Status("in_review")), change(2, Status("waiting"), 1)])
    assert standing.status == "waiting"
    assert standing.contradicted == []


def test_of_two_who_had_not_seen_each_other_the_later_counts_and_the_other_stands_beside_it() -> None:
    changes = [change(1, Status("in_review")), change(2, Status("closed", "done"), 1), change(3, Status("waiting"), 1)]
    standing = Standing(changes)
    assert standing.status == "waiting"
    (merged,) = standing.contradicted
    assert [each.event for each in merged.contradicting] == [changes[1].event]
    assert standing.seen("status") == (changes[1].item, changes[2].item)
    settled = Standing([*changes, change(4, Status("closed", "done"), 2, 3)])
    assert (settled.status, settled.contradicted) == ("closed", [])


def test_what_was_put_aside_does_not_come_back_when_what_did_that_is_taken_back() -> None:
    logged = change(1, Status("in_review"))
    ahead: list[Change] = []
    for number, status in enumerate(("needs_answer", "referred", "waiting"), 2):
        seen = Standing([logged, *ahead]).seen("status")
        ahead.append(Change(f"{number:032x}", Status(status, seen=seen)))
    for taken_back in range(2):
        standing = Standing([logged, *(each for place, each in enumerate(ahead) if place != taken_back)])
        assert (standing.status, standing.contradicted) == ("waiting", [])
    assert Standing([logged, *ahead[:2]]).status == "referred"


def test_two_who_say_the_same_do_not_contradict_each_other() -> None:
    assert Standing([change(1, Status("waiting")), change(2, Status("waiting"))]).contradicted == []


def test_a_change_can_put_aside_only_what_came_before_it() -> None:
    standing = Standing([change(1, Status("in_review"), 2), change(2, Status("closed", "done"))])
    assert standing.status == "closed"
    assert len(standing.contradicted) == 1


def test_a_status_of_an_earlier_program_had_seen_everything_and_means_what_it_meant() -> None:
    standing = Standing([change(1, Status("closed")), Change("a", Status("answered", seen=EVERYTHING))])
    assert (standing.status, standing.contradicted) == ("waiting", [])


def test_of_one_of_a_kind_nothing_is_seen_of_the_others() -> None:
    standing = Standing([change(1, Label("urgent", on=True)), change(2, Label("uyghur", on=True))])
    assert standing.seen("label", "urgent") == (f"{1:032x}",)
    assert standing.seen("label") == (f"{1:032x}", f"{2:032x}")
    assert standing.seen("label", "") == ()


def test_however_many_changes_stand_they_are_put_together_at_once_and_somebody_can_write_after_them() -> None:
    changes = [change(number, Status(f"of {number}")) for number in range(40_000)]
    began = process_time()
    standing = Standing([*changes, change(40_000, Status("closed", "done"), *range(39_000))])
    assert process_time() - began < 2
    assert (standing.status, len(standing.subjects[Subject("status")].stand)) == ("closed", 1_001)
    seen = standing.seen("status")
    assert seen[-1] == f"{40_000:032x}"
    assert read_form("status", MultiDict({"status": "new", "seen": " ".join(seen)})) == Status("new", seen=seen)


def test_two_can_assign_and_label_at_once_and_both_hold() -> None:
    standing = Standing([
        change(1, Assignment("amina", on=True)), change(2, Assignment("boris", on=True)),
        change(3, Label("urgent", on=True)), change(4, Label("urgent", on=False), 3),
        change(5, Label("uyghur", on=True)),
    ])  # fmt: skip
    assert standing.assigned == ("amina", "boris")
    assert standing.labels == ("uyghur",)


def test_what_is_due_is_there_until_it_is_done_the_earliest_first() -> None:
    later, sooner = Due("1", "2026-12-24", "call", done=False), Due("2", "2026-12-01", "ask", done=False)
    assert Standing([change(1, later), change(2, sooner)]).due == (sooner, later)
    assert Standing([change(1, later), change(2, sooner), change(3, replace(sooner, done=True), 2)]).due == (later,)


def drawn(made: type[Event]) -> st.SearchStrategy[Document]:
    """Events of a kind, of few things of it, so that several change the same one."""
    events = DOCUMENTS[made.kind]
    few = st.sampled_from("ab")
    named = st.builds(lambda event, which: replace(event, **{made.names: which}), events, few)
    return named if made.names and made is not Duty else events


CHANGES = st.sampled_from(EVENTS).flatmap(drawn)


@st.composite
def offline(draw: st.DrawFn) -> list[Change]:
    """What two write who now and then see what the other wrote, in the order in which it came to the log."""
    log: list[Change] = []
    written: dict[str, list[Change]] = {"a": [], "b": []}
    known: dict[str, int] = {"a": 0, "b": 0}
    for number in range(draw(st.integers(1, 25))):
        who = draw(st.sampled_from("ab"))
        if draw(st.booleans()):
            log += written[who]
            written[who], known[who] = [], len(log)
        sees = Standing([*log[: known[who]], *written[who]])
        event = draw(CHANGES)
        assert isinstance(event, Event)
        seen = sees.seen(event.kind)
        written[who].append(Change(f"{number:032x}", replace(event, seen=seen)))
    return [*log, *written["a"], *written["b"]]


@settings(max_examples=40)
@given(offline())
def test_nothing_is_lost_whatever_two_write_offline(changes: list[Change]) -> None:
    standing = Standing(changes)
    assert sum(len(merged.history) for merged in standing.subjects.values()) == len(changes)
    for merged in standing.subjects.values():
        later = {item for change in merged.history for item in change.event.seen}
        stands = [change for change in merged.history if change.item not in later]
        assert list(merged.stand) == stands, "what nobody has seen who changed it again stands"
        assert merged.outcome == merged.history[-1]
