"""Attachments as their sources sent them, opened while their sealed bytes arrive."""

import hashlib
from collections.abc import Generator, Iterator

from crypto.age import AgeError, Decryptor
from intake.triage.files.downloads import Downloads, Wanted
from intake.triage.reading.opentip import Attachment, OpenTip


class DamagedFileError(Exception):
    """An attachment is not what its description says, in words for the reviewer."""


class Originals:
    """Gives out the attachments of tips."""

    def __init__(self, downloads: Downloads) -> None:
        self._downloads = downloads

    def arrived(self, tip: OpenTip, file: Attachment) -> int:
        """How many hundredths of an attachment are on this machine, sealed; 100 only when all of it is."""
        return self._downloads.arrived(_wanted(tip, file)) * 100 // file.sealed if file.sealed else 0

    def purge(self, tip: str, opened: OpenTip | None) -> None:
        """Delete all attachments of a tip that are on this machine. `opened`: the tip, if it can still be read."""
        files = opened.files.values() if opened is not None else ()
        self._downloads.purge(tip, [_wanted(opened, file) for file in files if opened is not None])

    def read(self, tip: OpenTip, file: Attachment) -> Generator[bytes, None, None]:
        """The bytes of an attachment as the source sent it, in pieces, while its sealed bytes arrive.

        Each piece is verified before it is given out. Raises `DamagedFileError` before the last piece if they are not
        the ones described, and `DeskError` if the desk sends no more: what has arrived is kept.
        """
        try:
            yield from self._verified(tip, file)
        except (AgeError, DamagedFileError) as error:
            # Whether the server or the way here spoilt it: the next attempt fetches it anew.
            self._downloads.distrust(_wanted(tip, file))
            raise DamagedFileError("this file is not the one that its description says; try once more") from error

    def _verified(self, tip: OpenTip, file: Attachment) -> Iterator[bytes]:
        about = file.about
        digest, left, held = hashlib.sha256(), about.size, b""
        wanted = _wanted(tip, file)
        with self._downloads.open(wanted) as sealed:
            opened = Decryptor(sealed, tip.identities)
            while chunk := opened.next_chunk():
                piece = chunk[:left]
                left -= len(piece)
                digest.update(piece)
                # Padding, which may be many chunks, lets go of nothing.
                if piece and held:
                    yield held
                held = piece or held
            # Only now is the digest known: the piece that is held back decides whether the file is whole.
            if left or digest.hexdigest() != about.sha256:
                raise DamagedFileError("another size or digest")
            self._downloads.verified(wanted)
        yield held


def _wanted(tip: OpenTip, file: Attachment) -> Wanted:
    return Wanted(tip.id, file.about, file.sealed)
