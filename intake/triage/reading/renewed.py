"""Another summary in the place of one that is kept: whether it is the same report's, with one identity more.

That a member put it there, the log proves; what they put there, only who opens both can tell.
"""

from collections.abc import Sequence
from enum import StrEnum

from crypto.age import AgeError, HybridIdentity, NoMatch, unseal
from intake.report.documents import read_one
from intake.report.payloads import Dossier, NewerVersionError, PayloadFormatError, Summary


class Verdict(StrEnum):
    """What a summary is that the log explains in the place of the kept one."""

    FITS = ""
    """The same, but for its identities, or there is none."""
    ABSENT = "absent"
    """It isn't here yet."""
    LEFT_OUT = "left out"
    """It is not sealed to whoever reads here."""
    NEWER = "newer"
    """A newer version of this program wrote it."""
    OTHER = "other"
    """It says something else than the kept one, or is damaged."""


def look(kept: bytes, signer: str, new: bytes, own: Sequence[HybridIdentity], renewals: int) -> Verdict:
    """Compare a sealed summary with the one that is kept, which was renewed so often since.

    `signer`: the key of the source, in hex, if one is known.

    Where the kept one was never sealed to whoever reads here, or is lost, the source's key is all that there is.
    """
    if not new:
        return Verdict.ABSENT
    try:
        found = _open(new, own)
    except NoMatch:
        return Verdict.LEFT_OUT
    except NewerVersionError:
        return Verdict.NEWER
    except (AgeError, PayloadFormatError):
        return Verdict.OTHER
    try:
        before = _open(kept, own)
    except (AgeError, PayloadFormatError):
        is_same = not signer or (isinstance(found, Summary) and found.signer == signer)
    else:
        is_same = _without(before) == _without(found) and _goes_on(before, found, renewals)
    return Verdict.FITS if is_same else Verdict.OTHER


def _open(summary: bytes, own: Sequence[HybridIdentity]) -> Summary | Dossier:
    covers: tuple[type[Summary | Dossier], ...] = (Summary, Dossier)
    return read_one(unseal(summary, own), *covers)


def _without(cover: Summary | Dossier) -> dict[str, object]:
    return {name: value for name, value in cover.document().items() if name != "identities"}


def _goes_on(before: Summary | Dossier, cover: Summary | Dossier, renewals: int) -> bool:
    """Whether all that was ever sealed to it still opens, and no renewal brought more than its one identity.

    There is room for some hundreds: whoever filled it would leave none for when somebody is revoked.
    """
    if len(cover.identities) > len(before.identities) + renewals:
        return False
    return cover.identities[-len(before.identities) :] == before.identities
