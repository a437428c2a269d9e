"""What a source is told when something does not work: plain words, the right status, the form as it was filled in."""

from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

from flask import Flask, Response, current_app, make_response, request
from sqlalchemy.exc import SQLAlchemyError
from werkzeug.exceptions import HTTPException, MethodNotAllowed, ServiceUnavailable

from intake.accesslog.read import LogDamagedError
from intake.hygiene import describe
from intake.source.admission.incoming import CutShortError, NotTextError, has_form
from intake.source.admission.origin import OtherSiteError
from intake.source.admission.room import NoRoomError, NoTextRoomError
from intake.source.pages import render
from intake.source.session.tokens import CSRFError, NoCookieError
from intake.source.session.visits import end_visits_of, kept_seed
from intake.source.text.gettext import lazy_gettext as _
from intake.source.tip.chain import TipGoneError
from intake.source.tip.correspondence import NoReviewersError

P = ParamSpec("P")
R = TypeVar("R")
Again = Callable[..., str]

_AGAIN = "show_again"


class StoreFailingError(ServiceUnavailable):
    """The store can't take anything at the moment."""


_TOO_OFTEN = _("That was a lot in a short time. Please wait a minute and load this page again.")
_WAIT = "60"
"""Seconds. The same for everybody: what is left until a counter starts anew would tell the server's time."""

_NO_REPORTS = _("Reports can't be taken at the moment. Nothing was sent. Please come back later.")

_WORDS: dict[type[HTTPException] | int, Any] = {
    NoReviewersError: _NO_REPORTS,
    StoreFailingError: _("This can't be stored at the moment. Nothing was sent. Please try again in a few minutes."),
    NoRoomError: _("Files can't be taken at the moment, but text can. Please try again tomorrow."),
    NoTextRoomError: _("Nothing can be stored at the moment. Nothing was sent. Please come back tomorrow."),
    CSRFError: _("This page had been open for a long time. Nothing was sent yet. Please press the button again."),
    NoCookieError: _(
        "Nothing was sent yet: your browser did not send this site's cookie. Please press the button again. "
        "If you then see this once more, your browser keeps no cookies, and without one this site can't work. "
        "Tor Browser keeps them until you close it, unless this was changed: look in its settings under "
        "“Privacy & Security”, and allow cookies."
    ),
    OtherSiteError: _(
        "This came from a page of another site, and was not taken. Nothing was sent. "
        "If you want to send something here, go to the start of this site and write it there."
    ),
    NotTextError: _("Some characters did not arrive as they should. Nothing was sent. Please look through your text."),
    CutShortError: _("The connection broke off. Nothing was sent. Please send it again."),
    400: _("This did not arrive as it should. Nothing was sent."),
    403: _("This is not possible from here."),
    404: _("There is no such page."),
    405: _("This page can't be used in this way."),
    408: _("The connection was too slow. Nothing was sent. Please try again."),
    413: _("This is too much at once. Nothing was sent. Go back one page; send a shorter text, or a smaller file."),
    415: _("This did not arrive as it should. Nothing was sent."),
    429: _("That was a lot in a short time. Nothing was sent. Please wait a minute and press the button again."),
    503: _("A lot is being sent here at the moment. Nothing was sent. Please try again in a minute."),
    500: _("Something went wrong on our side. Nothing was sent. Please try again in a few minutes."),
}


def show_again(page: Again) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Mark a view: `page(notice, **view_args)` is its form as it was filled in, with a notice of what went wrong."""

    def mark(view: Callable[P, R]) -> Callable[P, R]:
        setattr(view, _AGAIN, page)
        return view

    return mark


def set_problems(app: Flask) -> None:
    """Answer every error with a page of ours."""

    def store_fails(error: Exception) -> Response:
        app.logger.error("the store fails: %s", describe(error))
        return _answer(StoreFailingError())

    def log_is_damaged(error: LogDamagedError) -> Response:
        # Who is enrolled, or what day it is, can't be told for certain. What is wrong with the log is the operator's
        # to know: nothing of it is a source's.
        app.logger.error("no report is taken: %s", error)
        return _answer(NoReviewersError())

    def tip_is_gone(_error: TipGoneError) -> Response:
        # As if it had come a moment later: what was written stands there, and the page asks whose it is.
        if (seed := kept_seed()) is not None:
            end_visits_of(seed)
        response = make_response(_form_again("") or render("problem.html", words=_WORDS[400]))
        response.status_code = 400
        return response

    app.register_error_handler(HTTPException, _answer)
    app.register_error_handler(LogDamagedError, log_is_damaged)
    app.register_error_handler(TipGoneError, tip_is_gone)
    app.register_error_handler(SQLAlchemyError, store_fails)
    app.register_error_handler(OSError, store_fails)


def _answer(error: HTTPException) -> Response:
    words = _words(error)
    response = make_response(_form_again(words) or render("problem.html", words=words))
    response.status_code = error.code or 500
    if error.code == 429:
        response.headers["Retry-After"] = _WAIT
    if isinstance(error, MethodNotAllowed) and error.valid_methods:
        response.headers["Allow"] = ", ".join(sorted(error.valid_methods))
    return response


def _words(error: HTTPException) -> str:
    if error.code == 429 and request.method != "POST":
        return str(_TOO_OFTEN)
    return str(_WORDS.get(type(error)) or _WORDS.get(error.code or 500) or _WORDS[500])


def _form_again(words: str) -> str | None:
    view = current_app.view_functions.get(request.endpoint or "")
    page: Again | None = getattr(view, _AGAIN, None)
    # Not what another site sends: that was refused before it was read.
    if page is None or request.method != "POST" or not has_form():
        return None
    try:
        return page(words, **(request.view_args or {}))
    except (HTTPException, LogDamagedError, SQLAlchemyError, OSError):
        # The form's own page fails as well; the one without a form is all that is left.
        return None
