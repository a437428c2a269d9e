"""What every program of a member has around its pages: only below its path, only for the browser that used the token.

Nothing runs on them, nothing of them stays in a browser, and whatever they say of what others wrote shows as it is.
"""

import hmac
from collections.abc import Callable
from threading import Lock

from flask import Flask, Response, abort, redirect, request, session, url_for
from flask_wtf.csrf import CSRFProtect
from jinja2 import StrictUndefined
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as BaseResponse

from intake.hygiene import log_without_content
from intake.languages.shown import shown
from intake.triage.pages import policy
from intake.triage.pages.place import Gate, Place
from intake.triage.times import moment

_PROBLEMS = {
    400: "The form was too old. Go back, reload the page and send it again.",
    403: "This address has been used, or is not the one that the program printed. Start the program again.",
    404: "There is nothing here.",
    413: "That is too long.",
}


def enclose(
    app: Flask, place: Place, entered: Callable[[], None], *, first: str, problem: Callable[[str], str]
) -> None:
    """Put an application at its place. Its cookie must have been named.

    `entered` is called when the token has been used, before anybody is let in by it; `first`: the view that the token
    leads to; `problem`: the page that says what did not work.
    """
    app.config.update(
        SECRET_KEY=place.secret,
        SESSION_COOKIE_PATH=f"{place.path}/",
        SESSION_COOKIE_SAMESITE="Strict",
        WTF_CSRF_TIME_LIMIT=None,
    )
    app.before_request(_admission(place, entered, first))
    CSRFProtect(app)
    app.after_request(_headers)

    def refused(error: HTTPException) -> tuple[str, int]:
        code = error.code or 500
        return problem(_PROBLEMS.get(code, "That did not work.")), code

    app.register_error_handler(HTTPException, refused)
    app.jinja_env.filters.update(moment=moment)
    # Whatever a page says of what others wrote goes through this: no template can forget it.
    app.jinja_env.finalize = lambda value: shown(value) if type(value) is str else value
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.undefined = StrictUndefined
    log_without_content(app)
    app.wsgi_app = Gate(app.wsgi_app, place)  # type: ignore[method-assign]


def _admission(place: Place, entered: Callable[[], None], first: str) -> Callable[[], BaseResponse | None]:
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
            return redirect(url_for(first))
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
