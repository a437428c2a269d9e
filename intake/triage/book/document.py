"""One opened tip as bytes for the book, whole, and back."""

import zlib
from datetime import datetime
from typing import Any

from crypto.age import HybridIdentity
from intake.protocol.index import ItemRow
from intake.report.documents import read_values
from intake.report.payloads import About, ConsentAnswer, parse_document, to_document
from intake.report.told import Account, Told
from intake.triage.mirror.added import Author
from intake.triage.reading.conversation import Line
from intake.triage.reading.given import Restriction
from intake.triage.reading.opentip import WRITTEN, Attachment, DatedAnswer, OpenTip, Signed, TakenBack

_QUICK = 1
"""Of zlib's levels. Words, ids and keys in text shrink to half by any of them."""


def encode(tip: OpenTip) -> bytes:
    """The tip as compressed JSON."""
    values = {
        "id": tip.id,
        "day": tip.day,
        "made": None if tip.made is None else _author_values(tip.made),
        "restriction": None if tip.restriction is None else _restriction_values(tip.restriction),
        "dossier": tip.dossier,
        "source": tip.source,
        "signer": tip.signer,
        "recipient": tip.recipient,
        "language": tip.language,
        "identities": [identity.seed.hex() for identity in tip.identities],
        "once": {key: _told_values(told) for key, told in tip.account.once.items()},
        "before": {key: [_told_values(told) for told in all_told] for key, all_told in tip.account.before.items()},
        "entries": {key: [_told_values(told) for told in all_told] for key, all_told in tip.account.entries.items()},
        "narrative": tip.narrative,
        "conversation": [(line.day, line.author, line.text, line.item, line.taken_back) for line in tip.conversation],
        "consent_answers": [(each.item, each.day, each.answer.values(), each.is_sure) for each in tip.consent_answers],
        "files": [(name, file.day, file.sealed, file.about.values()) for name, file in tip.files.items()],
        "written": [_signed_values(signed) for signed in tip.written],
        "taken_back": [(each.item, _author_values(each.author), _author_values(each.by)) for each in tip.taken_back],
        "rows": [(row.id, row.tip, row.kind, row.day, row.size, row.blob) for row in tip.rows],
        "deleted": sorted(tip.deleted),
        "replies": tip.replies,
        "slowly": tip.slowly,
        "asked": tip.asked,
        "ended": tip.ended,
        "warnings": tip.warnings,
        "remarks": tip.remarks,
        "spoilt": tip.spoilt,
    }
    return zlib.compress(to_document(values), _QUICK)


def decode(document: bytes) -> OpenTip:
    """The tip that `encode` was given."""
    values = parse_document(zlib.decompress(document))
    made: dict[str, Any] = {
        "made": None if values["made"] is None else _author(*values["made"]),
        "restriction": None if values["restriction"] is None else _restriction(*values["restriction"]),
        "account": _account(values.pop("once"), values.pop("before"), values.pop("entries")),
        "identities": tuple(HybridIdentity.from_seed(bytes.fromhex(seed)) for seed in values["identities"]),
        "conversation": [Line(*line) for line in values["conversation"]],
        "consent_answers": [
            DatedAnswer(item, day, ConsentAnswer.from_values(answer), is_sure)
            for item, day, answer, is_sure in values["consent_answers"]
        ],
        "files": {
            name: Attachment(day, About.from_values(about), sealed) for name, day, sealed, about in values["files"]
        },
        "written": [_signed(*signed) for signed in values["written"]],
        "taken_back": [TakenBack(item, _author(*author), _author(*by)) for item, author, by in values["taken_back"]],
        "rows": tuple(ItemRow(*row) for row in values["rows"]),
        "deleted": set(values["deleted"]),
        **{name: list(values[name]) for name in ("warnings", "remarks", "spoilt")},
    }
    return OpenTip(**values | made)


def _account(once: dict[str, Any], before: dict[str, Any], entries: dict[str, Any]) -> Account:
    return Account(
        {key: Told(*told) for key, told in once.items()},
        {key: tuple(Told(*told) for told in all_told) for key, all_told in entries.items()},
        {key: tuple(Told(*told) for told in all_told) for key, all_told in before.items()},
    )


def _told_values(told: Told[Any]) -> tuple[Any, ...]:
    return told.form, told.value, told.day, told.item


def _restriction_values(restriction: Restriction) -> tuple[Any, ...]:
    keys, names = restriction.readers, restriction.named
    return _author_values(restriction.by), keys, names, restriction.left, restriction.is_mine


def _restriction(by: tuple[Any, ...], *rest: Any) -> Restriction:
    return Restriction(_author(*by), *rest)


def _author_values(author: Author) -> tuple[Any, ...]:
    return author.name, author.at.isoformat(), author.place


def _author(name: str, at: str, place: int) -> Author:
    return Author(name, datetime.fromisoformat(at), place)


def _signed_values(signed: Signed) -> tuple[Any, ...]:
    return signed.item, *_author_values(signed.author), signed.payload.document()


def _signed(item: str, name: str, at: str, place: int, document: dict[str, Any]) -> Signed:
    payload = read_values(document)
    if not isinstance(payload, WRITTEN):
        raise TypeError("not what a reviewer writes")
    return Signed(item, _author(name, at, place), payload)
