"""How a tip begins, whoever made it: its own identity, its summary for its readers, and the first item in its chain.

The source site does this for a source, and a reviewer's program for somebody who told the team otherwise, or for a
dossier of the team's own. What lies on the server afterwards is of one form.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256

from crypto.age import HybridIdentity, HybridRecipient, Parts, Recipient, seal, split
from crypto.codename import SEED_SIZE, Seed
from intake.report.definition import UNANSWERED, load_form
from intake.report.payloads import Chain, Dossier, FromSource, Report, Summary
from intake.report.signed import Link, SourceItem, source_key

NOTHING_YET = Chain(0, "")
"""Where a chain begins."""


@dataclass(frozen=True, slots=True, repr=False)
class Writer:
    """A source that writes to a tip: its seed, what replies to it are sealed to, and the tip's id and recipient."""

    seed: Seed
    identity: HybridIdentity
    tip: bytes
    recipient: Recipient


@dataclass(frozen=True, slots=True)
class Following:
    """The sealed bytes of an item that goes on with a chain; what the chain then ends with, sealed to the source."""

    sealed: bytes
    chain: bytes


@dataclass(frozen=True, slots=True)
class Begun:
    """A tip that is about to be stored, all of it sealed. `lookup`: what its source comes back by."""

    recipient: str
    lookup: bytes
    summary: Parts
    first: Following


def identity_of(seed: Seed) -> HybridIdentity:
    """What replies are sealed to."""
    return HybridIdentity.from_seed(seed.identity_seed())


def follow(writer: Writer, newest: Chain, item: bytes, payload: FromSource, heard: Sequence[bytes] = ()) -> Following:
    """The source's next item, after the `newest` one. `heard`: ids of the newest replies that the source could read."""
    link = Link(writer.tip.hex(), item.hex(), newest.number + 1, newest.previous, tuple(reply.hex() for reply in heard))
    sealed = seal(SourceItem(payload, link).signed_by(source_key(writer.seed)).padded(), [writer.recipient])
    return _ended(sealed, link.number, writer.identity)


def begin(seed: Seed, report: Report, tip: bytes, item: bytes, readers: Sequence[HybridRecipient]) -> Begun:
    """The tip of a report, under these ids. `readers`: the recipients of all active reviewers."""
    identity = HybridIdentity.generate()
    writer = Writer(seed, identity_of(seed), tip, identity.recipient)
    signer = source_key(seed).verifier.public_key.hex()
    # Those of the first page: a report that was told whole has no larger summary than others.
    form = load_form()
    answers = form.complete({field.key: report.answers.get(field.key, UNANSWERED) for field in form.first_group.fields})
    source = str(writer.identity.recipient)
    summary = Summary((str(identity),), source, signer, report.language, report.form, answers)
    first = follow(writer, NOTHING_YET, item, report)
    return Begun(str(identity.recipient), seed.lookup_key(), split(seal(summary.padded(), readers)), first)


def begin_dossier(subject: str, readers: Sequence[HybridRecipient]) -> Begun:
    """The tip of a dossier, which has no source: from outside it looks like a report's, with a first item as well."""
    identity, nobody = HybridIdentity.generate(), Seed(secrets.token_bytes(SEED_SIZE))
    summary = split(seal(Dossier((str(identity),), subject).padded(), readers))
    sealed = seal(NOTHING_YET.padded(), [identity.recipient])
    return Begun(str(identity.recipient), nobody.lookup_key(), summary, _ended(sealed, 1, identity_of(nobody)))


def _ended(sealed: bytes, number: int, identity: HybridIdentity) -> Following:
    chain = seal(Chain(number, sha256(sealed).hexdigest()).padded(), [identity.recipient])
    return Following(sealed, chain)
