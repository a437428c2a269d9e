"""The routes. Each admits its request in one transaction, and answers only after that is durable."""

import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from datetime import datetime
from hashlib import sha256
from typing import Any, BinaryIO

from flask import Blueprint, Response, abort, request
from sqlalchemy import func, select
from sqlalchemy.orm import InstrumentedAttribute, Session
from werkzeug.exceptions import Gone

from crypto.tiles import TileError, parse_tile_path
from intake.accesslog.tiles import NoSuchTileError, tile
from intake.desk.admission import admitted, current_server, logged
from intake.desk.quota import require_quota
from intake.protocol import limits
from intake.protocol.actions import ReadRequest, parse_read_request
from intake.protocol.endpoints import first_byte
from intake.protocol.wire import Index, ItemRow, TipRow, WithdrawalRow, encode_sealed
from intake.server import Server
from intake.storage.gate import Gate
from intake.storage.room import StoreFullError
from intake.storage.tables import Item, Kind, Tip, Withdrawal

blueprint = Blueprint("desk", __name__, url_prefix="/v1")

_JSON = "application/json"
_BYTES = "application/octet-stream"
_PIECE = 1 << 18
_ATTEMPTS = 3


@blueprint.get("/index")
def index() -> Response:
    """Ids, days, kinds and sizes of everything: a client fetches only what it lacks."""
    server = current_server()
    with logged() as session:
        server.gate.open(session, server.log.last_time(session))
    with server.store.reading() as session:
        # By the time that it is now: what has come since the entry was made must wait for its own gate.
        return Response(_index(session, server.gate, server.log.time(session)).to_json(), mimetype=_JSON)


@blueprint.post("/read")
def read() -> Response:
    """The sealed bytes of up to 500 summaries and small items; ids that are not there are left out."""
    server = current_server()
    with logged() as session:
        wanted = parse_read_request(request.get_data())
        _require_budget(session, wanted)
    summaries = _each(server, wanted.summaries, Tip.id, Tip.summary)
    items = _each(server, wanted.items, Item.id, Item.sealed)
    return Response(encode_sealed(summaries, items), mimetype=_JSON)


@blueprint.get("/items/<item_id>")
def item(item_id: str) -> Response:
    """The sealed bytes of one item, streamed; with `?from=`, what is left of them from that byte on."""
    server = current_server()
    start = first_byte(f"?{request.query_string.decode('ascii', 'replace')}")
    with logged():
        pass
    size, body = _content(server, _id(item_id), start)
    return Response(body, mimetype=_BYTES, headers={"Content-Length": str(size - start)})


@blueprint.put("/tips/<tip_id>/items/<item_id>")
def add(tip_id: str, item_id: str) -> Response:
    """Store what a reviewer sealed. Sending the same again changes nothing and is fine."""
    kind = Kind(request.args["kind"]) if request.args.get("kind") in (Kind.REPLY, Kind.WORK) else abort(400)
    server, sealed = current_server(), request.get_data()
    with logged() as session:
        if not server.store.room.has(server.settings.reserve_text):
            raise StoreFullError
        if session.get(Tip, _id(tip_id)) is None:
            abort(404)
        present = session.get(Item, _id(item_id))
        if present is not None and (present.tip_id, present.sealed) != (_id(tip_id), sealed):
            abort(409)
        if present is None:
            require_quota(server, session, len(sealed))
            session.add(
                Item(
                    id=_id(item_id),
                    tip_id=_id(tip_id),
                    kind=kind,
                    day=server.log.day(session),
                    size=len(sealed),
                    sealed=sealed,
                )
            )
    return Response(status=201)


@blueprint.get("/log/checkpoint")
def checkpoint() -> Response:
    """The newest signed checkpoint."""
    server = current_server()
    with admitted():
        pass
    with server.store.reading() as session:
        return Response(server.log.checkpoint(session), mimetype="text/plain")


@blueprint.get("/log/<path:path>")
def log_tile(path: str) -> Response:
    """A hash tile or an entry bundle (C2SP tlog-tiles)."""
    server = current_server()
    with admitted():
        pass
    with server.store.reading() as session:
        try:
            return Response(tile(server.log, session, parse_tile_path(path)), mimetype=_BYTES)
        except (TileError, NoSuchTileError):
            abort(404)


def _index(session: Session, gate: Gate, now: datetime) -> Index:
    """What shows by now, in the order of the ids, which are random and say nothing about who came first."""
    # Row by row: all summaries together are large, and only their digests are wanted.
    by_row = {"yield_per": 100}
    tips = session.execute(
        select(Tip.id, Tip.day, Tip.recipient, Tip.summary).where(gate.shown(now, Tip.id)).order_by(Tip.id),
        execution_options=by_row,
    )
    items = session.execute(
        select(Item.id, Item.tip_id, Item.kind, Item.day, Item.size, Item.blob)
        .where(gate.shown(now, Item.id, Item.tip_id))
        .order_by(Item.id),
        execution_options=by_row,
    )
    return Index(
        tips=tuple(
            TipRow(tip.hex(), day.isoformat(), recipient, sha256(summary).hexdigest())
            for tip, day, recipient, summary in tips
        ),
        items=tuple(
            ItemRow(name.hex(), tip.hex(), kind.value, day.isoformat(), size, blob is not None)
            for name, tip, kind, day, size, blob in items
        ),
        withdrawals=tuple(
            WithdrawalRow(row.tip_id.hex(), row.day.isoformat(), row.signature.hex())
            for row in session.scalars(select(Withdrawal))
        ),
    )


def _require_budget(session: Session, wanted: ReadRequest) -> None:
    """Refuse what is more than one answer may hold, before it is logged as handed out."""
    tips, items = ([bytes.fromhex(name) for name in names] for names in (wanted.summaries, wanted.items))
    sizes = [
        *session.scalars(select(func.length(Tip.summary)).where(Tip.id.in_(tips))),
        *session.scalars(select(Item.size).where(Item.id.in_(items), Item.sealed.is_not(None))),
    ]
    if len(sizes) > 1 and sum(sizes) > limits.SEALED:
        abort(413)


def _each(
    server: Server, names: Sequence[str], key: InstrumentedAttribute[bytes], sealed: InstrumentedAttribute[Any]
) -> Iterator[tuple[str, bytes]]:
    """The sealed bytes of these ids, each read when it is its turn: a slow client holds no transaction open."""
    for name in names:
        with server.store.reading() as session:
            data: bytes | None = session.scalar(select(sealed).where(key == bytes.fromhex(name)))
        if data is not None:
            yield name, data


def _content(server: Server, name: bytes, start: int) -> tuple[int, Iterable[bytes]]:
    """The size of an item and its sealed bytes from `start` on."""
    for _ in range(_ATTEMPTS):
        with server.store.reading() as session:
            row = session.get(Item, name) or abort(404)
            size, blob, sealed = row.size, row.blob, row.sealed
        if start > size:
            abort(416)
        if blob is None:
            return size, [(sealed or b"")[start:]]
        # Settling gives blobs other names, and may have done so since the row was read.
        with suppress(FileNotFoundError):
            return size, _pieces(server.blobs.open(blob), start)
    raise Gone


def _pieces(blob: BinaryIO, start: int) -> Iterable[bytes]:
    with blob as file:
        file.seek(start)
        while piece := file.read(_PIECE):
            yield piece


def _id(text: str) -> bytes:
    return bytes.fromhex(text) if re.fullmatch(r"[0-9a-f]{32}", text) else abort(404)
