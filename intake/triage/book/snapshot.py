"""The book on the disk while the program is locked: sealed to the reviewer's own key, whole or not at all.

It is a cache of what the home holds sealed anyway, and says by itself what makes it stale: it opens only in the program
that wrote it, and each tip in it bears a digest of all that it was opened from (`reading.given.Given`). An old one, a
damaged one or none costs time and nothing else.
"""

import hmac
import sqlite3
from collections.abc import Iterator, Sequence
from functools import cache, partial
from hashlib import sha256
from importlib.resources import files
from importlib.resources.abc import Traversable
from threading import Event

from crypto.age import AgeError, Decryptor, Encryptor, HybridIdentity
from crypto.padding import zeros_after
from intake.triage.book.database import Book
from intake.triage.book.search import READ_BY
from intake.triage.home import Home
from intake.triage.keys.opening import OpeningKeys

_FILE = "book.age"
_PROOF = b"intake book v1"
_PROOF_SIZE = 32
_PIECE = 1 << 20
_OPENED_BY = ("crypto", "intake.protocol", "intake.report", "intake.triage")
"""The packages that decide what is opened from sealed bytes, and what is said of it."""


class SnapshotError(Exception):
    """The book can't be kept, in words for the reviewer."""


class Snapshot:
    """The file of one reviewer's book.

    Whoever knows a public key can seal to it. So the first bytes are such as only the holder of the private one can
    make, from it and the program's own text, and the file's authentication binds the rest to them.
    """

    def __init__(self, home: Home, keys: OpeningKeys) -> None:
        self._home = home
        self._keys = keys

    def save(self, book: Book, abandon: Event) -> None:
        """Keep the book, durably; `SnapshotError` if that can't be done, or was abandoned: what was kept then stays."""
        try:
            parts = book.serialize(abandon)
            identity = self._keys.current
            with self._home.writing(_FILE) as file, Encryptor(file, [identity.recipient]) as sealed:
                for piece in _pieces((_proof(identity), *parts)):
                    if abandon.is_set():
                        raise SnapshotError("there was no more time")
                    sealed.write(piece)
        except OSError as error:
            raise SnapshotError(f"this machine can't keep it: {error.strerror}") from error
        except MemoryError:
            raise SnapshotError("there is not enough memory to seal it") from None

    def destroy(self) -> None:
        """Let nothing of what was kept stay; `SnapshotError` if that can't be done."""
        try:
            self._home.destroy(_FILE)
        except OSError as error:
            raise SnapshotError(f"this machine can't delete it: {error.strerror}") from error

    def load(self) -> Book | None:
        """The book as it was kept, or None: there is none, or it is damaged, another key's or another program's."""
        try:
            with self._home.open_file(_FILE) as file:
                opened = Decryptor(file, self._keys.identities)
                said, proofs = _read(opened, _PROOF_SIZE), map(_proof, self._keys.identities)
                if not any(hmac.compare_digest(said, proof) for proof in proofs):
                    return None
                book = Book.deserialize(partial(_read, opened))
                while opened.next_chunk():
                    pass
                return book
        except (OSError, AgeError, ValueError, sqlite3.Error):
            return None

    def remove_older(self) -> None:
        """Let nothing of it stay if the newest identity doesn't open it: it is made anew. Errors as for `destroy`."""
        try:
            with self._home.open_file(_FILE) as file:
                Decryptor(file, self._keys.identities[:1])
        except FileNotFoundError:
            return
        except AgeError:
            self.destroy()


def _proof(identity: HybridIdentity) -> bytes:
    return hmac.digest(str(identity).encode(), _PROOF + program(), "sha256")


@cache
def program() -> bytes:
    """SHA-256 over the text of all that opens, and what reads words: whoever changes it can't forget to say so."""
    digest = sha256()
    for package in _OPENED_BY:
        for name, text in _texts(files(package), package):
            digest.update(sha256(name.encode()).digest() + sha256(text).digest())
    digest.update(repr(READ_BY).encode())
    return digest.digest()


def _texts(folder: Traversable, name: str) -> Iterator[tuple[str, bytes]]:
    for entry in sorted(folder.iterdir(), key=lambda entry: entry.name):
        if entry.name.endswith((".py", ".toml", ".txt")):
            yield f"{name}/{entry.name}", entry.read_bytes()
        elif entry.is_dir() and entry.name != "__pycache__":
            yield from _texts(entry, f"{name}/{entry.name}")


def _pieces(parts: Sequence[bytes]) -> Iterator[bytes | memoryview]:
    for part in parts:
        view = memoryview(part)
        for start in range(0, len(view), _PIECE):
            yield view[start : start + _PIECE]
    for start in range(0, zeros := zeros_after(sum(map(len, parts))), _PIECE):
        yield bytes(min(_PIECE, zeros - start))


def _read(opened: Decryptor, size: int) -> bytearray:
    """So many bytes, or what there is."""
    data = bytearray(size)
    view, at = memoryview(data), 0
    while at < size and (count := opened.readinto(view[at:])):
        at += count
    view.release()
    del data[at:]
    return data
