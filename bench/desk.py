"""The desk's side of a sync: what is asked when nothing is new, a day's rows, and reading everything once."""

import secrets
import sqlite3
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx
from flask import Flask
from sqlalchemy import insert

from bench.timing import Part, Row
from crypto.age import HybridIdentity
from crypto.note import SigningKey
from intake.accesslog import members
from intake.desk import create_app
from intake.keeper import Keeper, initialise, open_keeper
from intake.protocol.actions import MOST_OBJECTS, ReadRequest
from intake.protocol.card import Role, issue_card
from intake.protocol.index import AS_KEPT, parse_days, sha256_hex
from intake.protocol.kinds import Kind
from intake.protocol.queries import have_query
from intake.protocol.requests import sign
from intake.storage.tables import Item, Tip

FEW, MANY = 10_000, 100_000
DAYS = 200
_READ = 200
_ASKED = 20
_AT_ONCE = 1000
_HEADER, _PAYLOAD, _ITEM = 5_000, 2_200, 3_700
"""Bytes, as with three reviewers. The index knows nothing of them: the larger store does with the hundredth."""

_USED = time.process_time


@dataclass(frozen=True, slots=True)
class _Desk:
    """A desk in this process and a reviewer's requests to it; nothing goes over a wire."""

    keeper: Keeper
    http: httpx.Client
    key: SigningKey
    tips: list[str]

    def ask(self, method: str, path: str, body: bytes = b"") -> bytes:
        request = self.http.build_request(method, path, content=body)
        sign(request, body, self.key, self.keeper.log.origin)
        answer = self.http.send(request)
        if answer.status_code != httpx.codes.OK:
            raise RuntimeError(f"{path} answered {answer.status_code}")
        return answer.content

    def add(self) -> None:
        """Let something come on the newest day."""
        with self.keeper.store.writing() as session:
            day = self.keeper.log.day(session)
            tip, name = bytes.fromhex(self.tips[0]), secrets.token_bytes(16)
            session.add(Item(id=name, tip_id=tip, kind=Kind.MESSAGE, day=day, size=_ITEM, sealed=bytes(_ITEM)))


@contextmanager
def part() -> Iterator[Part]:
    """Every row, over stores that are gone afterwards. `_ASKED` requests are a run."""
    with TemporaryDirectory() as temporary, ExitStack() as opened:
        few = opened.enter_context(_desk(Path(temporary) / "few", FEW, 1))
        many = opened.enter_context(_desk(Path(temporary) / "many", MANY, 100))
        empty = opened.enter_context(_bare())
        yield Part([*_nothing_new(few, many, empty), *_something_new(few, many), _bulk(few)])


def _nothing_new(few: _Desk, many: _Desk, empty: httpx.Client) -> list[Row]:
    kept = [have_query(sha256_hex(desk.ask("GET", "/v1/index"))) for desk in (few, many)]

    def ask(desk: _Desk, query: str) -> None:
        for _ in range(_ASKED):
            if desk.ask("GET", f"/v1/index{query}") != AS_KEPT:
                raise RuntimeError("something is new")

    def view() -> None:
        for _ in range(_ASKED):
            empty.get("/")

    return [
        Row(f"{_ASKED} times nothing new, {FEW} tips on {DAYS} days", lambda: ask(few, kept[0]),
            "an empty Flask view", view, "–", clock=_USED, other_clock=_USED, amount=_ASKED, unit="requests"),
        Row(f"{_ASKED} times nothing new, {MANY} tips on {DAYS} days", lambda: ask(many, kept[1]),
            f"{FEW} tips", lambda: ask(few, kept[0]), "≤ 1.2",
            clock=_USED, other_clock=_USED, amount=_ASKED, unit="requests"),
    ]  # fmt: skip


def _something_new(few: _Desk, many: _Desk) -> list[Row]:
    def look(desk: _Desk) -> None:
        desk.add()
        day = parse_days(desk.ask("GET", "/v1/index")).days[-1]
        if sha256_hex(desk.ask("GET", f"/v1/index/{day.day}")) != day.digest:
            raise RuntimeError("the rows of a day are not as the list says")

    return [
        Row(f"an item comes, list and its day: {MANY // DAYS} tips on that day", lambda: look(many),
            f"{FEW // DAYS} tips on it", lambda: look(few), "–", clock=_USED, other_clock=_USED)
    ]  # fmt: skip


def _bulk(desk: _Desk) -> Row:
    wanted = desk.tips[:_READ]
    body = ReadRequest(tuple(wanted), ()).to_json()
    if len(wanted) > MOST_OBJECTS:
        raise RuntimeError("more than a bulk read may name")
    path = desk.keeper.settings.data / "intake.db"

    def bare() -> None:
        with closing(sqlite3.connect(path)) as store:
            for name in wanted:
                store.execute("SELECT header, payload FROM tip WHERE id = ?", (bytes.fromhex(name),)).fetchone()

    return Row(f"bulk read of {_READ} summaries", lambda: desk.ask("POST", "/v1/read", body),
               "the bare reads", bare, "–", clock=_USED, other_clock=_USED, amount=_READ, unit="summaries")  # fmt: skip


@contextmanager
def _desk(directory: Path, tips: int, smaller: int) -> Iterator[_Desk]:
    values = {"desk_authority": "desk.bench", "member_quota": 1 << 40, "gate_minutes": 0, "reserve_text": 1}
    keeper = open_keeper(initialise(directory, values))
    key = SigningKey.generate("reviewer")
    members.enrol(keeper.store, keeper.log, issue_card(Role.REVIEWER, key, HybridIdentity.generate()))
    transport = httpx.WSGITransport(app=create_app(keeper))
    with httpx.Client(transport=transport, base_url="http://desk.bench", trust_env=False) as http:
        yield _Desk(keeper, http, key, _fill(keeper, tips, smaller))
    keeper.store.close()


def _fill(keeper: Keeper, count: int, smaller: int) -> list[str]:
    """Tips with three items each, as many on each day, in so many times fewer bytes; their ids."""
    today, names = keeper.today(), [secrets.token_bytes(16) for _ in range(count)]
    days = [today - timedelta(days=number * DAYS // count) for number in range(count)]
    for start in range(0, count, _AT_ONCE):
        run = list(zip(names[start : start + _AT_ONCE], days[start : start + _AT_ONCE], strict=True))
        with keeper.store.writing() as session:
            session.execute(
                insert(Tip),
                [
                    {"id": name, "day": day, "recipient": "r" * 1960, "lookup": secrets.token_bytes(32),
                     "header": bytes(_HEADER // smaller), "payload": bytes(_PAYLOAD // smaller)}
                    for name, day in run
                ],
            )  # fmt: skip
            session.execute(
                insert(Item),
                [
                    {"id": secrets.token_bytes(16), "tip_id": name, "kind": kind, "day": day, "size": _ITEM,
                     "sealed": bytes(_ITEM // smaller)}
                    for name, day in run
                    for kind in (Kind.REPORT, Kind.REPLY, Kind.WORK)
                ],
            )  # fmt: skip
    return [name.hex() for name in names]


@contextmanager
def _bare() -> Iterator[httpx.Client]:
    """A Flask view that does nothing, asked the same way."""
    app = Flask(__name__)
    app.add_url_rule("/", "empty", lambda: "")
    with httpx.Client(transport=httpx.WSGITransport(app=app), base_url="http://bare.bench", trust_env=False) as http:
        yield http
