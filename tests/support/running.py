"""A reviewer's program as it is started: supervisor, child, and a browser's part over its real socket."""

import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import httpx

from ports import free_port
from waiting import waited_for

PROJECT = Path(__file__).parents[2]


class Running:
    """`intake triage`, started."""

    def __init__(self, process: "subprocess.Popen[str]", address: str) -> None:
        self.process = process
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
        shown = self.get(page).text
        return {
            name: re.findall(rf'name="{name}" value="([^"]+)"', shown)[0]
            for name in ("csrf_token", "form")
            if f'name="{name}"' in shown
        }

    def post(self, path: str, page: str, **values: str) -> httpx.Response:
        return self.browser.post(self.root + path, data={**self.hidden(page), **values})

    def unlock(self, passphrase: str) -> httpx.Response:
        return self.post("/unlock", "/unlock", passphrase=passphrase)

    @property
    def child(self) -> int:
        """The process that answers now."""
        return children(self.process.pid)[0]


def children(process: int) -> list[int]:
    """The processes that a process has started and that still run, as soon as there are any."""
    names = Path(f"/proc/{process}/task/{process}/children")
    return [int(name) for name in waited_for(lambda: names.read_text().split())]


@contextmanager
def started(arguments: list[str], prefix: Sequence[str] = ()) -> Iterator[Running]:
    """Start it on a free port, by way of another command if one is named; it must end in order."""
    command = [*prefix, sys.executable, "-m", "intake", "triage", *arguments, "--port", str(free_port())]
    with subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            running = Running(process, process.stdout.readline().strip())
            yield running
            running.browser.close()
        finally:
            if process.poll() is None:
                process.terminate()
                process.wait(60)


def holds(process: int, marker: bytes) -> bool:
    """Whether a process has these bytes anywhere in its memory."""
    with Path(f"/proc/{process}/mem").open("rb", buffering=0) as memory:
        for line in Path(f"/proc/{process}/maps").read_text().splitlines():
            span, rights = line.split()[:2]
            if not rights.startswith("r") or "[v" in line:
                continue
            begin, end = (int(text, 16) for text in span.split("-"))
            memory.seek(begin)
            try:
                if marker in memory.read(end - begin):
                    return True
            except OSError:
                continue
    return False
