"""Entries of a log that are looked at before they are kept: in a file without a name, so that no memory is taken."""

import tempfile
from array import array
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Self


class Spool:
    """Entries in the order in which they came; gone once it is closed. The file lies in `directory`, which is there."""

    def __init__(self, directory: Path) -> None:
        self._file = tempfile.TemporaryFile(dir=directory)  # noqa: SIM115 - closed by `close`
        self._ends = array("Q", [0])

    def close(self) -> None:
        """Forget them."""
        self._file.close()

    def __len__(self) -> int:
        return len(self._ends) - 1

    def __iter__(self) -> Iterator[bytes]:
        return self.lines(0, len(self))

    def extend(self, lines: Iterable[bytes]) -> Self:
        """Put entries behind those that are there."""
        self._file.seek(self._ends[-1])
        for line in lines:
            self._file.write(line)
            self._ends.append(self._ends[-1] + len(line))
        return self

    def lines(self, start: int, end: int) -> Iterator[bytes]:
        """The entries from `start` up to `end`; nothing may be put behind them meanwhile."""
        at = self._ends[start] if start <= len(self) else 0
        for place in range(start, min(end, len(self))):
            # Others may read elsewhere between two entries.
            self._file.seek(at)
            at = self._ends[place + 1]
            yield self._file.read(at - self._ends[place])

    def earlier(self, size: int) -> Iterator[bytes]:
        """So many entries from the start."""
        return self.lines(0, size)
