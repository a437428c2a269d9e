"""The whole service as it runs: gunicorn for both servers, and the reviewers' programs."""

import re
import subprocess
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import httpx

from commands import INTAKE, run
from ports import free_port
from servers import Server, serving

PASSPHRASE = "the reviewers' passphrase"


@dataclass
class Service:
    """A running service. Everything that any of its processes ever prints goes to files in `logs`."""

    directory: Path
    source: str
    desk: str
    policy: Path
    environment: dict[str, str]
    started: ExitStack

    @property
    def data(self) -> Path:
        return self.directory / "server"

    @property
    def logs(self) -> Path:
        return self.directory / "logs"

    def key(self, name: str) -> Path:
        return self.directory / f"{name}.key"

    def start(self, name: str, command: Sequence[str], port: int) -> Server:
        """Start a server of ours, and return once it listens; what it prints goes to a file of this name."""
        self.logs.mkdir(exist_ok=True)
        return self.started.enter_context(serving(command, port, self.logs / name, self.environment))

    def printed(self) -> str:
        return "\n".join(path.read_text("utf-8", "replace") for path in self.logs.iterdir())

    def run(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        """Run `intake …` to its end."""
        return run([*INTAKE, *arguments], environment=self.environment)

    def triage(self, name: str) -> str:
        """Start a reviewer's program; the address to open."""
        port = free_port()
        home = self.directory / f"{name}-home"
        places = ["--key", str(self.key(name)), "--home", str(home), "--desk", self.desk, "--policy", str(self.policy)]
        program = self.start(f"triage-{name}", [*INTAKE, "triage", *places, "--port", str(port)], port)
        # It listens, prints, and then answers: elsewhere than at the address that it prints, with a refusal.
        assert httpx.get(f"{program.address}/", timeout=60).status_code == 403
        found = re.search(r"http://\S+", program.said())
        assert found, "the program must print the address to open"
        return found[0]
