"""Headers of summaries, exchanged many in one request: taken as the index shows them, changed here, and sent."""

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass

from crypto.age import AgeError, split, stanza_count
from intake.protocol import limits
from intake.protocol.actions import ReadRequest
from intake.protocol.index import TipRow, sha256_hex
from intake.protocol.manifest import MOST, Exchange, Manifest
from intake.protocol.wire import decode_sealed
from intake.triage.desk.client import DeskClient
from intake.triage.mirror.tips import Tips, is_summary, summary_name

_AT_ONCE = limits.SEALED // limits.SUMMARY
"""Summaries that are fetched in one bulk read, whatever their size."""

_ROOM = limits.HEADERS - len(Manifest((Exchange("0" * 32, "0" * 64, "0" * 64),) * MOST, "0" * 32).to_bytes()) - 1
"""Bytes of headers that fit into one request."""

Change = Callable[[bytes], bytes]
"""Makes another header of one; `DoneError` where it is as it should be, another `AgeError` where it can't be opened."""


class DoneError(AgeError):
    """There is nothing to change in a header."""


@dataclass(frozen=True, slots=True)
class Sent:
    """Of tips: what came of one request, by the desk's word.

    `exchanged`: their headers; `moved`: they have others by now, which come with the next fetch; `closed`: they can't
    be opened here, or not be had as the log explains them. `left_out`: a colleague has put a header there that can't be
    opened here, and where that was possible another took its place, made of the one that is kept.
    """

    exchanged: frozenset[str] = frozenset()
    moved: frozenset[str] = frozenset()
    closed: frozenset[str] = frozenset()
    left_out: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class _Changed:
    exchange: Exchange
    header: bytes


@dataclass(frozen=True, slots=True)
class _Part:
    """What can be sent of some tips, and what can't."""

    changed: Sequence[_Changed]
    closed: frozenset[str]
    left_out: frozenset[str]


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
            made = self._changed(part, change, mends=not whom)
            yield Sent(closed=made.closed, left_out=made.left_out)
            for each in made.changed:
                if len(held) == MOST or len(each.header) > room:
                    yield self._send(held, whom)
                    held, room = [], _ROOM
                held.append(each)
                room -= len(each.header)
        if held:
            yield self._send(held, whom)

    def _send(self, held: Sequence[_Changed], whom: str) -> Sent:
        manifest = Manifest(tuple(each.exchange for each in held), whom)
        moved = frozenset(self._client.exchange(manifest, [each.header for each in held]))
        return Sent(exchanged=frozenset(each.tip for each in manifest.exchanges) - moved, moved=moved)

    def _changed(self, names: Sequence[str], change: Change, *, mends: bool) -> _Part:
        changed, left_out = list[_Changed](), set[str]()
        rows = self._tips.shown(names)
        for tip, before in sorted(self._headers(rows).items()):
            try:
                header = change(before)
            except DoneError:
                continue
            except AgeError:
                left_out.add(tip)
                mended = self._mended(rows[tip], before, change) if mends else None
                if mended is None:
                    continue
                header = mended
            changed.append(_Changed(Exchange(tip, rows[tip].header, sha256_hex(header)), header))
        closed = frozenset(names) - {each.exchange.tip for each in changed}
        return _Part(changed, closed, frozenset(left_out))

    def _mended(self, row: TipRow, before: bytes, change: Change) -> bytes | None:
        """Another header in the place of one that can't be opened here, made of the one that is kept.

        Whoever could open that can again, and nobody else. None where it is for another number of people, or can't be
        opened either.
        """
        kept = split(self._tips.sealed(summary_name(row.id)) or b"")
        if sha256_hex(kept.payload) != row.payload or _stanzas(kept.header) != _stanzas(before):
            return None
        with suppress(AgeError):
            return change(kept.header)
        return None

    def _headers(self, rows: dict[str, TipRow]) -> dict[str, bytes]:
        """The headers that the index shows: of summaries that are kept, and of others where the log explains them."""
        kept = self._tips.headers(rows.values())
        explained = self._tips.explained(rows.keys() - kept.keys())
        if not explained:
            return kept
        fetched, _ = decode_sealed(self._client.read(ReadRequest(tuple(sorted(explained)), ()), 0))
        new = {tip: data for tip, data in fetched.items() if tip in explained and is_summary(data, rows[tip])}
        return kept | {tip: split(data).header for tip, data in new.items()}


def _stanzas(header: bytes) -> int:
    return stanza_count(header) if header else 0


def _parts(names: Sequence[str]) -> Iterator[Sequence[str]]:
    return (names[start : start + _AT_ONCE] for start in range(0, len(names), _AT_ONCE))
