"""The log as files that any reader of C2SP tlog-tiles can verify: tiles, bundles of entries and the checkpoint."""

import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

from crypto.merkle import leaf_hash
from crypto.tiles import WIDTH, TileRef, encode_bundle, hash_tile, tiles_of
from intake.durable import make_directory, replace_file, write_new

CHECKPOINT = "checkpoint"
COSIGNED = "cosigned"
"""The checkpoint that witnesses have cosigned, which may be of a beginning of the log: tlog-tiles doesn't know it."""


class NotThisLogError(ValueError):
    """The directory holds something else under the name of a file of this log, in words for whoever named it."""


def write_log(
    directory: Path, lines: Sequence[bytes], signed: bytes, told: Callable[[int], None], cosigned: bytes | None = None
) -> int:
    """Write the log with these entries, which `signed` is the checkpoint of, and return how many files were new.

    `cosigned`: the checkpoint that witnesses have cosigned, if there is one; it is of these entries or fewer.

    What a tile is called says all that it holds: one that is there already is compared, and never written over. `told`
    is called with how many files of the log are there. The checkpoint comes last: what it signs is there before it.
    """
    leaves = [leaf_hash(line) for line in lines]
    new = 0
    _require_for_logs(directory)
    make_directory(directory)
    for done, ref in enumerate(tiles_of(len(lines)), 1):
        new += _put(directory / ref.path, _contents(ref, lines, leaves))
        if ref.width == WIDTH:
            # Partial tiles may go once the full one is there (tlog-tiles).
            shutil.rmtree(directory / f"{ref.path}.p", ignore_errors=True)
        told(done)
    replace_file(directory / CHECKPOINT, signed)
    if cosigned is not None:
        replace_file(directory / COSIGNED, cosigned)
    return new


def _require_for_logs(directory: Path) -> None:
    """Refuse a directory of something else, such as a server's data. An interrupted run leaves tiles alone."""
    held = {path.name for path in directory.iterdir()} if directory.exists() else set()
    if held and not held & {CHECKPOINT, "tile"}:
        raise NotThisLogError(f"{directory} holds something else than a log: name a new directory, or an empty one")


def _contents(ref: TileRef, lines: Sequence[bytes], leaves: Sequence[bytes]) -> bytes:
    if ref.level is None:
        start = ref.index * WIDTH
        return encode_bundle(lines[start : start + ref.width])
    return hash_tile(ref.level, ref.index, ref.width, leaves)


def _put(path: Path, data: bytes) -> bool:
    """Whether the file was not there yet; `NotThisLogError` if it holds something else."""
    if path.exists():
        if path.read_bytes() != data:
            raise NotThisLogError(f"{path} holds something else: this directory is another log's, or damaged")
        return False
    make_directory(path.parent)
    write_new(path, data)
    return True
