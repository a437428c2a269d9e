"""What a request does follows from the request alone."""

import json
import secrets

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crypto.note import SigningKey
from intake.protocol.actions import (
    LONGEST_READ,
    MOST_OBJECTS,
    OPERATORS,
    Action,
    ActionError,
    Copy,
    Named,
    ReadRequest,
    copy_of,
    parse_read_request,
    require_operators_objects,
)
from intake.protocol.card import Role, issue_card
from intake.protocol.endpoints import ENDPOINTS, endpoint, may, named
from intake.protocol.queries import Made, first_wanted, from_query, made_query, purpose_query, purpose_said

IDS = st.binary(min_size=16, max_size=16).map(bytes.hex)
_BY_REVIEWERS = (
    Action.INDEX,
    Action.READ,
    Action.OPEN,
    Action.ADD,
    Action.MAKE,
    Action.TAKE_BACK,
    Action.DEPOSIT,
    Action.VOUCH,
    Action.SHUT_OUT,
    Action.UNSAY,
    Action.PROPOSE,
    Action.SECOND,
    Action.STOP,
    Action.PURGED,
    Action.EXPORT,
    Action.REFER,
    Action.REWRAP,
    Action.REKEY,
    Action.TAKE_OVER,
    Action.RENEW,
    Action.EXPLAIN,
)
CARD = issue_card(Role.AUDITOR, SigningKey.generate("carla"), None)
TIP, ITEM = "0" * 32, "f" * 32


def test_each_route_names_its_objects() -> None:
    body = ReadRequest((TIP,), (ITEM,)).to_json()
    assert named("GET", "/v1/index", "?", b"") == Named(Action.INDEX)
    assert named("POST", "/v1/read", "?", body) == Named(Action.READ, (f"summary/{TIP}", f"item/{ITEM}"))
    for query in ("?", "?from=1", "?from=900000000000000"):
        assert named("GET", f"/v1/items/{ITEM}", query, b"") == Named(Action.READ, (f"item/{ITEM}",))
    added = named("PUT", f"/v1/tips/{TIP}/items/{ITEM}", "?kind=reply", None)
    assert named("POST", f"/v1/tips/{TIP}/open", "?", b"") == Named(Action.OPEN, (f"tip/{TIP}",))
    assert added == Named(Action.ADD, (f"tip/{TIP}", f"item/{ITEM}"))
    made = named("PUT", f"/v1/tips/{TIP}/first/{ITEM}", made_query(Made("0" * 64, "f" * 64)), None)
    assert made == Named(Action.MAKE, (f"tip/{TIP}", f"item/{ITEM}"))
    vouched = named("POST", "/v1/vouch", "?", CARD.text.encode())
    assert vouched == Named(Action.VOUCH, (f"member/{CARD.key_id}",))
    shut_out = named("POST", f"/v1/members/{CARD.key_id}/shut_out", "?", b"")
    assert shut_out == Named(Action.SHUT_OUT, (f"member/{CARD.key_id}",))
    said = named("POST", f"/v1/findings/{TIP}/explain", "?", b"I was on holiday cover.")
    assert said == Named(Action.EXPLAIN, (f"finding/{TIP}",))


@pytest.mark.parametrize(
    "body", [b"", b"\xff", CARD.text.encode() + b"\n", CARD.text.replace("auditor", "reviewer").encode()]
)
def test_nobody_vouches_for_anything_but_a_card(body: bytes) -> None:
    with pytest.raises(ActionError, match="must be a card"):
        named("POST", "/v1/vouch", "?", body)


@pytest.mark.parametrize(
    ("method", "path", "query"),
    [
        ("DELETE", f"/v1/items/{ITEM}", "?"),
        ("GET", "/v1/items/../index", "?"),
        ("GET", f"/v1/items/{ITEM.upper()}", "?"),
        ("GET", "/v1/index", "?all=1"),
        ("GET", "/v1/index", "?from=1"),
        ("GET", f"/v1/items/{ITEM}", "?kind=work"),
        ("GET", f"/v1/items/{ITEM}", "?from=0"),
        ("GET", f"/v1/items/{ITEM}", "?from=01"),
        ("GET", f"/v1/items/{ITEM}", "?from=+1"),
        ("GET", f"/v1/items/{ITEM}", "?from=-1"),
        ("GET", f"/v1/items/{ITEM}", "?from=1&from=2"),
        ("GET", f"/v1/items/{ITEM}", "?from=1000000000000000"),
        ("PUT", f"/v1/tips/{TIP}/items/{ITEM}", "?kind=report"),
        ("PUT", f"/v1/tips/{TIP}/first/{ITEM}", "?"),
        ("PUT", f"/v1/tips/{TIP}/first/{ITEM}", f"?payload={'0' * 64}"),
    ],
)
def test_anything_else_names_nothing(method: str, path: str, query: str) -> None:
    with pytest.raises(ActionError):
        named(method, path, query, b"")


@pytest.mark.parametrize("action", list(Action))
def test_of_auditors_reads_of_the_log_are_logged_and_of_reviewers_all_else_that_is_no_others(
    action: Action,
) -> None:
    assert may(Role.AUDITOR, action) is (action is Action.LOG)
    assert may(Role.REVIEWER, action) is (action in _BY_REVIEWERS)
    assert may(Role.REVIEWER, action) is not (action in OPERATORS or action in (Action.LOG, Action.APPROVE))


@pytest.mark.parametrize("action", list(Action))
def test_a_lead_may_do_whatever_a_reviewer_may_and_approve(action: Action) -> None:
    assert may(Role.LEAD, action) is (may(Role.REVIEWER, action) or action is Action.APPROVE)


def test_reading_the_log_is_for_every_member_and_an_entry_for_auditors() -> None:
    rows = [row for row in ENDPOINTS if row.path.startswith("/v1/log/")]
    assert endpoint("GET", "/v1/log/tile/entries/000.p/5", "?") in rows
    for row in rows:
        assert (row.roles, row.logged, row.action) == (frozenset(Role), frozenset({Role.AUDITOR}), Action.LOG)
    assert named("GET", "/v1/log/checkpoint", "?", b"") == Named(Action.LOG)
    assert named("GET", "/v1/log/cosigned", "?", b"") == Named(Action.LOG)
    assert named("GET", "/v1/log/entries", "?from=2048", b"") == Named(Action.LOG)
    assert named("GET", "/v1/log/tile/0/000", "?", b"") == Named(Action.LOG, ("resource/tile/0/000",))


def test_what_leaves_is_named_by_the_digest_of_the_sealed_event_that_says_it() -> None:
    sealed = "a" * 64
    objects = (f"tip/{TIP}", f"sha256/{sealed}")
    assert named("POST", f"/v1/tips/{TIP}/export/{sealed}", "?", b"") == Named(Action.EXPORT, objects)
    assert named("POST", f"/v1/tips/{TIP}/refer/{sealed}", "?", b"") == Named(Action.REFER, objects)
    assert named("POST", f"/v1/tips/{TIP}/approve/{sealed}", "?", b"") == Named(Action.APPROVE, objects)


def test_the_purpose_of_a_look_comes_back_from_its_query() -> None:
    assert (purpose_said(purpose_query(ITEM)), purpose_said(purpose_query("")), purpose_said("?")) == (ITEM, "", "")
    looked = named("POST", f"/v1/tips/{TIP}/open", purpose_query(ITEM), b"")
    assert looked == Named(Action.OPEN, (f"tip/{TIP}",))
    with pytest.raises(ActionError):
        purpose_said("?purpose=because")


COPY = ("size/5", f"sha256/{'a' * 64}")


@pytest.mark.parametrize(
    ("action", "objects"),
    [
        (Action.SETTLE, ("tip/" + TIP,)),
        (Action.EXPIRE, ()),
        (Action.EXPIRE, ("item/" + TIP,)),
        (Action.EXPIRE, ("tip/" + TIP,) * 501),
        (Action.BACKUP, COPY[:1]),
        (Action.RESTORE, ("size/05", COPY[1])),
        (Action.SOFTWARE, ("software/1.0",)),
        (Action.SOFTWARE, ("software/1.0 or so", COPY[1])),
    ],
)
def test_an_entry_of_the_operators_that_names_something_else_is_refused(
    action: Action, objects: tuple[str, ...]
) -> None:
    with pytest.raises(ActionError):
        require_operators_objects(action, objects)


def test_a_copy_comes_back_from_the_objects_of_its_entry() -> None:
    assert copy_of(COPY) == Copy(5, "a" * 64)
    assert copy_of(COPY).objects == COPY


@given(st.integers(0, 10**15 - 1))
def test_where_an_item_goes_on_comes_back_from_its_query(start: int) -> None:
    assert first_wanted(from_query(start)) == start


@given(st.text())
def test_any_other_query_is_refused_or_the_very_one_that_is_written(query: str) -> None:
    try:
        start = first_wanted(query)
    except ActionError:
        return
    assert query in (from_query(start), "?")


@given(st.lists(IDS, max_size=5, unique=True), st.lists(IDS, max_size=5, unique=True))
def test_a_read_request_comes_back_from_its_bytes(summaries: list[str], items: list[str]) -> None:
    request = ReadRequest(tuple(summaries), tuple(items))
    assert parse_read_request(request.to_json()) == request


def test_a_read_request_names_at_most_500_objects() -> None:
    ids = tuple(secrets.token_hex(16) for _ in range(MOST_OBJECTS + 1))
    parse_read_request(ReadRequest(ids[:-1], ()).to_json())
    with pytest.raises(ActionError):
        parse_read_request(ReadRequest(ids[:300], ids[300:]).to_json())


def test_a_body_of_500_ids_fits_and_a_padded_one_is_refused() -> None:
    ids = tuple(secrets.token_hex(16) for _ in range(MOST_OBJECTS))
    full = json.dumps({"summaries": [], "items": ids}).encode()
    assert parse_read_request(full).items == ids
    with pytest.raises(ActionError, match="too long"):
        parse_read_request(full.ljust(LONGEST_READ + 1))


@given(
    st.binary(max_size=100)
    | st.recursive(st.none() | st.text() | st.integers(), st.lists).map(
        lambda value: json.dumps({"summaries": value, "items": []}).encode()
    )
)
def test_other_bodies_are_refused_or_hold_ids(body: bytes) -> None:
    try:
        request = parse_read_request(body)
    except ActionError:
        return
    assert all(len(name) == 32 for name in request.summaries)
