"""What all pages share: what their templates may use, and their size."""

from typing import Any

from flask import Flask, Response, request
from jinja2 import StrictUndefined

from crypto.codename import NUMBERS
from intake.languages.shown import shown
from intake.languages.written import isolated
from intake.serving.filled import HEAD_SIZE
from intake.source.current import current_server
from intake.source.session.visits import is_without_words, kept_seed, told
from intake.source.text import languages
from intake.source.text.gettext import day, gettext, number
from intake.source.text.templates import template

PAGE_SIZE = 64 * 1024
"""Bytes of an answer that is a page, with its head: every page takes it, in every language, whatever happened, and a
few that show much take it doubled, once or more often. So its length says next to nothing about which one it is.
"""

STYLE_SIZE = 16 * 1024
"""Bytes of the answer that is the style sheet, which comes with every page."""

REDIRECT_SIZE = HEAD_SIZE
"""Bytes of an answer that only leads to a page. It has no body."""


class PaddedResponse(Response):
    """An answer whose body is filled up. The worker fills up the head."""

    def get_wsgi_response(self, environ: Any) -> Any:
        """What goes to the server, as the very last thing."""
        # The style sheet's, which Flask would leave to the server to read.
        self.direct_passthrough = False
        self.set_data(b"" if self.location is not None else self._padded(self.get_data()))
        return super().get_wsgi_response(environ)

    def _padded(self, body: bytes) -> bytes:
        whole = STYLE_SIZE if self.mimetype == "text/css" else PAGE_SIZE
        while whole - HEAD_SIZE < len(body):
            whole *= 2
        # Blanks may stand behind everything else (HTML, 13.1; CSS Syntax, 5.4.1).
        return body.ljust(whole - HEAD_SIZE)


def set_pages(app: Flask) -> None:
    """Give the templates what they need."""
    app.jinja_env.trim_blocks = True
    app.jinja_env.lstrip_blocks = True
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.filters.update(number=number, day=day, shown=shown)
    app.jinja_env.globals["NUMBERS"] = NUMBERS


def render(name: str, **values: Any) -> str:
    """A page."""
    # Without what Flask gives to every template: the request, `g` and the session as they are.
    return template(name).render(**_shared(), **values)


def _shared() -> dict[str, Any]:
    settings = current_server().settings
    return {
        "language": languages.language(),
        "direction": languages.direction(),
        "instead": languages.instead(),
        "settings": settings,
        "team": isolated(settings.team) if settings.team else gettext("this team"),
        "signed_in": kept_seed() is not None,
        "told": told,
        "wordless": is_without_words(),
        "is_answer": request.method == "POST",
    }
