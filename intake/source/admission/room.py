"""What is left of the disk, and for what: the last of it is for the team's work, what comes before that for text."""

from flask import request
from werkzeug.exceptions import ServiceUnavailable

from intake.server import Server
from intake.source.current import current_server
from intake.source.marks import Brings, mark_here


class NoRoomError(ServiceUnavailable):
    """What is left of the disk is kept for text."""


class NoTextRoomError(ServiceUnavailable):
    """What is left of the disk is kept for the team."""


class NoPlaceError(ServiceUnavailable):
    """Too many large files arrive at once for another one."""


def require_room(server: Server) -> None:
    """Raise `NoRoomError` if what is left of the disk is kept for text."""
    if not server.blobs.has_room(server.settings.reserve_files):
        raise NoRoomError


def require_room_for_text() -> None:
    """Before a request that brings text: raise `NoTextRoomError` if not even that can be taken any more."""
    if request.method == "POST" and mark_here().brings is Brings.TEXT:
        server = current_server()
        if not server.store.room.has(server.settings.reserve_text):
            raise NoTextRoomError
