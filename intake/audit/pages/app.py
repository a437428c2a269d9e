"""The auditor's pages: the log's state, who opened what, what stands out, the members, a report for a board."""

from collections import Counter
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

from flask import Blueprint, Flask, Response, abort, current_app, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as BaseResponse

from intake.audit.board import PeriodError, make_board
from intake.audit.document import words
from intake.audit.listing import ACCESSES, access_rows, keys_of, sum_rows, sums_head, to_csv
from intake.audit.pages.shown import Shown
from intake.audit.told import noticed
from intake.findings.accesses import By, Wanted, accesses, sums
from intake.findings.thresholds import explained
from intake.protocol.actions import Action
from intake.protocol.membership import in_words, named
from intake.triage import pages as reviewers_pages
from intake.triage.pages import policy
from intake.triage.pages.place import Place
from intake.triage.pages.shell import enclose

_LARGEST_FORM = 100_000
_MOST_ROWS = 200
"""Of a table on a page: all of them are in the file."""

blueprint = Blueprint("audit", __name__, template_folder="../templates")


def create_app(shown: Shown, place: Place, entered: Callable[[], None] = lambda: None) -> Flask:
    """The program at its place. `entered` is called when the token has been used."""
    # The reviewers' style: both are read by the same eyes.
    app = Flask(__name__, static_folder=Path(reviewers_pages.__path__[0], "static"))
    app.config.update(SESSION_COOKIE_NAME="audit", MAX_CONTENT_LENGTH=_LARGEST_FORM)
    enclose(app, place, entered, first="audit.state", problem=_problem)
    app.extensions["shown"] = shown
    app.register_blueprint(blueprint)
    app.register_blueprint(Blueprint("board", __name__, static_folder="../static", static_url_path="/board-style"))
    app.jinja_env.globals.update(words())
    return app


def _problem(says: str) -> str:
    return render_template("problem.html", says=says)


def _shown() -> Shown:
    return current_app.extensions["shown"]  # type: ignore[no-any-return]


@blueprint.get("/")
def state() -> str:
    """Whether the log can be trusted, and what there is to look at."""
    shown = _shown()
    view = shown.view
    record = view.log.record
    kinds = Counter(each.kind for each in view.found)
    open_kinds = Counter(each.kind for each in view.found if not record.is_answered(each.id, each.who))
    return render_template(
        "state.html",
        shown=shown,
        log=view.log,
        kinds=kinds.most_common(),
        unanswered=open_kinds,
        noticed=list(noticed(view.log, datetime.now(UTC))),
    )


@blueprint.post("/fetch")
def fetch() -> BaseResponse:
    """Fetch and verify what is new."""
    _shown().fetch()
    return redirect(url_for("audit.state"), 303)


@blueprint.get("/accesses")
def who() -> str:
    """Who opened what, summed up or one by one."""
    by, head, rows = _table()
    return render_template(
        "accesses.html",
        shown=_shown(),
        log=_shown().view.log,
        by=by,
        head=head,
        rows=rows[:_MOST_ROWS],
        more=max(len(rows) - _MOST_ROWS, 0),
        given={name: request.args.get(name, "") for name in ("reviewer", "report", "since", "until", "action")},
        every=list(By),
        actions=list(Action),
    )


@blueprint.get("/accesses.csv")
def table() -> Response:
    """The same as a file that a spreadsheet opens."""
    _, head, rows = _table()
    answer = Response(to_csv(head, rows).encode("utf-8-sig"), mimetype="text/csv")
    answer.headers["Content-Disposition"] = 'attachment; filename="accesses.csv"'
    answer.headers["Content-Security-Policy"] = policy.BYTES
    return answer


def _table() -> tuple[By | None, list[str], list[tuple[str, ...]]]:
    log, chosen = _shown().view.log, request.args.get("by", By.REVIEWER.value)
    found = accesses(log.record, _wanted())
    if chosen == "":
        return None, list(ACCESSES), [tuple(row) for row in access_rows(log, found)]
    by = By(chosen) if chosen in list(By) else abort(404)
    return by, list(sums_head(by)), [tuple(row) for row in sum_rows(log, sums(found, by), by)]


def _wanted() -> Wanted:
    """What the address asks for; what can't be understood is as if it were not there."""
    reviewer, action = request.args.get("reviewer", "").strip(), request.args.get("action", "")
    return Wanted(
        who=keys_of(_shown().view.log, reviewer) if reviewer else None,
        tip=request.args.get("report", "").strip() or None,
        since=_day("since"),
        until=_day("until"),
        actions=frozenset({Action(action)}) if action in list(Action) else None,
    )


def _day(name: str) -> date | None:
    try:
        return date.fromisoformat(request.args.get(name, ""))
    except ValueError:
        return None


@blueprint.get("/findings")
def findings() -> str:
    """What stands out, with what was said to it, and from when on it does."""
    shown = _shown()
    chosen = request.args.get("kind", "")
    found = [each for each in shown.view.found if chosen in ("", each.kind)]
    return render_template(
        "found.html",
        shown=shown,
        log=shown.view.log,
        found=found[:_MOST_ROWS],
        more=max(len(found) - _MOST_ROWS, 0),
        answers=shown.view.log.record.answers,
        thresholds=[(each, getattr(shown.thresholds, each.name)) for each in explained()],
    )


@blueprint.get("/members")
def members() -> str:
    """Everybody who was ever enrolled, and the rules that they go by."""
    log = _shown().view.log
    rules = in_words(log.roster, log.state.clock.last)
    return render_template("team.html", shown=_shown(), log=log, rules=list(rules), named=named)


@blueprint.get("/board")
def board() -> str:
    """The report for a board, as 'intake audit report' writes and signs it."""
    shown, now, problem = _shown(), datetime.now(UTC), ""
    try:
        made = make_board(shown.view.log, shown.thresholds, now, _day("since"), _day("until"))
    except PeriodError as error:
        problem, made = str(error), make_board(shown.view.log, shown.thresholds, now, None, None)
    auditor = shown.auditor or "an auditor"
    return render_template("board_page.html", shown=shown, board=made, auditor=auditor, problem=problem)
