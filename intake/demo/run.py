"""Start everything, send the reports that are not there yet, and stay until a signal ends it."""

import shlex
import sys
from collections.abc import Mapping
from contextlib import ExitStack, suppress
from pathlib import Path
from subprocess import Popen
from threading import Event

from rich.console import Console

from intake.demo.about import write_about
from intake.demo.browser import Browser
from intake.demo.people import PASSPHRASE, Person, enrol, people
from intake.demo.processes import running, wait_for_port
from intake.demo.reports import demo_reports, send
from intake.demo.signals import Signals
from intake.keeper import initialise, open_keeper
from intake.listening import require_free_ports
from intake.settings import Settings

_SENT = "sent.txt"


def run_demo(directory: Path, port: int, console: Console) -> None:
    """Run the demo in `directory` on three ports from `port` on, until SIGINT, SIGTERM or SIGHUP."""
    require_free_ports("--port", range(port, port + 3))
    signals = Signals()
    with signals.caught(), ExitStack() as started:
        try:
            _Demo(directory, port, console, signals, started).run()
        except KeyboardInterrupt:
            # After SIGHUP the terminal may be gone.
            with suppress(OSError):
                console.print("Ending what was started …")
        finally:
            signals.ignore()


class _Demo:
    """One run. What it starts is ended with `started`; what must not be left half done is held against `signals`."""

    def __init__(self, directory: Path, port: int, console: Console, signals: Signals, started: ExitStack) -> None:
        self._directory = directory
        self._port = port
        self._console = console
        self._signals = signals
        self._started = started

    def run(self) -> None:
        """Go through all of it; only a signal or an error ends this."""
        settings = self._prepare()
        policy = str(settings.policy.resolve())
        reviewer, other, auditor = people(self._directory)
        environment = {
            "INTAKE_DATA": str(settings.data.resolve()),
            "INTAKE_SOURCE_BIND": f"127.0.0.1:{self._port}",
            "INTAKE_DESK_BIND": f"127.0.0.1:{self._port + 1}",
        }
        self._start(["-m", "gunicorn", "wsgi:source"], self._port, environment)
        self._start(["-m", "gunicorn", "wsgi:desk"], self._port + 1, environment)
        self._send_reports()
        command = ["-m", "intake", "triage", *self._connection(reviewer, policy), "--port", str(self._port + 2)]
        triage = self._start(command, self._port + 2, {})
        address = triage.stdout.readline().strip() if triage.stdout else ""
        boris = ["triage", *self._connection(other, policy), "--port", str(self._port + 3)]
        carla = ["audit", "verify", *self._connection(auditor, policy)]
        pages = ["audit", "pages", *self._places(auditor)]
        self._explain(address, _command(boris), _command(carla), _command(pages))
        Event().wait()

    def _prepare(self) -> Settings:
        with self._signals.held():
            settings = initialise(
                self._directory / "server",
                {
                    "team": "the demo team",
                    # Whoever tries it wants to see at once what arrives.
                    "gate_minutes": 0,
                    # Ten reports come from one address in a few seconds.
                    "limit_codenames": "200 per minute",
                    "limit_sends": "600 per minute",
                    "limit_pages": "2000 per minute",
                },
            )
            write_about(settings.data)
        server = open_keeper(settings)
        for person in people(self._directory):
            with self._signals.held():
                enrol(person, server)
        server.store.close()
        return settings

    def _start(self, command: list[str], port: int, environment: Mapping[str, str]) -> "Popen[str]":
        with self._signals.held():
            process = self._started.enter_context(running(command, environment))
        wait_for_port(process, port)
        return process

    def _send_reports(self) -> None:
        """Send those that no earlier run has sent; a run that was interrupted is gone on with."""
        reports = list(demo_reports())
        record = self._directory / _SENT
        sent = record.read_text("utf-8").split() if record.exists() else []
        missing = [report for report in reports if report.name not in sent]
        if not missing:
            self._console.print(f"The {len(reports)} reports are there from an earlier run.")
        for number, report in enumerate(missing, len(reports) - len(missing) + 1):
            self._console.print(f"Sending report {number} of {len(reports)} through the pages …", highlight=False)
            browser = Browser(f"http://127.0.0.1:{self._port}")
            # A report takes a second: none is sent by halves, or twice.
            with self._signals.held():
                send(report, browser)
                with record.open("a", encoding="utf-8") as file:
                    file.write(f"{report.name}\n")
            browser.close()

    def _connection(self, person: Person, policy: str) -> list[str]:
        return [*self._places(person), "--desk", f"http://127.0.0.1:{self._port + 1}", "--policy", policy]

    def _places(self, person: Person) -> list[str]:
        return ["--key", str(person.key.resolve()), "--home", str(person.home.resolve())]

    def _explain(self, address: str, boris: str, carla: str, pages: str) -> None:
        for line in (
            "",
            # Another name than the programs': a browser that leaves forgets the cookies of the host, on every port.
            f"The source site    http://localhost:{self._port}/",
            f"The desk API       http://127.0.0.1:{self._port + 1}/   (answers signed requests only)",
            f"A reviewer's desk  {address}",
            "",
            f'Everybody\'s passphrase here is "{PASSPHRASE}".',
            "",
            "What to try:",
            "  1. Open the source site, get eight words, write a report, add a file. Keep the words.",
            "  2. Open the reviewer's desk, unlock it, open your report, write a reply. The address works once.",
            "  3. Go back to the source site with your eight words and read the reply.",
            "  4. See the same as the other reviewer, boris:",
            f"     {boris}",
            "  5. Check who opened what, as the auditor:",
            f"     {carla}",
            "     and the same, with findings and a report for a board, on pages:",
            f"     {pages}",
            "",
            "Ctrl-C ends everything. 'make demo' goes on from here, 'make demo-clean' removes it.",
        ):
            self._console.print(line, soft_wrap=True, highlight=False, markup=False)


def _command(arguments: list[str]) -> str:
    """A command that runs the program that runs now, from the directory where it was started."""
    program = Path(sys.executable).with_name("intake")
    if program.is_relative_to(Path.cwd()):
        program = program.relative_to(Path.cwd())
    return shlex.join([str(program), *arguments])
