"""What this machine's reviewer has looked at: nobody else is told, beside what the log says of every look."""

from collections.abc import Iterable

from intake.triage.mirror.file import MirrorFile
from intake.triage.mirror.tables import LOOKED
from intake.triage.reading.standing import held

_ID = 16
"""Bytes of an id."""


class Looked:
    """By tip, the ids of what it held when it was looked at last."""

    def __init__(self, file: MirrorFile) -> None:
        self._file = file

    def items(self, tip: str) -> frozenset[str] | None:
        """What a tip held then; None if it was never looked at."""
        row = self._file.get(LOOKED, tip)
        return None if row is None else _ids(row[1])

    def digests(self) -> dict[str, bytes]:
        """By tip, the digest of what it held then."""
        return {tip: held(_ids(ids)) for tip, ids in self._file.select(LOOKED)}

    def keep(self, tip: str, items: Iterable[str]) -> None:
        """A tip was looked at, and held these."""
        self._file.put(LOOKED, (tip, bytes.fromhex("".join(sorted(items)))))


def _ids(data: bytes) -> frozenset[str]:
    text = data.hex()
    return frozenset(text[start : start + 2 * _ID] for start in range(0, len(text), 2 * _ID))
