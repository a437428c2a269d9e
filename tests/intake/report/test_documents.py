"""A document is read by its kind and the version of that; what a newer program wrote is told from what is none."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from any_document import DOCUMENTS, KEY, TEXT
from intake.report.documents import READERS, Document, read, read_one
from intake.report.events import (
    EVENTS,
    EVERYTHING,
    HIGHEST_NUMBER,
    NUMBERED,
    THE_LAST,
    Note,
    Status,
    Verification,
)
from intake.report.payloads import (
    Chain,
    Dossier,
    Entered,
    Handed,
    Message,
    Newer,
    NewerVersionError,
    Opened,
    Payload,
    PayloadFormatError,
    Reply,
    Report,
    Summary,
)
from intake.report.signed import NotTheSourcesError, SourceItem, Unsigned

KINDS = sorted(READERS)
NEWEST = {kind: max(readers) for kind, readers in READERS.items()}
EACH = settings(max_examples=20)
"""For what is tried with every kind."""

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXT,
    lambda inner: st.lists(inner) | st.dictionaries(TEXT, inner),
)
SUMMARY = {"kind": "summary", "v": 1, "identities": [], "source": "", "language": "en", "form": 1, "answers": {}}
"""One of the first version."""

NAMED = sorted((made.kind, made.names) for made in EVENTS if made.names)
"""Kinds of events that change one of several things, and the field that says which."""

PLAIN: list[type[Payload]] = [Summary, Dossier, Chain, Reply, Opened, Status, Note, Entered, Handed]
WRONG: st.SearchStrategy[Any] = st.sampled_from([None, 1.5, True, {"a": {"b": 1}}, [[]], [1], ["text", {}]])


def written(document: Any) -> dict[str, Any]:
    values = json.loads(document.to_json())
    assert isinstance(values, dict)
    return values


def sealed(values: Any) -> bytes:
    return json.dumps(values).encode()


def test_every_kind_that_is_read_is_among_those_that_are_tried_here() -> None:
    assert set(KINDS) == set(DOCUMENTS)


@pytest.mark.parametrize("kind", KINDS)
@EACH
@given(data=st.data())
def test_a_document_of_any_kind_comes_back_from_its_padded_bytes(kind: str, data: st.DataObject) -> None:
    document: Any = data.draw(DOCUMENTS[kind])
    again: Any = read(document.padded())
    assert again == document
    assert again.to_json() == document.to_json()
    assert (written(document)["kind"], written(document)["v"]) == (kind, NEWEST[kind])


@pytest.mark.parametrize(
    ("values", "means"),
    [
        (SUMMARY, Summary((), "", "", "en", 1, {})),
        ({"kind": "reply", "v": 1, "text": "old"}, Reply("old", 0)),
        ({"kind": "status", "v": 1, "status": "closed"}, Status("closed", seen=EVERYTHING)),
        ({"kind": "note", "v": 1, "text": "old"}, Note("old")),
        (
            {"kind": "verification", "v": 1, "seen": [], "act": "a", "verified": "documented", "reasons": "",
             "rests_on": ""},
            Verification("a", THE_LAST, "documented", "", ""),
        ),
        ({"kind": "message", "v": 1, "place": 4, "text": "old"}, Unsigned(Message("old"), 4)),
        ({"kind": "report", "v": 1, "language": "en", "form": 1, "answers": {}}, Unsigned(Report("en", 1, {}), 0)),
    ],
)  # fmt: skip
def test_what_earlier_versions_wrote_is_read(values: dict[str, Any], means: Document) -> None:
    assert read(sealed(values)) == means


@pytest.mark.parametrize(
    "values",
    [
        {**SUMMARY, "signer": ""},
        {"kind": "reply", "v": 1, "text": "old", "number": 1},
        {"kind": "deletion", "v": 1, "reply": ""},
        {"kind": "due", "v": 1, "seen": [], "task": "", "day": "2026-02-30", "reason": "", "done": False},
        {"kind": "due", "v": 1, "seen": [], "task": "", "day": "20260228", "reason": "", "done": False},
        {"kind": "message", "v": 1, "text": "without its place"},
        {"kind": "consent_answer", "v": 1, "question": "0" * 32, "words": "1" * 64, "answer": "yes", "condition": "",
         "check": ""},
        {"kind": "message", "v": 2, "text": "unsigned"},
        {"kind": "note", "v": 0, "text": "x"},
        {"kind": "note", "v": "1", "text": "x"},
        {"kind": "note", "text": "x"},
        {"v": 1, "text": "x"},
    ],
)  # fmt: skip
def test_what_no_version_wrote_is_refused(values: dict[str, Any]) -> None:
    with pytest.raises(PayloadFormatError) as refused:
        read(sealed(values))
    assert refused.type is PayloadFormatError


@pytest.mark.parametrize("kind", KINDS)
@EACH
@given(data=st.data())
def test_what_a_newer_program_wrote_is_told_and_keeps_its_place(kind: str, data: st.DataObject) -> None:
    document: Any = data.draw(DOCUMENTS[kind])
    values = written(document) | {"v": NEWEST[kind] + 1, "more": "of it"}
    found = read(sealed(values))
    if isinstance(document, SourceItem):
        assert isinstance(found, SourceItem)
        assert (type(found.payload), found.link) == (Newer, document.link)
        with pytest.raises(NotTheSourcesError):
            found.verify(KEY.verifier)
        found.signed_by(KEY).verify(KEY.verifier)
    else:
        assert isinstance(found, Newer)
        with pytest.raises(NewerVersionError):
            read_one(sealed(values), type(document))


@given(TEXT.filter(lambda kind: kind not in READERS), st.integers(1), st.dictionaries(TEXT, TEXT, max_size=3))
def test_a_kind_that_is_not_known_is_a_newer_programs(kind: str, version: int, more: dict[str, str]) -> None:
    document = sealed({**more, "kind": kind, "v": version} | dict.fromkeys(("link", "signature"), ""))
    with pytest.raises(PayloadFormatError):
        read(document)
    values = {name: value for name, value in json.loads(document).items() if name not in ("link", "signature")}
    assert isinstance(read(sealed(values)), Newer)


@pytest.mark.parametrize("kind", KINDS)
@EACH
@given(data=st.data())
def test_a_document_in_which_one_value_is_of_another_shape_is_refused(kind: str, data: st.DataObject) -> None:
    values = written(data.draw(DOCUMENTS[kind]))
    place = data.draw(st.sampled_from([values, *([values["link"]] if "link" in values else [])]))
    name = data.draw(st.sampled_from(sorted(place)))
    place[name] = data.draw(WRONG.filter(lambda value: type(value) is not type(place[name])))
    with pytest.raises(PayloadFormatError):
        read(sealed(values))


@pytest.mark.parametrize("kind", KINDS)
@EACH
@given(data=st.data())
def test_a_document_with_a_field_too_few_or_too_many_is_refused(kind: str, data: st.DataObject) -> None:
    values = written(data.draw(DOCUMENTS[kind]))
    with pytest.raises(PayloadFormatError):
        read(sealed({**values, "more": "of it"}))
    del values[data.draw(st.sampled_from(sorted(values)))]
    with pytest.raises(PayloadFormatError):
        read(sealed(values))


@given(st.binary(max_size=60) | JSON.map(sealed))
def test_junk_of_any_shape_is_refused_with_the_one_error(document: bytes) -> None:
    with pytest.raises(PayloadFormatError) as refused:
        read(document)
    assert refused.type is PayloadFormatError


@pytest.mark.parametrize(
    "document",
    [
        b"[" * 100_000,
        b'{"kind": "note", "v": 1, "text": "\\ud83d"}',
        b'{"kind": "note", "v": ' + b"9" * 5000 + b', "text": ""}',
        b'{"kind": ["note"], "v": 1, "text": ""}',
        b'{"kind": "note", "v": 1e400, "text": ""}',
        b'{"kind": "note", "v": true, "text": ""}',
        b"\xff\xfe\x00",
    ],
    ids=["deep", "half-a-pair", "long-number", "list-for-a-kind", "infinite", "true", "no-text"],
)
def test_junk_that_parsers_stumble_over_is_refused_with_it_too(document: bytes) -> None:
    with pytest.raises(PayloadFormatError) as refused:
        read(document)
    assert refused.type is PayloadFormatError


@pytest.mark.parametrize("kind", KINDS)
@EACH
@given(data=st.data())
def test_a_document_of_one_kind_is_none_of_another(kind: str, data: st.DataObject) -> None:
    document: Any = data.draw(DOCUMENTS[kind])
    others: list[type[Payload]] = [other for other in PLAIN if other.kind != kind]
    with pytest.raises(PayloadFormatError) as refused:
        read_one(document.padded(), *others)
    assert refused.type is PayloadFormatError


def test_a_whole_surrogate_pair_is_read() -> None:
    assert read(b'{"kind": "note", "v": 1, "text": "\\ud83d\\ude00"}') == Note("\U0001f600")


@pytest.mark.parametrize("which", ["", " ", "a b", "a\n", "\u202ea", "a\0", "e\u0301", "x" * 201])
@pytest.mark.parametrize(("kind", "field"), NAMED)
@settings(max_examples=3)
@given(data=st.data())
def test_what_an_event_changes_has_a_name_that_every_form_brings_back(
    kind: str, field: str, which: str, data: st.DataObject
) -> None:
    values = written(data.draw(DOCUMENTS[kind]))
    assert read(sealed(values))
    with pytest.raises(PayloadFormatError):
        read(sealed({**values, field: which}))


@pytest.mark.parametrize("number", [-1, HIGHEST_NUMBER + 1, 10**400])
@pytest.mark.parametrize("kind", [made.kind for made in NUMBERED])
@settings(max_examples=3)
@given(data=st.data())
def test_no_reply_bears_a_number_that_none_could_come_after(kind: str, number: int, data: st.DataObject) -> None:
    values = written(data.draw(DOCUMENTS[kind]))
    with pytest.raises(PayloadFormatError):
        read(sealed({**values, "number": number}))
