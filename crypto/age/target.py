"""What a file is written into."""

from typing import Protocol


class Target(Protocol):
    """Takes a file, piece by piece: any binary file does, and whatever else takes all of each piece."""

    def write(self, data: bytes | bytearray | memoryview, /) -> object:
        """Take the next piece."""
