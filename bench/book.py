"""The reviewer's book: unlocking with many reports, a page of the queue, a look at one, the search; its memory, apart.

Reports are made up and not sealed: what a snapshot holds is not opened, and a row fails if it were.
"""

import os
import random
import re
import secrets
import sqlite3
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from operator import attrgetter
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event
from typing import TypeVar
from urllib.parse import urlencode

from sqlalchemy import insert
from sqlalchemy.orm import Session

from bench.served import free_port, served
from bench.texts import Language, languages
from bench.timing import Part, Row
from crypto.age import HybridIdentity
from intake.accesslog import members
from intake.keeper import Keeper, initialise, open_keeper
from intake.protocol.audit import verify_log
from intake.protocol.card import Role
from intake.protocol.evidence import Received
from intake.protocol.index import Day, DayIndex, Days, ItemRow, TipRow, sha256_hex
from intake.protocol.kinds import Kind
from intake.protocol.logstate import LogState
from intake.protocol.readership import Readership
from intake.report.definition import Choice, load_form
from intake.report.events import STATUSES, Note, Status
from intake.report.told import Account, Told
from intake.storage import tables
from intake.triage.book import Book, Snapshot, Wanted
from intake.triage.fetching.kept import KeptLog, Proven
from intake.triage.home import Connection, Home
from intake.triage.keys.keyfile import MemberKeys, load_keys, make_keys, save_keys
from intake.triage.mirror.added import Author, Authors
from intake.triage.mirror.exchanged import Exchanges
from intake.triage.mirror.known import Known
from intake.triage.mirror.tips import Fetched, Tips, item_name, summary_name
from intake.triage.pages.app import create_app
from intake.triage.pages.place import Place
from intake.triage.progress import no_progress
from intake.triage.reading.conversation import Line
from intake.triage.reading.given import Reader
from intake.triage.reading.opentip import OpenTip, Signed
from intake.triage.workspace import Workspace

SIZES = (10_000, 100_000)
_ITEMS = ("report", "message")
_KEPT = 2000
"""Bytes of a sealed summary, and of an item: what matters is that they are read and hashed."""

_MESSAGE = 100
"""Characters of a message."""

_PAGES = 50
_SYNCS = 20
R = TypeVar("R", TipRow, ItemRow)
_PASSPHRASE = "the passphrase of a machine that is measured"  # noqa: S105


@contextmanager
def part() -> Iterator[Part]:
    """Every row, over homes that are gone afterwards."""
    with TemporaryDirectory() as temporary, ExitStack() as opened:
        homes = [opened.enter_context(_filled(Path(temporary) / str(size), size)) for size in SIZES]
        fewer, most = (opened.enter_context(_program(home)) for home in homes)
        rows = [*(_unlock(home) for home in homes), _nothing_new(fewer, most), _look(fewer, min(SIZES)),
                _filter(most, max(SIZES))]  # fmt: skip
        yield Part(rows, lambda: "\n".join([_slowest(most), *_searches(most), *(_memory(home) for home in homes)]))


@dataclass(frozen=True, slots=True)
class _Filled:
    """A reviewer's home as a lock leaves it."""

    size: int
    directory: Path
    connection: Connection

    @property
    def home(self) -> Home:
        return Home(self.directory, self.connection)

    @property
    def key(self) -> Path:
        return self.directory.with_suffix(".key")

    def unlocked(self) -> Workspace:
        """What is there once the passphrase is derived and the first page of the queue can be shown."""
        workspace = Workspace(self.home, load_keys(self.key, _PASSPHRASE), _nothing_opened)
        workspace.open_kept()
        if workspace.book.queue(Wanted()).tips != self.size or workspace.problem or workspace.notices:
            raise RuntimeError(f"it was not unlocked: {workspace.problem} {workspace.notices}")
        return workspace


def _nothing_opened(says: str, of: int) -> AbstractContextManager[Callable[[int], None]]:
    if says == "Opening reports" and of:
        raise RuntimeError("the snapshot was not taken")
    return no_progress(says, of)


@dataclass(frozen=True, slots=True)
class _Program:
    """An unlocked program, without its socket. `get` shows a page."""

    workspace: Workspace
    get: Callable[[str], str]


@contextmanager
def _program(filled: _Filled) -> Iterator[_Program]:
    place = Place.new(8003)
    app = create_app(filled.home, filled.key, place, end=lambda: None, entered=lambda: None, progress=_nothing_opened)
    browser, base = app.test_client(), f"http://127.0.0.1:{place.port}"

    def get(path: str) -> str:
        return browser.get(place.path + path, base_url=base).text

    get(f"/?token={place.token}")
    (token,) = re.findall('name="csrf_token" value="([^"]+)"', get("/unlock"))
    browser.post(f"{place.path}/unlock", base_url=base, data={"csrf_token": token, "passphrase": _PASSPHRASE})
    app.extensions["guard"].opened.result(60)
    workspace = app.extensions["guard"].use()
    if workspace is None or f"<h1>{filled.size} reports" not in get("/reports"):
        raise RuntimeError("it was not unlocked")
    yield _Program(workspace, get)
    app.extensions["guard"].lock()


def _unlock(filled: _Filled) -> Row:
    workspace = filled.unlocked()
    _, data, *documents = workspace.book.serialize()
    size = len(data) + sum(map(len, documents))
    workspace.close()

    def bare() -> None:
        database = sqlite3.connect(":memory:")
        database.deserialize(data)
        database.execute("SELECT count(*) FROM queue").fetchone()
        database.close()

    less = filled.size == min(SIZES)
    return Row(f"unlock with {filled.size} reports, to the queue", lambda: filled.unlocked().close(),
               f"SQLite loading {len(data) >> 20} MiB of {size >> 20}", bare, "≤ 1 s" if less else "≤ 6 s",
               rounds=3 if less else 1)  # fmt: skip


def _nothing_new(fewer: _Program, most: _Program) -> Row:
    def sync(program: _Program) -> None:
        for _ in range(_SYNCS):
            program.workspace.sync()
            if program.workspace.problem or program.workspace.alarm:
                raise RuntimeError(program.workspace.problem or program.workspace.alarm)

    return Row(f"nothing new with {max(SIZES)} reports, processor time of both sides", lambda: sync(most),
               f"with {min(SIZES)}", lambda: sync(fewer), "≤ 1.2", clock=time.process_time,
               other_clock=time.process_time, amount=_SYNCS, unit="syncs")  # fmt: skip


def _look(program: _Program, size: int) -> Row:
    names = sorted(program.workspace.book.given())[:_PAGES]

    def look() -> None:
        for name in names:
            program.get(f"/tips/{name}")

    def bare() -> None:
        for _ in names:
            program.get("/nowhere")

    return Row(f"the pages of {_PAGES} reports among {size}", look, "as many pages that say that there is nothing",
               bare, "≤ 2.5 s", amount=_PAGES, unit="pages")  # fmt: skip


def _filter(program: _Program, size: int) -> Row:
    asked = "/reports?host_country=CA&status=new"
    return Row(f"a page of the queue of {size} reports, filtered", lambda: program.get(asked),
               "one that says that there is nothing", lambda: program.get("/nowhere"), "≤ 0.1 s")  # fmt: skip


def _slowest(program: _Program) -> str:
    """The 95th percentile over pages of many kinds."""
    chance, taken = random.Random(1), []  # noqa: S311 - nothing is kept secret by it
    counts = {field: sorted(each) for field, each in program.workspace.book.queue(Wanted()).counts.items() if each}
    for number in range(200):
        chosen = {field: chance.choice(counts[field]) for field in chance.sample(sorted(counts), number % 3)}
        path = f"/reports?{urlencode({**chosen, 'page': chance.randrange(1, 2000)})}"
        began = time.perf_counter()
        program.get(path)
        taken.append(time.perf_counter() - began)
    slowest = statistics.quantiles(taken, n=20)[-1] * 1000
    return f"Pages of the queue of {max(SIZES)} reports, 95th percentile: {slowest:.0f} ms (goal: 100)"


def _searches(program: _Program) -> Iterator[str]:
    """The 95th percentile over searches of every kind, and of those that are the hardest."""
    chance = random.Random(2)  # noqa: S311
    kinds = {name: list(_typed(name, chance)) for name in ("words", "phrases", "beginnings", "fields", "exact", "any")}
    took = {name: [_seconds(program, path) for path in paths] for name, paths in kinds.items()}
    slowest = {name: statistics.quantiles(seconds, n=20)[-1] * 1000 for name, seconds in took.items()}
    every = statistics.quantiles([each for seconds in took.values() for each in seconds], n=20)[-1] * 1000
    each = ", ".join(f"{name} {milliseconds:.0f}" for name, milliseconds in slowest.items())
    yield f"Searches among {max(SIZES)} reports, 95th percentile: {every:.0f} ms (goal: 100); by kind: {each}"


def _seconds(program: _Program, path: str) -> float:
    began = time.perf_counter()
    if "Found in" not in program.get(path):
        raise RuntimeError("nothing was searched for")
    return time.perf_counter() - began


def _typed(kind: str, chance: random.Random) -> Iterator[str]:
    """Addresses of searches: in each language twenty, for words as common as they are in its texts."""
    for language in languages(random.Random(0)).values():  # noqa: S311
        for number in range(20):
            some = language.some(chance, 2)
            typed = {
                "words": " ".join(some[: 1 + number % 2]),
                "phrases": f'"{language.between.join(some)}"',
                "beginnings": f"{some[0][:3]}*",
                "fields": f"message:{some[0]} from:CN before:2026-06",
            }.get(kind, some[0])
            yield f"/search?{urlencode({'q': typed, 'how': kind if kind in ('exact', 'any') else ''})}"


def _memory(filled: _Filled) -> str:
    command = [sys.executable, "-m", "bench.book", str(filled.directory), filled.connection.policy, str(filled.size)]
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout  # noqa: S603 - this file
    return f"Memory with {filled.size} reports: {told.strip()}"


@contextmanager
def _filled(directory: Path, size: int) -> Iterator[_Filled]:
    """A home, and the desk that it is of, which answers."""
    port = free_port()
    settings = initialise(directory.with_suffix(".server"), {"desk_authority": f"127.0.0.1:{port}"})
    server = open_keeper(settings)
    with served(server, port):
        yield _fill(directory, size, server, f"http://127.0.0.1:{port}")
    server.store.close()


def _fill(directory: Path, size: int, server: Keeper, desk: str) -> _Filled:
    keys = make_keys(Role.REVIEWER, "reviewer")
    members.enrol(server.store, server.log, keys.card)
    policy = server.settings.policy.read_text()
    filled = _Filled(size, directory, Connection(desk, policy))
    save_keys(filled.key, keys, _PASSPHRASE, work_factor=4)
    home = Home.open(directory, desk=filled.connection.desk, policy=policy, proxy=None)
    with server.store.reading() as session:
        lines, note = server.log.lines(session, 0, server.log.size(session)), server.log.shown(session)
    verified = verify_log(lines, note, home.connection.log, None)
    kept = KeptLog(home)
    kept.stage(0, lines)
    kept.save(Received(datetime.now(UTC).replace(microsecond=0), note), verified.state, Proven((), ()))
    home.remember()
    _fill_both(home, server, keys, verified.state, size)
    home.close()
    return filled


def _fill_both(home: Home, server: Keeper, keys: MemberKeys, log: LogState, size: int) -> None:
    chance, book, kept = random.Random(size), Book(), Tips(home.mirror)  # noqa: S311
    written = list(languages(random.Random(0)).values())  # noqa: S311
    proven = Authors(home.mirror, log.roster), Exchanges(home.mirror, log.roster), Readership(log.rulings)
    reader = Reader(keys.card.key_id, datetime.now(UTC).date(), log, *proven, 0)
    days: dict[str, tuple[list[TipRow], list[ItemRow]]] = {}
    with home.mirror.writing(), server.store.writing() as session:
        for number in range(size):
            name, day = chance.randbytes(16).hex(), (date(2026, 1, 1) + timedelta(number * 300 // size)).isoformat()
            summary = chance.randbytes(_KEPT)
            own = tuple(ItemRow(chance.randbytes(16).hex(), name, kind, day, _KEPT, blob=False) for kind in _ITEMS)
            row = TipRow(name, day, _digest(summary), _digest(b""), _digest(name.encode()))
            sealed = {name: summary, **{item.id: chance.randbytes(_KEPT) for item in own}}
            kept.arrived({summary_name(name): summary, **{item_name(name, i.id): sealed[i.id] for i in own}})
            known = Known(row.payload, row.header, signs=True, day=day, signer="0" * 64, items=own)
            kept.remember({name: known})
            given = reader.given(row, own, known, {key: _digest(data) for key, data in sealed.items()})
            tips, items = days.setdefault(day, ([], []))
            tips.append(row)
            items += own
            book.put(_tip(name, day, own, written[number % len(written)], chance), given.digest)
            kept.opened({name: given.digest})
            _store(session, row, summary, own)
        _list(kept, [DayIndex(day, _in_order(tips), _in_order(items)) for day, (tips, items) in days.items()])
        kept.fetched_at(Fetched("2026-11-01", 0, signs=True))
    if keys.opening is not None:
        Snapshot(home, keys.opening).save(book, Event())


def _store(session: Session, tip: TipRow, summary: bytes, items: Iterable[ItemRow]) -> None:
    """What the desk tells of them in its index, and no more: nobody fetches them."""
    name, day = bytes.fromhex(tip.id), date.fromisoformat(tip.day)
    session.execute(insert(tables.Tip), [{"id": name, "day": day, "recipient": tip.id, "header": b"",
                                          "payload": summary, "lookup": secrets.token_bytes(32)}])  # fmt: skip
    session.execute(
        insert(tables.Item),
        [{"id": bytes.fromhex(item.id), "tip_id": name, "kind": Kind(item.kind), "day": day, "size": item.size,
          "sealed": b""} for item in items],
    )  # fmt: skip


def _list(kept: Tips, days: Sequence[DayIndex]) -> None:
    """Let this be what was fetched of the index."""
    digests = {sha256_hex(day.to_json()): day for day in days}
    kept.replace(digests, ())
    listed = Days(tuple(Day(day.day, len(day.tips), len(day.items), digest) for digest, day in digests.items()))
    kept.listed_as(sha256_hex(listed.to_json()))


def _in_order(rows: Iterable[R]) -> tuple[R, ...]:
    return tuple(sorted(rows, key=attrgetter("id")))


def _tip(name: str, day: str, rows: tuple[ItemRow, ...], language: Language, chance: random.Random) -> OpenTip:
    form = load_form()
    choices = {field.key: tuple(field.choices) for field in form.summary_fields if field.choices}
    once: dict[str, Told[Choice]] = {
        key: Told(form.version, chance.choice(offered[:20])) for key, offered in choices.items()
    }
    author = Author("reviewer", datetime(2026, 11, 1, tzinfo=UTC), 1)
    return OpenTip(
        id=name,
        day=day,
        source=f"age1pq1{chance.randbytes(980).hex()[:1952]}",
        signer="0" * 64,
        language=language.name,
        identities=(HybridIdentity.from_seed(chance.randbytes(32)),),
        account=Account(once),
        narrative=language.text(chance),
        conversation=[Line(day, "", language.text(chance, _MESSAGE))],
        written=[
            Signed("0" * 32, author, Status(chance.choice(list(STATUSES)))),
            Signed("1" * 32, author, Note("Seen.")),
        ],
        rows=rows,
    )


def _digest(data: bytes) -> str:
    return sha256(data).hexdigest()


def _main(directory: str, policy: str, size: str) -> None:
    """Unlock, look, and say what memory that takes."""
    workspace = _Filled(int(size), Path(directory), Connection("http://127.0.0.1:9", policy)).unlocked()
    workspace.book.queue(Wanted())
    status = Path(f"/proc/{os.getpid()}/status").read_text("ascii")
    now, most = (int(re.findall(rf"{name}:[^0-9]+([0-9]+) kB", status)[0]) >> 10 for name in ("VmRSS", "VmHWM"))
    sys.stdout.write(f"{now} MiB unlocked, {most} MiB at most while it is\n")


if __name__ == "__main__":
    _main(*sys.argv[1:])
