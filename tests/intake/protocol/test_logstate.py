"""A log that is verified bit by bit: the verdict is that of all at once, and costs what is new."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from crypto.merkle import Frontier, leaf_hash
from intake.protocol import audit
from intake.protocol.actions import Action
from intake.protocol.audit import AuditError, replay, verify_log
from intake.protocol.entry import OPERATOR, Entry, LoggedRequest, parse_entry
from intake.protocol.logstate import LogState, StateError, parse_state
from intake.protocol.requests import LIFETIME
from ledger import NOON, Ledger, cut, verified_in_pieces

MINUTE = timedelta(minutes=1)


def tried(verify: Callable[[], tuple[Any, LogState]]) -> object:
    """What a verification says: all that it takes from the log, or in which words it refuses it."""
    try:
        entries, state = verify()
    except AuditError as error:
        return str(error)
    return tuple(entries), state.to_bytes()


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("ask"), st.sampled_from([-6, -4, 0, 4, 6])),
        st.tuples(st.just("again"), st.integers(0, 6)),
        st.tuples(st.just("again at its time"), st.integers(0, 6)),
        st.tuples(st.just("pass"), st.sampled_from([1, 4, 6, 12, 90])),
        st.tuples(st.just("correct"), st.sampled_from([1, 9, 90])),
        st.tuples(st.sampled_from(["enrol", "revoke", "unsigned", "forged"]), st.just(0)),
    ),
    max_size=20,
)


def play(steps: list[tuple[str, int]]) -> Ledger:
    """A log in which all this happened, whether the desk would have let it in or not."""
    log = Ledger()
    keys = [log.enrol("amina")]
    asked: list[bytes] = []
    for what, value in steps:
        if what == "ask":
            asked.append(log.ask(keys[0], off=value * MINUTE))
        elif what.startswith("again") and value < len(asked):
            entry = parse_entry(asked[value])
            at = max(log.now, entry.at) if what == "again at its time" else log.now
            log.again(Entry(at, entry.who, entry.action, entry.objects, entry.request).to_bytes())
        elif what == "pass":
            log.now += value * MINUTE
        elif what == "correct":
            log.correct(log.now - value * MINUTE)
        elif what == "enrol":
            keys.append(log.enrol(f"boris-{len(keys)}"))
        elif what == "revoke" and len(keys) > 1:
            log.revoke(parse_entry(log.ask(keys.pop())).who)
        elif what == "unsigned":
            log.again(Entry(log.now, OPERATOR, Action.INDEX).to_bytes())
        elif what == "forged":
            request = parse_entry(log.ask(keys[0])).request
            forged = LoggedRequest(request.base, bytes(64)) if request else None
            log.lines[-1] = replace(parse_entry(log.lines[-1]), request=forged).to_bytes()
    return log


@settings(max_examples=150)
@given(STEPS, st.lists(st.integers(0, 30)))
@example([("ask", 0), ("pass", 12), ("ask", 0), ("again", 0)], [3])
@example([("forged", 0), ("ask", 0), ("unsigned", 0)], [3])
@example([("ask", 0), ("pass", 90), ("ask", 0), ("correct", 90), ("again", 0)], [3])
@example([("pass", 90), ("ask", 0), ("pass", 90), ("ask", 0), ("correct", 90), ("again at its time", 0)], [2, 3, 4])
def test_a_log_in_any_pieces_is_found_true_or_false_as_it_is_at_once(
    steps: list[tuple[str, int]], places: list[int]
) -> None:
    log = play(steps)
    name = log.key.verifier.name

    def at_once() -> tuple[Any, LogState]:
        verified = verify_log(log.lines, log.head, log.key.verifier, None)
        return verified.entries, verified.state

    verdict = tried(at_once)
    for pieces in (cut(log.lines, places), cut(log.lines, range(len(log.lines)))):
        assert tried(partial(verified_in_pieces, pieces, log.lines, name)) == verdict


@pytest.mark.parametrize("off", [-LIFETIME, timedelta(0), LIFETIME])
def test_a_request_that_is_forgotten_could_not_be_logged_again(off: timedelta) -> None:
    log = Ledger()
    amina = log.enrol("amina")
    first = parse_entry(log.ask(amina, off=off))
    forgotten = 0
    for minutes in range(1, 25):
        log.now = NOON + minutes * MINUTE / 2
        log.ask(amina)
        _, state = verified_in_pieces([log.lines], log.lines, log.key.verifier.name)
        again = Entry(log.now, first.who, first.action, first.objects, first.request)
        with pytest.raises(AuditError, match=r"was used before|is of another time"):
            replay(state, [again.to_bytes()], lambda size: log.lines[:size])
        forgotten += first.request is not None and first.request.base not in state.recent
    assert forgotten > 0


def test_a_hundred_entries_after_a_hundred_thousand_cost_a_hundred(monkeypatch: pytest.MonkeyPatch) -> None:
    log = Ledger()
    amina = log.enrol("amina")
    _, small = verified_in_pieces([log.lines], log.lines, log.key.verifier.name)
    values = small.to_bytes().replace(b'"size":1', b'"size":100000')
    edge = Frontier.empty()
    for place in range(100_000):
        edge = edge.append(leaf_hash(b"%d" % place))
    state = parse_state(values.replace(small.edge.to_bytes().hex().encode(), edge.to_bytes().hex().encode()))
    new = [log.ask(amina) for _ in range(100)]
    read: list[bytes] = []

    def count(line: bytes) -> Entry:
        read.append(line)
        return parse_entry(line)

    monkeypatch.setattr(audit, "parse_entry", count)
    entries, after = replay(state, new, lambda _: pytest.fail("what was verified is read again"))
    assert (len(entries), read, after.size) == (100, new, 100_100)
    assert len(state.to_bytes()) < len(small.to_bytes()) + 1000


def test_what_is_kept_is_read_as_it_was_written_or_not_at_all() -> None:
    log = play([("ask", 0), ("enrol", 0), ("pass", 90), ("ask", 4), ("correct", 9), ("ask", 0), ("revoke", 0)])
    _, state = verified_in_pieces([log.lines], log.lines, log.key.verifier.name)
    data = state.to_bytes()
    assert parse_state(data).to_bytes() == data
    for place in range(0, len(data), 5):
        spoilt = data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]
        try:
            assert parse_state(spoilt).to_bytes() == spoilt
        except StateError:
            continue


@given(st.binary() | st.text().map(str.encode))
def test_anything_else_is_refused(data: bytes) -> None:
    with pytest.raises(StateError):
        parse_state(data)
