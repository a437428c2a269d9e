"""The child process of `intake triage`: whatever is unlocked lives here, and is gone when this process ends.

The supervisor hands it the listening socket, and its orders as one line on stdin. Its stdout tells the supervisor what
it must know; it ends when it locks, and when stdin is closed.
"""

import json
import os
import socket
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from threading import Event, Thread
from time import monotonic
from typing import Any

from rich.console import Console

from intake.triage.guard import Guard
from intake.triage.hardening import harden
from intake.triage.home import Connection, Home
from intake.triage.pages.app import create_app
from intake.triage.pages.place import Place
from intake.triage.process.server import Server
from intake.triage.progress import bar

READY = b"ready\n"
ENTERED = b"entered\n"
DRAIN_SECONDS = 4.0
"""How long answers that are under way may hold up the lock, and what was opened, which is kept meanwhile."""


@dataclass(frozen=True, slots=True, repr=False)
class Orders:
    """What the supervisor hands over. `listening`: a descriptor, or what Windows shares a socket by, in hex."""

    home: str
    connection: Connection
    key: str
    place: Place
    idle_seconds: float
    listening: str

    def to_line(self) -> bytes:
        """One line for the pipe."""
        values = asdict(self)
        values["place"]["secret"] = self.place.secret.hex()
        return json.dumps(values).encode() + b"\n"


def parse_orders(line: bytes) -> Orders:
    """Read what `to_line` wrote."""
    values: dict[str, Any] = json.loads(line)
    place = values.pop("place")
    secret = bytes.fromhex(place.pop("secret"))
    return Orders(**values | {"connection": Connection(**values["connection"]), "place": Place(**place, secret=secret)})


def main() -> None:
    """Serve until the lock."""
    harden()
    orders = parse_orders(sys.stdin.buffer.readline())

    # `shutdown` needs a thread of its own: it waits for the main thread, and whoever locks may still be answering.
    # It is there from the start: when it is needed, there may be no room for another one.
    ended = Event()

    app = create_app(
        Home(Path(orders.home), orders.connection),
        Path(orders.key),
        orders.place,
        end=ended.set,
        entered=lambda: _tell(ENTERED),
        progress=bar(Console(stderr=True)),
        idle_seconds=orders.idle_seconds,
    )
    server = Server(_listening(orders.listening), app, orders.place)
    Thread(target=_end, args=(ended, server), daemon=True).start()
    Thread(target=_lock_with_supervisor, args=(app.extensions["guard"],), daemon=True).start()
    _tell(READY)
    server.serve_forever(poll_interval=0.1)
    until = monotonic() + DRAIN_SECONDS
    server.drain(DRAIN_SECONDS)
    app.extensions["guard"].put_away(max(until - monotonic(), 0))
    # At once, whatever threads still do: nothing of this process may stay.
    os._exit(0)


def _end(ended: Event, server: Server) -> None:
    ended.wait()
    server.shutdown()


def _lock_with_supervisor(guard: Guard) -> None:
    sys.stdin.buffer.read()
    guard.lock()


def _tell(line: bytes) -> None:
    os.write(1, line)


def _listening(text: str) -> socket.socket:
    if sys.platform == "win32":
        return socket.fromshare(bytes.fromhex(text))
    return socket.socket(fileno=int(text))


if __name__ == "__main__":
    main()
