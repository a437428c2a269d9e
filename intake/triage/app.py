"""The program's Flask application: only this machine, only whoever holds the token, nothing that runs in the page."""

import hmac
import secrets
from collections.abc import Callable
from pathlib import Path

from flask import Flask, Response, abort, redirect, render_template, request, session, url_for
from flask_wtf.csrf import CSRFProtect
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as BaseResponse

from intake.hygiene import log_without_content
from intake.triage import members, views, words
from intake.triage.guard import IDLE_SECONDS, Guard
from intake.triage.home import Home
from intake.triage.mirror import Progress
from intake.triage.work import no_progress

_POLICY = "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"


def create_app(
    home: Home,
    key: Path,
    *,
    token: str,
    port: int,
    progress: Progress = no_progress,
    idle_seconds: float = IDLE_SECONDS,
) -> Flask:
    """The program for one member. `token` opens it once, in the address that is printed at the start."""
    app = Flask(__name__)
    app.config.update(
        SECRET_KEY=secrets.token_bytes(32),
        SESSION_COOKIE_NAME=f"triage-{port}",
        SESSION_COOKIE_SAMESITE="Strict",
        WTF_CSRF_TIME_LIMIT=None,
        MAX_CONTENT_LENGTH=1_000_000,
        MAX_FORM_MEMORY_SIZE=1_000_000,
    )
    CSRFProtect(app)
    app.extensions["guard"] = Guard(home, key, progress, idle_seconds)
    app.before_request(_admission([token], {f"127.0.0.1:{port}", f"localhost:{port}"}))
    app.after_request(_headers)
    app.register_error_handler(HTTPException, _problem)
    app.register_blueprint(views.blueprint)
    app.register_blueprint(members.blueprint)
    app.jinja_env.globals.update(words=words)
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    log_without_content(app)
    return app


def _admission(tokens: list[str], hosts: set[str]) -> Callable[[], BaseResponse | None]:
    """Lets in whoever asked for this very machine and has used the token."""

    def check() -> BaseResponse | None:
        # Another name in the Host header means that a page from elsewhere had this machine's address looked up for it.
        if request.host not in hosts:
            abort(403)
        given = request.args.get("token", "")
        if request.path == "/" and given:
            if not tokens or not hmac.compare_digest(given.encode(), tokens[0].encode()):
                abort(403)
            tokens.clear()
            session["admitted"] = True
            return redirect(url_for("triage.queue"))
        if request.endpoint != "static" and not session.get("admitted"):
            abort(403)
        return None

    return check


def _headers(response: Response) -> Response:
    response.headers.setdefault("Content-Security-Policy", _POLICY)
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
