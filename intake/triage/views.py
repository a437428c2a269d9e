"""The pages: unlock, queue, a tip, its files."""

from collections.abc import Callable
from contextlib import suppress
from functools import wraps

from flask import Blueprint, Response, abort, current_app, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from intake.report.definition import Field
from intake.report.payloads import STATUSES, Note, Status
from intake.triage import words
from intake.triage.desk_client import DeskError
from intake.triage.guard import Guard
from intake.triage.keyfile import KeyFileError
from intake.triage.opening import OpenTip
from intake.triage.work import SealError, Work

blueprint = Blueprint("triage", __name__)

LONGEST_TEXT = 50_000
_FILTERS = ("urgency", "detained_now", "host_country", "origin_state")

View = Callable[..., str | BaseResponse | tuple[str, int]]


def _guard() -> Guard:
    return current_app.extensions["guard"]  # type: ignore[no-any-return]


def unlocked(view: View) -> View:
    """Give a view the unlocked work, or show the lock."""

    @wraps(view)
    def run(**arguments: str) -> str | BaseResponse | tuple[str, int]:
        work = _guard().use()
        if work is None:
            return redirect(url_for("triage.unlock"))
        return view(work, **arguments)

    return run


@blueprint.route("/unlock", methods=["GET", "POST"])
def unlock() -> str | BaseResponse | tuple[str, int]:
    """Ask for the passphrase."""
    if request.method == "GET":
        return render_template("unlock.html", problem="")
    try:
        _guard().unlock(request.form.get("passphrase", ""))
    except KeyFileError as error:
        return render_template("unlock.html", problem=str(error)), 403
    return redirect(url_for("triage.queue"), 303)


@blueprint.post("/lock")
def lock() -> BaseResponse:
    """Drop keys and plaintext."""
    _guard().lock()
    return redirect(url_for("triage.unlock"), 303)


@blueprint.get("/")
@unlocked
def queue(work: Work) -> str:
    """All tips, the urgent and the newest first."""
    chosen = {key: value for key, value in request.args.items() if value and key in (*_FILTERS, "status")}
    tips = sorted(work.tips.values(), key=lambda tip: tip.day, reverse=True)
    tips = sorted((tip for tip in tips if _matches(tip, chosen)), key=_urgency)
    filters = [(words.fields()[key], _present(work, words.fields()[key])) for key in _FILTERS]
    return render_template("queue.html", work=work, tips=tips, filters=filters, chosen=chosen, statuses=STATUSES)


@blueprint.post("/sync")
@unlocked
def sync(work: Work) -> BaseResponse:
    """Fetch what is new."""
    work.sync()
    return redirect(url_for("triage.queue"), 303)


@blueprint.get("/tips/<tip_id>")
@unlocked
def tip(work: Work, tip_id: str) -> str:
    """One tip, whole. The source learns that somebody has opened it."""
    with suppress(DeskError, SealError):
        work.tell_opened(_tip(work, tip_id))
    return _page(work, _tip(work, tip_id))


@blueprint.post("/tips/<tip_id>/<any(status, note, reply):kind>")
@unlocked
def write(work: Work, tip_id: str, kind: str) -> str | BaseResponse | tuple[str, int]:
    """Set the status, add a note, or reply. What was typed stays if the desk can't take it."""
    opened = _tip(work, tip_id)
    text = request.form.get("text", "").replace("\r\n", "\n").strip()
    problem = _send(work, opened, kind, text)
    if problem:
        return _page(work, opened, problem=problem, typed={kind: text}), 400
    return redirect(url_for("triage.tip", tip_id=tip_id, _anchor=kind), 303)


@blueprint.get("/tips/<tip_id>/files/<item_id>")
@unlocked
def file(work: Work, tip_id: str, item_id: str) -> str | BaseResponse | tuple[str, int]:
    """An attachment as the source sent it: the evidentiary original, never altered."""
    opened = _tip(work, tip_id)
    _, about = opened.files.get(item_id) or abort(404)
    try:
        pieces = work.file(opened, about)
    except DeskError as error:
        return _page(work, opened, problem=str(error)), 502
    response = Response(pieces, mimetype="application/octet-stream")
    response.headers["Content-Length"] = str(about.size)
    response.headers["Content-Disposition"] = words.attachment(about.name)
    response.headers["Content-Security-Policy"] = "sandbox; default-src 'none'"
    return response


def _send(work: Work, opened: OpenTip, kind: str, text: str) -> str:
    """Do what a form asks for; returns what is wrong, if anything."""
    if kind == "status" and text not in STATUSES:
        return "Choose a status."
    if not text:
        return "Write something first."
    if len(text) > LONGEST_TEXT:
        return f"That is longer than {LONGEST_TEXT} characters."
    try:
        {"status": work.set_status, "note": work.add_note, "reply": work.reply}[kind](opened, text)
    except (DeskError, SealError) as error:
        return str(error)
    return ""


def _page(work: Work, opened: OpenTip, problem: str = "", typed: dict[str, str] | None = None) -> str:
    return render_template(
        "tip.html",
        work=work,
        tip=opened,
        notes=opened.written_as(Note),
        history=opened.written_as(Status),
        statuses=STATUSES,
        problem=problem,
        typed=typed or {},
    )


def _tip(work: Work, tip_id: str) -> OpenTip:
    return work.tips.get(tip_id) or abort(404)


def _urgency(opened: OpenTip) -> int:
    urgency = opened.answers.get("urgency")
    return words.URGENCIES.index(urgency) if urgency in words.URGENCIES else len(words.URGENCIES)


def _matches(opened: OpenTip, chosen: dict[str, str]) -> bool:
    return all(
        (opened.status if key == "status" else opened.answers.get(key)) == value for key, value in chosen.items()
    )


def _present(work: Work, field: Field) -> list[str]:
    """The choices of a field that occur, in the form's order."""
    held = {opened.answers.get(field.key) for opened in work.tips.values()}
    return [key for key in field.choices if key in held]
