"""Sealed bytes: many small ones at once, or one item, streamed."""

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, suppress
from typing import Any, BinaryIO

from flask import Response, abort, current_app, request
from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session
from werkzeug.exceptions import Gone

from intake.desk.admission import current_server, logged
from intake.desk.routes import BYTES, JSON, Routes, current_query
from intake.desk.underway import UnderWay
from intake.protocol import endpoints, limits, queries
from intake.protocol.actions import parse_read_request
from intake.protocol.wire import encode_sealed
from intake.server import Server
from intake.storage.blobs.protocol import NoSuchBlobError
from intake.storage.tables import Item, Tip

routes = Routes()

_PIECE = 1 << 18

_TOGETHER = 1 << 18
"""Bytes of a bulk read that are held at a time."""

_ATTEMPTS = 3


@routes.serves(endpoints.READ)
def read() -> Response:
    """The sealed bytes of up to 500 summaries and small items; ids that are not there are left out."""
    return _under_way().waited_for(_bulk_read)


@routes.serves(endpoints.ITEM)
def read_item(item: str) -> Response:
    """The sealed bytes of one item, streamed; with `?from=`, what is left of them from that byte on."""
    server = current_server()
    start = queries.first_wanted(current_query())
    with logged():
        pass
    size, body = _content(server, bytes.fromhex(item), start)
    return Response(body, mimetype=BYTES, headers={"Content-Length": str(size - start)})


def _there(session: Session, sized: Select[bytes, int], names: Sequence[str]) -> dict[bytes, int]:
    """Which of these ids are there, and how many sealed bytes each has."""
    key = sized.selected_columns[0]
    rows = session.execute(sized.where(key.in_([bytes.fromhex(name) for name in names])))
    return {name: size for name, size in rows}  # noqa: C416 - rows are no tuples to mypy


def _under_way() -> UnderWay:
    return current_app.extensions["under_way"]  # type: ignore[no-any-return]


def _bulk_read() -> Response:
    """The answer to a bulk read; what it takes of all that may be under way, it gives back at its end."""
    server = current_server()
    with ExitStack() as at_the_end:
        with logged() as let_in:
            wanted = parse_read_request(request.get_data())
            tips = _there(
                let_in.session, select(Tip.id, func.length(Tip.header) + func.length(Tip.payload)), wanted.summaries
            )
            items = _there(let_in.session, select(Item.id, Item.size).where(Item.sealed.is_not(None)), wanted.items)
            size = sum(tips.values()) + sum(items.values())
            # Before it is logged as handed out.
            if len(tips) + len(items) > 1 and size > limits.SEALED:
                abort(413)
            # If there is no room, nothing is logged, and the request can be made again.
            at_the_end.callback(_under_way().take(size))
        answer = Response(
            _joined(
                encode_sealed(
                    _each(server, select(Tip.id, Tip.header, Tip.payload), tips),
                    _each(server, select(Item.id, Item.sealed), items),
                )
            ),
            mimetype=JSON,
        )
        answer.call_on_close(at_the_end.pop_all().close)
    return answer


def _each(server: Server, sealed: Select[*tuple[Any, ...]], sizes: Mapping[bytes, int]) -> Iterator[tuple[str, bytes]]:
    """The sealed bytes of these ids, a few read when it is their turn: a slow client holds no transaction open."""
    key = sealed.selected_columns[0]
    for run in _runs(sizes):
        with server.store.reading() as session:
            rows = session.execute(sealed.where(key.in_(run))).all()
        for name, *parts in rows:
            yield name.hex(), b"".join(parts)


def _joined(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """The same in larger pieces, each of which costs both sides something."""
    held: list[bytes] = []
    size = 0
    for piece in pieces:
        held.append(piece)
        size += len(piece)
        if size >= _PIECE:
            yield b"".join(held)
            held, size = [], 0
    yield b"".join(held)


def _runs(sizes: Mapping[bytes, int]) -> Iterator[list[bytes]]:
    """All of these, in runs that are read together: of a few bytes, or of one thing that is larger."""
    run: list[bytes] = []
    held = 0
    for name, size in sizes.items():
        if run and held + size > _TOGETHER:
            yield run
            run, held = [], 0
        run.append(name)
        held += size
    if run:
        yield run


def _content(server: Server, name: bytes, start: int) -> tuple[int, Iterable[bytes]]:
    """The size of an item and its sealed bytes from `start` on."""
    for _ in range(_ATTEMPTS):
        with server.store.reading() as session:
            wanted = select(Item.size, Item.blob, Item.sealed).where(Item.id == name)
            size, blob, sealed = session.execute(wanted).one_or_none() or abort(404)
        if start > size:
            abort(416)
        if blob is None:
            return size, [(sealed or b"")[start:]]
        # Settling gives blobs other names, and may have done so since the row was read.
        with suppress(NoSuchBlobError):
            return size, _pieces(_whole(server.blobs.open(blob), size), start)
    raise Gone


def _whole(blob: BinaryIO, size: int) -> BinaryIO:
    """A blob that is as long as it must be; one that was cut is lost as well, and that is said before it is begun."""
    if blob.seek(0, os.SEEK_END) != size:
        blob.close()
        raise Gone
    return blob


def _pieces(blob: BinaryIO, start: int) -> Iterable[bytes]:
    with blob as file:
        file.seek(start)
        while piece := file.read(_PIECE):
            yield piece
