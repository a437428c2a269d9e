"""A copy of a store with its blobs, as one file: a tar archive (POSIX.1-2001) of regular files in this order.

    intake-backup    JSON: the version of this form, the log's name, and how many blobs follow
    intake.db        the database
    blobs/<id>       sealed attachments, in the order of their random ids

All that is said of a file besides is constant, so that the copy tells of no order and no time.
"""

import hashlib
import io
import json
import re
import shutil
import tarfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any, BinaryIO, Protocol

from intake.storage.blobs.protocol import BlobWriter

_VERSION = 1
_MANIFEST, _DATABASE, _BLOBS = "intake-backup", "intake.db", "blobs/"
_LONGEST_MANIFEST = 4096
_PIECE = 1 << 20
_BLOB = re.compile(r"blobs/([0-9a-f]{32})")

Told = Callable[[int], object]
"""Is told how many bytes are done."""


class ArchiveError(ValueError):
    """The file is no copy of a store, or not all of one."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a copy says of itself: whose log it holds, and how many attachments."""

    log: str
    blobs: int
    v: int = _VERSION


class Sink(Protocol):
    """Takes what a copy holds."""

    def database(self, source: IO[bytes]) -> None:
        """Take the database."""

    def blob(self, name: str, source: IO[bytes]) -> None:
        """Take a blob."""


class _Digesting(io.RawIOBase):
    """Bytes on their way to or from a file, counted and hashed."""

    def __init__(self, file: BinaryIO, told: Told) -> None:
        self._file, self._told = file, told
        self._digest, self._count = hashlib.sha256(), 0

    def write(self, data: Any) -> int:
        self._file.write(data)
        self._pass(data)
        return len(data)

    def read(self, size: int = -1) -> bytes:
        data = self._file.read(size)
        self._pass(data)
        return data

    def hexdigest(self) -> str:
        return self._digest.hexdigest()

    def _pass(self, data: bytes) -> None:
        self._digest.update(data)
        self._count += len(data)
        self._told(self._count)


def write_archive(
    file: BinaryIO, log: str, database: Path, blobs: Sequence[str], opened: Callable[[str], BinaryIO], told: Told
) -> str:
    """Write a copy, and return its SHA-256 in hex. `opened`: opens a blob by its name."""
    out = _Digesting(file, told)
    with tarfile.open(fileobj=out, mode="w|", format=tarfile.PAX_FORMAT) as archive:
        manifest = json.dumps(asdict(Manifest(log, len(blobs)))).encode()
        archive.addfile(_member(_MANIFEST, len(manifest)), io.BytesIO(manifest))
        with database.open("rb") as source:
            archive.addfile(_member(_DATABASE, database.stat().st_size), source)
        for name in sorted(blobs):
            with opened(name) as source:
                size = source.seek(0, io.SEEK_END)
                source.seek(0)
                archive.addfile(_member(_BLOBS + name, size), source)
    return out.hexdigest()


def read_archive(file: BinaryIO, sink: Sink, told: Told) -> tuple[Manifest, str]:
    """Give what a copy holds to a sink, in its order. Returns what it says of itself, and its SHA-256 in hex.

    Raises `ArchiveError` for anything else; what the sink has taken until then is of no use.
    """
    read = _Digesting(file, told)
    with _told_of_tar(), tarfile.open(fileobj=read, mode="r|") as archive:
        members = iter(archive)
        manifest = _manifest(*_next(archive, members))
        member, source = _next(archive, members)
        if member.name != _DATABASE:
            raise ArchiveError("the file holds something else than a copy of a store")
        sink.database(source)
        for _ in range(manifest.blobs):
            member, source = _next(archive, members)
            blob = _BLOB.fullmatch(member.name)
            if blob is None:
                raise ArchiveError("the file holds something else than a copy of a store")
            sink.blob(blob[1], source)
    while read.read(_PIECE):
        pass
    return manifest, read.hexdigest()


def copy_bytes(source: IO[bytes], target: IO[bytes] | BlobWriter) -> None:
    """All bytes of one into the other."""
    shutil.copyfileobj(source, target, _PIECE)


def _member(name: str, size: int) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.size, member.mode = size, 0o600
    return member


def _next(archive: tarfile.TarFile, members: Iterator[tarfile.TarInfo]) -> tuple[tarfile.TarInfo, IO[bytes]]:
    member = next(members, None)
    # No link, device or sparse file: only what was written here.
    source = None if member is None or member.type != tarfile.REGTYPE else archive.extractfile(member)
    if member is None or source is None:
        raise ArchiveError("the file is not a copy of a store, or not all of one")
    return member, source


def _manifest(member: tarfile.TarInfo, source: IO[bytes]) -> Manifest:
    if member.name == _MANIFEST and member.size <= _LONGEST_MANIFEST:
        try:
            manifest = Manifest(**json.loads(source.read()))
            if manifest.v == _VERSION and type(manifest.blobs) is int and isinstance(manifest.log, str):
                return manifest
        except (ValueError, TypeError, RecursionError):
            pass
    raise ArchiveError("the file is not a copy of a store, or one of another version of this program")


@contextmanager
def _told_of_tar() -> Iterator[None]:
    try:
        yield
    except (tarfile.TarError, EOFError) as error:
        raise ArchiveError("the file is not a copy of a store, or not all of one") from error
