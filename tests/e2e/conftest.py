"""The whole service as it runs: gunicorn for both servers, the reviewers' programs, and a browser."""

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
from playwright.sync_api import Browser, BrowserContext, Page

from commands import GUNICORN
from intake.accesslog import members
from intake.keeper import initialise, open_keeper
from intake.protocol.card import Role
from intake.triage.keys.keyfile import make_keys, save_keys
from ports import free_port
from whole_service import PASSPHRASE, Service


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
            policy=settings.policy,
            environment={**os.environ, "INTAKE_DATA": str(settings.data), "TMPDIR": str(temporary)},
            started=started,
        )
        for name, port in ports.items():
            running.start(name, [*GUNICORN, f"wsgi:{name}"], port)
        yield running


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
