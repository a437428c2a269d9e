"""A reviewer at work on 300 reports in eight languages, in Chromium and in Firefox ESR, without a mouse.

One window a browser, for all of it; each test takes a report of its own.
"""

import os
import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser

from intake.report.events import Act
from intake.report.payloads import Message
from invented import Invented
from office import Office, office
from opened import opened_tip
from program import PASSPHRASE, Program
from waiting import waited_for
from whole_service import Service
from windows import InChromium, InFirefox, Keyboard, in_chromium, in_firefox

pytestmark = pytest.mark.slow

CHECK = {"who": "The mother.", "noticed": "The police.", "leak": "They would know.", "expects": "Help."}


@dataclass
class Desk:
    """Where a reviewer works: the team's desk, the reviewer's window and hands, and the program's address."""

    office: Office
    keys: Keyboard
    root: str
    second: Program
    printed: str
    """The address that the program printed, which was used."""

    def go(self, path: str) -> None:
        self.keys.window.go(f"{self.root}{path}")

    def asked_again(self, script: str) -> Any:
        """What a script says of the page that is here, loaded again."""
        self.keys.window.go(self.keys.window.address)
        return self.keys.window.asked(script)

    def report(self, fits: Callable[[Invented], Any], number: int = 0) -> str:
        """The id of a report of this sort: each test has its own."""
        return [name for name, each in self.office.reports.items() if fits(each)][number]

    def fetch(self) -> str:
        """Fetch; what is read on the first page then."""
        self.go("/")
        self.keys.follow("Fetch new reports")
        return self.keys.text()

    def seen_by_the_second(self) -> Program:
        """The other reviewer, after what was written here has left and was fetched there."""
        waited_for(lambda: "Not sent yet" not in self.fetch())
        self.second.post("/sync", "/")
        return self.second


def unlock(keys: Keyboard) -> None:
    """Type the passphrase, and wait for what was wanted: until all is open, a page says how far that is."""
    keys.write("Passphrase", PASSPHRASE)
    keys.follow("Unlock", "main")
    keys.until("All reports", "header")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the desk is made that all are copies of: once for all processes of tests."""
    own = tmp_path_factory.getbasetemp()
    return (own.parent if "PYTEST_XDIST_WORKER" in os.environ else own) / "office"


@pytest.fixture(scope="module", params=["chromium", "firefox"])
def desk(
    request: pytest.FixtureRequest, made: Path, tmp_path_factory: pytest.TempPathFactory, chromium: Browser
) -> Iterator[Desk]:
    """A program of a reviewer's that has fetched 300 reports, unlocked in a browser with the keyboard."""
    directory = tmp_path_factory.mktemp(request.param)
    with ExitStack() as started:
        opened = started.enter_context(office(made, directory / "office"))
        service = Service(
            opened.directory, "", opened.desk.url, opened.desk.policy_file, {**os.environ}, started
        )  # fmt: skip
        address = service.triage("amina")
        window: InChromium | InFirefox
        if request.param == "chromium":
            window = started.enter_context(in_chromium(chromium))
        else:
            (directory / "profile").mkdir()
            window = started.enter_context(in_firefox(directory / "profile"))
        keys = Keyboard(window)
        window.go(address)
        unlock(keys)
        second = opened.program("boris")
        second.unlock()
        yield Desk(opened, keys, address.partition("/?token=")[0], second, address)
        second.guard.lock()


def test_today_says_what_presses_in_its_order_and_why(desk: Desk) -> None:
    desk.go("/")
    said = desk.keys.text()
    headings = ("Somebody is detained now", "Somebody is missing now", "A message of the source has no answer")
    shown = desk.keys.window.asked("return [...document.querySelectorAll('h2')].map(heading => heading.textContent);")
    places = [[text.startswith(heading) for text in shown].index(True) for heading in headings]
    assert places == sorted(places)
    detained = [
        each
        for each in desk.office.reports.values()
        if each.answers.get("detained_now") in ("target", "relative", "both")
    ]
    assert f"all {len(detained)} reports" in said
    assert "It is happening now" in desk.keys.text("table")
    desk.keys.follow(f"all {len(detained)} reports")
    assert desk.keys.text("h1") == f"{len(detained)} reports"
    assert "detained_now=target" in desk.keys.window.address


def test_the_queue_is_narrowed_paged_kept_as_an_address_and_gone_back_to(desk: Desk) -> None:
    going_on = sum(each.answers.get("urgency") == "ongoing" for each in desk.office.reports.values())
    desk.go("/")
    desk.keys.follow("All reports", "header")
    assert "Page 1 of 7" in desk.keys.text() or "Page 1 of 6" in desk.keys.text()
    desk.keys.follow("The next page")
    assert "Page 2" in desk.keys.text()
    desk.keys.press("How urgent is it?", ".filters")
    desk.keys.tick("It goes on, without a date", ".filters")
    desk.keys.follow("Show", ".filters")
    assert desk.keys.text("h1") == f"{going_on} reports"
    narrowed = desk.keys.window.address
    assert "urgency=ongoing" in narrowed
    desk.keys.follow("The next page")
    with desk.keys.turned():
        desk.keys.window.back()
    assert desk.keys.window.address == narrowed
    assert desk.keys.text("h1") == f"{going_on} reports"
    desk.keys.write("Save this list as", "It goes on")
    desk.keys.follow("For me", "main")
    desk.go("/reports")
    desk.keys.follow("It goes on")
    assert desk.keys.text("h1") == f"{going_on} reports"


def test_several_are_called_junk_at_once_after_a_page_that_says_which(desk: Desk) -> None:
    desk.go("/reports?language=es&order=day")
    for number in range(2):
        desk.keys.tick("Choose the report", f"tbody tr:nth-child({number + 1})")
    desk.keys.follow("Set the status", ".bulk")
    assert "Set the status of these 2 reports" in desk.keys.text("h1")
    desk.keys.choose("Status", "Junk")
    desk.keys.write("Why", "Advertising.")
    desk.keys.follow("Set the status of these")
    rows = desk.keys.text("table").count("Junk")
    assert rows == 2


@pytest.mark.parametrize(
    ("sought", "how", "mark"),
    [
        ("父母", "", "父母"),
        ('"grey van"', "", "grey van"),
        ("convoqu*", "", "convoqué"),
        ("ستاد خبری", "", "ستاد"),
        ("phone:79460321", "", ""),
        ("документы", "", "документы"),
        ("ང་ཚོའི", "", "ང་ཚོའི"),
        ("consulado", "any", "consulado"),
        ("from:China report:festival", "", "festival"),
    ],
)
def test_what_is_sought_is_found_in_every_script_and_marked(sought: str, how: str, mark: str, desk: Desk) -> None:
    desk.go("/search")
    desk.keys.write("Search in everything that was opened", sought)
    if how:
        desk.keys.choose("How", "in any script, by its sound")
    desk.keys.follow("Search", "main")
    assert "Found in 0" not in desk.keys.text("h1")
    marks = desk.keys.window.asked("return [...document.querySelectorAll('mark')].map(mark => mark.textContent);")
    if mark:
        assert mark.casefold() in " ".join(marks).casefold()
    desk.keys.follow("Report of", ".found")
    assert "What may be done with it" in desk.keys.text()


def test_a_report_is_read_in_its_direction_with_what_may_be_done_and_what_is_new(desk: Desk) -> None:
    tip = desk.office.desk.store_tip("برادرم را بردند.\nدوباره زنگ زدند.", {"urgency": "now"}, language="fa")
    desk.fetch()
    desk.go(f"/tips/{tip.id.hex()}")
    direction = "return getComputedStyle(document.querySelector('p.narrative')).direction;"
    assert desk.keys.window.asked(direction) == "rtl"
    assert "دوباره زنگ زدند." in desk.keys.text(".narrative")
    assert "not answered" in desk.keys.text("#consents")
    desk.office.desk.send(tip, Message("دوباره آمدند."))
    desk.fetch()
    for is_new in (True, False):
        desk.go(f"/tips/{tip.id.hex()}")
        assert ("New The source" in desk.keys.text("#reply")) == is_new
    name = desk.report(lambda each: each.answers.get("consent_lawyer") == "yes")
    desk.go(f"/tips/{name}")
    assert "Yes since 20" in desk.keys.text("#consents")


def test_from_report_to_report_with_one_key(desk: Desk) -> None:
    desk.go("/reports?language=ru&order=day")
    # The first one, whatever it is called.
    desk.keys.follow("", "td.start")
    first = desk.keys.window.address
    with desk.keys.turned():
        desk.keys.window.access("n")
    assert desk.keys.window.address != first
    assert "language=ru" in desk.keys.window.address
    with desk.keys.turned():
        desk.keys.window.access("p")
    assert desk.keys.window.address == first


@pytest.mark.parametrize(
    "page", ["/", "/reports?language=ru", "/tips/{tip}", "/tips/{tip}/translation", "/team", "/search"]
)
def test_everything_of_a_page_is_reached_with_tab(page: str, desk: Desk) -> None:
    desk.go(page.format(tip=desk.report(lambda each: each.files)))
    count, left = desk.keys.passed()
    assert count > 10
    assert left == []


def test_a_paragraph_is_translated_and_what_was_typed_survives_a_lock_in_another_tab(desk: Desk) -> None:
    name = desk.report(lambda each: each.language == "zh-Hans" and each.narrative.count("\n") > 1)
    desk.go(f"/tips/{name}")
    desk.keys.follow("Translate")
    desk.keys.write("Paragraph 1 in English", "They went to my parents again.")
    desk.keys.follow("Save", "section.beside")
    desk.go(f"/tips/{name}")
    assert "They went to my parents again." in desk.keys.text(".beside")
    desk.keys.follow("Translate")
    desk.keys.write("Paragraph 2 in English", "Typed before the lock.")
    with desk.keys.window.another_tab():
        desk.go("/")
        desk.keys.follow("Lock", "header")
        assert "Passphrase of your key" in desk.keys.text()
    desk.keys.follow("Save", "section.beside ~ section.beside")
    assert "kept" in desk.keys.text()
    unlock(desk.keys)
    desk.go(f"/tips/{name}/translation")
    assert (
        desk.keys.window.asked("return document.querySelector('.unsent textarea').value;") == "Typed before the lock."
    )
    desk.keys.follow("Send it now")
    desk.go(f"/tips/{name}")
    assert "Typed before the lock." in desk.keys.text()


def test_where_a_report_stands_is_set_and_everybody_sees_by_whom(desk: Desk) -> None:
    name = desk.report(lambda each: each.language == "fr" and each.messages)
    desk.go("/team")
    desk.keys.write("Name", "French speakers", "#label_name")
    desk.keys.choose("Colour", "Green", "#label_name")
    desk.keys.follow("Add a label")
    desk.go(f"/tips/{name}")
    desk.keys.choose("Set the status", "Closed", "#status")
    desk.keys.follow("Set", "#status")
    assert "needs a reason" in desk.keys.text()
    desk.keys.choose("Set the status", "Needs an answer", "#status")
    desk.keys.follow("Set", "#status")
    desk.keys.choose("Assign it to", "boris", "#assignment")
    desk.keys.follow("Assign", "#assignment")
    desk.keys.follow("French speakers", "#label")
    desk.keys.write("What has to happen", "Ring the lawyer", "#due")
    desk.keys.date("By", datetime.now(UTC).date() + timedelta(3), "#due")
    desk.keys.follow("Add", "#due")
    desk.keys.write("Add a note", "Ask for the summons.", "#note")
    desk.keys.tick("It hands this report over", "#note")
    desk.keys.follow("Add note", "#note > form:last-of-type")
    page = desk.seen_by_the_second().get(f"/tips/{name}").text
    for said in (
        "Needs an answer</span>",
        "boris</bdi> (you)",
        ">French speakers<",
        "Ring the lawyer",
        "<strong>Handover.",
    ):
        assert said in page
    assert "Ask for the summons." in page


def test_an_act_is_coded_and_verified_and_a_second_reader_objects(desk: Desk) -> None:
    name = desk.report(lambda each: each.language == "tr" and not each.messages)
    desk.go(f"/tips/{name}")
    desk.keys.press("Code an act", "#act")
    desk.keys.choose("What was done", "Threatened", "#act")
    desk.keys.write("Where", "Ürümqi", "#act")
    desk.keys.write("When", "2026-05", "#act")
    desk.keys.write("The date as it was written", "1405/2", "#act")
    desk.keys.follow("Code it", "#act")
    desk.keys.follow("Verify, read or change act 1", "#act")
    desk.keys.choose("How far it is verified", "Documented", "#act")
    desk.keys.write("Why", "There is a summons.", "#act")
    desk.keys.follow("Save", "#act")
    second = desk.seen_by_the_second()
    (act,) = (
        event.act for event in second.workspace.book.standing(opened_tip(second.workspace.book, name)).outcomes(Act)
    )
    values = {"act": act, "reading": "objects", "why": "It names somebody else."}
    assert second.post(f"/tips/{name}/second_reading", f"/tips/{name}", **values).status_code == 303
    desk.fetch()
    desk.go(f"/tips/{name}")
    for said in (
        "2026-05",
        "Threatened",
        "Ürümqi",
        "1405/2",
        "Documented; There is a summons.",
        "Objects; It names somebody",
    ):
        assert said in desk.keys.text("#act")


def test_a_referral_is_red_until_somebody_else_has_agreed(desk: Desk) -> None:
    name = desk.report(lambda each: each.language == "es" and not each.messages, 3)
    desk.go(f"/tips/{name}")
    desk.keys.press("Register a referral", "#referral")
    desk.keys.choose("To whom", "A lawyer", "#referral")
    desk.keys.write("Name", "Chambers", "#referral")
    desk.keys.choose("Which consent allows it", "May we share it with a lawyer?", "#referral")
    desk.keys.write("What is handed over", "The whole report.", "#referral")
    desk.keys.follow("Register it", "#referral")
    colour = "return getComputedStyle(document.querySelector('#referral .warn')).color;"
    red, green, blue = _rgb(desk.keys.window.asked(colour))
    assert red > 2 * max(green, blue)
    second = desk.seen_by_the_second()
    of = {"referral": the_id(second, name, "referral"), "of": the_id(second, name, "of")}
    second.post(f"/tips/{name}/harm_check", f"/tips/{name}", **CHECK, **of, decision="agrees")
    desk.fetch()
    desk.go(f"/tips/{name}")
    assert "No second reviewer has agreed" not in desk.keys.text("#referral")
    assert "Agrees" in desk.keys.text("#referral")


def the_id(program: Program, tip: str, name: str) -> str:
    """The id that a form of a report's page names so."""
    found = re.search(rf'name="{name}" value="([^"]+)"', program.get(f"/tips/{tip}").text)
    assert found
    return found[1]


def _rgb(colour: str) -> tuple[int, int, int]:
    red, green, blue = (int(part) for part in colour.strip("rgb()").split(","))
    return red, green, blue


def test_what_is_half_written_is_framed_and_said_to_be_unsaved_until_it_is_saved(desk: Desk) -> None:
    says = "What you wrote in the dashed frame is not saved yet."
    framed = """return [...document.querySelectorAll('form')]
        .filter(form => getComputedStyle(form).outlineStyle === 'dashed').map(form => form.closest('section').id);"""
    desk.go(f"/tips/{desk.report(lambda each: each.language == 'fa' and not each.messages)}")
    assert says not in desk.keys.text()
    desk.keys.write("Add a note", "They have called twice.", "#note")
    desk.keys.to("Set the status", "#status")
    assert says in desk.keys.text()
    assert desk.keys.window.asked(framed) == ["note"]
    desk.keys.follow("Add note", "#note > form:last-of-type")
    assert says not in desk.keys.text()
    assert "They have called twice." in desk.keys.text("#note")


def test_an_answer_is_sent_to_the_source_and_the_message_is_unanswered_no_more(desk: Desk) -> None:
    tip = desk.office.desk.store_tip("Они были у матери.", {"urgency": "now"}, language="ru")
    desk.office.desk.send(tip, Message("Они пришли снова."))
    desk.fetch()
    name = tip.id.hex()
    desk.go("/reports?unanswered=yes")
    unanswered = int(desk.keys.text("h1").split()[0])
    desk.go(f"/tips/{name}")
    desk.keys.write("Reply to the source", "Вы в безопасности?", "#reply")
    desk.keys.follow("See it as the source will", "#reply")
    desk.keys.follow("Send it as it stands here")
    assert "Вы в безопасности?" in desk.seen_by_the_second().get(f"/tips/{name}").text
    desk.go("/reports?unanswered=yes")
    assert int(desk.keys.text("h1").split()[0]) == unanswered - 1


def test_a_term_that_the_team_watches_for_marks_the_reports_that_hold_it(desk: Desk) -> None:
    holding = sum("grey van" in each.narrative for each in desk.office.reports.values())
    desk.go("/team")
    desk.keys.write("Words, a “phrase”", '"grey van"', "#watch_term")
    desk.keys.follow("Watch for it", "#watch_term > form:last-of-type")
    desk.keys.follow('"grey van"', "#watch_term")
    assert int(desk.keys.text("h1").split()[0]) >= holding
    desk.keys.follow("", "td.start")
    assert "On the watch list" in desk.keys.text()


def test_the_language_of_a_report_is_guessed_and_said_to_be_guessed(desk: Desk) -> None:
    desk.go(f"/tips/{desk.report(lambda each: each.language == 'fr' and len(each.narrative) > 800)}")
    assert "The report looks like French: a guess of this machine's" in desk.keys.text()


def test_what_was_told_by_telephone_is_entered_and_its_words_are_shown(desk: Desk) -> None:
    desk.go("/")
    desk.keys.follow("Enter a report", "header")
    desk.keys.tick("By phone", "#how, main", by_tab=False)
    desk.keys.write("What happened?", "她在电话里说，昨天又来了两个人。")
    desk.keys.tick("It is happening now", by_tab=False)
    desk.keys.follow("Enter the report", "main")
    waited_for(lambda: "Entered by" in _found(desk, "昨天又来了两个人"))
    assert "How it came: By phone." in desk.keys.text()
    desk.keys.follow("Show its eight words")
    assert desk.keys.window.asked("return document.querySelectorAll('ol.words li').length;") == 8


def _found(desk: Desk, text: str) -> str:
    """The only report with this text, once it is here."""
    desk.fetch()
    desk.go(f"/search?q={text}")
    if "Found in 1 report" in desk.keys.text():
        desk.keys.follow("Report of", ".found")
    return desk.keys.text()


def test_files_are_seen_page_by_page_and_saving_one_outside_is_warned_of(desk: Desk) -> None:
    name = desk.report(lambda each: {"photo.jpg", "传唤通知.pdf"} <= {name for name, _ in each.files})
    seen = "const seen = document.querySelector('img.seen'); return seen?.complete && seen.naturalWidth > 0;"
    for file in ("photo.jpg", "传唤通知.pdf"):
        desk.go(f"/tips/{name}")
        desk.keys.follow(file, "#files")
        waited_for(lambda: desk.asked_again(seen))
    desk.keys.follow("Next page", "nav")
    assert "Summons 2" in desk.keys.text()
    desk.keys.follow("Save it outside")
    assert "nothing of this program protects a file any more" in desk.keys.text()
    desk.go(f"/tips/{name}")
    desk.keys.follow("photo.jpg", "#files")
    assert "tells" in desk.keys.text("#facts")


def test_markup_of_a_source_is_text_and_the_window_asks_nobody_else(desk: Desk) -> None:
    hostile = "<script>document.title = 'x'</script><img src=http://127.0.0.1:1/x> http://127.0.0.1:1/y \u202egpj"
    tip = desk.office.desk.store_tip(hostile, {"urgency": "now"})
    desk.fetch()
    for path in ("/", "/reports", f"/tips/{tip.id.hex()}", "/search?q=script"):
        desk.go(path)
        assert "<img src=http://127.0.0.1:1/x>" in desk.keys.text()
        assert "⟦RLO⟧gpj" in desk.keys.text()
        assert desk.keys.window.asked("return [...document.querySelectorAll('script, main img')].length;") == 0
    window = desk.keys.window
    if isinstance(window, InChromium):
        assert {address for address in window.asked_for if not address.startswith(f"{desk.root}/")} == set()


def test_the_address_opens_once_and_what_another_site_sends_is_refused(desk: Desk) -> None:
    assert httpx.get(f"{desk.root}/", trust_env=False).status_code == 403
    assert httpx.get(desk.printed, trust_env=False).status_code == 403
    desk.go("/")
    with desk.keys.window.another_tab():
        desk.keys.window.go(f"data:text/html,<form method=post action='{desk.root}/lock'><button>Go</button></form>")
        desk.keys.follow("Go")
        assert "Lock" not in desk.keys.text("header")
    desk.go("/")
    assert desk.keys.text("h1") == "Today"


def test_locked_it_shows_nothing_also_not_by_going_back(desk: Desk) -> None:
    name = desk.report(lambda each: each.language == "ru")
    desk.go(f"/tips/{name}")
    narrative = desk.keys.text(".narrative")[:30]
    desk.keys.follow("Lock", "header")
    assert "Passphrase of your key" in desk.keys.text()
    with desk.keys.turned():
        desk.keys.window.back()
    assert narrative not in desk.keys.text("body")
    unlock(desk.keys)
    assert narrative in desk.keys.text(".narrative")
