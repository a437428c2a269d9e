"""A source without JavaScript, in the narrowest window, answers one question a page; reviewers read it all at once."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from chromium import click
from intake.source.forms.pages import FormPage, by_question
from whole_service import PASSPHRASE, Service

pytestmark = pytest.mark.slow

ANSWERED = {
    "consent_un": "[value=ask_me_first]",
    "contact_by": "[value=safe_channel]",
    "deadline_kind": "[value=hearing]",
    "family_methods": "[value=made_to_call]",
    "demand": "[value=silence]",
}
WRITTEN = {"contact_by": ("contact_channel", "A bakery"), "deadline_kind": ("deadline_date", "In spring")}
PEOPLE = ("His uncle was summoned.", "Her aunt was watched.")
PICTURED = ("consent_un", "family_methods", "people")


def test_from_the_first_question_to_the_last_what_was_answered_arrives(
    service: Service, pages: Callable[..., Page], photograph: Callable[[Page, str], None]
) -> None:
    source = pages(320, 640)
    begin(source, f"{service.source}/fa/")
    photograph(source, "one-by-one-offered")
    click(source, "main .ways a")
    for page in by_question():
        assert source.url.endswith(f"/fa/tip/more/{page.group.key}/{page.question}")
        if page.question in PICTURED:
            photograph(source, f"one-by-one-{page.question}")
        go_on(source, page)
    expect(source.locator(".groups em")).to_have_count(6)

    text = read(pages(1280, 900), service.triage("amina"))
    for shown in ("A bakery", "In spring", "Made to call or to write", "Silence", "Ask me here first"):
        assert shown in text
    assert [text.count(person) for person in PEOPLE] == [1, 1], "each of them once"


def begin(source: Page, address: str) -> None:
    """Send a report, which leads to the page where the rest is offered."""
    source.goto(address)
    click(source, "form[action$='/words'] button")
    click(source, "a[href$='/report']")
    source.fill("[name=narrative]", "They went to my mother.")
    click(source, "form[action$='/report'] button:not([name], [hidden])")


def go_on(source: Page, page: FormPage) -> None:
    """Answer a question and save it, or skip it."""
    save = source.locator(".ways button")
    if page.question == "people":
        for person in PEOPLE:
            source.fill("[name=people-0-happened]", person)
            click(source, "button[name=another]" if person != PEOPLE[-1] else save)
    elif page.question in ANSWERED:
        source.check(f"[name={page.question}]{ANSWERED[page.question]}")
        if page.question in WRITTEN:
            field, text = WRITTEN[page.question]
            source.fill(f"[name={field}]", text)
        click(source, save)
    else:
        click(source, "main form a")


def read(reviewer: Page, address: str) -> str:
    """What a reviewer reads on the page of the only report."""
    reviewer.goto(address)
    reviewer.fill("#passphrase", PASSPHRASE)
    click(reviewer, "button.main")
    click(reviewer, "td.start a")
    return reviewer.inner_text("main")
