"""What the desk gives, what it takes, and that it has logged either before it answers."""

import json
import secrets
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any, BinaryIO, cast

import pytest
from sqlalchemy import select, update
from werkzeug.test import EnvironBuilder, run_wsgi_app

from crypto.age import HybridIdentity
from crypto.note import parse_note
from enrolled import Enrolled, Members
from intake.accesslog.append import LogAppender
from intake.desk import create_app
from intake.keeper import Keeper, read_log_key
from intake.protocol import limits
from intake.protocol.actions import LONGEST_READ, MOST_OBJECTS, Action, ReadRequest
from intake.protocol.entry import parse_entry
from intake.protocol.index import AS_KEPT, DayIndex, TipRow, parse_day, parse_days
from intake.protocol.kinds import Kind
from intake.protocol.wire import decode_entries, decode_sealed
from intake.storage.blobs.files import FileBlobs
from intake.storage.settle import settle
from intake.storage.store import Forgotten
from intake.storage.tables import Added, Hidden, Item, LogEntry, LogHead, Tip
from signed_client import ClientOf, StoreTip

RECIPIENT = str(HybridIdentity.generate().recipient)


def last_entry(server: Keeper) -> Any:
    with server.store.reading() as session:
        return parse_entry(session.scalars(select(LogEntry.body).order_by(LogEntry.index.desc())).first() or b"")


@pytest.fixture
def amina(members_of: Members) -> Enrolled:
    return members_of.enrol("amina")


def test_the_index_lists_every_tip_and_item(
    client: ClientOf, amina: Enrolled, stored: StoreTip, server: Keeper
) -> None:
    tip, items = stored(2)
    (listed,) = parse_days(client(amina)("GET", "/v1/index").content).days
    assert (last_entry(server).action, last_entry(server).objects) == (Action.INDEX, ())
    body = client(amina)("GET", f"/v1/index/{listed.day}").content
    assert (last_entry(server).action, last_entry(server).objects) == (Action.INDEX, (f"day/{listed.day}",))
    index = parse_day(listed.day, body)
    assert (listed.tips, listed.items, listed.digest) == (1, 2, sha256(body).hexdigest())
    assert {row.id for row in index.items} == set(items)
    with server.store.reading() as session:
        recipient = session.scalars(select(Tip.recipient)).one().encode()
    summary = b"summary " + bytes.fromhex(tip)
    digests = (sha256(part).hexdigest() for part in (summary, b"header", recipient))
    assert index.tips == (TipRow(tip, listed.day, *digests),)


def test_who_keeps_the_list_as_it_is_gets_no_more_than_that(
    client: ClientOf, amina: Enrolled, stored: StoreTip, server: Keeper
) -> None:
    stored(2)
    body = client(amina)("GET", "/v1/index").content
    known = f"/v1/index?have={sha256(body).hexdigest()}"
    assert client(amina)("GET", known).content == AS_KEPT
    assert (last_entry(server).action, last_entry(server).objects) == (Action.INDEX, ())
    stored(1)
    assert client(amina)("GET", known).content not in (AS_KEPT, body)


@pytest.mark.parametrize("day", ["2026-02-30", "2026-13-01", "2020-01-01"])
def test_a_day_of_which_nothing_is_there_is_empty_or_no_day(
    day: str, client: ClientOf, amina: Enrolled, stored: StoreTip
) -> None:
    stored(1)
    answer = client(amina)("GET", f"/v1/index/{day}")
    if day == "2020-01-01":
        assert parse_day(day, answer.content) == DayIndex(day)
    else:
        assert answer.status_code == 404


def days_ago(server: Keeper, days: int) -> str:
    """A report without items of that day."""
    day = datetime.now(UTC).date() - timedelta(days=days)
    with server.store.writing() as session:
        session.add(
            Tip(
                id=secrets.token_bytes(16),
                day=day,
                header=b"header",
                payload=b"summary",
                recipient=RECIPIENT,
                lookup=secrets.token_bytes(32),
            )
        )
    return day.isoformat()


def test_days_from_one_to_another_come_in_one_answer_and_are_named_in_the_log(
    client: Any, amina: Any, server: Keeper
) -> None:
    ask = client(amina)
    days = [days_ago(server, number) for number in (9, 7, 3, 1)]
    listed = {day.day: day.digest for day in parse_days(ask("GET", "/v1/index").content).days}
    rows = ask("GET", f"/v1/index/{days[1]}--{days[3]}").content.split(b"\n")
    assert [sha256(line).hexdigest() for line in rows] == [listed[day] for day in days[1:]]
    assert last_entry(server).objects == (f"day/{days[1]}--{days[3]}",)


def test_of_days_as_many_are_answered_as_fit_and_one_at_least(
    client: Any, amina: Any, server: Keeper, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask = client(amina)
    days = [days_ago(server, number) for number in (4, 3, 2)]
    alone = ask("GET", f"/v1/index/{days[0]}").content
    for room, fit in ((1, 1), (len(alone) + 1, 1), (2 * len(alone) + 2, 2)):
        monkeypatch.setattr(limits, "ROWS", room)
        rows = ask("GET", f"/v1/index/{days[0]}--{days[2]}").content.split(b"\n")
        assert (len(rows), rows[0]) == (fit, alone)


@pytest.mark.parametrize(
    "span",
    ["2026-01-02--2026-01-01", "2026-01-01--2026-01-01", "2026-01-01--2026-02-30", "2026-01-01--", "2026-01-01-2026"],
)
def test_what_is_no_span_of_days_is_not_found_or_refused_and_not_logged(
    span: str, client: Any, amina: Any, server: Keeper
) -> None:
    before = last_entry(server)
    assert client(amina)("GET", f"/v1/index/{span}").status_code in (400, 404)
    assert last_entry(server) == before


def test_entries_are_given_from_one_on_as_they_were_hashed(
    client: Any, amina: Any, server: Keeper, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask = client(amina)
    for _ in range(6):
        ask("GET", "/v1/index")
    with server.store.reading() as session:
        lines = list(server.log.lines(session, 0, server.log.size(session)))
    assert decode_entries(ask("GET", "/v1/log/entries").content) == lines
    assert decode_entries(ask("GET", "/v1/log/entries?from=2").content) == lines[2:]
    assert decode_entries(ask("GET", f"/v1/log/entries?from={len(lines)}").content) == []
    monkeypatch.setattr(limits, "MOST_ENTRIES", 2)
    assert decode_entries(ask("GET", "/v1/log/entries?from=3").content) == lines[3:5]


def test_a_bulk_read_gives_the_sealed_bytes_and_names_them_all_in_the_log(
    client: ClientOf, amina: Enrolled, stored: StoreTip, server: Keeper
) -> None:
    tip, items = stored(3)
    body = ReadRequest((tip,), tuple(items)).to_json()
    summaries, sealed = decode_sealed(client(amina)("POST", "/v1/read", body).content)
    assert summaries == {tip: b"headersummary " + bytes.fromhex(tip)}
    assert sealed == {item: b"item " + bytes.fromhex(item) for item in items}
    entry = last_entry(server)
    assert entry.who == amina.card.key_id
    assert entry.objects == (f"summary/{tip}", *(f"item/{item}" for item in items))


def test_a_read_of_something_that_is_not_there_is_logged_and_leaves_it_out(
    client: ClientOf, amina: Enrolled, server: Keeper
) -> None:
    missing = secrets.token_hex(16)
    answer = client(amina)("POST", "/v1/read", ReadRequest((), (missing,)).to_json())
    assert decode_sealed(answer.content) == ({}, {})
    assert last_entry(server).objects == (f"item/{missing}",)
    assert client(amina)("GET", f"/v1/items/{missing}").status_code == 404


def test_a_log_that_cannot_be_written_means_that_nothing_is_read(
    client: ClientOf, amina: Enrolled, stored: StoreTip, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, (item,) = stored(1)

    def fail(*_: Any) -> int:
        raise OSError("disk full")

    monkeypatch.setattr(LogAppender, "append", fail)
    answer = client(amina)("GET", f"/v1/items/{item}")
    assert answer.status_code == 500
    assert b"item " not in answer.content


def test_a_blob_is_streamed_as_it_lies(client: ClientOf, amina: Enrolled, stored: StoreTip, server: Keeper) -> None:
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
    for start in (1, 300_000, 699_999, 700_000):
        answer = client(amina)("GET", f"/v1/items/{name.hex()}?from={start}")
        assert (answer.status_code, answer.content) == (200, data[start:])
        entry = last_entry(server)
        assert (entry.action, entry.objects) == (Action.READ, (f"item/{name.hex()}",))
        assert f'"@query": ?from={start}\n' in entry.request.base, "what was asked for is signed and logged"
    assert client(amina)("GET", f"/v1/items/{name.hex()}?from=700001").status_code == 416


@pytest.mark.parametrize("query", ["from=0", "from=01", "from=x", "from=", "from=1&from=2", "to=5", "from=-1"])
def test_a_read_from_no_proper_place_is_refused_and_not_logged(
    query: str, client: ClientOf, amina: Enrolled, stored: StoreTip, server: Keeper
) -> None:
    _, items = stored(1)
    before = last_entry(server)
    assert client(amina)("GET", f"/v1/items/{items[0]}?{query}").status_code == 400
    assert last_entry(server) == before


def test_what_a_reviewer_adds_is_stored_once_and_logged_with_its_digest(
    client: ClientOf, amina: Enrolled, stored: StoreTip, server: Keeper
) -> None:
    tip, _ = stored(0)
    path = f"/v1/tips/{tip}/items/{secrets.token_hex(16)}?kind=work"
    assert client(amina)("PUT", path, b"sealed note").status_code == 201
    assert client(amina)("PUT", path, b"sealed note").status_code == 201
    with server.store.reading() as session:
        assert session.scalars(select(Item.sealed)).all() == [b"sealed note"]
    assert last_entry(server).action is Action.ADD


@pytest.mark.parametrize("kind", ["report", "content", "nothing", ""])
def test_a_reviewer_cannot_add_what_only_a_source_sends(
    kind: str, client: ClientOf, amina: Enrolled, stored: StoreTip
) -> None:
    tip, _ = stored(0)
    answer = client(amina)("PUT", f"/v1/tips/{tip}/items/{secrets.token_hex(16)}?kind={kind}", b"x")
    assert answer.status_code == 400


def test_an_item_cannot_be_replaced(client: ClientOf, amina: Enrolled, stored: StoreTip) -> None:
    tip, (item,) = stored(1)
    answer = client(amina)("PUT", f"/v1/tips/{tip}/items/{item}?kind=reply", b"other")
    assert (answer.status_code, answer.json()["error"]) == (409, "this id is taken")


def test_adding_to_a_tip_that_is_not_there_stores_nothing(client: ClientOf, amina: Enrolled, server: Keeper) -> None:
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
        '{"summaries":[],"items":[]}'.encode("utf-16"),
    ],
)
def test_a_malformed_bulk_read_is_refused_in_plain_words(body: bytes, client: ClientOf, amina: Enrolled) -> None:
    answer = client(amina)("POST", "/v1/read", body)
    assert answer.status_code == 400
    assert answer.json()["error"]


def test_too_large_a_request_is_refused(client: ClientOf, amina: Enrolled, stored: StoreTip) -> None:
    tip, _ = stored(0)
    path = f"/v1/tips/{tip}/items/{secrets.token_hex(16)}?kind=reply"
    assert client(amina)("PUT", path, bytes(3_000_000)).status_code == 413


def test_the_checkpoint_is_signed_with_the_logs_key(client: ClientOf, amina: Enrolled, server: Keeper) -> None:
    note = parse_note(client(amina)("GET", "/v1/log/checkpoint").content)
    assert note.text.startswith(f"{server.log.origin}\n")


def test_the_largest_bulk_read_fits_into_the_log(client: ClientOf, amina: Enrolled, server: Keeper) -> None:
    ids = [secrets.token_hex(16) for _ in range(MOST_OBJECTS)]
    body = f'{{"summaries":[],"items":{json.dumps(ids)}}}'.encode().ljust(LONGEST_READ, b"\n")
    assert client(amina)("POST", "/v1/read", body).status_code == 200
    assert len(last_entry(server).objects) == MOST_OBJECTS


@pytest.mark.parametrize("path", ["tile/0/999", "tile/entries/999", "tile/9/000", "nonsense", "tile/0/../x"])
def test_a_tile_that_the_tree_does_not_have_is_not_found(path: str, client: ClientOf, amina: Enrolled) -> None:
    assert client(amina)("GET", f"/v1/log/{path}").status_code == 404


class Clock:
    """A clock that tests set."""

    def __init__(self) -> None:
        self.time = datetime.now(UTC).replace(microsecond=0)

    def __call__(self) -> datetime:
        return self.time


def test_the_log_tells_of_reports_only_between_which_gates_they_came_and_not_in_which_order(
    client: ClientOf, amina: Enrolled, server: Keeper
) -> None:
    """Fifty reports, and a reviewer who fetches after each of them, so that every one lies between two entries."""
    clock = Clock()
    gated = replace(
        server,
        log=LogAppender(read_log_key(server.settings.log_key), clock),
        settings=replace(server.settings, gate_minutes=1),
    )
    # Within the five minutes of a signature: from one gate to the next.
    clock.time = clock.time.replace(second=0) + timedelta(minutes=1)
    came, seen = [], []
    for _ in range(50):
        clock.time += timedelta(seconds=1)
        came.append(receive(gated))
        seen.append(tips_that_show(client(amina, gated)))
    clock.time += timedelta(seconds=10)
    seen.append(tips_that_show(client(amina, gated)))
    assert seen[:-1] == [[]] * 50, "a read between two arrivals tells nothing of them"
    assert seen[-1] == sorted(came), "all show at the gate, in the order of random ids"
    with server.store.reading() as session:
        assert session.scalars(select(Hidden.id)).all() == []


def tips_that_show(ask: Any) -> list[str]:
    """By the list, and by the rows of its days, which must be those that it was made of."""
    shown = []
    for listed in parse_days(ask("GET", "/v1/index").content).days:
        body = ask("GET", f"/v1/index/{listed.day}").content
        assert sha256(body).hexdigest() == listed.digest
        shown += [row.id for row in parse_day(listed.day, body).tips]
    return shown


class Interrupted:
    """A store where something happens right after the next transaction that writes."""

    def __init__(self, store: Any, happens: Callable[[], object]) -> None:
        self._store, self._happens = store, [happens]

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    @contextmanager
    def in_order(self, *, last: bool = False) -> Iterator[Any]:
        with self._store.in_order(last=last) as session:
            yield session
        if self._happens:
            self._happens.pop()()


def test_what_comes_between_the_entry_of_an_index_and_its_answer_waits_for_its_own_gate(
    client: ClientOf, amina: Enrolled, server: Keeper
) -> None:
    clock = Clock()
    clock.time = clock.time.replace(second=59)
    settings = replace(server.settings, gate_minutes=1)
    gated = replace(server, log=LogAppender(read_log_key(server.settings.log_key), clock), settings=settings)

    def pass_the_gate() -> None:
        clock.time += timedelta(seconds=2)
        receive(gated)

    late = replace(gated, store=cast("Any", Interrupted(server.store, pass_the_gate)))
    assert tips_that_show(client(amina, late)) == []


def receive(server: Keeper) -> str:
    """A report, as the source site stores it."""
    name, day = secrets.token_bytes(16), datetime.now(UTC).date()
    tip = Tip(
        id=name, day=day, header=b"header", payload=b"summary", recipient=RECIPIENT, lookup=secrets.token_bytes(32)
    )
    with server.store.writing() as session:
        session.add(tip)
        server.gate.hide(session, server.log.time(session), [tip])
    return name.hex()


def test_a_bulk_read_of_more_than_the_budget_is_refused_and_not_logged(
    client: ClientOf, amina: Enrolled, stored: StoreTip, server: Keeper
) -> None:
    items = [large_item(server, stored, limits.SEALED // 2 + 1) for _ in range(2)]
    before = last_entry(server)
    answer = client(amina)("POST", "/v1/read", ReadRequest((), tuple(items)).to_json())
    assert (answer.status_code, "too much at once" in answer.json()["error"]) == (413, True)
    assert last_entry(server) == before


def test_one_thing_larger_than_the_budget_is_answered_by_itself(
    client: ClientOf, amina: Enrolled, stored: StoreTip, server: Keeper
) -> None:
    item = large_item(server, stored, limits.SEALED + 1)
    answer = client(amina)("POST", "/v1/read", ReadRequest((), (item,)).to_json())
    assert len(decode_sealed(answer.content)[1][item]) == limits.SEALED + 1


def test_a_bulk_read_holds_one_thing_at_a_time_and_no_transaction(
    client: ClientOf, amina: Enrolled, stored: StoreTip, server: Keeper
) -> None:
    items = [large_item(server, stored, 500_000) for _ in range(15)]
    body = ReadRequest((), tuple(items)).to_json()
    request = client(amina).request("POST", "/v1/read", body)
    app = create_app(server)
    tracemalloc.start()
    pieces, status, _ = run_wsgi_app(app, environ(request, body), buffered=False)
    size = 0
    for piece in pieces:
        size += len(piece)
        # Whoever reads slowly keeps nothing from being forgotten.
        assert server.store.forget() is Forgotten.DONE
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert (status[:3], size > 15 * 660_000) == ("200", True)
    assert most < 6_000_000


def test_a_file_that_is_lost_is_said_to_be(client: ClientOf, amina: Enrolled, stored: StoreTip, server: Keeper) -> None:
    name, blob = file_item(server, stored)
    server.blobs.remove(blob)
    answer = client(amina)("GET", f"/v1/items/{name}")
    assert (answer.status_code, answer.json()["error"]) == (410, "this file is lost on the server: tell the operator")


class Settling(FileBlobs):
    """FileBlobs that are settled just before one is opened, once."""

    def __init__(self, server: Keeper) -> None:
        super().__init__(server.settings.blobs)
        self._server = server
        self.settled = False

    def open(self, blob: str) -> BinaryIO:
        if not self.settled:
            self.settled = True
            settle(self._server.store, self._server.blobs)
        return super().open(blob)


def test_nobody_who_reads_a_file_notices_that_it_is_settled(
    client: ClientOf, amina: Enrolled, stored: StoreTip, server: Keeper
) -> None:
    name, _ = file_item(server, stored)
    blobs = Settling(server)
    assert client(amina, replace(server, blobs=blobs))("GET", f"/v1/items/{name}").content == b"sealed file"
    assert blobs.settled


def test_a_reviewer_adds_no_more_than_the_quota_of_a_day(
    client: ClientOf, amina: Enrolled, members_of: Members, stored: StoreTip, server: Keeper
) -> None:
    tip, _ = stored(0)
    small = replace(server, settings=replace(server.settings, member_quota=1_000_000))

    def add(member: Enrolled, size: int) -> int:
        path = f"/v1/tips/{tip}/items/{secrets.token_hex(16)}?kind=work"
        status: int = client(member, small)("PUT", path, bytes(size)).status_code
        return status

    assert [add(amina, size) for size in (600_000, 400_001, 300_000, 100_000)] == [201, 429, 201, 429]
    assert add(members_of.enrol("boris"), 900_000) == 201
    with server.store.writing() as session:
        session.execute(update(Added).values(day=datetime.now(UTC).date() - timedelta(days=1)))
    assert add(amina, 900_000) == 201


def test_a_reviewer_makes_the_log_no_longer_than_the_quota_of_a_day(
    client: ClientOf, amina: Enrolled, members_of: Members, server: Keeper
) -> None:
    small = replace(server, settings=replace(server.settings, member_quota=500_000))
    body = ReadRequest((), tuple(secrets.token_hex(16) for _ in range(MOST_OBJECTS))).to_json()

    def read(member: Enrolled) -> int:
        status: int = client(member, small)("POST", "/v1/read", body).status_code
        return status

    statuses = [read(amina) for _ in range(8)]
    assert (statuses[0], statuses[-1]) == (200, 429)
    with server.store.reading() as session:
        assert sum(map(len, session.scalars(select(LogEntry.body)))) < 110_000
    assert read(members_of.enrol("boris")) == 200


def test_what_a_reviewer_adds_to_the_log_counts_five_times(client: ClientOf, amina: Enrolled, server: Keeper) -> None:
    """Nobody can ever delete it, and everybody fetches it."""

    def ask(quota: int) -> int:
        with server.store.writing() as session:
            session.execute(update(Added).values(size=0))
        small = replace(server, settings=replace(server.settings, member_quota=quota))
        status: int = client(amina, small)("GET", "/v1/index").status_code
        return status

    assert ask(1_000_000) == 200
    with server.store.reading() as session:
        (head,) = session.scalars(select(LogHead.checkpoint).order_by(LogHead.size.desc()).limit(1))
    more = len(last_entry(server).to_bytes()) + len(head)
    assert [ask(5 * more - 1), ask(5 * more)] == [429, 200]


def test_a_reviewer_adds_nothing_once_only_the_reserve_is_left_and_still_reads(
    client: ClientOf, amina: Enrolled, stored: StoreTip, server: Keeper
) -> None:
    tip, (item,) = stored(1)
    full = replace(server, settings=replace(server.settings, reserve_text=1 << 62))
    before = last_entry(server)
    path = f"/v1/tips/{tip}/items/{secrets.token_hex(16)}?kind=reply"
    answer = client(amina, full)("PUT", path, b"a reply")
    assert (answer.status_code, answer.json()["error"]) == (507, "the server's disk is full: tell the operator")
    assert last_entry(server) == before
    with server.store.reading() as session:
        assert [row.hex() for row in session.scalars(select(Item.id))] == [item]
    assert client(amina, full)("POST", "/v1/read", ReadRequest((tip,), (item,)).to_json()).status_code == 200


def large_item(server: Keeper, stored: StoreTip, size: int) -> str:
    tip, _ = stored(0)
    name = secrets.token_bytes(16)
    with server.store.writing() as session:
        day = datetime.now(UTC).date()
        session.add(Item(id=name, tip_id=bytes.fromhex(tip), kind=Kind.MESSAGE, day=day, size=size, sealed=bytes(size)))
    return name.hex()


def file_item(server: Keeper, stored: StoreTip) -> tuple[str, str]:
    tip, _ = stored(0)
    name = secrets.token_bytes(16)
    with server.blobs.new() as writer:
        writer.write(b"sealed file")
        blob = writer.keep()
    with server.store.writing() as session:
        day = datetime.now(UTC).date()
        session.add(Item(id=name, tip_id=bytes.fromhex(tip), kind=Kind.CONTENT, day=day, size=11, blob=blob))
    return name.hex(), blob


def environ(request: Any, body: bytes) -> Any:
    return EnvironBuilder(
        request.url.path, f"http://{request.url.host}", method=request.method, data=body, headers=dict(request.headers)
    ).get_environ()
