"""The whole service as it runs: gunicorn for both servers, the reviewers' programs, and a browser."""

import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from intake.accesslog import members
from intake.demo.processes import wait_for_port
from intake.keeper import initialise, open_keeper, read_log_key
from intake.protocol.card import Role
from intake.triage.keyfile import make_keys, save_keys
from ports import free_port

PROJECT = Path(__file__).parents[2]
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


@dataclass
class Service:
    """A running service. Everything that any of its processes ever prints goes to files in `logs`."""

    directory: Path
    source: str
    desk: str
    log: str
    environment: dict[str, str]
    started: ExitStack
    processes: list["subprocess.Popen[bytes]"] = field(default_factory=list)

    @property
    def data(self) -> Path:
        return self.directory / "server"

    @property
    def logs(self) -> Path:
        return self.directory / "logs"

    def key(self, name: str) -> Path:
        return self.directory / f"{name}.key"

    def start(self, name: str, command: list[str]) -> Path:
        """Start a process of ours; returns the file that holds what it prints."""
        self.logs.mkdir(exist_ok=True)
        output = self.logs / name
        with output.open("wb") as target:
            process = subprocess.Popen(
                [sys.executable, *command], cwd=PROJECT, env=self.environment, stdout=target, stderr=target
            )
        self.started.callback(process.wait, 60)
        self.started.callback(process.terminate)
        self.processes.append(process)
        return output

    def wait(self, address: str) -> None:
        """Return once the process that was started last answers at its address."""
        wait_for_port(self.processes[-1], int(address.rpartition(":")[2]))

    def printed(self) -> str:
        return "\n".join(path.read_text("utf-8", "replace") for path in self.logs.iterdir())

    def run(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        """Run `intake …` to its end."""
        return subprocess.run(
            [sys.executable, "-m", "intake", *arguments],
            cwd=PROJECT,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    def triage(self, name: str) -> str:
        """Start a reviewer's program; the address to open."""
        port = free_port()
        home = self.directory / f"{name}-home"
        places = ["--key", str(self.key(name)), "--home", str(home), "--desk", self.desk, "--log", self.log]
        output = self.start(f"triage-{name}", ["-m", "intake", "triage", *places, "--port", str(port)])
        self.wait(f"http://127.0.0.1:{port}")
        # It listens, prints, and then answers: elsewhere than at the address that it prints, with a refusal.
        assert httpx.get(f"http://127.0.0.1:{port}/", timeout=60).status_code == 403
        found = re.search(r"http://\S+", output.read_text("utf-8"))
        assert found, "the program must print the address to open"
        return found[0]


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """Source site and desk under gunicorn, two reviewers and an auditor, a temporary directory of their own."""
    directory = tmp_path_factory.mktemp("service")
    temporary = directory / "tmp"
    temporary.mkdir()
    source, desk = f"127.0.0.1:{free_port()}", f"127.0.0.1:{free_port()}"
    # Without gates: the tests go from a source to a reviewer and back within seconds.
    settings = initialise(
        directory / "server",
        {"team": "The Family Desk", "source_bind": source, "desk_bind": desk, "gate_minutes": 0},
    )
    server = open_keeper(settings)
    for name, role in (("amina", Role.REVIEWER), ("boris", Role.REVIEWER), ("carla", Role.AUDITOR)):
        keys = make_keys(role, name)
        members.enrol(server.store, server.log, keys.card)
        save_keys(directory / f"{name}.key", keys, PASSPHRASE)
    server.store.close()
    with ExitStack() as started:
        running = Service(
            directory=directory,
            source=f"http://{source}",
            desk=f"http://{desk}",
            log=str(read_log_key(settings.log_key).verifier),
            environment={**os.environ, "INTAKE_DATA": str(settings.data), "TMPDIR": str(temporary)},
            started=started,
        )
        for name, address in (("source", running.source), ("desk", running.desk)):
            running.start(name, ["-m", "gunicorn", f"wsgi:{name}"])
            running.wait(address)
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
