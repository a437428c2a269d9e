"""Start everything, send the reports if they are not there yet, and stay until Ctrl-C."""

import signal
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from threading import Event

from rich.console import Console
from rich.progress import track
from sqlalchemy import func, select

from intake.demo.browser import Browser
from intake.demo.people import PASSPHRASE, Person, enrol, people
from intake.demo.processes import require_free, running, wait_for_port
from intake.demo.reports import demo_reports, send
from intake.server import Server, initialise, open_server, read_log_key
from intake.settings import Settings
from intake.storage.tables import Tip


def run_demo(directory: Path, port: int, console: Console) -> None:
    """Run the demo in `directory` on three ports from `port` on, until SIGINT or SIGTERM."""
    require_free(range(port, port + 3))
    settings = _prepare(directory)
    reviewer, other, auditor = people(directory)
    log = str(read_log_key(settings.log_key).verifier)
    with ExitStack() as started, _stopping() as stop:
        environment = {
            "INTAKE_DATA": str(settings.data.resolve()),
            "INTAKE_SOURCE_BIND": f"127.0.0.1:{port}",
            "INTAKE_DESK_BIND": f"127.0.0.1:{port + 1}",
        }
        for offset, application in enumerate(("source", "desk")):
            process = started.enter_context(running(["-m", "gunicorn", f"wsgi:{application}"], environment))
            wait_for_port(process, port + offset)
        _send_reports(settings, port, console)
        command = ["-m", "intake", "triage", *_connection(reviewer, port, log), "--port", str(port + 2)]
        triage = started.enter_context(running(command, {}))
        wait_for_port(triage, port + 2)
        address = triage.stdout.readline().strip() if triage.stdout else ""
        _explain(console, port, address, _commands(other, auditor, port, log))
        stop.wait()
        console.print("Ending what was started …")


def _prepare(directory: Path) -> Settings:
    settings = initialise(
        directory / "server",
        {
            "team": "the demo team",
            # Ten reports come from one address in a few seconds.
            "limit_codenames": "200 per minute",
            "limit_sends": "600 per minute",
            "limit_pages": "2000 per minute",
        },
    )
    server = open_server(settings)
    for person in people(directory):
        enrol(person, server)
    server.store.close()
    return settings


def _send_reports(settings: Settings, port: int, console: Console) -> None:
    server = open_server(settings)
    present = _tips(server)
    server.store.close()
    if present:
        console.print(f"{present} reports are there from an earlier run.")
        return
    for report in track(list(demo_reports()), "Sending ten reports through the pages", console=console):
        browser = Browser(f"http://127.0.0.1:{port}")
        send(report, browser)
        browser.close()


def _tips(server: Server) -> int:
    with server.store.reading() as session:
        return session.scalar(select(func.count()).select_from(Tip)) or 0


def _connection(person: Person, port: int, log: str) -> list[str]:
    places = ["--key", str(person.key.resolve()), "--home", str(person.home.resolve())]
    return [*places, "--desk", f"http://127.0.0.1:{port + 1}", "--log", log]


def _commands(other: Person, auditor: Person, port: int, log: str) -> tuple[str, str]:
    boris = ["triage", *_connection(other, port, log), "--port", str(port + 3)]
    carla = ["audit", "verify", *_connection(auditor, port, log)]
    return f".venv/bin/intake {' '.join(boris)}", f".venv/bin/intake {' '.join(carla)}"


def _explain(console: Console, port: int, address: str, commands: tuple[str, str]) -> None:
    for line in (
        "",
        f"The source site    http://127.0.0.1:{port}/",
        f"The desk API       http://127.0.0.1:{port + 1}/   (answers signed requests only)",
        f"A reviewer's desk  {address}",
        "",
        f'Everybody\'s passphrase here is "{PASSPHRASE}".',
        "",
        "What to try:",
        "  1. Open the source site, get a codename, write a report, add a file. Keep the codename.",
        "  2. Open the reviewer's desk, unlock it, open your report, write a reply. The address works once.",
        "  3. Go back to the source site with the codename and read the reply.",
        "  4. See the same as the other reviewer, boris:",
        f"     {commands[0]}",
        "  5. Check who opened what, as the auditor:",
        f"     {commands[1]}",
        "",
        "Ctrl-C ends everything. 'make demo' goes on from here, 'make demo-clean' removes it.",
    ):
        console.print(line, soft_wrap=True, highlight=False, markup=False)


@contextmanager
def _stopping() -> Iterator[Event]:
    stop = Event()
    kept = {number: signal.signal(number, lambda *_: stop.set()) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, handler in kept.items():
            signal.signal(number, handler)
