"""The eight words where two stand beside each other: whoever reads on as the page is read comes to the second one."""

from importlib.resources import files

import pytest
from playwright.sync_api import Browser, Locator

from source_site import OpenSite

STYLE = files("intake.source").joinpath("static", "style.css").read_text("utf-8")


def place(item: Locator) -> tuple[float, float]:
    box = item.bounding_box()
    assert box is not None
    return box["x"], box["y"]


@pytest.mark.parametrize(("tag", "to_the_right"), [("en", True), ("ru", True), ("fa", False), ("ug", False)])
def test_the_second_stands_where_the_page_is_read_on(
    open_site: OpenSite, chromium: Browser, tag: str, *, to_the_right: bool
) -> None:
    visit = open_site(draft_languages="ug").visit()
    visit.open(f"/{tag}/")
    visit.send("/words")
    page = chromium.new_page(viewport={"width": 640, "height": 800})
    page.set_content(visit.text)
    page.add_style_tag(content=STYLE)
    first, second = (place(page.locator(".codename li").nth(which)) for which in (0, 1))
    page.close()
    assert first[1] == second[1], "these are no longer beside each other in a window this wide"
    assert (second[0] > first[0]) is to_the_right
