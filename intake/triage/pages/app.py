"""The program's Flask application: only below its path, only for the browser that used the token, nothing that runs."""

import hmac
from collections.abc import Callable
from pathlib import Path
from threading import Lock

from flask import Blueprint, Flask, Response, abort, redirect, render_template, request, session, url_for
from flask_wtf.csrf import CSRFProtect
from jinja2 import StrictUndefined
from markupsafe import Markup, escape
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as BaseResponse

from intake import questions
from intake.hygiene import log_without_content
from intake.languages.shown import shown
from intake.report import labels
from intake.triage.guard import IDLE_SECONDS, Guard
from intake.triage.home import Home
from intake.triage.outbox.unsent import new_form
from intake.triage.pages import (
    bulk,
    deleting,
    entering,
    file_words,
    files,
    log,
    members,
    phrases,
    policy,
    recovery,
    referrals,
    replying,
    restricting,
    search,
    team,
    today,
    views,
    writing,
)
from intake.triage.pages.asked import asked
from intake.triage.pages.filenames import parts, reads_from_right, shown_name
from intake.triage.pages.forms import FORMS, SEEN_FIRST, fields
from intake.triage.pages.languages import language_name
from intake.triage.pages.place import Gate, Place
from intake.triage.pages.unkept import UnkeptForms
from intake.triage.progress import Progress, no_progress
from intake.triage.times import moment

_LARGEST_FORM = 12_000_000
"""Bytes of a form: a report that was told whole, each of whose characters takes up to twelve of them."""


def create_app(
    home: Home,
    key: Path,
    place: Place,
    *,
    end: Callable[[], None],
    entered: Callable[[], None],
    progress: Progress = no_progress,
    idle_seconds: float = IDLE_SECONDS,
) -> Flask:
    """The program for one member, at its place, locked.

    `end` is called when it locks: it must end the process, once what is being answered is answered. `entered` is called
    when the token has been used, before anybody is let in by it.
    """
    app = Flask(__name__)
    app.config.update(
        SECRET_KEY=place.secret,
        SESSION_COOKIE_NAME="triage",
        SESSION_COOKIE_PATH=f"{place.path}/",
        SESSION_COOKIE_SAMESITE="Strict",
        WTF_CSRF_TIME_LIMIT=None,
        MAX_CONTENT_LENGTH=_LARGEST_FORM,
        MAX_FORM_MEMORY_SIZE=_LARGEST_FORM,
        MAX_FORM_PARTS=None,
    )
    app.before_request(_admission(place, entered))
    CSRFProtect(app)
    app.extensions["guard"] = Guard(home, key, progress, end, idle_seconds)
    app.after_request(_headers)
    app.register_error_handler(HTTPException, _problem)
    app.register_blueprint(views.blueprint)
    app.register_blueprint(today.blueprint)
    app.register_blueprint(bulk.blueprint)
    app.register_blueprint(files.blueprint)
    app.register_blueprint(members.blueprint)
    app.register_blueprint(log.blueprint)
    app.register_blueprint(team.blueprint)
    app.register_blueprint(writing.blueprint)
    app.register_blueprint(deleting.blueprint)
    app.register_blueprint(replying.blueprint)
    app.register_blueprint(entering.blueprint)
    app.register_blueprint(search.blueprint)
    app.register_blueprint(referrals.blueprint)
    app.register_blueprint(recovery.blueprint)
    app.register_blueprint(restricting.blueprint)
    # Templates alone: the form's questions look alike wherever they are asked.
    app.register_blueprint(Blueprint("questions", questions.__name__, template_folder="templates"))
    app.jinja_env.globals.update(
        file_words=file_words,
        labels=labels,
        phrases=phrases,
        counting=deleting.counting,
        new_form=new_form,
        as_fields=fields,
        asked=asked,
        language_name=language_name,
        forms=FORMS,
        labels_by_id=phrases.labels_by_id,
        of_team=writing.OF_TEAM,
        seen_first=SEEN_FIRST,
        place_of=phrases.place_of,
        search=search,
    )
    app.jinja_env.filters.update(as_name=as_name, typed=typed, number=str, moment=moment)
    app.jinja_env.add_extension(UnkeptForms)
    # Whatever a page says of what others wrote goes through this: no template can forget it.
    app.jinja_env.finalize = lambda value: shown(value) if type(value) is str else value
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.undefined = StrictUndefined
    log_without_content(app)
    app.wsgi_app = Gate(app.wsgi_app, place)  # type: ignore[method-assign]
    return app


def as_name(name: str) -> Markup:
    """A file's name for a page: its ending stands last, whatever the direction of the letters before it."""
    stem, ending = (shown_name(part) for part in parts(name))
    if not reads_from_right(stem + ending):
        return Markup("<bdi>{}</bdi>").format(stem + ending)
    return Markup('<span class="name" dir="ltr"><bdi>{}</bdi><bdi>{}</bdi></span>').format(stem, ending)


def typed(text: str) -> Markup:
    """What somebody typed themselves, for the form that it goes back into: not a character of it is changed."""
    return escape(text)


def _admission(place: Place, entered: Callable[[], None]) -> Callable[[], BaseResponse | None]:
    """Lets in the browser that has used the token."""
    tokens = [] if place.token is None else [place.token]
    using = Lock()

    def check() -> BaseResponse | None:
        given = request.args.get("token", "")
        if request.path == "/" and given:
            with using:
                if not tokens or not hmac.compare_digest(given.encode(), tokens[0].encode()):
                    abort(403)
                tokens.clear()
            entered()
            session["place"] = place.path
            return redirect(url_for("today.today"))
        if request.endpoint != "static" and session.get("place") != place.path:
            abort(403)
        return None

    return check


def _headers(response: Response) -> Response:
    response.headers.setdefault("Content-Security-Policy", policy.PAGE)
    response.headers["Cache-Control"] = "no-store"
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Cross-Origin-Resource-Policy"] = "same-origin"
    response.headers["Cross-Origin-Opener-Policy"] = "same-origin"
    return response


def _problem(error: HTTPException) -> tuple[str, int]:
    says = {
        400: "The form was too old. Go back, reload the page and send it again.",
        403: "This address has been used, or is not the one that the program printed. Start the program again.",
        404: "There is nothing here.",
        413: "That is too long.",
    }
    code = error.code or 500
    return render_template("problem.html", says=says.get(code, "That did not work.")), code
