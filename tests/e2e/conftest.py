"""The whole service as it runs: gunicorn for both servers, the reviewers' programs, and a browser."""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from commands import GUNICORN
from intake.accesslog import members
from intake.keeper import initialise, open_keeper, read_log_key
from intake.protocol.card import Role
from intake.triage.keys.keyfile import make_keys, save_keys
from ports import free_port
from project import PROJECT
from whole_service import Service

ARTIFACTS = PROJECT / "tests" / "artifacts"
PASSPHRASE = "the reviewers' passphrase"
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


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """Source site and desk under gunicorn, two reviewers and an auditor, a temporary directory of their own."""
    directory = tmp_path_factory.mktemp("service")
    temporary = directory / "tmp"
    temporary.mkdir()
    ports = {"source": free_port(), "desk": free_port()}
    binds = {f"{name}_bind": f"127.0.0.1:{port}" for name, port in ports.items()}
    # Without gates: the tests go from a source to a reviewer and back within seconds.
    settings = initialise(directory / "server", {"team": "The Family Desk", "gate_minutes": 0, **binds})
    server = open_keeper(settings)
    for name, role in (("amina", Role.REVIEWER), ("boris", Role.REVIEWER), ("carla", Role.AUDITOR)):
        keys = make_keys(role, name)
        members.enrol(server.store, server.log, keys.card)
        save_keys(directory / f"{name}.key", keys, PASSPHRASE)
    server.store.close()
    with ExitStack() as started:
        running = Service(
            directory=directory,
            source=f"http://127.0.0.1:{ports['source']}",
            desk=f"http://127.0.0.1:{ports['desk']}",
            log=str(read_log_key(settings.log_key).verifier),
            environment={**os.environ, "INTAKE_DATA": str(settings.data), "TMPDIR": str(temporary)},
            started=started,
        )
        for name, port in ports.items():
            running.start(name, [*GUNICORN, f"wsgi:{name}"], port)
        yield running


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """Debian's Chromium."""
    assert Path(CHROMIUM).exists(), "these tests need Debian's package chromium: apt-get install chromium"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def pages(chromium: Browser) -> Iterator[Callable[..., Page]]:
    """Opens windows without JavaScript, each with cookies of its own."""
    contexts: list[BrowserContext] = []

    def open_page(width: int, height: int) -> Page:
        contexts.append(
            chromium.new_context(
                java_script_enabled=False, viewport={"width": width, "height": height}, accept_downloads=True
            )
        )
        page = contexts[-1].new_page()
        page.set_default_timeout(30_000)
        return page

    yield open_page
    for context in contexts:
        context.close()


@pytest.fixture(scope="module")
def photograph() -> Callable[[Page, str], None]:
    """Saves a picture of a page under tests/artifacts/."""

    def take(page: Page, name: str) -> None:
        ARTIFACTS.mkdir(exist_ok=True)
        page.screenshot(path=ARTIFACTS / f"{name}.png", full_page=True)

    return take
