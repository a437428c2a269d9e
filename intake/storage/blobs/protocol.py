"""What is asked of a place for blobs, wherever that is."""

from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from typing import IO, BinaryIO, Protocol


class NoSuchBlobError(LookupError):
    """There is no blob of this name."""


class BlobsHeldError(OSError):
    """Somebody else keeps blobs for a copy."""

    def __init__(self) -> None:
        super().__init__("another backup is being made: try again when it is done")


class BlobWriter(Protocol):
    """A blob that is being written. It stays only if it is kept; a failed upload leaves nothing behind."""

    size: int
    """Bytes so far."""

    def write(self, data: bytes | bytearray | memoryview, /) -> int:
        """Take sealed bytes."""

    def keep(self) -> str:
        """Make the bytes durable under a new random name, and return that name."""


class Blobs(Protocol):
    """A place for blobs. Nothing about one tells when it came, but for what the place needs to sweep up."""

    def make(self) -> None:
        """Make the place, for its owner only, if it is not there."""

    def new(self) -> AbstractContextManager[BlobWriter]:
        """A blob to write."""

    def open(self, blob: str) -> BinaryIO:
        """The sealed bytes of a blob, from any of them on; `NoSuchBlobError` if there is none."""

    def has_room(self, size: int) -> bool:
        """Whether so many bytes can still be kept."""

    def kept_before(self, moment: float) -> set[str]:
        """The blobs that were kept before a Unix time."""

    def held(self, blobs: Iterable[str]) -> AbstractContextManager[Callable[[str], BinaryIO]]:
        """Keep these for the block, which opens them by name, whatever is removed meanwhile.

        `BlobsHeldError` if somebody else keeps some already.
        """

    def let_go(self) -> None:
        """Remove what such a block has left that was killed."""

    def put_back(self, blob: str, source: IO[bytes]) -> None:
        """Keep bytes under the name that they had, durably."""

    def remove(self, blob: str) -> None:
        """Delete a blob that no row refers to, if it is there. `OSError` if that can't be done now."""
