"""Tiles and entry bundles: a log as static files (C2SP tlog-tiles).

A tile is up to 256 hashes, each the root of 256^level leaves; a bundle, the entries under a tile of level 0.
"""

import itertools
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from crypto.merkle import LARGEST, root_hash

WIDTH = 256
MAX_ENTRY_SIZE = 65_535

_LENGTH_SIZE = 2
_PATH = re.compile(
    r"tile/(?P<level>entries|0|[1-9][0-9]?)/(?P<index>(?:x[0-9]{3}/){0,6}[0-9]{3})(?:\.p/(?P<width>[1-9][0-9]{0,2}))?"
)


class TileError(ValueError):
    """Not a tile, a bundle or the path of one."""


@dataclass(frozen=True, slots=True)
class TileRef:
    """Which tile: `index` counts within the level, `width` is 1 to 256. Level None means an entry bundle.

    `TileError` if no tree has such a tile.
    """

    level: int | None
    index: int
    width: int = WIDTH

    def __post_init__(self) -> None:
        level = self.level or 0
        if level < 0 or self.index < 0 or not 1 <= self.width <= WIDTH:
            raise TileError("there is no such tile")
        # No tree has more leaves: a path cannot make anybody compute with numbers beyond 64 bits.
        if level > 7 or (self.index * WIDTH + self.width) * WIDTH**level > LARGEST:
            raise TileError("no tree is large enough for this tile")

    @property
    def path(self) -> str:
        """Where the tile is served, below the log's prefix."""
        name = "entries" if self.level is None else self.level
        partial = f".p/{self.width}" if self.width < WIDTH else ""
        return f"tile/{name}/{_encode_index(self.index)}{partial}"


def tile_path(level: int, index: int, width: int = WIDTH) -> str:
    """The path of a hash tile: `tile/0/x001/x234/067`, `tile/1/000.p/17`; `TileError` if no tree has it."""
    return TileRef(level, index, width).path


def entries_path(index: int, width: int = WIDTH) -> str:
    """The path of an entry bundle: `tile/entries/273.p/112`; `TileError` if no tree has it."""
    return TileRef(None, index, width).path


def parse_tile_path(path: str) -> TileRef:
    """Read the path of a tile or bundle; `TileError` unless it is canonical."""
    match = _PATH.fullmatch(path)
    if match is None:
        raise TileError("this is not the path of a tile")
    level = None if match["level"] == "entries" else int(match["level"])
    ref = TileRef(level, int(re.sub("[x/]", "", match["index"])), int(match["width"] or WIDTH))
    # Superfluous groups of zeros, and full tiles written as partial ones.
    if ref.path != path:
        raise TileError("this is not how the path of a tile is written")
    return ref


def tiles_of(size: int) -> Iterator[TileRef]:
    """All that a log of `size` entries consists of: its tiles, level by level, then its bundles.

    For 70,000 entries: 273 full tiles and one of width 112; one full and one of width 17; one of width 1; and
    274 bundles. For none: nothing.
    """
    if not 0 <= size <= LARGEST:
        raise TileError("no tree has this size")
    # Nothing is listed before it is asked for: the size may be the claim of a server that wants us busy.
    levels = itertools.takewhile(lambda level: size // WIDTH**level, itertools.count())
    tiles = (_row(level, size // WIDTH**level) for level in levels)
    return itertools.chain(itertools.chain.from_iterable(tiles), _row(None, size))


def hash_tile(level: int, index: int, width: int, leaf_hashes: Sequence[bytes]) -> bytes:
    """The contents of a hash tile, 32 bytes for each hash, computed from the leaf hashes of the tree.

    Only the leaves below the tile are read: tile 0 of these alone is the same. `TileError` if some lack.
    """
    ref = TileRef(level, index, width)
    span = WIDTH**level
    start = ref.index * WIDTH * span
    end = start + ref.width * span
    if end > len(leaf_hashes):
        raise TileError("the tree does not reach as far as this tile")
    return b"".join(root_hash(leaf_hashes[at : at + span]) for at in range(start, end, span))


def encode_bundle(entries: Iterable[bytes]) -> bytes:
    """1 to 256 entries, each after its length as a big-endian uint16; `TileError` if it cannot be."""
    bundle = bytearray()
    count = 0
    for entry in entries:
        if len(entry) > MAX_ENTRY_SIZE:
            raise TileError(f"an entry of {len(entry)} bytes is too long for a bundle")
        bundle += len(entry).to_bytes(_LENGTH_SIZE, "big") + entry
        count += 1
    _require_width(count)
    return bytes(bundle)


def decode_bundle(bundle: bytes) -> list[bytes]:
    """The entries of a bundle; `TileError` if it is cut short, empty, or has more than 256."""
    entries: list[bytes] = []
    at = 0
    while at < len(bundle):
        start = at + _LENGTH_SIZE
        end = start + int.from_bytes(bundle[at:start], "big")
        if start > len(bundle) or end > len(bundle):
            raise TileError("the bundle is cut short")
        entries.append(bundle[start:end])
        at = end
    _require_width(len(entries))
    return entries


def _row(level: int | None, hashes: int) -> Iterator[TileRef]:
    full, partial = divmod(hashes, WIDTH)
    yield from (TileRef(level, index) for index in range(full))
    if partial:
        yield TileRef(level, full, partial)


def _encode_index(index: int) -> str:
    *parents, last = f"{index:,}".split(",")
    return "".join(f"x{group:>03}/" for group in parents) + f"{last:>03}"


def _require_width(count: int) -> None:
    # The specification has no empty tiles.
    if not 1 <= count <= WIDTH:
        raise TileError(f"a bundle must have 1 to {WIDTH} entries, not {count}")
