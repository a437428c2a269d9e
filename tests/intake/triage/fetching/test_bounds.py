"""A desk that wants to wear a reviewer's machine out: endless, compressed, immense or dripping answers."""

import base64
import gzip
import json
import secrets
import socket
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from threading import Event, Thread
from typing import Any
from wsgiref.types import StartResponse, WSGIEnvironment

import pytest
from werkzeug.wrappers import Response

from crypto.checkpoint import Checkpoint
from crypto.merkle import EMPTY_ROOT
from intake.keeper import read_log_key
from intake.protocol.card import Role
from intake.protocol.index import Span, parse_day, parse_days
from intake.protocol.wire import WireError, decode_sealed
from intake.triage.desk import client as desk_client
from intake.triage.desk.client import DeskClient, DeskError
from intake.triage.home import Home
from intake.triage.keys.keyfile import make_keys
from intake.triage.progress import no_progress
from intake.triage.workspace import Workspace
from intake.triage.workspace import workspace as workspace_module
from open_desk import Desk
from program import PASSPHRASE, Enrol, HomeOf, Program, Reviewer
from signed_head import signed
from waiting import waited_for

pytestmark = pytest.mark.slow

Behave = Callable[[socket.socket], object]


class Hostile:
    """A desk on a real socket that answers as it likes."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self.behave: Behave = lambda _: None
        self.ended = Event()
        self.sent = 0
        self._threads = [Thread(target=self._accept)]
        self._threads[0].start()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            thread = Thread(target=self._answer, args=(client,))
            thread.start()
            self._threads.append(thread)

    def _answer(self, client: socket.socket) -> None:
        with client:
            client.recv(65536)
            try:
                self.behave(client)
            except OSError:
                return

    def endless(self, head: bytes, piece: bytes, pause: float = 0) -> Behave:
        """Go on for as long as somebody reads."""

        def behave(client: socket.socket) -> None:
            client.sendall(head)
            while not self.ended.wait(pause):
                client.sendall(piece)
                self.sent += len(piece)

        return behave

    def close(self) -> None:
        self.ended.set()
        # A listener that is only closed does not wake whoever accepts on it.
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in self._threads:
            thread.join(60)


@pytest.fixture
def hostile() -> Iterator[Hostile]:
    server = Hostile()
    yield server
    server.close()


@pytest.fixture
def client(hostile: Hostile, desk: Desk, enrol: Enrol, tmp_path: Path) -> Iterator[DeskClient]:
    made = DeskClient(
        Home.open(tmp_path / "x", desk=hostile.url, policy=desk.policy, proxy=None), enrol("x").signing, Role.REVIEWER
    )
    yield made
    made.close()


CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


def test_no_answer_is_read_beyond_its_largest_size(client: DeskClient, hostile: Hostile) -> None:
    hostile.behave = hostile.endless(CHUNKED, b"10000\r\n" + b" " * 65536 + b"\r\n")
    asked = (
        lambda: client.days(""),
        lambda: client.rows(Span("2026-01-01", "2026-01-01"), 5_000_000),
        client.checkpoint,
        lambda: list(client.download("0" * 32, 0, 1000)),
    )
    for ask in asked:
        hostile.sent = 0
        with pytest.raises(DeskError, match="larger than a desk's answer can be"):
            ask()
        assert hostile.sent < 20_000_000


def test_an_error_answer_is_short_and_cannot_play_with_a_terminal(client: DeskClient, hostile: Hostile) -> None:
    head = b"HTTP/1.1 500 Oh\r\nTransfer-Encoding: chunked\r\n\r\n"
    hostile.behave = hostile.endless(head, b"10000\r\n" + b" " * 65536 + b"\r\n")
    with pytest.raises(DeskError, match="larger than a desk's answer can be"):
        client.days("")
    body = json.dumps({"error": "\x1b[2Jclick here " * 100}).encode()
    hostile.behave = lambda peer: peer.sendall(b"HTTP/1.1 400 No\r\nContent-Length: %d\r\n\r\n" % len(body) + body)
    with pytest.raises(DeskError) as error:
        client.days("")
    assert (len(str(error.value)) < 250, "\x1b" in str(error.value)) == (True, False)


def test_what_is_compressed_is_refused_and_was_not_asked_for(client: DeskClient, hostile: Hostile) -> None:
    bomb, asked = gzip.compress(bytes(10_000_000)), []

    def behave(peer: socket.socket) -> None:
        head = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(bomb)
        asked.append(head)
        peer.sendall(head + bomb)

    hostile.behave = behave
    with pytest.raises(DeskError, match="compressed"):
        client.days("")
    assert client._http.headers["Accept-Encoding"] == "identity"


@pytest.mark.parametrize("head", [b"HTTP/1.1 200 OK\r\nX-A: ", CHUNKED], ids=["head", "body"])
def test_a_drip_holds_no_request_beyond_its_time(
    head: bytes, client: DeskClient, hostile: Hostile, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(desk_client, "_TIME", 0.5)
    hostile.behave = hostile.endless(head, b"a" if head != CHUNKED else b"1\r\na\r\n", pause=0.02)
    with pytest.raises(DeskError, match="can't be reached"):
        client.days("")
    assert hostile.sent < 2000


def test_a_proxy_that_never_speaks_holds_no_request_for_ever(
    hostile: Hostile, desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(desk_client, "_TIME", 0.5)
    hostile.behave = lambda _: hostile.ended.wait(60)
    proxy = hostile.url.replace("http", "socks5h")
    home = Home.open(tmp_path / "x", desk="http://x.onion", policy=desk.policy, proxy=proxy)
    client = DeskClient(home, make_keys_of("x"), Role.REVIEWER)
    with pytest.raises(DeskError, match="can't be reached"):
        client.checkpoint()
    client.close()


def make_keys_of(name: str) -> Any:
    from intake.protocol.card import Role  # noqa: PLC0415

    return make_keys(Role.AUDITOR, name).signing


def test_a_checkpoint_that_counts_more_than_comes_is_refused_at_once(
    desk: Desk, reviewer: Reviewer, monkeypatch: pytest.MonkeyPatch
) -> None:
    amina = reviewer("amina")
    amina.unlock()
    key = read_log_key(desk.server.settings.log_key)

    def claim(size: int) -> Callable[[bytes], bytes]:
        text = Checkpoint(key.verifier.name, size, EMPTY_ROOT).text
        return lambda _: signed(key, text)

    honest = desk.wsgi
    desk.lie("/v1/log/checkpoint", claim(2**36))
    amina.post("/sync", "/")
    assert f"the desk claims a log of {2**36} entries, more than this program can take" in shown(amina)
    desk.wsgi = honest
    desk.lie("/v1/log/checkpoint", claim(900_000))
    requests: list[str] = []

    def count(body: bytes) -> bytes:
        requests.append("")
        return body

    desk.lie("/v1/log/entries", count)
    amina.post("/sync", "/")
    assert len(requests) <= 2


def shown(program: Program) -> str:
    return str(program.get("/").text)


def test_items_that_are_new_nonsense_each_time_are_fetched_at_most_twice(
    desk: Desk, reviewer: Reviewer, enrol: Enrol
) -> None:
    enrol("amina")
    tip, reads = desk.store_tip("First.", {}), []

    def spoil(body: bytes) -> bytes:
        reads.append(body)
        answer = json.loads(body)
        answer["items"] = {name: base64.b64encode(secrets.token_bytes(300)).decode() for name in answer["items"]}
        return json.dumps(answer).encode()

    desk.lie("/v1/read", spoil)
    amina = reviewer("amina")
    amina.unlock()
    assert len(reads) == 2
    # Looking at it tells the source so, which is one more item that comes back as nonsense.
    assert "could not be opened" in amina.get(f"/tips/{tip.id.hex()}").text
    assert len(reads) == 4
    amina.post("/sync", "/")
    assert len(reads) == 4


@pytest.mark.parametrize("body", [b'{"tips":[' + b"[]," * 300_000, b"[" * 500_000, b'{"tips":[' + b"1," * 500_000])
def test_json_that_would_grow_many_times_over_in_memory_is_refused_unread(body: bytes) -> None:
    for parse in (parse_days, lambda text: parse_day("2026-01-01", text), decode_sealed):
        with pytest.raises(WireError):
            parse(body)


def test_a_desk_that_goes_on_changing_its_index_and_then_fails_fills_no_disk(
    desk: Desk, reviewer: Reviewer, home: HomeOf
) -> None:
    amina, honest = reviewer("amina"), desk.wsgi

    def answer(environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        return (Response("", 403) if environ["PATH_INFO"] == "/v1/read" else honest)(environ, start)

    desk.wsgi = answer
    amina.unlock()
    for _ in range(3):
        desk.store_tip("Another day's rows each time.", {})
        amina.post("/sync", "/")
    assert len([name for name in home("amina").mirror.keys("SELECT name FROM sealed") if name.startswith("rows/")]) == 1


def test_a_desk_that_hangs_keeps_no_kept_report_closed(
    desk: Desk, hostile: Hostile, reviewer: Reviewer, home: HomeOf, tmp_path: Path, enrol: Enrol
) -> None:
    keys = enrol("amina")
    tip = desk.store_tip("My story.", {})
    before = Workspace(home("amina"), keys, no_progress)
    before.sync()
    before.close()
    program = reviewer("amina", desk_url=hostile.url)
    hostile.behave = lambda _: hostile.ended.wait(60)
    values = {**program.hidden("/unlock"), "passphrase": PASSPHRASE}
    assert program.send("/unlock", values, waits=False).status_code == 303
    program.guard.opened.result(60)
    page = program.get("/", waits=False).text
    assert "My story." in page
    assert "Fetching: look again" in page
    assert "My story." in program.get(f"/tips/{tip.id.hex()}", waits=False).text
    assert not program.workspace.settled.is_set()
    hostile.ended.set()


@pytest.mark.parametrize("hangs", ["/v1/index", "/v1/tips/", "/v1/log/checkpoint"])
def test_a_desk_that_hangs_keeps_nobody_waiting_who_reads_writes_or_looks_for_what_is_new(
    hangs: str, desk: Desk, reviewer: Reviewer, monkeypatch: pytest.MonkeyPatch
) -> None:
    amina = reviewer("amina")
    seen, new = desk.store_tip("My story.", {}), desk.store_tip("Another's.", {})
    amina.unlock()
    page = f"/tips/{seen.id.hex()}"
    amina.get(page)
    monkeypatch.setattr(workspace_module, "_PATIENCE", 0.5)
    honest, go_on = desk.wsgi, Event()

    def hang(environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        if environ["PATH_INFO"].startswith(hangs):
            assert go_on.wait(100)
        return honest(environ, start)

    desk.wsgi = hang
    assert "Another&#39;s." in amina.get(f"/tips/{new.id.hex()}", waits=False).text
    for number in (1, 2):
        hidden = amina.hidden(page)
        assert amina.send("/sync", hidden, waits=False).status_code == 303
        assert amina.send(f"{page}/note", {**hidden, "text": "Seen before."}, waits=False).status_code == 303
        assert shown_notes(amina, page) == number
    monkeypatch.setattr(workspace_module, "_PATIENCE", 60.0)
    go_on.set()
    assert waited_for(lambda: amina.post("/sync", "/") and amina.workspace.sending.under_way == [])
    assert shown_notes(amina, page) == 2


def shown_notes(program: Program, page: str) -> int:
    return int(program.get(page, waits=False).text.count('<p dir="auto">Seen before.</p>'))
