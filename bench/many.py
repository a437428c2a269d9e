"""Reports in bulk: real sealed things, put straight into a server's store. Nothing of it ever happened."""

import secrets
from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta
from hashlib import sha256
from itertools import islice
from typing import Any

from sqlalchemy import insert, select

from crypto.age import HybridIdentity, HybridRecipient, seal, split
from crypto.checkpoint import Checkpoint
from crypto.codename import Seed
from crypto.logkey import LogSigner
from crypto.merkle import Frontier, leaf_hash
from crypto.note import Note, SigningKey
from intake.keeper import Keeper
from intake.protocol.card import key_id
from intake.protocol.endpoints import endpoint, named
from intake.protocol.entry import Entry, LoggedRequest
from intake.protocol.kinds import Kind
from intake.protocol.requests import COMPONENTS, content_digest
from intake.report.definition import load_form
from intake.report.payloads import FromSource, Message, Report, Summary
from intake.report.signed import Link, SourceItem, source_key
from intake.storage.tables import Item, LogEntry, LogHead, Tip

_ROWS = 500


def fill(server: Keeper, reports: Iterable[int], days: Sequence[date], messages: int = 0) -> None:
    """A report for each number, with so many messages, sealed to the reviewers of the log. They come on these days."""
    with server.store.reading() as session:
        recipients = server.log.roster(session).recipients
    tips: list[dict[str, Any]] = []
    items: list[dict[str, Any]] = []
    for number in reports:
        tip, sent = _report(recipients, days[number % len(days)], f"Report {number}.", messages)
        tips.append(tip)
        items += sent
        if len(tips) == _ROWS:
            _store(server, tips, items)
            tips, items = [], []
    _store(server, tips, items)


def _store(server: Keeper, tips: list[dict[str, Any]], items: list[dict[str, Any]]) -> None:
    with server.store.writing() as session:
        if tips:
            session.execute(insert(Tip), tips)
            session.execute(insert(Item), items)


def _report(
    recipients: Sequence[HybridRecipient], day: date, narrative: str, messages: int
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    name, identity, seed, form = (
        secrets.token_bytes(16),
        HybridIdentity.generate(),
        Seed(secrets.token_bytes(32)),
        load_form(),
    )
    source, key = HybridIdentity.from_seed(seed.identity_seed()).recipient, source_key(seed)
    answers = form.complete({"urgency": "now"})
    signer = key.verifier.public_key.hex()
    parts = split(
        seal(Summary((str(identity),), str(source), signer, "en", form.version, answers).padded(), recipients)
    )
    tip = {
        "id": name,
        "day": day,
        "recipient": str(identity.recipient),
        "lookup": secrets.token_bytes(32),
        "header": parts.header,
        "payload": parts.payload,
    }
    sent: list[FromSource] = [Report("en", form.version, {"narrative": narrative, "urgency": "now"})]
    sent += [Message(f"Message {number}.") for number in range(messages)]
    items, previous = [], ""
    for number, payload in enumerate(sent, 1):
        item = secrets.token_bytes(16)
        link = Link(name.hex(), item.hex(), number, previous, ())
        sealed = seal(SourceItem(payload, link).signed_by(key).padded(), [identity.recipient])
        previous = sha256(sealed).hexdigest()
        items.append(_item(item, name, Kind(payload.kind), day, sealed))
    return tip, items


def _item(name: bytes, tip: bytes, kind: Kind, day: date, sealed: bytes) -> dict[str, Any]:
    return {"id": name, "tip_id": tip, "kind": kind, "day": day, "size": len(sealed), "sealed": sealed}


class Requests:
    """A member's requests, one a second from `at` on, as a log holds them."""

    def __init__(self, key: SigningKey, log: str, at: datetime) -> None:
        self._key, self._log = key, log
        self._who = key_id(key.verifier)
        self._at = at

    def entry(self, method: str = "GET", path: str = "/v1/index", query: str = "?", body: bytes = b"") -> bytes:
        """The next, for the index unless something else is named."""
        self._at += timedelta(seconds=1)
        covered = " ".join(f'"{name}"' for name in COMPONENTS)
        base = (
            f'"@method": {method}\n"@authority": desk.test\n"@path": {path}\n"@query": {query}\n'
            f'"content-digest": {content_digest(body)}\n"@signature-params": ({covered})'
            f';created={int(self._at.timestamp())};keyid="{self._who}";nonce="{secrets.token_hex(16)}";tag="{self._log}"'
        )
        part = endpoint(method, path, query).logged_of(body)
        held = None if part is None else part.decode()
        request = LoggedRequest(base, self._key.sign_bytes(base.encode()), held)
        does = named(method, path, query, body)
        return Entry(self._at, self._who, does.action, does.objects, request).to_bytes()


def extend_log(server: Keeper, key: LogSigner, requests: Requests, numbers: Iterable[int]) -> None:
    """Add an entry for each number to a server's log, and sign the head once."""
    with server.store.writing() as session:
        (head,) = session.scalars(select(LogHead).where(LogHead.frontier.is_not(None)))
        edge, wanted = Frontier.from_bytes(head.size, head.frontier or b""), iter(numbers)
        while lines := [requests.entry() for _ in islice(wanted, _ROWS)]:
            leaves = list(map(leaf_hash, lines))
            rows = enumerate(zip(leaves, lines, strict=True), edge.size)
            session.execute(
                insert(LogEntry), [{"index": place, "leaf": leaf, "body": line} for place, (leaf, line) in rows]
            )
            edge = edge.extend(leaves)
        text = Checkpoint(key.verifier.name, edge.size, edge.root()).text
        head.frontier = None
        note = bytes(Note(text, (key.sign(text),)))
        session.add(LogHead(size=edge.size, checkpoint=note, frontier=edge.to_bytes()))
