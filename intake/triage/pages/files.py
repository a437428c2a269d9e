"""The pages of files: seen page by page, as pictures and text of themselves; saved outside only after a warning."""

import hashlib
from collections.abc import Generator, Iterator
from contextlib import closing
from dataclasses import dataclass
from itertools import chain

from flask import Blueprint, Response, abort, render_template, request

from intake.protocol.names import alike
from intake.report.payloads import Saved
from intake.triage.book import extracts
from intake.triage.desk.client import DeskError
from intake.triage.files.originals import DamagedFileError
from intake.triage.files.view.answer import Failure, Size
from intake.triage.files.view.kinds import ending_misleads
from intake.triage.files.view.rendering import Seen
from intake.triage.guard import Guard
from intake.triage.outbox.sending import SealError
from intake.triage.outbox.unsent import OutboxError, Unsent, new_form
from intake.triage.pages import phrases, policy
from intake.triage.pages.views import Answer, chosen_tip, guard, tip_page, unlocked
from intake.triage.reading.opentip import Attachment, OpenTip
from intake.triage.workspace import Workspace
from intake.triage.workspace.approvals import UnapprovedError

blueprint = Blueprint("files", __name__)

_TEXT, _PNG, _WEBM = "text/plain; charset=utf-8", "image/png", "video/webm"


@dataclass(frozen=True, slots=True, repr=False)
class _Chosen:
    """A file of a tip, by its id, and the page of it that is asked for."""

    tip: OpenTip
    id: str
    file: Attachment
    page: int

    @property
    def looks_like(self) -> list[Attachment]:
        """Other files of the tip whose names may be taken for this one's."""
        own = self.file.about
        others = (file for id_, file in self.tip.files.items() if id_ != self.id)
        return [file for file in others if file.about.sha256 != own.sha256 and alike(file.about.name, own.name)]


@blueprint.get("/tips/<tip_id>/files/<item_id>")
@unlocked
def file(workspace: Workspace, tip_id: str, item_id: str) -> Answer:
    """A page of a file, with what the file says of itself. A file that isn't here yet is fetched meanwhile."""
    chosen = _chosen(workspace, tip_id, item_id)
    workspace.looks.look_at_file(chosen.tip, item_id)
    try:
        seen = _see(workspace, chosen) if workspace.viewer.is_here(chosen.tip, chosen.file) else None
    except (DeskError, DamagedFileError, OSError) as error:
        return _not_had(workspace, chosen, error)
    if seen is not None:
        workspace.read(chosen.tip, chosen.file, chosen.page, seen.rendered.text)
    misleads = seen is not None and ending_misleads(seen.sort, chosen.file.about.name)
    response = Response(
        render_template(
            "file.html",
            workspace=workspace,
            chosen=chosen,
            tip=chosen.tip,
            seen=seen,
            misleads=misleads,
            is_searched=chosen.page in workspace.book.pages_read(chosen.tip.id, chosen.file.about.sha256),
            most=extracts,
        )
    )
    if seen is not None and seen.failure is Failure.NO_SUCH_PAGE:
        response.status_code = 404
    response.headers["Content-Security-Policy"] = policy.FILE_PAGE
    return response


@blueprint.get("/tips/<tip_id>/files/<item_id>/picture")
@unlocked
def picture(workspace: Workspace, tip_id: str, item_id: str) -> Answer:
    """The picture of a page, as this program encoded it."""
    seen = _see(workspace, _chosen(workspace, tip_id, item_id))
    return _ours(seen.png or abort(404), _PNG)


@blueprint.get("/tips/<tip_id>/files/<item_id>/media")
@unlocked
def media(workspace: Workspace, tip_id: str, item_id: str) -> Answer:
    """A piece of sound or video, as this program's child encoded it."""
    seen = _see(workspace, _chosen(workspace, tip_id, item_id), Size.MEDIA)
    return _ours(seen.rendered.media or abort(404), _WEBM)


@blueprint.get("/tips/<tip_id>/files/<item_id>/outside")
@unlocked
def warn(workspace: Workspace, tip_id: str, item_id: str) -> Answer:
    """What it means to take a file out of the sealed store, before that is done."""
    return render_template("outside.html", workspace=workspace, chosen=_chosen(workspace, tip_id, item_id))


@blueprint.post("/tips/<tip_id>/files/<item_id>/outside")
@unlocked
def save(workspace: Workspace, tip_id: str, item_id: str) -> Answer:
    """Save a file outside. All that leaves the sealed store as a file leaves here, and is in the log before."""
    chosen = _chosen(workspace, tip_id, item_id)
    is_copy = request.form.get("what") == "copy"
    try:
        saved = (_copy if is_copy else _original)(workspace, chosen)
        if isinstance(saved, Failure):
            return render_template("outside.html", workspace=workspace, chosen=chosen, failure=saved), 422
    except (DeskError, DamagedFileError, OSError) as error:
        return _not_had(workspace, chosen, error)
    original = chosen.file.about.sha256
    left = hashlib.sha256(saved.get_data()).hexdigest() if is_copy else original
    word = Saved(chosen.id, "copy" if is_copy else "original", original, left)
    try:
        workspace.export(Unsent.typed(new_form(), chosen.tip.id, word), chosen.tip)
    except UnapprovedError as error:
        saved.close()
        return tip_page(workspace, chosen.tip, problem=f"Nothing was saved: {error}."), 403
    except (DeskError, OutboxError, SealError) as error:
        saved.close()
        says = f"Nothing was saved: what leaves must stand in the log before it does. {error}"
        return tip_page(workspace, chosen.tip, problem=says), 502
    return saved


def _chosen(workspace: Workspace, tip_id: str, item_id: str) -> _Chosen:
    tip = chosen_tip(workspace, tip_id)
    return _Chosen(tip, item_id, tip.files.get(item_id) or abort(404), max(request.values.get("page", 1, int), 1))


def _see(workspace: Workspace, chosen: _Chosen, size: Size = Size.PAGE) -> Seen:
    return workspace.viewer.see(chosen.tip, chosen.file, chosen.page, size)


def _ours(data: bytes, kind: str) -> Response:
    """What was made here may be shown by the browser: never a byte of what somebody sent."""
    response = Response(data, mimetype=kind)
    response.headers["Content-Disposition"] = "inline"
    response.headers["Content-Security-Policy"] = policy.BYTES
    return response.make_conditional(request, accept_ranges=True, complete_length=len(data))  # type: ignore[return-value]


def _copy(workspace: Workspace, chosen: _Chosen) -> Response | Failure:
    """What can be seen, read or heard on a page, without what the file says of itself; or why there is nothing."""
    seen = _see(workspace, chosen, Size.COPY)
    if seen.failure is not None:
        return seen.failure
    made = seen.rendered
    if not (seen.png or made.media or made.text):
        return Failure.NOTHING_IN_IT
    data, kind, ending = (
        (seen.png, _PNG, "png")
        if seen.png
        else (made.media, _WEBM, "webm")
        if made.media
        else (made.text.encode(), _TEXT, "txt")
    )
    # Its name says as little as the copy: which file it was made from, to whoever has that.
    name = f"copy-of-{chosen.file.about.sha256[:8]}-{chosen.page}.{ending}"
    return _saved(Response(data, content_type=kind), name)


def _original(workspace: Workspace, chosen: _Chosen) -> Response:
    """An attachment as the source sent it: the evidentiary original, never altered. It is saved while it arrives."""
    pieces = workspace.files.read(chosen.tip, chosen.file)
    # Only with something in hand is it a file and not a page that says why there is none.
    first = next(pieces)
    response = Response(_while_unlocked(guard(), first, pieces), mimetype="application/octet-stream")
    response.headers["Content-Length"] = str(chosen.file.about.size)
    return _saved(response, chosen.file.about.name)


def _saved(response: Response, name: str) -> Response:
    response.headers["Content-Disposition"] = phrases.attachment(name)
    response.headers["Content-Security-Policy"] = policy.BYTES
    return response


def _not_had(workspace: Workspace, chosen: _Chosen, error: Exception) -> Answer:
    if isinstance(error, OSError):
        return tip_page(workspace, chosen.tip, problem=f"this machine can't keep the file: {error.strerror}"), 500
    return tip_page(workspace, chosen.tip, problem=str(error)), 502


def _while_unlocked(guard: Guard, first: bytes, pieces: Generator[bytes, None, None]) -> Iterator[bytes]:
    """Bytes that flow are use. After a lock no more do: the browser sees that the file is not whole."""
    with closing(pieces):
        for piece in chain([first], pieces):
            if guard.locked.done():
                return
            guard.touch()
            yield piece
