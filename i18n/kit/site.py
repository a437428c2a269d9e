"""A source site of its own for the pictures, under gunicorn on this machine, with a team that writes back."""

import json
import secrets
import socket
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
from sqlalchemy import select

from crypto.age import HybridIdentity, parse_recipient, seal, unseal
from crypto.note import SigningKey
from intake.accesslog import members
from intake.demo.processes import running, wait_for_port
from intake.keeper import Keeper, initialise, open_keeper
from intake.protocol.card import Role, issue_card
from intake.protocol.kinds import Kind
from intake.report.payloads import Payload
from intake.storage.tables import Item, TakenBack, Tip

LARGEST_FILE = 100_000
"""Bytes: small, so that one that is too large is soon sent."""

PAGES, CODENAMES = 40, 4
"""What the narrow site gives in an hour."""

_ROOMY = {"limit_pages": "9999 per minute", "limit_codenames": "9999 per minute", "limit_sends": "9999 per minute"}
_NARROW = {
    "INTAKE_LIMIT_PAGES": f"{PAGES} per hour",
    "INTAKE_LIMIT_CODENAMES": f"{CODENAMES} per hour",
    "INTAKE_GATE_MINUTES": "1440",
    "INTAKE_RESERVE_FILES": str(1 << 60),
}


@dataclass(frozen=True, slots=True)
class Site:
    """The site that is shown. `narrow`: the same one where little is allowed and no file finds room."""

    server: Keeper
    reviewer: HybridIdentity
    address: str
    narrow: str

    def enrol(self) -> None:
        """Let there be somebody who can open reports; before that none is taken."""
        card = issue_card(Role.REVIEWER, SigningKey.generate("amina"), self.reviewer)
        members.enrol(self.server.store, self.server.log, card)

    def write(self, payload: Payload) -> str:
        """Say something to the source of the only report, as a reviewer's program does; returns the item's id."""
        with self.server.store.writing() as session:
            (tip,) = session.scalars(select(Tip))
            summary = json.loads(unseal(tip.summary, [self.reviewer]))
            recipients = [parse_recipient(tip.recipient), parse_recipient(summary["source"])]
            written = _reply(tip, seal(payload.padded(), recipients))
            session.add(written)
        return written.id.hex()

    def write_what_nobody_can_open(self) -> None:
        """Add a reply to the only report that no key opens."""
        with self.server.store.writing() as session:
            (tip,) = session.scalars(select(Tip))
            session.add(_reply(tip, seal(b"{}", [HybridIdentity.generate().recipient])))

    def take_back(self) -> None:
        """Say that a reply to the only report was taken back."""
        with self.server.store.writing() as session:
            (tip,) = session.scalars(select(Tip))
            session.add(TakenBack(id=secrets.token_bytes(16), tip_id=tip.id, day=tip.day))


def _reply(tip: Tip, sealed: bytes) -> Item:
    return Item(
        id=secrets.token_bytes(16), tip_id=tip.id, kind=Kind.REPLY, day=tip.day, size=len(sealed), sealed=sealed
    )


@contextmanager
def site(directory: Path, team: str) -> Iterator[Site]:
    """The site, over a new server in a directory, until the block ends."""
    settings = initialise(directory / "server", {"team": team, "largest_file": LARGEST_FILE, **_ROOMY})
    server = open_keeper(settings)
    with closing(server.store), ExitStack() as started:
        addresses = [_start(settings.data, bounds, started) for bounds in ({}, _NARROW)]
        yield Site(server, HybridIdentity.generate(), *addresses)


def _start(data: Path, bounds: dict[str, str], started: ExitStack) -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    places = {"INTAKE_DATA": str(data), "INTAKE_SOURCE_BIND": f"127.0.0.1:{port}"}
    process = started.enter_context(running(["-m", "gunicorn", "wsgi:source"], {**places, **bounds}))
    wait_for_port(process, port)
    # The port is open before there is a worker; an answer comes from one.
    httpx.get(f"http://127.0.0.1:{port}/static/style.css", trust_env=False, timeout=60)
    return f"http://127.0.0.1:{port}"
