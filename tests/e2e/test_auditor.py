"""An auditor's day with the real command and a real browser: every page can be read, and nothing else is asked for."""

import os
import re
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from axe import axe_window
from chromium import choose, click
from commands import INTAKE
from look import faults_in
from ports import free_port
from project import PROJECT
from team_at_work import Team, at_work

pytestmark = pytest.mark.slow

WIDTHS = (320, 1024)
PICTURES = {
    "/": "audit-state",
    "/accesses?by=reviewer": "audit-accesses",
    "/findings": "audit-findings",
    "/board": "audit-board",
}
"""Pages that docs/audit.md shows."""


@pytest.fixture(scope="module")
def team(tmp_path_factory: pytest.TempPathFactory) -> Team:
    return at_work(tmp_path_factory.mktemp("team"))


@pytest.fixture
def address(team: Team) -> Iterator[str]:
    """What the command prints, as it runs."""
    options = ["--from", str(team.folder), "--policy", str(team.policy), "--port", str(free_port())]
    command = [*map(str, INTAKE), "audit", "pages", *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield process.stdout.readline().strip()
        process.terminate()


@pytest.fixture
def window(chromium: Browser) -> Iterator[Page]:
    with axe_window(chromium) as page:
        yield page


def test_every_page_is_readable_on_any_screen_and_asks_nobody_else(
    address: str, window: Page, photograph: Callable[[Page, str], None]
) -> None:
    asked: list[str] = []
    window.on("request", lambda request: asked.append(request.url))
    window.goto(address)
    base = window.url.rstrip("/")
    faults: dict[str, list[str]] = {}
    for path in (*PICTURES, "/accesses?by=&reviewer=amina&action=add", "/members"):
        for width in WIDTHS:
            window.set_viewport_size({"width": width, "height": 900})
            window.goto(base + path)
            name = re.sub(r"\W+", "-", path).strip("-") or "state"
            photograph(window, f"audit-{name}-{width}")
            if found := faults_in(window):
                faults[f"{path} at {width}"] = found
        if path in PICTURES and os.environ.get("INTAKE_PICTURES"):
            window.set_viewport_size({"width": 1100, "height": 760})
            window.goto(base + path)
            window.screenshot(path=PROJECT / "docs" / "pictures" / f"{PICTURES[path]}.png")
    assert faults == {}
    assert {each[: len(base)] for each in asked} == {base}


def test_what_a_finding_rests_on_is_a_click_away(address: str, window: Page, team: Team) -> None:
    window.goto(address)
    click(window, window.get_by_role("link", name="Much read in a short time"))
    assert window.locator("section[id^=f]").count() == 1
    click(window, window.locator("section[id^=f] a").first)
    assert "boris" in window.locator("table").inner_text()
    with window.expect_download() as download:
        choose(window, window.get_by_role("link", name="All of it as a table"))
    assert Path(download.value.path()).read_bytes().startswith(b'\xef\xbb\xbf"entry"')
    assert team.mirror().size > 0
