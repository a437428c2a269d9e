"""The routes. Each admits its request in one transaction, and answers only after that is durable."""

import re
from collections.abc import Iterable
from hashlib import sha256
from typing import BinaryIO

from flask import Blueprint, Response, abort, request
from sqlalchemy import select
from sqlalchemy.orm import Session

from crypto.tiles import TileError, parse_tile_path
from intake.accesslog.tiles import NoSuchTileError, tile
from intake.desk.admission import admitted, current_server, logged
from intake.protocol.actions import parse_read_request
from intake.protocol.wire import Index, ItemRow, TipRow, encode_sealed
from intake.storage.tables import Item, Kind, Tip

blueprint = Blueprint("desk", __name__, url_prefix="/v1")

_JSON = "application/json"
_BYTES = "application/octet-stream"
_PIECE = 1 << 18


@blueprint.get("/index")
def index() -> Response:
    """Ids, days, kinds and sizes of everything: a client fetches only what it lacks."""
    server = current_server()
    with logged():
        pass
    with server.store.reading() as session:
        return Response(_index(session).to_json(), mimetype=_JSON)


@blueprint.post("/read")
def read() -> Response:
    """The sealed bytes of up to 500 summaries and small items; ids that are not there are left out."""
    server = current_server()
    with logged():
        pass
    wanted = parse_read_request(request.get_data())
    tips, items = ([bytes.fromhex(name) for name in names] for names in (wanted.summaries, wanted.items))
    with server.store.reading() as session:
        summaries = session.execute(select(Tip.id, Tip.summary).where(Tip.id.in_(tips)))
        sealed = session.execute(select(Item.id, Item.sealed).where(Item.id.in_(items), Item.sealed.is_not(None)))
        return Response(
            encode_sealed(
                {tip.hex(): summary for tip, summary in summaries},
                {item.hex(): data for item, data in sealed if data is not None},
            ),
            mimetype=_JSON,
        )


@blueprint.get("/items/<item_id>")
def item(item_id: str) -> Response:
    """The sealed bytes of one item, streamed."""
    server = current_server()
    with logged():
        pass
    with server.store.reading() as session:
        row = session.get(Item, _id(item_id)) or abort(404)
        size, blob, sealed = row.size, row.blob, row.sealed
    body: Iterable[bytes] = [sealed or b""] if blob is None else _pieces(server.blobs.open(blob))
    return Response(body, mimetype=_BYTES, headers={"Content-Length": str(size)})


@blueprint.put("/tips/<tip_id>/items/<item_id>")
def add(tip_id: str, item_id: str) -> Response:
    """Store what a reviewer sealed. Sending the same again changes nothing and is fine."""
    kind = Kind(request.args["kind"]) if request.args.get("kind") in (Kind.REPLY, Kind.WORK) else abort(400)
    sealed, server = request.get_data(), current_server()
    with logged() as session:
        if session.get(Tip, _id(tip_id)) is None:
            abort(404)
        present = session.get(Item, _id(item_id))
        if present is not None and (present.tip_id, present.sealed) != (_id(tip_id), sealed):
            abort(409)
        if present is None:
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


def _index(session: Session) -> Index:
    tips = session.execute(select(Tip.id, Tip.day, Tip.recipient, Tip.summary))
    items = session.execute(select(Item.id, Item.tip_id, Item.kind, Item.day, Item.size, Item.blob))
    return Index(
        tips=tuple(
            TipRow(tip.hex(), day.isoformat(), recipient, sha256(summary).hexdigest())
            for tip, day, recipient, summary in tips
        ),
        items=tuple(
            ItemRow(name.hex(), tip.hex(), kind.value, day.isoformat(), size, blob is not None)
            for name, tip, kind, day, size, blob in items
        ),
    )


def _pieces(blob: BinaryIO) -> Iterable[bytes]:
    with blob as file:
        while piece := file.read(_PIECE):
            yield piece


def _id(text: str) -> bytes:
    return bytes.fromhex(text) if re.fullmatch(r"[0-9a-f]{32}", text) else abort(404)
