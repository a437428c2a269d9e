"""Who gives way when something runs out. One rule for all of it: the circuit that has most.

What is called a circuit here is whatever tells clients apart: Tor's circuit where there are PROXY lines, otherwise each
connection by itself. None of this waits, and all of it belongs to one thread.
"""

from collections import Counter, deque
from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

T = TypeVar("T", bound=Hashable)


class Turns(Generic[T]):
    """Places that circuits take turns at: the next one is for the circuit that has fewest, and there for who waited."""

    def __init__(self, places: int, of_one: int) -> None:
        self.places = places
        self._of_one = of_one
        self._taken: Counter[Hashable] = Counter()
        self._waiting: dict[Hashable, deque[T]] = {}

    @property
    def taken(self) -> int:
        """How many places are taken."""
        return self._taken.total()

    def wait(self, circuit: Hashable, who: T) -> None:
        """Stand in the line of this circuit."""
        self._waiting.setdefault(circuit, deque()).append(who)

    def leave(self, circuit: Hashable, who: T) -> None:
        """Wait no longer."""
        self._waiting[circuit].remove(who)
        if not self._waiting[circuit]:
            del self._waiting[circuit]

    def next(self) -> T | None:
        """Whose turn it is, who now holds a place; `None` if there is none free, or nobody who may have it."""
        if self.taken >= self.places or not self._waiting:
            return None
        circuit = min(self._waiting, key=self._taken.__getitem__)
        if self._taken[circuit] >= self._of_one:
            return None
        line = self._waiting.pop(circuit)
        who = line.popleft()
        if line:
            # Behind those who have as few.
            self._waiting[circuit] = line
        self._taken[circuit] += 1
        return who

    def give_back(self, circuit: Hashable) -> None:
        """A place is free again."""
        self._taken[circuit] -= 1
        if not self._taken[circuit]:
            del self._taken[circuit]


@dataclass(slots=True)
class _Share(Generic[T]):
    """What one circuit has."""

    members: dict[T, int] = field(default_factory=dict)
    """Its connections with the bytes that each holds."""
    idle: dict[T, None] = field(default_factory=dict)
    """Those that can be closed, the one that has waited longest first."""
    over: dict[T, None] = field(default_factory=dict)
    """Those that are answered, and only wait for their end."""
    in_progress: set[T] = field(default_factory=set)
    held: int = 0


class Crowd(Generic[T]):
    """All connections of a process by circuit: how many there are, and how many bytes of memory they hold."""

    def __init__(self) -> None:
        self.held = 0
        """Bytes that all of them hold."""
        self._shares: dict[Hashable, _Share[T]] = {}
        self._circuits: dict[T, Hashable] = {}

    def __len__(self) -> int:
        return len(self._circuits)

    def add(self, who: T, circuit: Hashable) -> None:
        """One more, who waits."""
        self._circuits[who] = circuit
        share = self._shares.setdefault(circuit, _Share())
        share.members[who] = 0
        share.idle[who] = None

    def remove(self, who: T) -> None:
        """One less."""
        self.hold(who, 0)
        circuit = self._circuits.pop(who)
        share = self._shares[circuit]
        for those in (share.members, share.idle, share.over):
            those.pop(who, None)
        share.in_progress.discard(who)
        if not share.members:
            del self._shares[circuit]

    def identify(self, who: T, circuit: Hashable) -> None:
        """It is known now whose this one is."""
        held = self._share(who).members[who]
        self.remove(who)
        self.add(who, circuit)
        self.hold(who, held)

    def circuit(self, who: T) -> Hashable:
        """Whose this one is."""
        return self._circuits[who]

    def begin(self, who: T) -> int:
        """A request of this one is in progress; how many its circuit has now."""
        share = self._share(who)
        share.in_progress.add(who)
        return len(share.in_progress)

    def in_progress(self, who: T) -> int:
        """How many requests the circuit of this one has in progress."""
        return len(self._share(who).in_progress)

    def end(self, who: T) -> None:
        """Its request is answered."""
        self._share(who).in_progress.discard(who)

    def busy(self, who: T) -> None:
        """This one can't be closed: a thread serves it, or will at once."""
        share = self._share(who)
        share.idle.pop(who, None)
        share.over.pop(who, None)

    def idle(self, who: T, *, over: bool = False) -> None:
        """This one waits, from now on; `over`: only for its end."""
        self.busy(who)
        share = self._share(who)
        (share.over if over else share.idle)[who] = None

    def waiting(self) -> list[T]:
        """All that wait."""
        return [who for share in self._shares.values() for those in (share.idle, share.over) for who in those]

    def hold(self, who: T, size: int) -> None:
        """So many bytes are held for this one now."""
        share = self._share(who)
        more = size - share.members[who]
        share.members[who] = size
        share.held += more
        self.held += more

    def to_close(self) -> T | None:
        """Who makes room for another connection: of the circuit that has most, who is over or has waited longest."""
        share = max(
            (share for share in self._shares.values() if share.idle or share.over),
            key=lambda share: len(share.members),
            default=None,
        )
        return None if share is None else next(iter(share.over or share.idle))

    def to_empty(self, ordinary: int) -> T | None:
        """Who makes room for bytes: of the circuit that holds most, if more than `ordinary`, who waited longest."""
        shares = [share for share in self._shares.values() if share.held > ordinary]
        for share in sorted(shares, key=lambda share: -share.held):
            for who in share.idle:
                if share.members[who]:
                    return who
        return None

    def _share(self, who: T) -> _Share[T]:
        return self._shares[self._circuits[who]]
