"""Fixtures that more than one part of the tests needs: a real store, real members, real servers."""

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import hypothesis
import pytest
from hypothesis import HealthCheck
from playwright.sync_api import Browser, Page, sync_playwright

from enrolled import Members
from intake.keeper import Keeper, open_keeper
from new_server import new_server
from project import PROJECT

# Whatever runs the tests in the background may ignore Ctrl-C or a hang-up, and what tests start would inherit that.
signal.signal(signal.SIGINT, signal.default_int_handler)
signal.signal(signal.SIGHUP, signal.SIG_DFL)

# How long an example takes says more about the machine than about the code.
hypothesis.settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
hypothesis.settings.load_profile("any machine")

ARTIFACTS = PROJECT / "tests" / "artifacts"
CHROMIUM = "/usr/bin/chromium"
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def pytest_xdist_auto_num_workers() -> int:
    """Two for each core: half of what the tests take goes to disks, deadlines, and processes that begin or end."""
    return 2 * len(os.sched_getaffinity(0))


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Keeper]:
    """An initialised server with nobody enrolled."""
    opened = open_keeper(new_server(tmp_path / "server", {"desk_authority": "desk.test"}))
    yield opened
    opened.store.close()


@pytest.fixture
def members_of(server: Keeper) -> Members:
    """Enrols members on the server."""
    return Members(server)


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """Debian's Chromium."""
    assert Path(CHROMIUM).exists(), "these tests need Debian's package chromium: apt-get install chromium"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def photograph() -> Callable[[Page, str], None]:
    """Saves a picture of a page under tests/artifacts/."""

    def take(page: Page, name: str) -> None:
        ARTIFACTS.mkdir(exist_ok=True)
        page.screenshot(path=ARTIFACTS / f"{name}.png", full_page=True)

    return take
