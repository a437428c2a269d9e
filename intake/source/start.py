"""Where the site begins: in which language, and with what somebody should know first."""

from flask import Blueprint, Flask, current_app, redirect, url_for
from markupsafe import Markup
from werkzeug.wrappers import Response

from intake.source.marks import Cost, marked
from intake.source.pages import render
from intake.source.text.languages import language, others, preferred
from intake.source.text.templates import template

_LANGUAGES = "intake_language_links"

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
    return render("start.html", languages=_languages())


def _languages() -> Markup:
    """The ways to the other languages, as HTML, made once a language for this site.

    Never stale: which languages are on is read once, at start.
    """
    held: dict[str, Markup] = current_app.extensions.setdefault(_LANGUAGES, {})
    if language() not in held:
        held[language()] = Markup(template("parts.html").module.languages(others()))  # type: ignore[attr-defined]  # noqa: S704 - a macro's
    return held[language()]
