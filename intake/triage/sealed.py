"""Sealed summaries and items in the home directory, each kept for its own tip.

A lying desk can list any item under any tip, and send anything for it. So an item has a file for each tip that it was
ever said to belong to, and what is kept for one is never touched for the sake of another.
"""

from collections.abc import Iterator
from typing import Protocol

from crypto.age import Parts, split
from intake.protocol.index import sha256_hex
from intake.triage.home import Home

_SEALED = "sealed"
_SUMMARY = "summary-"
_DIGEST = 16


class OfSummary(Protocol):
    """What says which summary is meant: the SHA-256 of both of its parts."""

    @property
    def payload(self) -> str:
        """Of what is sealed."""

    @property
    def header(self) -> str:
        """Of what says who can open it."""


class Sealed:
    """What a home keeps of the desk's store, but for attachments. Ids and digests in hex."""

    def __init__(self, home: Home) -> None:
        self._home = home
        self._again: set[str] = set()

    def has_summary(self, tip: str, of: OfSummary) -> bool:
        """Whether this summary is kept, and whole."""
        return self.summary(tip, of) != b""

    def summary(self, tip: str, of: OfSummary) -> bytes:
        """This summary; empty unless it is kept, and whole."""
        sealed = self._read(_summary(tip, of.payload)) or b""
        return sealed if is_summary(sealed, of) else b""

    def save_summary(self, tip: str, sealed: bytes) -> None:
        """Keep a summary."""
        self._home.save(_summary(tip, sha256_hex(split(sealed).payload)), sealed)

    def summaries(self) -> Iterator[tuple[str, Parts]]:
        """The tips whose summaries are kept, and whole, with these."""
        for name in self._home.names(_SEALED):
            tip, _, start = name.removeprefix(f"{_SEALED}/{_SUMMARY}").partition("-")
            if start and name.startswith(f"{_SEALED}/{_SUMMARY}"):
                sealed = self._read(name) or b""
                summary = split(sealed)
                # Earlier programs kept it by the digest of the whole.
                if any(sha256_hex(part).startswith(start) for part in (summary.payload, sealed)):
                    yield tip, summary

    def take_over(self, tip: str, whole: str) -> Parts | None:
        """A summary that an earlier program kept by the SHA-256 of the whole; from now on by its payload's."""
        sealed = self._read(_summary(tip, whole)) or b""
        if sha256_hex(sealed) != whole:
            self._home.repaired(f"the summary of report {tip} that was fetched first is lost or damaged")
            return None
        self.save_summary(tip, sealed)
        return split(sealed)

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


def is_summary(sealed: bytes, of: OfSummary) -> bool:
    """Whether this is the summary that is meant."""
    parts = split(sealed)
    return (sha256_hex(parts.payload), sha256_hex(parts.header)) == (of.payload, of.header)


def _summary(tip: str, payload: str) -> str:
    return f"{_SEALED}/{_SUMMARY}{tip}-{payload[:_DIGEST]}"


def _item(tip: str, item: str) -> str:
    return f"{_SEALED}/{tip}-{item}"


def _of_any_tip(item: str) -> str:
    """Where earlier programs kept an item. Which tip it was fetched for isn't known, so that it stays for any."""
    return f"{_SEALED}/{item}"
