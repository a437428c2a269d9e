"""The reviewer's program as a Flask application."""

from collections.abc import Callable
from pathlib import Path

from flask import Blueprint, Flask, render_template
from markupsafe import Markup, escape

from intake import questions
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
    findings,
    log,
    members,
    phrases,
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
from intake.triage.pages.place import Place
from intake.triage.pages.shell import enclose
from intake.triage.pages.unkept import UnkeptForms
from intake.triage.progress import Progress, no_progress

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
        SESSION_COOKIE_NAME="triage",
        MAX_CONTENT_LENGTH=_LARGEST_FORM,
        MAX_FORM_MEMORY_SIZE=_LARGEST_FORM,
        MAX_FORM_PARTS=None,
    )
    enclose(app, place, entered, first="today.today", problem=_problem)
    app.extensions["guard"] = Guard(home, key, progress, end, idle_seconds)
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
    app.register_blueprint(findings.blueprint)
    # Templates alone: the form's questions look alike wherever they are asked.
    app.register_blueprint(Blueprint("questions", questions.__name__, template_folder="templates"))
    app.jinja_env.globals.update(
        file_words=file_words,
        labels=labels,
        phrases=phrases,
        counting=deleting.counting,
        stopped=deleting.stopped,
        what_it_takes=deleting.what_it_takes,
        who_reads=restricting.who_reads,
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
    app.jinja_env.filters.update(as_name=as_name, typed=typed, number=str)
    app.jinja_env.add_extension(UnkeptForms)
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


def _problem(says: str) -> str:
    return render_template("problem.html", says=says)
