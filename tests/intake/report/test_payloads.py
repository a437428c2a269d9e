"""What gets sealed: JSON of one shape a kind, padded so that its size says little."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crypto.age import HybridIdentity
from intake.report.definition import Answer, load_form
from intake.report.payloads import (
    SUMMARY_SIZES,
    Message,
    Note,
    Payload,
    PayloadFormatError,
    Reply,
    Report,
    Status,
    Summary,
)

TEXT = st.text(st.characters(codec="utf-8"))
ANSWERS = st.dictionaries(TEXT, TEXT | st.lists(TEXT).map(tuple), max_size=4)
PAYLOADS = st.one_of(
    st.builds(Message, TEXT),
    st.builds(Note, TEXT),
    st.builds(Reply, TEXT, st.integers(0)),
    st.builds(Report, TEXT, st.integers(), ANSWERS),
)


@given(PAYLOADS)
def test_a_payload_comes_back_from_its_padded_bytes(payload: Payload) -> None:
    assert type(payload).from_json(payload.padded()) == payload


@given(PAYLOADS)
def test_a_payload_of_one_kind_is_none_of_another(payload: Payload) -> None:
    with pytest.raises(PayloadFormatError):
        Status.from_json(payload.padded())


@given(
    st.binary(max_size=60)
    | st.recursive(st.none() | TEXT, st.lists).map(
        lambda value: json.dumps({"kind": "message", "v": 2, "text": [value]}).encode()
    )
)
def test_other_bytes_are_refused_as_no_payload(document: bytes) -> None:
    with pytest.raises(PayloadFormatError):
        Message.from_json(document)


def test_half_a_surrogate_pair_is_refused() -> None:
    assert Note.from_json(b'{"kind": "note", "v": 1, "text": "\\ud83d\\ude00"}').text == "\U0001f600"
    with pytest.raises(PayloadFormatError):
        Note.from_json(b'{"kind": "note", "v": 1, "text": "\\ud83d"}')


def test_short_items_of_reviewers_all_have_one_size() -> None:
    sizes = {
        len(item.padded()) for item in (Status("new"), Status("answered"), Note("x"), Note("x" * 1500), Reply("y", 1))
    }
    assert len(sizes) == 1


def test_every_summary_has_the_same_size_whatever_was_chosen() -> None:
    form = load_form()
    identity = HybridIdentity.generate()
    nothing = form.complete({})
    everything: dict[str, Answer] = {
        field.key: tuple(set(field.choices) - field.alone) if field.kind == "several" else max(field.choices, key=len)
        for field in form.summary_fields
    }
    sizes = {
        len(Summary((str(identity),), str(identity.recipient), "0" * 64, "zh-Hans", form.version, answers).padded())
        for answers in (nothing, everything)
    }
    assert sizes == {SUMMARY_SIZES[0]}


def test_a_summary_with_many_identities_has_the_second_size() -> None:
    identity = HybridIdentity.generate()
    summary = Summary((str(identity),) * 40, str(identity.recipient), "0" * 64, "en", 1, load_form().complete({}))
    assert len(summary.padded()) == SUMMARY_SIZES[1]


@given(PAYLOADS)
def test_nothing_of_a_payload_shows_in_its_repr(payload: Payload) -> None:
    assert repr(payload) == object.__repr__(payload)


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        (
            Summary,
            {
                "identities": [],
                "source": "",
                "signer": "",
                "language": "",
                "form": 1,
                "answers": {"urgency": [{"a": "b"}]},
            },
        ),
        (Report, {"language": "", "form": 1, "answers": {"urgency": [{"a": "b"}]}}),
        (Report, {"language": "", "form": 1, "answers": {"acts": ["phone"]}}),
    ],
)
def test_entries_stand_only_where_the_form_has_them(kind: Any, values: dict[str, Any]) -> None:
    with pytest.raises(PayloadFormatError):
        kind.from_json(json.dumps({"kind": kind.kind, "v": kind.version, **values}).encode())
