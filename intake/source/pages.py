"""What all pages share: what their templates may use, and their padding."""

from typing import Any

from flask import Flask, Response, current_app, render_template

from intake.server import Server
from intake.source import languages
from intake.source.session import kept_seed
from intake.source.words import day, gettext, number

PAGE_SIZE = 16 * 1024
"""Every page is a multiple of so many bytes, so that its length says little about which one it is."""

_COMMENT = b"<!--%b-->"


def current_server() -> Server:
    """The server behind the current request."""
    return current_app.extensions["intake"]  # type: ignore[no-any-return]


def set_pages(app: Flask) -> None:
    """Give the templates what they need, and pad what comes out."""
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True
    app.jinja_env.filters.update(number=number, day=day)
    app.context_processor(_shared)
    app.after_request(_pad)


def render(template: str, **values: Any) -> str:
    """A page."""
    return render_template(template, **values)


def _shared() -> dict[str, Any]:
    return {
        "language": languages.language(),
        "direction": languages.direction(),
        "other_languages": languages.others(),
        "settings": current_server().settings,
        "team": current_server().settings.team or gettext("this team"),
        "signed_in": kept_seed() is not None,
    }


def _pad(response: Response) -> Response:
    if response.mimetype == "text/html" and not response.direct_passthrough:
        page = response.get_data()
        # A comment may stand behind everything else (HTML, 13.1); the filler says nothing.
        missing = -(len(page) + len(_COMMENT % b"")) % PAGE_SIZE
        response.set_data(page + _COMMENT % (b" " * missing))
    return response
