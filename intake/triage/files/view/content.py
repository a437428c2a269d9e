"""The file that a child renders, in memory that its parent filled: read without a copy of it."""

import ctypes
import io
import mmap
import os
from typing import TYPE_CHECKING, BinaryIO, cast

if TYPE_CHECKING:
    from typing_extensions import Buffer  # in collections.abc from Python 3.12 on


class Content:
    """The bytes behind a descriptor, which is closed: what is written to them stays in this process."""

    def __init__(self, descriptor: int) -> None:
        self.size = os.fstat(descriptor).st_size
        self.data = mmap.mmap(descriptor, self.size, access=mmap.ACCESS_COPY)
        os.close(descriptor)

    def file(self) -> BinaryIO:
        """As a file to read from."""
        return cast("BinaryIO", io.BufferedReader(_Reader(self.data)))

    def array(self) -> "ctypes.Array[ctypes.c_char]":
        """As C sees it."""
        return (ctypes.c_char * self.size).from_buffer(self.data)


class _Reader(io.RawIOBase):
    def __init__(self, data: mmap.mmap) -> None:
        self._data = data
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        start = (0, self._at, len(self._data))[whence]
        if start + offset < 0:
            raise ValueError("before the beginning")
        self._at = start + offset
        return self._at

    def readinto(self, buffer: "Buffer") -> int:
        view = memoryview(buffer).cast("B")
        piece = self._data[self._at : self._at + len(view)]
        view[: len(piece)] = piece
        self._at += len(piece)
        return len(piece)
