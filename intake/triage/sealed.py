"""Sealed summaries and items in the home directory, each kept for its own tip.

A lying desk can list any item under any tip, and send anything for it. So an item has a file for each tip that it was
ever said to belong to, and what is kept for one is never touched for the sake of another.
"""

import hashlib
from collections.abc import Iterator

from intake.triage.home import Home

_SEALED = "sealed"
_SUMMARY = "summary-"
_DIGEST = 16


class Sealed:
    """What a home keeps of the desk's store, but for attachments. Ids and digests in hex."""

    def __init__(self, home: Home) -> None:
        self._home = home
        self._again: set[str] = set()

    def has_summary(self, tip: str, digest: str) -> bool:
        """Whether the summary with this SHA-256 is kept, and whole."""
        return self.summary(tip, digest) != b""

    def summary(self, tip: str, digest: str) -> bytes:
        """The summary with this SHA-256; empty unless it is kept, and whole."""
        sealed = self._read(_summary(tip, digest)) or b""
        return sealed if hashlib.sha256(sealed).hexdigest() == digest else b""

    def save_summary(self, tip: str, digest: str, sealed: bytes) -> None:
        """Keep a summary."""
        self._home.save(_summary(tip, digest), sealed)

    def summaries(self) -> Iterator[tuple[str, str]]:
        """The tips whose summaries are kept, and whole, with their SHA-256."""
        for name in self._home.names(_SEALED):
            tip, _, start = name.removeprefix(f"{_SEALED}/{_SUMMARY}").partition("-")
            digest = hashlib.sha256(self._read(name) or b"").hexdigest() if start else ""
            if start and digest.startswith(start):
                yield tip, digest

    def lacks_item(self, tip: str, item: str) -> bool:
        """Whether an item has to be fetched."""
        name = _item(tip, item)
        return not self._home.has(name) and (name in self._again or not self._home.has(_of_any_tip(item)))

    def item(self, tip: str, item: str) -> bytes | None:
        """What is kept of an item; empty, as if it were damaged, if the disk gives it back no more."""
        sealed = self._read(_item(tip, item))
        return self._read(_of_any_tip(item)) if sealed is None else sealed

    def save_item(self, tip: str, item: str, sealed: bytes) -> None:
        """Keep an item."""
        self._home.save(_item(tip, item), sealed)

    def fetch_again(self, tip: str, item: str) -> bool:
        """Let an item that this machine spoilt be fetched again, once as long as the program runs; whether it is."""
        name = _item(tip, item)
        if name in self._again or self.item(tip, item) is None:
            return False
        self._again.add(name)
        self._home.remove(name)
        return True

    def _read(self, name: str) -> bytes | None:
        try:
            return self._home.read(name) if self._home.has(name) else None
        except OSError as error:
            self._home.repaired(f"{self._home.path(name)} can't be read: {error.strerror}")
            return b""


def _summary(tip: str, digest: str) -> str:
    return f"{_SEALED}/{_SUMMARY}{tip}-{digest[:_DIGEST]}"


def _item(tip: str, item: str) -> str:
    return f"{_SEALED}/{tip}-{item}"


def _of_any_tip(item: str) -> str:
    """Where earlier programs kept an item. Which tip it was fetched for isn't known, so that it stays for any."""
    return f"{_SEALED}/{item}"
