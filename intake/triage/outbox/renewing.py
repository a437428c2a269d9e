"""Another identity for a tip: its summary sealed anew, and what waits for it sealed to that."""

from collections.abc import Sequence
from dataclasses import replace

from crypto.age import HybridIdentity, HybridRecipient, NoMatch, Recipient, parse_recipient, seal, split, unseal
from intake.protocol.renewal import Renewed
from intake.report.documents import read_one
from intake.report.payloads import Dossier, Summary
from intake.triage.outbox.unsent import Unsent
from intake.triage.reading.opentip import OpenTip


def renew(summary: bytes, own: Sequence[HybridIdentity], readers: Sequence[HybridRecipient]) -> Renewed:
    """What a tip has from then on: a new identity first, and all else as the sealed `summary` says it.

    `own`: what the summary opens with; `readers`: those who open what comes later. `AgeError` or `PayloadFormatError`
    if the summary can't be opened; `PaddingError` if the tip had so many identities that no other fits in.
    """
    covers: tuple[type[Summary | Dossier], ...] = (Summary, Dossier)
    cover, new = read_one(unseal(summary, own), *covers), HybridIdentity.generate()
    parts = split(seal(replace(cover, identities=(str(new), *cover.identities)).padded(), readers))
    return Renewed(str(new.recipient), parts.header, parts.payload)


def for_newest(unsent: Unsent, tip: OpenTip) -> Unsent:
    """The same, sealed to the newest identity of its tip: whoever was shut out since could open what it was sealed to.

    `AgeError` if it can't be opened here.
    """
    newest = tip.identities[0]
    try:
        unseal(unsent.sealed, [newest])
    except NoMatch:
        others: list[Recipient] = [parse_recipient(tip.source)] if unsent.to_source else []
        document = unseal(unsent.sealed, tip.identities)
        return replace(unsent, sealed=seal(document, [newest.recipient, *others]))
    return unsent
