"""The auditor's pages: only for the browser that was let in, and the same as on the command line."""

from collections.abc import Callable

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from forms import tokens
from intake.audit.pages.app import create_app
from intake.audit.pages.shown import Shown
from intake.audit.verified import VerifiedLog
from intake.findings.thresholds import shipped, thresholds_of
from intake.protocol.audit import AuditError
from intake.triage.desk.client import DeskError
from intake.triage.pages.place import Place
from team_at_work import Team, at_work

PORT = 8006
ORIGIN = f"http://127.0.0.1:{PORT}"
PATHS = ("/", "/accesses", "/accesses.csv", "/findings", "/members", "/board")


@pytest.fixture(scope="module")
def team(tmp_path_factory: pytest.TempPathFactory) -> Team:
    return at_work(tmp_path_factory.mktemp("team"))


@pytest.fixture(scope="module")
def log(team: Team) -> VerifiedLog:
    return team.mirror()


class Browser:
    """A browser at an auditor's pages, let in by the token."""

    def __init__(self, shown: Shown) -> None:
        self.place = Place.new(PORT)
        self.client: FlaskClient = create_app(shown, self.place).test_client()

    def enter(self) -> "Browser":
        assert self.get(f"/?token={self.place.token}").status_code == 302
        return self

    def get(self, path: str, base_url: str = ORIGIN) -> TestResponse:
        return self.client.get(self.place.path + path, base_url=base_url)

    def post(self, path: str, **headers: str) -> TestResponse:
        values = tokens(self.get("/").text)
        return self.client.post(self.place.path + path, base_url=ORIGIN, data=values, headers=headers)


@pytest.fixture
def browser(log: VerifiedLog) -> Browser:
    return Browser(Shown(log, shipped())).enter()


@pytest.mark.parametrize("path", PATHS)
def test_nobody_sees_anything_without_the_token_the_path_or_the_name_of_this_machine(
    path: str, log: VerifiedLog
) -> None:
    stranger = Browser(Shown(log, shipped()))
    assert stranger.get(path).status_code == 403
    assert stranger.client.get(path, base_url=ORIGIN).status_code == 403
    stranger.enter()
    assert stranger.get(path).status_code == 200
    assert stranger.get(path, base_url=f"http://evil.test:{PORT}").status_code == 403
    assert Browser(Shown(log, shipped())).get(f"/?token={stranger.place.token}").status_code == 403
    assert stranger.get(f"/?token={stranger.place.token}").status_code == 403


def test_members_can_be_compared_by_voice_and_who_lets_them_in_is_said(log: VerifiedLog, browser: Browser) -> None:
    page = browser.get("/members").text
    for member in log.roster.members:
        assert member.card.words in page
        assert member.card.fingerprint in page
    assert "The operator enrols alone: nobody has to vouch." in page


@pytest.mark.parametrize("path", PATHS)
def test_nothing_runs_on_a_page_or_stays_in_the_browser(path: str, browser: Browser) -> None:
    answer = browser.get(path)
    assert answer.headers["Content-Security-Policy"].startswith(("default-src 'none'", "sandbox; default-src 'none'"))
    assert (answer.headers["Cache-Control"], answer.headers["Referrer-Policy"]) == ("no-store", "no-referrer")
    assert "<script" not in answer.text
    assert " style=" not in answer.text


def test_the_first_page_says_that_the_log_verifies_and_what_stands_out(browser: Browser, log: VerifiedLog) -> None:
    page = browser.get("/").text
    assert f"All {log.size} entries are verified" in page
    assert log.checkpoint.root.hex() in page
    assert "Much read in a short time" in page
    assert "The policy asks for no witness" in page
    assert "Fetch and verify" not in page


def test_who_opened_what_is_summed_up_and_chosen_as_on_the_command_line(browser: Browser, log: VerifiedLog) -> None:
    page = browser.get("/accesses?by=reviewer&reviewer=boris&action=open").text
    (row,) = (part for part in page.split("<tr>") if "data-head" in part)
    assert "boris" in row
    assert "amina" not in row
    one = log.record.deeds[-3].tips[0]
    assert one in browser.get(f"/accesses?by=&report={one}").text
    assert "Nothing fits" in browser.get("/accesses?reviewer=nobody").text
    assert browser.get("/accesses?by=nonsense").status_code == 404
    assert browser.get("/accesses?since=nonsense&action=nonsense").status_code == 200
    table = browser.get("/accesses.csv?by=&reviewer=%3DSUM(A1)")
    assert table.headers["Content-Disposition"] == 'attachment; filename="accesses.csv"'
    assert '"\'=SUM(A1)"' in table.text
    assert '"=SUM' not in table.text


def test_a_finding_stands_with_its_answer_and_who_gave_it(browser: Browser) -> None:
    page = browser.get("/findings?kind=odd_hour").text
    assert "Boris was on call that night" in page
    assert "<bdi>amina</bdi>, 2026-" in page
    assert "Nobody has said anything to it." in browser.get("/findings").text


def test_thresholds_that_the_auditor_set_are_said_and_hold(log: VerifiedLog) -> None:
    strict = Browser(Shown(log, thresholds_of("much_reports = 1000"))).enter()
    page = strict.get("/findings").text
    assert "much_reports = 1000" in page
    assert "set by you; 30 otherwise" in page
    assert "Much read in a short time" not in page


def failing(error: Exception) -> Callable[[], VerifiedLog]:
    def fetch() -> VerifiedLog:
        raise error

    return fetch


def test_a_fetch_that_fails_says_why_and_keeps_what_was_verified(log: VerifiedLog) -> None:
    browser = Browser(Shown(log, shipped(), failing(DeskError("the desk can't be reached")))).enter()
    assert browser.post("/fetch").status_code == 303
    page = browser.get("/").text
    assert "Could not fetch: the desk can&#39;t be reached" in page
    assert "The log verifies" in page


def test_a_log_that_lies_turns_every_page_red_until_the_program_ends(log: VerifiedLog) -> None:
    browser = Browser(Shown(log, shipped(), failing(AuditError("the log shrank")))).enter()
    browser.post("/fetch")
    for path in ("/", "/findings", "/members", "/board", "/accesses"):
        assert "The log can't be trusted: the log shrank." in browser.get(path).text
        assert "The log verifies" not in browser.get(path).text


def test_members_show_the_words_to_compare_and_the_rules_that_they_go_by(log: VerifiedLog, browser: Browser) -> None:
    page = browser.get("/members").text
    for member in log.roster.members:
        assert member.card.words in page
    assert "A report is deleted if 2 reviewers want it" in page
    assert "the countdown in days is 7." in page


def test_days_that_have_not_come_are_said_not_to_be_in_the_report(browser: Browser) -> None:
    assert "Not those days: the days from 2100-01-01" in browser.get("/board?since=2100-01-01&until=2100-02-01").text
    assert "Not those days" not in browser.get("/board?since=2026-09-01").text


def test_what_stands_against_the_log_from_before_is_an_alarm_too_and_said_once(log: VerifiedLog) -> None:
    shown = Shown(log, shipped(), failing(AuditError("the log shrank")), against=lambda: ["the log shrank", "it lied"])
    browser = Browser(shown).enter()
    for _ in range(2):
        page = browser.get("/").text
        assert page.count("The log can't be trusted: the log shrank.") == 1
        assert page.count("The log can't be trusted: it lied.") == 1
        assert "The log verifies" not in page
        browser.post("/fetch")


def test_a_form_of_another_site_fetches_nothing(log: VerifiedLog) -> None:
    asked: list[bool] = []

    def fetch() -> VerifiedLog:
        asked.append(True)
        return log

    browser = Browser(Shown(log, shipped(), fetch)).enter()
    assert browser.post("/fetch", Origin="http://evil.test").status_code == 403
    assert browser.client.post(f"{browser.place.path}/fetch", base_url=ORIGIN).status_code == 400
    assert asked == []
    browser.post("/fetch")
    assert asked == [True]
