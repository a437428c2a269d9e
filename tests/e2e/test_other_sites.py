"""A visit in Chromium, with JavaScript off, while the same browser is on another site."""

from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page, expect

from chromium import click
from other_site import OtherSite, other_site
from whole_service import Service

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def elsewhere(service: Service) -> Iterator[OtherSite]:
    with other_site(service.source) as site:
        yield site


@pytest.fixture(scope="module")
def source(service: Service, pages: Callable[..., Page]) -> Page:
    """A source who has sent a report."""
    page = pages(390, 844)
    page.goto(f"{service.source}/en/")
    click(page, "form[action$='/words'] button")
    click(page, "main a[href$='/report']")
    page.fill("[name=narrative]", "They went to my mother.")
    click(page, "form[action$='/report'] button:not([name], [hidden])")
    expect(page.get_by_role("status")).to_contain_text("It has arrived. This is enough.")
    return page


def test_a_link_from_another_site_leads_into_the_visit_and_does_not_end_it(
    service: Service, source: Page, elsewhere: OtherSite
) -> None:
    for _ in range(2):
        source.goto(elsewhere.address)
        click(source, "#link")
        expect(source.locator("main")).to_contain_text("There is no reply yet.")


@pytest.mark.parametrize("form", ["plant", "leave"])
def test_a_form_from_another_site_is_refused_and_the_visit_goes_on(
    service: Service, source: Page, elsewhere: OtherSite, form: str
) -> None:
    source.goto(elsewhere.address)
    click(source, f"#{form} button")
    expect(source.locator("main")).to_contain_text("came from a page of another site")
    expect(source.locator("body")).not_to_contain_text("Planted")
    source.goto(f"{service.source}/en/tip")
    expect(source.locator("main")).to_contain_text("There is no reply yet.")


def test_without_a_referrer_only_the_fetch_metadata_tell_a_form_of_ones_own(source: Page, elsewhere: OtherSite) -> None:
    source.goto(elsewhere.address)
    click(source, "#own button")
    assert elsewhere.own_form["Sec-Fetch-Site"] == "same-origin"
    assert elsewhere.own_form["Origin"] == "null"
