"""Adding files. The view reads its body itself, so that a file is sealed as it arrives and never lies anywhere."""

import sys
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import BinaryIO, cast

from babel.lists import format_list
from flask import Blueprint, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import format_timedelta, get_locale, ngettext
from werkzeug.exceptions import HTTPException, UnsupportedMediaType

from intake.source.admission.incoming import set_form
from intake.source.admission.room import NoRoomError
from intake.source.current import current_server
from intake.source.marks import Brings, Cost, marked
from intake.source.pages import render
from intake.source.problems import show_again
from intake.source.session.tokens import CSRFError, exempt, require_token
from intake.source.session.visits import tell
from intake.source.text.gettext import digits, size
from intake.source.text.gettext import gettext as _
from intake.source.thread.views import to_codename
from intake.source.upload.delivery import Delivery
from intake.source.upload.form import ROWS, FileForm, file_form
from intake.source.upload.parts import IncomingParts
from intake.source.words.typed import Visitor, sender, signed_in

blueprint = Blueprint("upload", __name__)

_SIZES = (1_000_000, 10_000_000, 100_000_000)
_FAST, _SLOW = 500_000, 100_000
"""Bytes a second that an upload to an onion service makes on a good circuit, and on a bad one."""

_SEEN = 1_000
"""How exactly, in bytes, somebody who counts Tor's cells (of 514 bytes) knows the length of what is sent."""

_READ_ON = 8_000_000
"""So many bytes that are refused are still read, for the texts and files behind them: a minute or so."""


def read_texts() -> None:
    """Read the texts of a form that is refused whatever its files are, so that it can be shown again."""
    with suppress(HTTPException):
        form, parts = _empty(), _incoming()
        form.fill(parts)
        _read_on(parts, form)


def _file_page(notice: str = "", form: FileForm | None = None) -> str:
    server = current_server()
    return render(
        "file.html",
        form=form or file_form()(),
        notice=notice,
        here=signed_in(server) is not None,
        largest=size(server.settings.largest_file),
        seen=size(_SEEN),
        times=_times(server.settings.largest_file),
    )


@blueprint.route("/tip/file", methods=["GET", "POST"])
@marked(Cost.SENDING, Brings.FILES, read_refused=read_texts)
@exempt  # The check would parse the body, and so write it to a disk; _judged makes it once the token has arrived.
@show_again(_file_page)
def file() -> ResponseReturnValue:
    """The page to choose files, and their arrival."""
    if request.method == "POST":
        return _take(_empty(), _incoming())
    return _file_page(form=_empty()) if signed_in(current_server()) else to_codename()


def _empty() -> FileForm:
    """The form without anything in it, whatever has arrived."""
    return file_form()(formdata=None)


def _incoming() -> IncomingParts:
    server = current_server()
    boundary = request.mimetype_params.get("boundary")
    if request.mimetype != "multipart/form-data" or not boundary:
        raise UnsupportedMediaType
    most = ROWS * server.settings.largest_file + _READ_ON
    # Not refused by its length: what came before a file that is too large stays, and that file is named.
    request.max_content_length = sys.maxsize
    parts = IncomingParts(cast(BinaryIO, request.stream), boundary, request.content_length, most)
    # What has arrived is shown again, wherever it breaks off.
    set_form(parts.texts)
    return parts


def _take(form: FileForm, parts: IncomingParts) -> ResponseReturnValue:
    """One pass: texts go into the form, and files into the store, in the order in which they arrive."""
    file = form.fill(parts)
    # Before the first file: a session may end while the files arrive.
    here = _judged(form, parts)
    if here is None:
        return _file_page(form=form), 400
    delivery, notice = Delivery(current_server(), here, form), ""
    try:
        while file is not None:
            delivery.take(file)
            file = form.fill(parts)
        delivery.end()
    except HTTPException as error:
        delivery.status = error.code or 500
        _read_on(parts, form)
        notice = "" if isinstance(error, NoRoomError) else _broken_off(delivery)
    return _answer(delivery, form, notice)


def _judged(form: FileForm, parts: IncomingParts) -> Visitor | None:
    """Whose form this is, as far as the first file; None if it is to be shown again."""
    try:
        require_token()
    except CSRFError:
        _read_on(parts, form)
        raise
    here = sender(current_server(), form)
    if not form.has_token:
        form.refuse()
    if here is not None and not form.form_errors:
        return here
    _read_on(parts, form)
    return None


def _read_on(parts: IncomingParts, form: FileForm) -> None:
    """Let the texts that are still to come be part of a form that is shown again; but not for too many bytes."""
    with suppress(HTTPException):
        if parts.limit(_READ_ON):
            while form.fill(parts) is not None:
                pass


def _answer(delivery: Delivery, form: FileForm, notice: str) -> ResponseReturnValue:
    if delivery.received:
        _tell(delivery.received)
    if delivery.status == 200:
        return redirect(url_for("thread.tip"), 303)
    delivery.clear()
    return _file_page(notice, form), delivery.status


def _tell(received: list[str]) -> None:
    arrived = digits(ngettext("Your file has arrived.", "Your %(num)s files have arrived.", len(received)))
    tell(f"{arrived} {format_list(received, locale=get_locale())}")


def _broken_off(delivery: Delivery) -> str:
    if delivery.received:
        return _(
            "Not everything arrived. Only the files that are named above are stored. Please send the others again."
        )
    return _("This did not arrive as it should. No file was stored. Please send it again.")


@dataclass(frozen=True, slots=True)
class _Time:
    """How long a file of a size takes on a good circuit and on a bad one, in words."""

    size: str
    fast: str
    slow: str


def _times(largest: int) -> list[_Time]:
    """For a few sizes of files."""
    counts = [count for count in _SIZES if count < largest]
    return [_Time(size(count), _duration(count / _FAST), _duration(count / _SLOW)) for count in (*counts, largest)]


def _duration(seconds: float) -> str:
    return digits(format_timedelta(timedelta(seconds=max(seconds, 1)), threshold=1.5))
