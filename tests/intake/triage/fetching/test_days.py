"""A fetch asks for what changed: the list of days, and the rows of those days that are not as they were."""

import secrets
import sqlite3
from collections.abc import Callable, Iterable
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from wsgiref.types import StartResponse, WSGIEnvironment

import pytest
from werkzeug.wrappers import Response

from intake.protocol.index import AS_KEPT, Day, Days
from intake.triage.mirror.pair import COPY, NAME
from open_desk import Desk
from program import Program
from told import queue, shown, sync

pytestmark = pytest.mark.slow

ANSWERS: dict[str, str] = {}


def today() -> date:
    """Of now: the tests may have been read in before midnight."""
    return datetime.now(UTC).date()


@pytest.fixture
def asked(desk: Desk) -> list[tuple[str, int]]:
    """The requests for the index so far: what comes after `/v1/index`, and how many bytes were answered."""
    seen: list[tuple[str, int]] = []
    honest = desk.wsgi

    def answer(environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        if not environ["PATH_INFO"].startswith("/v1/index"):
            return honest(environ, start)
        response = Response.from_app(honest, environ, buffered=True)
        seen.append((environ["PATH_INFO"].removeprefix("/v1/index"), len(response.data)))
        return response(environ, start)

    desk.wsgi = answer
    return seen


def test_only_the_days_that_changed_are_fetched(desk: Desk, amina: Program, asked: list[tuple[str, int]]) -> None:
    days = [today() - timedelta(days=number) for number in range(3)]
    old = [desk.store_tip(f"Report {number}.", ANSWERS, day=day) for number, day in enumerate(days)]
    sync(amina)
    assert [path for path, _ in asked] == ["", f"/{days[-1]}--{days[0]}"], "days that follow on one another at once"
    asked.clear()
    sync(amina)
    assert asked == [("", len(AS_KEPT))], "nothing is new, and nothing more is asked or said"
    asked.clear()
    desk.store_tip("Another.", ANSWERS, day=days[1])
    text = sync(amina)
    # Its first item is of today, whatever day the tip bears.
    assert [path for path, _ in asked] == ["", f"/{days[1]}--{days[0]}"]
    assert all(words in text for words in ("Another.", *(f"Report {number}." for number in range(len(old)))))


def test_what_is_kept_of_the_index_is_used_after_a_restart_and_made_anew_if_it_is_damaged(
    desk: Desk, amina: Program, restarted: Callable[[], Program], tmp_path: Path, asked: list[tuple[str, int]]
) -> None:
    desk.store_tip("First.", ANSWERS)
    sync(amina)
    asked.clear()
    assert "First." in queue(restarted())
    assert asked == [("", len(AS_KEPT))]
    for name in (NAME, COPY):
        with closing(sqlite3.connect(tmp_path / "amina-home" / name, isolation_level=None)) as db:
            db.execute("UPDATE item SET kind = 'work'")
    asked.clear()
    assert "First." in queue(restarted())
    assert [path for path, _ in asked] == ["", f"/{today()}"]


def test_what_comes_between_the_list_and_its_days_is_fetched_with_them(
    desk: Desk, amina: Program, asked: list[tuple[str, int]]
) -> None:
    desk.store_tip("First.", ANSWERS)
    meanwhile = [lambda: desk.store_tip("Second.", ANSWERS)]

    def between(body: bytes) -> bytes:
        if meanwhile:
            meanwhile.pop()()
        return body

    desk.lie("/v1/index", between)
    text = sync(amina)
    assert "First." in text
    assert "Second." in text
    assert [path for path, _ in asked].count("") == 2


@pytest.mark.parametrize("what", ["other rows than the list says", "a list that changes for ever"])
def test_a_desk_whose_days_never_are_as_it_says_ends_the_fetch(
    what: str, desk: Desk, amina: Program, asked: list[tuple[str, int]]
) -> None:
    tip = desk.store_tip("First.", ANSWERS)
    sync(amina)
    asked.clear()

    def lie(body: bytes) -> bytes:
        if b'"days"' in body or body == AS_KEPT:
            return Days((Day(str(today()), 1, 1, secrets.token_hex(32) if "for ever" in what else "0" * 64),)).to_json()
        return body

    desk.lie("/v1/index", lie)
    assert "again and again while it was fetched" in sync(amina)
    assert len(asked) <= 10
    assert "First." in shown(amina, tip)
