"""A desk on a real socket, and tips in its store."""

import hashlib
import io
import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from threading import Thread
from typing import Any
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

from sqlalchemy import select
from werkzeug.serving import make_server
from werkzeug.test import run_wsgi_app
from werkzeug.wrappers import Response as WsgiResponse

from crypto.age import HybridIdentity, HybridRecipient, encrypt, parse_recipient, seal, split
from crypto.codename import Seed
from crypto.logkey import LogVerifier
from crypto.note import SigningKey
from crypto.padding import zeros_after
from intake.desk import create_app as create_desk
from intake.desk.index import day_index, list_days
from intake.keeper import Keeper, open_keeper, read_log_key
from intake.protocol.index import Day, DayIndex, Days, ItemRow, TipRow, WithdrawalRow, parse_span, sha256_hex
from intake.protocol.kinds import Kind
from intake.report.definition import Answer, load_form
from intake.report.payloads import About, FromSource, Message, Newer, Report, Summary
from intake.report.signed import Link, SourceItem, source_key
from intake.settings import load
from intake.storage.tables import Item, Tip
from signed_head import sign_head


@contextmanager
def served(data: Path, port: int) -> Iterator["Desk"]:
    """The desk of a data directory, answering on a port of this machine."""
    server = open_keeper(load({"INTAKE_DATA": str(data)}))
    desk = Desk(server, f"http://127.0.0.1:{port}", create_desk(server))
    http = make_server("127.0.0.1", port, desk, threaded=True)
    thread = Thread(target=http.serve_forever)
    thread.start()
    try:
        yield desk
    finally:
        http.shutdown()
        thread.join()
        http.server_close()
        server.store.close()


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

    def sign(
        self, payload: FromSource | Newer, name: bytes, heard: Sequence[str] = (), to: HybridRecipient | None = None
    ) -> bytes:
        """The source's next item under an id, sealed as the source site does it, to the first recipient or another."""
        previous = hashlib.sha256(self.sent[-1]).hexdigest() if self.sent else ""
        link = Link(self.id.hex(), name.hex(), len(self.sent) + 1, previous, tuple(heard))
        signed = SourceItem(payload, link).signed_by(self.key)
        self.sent.append(seal(signed.padded(), [to or self.identity.recipient]))
        return self.sent[-1]


@dataclass
class Desk:
    """A running desk and its store."""

    server: Keeper
    url: str
    wsgi: WSGIApplication
    """What answers every request: the desk itself, until a test puts something else in its place."""

    def __call__(self, environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        return self.wsgi(environ, start)

    def lie(self, path: str, change: Callable[[bytes], bytes]) -> None:
        """From now on, answer requests below this path otherwise than the desk does."""
        honest = self.wsgi

        def answer(environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
            if not environ["PATH_INFO"].startswith(path):
                return honest(environ, start)
            response = run_wsgi_app(honest, environ, buffered=True)
            body = change(b"".join(response[0]))
            return WsgiResponse(body, status=response[1], mimetype="application/octet-stream")(environ, start)

        self.wsgi = answer

    def spoil_index(self, change: Callable[[dict[str, list[dict[str, Any]]]], None]) -> None:
        """From now on, answer with other rows than the store's, in days whose digests are right.

        `change` gets all rows by their fields: `tips`, `items` and `withdrawals`.
        """
        honest = self.wsgi

        def answer(environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
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
            body = listed.to_json()
            if path != "/v1/index":
                span = parse_span(path.rpartition("/")[2])
                body = b"\n".join(days[day].to_json() for day in sorted(days) if span.first <= day <= span.last)
            return WsgiResponse(body, status=response[1], mimetype="application/json")(environ, start)

        self.wsgi = answer

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
    def log(self) -> LogVerifier:
        return read_log_key(self.server.settings.log_key).verifier

    @property
    def policy_file(self) -> Path:
        return self.server.settings.policy

    @property
    def policy(self) -> str:
        """Whom members' programs believe, as they are handed it."""
        return self.policy_file.read_text("utf-8")

    def store_tip(
        self,
        narrative: str,
        answers: Mapping[str, Answer],
        ghosts: int = 0,
        *,
        day: date | None = None,
        sealed_to: Sequence[HybridRecipient] | None = None,
        source: str | None = None,
        language: str = "en",
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
                language,
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
        self.send(tip, Report(language, form.version, {"narrative": narrative, **answers}))
        return tip

    def send(self, tip: Stored, payload: FromSource | Newer, heard: Sequence[str] = ()) -> str:
        """What the tip's source sends next; its id."""
        name = secrets.token_bytes(16)
        sealed = tip.sign(payload, name, heard, self.recipient_of(tip))
        return self.store_item(tip, Kind(payload.stored_as), sealed, name)

    def recipient_of(self, tip: Stored) -> HybridRecipient:
        """What is sealed to a tip by now, as the source site takes it from the store."""
        with self.server.store.reading() as session:
            now = parse_recipient(session.scalars(select(Tip.recipient).where(Tip.id == tip.id)).one())
        assert isinstance(now, HybridRecipient)
        return now

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
            encrypt(io.BytesIO(data + bytes(zeros_after(len(data)))), writer, [self.recipient_of(tip)])
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
