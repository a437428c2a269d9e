"""Headers of summaries, exchanged many in one request: taken as the index shows them, changed here, and sent."""

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass

from crypto.age import AgeError, split
from intake.protocol import limits
from intake.protocol.actions import ReadRequest
from intake.protocol.index import TipRow, sha256_hex
from intake.protocol.manifest import MOST, Exchange, Manifest
from intake.protocol.wire import decode_sealed
from intake.triage.desk.client import DeskClient
from intake.triage.mirror.tips import Tips, is_summary

_AT_ONCE = limits.SEALED // limits.SUMMARY
"""Summaries that are fetched in one bulk read, whatever their size."""

_ROOM = limits.HEADERS - len(Manifest((Exchange("0" * 32, "0" * 64, "0" * 64),) * MOST, "0" * 32).to_bytes()) - 1
"""Bytes of headers that fit into one request."""

Change = Callable[[bytes], bytes]
"""Makes another header of one; `AgeError` where it can't be opened here."""


@dataclass(frozen=True, slots=True)
class Sent:
    """Of tips: what came of one request, by the desk's word.

    `exchanged`: their headers; `moved`: they have others by now, which come with the next fetch; `closed`: they can't
    be opened here, or not be had as the log explains them.
    """

    exchanged: frozenset[str] = frozenset()
    moved: frozenset[str] = frozenset()
    closed: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class _Changed:
    exchange: Exchange
    header: bytes


class Exchanging:
    """Exchanges headers for one member."""

    def __init__(self, client: DeskClient, tips: Tips) -> None:
        self._client = client
        self._tips = tips

    def run(self, names: Collection[str], change: Change, whom: str = "") -> Iterator[Sent]:
        """Exchange the headers of these tips, request by request; `DeskError`, `WireError` or `OSError` if one fails.

        What was sent before stays exchanged. `whom`: the member who is let in; empty for an own key.
        """
        held: list[_Changed] = []
        room = _ROOM
        for part in _parts(sorted(names)):
            changed, closed = self._changed(part, change)
            yield Sent(closed=closed)
            for each in changed:
                if len(held) == MOST or len(each.header) > room:
                    yield self._send(held, whom)
                    held, room = [], _ROOM
                held.append(each)
                room -= len(each.header)
        if held:
            yield self._send(held, whom)

    def _send(self, held: Sequence[_Changed], whom: str) -> Sent:
        manifest = Manifest(tuple(each.exchange for each in held), whom)
        if not whom:
            self._tips.exchanged({each.exchange.tip: each.header for each in held})
        moved = frozenset(self._client.exchange(manifest, [each.header for each in held]))
        return Sent(exchanged=frozenset(each.tip for each in manifest.exchanges) - moved, moved=moved)

    def _changed(self, names: Sequence[str], change: Change) -> tuple[list[_Changed], frozenset[str]]:
        changed: list[_Changed] = []
        rows = self._tips.shown(names)
        for tip, before in sorted(self._headers(rows).items()):
            try:
                header = change(before)
            except AgeError:
                continue
            changed.append(_Changed(Exchange(tip, rows[tip].header, sha256_hex(header)), header))
        return changed, frozenset(names) - {each.exchange.tip for each in changed}

    def _headers(self, rows: dict[str, TipRow]) -> dict[str, bytes]:
        """The headers that the index shows: of summaries that are kept, and of others where the log explains them."""
        kept = self._tips.headers(rows.values())
        explained = self._tips.explained(rows.keys() - kept.keys())
        if not explained:
            return kept
        fetched, _ = decode_sealed(self._client.read(ReadRequest(tuple(sorted(explained)), ()), 0))
        new = {tip: data for tip, data in fetched.items() if tip in explained and is_summary(data, rows[tip])}
        return kept | {tip: split(data).header for tip, data in new.items()}


def _parts(names: Sequence[str]) -> Iterator[Sequence[str]]:
    return (names[start : start + _AT_ONCE] for start in range(0, len(names), _AT_ONCE))
