"""The demo as it is run: ended by any signal, it leaves nothing running, and the next run goes on from there."""

import os
import re
import shlex
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from sqlalchemy import func, select

from commands import INTAKE, run
from intake.demo.people import PASSPHRASE
from intake.demo.reports import demo_reports
from intake.keeper import open_keeper
from intake.listening import ListenError, require_free_ports
from intake.settings import load
from intake.storage.tables import Tip
from ports import free_port

pytestmark = pytest.mark.slow

READY = "Ctrl-C ends everything"


@dataclass
class Demo:
    """A demo in a directory of its own, on three ports that were free."""

    directory: Path
    port: int
    lines: list[str] = field(default_factory=list)

    @contextmanager
    def run(self) -> Iterator["subprocess.Popen[str]"]:
        """Start it; it must have ended when the block is left."""
        self.lines.clear()
        command = [*INTAKE, "demo", "--dir", str(self.directory), "--port", str(self.port)]
        # A real server's settings must not get into the demo.
        environment = {**os.environ, "INTAKE_TEAM": "a real team", "INTAKE_DESK_AUTHORITY": "real.onion"}
        # Where the tests themselves run without a terminal, SIGHUP may be ignored, and what they start inherits that.
        kept = signal.signal(signal.SIGHUP, lambda *_: None)
        try:
            started = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)
        finally:
            signal.signal(signal.SIGHUP, kept)
        with started as process:
            try:
                yield process
            finally:
                if process.poll() is None:
                    process.terminate()
                    process.wait(60)

    def read_until(self, process: "subprocess.Popen[str]", wanted: str) -> None:
        """Read what it prints up to a line that has `wanted` in it."""
        assert process.stdout is not None
        for line in process.stdout:
            self.lines.append(line)
            if wanted in line:
                return
        pytest.fail(f"it ended without saying {wanted!r}: {self.lines}")

    def end(self, process: "subprocess.Popen[str]", number: signal.Signals) -> None:
        """Send a signal; it must end of itself and leave the ports free."""
        process.send_signal(number)
        assert process.wait(60) == 0
        require_free_ports("--port", self.ports)

    @property
    def ports(self) -> range:
        return range(self.port, self.port + 3)

    def sent(self) -> list[str]:
        return [line for line in self.lines if line.startswith("Sending report")]

    def tips(self) -> int:
        server = open_keeper(load({"INTAKE_DATA": str(self.directory / "server")}))
        with server.store.reading() as session:
            count = session.scalar(select(func.count()).select_from(Tip)) or 0
        server.store.close()
        return count


def three_free_ports() -> int:
    """The first of three ports in a row that nothing listens on."""
    while True:
        port = free_port()
        try:
            require_free_ports("--port", range(port, port + 3))
        except ListenError:
            continue
        return port


@pytest.fixture
def demo(tmp_path: Path) -> Demo:
    """A demo that has not run yet."""
    return Demo(tmp_path / "a demo", three_free_ports())


def test_a_demo_that_is_interrupted_goes_on_at_the_next_run_and_leaves_nothing_running(
    demo: Demo, tmp_path: Path
) -> None:
    with demo.run() as process:
        demo.read_until(process, "Sending report 2 of 10")
        demo.end(process, signal.SIGINT)
    present = demo.tips()
    assert 1 <= present < 10

    with demo.run() as process:
        demo.read_until(process, READY)
        assert len(demo.sent()) == 10 - present
        assert demo.tips() == 10
        audited = run_printed("audit verify", demo, tmp_path)
        assert audited.returncode == 0, audited.stderr
        assert "Verified: " in audited.stdout
        demo.end(process, signal.SIGTERM)

    with demo.run() as process:
        demo.read_until(process, READY)
        assert demo.lines[0] == "The 10 reports are there from an earlier run.\n"
        demo.end(process, signal.SIGHUP)
    assert demo.tips() == 10
    assert (demo.directory / "sent.txt").read_text("utf-8").split() == [report.name for report in demo_reports()]


def run_printed(command: str, demo: Demo, tmp_path: Path) -> "subprocess.CompletedProcess[str]":
    """Run a command that the demo printed, with the passphrase that it printed."""
    assert any(f'"{PASSPHRASE}"' in line for line in demo.lines)
    (tmp_path / "passphrase").write_text(PASSPHRASE)
    printed = next(line for line in demo.lines if re.search(rf"/intake'? {command} ", line))
    return run([*shlex.split(printed), "--passphrase-file", tmp_path / "passphrase"])
