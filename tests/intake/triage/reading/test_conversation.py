"""What a source sent and what reviewers replied, put in order, however it is read."""

import random
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crypto.codename import Seed
from intake.protocol.index import ItemRow
from intake.report.payloads import FromSource, Message, Report
from intake.report.signed import Link, SourceItem, Unsigned, source_key
from intake.triage.reading.chain import Sent, check
from intake.triage.reading.conversation import Line, Replied, in_order

KEY = source_key(Seed(bytes(32)))
TIP = "0" * 32
DAY = "2026-01-01"


def row(name: int, kind: str, day: str = DAY) -> ItemRow:
    return ItemRow(f"{name:032x}", TIP, kind, day, 1, blob=False)


def chain(payloads: list[FromSource], heard: list[tuple[str, ...]], names: list[int]) -> list[Sent]:
    """What an honest source site stores, in its order."""
    sent: list[Sent] = []
    for number, payload in enumerate(payloads, 1):
        of = row(names[number - 1], payload.kind)
        previous = sha256(sent[-1].sealed).hexdigest() if sent else ""
        item = SourceItem(payload, Link(TIP, of.id, number, previous, heard[number - 1])).signed_by(KEY)
        sent.append(Sent(of, item.to_json(), item))
    return sent


def messages(count: int, seed: int) -> list[Sent]:
    """A report and so many messages, under random ids."""
    names = random.Random(seed).sample(range(10**6), count + 1)  # noqa: S311 - test data
    payloads = [Report("en", 1, {}), *(Message(f"m{number}") for number in range(count))]
    return chain(payloads, [()] * (count + 1), names)


@given(st.integers(0, 8), st.integers(0, 10**6), st.randoms())
def test_an_honest_chain_is_in_its_order_and_raises_no_doubt(count: int, seed: int, mix: random.Random) -> None:
    honest = messages(count, seed)
    shuffled = list(honest)
    mix.shuffle(shuffled)
    checked = check(shuffled, TIP, KEY.verifier, ())
    assert (list(checked.sent), list(checked.doubts)) == (honest, [])


@given(st.integers(1, 8), st.integers(0, 10**6), st.data())
def test_each_item_that_is_left_out_before_another_is_counted(count: int, seed: int, data: st.DataObject) -> None:
    honest = messages(count, seed)
    gone = data.draw(st.sets(st.integers(0, count - 1), min_size=1))
    left = [item for place, item in enumerate(honest) if place not in gone]
    checked = check(left, TIP, KEY.verifier, ())
    assert list(checked.sent) == left
    assert any(f"so much is missing: {len(gone)}." in doubt for doubt in checked.doubts)


@given(st.integers(1, 6), st.integers(0, 10**6), st.data())
def test_another_item_in_the_place_of_one_is_told(count: int, seed: int, data: st.DataObject) -> None:
    honest = messages(count, seed)
    place = data.draw(st.integers(0, count - 1))
    content = honest[place].content
    assert isinstance(content, SourceItem)
    other = Sent(honest[place].row, b"sealed otherwise", content)
    checked = check([*honest[:place], other, *honest[place + 1 :]], TIP, KEY.verifier, ())
    assert sum("followed on something else" in doubt for doubt in checked.doubts) == 1


@given(st.lists(st.booleans(), max_size=12), st.integers(0, 10**6))
def test_a_conversation_reads_as_it_happened(from_source: list[bool], seed: int) -> None:
    """A true entry is a message, a false one a reply; each message hears the newest reply there was."""
    said: list[str] = []
    replies: list[Replied] = []
    payloads: list[FromSource] = [Report("en", 1, {})]
    heard: list[tuple[str, ...]] = [()]
    for place, is_message in enumerate(from_source):
        said.append(f"{place}")
        if is_message:
            payloads.append(Message(said[-1]))
            heard.append((replies[-1].item,) if replies else ())
        else:
            # Between two replies, the log holds other entries.
            replies.append(Replied(f"{place:032x}", 10 * place, DAY, Line(DAY, "amina", said[-1])))
    names = random.Random(seed).sample(range(10**6), len(payloads))  # noqa: S311 - test data
    sent = check(chain(payloads, heard, names)[::-1], TIP, KEY.verifier, ()).sent
    assert [line.text for line in in_order(sent, replies[::-1])] == said


def test_a_reply_that_was_deleted_still_says_where_what_came_after_it_belongs() -> None:
    replies = [Replied("a" * 32, 5, DAY, None), Replied("b" * 32, 9, DAY, Line(DAY, "amina", "later"))]
    sent = chain([Report("en", 1, {}), Message("m1"), Message("m2")], [(), ("a" * 32,), ()], [1, 2, 3])
    assert [line.text for line in in_order(sent, replies)] == ["m1", "m2", "later"]


def test_what_is_from_before_signatures_goes_by_its_day_and_before_all_that_is_signed() -> None:
    days = ["2026-01-01", "2026-01-03", "2026-01-05"]
    old = [
        Sent(row(9 - place, "message", day), b"", Unsigned(Message(f"old {day}"), place))
        for place, day in enumerate(days)
    ]
    replies = [
        Replied(f"{place:032x}", place, day, Line(day, "amina", f"reply {day}"))
        for place, day in enumerate(("2026-01-02", "2026-01-03", "2026-01-06"))
    ]
    signed = chain([Message("signed")], [()], [1])
    sent = check([*signed, *old[::-1]], TIP, None, ()).sent
    assert [line.text for line in in_order(sent, replies)] == [
        "old 2026-01-01",
        "reply 2026-01-02",
        "old 2026-01-03",
        "reply 2026-01-03",
        "old 2026-01-05",
        "signed",
        "reply 2026-01-06",
    ]


@pytest.mark.parametrize("known", [(), (row(1, "report").id,)])
def test_of_two_reports_from_before_signatures_the_one_that_was_fetched_first_stays(known: tuple[str, ...]) -> None:
    reports = [Sent(row(name, "report"), b"", Unsigned(Report("en", 1, {}), 0)) for name in (1, 2)]
    checked = check(reports[::-1], TIP, None, known)
    assert [item.row.id for item in checked.sent] == [row(1, "report").id]
    assert len(checked.doubts) == 1


def test_what_this_machine_can_not_read_is_not_called_missing() -> None:
    honest = messages(4, 1)
    left = [honest[0], honest[2], honest[4]]
    assert check(left, TIP, KEY.verifier, (), unread=2).doubts == []
    assert any("so much is missing: 1." in doubt for doubt in check(left, TIP, KEY.verifier, (), unread=1).doubts)
