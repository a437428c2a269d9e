"""What gets sealed: JSON of one shape a kind, padded so that its size says little."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from any_document import DOCUMENTS
from crypto.age import HybridIdentity
from intake.report.definition import Answer, load_form
from intake.report.events import Note, Status
from intake.report.payloads import SUMMARY_SIZES, Reply, Summary


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


@pytest.mark.parametrize("kind", sorted(DOCUMENTS))
@settings(max_examples=20)
@given(data=st.data())
def test_nothing_of_a_document_shows_in_its_repr(kind: str, data: st.DataObject) -> None:
    document: Any = data.draw(DOCUMENTS[kind])
    for each in (document, getattr(document, "payload", document)):
        assert repr(each) == object.__repr__(each)
