"""Timing two things in turn, A B A B …, so that a machine whose speed drifts slows both."""

import os
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """One comparison. `ours` and `other` do the same work; `goal` is what the issue asks of the ratio."""

    what: str
    ours: Callable[[], object]
    against: str
    other: Callable[[], object]
    goal: str
    inverse: bool = False
    """Whether the ratio is that of throughputs (the other's time over ours) instead of times."""
    rounds: int = 7
    one_core: bool = False
    clock: Callable[[], float] = time.perf_counter
    """What `ours` is measured by, in seconds: the time on the wall, or what a process has used of a processor."""
    other_clock: Callable[[], float] = time.perf_counter
    amount: float = 0
    unit: str = ""
    """What a run gets done, and of what, for a rate beside the time."""

    def shown(self, seconds: float) -> str:
        """A time, with the rate where there is one."""
        rate = f", {self.amount / seconds:.0f} {self.unit}/s" if self.unit else ""
        return f"{seconds:.3f} s{rate}"


@dataclass(frozen=True, slots=True)
class Part:
    """Rows that are measured together, and a line to print below them."""

    rows: list[Row]
    note: Callable[[], str] = str


@dataclass(frozen=True, slots=True)
class Measured:
    """Medians in seconds, and the median, smallest and largest of the ratios of each round."""

    ours: float
    other: float
    ratio: float
    lowest: float
    highest: float


def measure(row: Row) -> Measured:
    """Time both sides in turn, after one round that is not counted."""
    with _cores(1 if row.one_core else None):
        pairs = [(_seconds(row.ours, row.clock), _seconds(row.other, row.other_clock)) for _ in range(row.rounds + 1)][
            1:
        ]
    ratios = [other / ours if row.inverse else ours / other for ours, other in pairs]
    return Measured(
        ours=statistics.median(ours for ours, _ in pairs),
        other=statistics.median(other for _, other in pairs),
        ratio=statistics.median(ratios),
        lowest=min(ratios),
        highest=max(ratios),
    )


def processor_of(process: int) -> Callable[[], float]:
    """A clock that counts what a process has used of the processors, in all its threads, its own and the system's."""
    # clock_getcpuclockid(3), which Python doesn't have; this is what it comes to on Linux.
    clock = (~process << 3) | 2
    return lambda: time.clock_gettime(clock)


def _seconds(work: Callable[[], object], clock: Callable[[], float]) -> float:
    start = clock()
    work()
    return clock() - start


@contextmanager
def _cores(count: int | None) -> Iterator[None]:
    """Run on so many of this process's processors; the programs that it starts inherit that."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, sorted(before)[:count])
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)
