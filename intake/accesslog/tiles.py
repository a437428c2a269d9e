"""The log as static resources (C2SP tlog-tiles): hash tiles and entry bundles, computed from the stored entries."""

from sqlalchemy.orm import Session

from crypto.merkle import leaf_hash
from crypto.tiles import WIDTH, TileRef, encode_bundle, hash_tile
from intake.accesslog.log import AccessLog


class NoSuchTileError(LookupError):
    """The tree is not large enough for this tile."""


def tile(log: AccessLog, session: Session, ref: TileRef) -> bytes:
    """The bytes of one tile or bundle; `NoSuchTileError` where the tree does not reach."""
    level = ref.level or 0
    # A hash at level L is the root of 256^L entries.
    span = WIDTH**level
    start, end = ref.index * WIDTH * span, (ref.index * WIDTH + ref.width) * span
    if end > log.size(session):
        raise NoSuchTileError
    lines = log.lines(session, start, end)
    if ref.level is None:
        return encode_bundle(lines)
    return hash_tile(level, 0, ref.width, [leaf_hash(line) for line in lines])
