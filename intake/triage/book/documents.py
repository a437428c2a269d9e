"""The documents of a book: every tip in it as bytes, and what that was opened from."""

from collections.abc import Callable, Collection, Iterator
from struct import unpack_from

_COUNT, _GIVEN, _NAME, _LENGTH = 8, 32, 16, 4
"""Bytes of how many there are; of a digest, an id and a length."""

_AT_ONCE = 1000


class Documents:
    """By tip, its document after the digest of what it was opened from. Whoever holds the book's lock may use it."""

    def __init__(self) -> None:
        self._kept: dict[str, bytes] = {}

    def put(self, tip: str, given: bytes, document: bytes) -> None:
        """Let this be what is there of a tip."""
        self._kept[tip] = given + document

    def remove(self, tip: str) -> None:
        """Forget a tip, if it is there."""
        self._kept.pop(tip, None)

    def get(self, tip: str) -> bytes | None:
        """The document of a tip."""
        kept = self._kept.get(tip)
        return None if kept is None else kept[_GIVEN:]

    def given(self, tips: Collection[str] | None = None) -> dict[str, bytes]:
        """By tip, the digest: of all, or of those of these that are there."""
        names = self._kept if tips is None else self._kept.keys() & tips
        return {name: self._kept[name][:_GIVEN] for name in names}

    def parts(self) -> Iterator[bytes]:
        """All of them, for `read`."""
        yield len(self._kept).to_bytes(_COUNT, "big")
        yield bytes.fromhex("".join(self._kept))
        yield b"".join(len(kept).to_bytes(_LENGTH, "big") for kept in self._kept.values())
        yield from self._kept.values()

    @classmethod
    def read(cls, read: Callable[[int], bytearray]) -> "Documents":
        """Those that were written so. `read`: gives the next so many bytes. `ValueError` if they aren't there."""
        documents = cls()
        count = int.from_bytes(read(_COUNT), "big")
        names, written = read(count * _NAME).hex(), read(count * _LENGTH)
        if len(written) != count * _LENGTH:
            raise ValueError("cut off")
        lengths = unpack_from(f">{count}I", written)
        for first in range(0, count, _AT_ONCE):
            part = lengths[first : first + _AT_ONCE]
            data, at = bytes(read(sum(part))), 0
            for number, length in enumerate(part, first):
                name = names[2 * _NAME * number : 2 * _NAME * (number + 1)]
                documents._kept[name] = data[at : at + length]
                at += length
            if at != len(data):
                raise ValueError("cut off")
        return documents
