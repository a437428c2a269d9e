"""The log as static resources (C2SP tlog-tiles): tiles and bundles, from the stored hashes and entries."""

from collections.abc import Iterator, Sequence

from crypto.merkle import root_hash
from crypto.tiles import WIDTH, TileRef, encode_bundle
from intake.accesslog.read import LogDamagedError, LogReader
from intake.storage.store import Transaction


class NoSuchTileError(LookupError):
    """The tree is not large enough for this tile."""


def tile(log: LogReader, session: Transaction, ref: TileRef) -> bytes:
    """The bytes of one tile or bundle; `NoSuchTileError` where the tree does not reach."""
    level = ref.level or 0
    start = ref.index * WIDTH
    # A hash at level L is the root of 256^L entries.
    if (start + ref.width) * WIDTH**level > log.size(session):
        raise NoSuchTileError
    if ref.level is None:
        return encode_bundle(_all(log.lines(session, start, start + ref.width), ref.width))
    return b"".join(_hashes(log, session, level, start, ref.width))


def entries(log: LogReader, session: Transaction, start: int, end: int) -> Iterator[bytes]:
    """The entries from `start` up to but not including `end`, as far as the tree reaches. A few are read at a time."""
    end = min(end, log.size(session))
    for first in range(start, end, WIDTH):
        last = min(first + WIDTH, end)
        yield from _all(log.lines(session, first, last), last - first)


def leaves(log: LogReader, session: Transaction, start: int, end: int) -> Sequence[bytes]:
    """The hashes of the entries from `start` up to but not including `end`; `LogDamagedError` if some lack."""
    return _all(log.leaves(session, start, end), end - start)


def _hashes(log: LogReader, session: Transaction, level: int, start: int, count: int) -> Sequence[bytes]:
    """So many hashes of a level. Never more than 256 of each level are held, however many entries lie below."""
    if level == 0:
        return leaves(log, session, start, start + count)
    return [root_hash(_hashes(log, session, level - 1, index * WIDTH, WIDTH)) for index in range(start, start + count)]


def _all(held: Sequence[bytes], count: int) -> Sequence[bytes]:
    if len(held) != count:
        raise LogDamagedError("an entry that was signed is not in the log any more")
    return held
