"""Counting in this process, as the library's own storage counts, without its threads."""

import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st
from limits import parse
from limits.storage import storage_from_string
from limits.strategies import FixedWindowRateLimiter

from intake.source.admission import counters
from intake.source.admission.counters import Counters


class Clock:
    def __init__(self) -> None:
        self.now = 1_000_000.0

    def time(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(counters, "time", clock)
    return clock


def test_a_counter_begins_anew_once_its_time_is_over(clock: Clock) -> None:
    counted = Counters()
    assert [counted.incr("a", 60) for _ in range(3)] == [1, 2, 3]
    assert counted.get_expiry("a") == clock.now + 60
    clock.now += 59.9
    assert (counted.incr("a", 60), counted.get("a"), counted.incr("b", 60)) == (4, 4, 1)
    clock.now += 0.1
    assert (counted.get("a"), counted.incr("a", 60), counted.get("b")) == (0, 1, 1)


def test_what_is_over_is_forgotten_and_takes_no_memory(clock: Clock) -> None:
    counted = Counters()
    for circuit in range(1000):
        counted.incr(f"circuit {circuit}", 60)
    clock.now += 61
    counted.incr("another", 60)
    assert counted.reset() == 1


def test_counting_starts_no_thread() -> None:
    before = threading.active_count()
    counted = storage_from_string("counters://")
    assert isinstance(counted, Counters)
    limiter = FixedWindowRateLimiter(counted)
    assert [limiter.hit(parse("2 per minute"), "circuit") for _ in range(3)] == [True, True, False]
    assert threading.active_count() == before


@given(st.lists(st.tuples(st.sampled_from(["a", "b"]), st.integers(1, 3)), max_size=30))
def test_it_counts_as_the_librarys_own_storage_does(hits: list[tuple[str, int]]) -> None:
    ours, theirs = Counters(), storage_from_string("memory://")
    assert [ours.incr(key, 3600, amount) for key, amount in hits] == [
        theirs.incr(key, 3600, amount) for key, amount in hits
    ]


def test_threads_that_count_at_once_lose_no_hit() -> None:
    counted = Counters()
    threads = [threading.Thread(target=lambda: [counted.incr("a", 60) for _ in range(500)]) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert counted.get("a") == 4000
