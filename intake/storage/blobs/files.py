"""Blobs as files of a directory, with random names and one constant time."""

import fcntl
import io
import os
import secrets
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING, BinaryIO

from intake.durable import make_directory, sync_directory
from intake.storage.archive import copy_bytes
from intake.storage.blobs.protocol import BlobsHeldError, NoSuchBlobError
from intake.storage.room import free_bytes

if TYPE_CHECKING:
    from typing_extensions import Buffer  # in collections.abc from Python 3.12 on


class FileWriter(io.RawIOBase):
    """A file that has no name until it is kept, so that a failed upload leaves nothing behind, even after a crash."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._file = os.open(directory, os.O_TMPFILE | os.O_WRONLY, 0o600)
        self.size = 0

    def writable(self) -> bool:
        """Always."""
        return True

    def write(self, data: "Buffer", /) -> int:
        """Take sealed bytes."""
        view = memoryview(data)
        written = 0
        while written < len(view):
            written += os.write(self._file, view[written:])
        self.size += written
        return written

    def keep(self) -> str:
        """Make the bytes durable under a new random id, and return that id."""
        blob = secrets.token_hex(16)
        os.utime(self._file, (0, 0))
        os.fsync(self._file)
        directory = os.open(self._directory, os.O_RDONLY | os.O_DIRECTORY)
        try:
            # With a directory's descriptor Python calls linkat(2), which alone can follow the link to a nameless file.
            os.link(f"/proc/self/fd/{self._file}", blob, dst_dir_fd=directory, follow_symlinks=True)
            os.fsync(directory)
        finally:
            os.close(directory)
        return blob

    def close(self) -> None:
        """Let go of the file; what was not kept is gone."""
        if not self.closed:
            os.close(self._file)
        super().close()


class FileBlobs:
    """The directory of blobs."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def make(self) -> None:
        """Make the directory, for its owner only, if it is not there."""
        make_directory(self._directory)

    @contextmanager
    def new(self) -> Iterator[FileWriter]:
        """A blob to write; it stays only if `keep` was called."""
        with FileWriter(self._directory) as writer:
            yield writer

    def open(self, blob: str) -> BinaryIO:
        """The sealed bytes of a blob; `NoSuchBlobError` if there is none, or something else that can't be read."""
        try:
            return (self._directory / blob).open("rb")
        except (FileNotFoundError, IsADirectoryError, PermissionError):
            raise NoSuchBlobError from None

    def has_room(self, size: int) -> bool:
        """Whether so many bytes are left on the disk of the directory."""
        return free_bytes(self._directory) >= size

    def kept_before(self, moment: float) -> set[str]:
        """The blobs that were kept before a Unix time; their own time is constant, but the file system knows."""
        return {path.name for path in self._directory.iterdir() if path.is_file() and path.stat().st_ctime < moment}

    @contextmanager
    def held(self, blobs: Iterable[str]) -> Iterator[Callable[[str], BinaryIO]]:
        """A second name for each of these, until the block ends; `BlobsHeldError` if others have some already."""
        self._held.mkdir(mode=0o700, exist_ok=True)
        with self._alone() as is_alone:
            if not is_alone:
                raise BlobsHeldError
            self._empty_held()
            try:
                for blob in blobs:
                    # One that is lost can't be kept; that is found when it is settled.
                    with suppress(FileNotFoundError):
                        os.link(self._directory / blob, self._held / blob)
                yield lambda blob: (self._held / blob).open("rb")
            finally:
                self._empty_held()

    def let_go(self) -> None:
        """Remove the second names that a block has left that was killed."""
        if self._held.exists():
            with self._alone() as is_alone:
                if is_alone:
                    self._empty_held()

    def put_back(self, blob: str, source: IO[bytes]) -> None:
        """Keep bytes under the name that they had, durably."""
        with FileWriter(self._directory) as writer:
            copy_bytes(source, writer)
            kept = writer.keep()
        (self._directory / kept).replace(self._directory / blob)
        sync_directory(self._directory)

    @property
    def _held(self) -> Path:
        return self._directory / ".held"

    @contextmanager
    def _alone(self) -> Iterator[bool]:
        """Whether nobody else holds any: the system forgets who did when that process ends."""
        directory = os.open(self._held, os.O_RDONLY | os.O_DIRECTORY)
        try:
            try:
                fcntl.flock(directory, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                yield False
            else:
                yield True
        finally:
            os.close(directory)

    def _empty_held(self) -> None:
        for path in self._held.iterdir():
            path.unlink()

    def remove(self, blob: str) -> None:
        """Delete a blob that no row refers to."""
        (self._directory / blob).unlink(missing_ok=True)
