"""A desk on a real socket, tips in its store, and reviewers with key files and homes."""

import hashlib
import io
import secrets
import socket
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from flask import Flask
from werkzeug.serving import make_server
from werkzeug.test import run_wsgi_app
from werkzeug.wrappers import Response as WsgiResponse

from crypto.age import HybridIdentity, HybridRecipient, encrypt, seal, split
from crypto.codename import Seed
from crypto.note import SigningKey
from crypto.padding import zeros_after
from intake.accesslog import members
from intake.accesslog.append import LogAppender
from intake.desk import create_app as create_desk
from intake.desk.index import day_index, list_days
from intake.keeper import Keeper, initialise, open_keeper, read_log_key
from intake.protocol.card import Role
from intake.protocol.index import Day, DayIndex, Days, ItemRow, TipRow, WithdrawalRow, sha256_hex
from intake.protocol.kinds import Kind
from intake.report.definition import load_form
from intake.report.payloads import About, FromSource, Message, Report, Summary
from intake.report.signed import Link, SourceItem, source_key
from intake.storage.tables import Item, Tip
from intake.triage.home import Home
from intake.triage.keyfile import MemberKeys, make_keys, save_keys
from program import PASSPHRASE, Program
from signed_head import sign_head


@dataclass
class Stored:
    """A tip as the source site would have stored it."""

    id: bytes
    identity: HybridIdentity
    seed: Seed
    sent: list[bytes] = field(default_factory=list)
    """The sealed bytes of what its source has sent."""

    @property
    def source(self) -> HybridIdentity:
        return HybridIdentity.from_seed(self.seed.identity_seed())

    @property
    def key(self) -> SigningKey:
        return source_key(self.seed)

    def sign(self, payload: FromSource, name: bytes, heard: Sequence[str] = ()) -> bytes:
        """The source's next item under an id, sealed, as the source site does it."""
        previous = hashlib.sha256(self.sent[-1]).hexdigest() if self.sent else ""
        link = Link(self.id.hex(), name.hex(), len(self.sent) + 1, previous, tuple(heard))
        self.sent.append(seal(SourceItem(payload, link).signed_by(self.key).padded(), [self.identity.recipient]))
        return self.sent[-1]


@dataclass
class Desk:
    """A running desk and its store."""

    server: Keeper
    url: str
    app: Flask

    def lie(self, path: str, change: Callable[[bytes], bytes]) -> None:
        """From now on, answer requests below this path otherwise than the desk does."""
        honest = self.app.wsgi_app

        def answer(environ: Any, start: Any) -> Any:
            if not environ["PATH_INFO"].startswith(path):
                return honest(environ, start)
            response = run_wsgi_app(honest, environ, buffered=True)
            body = change(b"".join(response[0]))
            return WsgiResponse(body, status=response[1], mimetype="application/octet-stream")(environ, start)

        self.app.wsgi_app = answer  # type: ignore[method-assign]

    def spoil_index(self, change: Callable[[dict[str, list[dict[str, Any]]]], None]) -> None:
        """From now on, answer with other rows than the store's, in days whose digests are right.

        `change` gets all rows by their fields: `tips`, `items` and `withdrawals`.
        """
        honest = self.app.wsgi_app

        def answer(environ: Any, start: Any) -> Any:
            path = environ["PATH_INFO"]
            if not path.startswith("/v1/index"):
                return honest(environ, start)
            response = run_wsgi_app(honest, environ, buffered=True)
            days = self._spoilt(change)
            listed = Days(
                tuple(
                    Day(day, len(rows.tips), len(rows.items), sha256_hex(rows.to_json()))
                    for day, rows in sorted(days.items())
                )
            )
            body = (listed if path == "/v1/index" else days[path.rpartition("/")[2]]).to_json()
            return WsgiResponse(body, status=response[1], mimetype="application/json")(environ, start)

        self.app.wsgi_app = answer  # type: ignore[method-assign]

    def _spoilt(self, change: Callable[[dict[str, list[dict[str, Any]]]], None]) -> dict[str, DayIndex]:
        now, gate = datetime.now(UTC), self.server.gate
        with self.server.store.writing() as session:
            days = [date.fromisoformat(day.day) for day in list_days(session, gate, now).days]
            honest = [day_index(session, gate, now, day) for day in days]
        rows = {
            part: [asdict(row) for day in honest for row in getattr(day, part)]
            for part in ("tips", "items", "withdrawals")
        }
        change(rows)
        return {
            str(day): DayIndex(
                str(day),
                tuple(TipRow(**row) for row in rows["tips"] if row["day"] == str(day)),
                tuple(ItemRow(**row) for row in rows["items"] if row["day"] == str(day)),
                tuple(WithdrawalRow(**row) for row in rows["withdrawals"] if row["day"] == str(day)),
            )
            for day in days
        }

    def cut(self, entries: int) -> None:
        """Take so many entries off the end of the log and sign the rest."""
        with self.server.store.reading() as session:
            size = self.server.log.size(session) - entries
        sign_head(self.server, size=size)

    @property
    def log(self) -> str:
        return str(read_log_key(self.server.settings.log_key).verifier)

    def store_tip(
        self,
        narrative: str,
        answers: dict[str, str],
        ghosts: int = 0,
        *,
        day: date | None = None,
        sealed_to: Sequence[HybridRecipient] | None = None,
        source: str | None = None,
    ) -> Stored:
        """A tip sealed to the reviewers of the log, or to others, and to so many people who aren't in it."""
        tip = Stored(secrets.token_bytes(16), HybridIdentity.generate(), Seed(secrets.token_bytes(32)))
        form = load_form()
        with self.server.store.writing() as session:
            recipients = list(self.server.log.roster(session).recipients if sealed_to is None else sealed_to)
            recipients += [HybridIdentity.generate().recipient for _ in range(ghosts)]
            summary = Summary(
                (str(tip.identity),),
                source or str(tip.source.recipient),
                tip.key.verifier.public_key.hex(),
                "en",
                form.version,
                form.complete(answers),
            )
            parts = split(seal(summary.padded(), recipients))
            session.add(
                Tip(
                    id=tip.id,
                    day=day or datetime.now(UTC).date(),
                    recipient=str(tip.identity.recipient),
                    lookup=secrets.token_bytes(32),
                    header=parts.header,
                    payload=parts.payload,
                )
            )
            session.flush()
        self.send(tip, Report("en", form.version, {"narrative": narrative, **answers}))
        return tip

    def send(self, tip: Stored, payload: FromSource, heard: Sequence[str] = ()) -> str:
        """What the tip's source sends next; its id."""
        name = secrets.token_bytes(16)
        return self.store_item(tip, Kind(payload.kind), tip.sign(payload, name, heard), name)

    def store_item(self, tip: Stored, kind: Kind, sealed: bytes, name: bytes | None = None) -> str:
        name = name or secrets.token_bytes(16)
        with self.server.store.writing() as session:
            session.add(
                Item(
                    id=name,
                    tip_id=tip.id,
                    kind=kind,
                    day=datetime.now(UTC).date(),
                    size=len(sealed),
                    sealed=sealed,
                )
            )
        return name.hex()

    def store_message(self, tip: Stored, text: str) -> str:
        return self.send(tip, Message(text))

    def store_file(self, tip: Stored, name: str, data: bytes, described: bytes | None = None) -> str:
        """An attachment; `described`: what its description is made of, if not of `data`. Returns the id of `about`."""
        content = secrets.token_bytes(16)
        with self.server.blobs.new() as writer:
            encrypt(io.BytesIO(data + bytes(zeros_after(len(data)))), writer, [tip.identity.recipient])  # type: ignore[arg-type]
            blob = writer.keep()
        with self.server.store.writing() as session:
            session.add(
                Item(
                    id=content,
                    tip_id=tip.id,
                    kind=Kind.CONTENT,
                    day=datetime.now(UTC).date(),
                    size=writer.size,
                    blob=blob,
                )
            )
        told = data if described is None else described
        about = About(content.hex(), name, "image/jpeg", len(told), hashlib.sha256(told).hexdigest(), "what it shows")
        return self.send(tip, about)


Reviewer = Callable[..., Program]


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """A desk that answers on a port of this machine."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = open_keeper(initialise(tmp_path / "server", {"desk_authority": f"127.0.0.1:{port}"}))
    app = create_desk(server)
    http = make_server("127.0.0.1", port, app, threaded=True)
    thread = Thread(target=http.serve_forever)
    thread.start()
    yield Desk(server, f"http://127.0.0.1:{port}", app)
    http.shutdown()
    thread.join()
    http.server_close()
    server.store.close()


@pytest.fixture
def enrol(desk: Desk, tmp_path: Path) -> Callable[..., MemberKeys]:
    """Makes keys, a key file, and enrols."""

    def make(name: str, role: Role = Role.REVIEWER, log: LogAppender | None = None) -> MemberKeys:
        keys = make_keys(role, name)
        members.enrol(desk.server.store, log or desk.server.log, keys.card, clock_is_right=log is not None)
        save_keys(tmp_path / f"{name}.key", keys, PASSPHRASE, work_factor=4)
        return keys

    return make


@pytest.fixture
def home(desk: Desk, tmp_path: Path) -> Callable[..., Home]:
    """A member's home directory, connected to the desk."""
    return lambda name, url=desk.url: Home.open(tmp_path / f"{name}-home", desk=url, log=desk.log, proxy=None)


@pytest.fixture
def reviewer(enrol: Callable[..., MemberKeys], home: Callable[..., Home], tmp_path: Path) -> Iterator[Reviewer]:
    """Enrols a reviewer and starts their program, not unlocked yet."""
    home_of = home
    programs: list[Program] = []

    def start(name: str, idle_seconds: float = 60, desk_url: str | None = None, home: Home | None = None) -> Program:
        if not (tmp_path / f"{name}.key").exists():
            enrol(name)
        place = home or (home_of(name, desk_url) if desk_url else home_of(name))
        program = Program(place, tmp_path / f"{name}.key", idle_seconds)
        programs.append(program)
        program.enter()
        return program

    yield start
    for program in programs:
        program.guard.lock()


@pytest.fixture
def restarted(reviewer: Reviewer) -> Callable[[], Program]:
    """Amina's program, unlocked, started anew over the same directory each time."""

    def start() -> Program:
        program = reviewer("amina")
        program.unlock()
        return program

    return start


@pytest.fixture
def amina(restarted: Callable[[], Program]) -> Program:
    """Amina's program, unlocked, and synced once before anything else happens."""
    return restarted()
