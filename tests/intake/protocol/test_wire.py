"""The desk's answers: nothing in them is believed before it is checked."""

import json
from typing import Any

import pytest

from crypto.age import HybridIdentity, X25519Identity
from intake.protocol.wire import KINDS, Index, ItemRow, TipRow, WireError, parse_index
from intake.storage.tables import Kind

RECIPIENT = str(HybridIdentity.generate().recipient)
INDEX = Index(
    (TipRow("0" * 32, "2026-01-01", RECIPIENT, "1" * 64),),
    (ItemRow("2" * 32, "0" * 32, "message", "2026-01-02", 2500, blob=False),),
)


def changed(part: str, **fields: Any) -> bytes:
    values = json.loads(INDEX.to_json())
    values[part][0] |= fields
    return json.dumps(values).encode()


def test_an_index_comes_back_from_its_bytes() -> None:
    assert parse_index(INDEX.to_json()) == INDEX


def test_every_kind_of_the_store_is_known() -> None:
    assert frozenset(Kind) == KINDS


@pytest.mark.parametrize(
    ("part", "fields"),
    [
        *(("tips", {"id": text}) for text in ("../../x", "A" * 32, "0" * 31, "0" * 32 + "\n", 5, None)),
        *(("tips", {"summary": text}) for text in ("/../../../PWNED", "1" * 63, "1" * 16, "", 5, None)),
        *(("tips", {"day": text}) for text in ("20260101", "2026-02-30", "2026-W01-1", "", 5, None)),
        *(("tips", {"recipient": text}) for text in ("", RECIPIENT[:-1], str(X25519Identity.generate().recipient), 5)),
        *(("items", {"id": text}) for text in ("../../x", "A" * 32, "", 5, None)),
        *(("items", {"tip": text}) for text in ("3" * 32, "", 5, None, [])),
        *(("items", {"kind": text}) for text in ("other", "", 5, None, [])),
        *(("items", {"day": text}) for text in ("20260101", 5)),
        *(("items", {"size": size}) for size in (-1, 1.5, True, "1", None)),
        *(("items", {"blob": blob}) for blob in (0, 1, "", None)),
        ("items", {"more": 1}),
    ],
)
def test_a_field_that_is_not_what_it_must_be_is_refused(part: str, fields: dict[str, Any]) -> None:
    with pytest.raises(WireError):
        parse_index(changed(part, **fields))


@pytest.mark.parametrize("part", ["tips", "items"])
def test_an_id_that_is_there_twice_is_refused(part: str) -> None:
    values = json.loads(INDEX.to_json())
    values[part] *= 2
    with pytest.raises(WireError):
        parse_index(json.dumps(values).encode())
