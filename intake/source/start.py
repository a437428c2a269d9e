"""Where the site begins: in which language, and with what somebody should know first."""

from flask import Blueprint, Flask, redirect, url_for
from werkzeug.wrappers import Response

from intake.source.marks import Cost, marked
from intake.source.pages import render
from intake.source.text.languages import others, preferred

blueprint = Blueprint("start", __name__)


def set_root(app: Flask) -> None:
    """Lead from the address without a language to the one that the browser asks for."""
    app.add_url_rule("/", "root", _root)


@marked(Cost.PAGE)
def _root() -> Response:
    return redirect(url_for("start.start", language=preferred()), 303)


@blueprint.get("/")
@marked(Cost.PAGE)
def start() -> str:
    """What this is, the safety guidance, and two ways on."""
    return render("start.html", other_languages=others())
