"""Adding a file. The view reads its body itself, so that the file is sealed as it arrives and never lies anywhere."""

from typing import BinaryIO, cast

from flask import Blueprint, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import UnsupportedMediaType

from intake.report.payloads import About
from intake.source.codenames import sign_in, signed_in
from intake.source.csrf import exempt, require_token
from intake.source.files import TEXT_PARTS_SIZE, EmptyFileError, IncomingFile, require_room, seal_file
from intake.source.forms import FileForm
from intake.source.incoming import limit_stall, set_form
from intake.source.pages import current_server, render
from intake.source.problems import show_again
from intake.source.thread import elsewhere
from intake.source.tips import receive_file
from intake.source.words import gettext as _
from intake.source.words import megabytes

blueprint = Blueprint("file", __name__)


def _file_page(notice: str = "", form: FileForm | None = None) -> str:
    server = current_server()
    here = signed_in(server) is not None
    largest = megabytes(server.settings.largest_file)
    return render(
        "file.html",
        form=form or FileForm(),
        notice=notice,
        here=here,
        largest=largest,
    )


@blueprint.route("/tip/file", methods=["GET", "POST"])
@exempt  # The check would parse the body, and so write it to a disk; _take makes it once the token has arrived.
@show_again(_file_page)
def file() -> ResponseReturnValue:
    """The page to choose a file, and the file's arrival."""
    if request.method == "POST":
        return _take(_incoming())
    return _file_page(form=FileForm(formdata=None)) if signed_in(current_server()) else elsewhere()


def _take(incoming: IncomingFile) -> ResponseReturnValue:
    server = current_server()
    set_form(incoming.texts())
    require_token()
    form = FileForm()
    valid = form.validate()
    here = signed_in(server) or sign_in(server, form.codename)
    if here is None or not valid:
        return _file_page(form=form), 400
    seed, tip = here
    try:
        sealed = seal_file(server, tip.recipient, incoming.content())
    except EmptyFileError:
        form.file.errors = [_("No file was chosen, or it is empty. Please choose one.")]
        return _file_page(form=form), 400
    about = About("", incoming.name, incoming.media_type, sealed.size, sealed.sha256, form.shows.data)
    receive_file(server, seed, tip, about, sealed, form.token.data)
    flash(_("Your file has arrived."))
    return redirect(url_for("thread.tip"), 303)


def _incoming() -> IncomingFile:
    server = current_server()
    boundary = request.mimetype_params.get("boundary")
    if request.mimetype != "multipart/form-data" or not boundary:
        raise UnsupportedMediaType
    require_room(server, request.content_length)
    limit_stall()
    request.max_content_length = server.settings.largest_file + TEXT_PARTS_SIZE
    return IncomingFile(cast(BinaryIO, request.stream), boundary, request.content_length)
