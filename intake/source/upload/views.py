"""Adding files. The view reads its body itself, so that a file is sealed as it arrives and never lies anywhere."""

import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from itertools import chain
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
from intake.source.text.gettext import digits, megabytes
from intake.source.text.gettext import gettext as _
from intake.source.thread.views import to_codename
from intake.source.upload.delivery import Delivery, size_words
from intake.source.upload.form import ROWS, FileForm, file_form
from intake.source.upload.parts import IncomingFile, IncomingFiles
from intake.source.words.typed import sender, signed_in

blueprint = Blueprint("upload", __name__)

_SIZES = (1_000_000, 10_000_000, 100_000_000)
_FAST, _SLOW = 500_000, 100_000
"""Bytes a second that an upload to an onion service makes on a good circuit, and on a bad one."""

_READ_ON = 8_000_000
"""So many bytes that are refused are still read, for the texts and files behind them: a minute or so."""


def read_texts() -> None:
    """Read the texts of a form that is refused whatever its files are, so that it can be shown again."""
    with suppress(HTTPException):
        incoming = _incoming()
        with suppress(HTTPException):
            next(iter(incoming), None)
        incoming.read_on(_READ_ON)
        set_form(incoming.texts)


def _file_page(notice: str = "", form: FileForm | None = None) -> str:
    server = current_server()
    return render(
        "file.html",
        form=form or file_form()(),
        notice=notice,
        here=signed_in(server) is not None,
        largest=megabytes(server.settings.largest_file),
        times=_times(server.settings.largest_file),
    )


@blueprint.route("/tip/file", methods=["GET", "POST"])
@marked(Cost.SENDING, Brings.FILES, read_refused=read_texts)
@exempt  # The check would parse the body, and so write it to a disk; _first makes it once the token has arrived.
@show_again(_file_page)
def file() -> ResponseReturnValue:
    """The page to choose files, and their arrival."""
    if request.method == "POST":
        return _take(_incoming())
    return _file_page(form=file_form()(formdata=None)) if signed_in(current_server()) else to_codename()


def _incoming() -> IncomingFiles:
    server = current_server()
    boundary = request.mimetype_params.get("boundary")
    if request.mimetype != "multipart/form-data" or not boundary:
        raise UnsupportedMediaType
    most = ROWS * server.settings.largest_file + _READ_ON
    # Not refused by its length: what came before a file that is too large stays, and that file is named.
    request.max_content_length = sys.maxsize
    return IncomingFiles(cast(BinaryIO, request.stream), boundary, request.content_length, most)


def _take(incoming: IncomingFiles) -> ResponseReturnValue:
    # Who sends this is judged before the first file: a session may end while the files arrive.
    first = _first(incoming)
    form = _form(incoming)
    here = sender(current_server(), form)
    if here is None or form.form_errors:
        _read_on(incoming, form)
        return _file_page(form=form), 400
    delivery = Delivery(current_server(), here)
    try:
        for file in chain(first, incoming):
            delivery.take(file, _form(incoming))
        delivery.require_files(_form(incoming))
    except HTTPException as error:
        delivery.status = error.code or 500
        _read_on(incoming)
        return _answer(incoming, delivery, "" if isinstance(error, NoRoomError) else _broken_off(delivery))
    return _answer(incoming, delivery)


def _first(incoming: IncomingFiles) -> Iterator[IncomingFile]:
    """The first file, once its form is known to be this visit's; none if there is none."""
    try:
        file = next(iter(incoming), None)
        set_form(incoming.texts)
        require_token()
    except HTTPException as error:
        if isinstance(error, CSRFError):
            incoming.read_on(_READ_ON)
        set_form(incoming.texts)
        raise
    return iter([] if file is None else [file])


def _form(incoming: IncomingFiles) -> FileForm:
    """The form as far as it has arrived, validated."""
    set_form(incoming.texts)
    form = file_form()()
    form.validate()
    return form


def _read_on(incoming: IncomingFiles, form: FileForm | None = None) -> None:
    """Let the texts that are still to come be part of a form that is shown again."""
    known = {name for name, _text in incoming.texts}
    incoming.read_on(_READ_ON)
    set_form(incoming.texts)
    for field in form or ():
        if field.name in request.form and field.name not in known:
            field.process(request.form)


def _answer(incoming: IncomingFiles, delivery: Delivery, notice: str = "") -> ResponseReturnValue:
    if delivery.received:
        _tell(delivery.received)
    if not delivery.faults and not notice:
        return redirect(url_for("thread.tip"), 303)
    set_form(delivery.rest(incoming.texts))
    form = file_form()()
    form.validate()
    for name, words in delivery.faults.items():
        form[name].errors = [words]
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
    sizes = [size for size in _SIZES if size < largest]
    return [_Time(size_words(size), _duration(size / _FAST), _duration(size / _SLOW)) for size in (*sizes, largest)]


def _duration(seconds: float) -> str:
    return digits(format_timedelta(timedelta(seconds=max(seconds, 1)), threshold=1.5))
