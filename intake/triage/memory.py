"""What the program remembers of tips from one fetch to the next, so that a server that changes its story is seen."""

import json
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, field
from datetime import date
from typing import Any

from intake.protocol.wire import Index, TipRow


class MemoryFileError(Exception):
    """What was kept of earlier fetches can't be read, in words for the reviewer."""


@dataclass(frozen=True, slots=True)
class Known:
    """A tip as it was first fetched: the SHA-256 of its summary, and the day of the last fetch without it, if any."""

    summary: str
    absent: str = ""


@dataclass(frozen=True, slots=True)
class Memory:
    """All tips ever fetched, by id. Of the last fetch: its day, and how many entries of the log its index came after.

    Days are those of the log, so that they and the days of tips are by one clock.
    """

    tips: Mapping[str, Known] = field(default_factory=dict)
    day: str = ""
    place: int = 0

    def known(self, row: TipRow) -> Known:
        """What is remembered of a tip, or what the index says of it now."""
        return self.tips.get(row.id, Known(row.summary))

    def after(self, index: Index, kept: Collection[str], day: date, place: int) -> "Memory":
        """What is known after one more fetch. `kept`: the tips of which the summary has arrived."""
        new = {row.id: Known(row.summary, self.day) for row in index.tips if row.id in kept and row.id not in self.tips}
        return Memory({**self.tips, **new}, day.isoformat(), place)

    def to_json(self) -> bytes:
        """The bytes of a file."""
        return json.dumps(asdict(self)).encode()


def parse_memory(data: bytes) -> Memory:
    """Read what `to_json` wrote; `MemoryFileError` if it was damaged."""
    try:
        values: Any = json.loads(data)
        tips = {name: Known(**known) for name, known in values.pop("tips").items()}
        return Memory(tips, **values)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise MemoryFileError(
            "memory.json in this program's directory is damaged; put it back from a backup, or remove it to go on "
            "without what it remembered"
        ) from error
