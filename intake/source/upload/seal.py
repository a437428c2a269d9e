"""Files, sealed while they arrive: not one byte of plaintext on a disk."""

import hashlib
from collections.abc import Iterable, Iterator

from werkzeug.exceptions import RequestEntityTooLarge

from crypto.age import Encryptor, Recipient
from crypto.padding import zeros_after
from intake.server import Server
from intake.source.admission.room import require_room
from intake.source.tip.correspondence import SealedFile

_PIECE = 1 << 16
_PIECES_BETWEEN_LOOKS = 16


class FileTooLargeError(RequestEntityTooLarge):
    """A file beyond the limit of the settings."""


class EmptyFileError(ValueError):
    """The file holds nothing."""


def seal_file(server: Server, recipient: Recipient, content: Iterable[bytes]) -> SealedFile:
    """Seal a file as it comes, with zero bytes after it up to its Padmé size, and make it durable.

    Raises `FileTooLargeError`, `EmptyFileError`, and `NoRoomError` where others have filled the disk meanwhile; then,
    and if `content` raises, nothing is left behind.
    """
    digest, size = hashlib.sha256(), 0
    with server.blobs.new() as blob:
        with Encryptor(blob, [recipient]) as sealed:
            for number, piece in enumerate(content):
                size += len(piece)
                if size > server.settings.largest_file:
                    raise FileTooLargeError
                if number % _PIECES_BETWEEN_LOOKS == 0:
                    require_room(server)
                digest.update(piece)
                sealed.write(piece)
            if size == 0:
                raise EmptyFileError
            for piece in _zeros(zeros_after(size)):
                sealed.write(piece)
        return SealedFile(blob.keep(), blob.size, size, digest.hexdigest())


def _zeros(count: int) -> Iterator[bytes]:
    while count > 0:
        yield bytes(min(count, _PIECE))
        count -= _PIECE
