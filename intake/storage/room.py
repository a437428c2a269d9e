"""What is left of the disk, and for what: files, text, the team's work, and last of all revoking and withdrawing."""

import os
import shutil
from pathlib import Path

LAST = 8_000_000
"""What is left for revoking a member and for deleting, when nothing else can be written any more."""


class StoreFullError(OSError):
    """There is no room left on the store's disk."""

    def __init__(self) -> None:
        super().__init__("the disk of the store is full: make room on it, then do this again")


def free_bytes(directory: Path) -> int:
    """How many bytes can still be written on the disk of a directory."""
    return shutil.disk_usage(directory).free


class Room:
    """The disk that the store lies on. Its ballast is a file of nothing, given up when there is no room but for it."""

    def __init__(self, database: Path) -> None:
        self._directory = database.parent
        self._ballast = database.with_name(f"{database.name}-ballast")

    def has(self, size: int) -> bool:
        """Whether so many bytes are left."""
        return free_bytes(self._directory) >= size

    def require(self, *, last: bool = False) -> None:
        """Before something is written: give up the ballast if it takes that, and raise `StoreFullError` if not even
        that was enough. `last`: for what makes room, or shuts somebody out.
        """
        if not self.has(LAST):
            self._ballast.unlink(missing_ok=True)
            if not last and not self.has(LAST):
                raise StoreFullError

    def take_ballast(self, size: int, *, leave: int) -> None:
        """Make the ballast, or make it anew, unless that would leave less than `leave` bytes free."""
        if self._ballast.exists() or not self.has(size + leave) or size == 0:
            return
        temporary = self._ballast.with_suffix(".new")
        descriptor = os.open(temporary, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600)
        try:
            os.posix_fallocate(descriptor, 0, size)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        temporary.replace(self._ballast)
