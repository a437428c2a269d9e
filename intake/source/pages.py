"""What all pages share: what their templates may use, and their size."""

from typing import Any

from flask import Flask, Response
from jinja2 import StrictUndefined

from crypto.codename import NUMBERS
from intake.languages.shown import shown
from intake.languages.written import isolated
from intake.source.current import current_server
from intake.source.session.visits import kept_seed, told
from intake.source.text import languages
from intake.source.text.gettext import day, gettext, number
from intake.source.text.templates import template

PAGE_SIZE = 48 * 1024
"""Bytes of an answer that is a page, with its headers: every page takes it, in every language, and a few that show much
take it doubled, once or more often. So its length says next to nothing about which one it is.
"""

REDIRECT_SIZE = 4 * 1024
"""Bytes of an answer that only leads to a page."""

_COMMENT = b"<!--%b-->"


class PaddedResponse(Response):
    """An answer. A page is padded as the very last thing, once its headers are known: the cookie is among them."""

    def get_wsgi_response(self, environ: Any) -> Any:
        """What goes to the server, with the headers that only differ by this request."""
        if self.mimetype == "text/html" and not self.direct_passthrough and environ["REQUEST_METHOD"] != "HEAD":
            self._pad()
        return super().get_wsgi_response(environ)

    def _pad(self) -> None:
        page = self.get_data()
        head = sum(len(f"{name}: {value}\r\n") for name, value in self.headers if name != "Content-Length")
        size = len(self.status) + head + len(page) + len(_COMMENT % b"")
        # A comment may stand behind everything else (HTML, 13.1); the filler says nothing.
        self.set_data(page + _COMMENT % (b" " * (self._whole(size) - size)))

    def _whole(self, size: int) -> int:
        whole = PAGE_SIZE if self.location is None else REDIRECT_SIZE
        while whole < size:
            whole *= 2
        return whole


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
    }
