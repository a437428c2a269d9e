"""Files over a connection that breaks off: they go on where they stopped, verified, and downloading is use."""

import hashlib
import os
import secrets
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from pathlib import Path
from threading import Event
from typing import Any
from wsgiref.types import StartResponse, WSGIEnvironment

import pytest
from sqlalchemy import select
from werkzeug.test import run_wsgi_app

from intake.protocol.kinds import Kind
from intake.report.payloads import About
from intake.storage.tables import Item
from intake.triage.desk.client import DeskError
from intake.triage.files.originals import DamagedFileError
from open_desk import Desk
from program import IDLE, Program, Reviewer

pytestmark = pytest.mark.slow

SIZE = 3_000_000


class Slow:
    """A desk that breaks off the transfer of files after so many bytes, and counts what it has sent.

    `held`: after so many it waits until `go_on` is set.
    """

    def __init__(self, desk: Desk, most: int, pause: float = 0, held: int = 10**9) -> None:
        self.sent = 0
        self.asked: list[str] = []
        self.go_on = Event()
        self._most, self._pause, self._held = most, pause, held
        self._honest = desk.wsgi
        desk.wsgi = self._answer

    def _answer(self, environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        if not environ["PATH_INFO"].startswith("/v1/items/"):
            return self._honest(environ, start)
        self.asked.append(environ["QUERY_STRING"])
        body, status, headers = run_wsgi_app(self._honest, environ)
        start(status, list(headers))
        return self._pieces(b"".join(body))

    def _pieces(self, body: bytes) -> Iterator[bytes]:
        yield b""  # the head of the answer
        for at in range(0, min(len(body), self._most), 50_000):
            Event().wait(self._pause)
            if at >= self._held:
                assert self.go_on.wait(60)
            piece = body[at : min(at + 50_000, self._most)]
            self.sent += len(piece)
            yield piece
        if len(body) > self._most:
            raise ConnectionError


def content_of(desk: Desk) -> str:
    """The id of the only file's sealed bytes."""
    with desk.server.store.reading() as session:
        return bytes(session.scalars(select(Item.id).where(Item.kind == Kind.CONTENT)).one()).hex()


Film = Callable[..., tuple[Program, str, bytes]]


@pytest.fixture
def film(desk: Desk, reviewer: Reviewer) -> Film:
    """An unlocked program, the address of a file in it, and the file's bytes."""

    def store(idle_seconds: float = IDLE) -> tuple[Program, str, bytes]:
        amina = reviewer("amina", idle_seconds)
        tip, data = desk.store_tip("First.", {}), secrets.token_bytes(SIZE)
        address = f"/tips/{tip.id.hex()}/files/{desk.store_file(tip, 'film.mp4', data)}"
        amina.unlock()
        return amina, address, data

    return store


def test_a_file_arrives_whole_over_a_connection_that_breaks_off_again_and_again(desk: Desk, film: Film) -> None:
    amina, address, data = film()
    slow = Slow(desk, 400_000)
    assert amina.save(address).data == data
    assert len(slow.asked) == 8
    assert slow.sent < SIZE * 1.05, "each byte came once"
    assert [query for query in slow.asked if not query] == [""]


def test_downloading_is_use_and_no_idle_lock_cuts_it(desk: Desk, film: Film) -> None:
    # Long enough that a busy machine locks nothing before the download begins.
    amina, address, data = film(idle_seconds=2)
    Slow(desk, 10**9, pause=0.1)
    assert amina.save(address).data == data, "it took three times as long as an idle program stays open"


def test_a_lock_cuts_it_and_after_unlocking_it_goes_on_from_there(desk: Desk, film: Film) -> None:
    amina, address, data = film()
    slow = Slow(desk, 10**9, pause=0.02)
    answer = amina.save(address, buffered=False)
    pieces = answer.iter_encoded()
    received = b"".join(islice(pieces, 20))
    assert data.startswith(received)
    amina.guard.lock()
    assert b"".join(pieces) == b"", "nothing comes after the lock"
    answer.close()
    amina.unlock()
    assert "of it has arrived" in amina.get(address.partition("/files/")[0]).text
    assert amina.save(address).data == data
    assert int(slow.asked[1].removeprefix("from=")) >= len(received), "what has arrived is not asked for again"


def test_the_first_bytes_reach_the_browser_before_the_last_leave_the_desk(desk: Desk, film: Film) -> None:
    amina, address, data = film()
    slow = Slow(desk, 10**9, held=SIZE // 2)
    pieces = amina.save(address, buffered=False).iter_encoded()
    first = next(pieces)
    slow.go_on.set()
    assert first + b"".join(pieces) == data


def test_two_who_save_the_same_file_at_once_fetch_it_once(desk: Desk, film: Film) -> None:
    amina, address, data = film()
    slow = Slow(desk, 10**9)
    one, other = (amina.save(address, buffered=False) for _ in range(2))
    received: tuple[list[bytes], list[bytes]] = ([], [])
    for pieces in zip(one.iter_encoded(), other.iter_encoded(), strict=True):
        for each, piece in zip(received, pieces, strict=True):
            each.append(piece)
    assert [b"".join(each) for each in received] == [data, data]
    assert slow.sent < SIZE * 1.05


def removed(blob: Path) -> None:
    blob.unlink()


def cut(blob: Path) -> None:
    os.truncate(blob, SIZE // 2)


def emptied(blob: Path) -> None:
    os.truncate(blob, 0)


def another_thing(blob: Path) -> None:
    blob.unlink()
    blob.mkdir()


@pytest.mark.parametrize("spoil", [removed, cut, emptied, another_thing])
def test_a_file_that_is_lost_while_the_desk_runs_is_said_to_be_and_the_rest_of_the_report_is_there(
    spoil: Callable[[Path], None], desk: Desk, film: Film
) -> None:
    amina, address, _ = film()
    (blob,) = desk.server.settings.blobs.iterdir()
    spoil(blob)
    answer = amina.save(address)
    assert answer.status_code == 502
    assert "this file is lost on the server: tell the operator" in answer.text
    assert "First." in answer.text
    assert amina.get("/").status_code == 200


def test_a_desk_that_sends_nothing_gets_a_page_and_no_word_of_tor_where_none_is_used(desk: Desk, film: Film) -> None:
    amina, address, _ = film()
    Slow(desk, 0)
    answer = amina.save(address)
    assert answer.status_code == 502
    assert "broke off" in answer.text
    assert "Tor" not in answer.text


def test_what_was_damaged_on_this_machine_is_fetched_anew(desk: Desk, film: Film, tmp_path: Path) -> None:
    amina, address, data = film()
    assert amina.save(address).data == data
    kept = [path for path in (tmp_path / "amina-home" / "files").iterdir() if path.stat().st_size > SIZE]
    for path in kept:
        path.write_bytes(path.read_bytes()[:1000] + b"x" * 1000 + path.read_bytes()[2000:])
    assert amina.save(address).status_code == 502
    assert amina.save(address).data == data


def test_a_whole_file_is_kept_until_other_bytes_have_proven_to_be_the_right_ones(
    desk: Desk, film: Film, tmp_path: Path
) -> None:
    amina, address, data = film()
    assert amina.save(address).data == data
    (kept,) = (tmp_path / "amina-home" / "files").iterdir()
    spoilt = kept.read_bytes()[:-1] + bytes([kept.read_bytes()[-1] ^ 1])
    kept.write_bytes(spoilt)
    honest = desk.wsgi
    desk.lie("/v1/items/", lambda body: body[:-1] + bytes([body[-1] ^ 1]))
    for _ in range(3):
        answer = amina.save(address, buffered=False)
        assert answer.status_code == 200
        with pytest.raises(DamagedFileError):
            b"".join(answer.iter_encoded())
        assert kept.read_bytes() == spoilt, "more of it can be read than of nothing"
    desk.wsgi = honest
    assert amina.save(address).data == data
    assert kept.read_bytes() != spoilt
    assert list((tmp_path / "amina-home" / "partial").iterdir()) == []


@pytest.mark.parametrize("size", [0, SIZE], ids=["empty", "as large"])
def test_another_report_that_claims_a_kept_file_takes_nothing_away(
    size: int, desk: Desk, film: Film, tmp_path: Path
) -> None:
    amina, address, data = film()
    assert amina.save(address).data == data
    content = content_of(desk)
    other = desk.store_tip("A lie.", {})
    told = bytes(size)
    about = desk.send(other, About(content, "film.mp4", "video/mp4", size, hashlib.sha256(told).hexdigest(), ""))

    def claimed(index: Any) -> None:
        for row in index["items"]:
            if row["id"] == content:
                row["tip"] = other.id.hex()

    honest = desk.wsgi
    desk.spoil_index(claimed)
    amina.post("/sync", "/")
    for _ in range(2):
        amina.save(f"/tips/{other.id.hex()}/files/{about}")
    desk.wsgi = honest
    amina.post("/sync", "/")
    slow = Slow(desk, 0)
    assert amina.save(address).data == data
    assert slow.asked == [], "it is still on this machine"


def test_a_file_that_an_earlier_program_kept_is_not_fetched_again(desk: Desk, film: Film, tmp_path: Path) -> None:
    amina, address, data = film()
    assert amina.save(address).data == data
    content = content_of(desk)
    (kept,) = (tmp_path / "amina-home" / "files").iterdir()
    kept.rename(kept.with_name(content))
    slow = Slow(desk, 0)
    assert amina.save(address).data == data
    assert slow.asked == []


def test_a_file_that_an_earlier_program_kept_and_that_is_spoilt_is_fetched_anew(
    desk: Desk, film: Film, tmp_path: Path
) -> None:
    amina, address, data = film()
    assert amina.save(address).data == data
    content = content_of(desk)
    (kept,) = (tmp_path / "amina-home" / "files").iterdir()
    kept.with_name(content).write_bytes(bytes(kept.stat().st_size))
    kept.unlink()
    assert amina.save(address).status_code == 502
    assert amina.save(address).data == data


def test_a_desk_that_lied_about_the_size_of_a_file_can_mend_that(desk: Desk, film: Film) -> None:
    def larger(index: Any) -> None:
        for row in index["items"]:
            row["size"] += 9 * row["blob"]

    amina, address, data = film()
    honest = desk.wsgi
    desk.spoil_index(larger)
    amina.post("/sync", "/")
    answer = amina.save(address, buffered=False)
    with pytest.raises(DeskError):
        b"".join(answer.iter_encoded())
    answer.close()
    desk.wsgi = honest
    amina.post("/sync", "/")
    assert amina.save(address).data == data
