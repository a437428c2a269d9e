"""Servers as they run in earnest: processes that listen before a test goes on, and have ended when it is over."""

import socket
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from processes import children
from project import PROJECT
from waiting import waited_for

Place = Path | int
"""Where a server listens: at a unix socket, or at a port of this machine."""


def connect(place: Place) -> socket.socket:
    """A connection to whatever listens there."""
    if isinstance(place, int):
        return socket.create_connection(("127.0.0.1", place), timeout=60)
    with ExitStack() as closing:
        connection = closing.enter_context(socket.socket(socket.AF_UNIX))
        connection.settimeout(60)
        connection.connect(str(place))
        closing.pop_all()
    return connection


def rest(connection: socket.socket) -> bytes:
    """What comes until the server closes; `TimeoutError` if it doesn't."""
    answer = b""
    with suppress(ConnectionResetError):
        while piece := connection.recv(1 << 16):
            answer += piece
    return answer


@dataclass(frozen=True)
class Server:
    """A server that runs. Everything that it prints goes to the file `printed`."""

    process: "subprocess.Popen[bytes]"
    place: Place
    printed: Path

    @property
    def address(self) -> str:
        """What a browser is given, if it listens at a port."""
        return f"http://127.0.0.1:{self.place}"

    @property
    def worker(self) -> int:
        """gunicorn's first worker, as soon as there is one."""
        return children(self.process.pid)[0]

    def connect(self) -> socket.socket:
        return connect(self.place)

    def ask(self, request: bytes) -> bytes:
        """All that comes back for these bytes."""
        with self.connect() as connection:
            connection.sendall(request)
            return rest(connection)

    def answers(self) -> bool:
        """Whether it listens."""
        try:
            self.connect().close()
        except OSError:
            return False
        return True

    def said(self) -> str:
        """What it has printed up to now."""
        return self.printed.read_text("utf-8", "replace")

    def stop(self) -> str:
        """End it, and return what it has printed."""
        self.process.terminate()
        self.process.wait(120)
        return self.said()


@contextmanager
def serving(
    command: Sequence[str | Path],
    place: Place,
    printed: Path,
    environment: Mapping[str, str],
    directory: Path = PROJECT,
) -> Iterator[Server]:
    """Start a server; it listens at its place when the block begins, and has ended when that is left."""
    with printed.open("wb") as output:
        process = subprocess.Popen(command, cwd=directory, env=environment, stdout=output, stderr=output)
    server = Server(process, place, printed)
    try:
        waited_for(lambda: process.poll() is not None or server.answers())
        assert process.poll() is None, server.said()
        yield server
    finally:
        server.stop()


def listening(application: str, place: Place) -> dict[str, str]:
    """The setting that has an application listen there."""
    where = f"127.0.0.1:{place}" if isinstance(place, int) else f"unix:{place}"
    return {f"INTAKE_{application.upper()}_BIND": where}
