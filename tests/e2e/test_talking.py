"""A source and a reviewer who write to each other, in Chromium and in Firefox ESR, with the keyboard alone.

One browser for both; each test takes a report of its own, which its source sends on the site.
"""

import secrets
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass

import pytest
from playwright.sync_api import Browser

from waiting import waited_for
from whole_service import PASSPHRASE, Service
from windows import InChromium, InFirefox, Keyboard, in_chromium, in_firefox

pytestmark = pytest.mark.slow

QUESTION = "May we give your report to Duval, a lawyer in Lyon, so that he can ask for the file of your case?"


@dataclass
class Talk:
    """Hands before a window, in which one is by turns a source and a reviewer."""

    service: Service
    keys: Keyboard
    desk: str
    words: str = ""
    """The codename of the source whose turn it is."""

    @property
    def source(self) -> str:
        """The source site under another name: who leaves it forgets the cookies of its host, on every port."""
        return self.service.source.replace("127.0.0.1", "localhost")

    def report(self, narrative: str) -> None:
        """As a source: send a report, and leave."""
        self.keys.window.go(f"{self.source}/en/")
        self.keys.follow("Report something")
        self.words = self.keys.text(".codename")
        self.keys.follow("I have kept them")
        self.keys.write("What happened?", narrative)
        self.keys.follow("Send")
        self.keys.follow("Leave", "body")

    def as_source(self) -> str:
        """As the source: come back; what is read on its page."""
        self.keys.window.go(f"{self.source}/en/return")
        self.keys.write("", self.words, "form[action$='/return']")
        self.keys.follow("Go on")
        return self.keys.text()

    def as_reviewer(self, narrative: str) -> str:
        """As the reviewer: fetch, and open the report that begins so; what is read there."""
        self.keys.window.go(f"{self.desk}/")
        self.keys.follow("Fetch new reports")
        waited_for(lambda: narrative in self._reports())
        self.keys.follow(narrative)
        return self.keys.text()

    def _reports(self) -> str:
        self.keys.window.go(f"{self.desk}/reports")
        return self.keys.text()

    def left(self) -> None:
        """Wait until what was written on this page has gone out."""
        waited_for(self._has_left)

    def _has_left(self) -> bool:
        # Where only the place on a page is asked for, nothing is loaded.
        self.keys.window.go(self.keys.window.address.partition("#")[0])
        said = self.keys.text()
        return bool(said) and not any(
            each in said for each in ("On its way", "not in the log yet", "Not sent yet", "on its way")
        )


@pytest.fixture(scope="module", params=["chromium", "firefox"])
def talk(
    request: pytest.FixtureRequest, service: Service, tmp_path_factory: pytest.TempPathFactory, chromium: Browser
) -> Iterator[Talk]:
    with ExitStack() as started:
        window: InChromium | InFirefox
        if request.param == "chromium":
            window = started.enter_context(in_chromium(chromium))
        else:
            window = started.enter_context(in_firefox(tmp_path_factory.mktemp("profile")))
        keys = Keyboard(window)
        # Each browser is the first that uses its reviewer's program.
        address = service.triage({"chromium": "amina", "firefox": "boris"}[request.param])
        window.go(address)
        keys.write("Passphrase", PASSPHRASE)
        keys.follow("Unlock", "main")
        keys.until("All reports", "header")
        yield Talk(service, keys, address.partition("/?token=")[0])


def test_a_reply_begins_with_a_template_is_seen_as_its_source_will_warned_of_and_taken_back(talk: Talk) -> None:
    keys = talk.keys
    narrative = f"They asked my father where I live. {secrets.token_hex(6)}"
    talk.report(narrative)
    keys.window.go(f"{talk.desk}/team")
    keys.write("Name", "A lawyer", "#template")
    keys.choose("Language", "English", "#template")
    keys.write("Text", "Go to {lawyer} on {day}.", "#template")
    keys.follow("Add a template", "#template > form:last-of-type")
    talk.as_reviewer(narrative)
    keys.choose("Begin with a template", "A lawyer (English)", "#reply")
    keys.follow("See it as the source will", "#reply")
    keys.write("lawyer", "Duval")
    keys.write("day", "Monday")
    keys.follow("Fill them, and look again")
    assert "Go to Duval on Monday." in keys.text(".as-source")
    keys.write("Reply to the source", " More on http://example.com/ then.")
    keys.follow("Look again")
    boxes = waited_for(lambda: keys.window.asked("return document.querySelectorAll('.cautions input').length;"))
    assert "http://example.com/" in keys.text(".cautions")
    for place in range(boxes):
        keys.tick("", f".cautions li:nth-child({place + 1})")
    seen = keys.text(".as-source").split()
    keys.follow("Send it as it stands here")
    talk.left()
    report = keys.window.address

    read = talk.as_source().split()
    assert " ".join(seen) in " ".join(read)

    keys.window.go(report)
    keys.follow("Take it back", "#reply")
    keys.follow("Take it back", "main")
    talk.left()
    page = talk.as_source()
    assert "The team took back a reply" in page
    assert "Duval" not in page


def test_a_yes_to_exact_words_allows_a_referral_until_a_no(talk: Talk) -> None:
    keys = talk.keys
    narrative = f"My aunt lost her work. {secrets.token_hex(6)}"
    talk.report(narrative)
    talk.as_reviewer(narrative)
    keys.press("Ask for one particular use", "#consent_request")
    keys.write("The question", QUESTION, "#consent_request")
    keys.write("First, if you like", "Which animal was on the stove?", "#consent_request")
    keys.follow("See it as the source will", "#consent_request")
    for place in range(keys.window.asked("return document.querySelectorAll('.cautions input').length;")):
        keys.tick("", f".cautions li:nth-child({place + 1})")
    keys.follow("Send it as it stands here")
    talk.left()
    report = keys.window.address

    assert QUESTION in talk.as_source()
    keys.write("Your answer, so that we know", "The grey cat", "article.reply")
    keys.tick("Yes", "article.reply", by_tab=False)
    keys.write("Only on a condition?", "Not my aunt's name.", "article.reply")
    keys.follow("Send my answer")
    assert "Your answer has arrived." in keys.text()

    talk.as_reviewer(narrative)
    said = keys.text("#consent_request")
    assert "The grey cat" in said
    assert "Not my aunt's name." in said
    keys.press("Compare it", "#consent_request")
    keys.choose("Compared with what is known", "It fits", "#consent_request")
    keys.follow("Save", "#consent_request")
    keys.press("Register a referral", "#referral")
    keys.choose("To whom", "A lawyer", "#referral")
    keys.write("Name", "Duval", "#referral")
    keys.choose("Which consent allows it", _offered(keys, QUESTION), "#referral")
    keys.write("What is handed over", "The report.", "#referral")
    keys.follow("Register it", "#referral")
    assert f"Rests on: {QUESTION}" in keys.text("#referral")
    talk.left()

    talk.as_source()
    keys.tick("No", "article.reply", by_tab=False)
    keys.follow("Send my answer")
    talk.as_reviewer(narrative)
    assert "The source has not agreed to this, or not any more: hand over nothing." in keys.text("#referral")
    assert keys.window.address.partition("#")[0] == report.partition("#")[0]


def _offered(keys: Keyboard, words: str) -> str:
    """The choice that a particular use is offered as."""
    return str(
        keys.window.asked(
            f"""return [...document.querySelectorAll('#referral select[name=consent] option')]
                .map(option => option.textContent.trim()).find(text => text.includes({words[:40]!r}));"""
        )
    )
