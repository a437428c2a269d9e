"""A conversation in the order in which it happened, the same on every machine.

The numbers order what the source sent, the log orders what reviewers replied. Each of the source's items names the
newest replies that the source could read by then: it comes after these, and before every later one.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from intake.report.payloads import Message
from intake.triage.reading.chain import Sent


@dataclass(frozen=True, slots=True, repr=False)
class Line:
    """What one side wrote. `author`: a reviewer, or empty for the source; `item`: its id.

    `taken_back`: who took it back; nothing of its text is shown any more.
    """

    day: str
    author: str
    text: str
    item: str = ""
    taken_back: str = ""

    @property
    def answers(self) -> bool:
        """Whether it answers what the source wrote before it."""
        return bool(self.author) and not self.taken_back


@dataclass(frozen=True, slots=True, repr=False)
class Replied:
    """A reply that the log proves, or what is left of one. `place`: in the log; `line`: None if it can't be shown."""

    item: str
    place: int
    day: str
    line: Line | None


def in_order(sent: Sequence[Sent], replies: Sequence[Replied]) -> list[Line]:
    """Messages, in the order of `sent`, among the replies."""
    placed = [((reply.place, 0, 0), reply.line) for reply in replies]
    for order, (place, item) in enumerate(_places(sent, replies)):
        line = Line(item.row.day, "", item.payload.text, item.row.id) if isinstance(item.payload, Message) else None
        placed.append(((place, 1, order), line))
    return [line for _, line in sorted(placed, key=lambda entry: entry[0]) if line is not None]


def _places(sent: Sequence[Sent], replies: Sequence[Replied]) -> Iterator[tuple[int, Sent]]:
    """Each of the source's items with the place in the log of the last reply before it."""
    by_item = {reply.item: reply.place for reply in replies}
    last = -1
    for item in sent:
        # What is from before signatures names no reply: days are all there is to go by.
        before = [reply.place for reply in replies if not item.number and reply.day < item.row.day]
        last = max([last, *before, *(by_item[name] for name in item.heard if name in by_item)])
        yield last, item
