"""Witnesses of logs that answer on a port of this machine, by clocks that tests set, and policies that name them."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from socket import create_server
from threading import Thread
from typing import Protocol

from crypto.cosignature import CosigningKey
from crypto.logkey import LogVerifier
from crypto.policy import Policy, parse_policy
from intake.audit.witness.app import make_server
from intake.audit.witness.cosigning import Witness
from intake.audit.witness.keys import make_or_read
from intake.audit.witness.record import Record

TODAY = 1_795_000_000
"""POSIX seconds, in November 2026."""


@dataclass
class Clock:
    """What a clock says: POSIX seconds."""

    time: float = TODAY

    def __call__(self) -> float:
        return self.time


@dataclass
class Running:
    """A witness that answers. `keys`: its two keys."""

    url: str
    keys: Sequence[CosigningKey]
    clock: Clock = field(default_factory=Clock)

    def lines(self, name: str) -> str:
        """The line that names it in a policy, by its Ed25519 key."""
        return f"witness {name} {self.keys[0].cosigner} {self.url}\n"


@contextmanager
def witness(directory: Path, log: LogVerifier, keys: Sequence[CosigningKey] | None = None) -> Iterator[Running]:
    """A witness of a log, with what it knows in a directory; its own keys unless it is given some."""
    directory.mkdir(exist_ok=True)
    clock = Clock()
    own = keys or make_or_read(directory / "witness.key", f"w-{directory.name}")
    with closing(Record(directory / "witness.db")) as record, create_server(("127.0.0.1", 0)) as listening:
        http = make_server(Witness(record, own, [log], clock), listening)
        thread = Thread(target=http.serve_forever)
        thread.start()
        try:
            yield Running(f"http://127.0.0.1:{listening.getsockname()[1]}", own, clock)
        finally:
            http.shutdown()
            thread.join()
            http.server_close()


class StartWitness(Protocol):
    """Starts a witness of the desk's log under a name; keys of its own unless it is given some."""

    def __call__(self, name: str, keys: Sequence[CosigningKey] | None = None) -> Running: ...


def starting(directory: Path, log: LogVerifier, stack: ExitStack) -> StartWitness:
    """Starts witnesses that end with a stack."""

    def start(name: str, keys: Sequence[CosigningKey] | None = None) -> Running:
        return stack.enter_context(witness(directory / name, log, keys))

    return start


def policy_text(log: LogVerifier, needed: int | str = "all", **witnesses: Running | str) -> str:
    """A policy that asks for so many of these witnesses, by name; `none` for nobody. Texts are lines of their own."""
    text = "".join(f"log {key}\n" for key in log.keys)
    text += "".join(each if isinstance(each, str) else each.lines(name) for name, each in witnesses.items())
    if needed == "none":
        return f"{text}quorum none\n"
    return f"{text}group enough {needed} {' '.join(witnesses)}\nquorum enough\n"


def policy_of(log: LogVerifier, needed: int | str = "all", **witnesses: Running | str) -> Policy:
    """The same, read."""
    return parse_policy(policy_text(log, needed, **witnesses).encode())
