"""What the desk gives, what it takes, and that it has logged either before it answers."""

import json
import secrets
from collections.abc import Callable
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

import pytest
from sqlalchemy import select

from crypto.note import parse_note
from intake.accesslog.log import AccessLog
from intake.protocol.actions import LONGEST_READ, MOST_OBJECTS, Action, ReadRequest
from intake.protocol.entry import parse_entry
from intake.protocol.wire import decode_sealed, parse_index
from intake.server import Server
from intake.storage.tables import Item, LogEntry

Stored = Callable[[int], tuple[str, list[str]]]


def last_entry(server: Server) -> Any:
    with server.store.reading() as session:
        return parse_entry(session.scalars(select(LogEntry.body).order_by(LogEntry.index.desc())).first() or b"")


@pytest.fixture
def amina(members_of: Any) -> Any:
    return members_of.enrol("amina")


def test_the_index_lists_every_tip_and_item(client: Any, amina: Any, stored: Stored, server: Server) -> None:
    tip, items = stored(2)
    index = parse_index(client(amina)("GET", "/v1/index").content)
    assert [row.id for row in index.tips] == [tip]
    assert {row.id for row in index.items} == set(items)
    assert index.tips[0].summary == sha256(b"summary " + bytes.fromhex(tip)).hexdigest()
    assert last_entry(server).action is Action.INDEX


def test_a_bulk_read_gives_the_sealed_bytes_and_names_them_all_in_the_log(
    client: Any, amina: Any, stored: Stored, server: Server
) -> None:
    tip, items = stored(3)
    body = ReadRequest((tip,), tuple(items)).to_json()
    summaries, sealed = decode_sealed(client(amina)("POST", "/v1/read", body).content)
    assert summaries == {tip: b"summary " + bytes.fromhex(tip)}
    assert sealed == {item: b"item " + bytes.fromhex(item) for item in items}
    entry = last_entry(server)
    assert entry.who == amina.card.key_id
    assert entry.objects == (f"summary/{tip}", *(f"item/{item}" for item in items))


def test_a_read_of_something_that_is_not_there_is_logged_and_leaves_it_out(
    client: Any, amina: Any, server: Server
) -> None:
    missing = secrets.token_hex(16)
    answer = client(amina)("POST", "/v1/read", ReadRequest((), (missing,)).to_json())
    assert decode_sealed(answer.content) == ({}, {})
    assert last_entry(server).objects == (f"item/{missing}",)
    assert client(amina)("GET", f"/v1/items/{missing}").status_code == 404


def test_a_log_that_cannot_be_written_means_that_nothing_is_read(
    client: Any, amina: Any, stored: Stored, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, (item,) = stored(1)

    def fail(*_: Any) -> int:
        raise OSError("disk full")

    monkeypatch.setattr(AccessLog, "append", fail)
    answer = client(amina)("GET", f"/v1/items/{item}")
    assert answer.status_code == 500
    assert b"item " not in answer.content


def test_a_blob_is_streamed_as_it_lies(client: Any, amina: Any, stored: Stored, server: Server) -> None:
    tip, _ = stored(0)
    data, name = secrets.token_bytes(700_000), secrets.token_bytes(16)
    with server.blobs.new() as writer:
        writer.write(data)
        blob = writer.keep()
    with server.store.writing() as session:
        day = datetime.now(UTC).date()
        session.add(
            Item(id=name, tip_id=bytes.fromhex(tip), kind="content", day=day, size=len(data), sealed=None, blob=blob)
        )
    answer = client(amina)("GET", f"/v1/items/{name.hex()}")
    assert answer.content == data
    assert last_entry(server).objects == (f"item/{name.hex()}",)


def test_what_a_reviewer_adds_is_stored_once_and_logged_with_its_digest(
    client: Any, amina: Any, stored: Stored, server: Server
) -> None:
    tip, _ = stored(0)
    path = f"/v1/tips/{tip}/items/{secrets.token_hex(16)}?kind=work"
    assert client(amina)("PUT", path, b"sealed note").status_code == 201
    assert client(amina)("PUT", path, b"sealed note").status_code == 201
    with server.store.reading() as session:
        assert session.scalars(select(Item.sealed)).all() == [b"sealed note"]
    assert last_entry(server).action is Action.ADD


@pytest.mark.parametrize("kind", ["report", "content", "nothing", ""])
def test_a_reviewer_cannot_add_what_only_a_source_sends(kind: str, client: Any, amina: Any, stored: Stored) -> None:
    tip, _ = stored(0)
    answer = client(amina)("PUT", f"/v1/tips/{tip}/items/{secrets.token_hex(16)}?kind={kind}", b"x")
    assert answer.status_code == 400


def test_an_item_cannot_be_replaced(client: Any, amina: Any, stored: Stored) -> None:
    tip, (item,) = stored(1)
    answer = client(amina)("PUT", f"/v1/tips/{tip}/items/{item}?kind=reply", b"other")
    assert (answer.status_code, answer.json()["error"]) == (409, "this id is taken")


def test_adding_to_a_tip_that_is_not_there_stores_nothing(client: Any, amina: Any, server: Server) -> None:
    path = f"/v1/tips/{secrets.token_hex(16)}/items/{secrets.token_hex(16)}?kind=reply"
    assert client(amina)("PUT", path, b"x").status_code == 404
    with server.store.reading() as session:
        assert session.scalars(select(Item.id)).all() == []


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"\xff",
        b'{"summaries":["x"],"items":[]}',
        b'{"summaries":[],"items":[]}'.ljust(65_000),
        '{"summaries":[],"items":[]}'.encode("utf-16"),
    ],
)
def test_a_malformed_bulk_read_is_refused_in_plain_words(body: bytes, client: Any, amina: Any) -> None:
    answer = client(amina)("POST", "/v1/read", body)
    assert answer.status_code == 400
    assert answer.json()["error"]


def test_too_large_a_request_is_refused(client: Any, amina: Any, stored: Stored) -> None:
    tip, _ = stored(0)
    path = f"/v1/tips/{tip}/items/{secrets.token_hex(16)}?kind=reply"
    assert client(amina)("PUT", path, bytes(3_000_000)).status_code == 413


def test_the_checkpoint_is_signed_with_the_logs_key(client: Any, amina: Any, server: Server) -> None:
    note = parse_note(client(amina)("GET", "/v1/log/checkpoint").content)
    assert note.text.startswith(f"{server.log.origin}\n")


def test_the_largest_bulk_read_fits_into_the_log(client: Any, amina: Any, server: Server) -> None:
    ids = [secrets.token_hex(16) for _ in range(MOST_OBJECTS)]
    body = f'{{"summaries":[],"items":{json.dumps(ids)}}}'.encode().ljust(LONGEST_READ, b"\n")
    assert client(amina)("POST", "/v1/read", body).status_code == 200
    assert len(last_entry(server).objects) == MOST_OBJECTS


@pytest.mark.parametrize("path", ["tile/0/999", "tile/entries/999", "tile/9/000", "nonsense", "tile/0/../x"])
def test_a_tile_that_the_tree_does_not_have_is_not_found(path: str, client: Any, amina: Any) -> None:
    assert client(amina)("GET", f"/v1/log/{path}").status_code == 404
