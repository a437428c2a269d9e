"""Blobs as files of a directory, with random names and one constant time."""

import io
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from intake.durable import make_directory
from intake.storage.blobs.protocol import NoSuchBlobError
from intake.storage.room import free_bytes


class FileWriter(io.RawIOBase):
    """A file that has no name until it is kept, so that a failed upload leaves nothing behind, even after a crash."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._file = os.open(directory, os.O_TMPFILE | os.O_WRONLY, 0o600)
        self.size = 0

    def writable(self) -> bool:
        """Always."""
        return True

    def write(self, data: bytes | bytearray | memoryview) -> int:  # type: ignore[override]
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
        return {path.name for path in self._directory.iterdir() if path.stat().st_ctime < moment}

    def remove(self, blob: str) -> None:
        """Delete a blob that no row refers to."""
        (self._directory / blob).unlink(missing_ok=True)
