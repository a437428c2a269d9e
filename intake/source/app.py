"""The source site's application factory: the one place for headers, errors, hooks and limits."""

import hashlib
from collections.abc import Callable
from typing import Any

from flask import Blueprint, Flask, Response, request

from intake import questions, replies
from intake.hygiene import log_without_content
from intake.server import Server
from intake.source import start
from intake.source.about import views as about
from intake.source.admission import incoming
from intake.source.admission.limits import require_circuit, require_turn, set_limits
from intake.source.admission.origin import refuse_other_sites
from intake.source.admission.room import require_room_for_text
from intake.source.current import current_server, set_server
from intake.source.help import views as help_page
from intake.source.leaving import views as leaving
from intake.source.marks import mark_static
from intake.source.pages import PaddedResponse, set_pages
from intake.source.problems import set_problems
from intake.source.report import views as report
from intake.source.session import visits
from intake.source.session.ended import ended
from intake.source.session.tokens import set_tokens
from intake.source.text.languages import set_languages
from intake.source.text.templates import LanguageTemplates
from intake.source.thread import views as thread
from intake.source.upload import views as upload
from intake.source.words import views as words

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Embedder-Policy": "require-corp",
    "Cross-Origin-Resource-Policy": "same-origin",
}

# Flask adds some to static files: the time, when the program was installed here, and that parts of them can be had.
_REPLACED = HEADERS.keys() | {"Date", "Expires", "Last-Modified", "ETag", "Accept-Ranges"}


class SourceSite(Flask):
    """An application of which nothing is asynchronous."""

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """The function itself; Flask would look anew, for each hook of each request, what it is."""
        return func


def create_app(server: Server, session_key: bytes | None = None) -> Flask:
    """The source site over an opened server. `session_key`: 32 bytes; by default a new one."""
    key = session_key or visits.key_beside(server.settings.limits_storage)
    app = SourceSite(__name__)
    app.jinja_environment = LanguageTemplates
    app.response_class = PaddedResponse
    set_server(app, server)
    app.secret_key = hashlib.sha256(b"form tokens\n" + key).digest()
    app.session_interface = visits.SealedSessions(key, ended(server.settings.limits_storage))
    app.config["MAX_CONTENT_LENGTH"] = app.config["MAX_FORM_MEMORY_SIZE"] = incoming.LARGEST_FORM
    # Nothing may answer with an absolute address: it would repeat the Host header.
    app.url_map.strict_slashes = app.url_map.merge_slashes = False

    set_languages(app, server.settings.draft_languages)
    start.set_root(app)
    # Templates alone: the form's questions look alike wherever they are asked, and replies wherever they are shown.
    for name, shared in (("questions", questions), ("replies", replies)):
        app.register_blueprint(Blueprint(name, shared.__name__, template_folder="templates"))
    for room in (start, words, report, thread, upload, leaving, help_page, about):
        app.register_blueprint(room.blueprint, url_prefix="/<language>")
    mark_static(app)
    _set_hooks(app, server)
    return app


def _set_hooks(app: Flask, server: Server) -> None:
    # The order is that of the checks: the circuit, the site, a place, the form as a whole, the limits, the form's
    # token. The worker has collected a form before it is looked at: what a limit refuses can be shown again.
    if server.settings.onion:
        app.before_request(require_circuit)
    app.before_request(refuse_other_sites)
    app.before_request(_whole)
    app.before_request(require_turn)
    app.before_request(incoming.read_form)
    set_limits(app, server.settings)
    app.before_request(require_room_for_text)
    set_tokens(app)
    set_problems(app)
    log_without_content(app)
    # Those registered last run first.
    app.after_request(_headers)
    app.after_request(_linger)
    set_pages(app)


def _whole() -> None:
    # Nothing is kept that could be compared; and a date beyond the calendar in one of these ends in an error. A part of
    # the style sheet would have a length of its own (RFC 9110, 14.2: a range may be ignored).
    for name in [name for name in request.environ if name.startswith("HTTP_IF_") or name == "HTTP_RANGE"]:
        del request.environ[name]


def _headers(response: Response) -> Response:
    for name in _REPLACED & {name for name, _ in response.headers}:
        del response.headers[name]
    response.headers.extend(HEADERS)
    return response


def _linger(response: Response) -> Response:
    if request.method == "POST" and response.status_code >= 400:
        incoming.linger(current_server().settings.largest_file)
    return response
