"""The report for a board: whole in itself, a page long, and signed."""

from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pypdfium2
import pytest
from playwright.sync_api import Browser

from crypto.note import Note, SigningKey
from intake.audit import board as board_module
from intake.audit.board import MOST_LINES, PeriodError, make_board
from intake.audit.document import ReportError, as_html, check_report, sign_report
from intake.findings.found import Finding, find
from intake.findings.thresholds import shipped
from intake.protocol.actions import Action
from intake.protocol.card import Role, issue_card
from intake.protocol.entry import Entry, LoggedRequest
from intake.protocol.sentence import LONGEST_SENTENCE
from team_at_work import Team, at_work

pytestmark = pytest.mark.slow

NOW = datetime(2026, 11, 1, tzinfo=UTC)
CARLA = SigningKey.generate("carla")
CARD = issue_card(Role.AUDITOR, CARLA, None)


@pytest.fixture(scope="module")
def team(tmp_path_factory: pytest.TempPathFactory) -> Team:
    return at_work(tmp_path_factory.mktemp("team"))


def test_its_figures_are_those_of_the_days_it_names(team: Team) -> None:
    log = team.mirror()
    board = make_board(log, shipped(), NOW, None, None)
    assert (board.until, (board.until - board.since).days) == (log.record.deeds[-1].day, 90)
    assert sum(bar.opened for bar in board.picture.bars) == board.opened
    assert (board.answered, board.found[-1].id in log.record.answers) == (1, True)
    assert {line.key for line in board.lines} == {member.card.key_id for member in log.roster.members}
    day = make_board(log, shipped(), NOW, date(2026, 7, 1), date(2026, 7, 1))
    assert len(day.picture.bars) == 1
    assert day.opened <= board.opened


@pytest.mark.parametrize(
    ("since", "until", "says"),
    [
        (date(2030, 1, 1), None, "2030-01-01"),
        (None, date(2030, 1, 1), "have not all come: a report is of days until 2026-11-01"),
        (date(2026, 9, 2), date(2026, 9, 1), "2026-09-02 is after 2026-09-01"),
    ],
)
def test_no_report_is_made_of_days_that_have_not_come_or_are_none(
    since: date | None, until: date | None, says: str, team: Team
) -> None:
    with pytest.raises(PeriodError, match=says):
        make_board(team.mirror(), shipped(), NOW, since, until)


def test_the_signature_holds_for_this_report_and_this_auditor_alone(team: Team) -> None:
    board = make_board(team.mirror(), shipped(), NOW, None, None)
    html = as_html(board, "carla")
    signed = sign_report(html, board, CARLA)
    assert f"size {board.log.size}\n" in check_report(html, signed, CARD)
    for report, note, says in (
        (html + b" ", signed, "changed since"),
        (html, sign_report(html, board, SigningKey.generate("carla")), "not signed by carla"),
        (html, signed[:-9], "not signed by carla"),
        (html, bytes(Note("intake evidence v1\n", (CARLA.sign("intake evidence v1\n"),))), "something else"),
    ):
        with pytest.raises(ReportError, match=says):
            check_report(report, note, CARD)


def pages(browser: Browser, html: bytes, directory: Path, shot: str = "") -> int:
    """On how many sheets of A4 it is printed; nothing else is asked for."""
    path, asked = directory / "board.html", list[str]()
    path.write_bytes(html)
    with browser.new_context() as context:
        page = context.new_page()
        page.on("request", lambda request: asked.append(request.url))
        page.goto(path.as_uri())
        printed = page.pdf(prefer_css_page_size=True, print_background=True)
        if shot:
            page.set_viewport_size({"width": 800, "height": 1000})
            page.screenshot(path=shot, full_page=True)
    assert asked == [path.as_uri()]
    return len(pypdfium2.PdfDocument(printed))


def test_it_is_one_page_and_asks_for_nothing_else(team: Team, chromium: Browser, tmp_path: Path) -> None:
    assert pages(chromium, as_html(make_board(team.mirror(), shipped(), NOW, None, None), "carla"), tmp_path) == 1


def test_it_stays_one_page_whatever_there_is_to_say(
    team: Team, chromium: Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With more reviewers and findings than have room, and names and answers as long as they can be."""
    log = team.mirror()
    with monkeypatch.context() as patched:
        patched.setattr(board_module, "find", lambda *given: [wordy(each) for each in find(*given)] * 3)
        board = make_board(log, shipped(), NOW, None, None)
    (answer, *_) = next(iter(log.record.answers.values()))
    longest = LoggedRequest("", b"", "W" * LONGEST_SENTENCE)
    for each in board.found:
        log.record.take(Entry(answer.at, answer.who, Action.EXPLAIN, (f"finding/{each.id}",), longest))
    assert board.more_found > 0
    many = replace(board, lines=[*board.lines, *board.lines][:MOST_LINES], more_lines=90)
    html = as_html(many, "W" * 64).replace("نرگس".encode(), b"W" * 64)
    assert pages(chromium, html, tmp_path) == 1


def wordy(finding: Finding) -> Finding:
    return replace(finding, who=finding.who * 5, says=f"{finding.says} {'and so on ' * 40}")
