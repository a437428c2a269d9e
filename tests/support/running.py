"""A reviewer's program as it is started: supervisor, child, and a browser's part over its real socket."""

import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import httpx

from commands import INTAKE
from forms import tokens
from ports import free_port
from processes import children
from project import PROJECT
from waiting import waited_for


class Running:
    """`intake triage`, started."""

    def __init__(self, process: "subprocess.Popen[str]", command: Sequence[str], address: str) -> None:
        self.process = process
        self.command = command
        self.address = address
        self.root = address.partition("/?token=")[0]
        self.browser = httpx.Client(trust_env=False, timeout=60)

    def enter(self) -> None:
        """Use the address that was printed."""
        assert self.browser.get(self.address).status_code == 302

    def get(self, path: str) -> httpx.Response:
        return self.browser.get(self.root + path)

    def hidden(self, page: str) -> dict[str, str]:
        """The tokens of a page's forms."""
        return tokens(self.get(page).text)

    def post(self, path: str, page: str, **values: str) -> httpx.Response:
        return self.browser.post(self.root + path, data={**self.hidden(page), **values})

    def unlock(self, passphrase: str) -> httpx.Response:
        """Unlock, and wait until what was kept is open."""
        answer = self.post("/unlock", "/unlock", passphrase=passphrase)
        self.let_open()
        return answer

    def let_open(self) -> None:
        """Wait for as long as the program says how far it is with that."""
        waited_for(lambda: "Refresh" not in self.get("/unlock").headers)

    @property
    def child(self) -> int:
        """The process that answers now."""
        return children(self.process.pid)[0]


@contextmanager
def started(arguments: list[str], prefix: Sequence[str] = ()) -> Iterator[Running]:
    """Start it on a free port, by way of another command if one is named; it must end in order."""
    command = [*prefix, *INTAKE, "triage", *arguments, "--port", str(free_port())]
    with subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            running = Running(process, command, process.stdout.readline().strip())
            yield running
            running.browser.close()
        finally:
            if process.poll() is None:
                process.terminate()
                process.wait(60)
