"""The session: sealed, and as short as the process and the visit."""

import time
from typing import Any

import pytest
from limits.storage import MemoryStorage

from intake.source import create_app
from intake.source.session.ended import LONGEST_VISIT, MOST_ENDED, EndedHere, EndedShared, ended
from intake.source.session.visits import IDLE
from source_site import Site, Visit


def test_the_cookie_is_for_scripts_and_other_sites_out_of_reach_and_ends_with_the_browser(visit: Visit) -> None:
    header = visit.open("/en/").headers["Set-Cookie"]
    attributes = {part.strip().lower() for part in header.split(";")[1:]}
    assert attributes == {"httponly", "path=/", "samesite=lax"}


@pytest.mark.parametrize("cookie", ["", "x", "é", "gAAAAA" + "x" * 100])
def test_a_cookie_that_does_not_open_is_no_session(visit: Visit, cookie: str) -> None:
    visit.client.set_cookie("session", cookie)
    assert visit.open("/en/tip").status_code == 200
    assert visit.path == "/en/return"


def test_another_process_can_not_open_the_cookie(site: Site, visit: Visit) -> None:
    visit.report()
    other = create_app(site.server, b"A" * 32).test_client()
    other.set_cookie("session", visit.cookie)
    assert other.get("/en/tip").headers["Location"] == "/en/return"


def test_a_session_ends_after_half_a_day_without_a_page(visit: Visit, monkeypatch: pytest.MonkeyPatch) -> None:
    visit.report()
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + IDLE.total_seconds() - 60)
    visit.open("/en/tip")
    assert visit.path == "/en/tip"
    monkeypatch.setattr(time, "time", lambda: now + 2 * IDLE.total_seconds() - 120)
    visit.open("/en/tip")
    assert visit.path == "/en/tip"
    monkeypatch.setattr(time, "time", lambda: now + 4 * IDLE.total_seconds())
    visit.open("/en/tip")
    assert visit.path == "/en/return"


def test_the_style_sheet_does_not_bring_back_a_session(visit: Visit) -> None:
    visit.report()
    assert "Set-Cookie" not in visit.client.get("/static/style.css", buffered=True).headers


def test_a_copy_of_the_cookie_is_of_no_use_once_its_owner_has_left(site: Site, visit: Visit) -> None:
    visit.report()
    cookie = visit.cookie
    other = site.visit()
    other.client.set_cookie("session", cookie)
    other.open("/en/tip")
    assert other.path == "/en/tip"
    visit.post("/en/leave", {})
    for copy in (cookie, other.cookie):
        other.client.set_cookie("session", copy)
        other.open("/en/tip")
        assert other.path == "/en/return"


def test_a_copy_of_the_cookie_is_of_no_use_once_the_report_is_withdrawn(site: Site, visit: Visit) -> None:
    visit.report()
    cookie = visit.cookie
    visit.open("/en/tip/withdraw")
    visit.send("/tip/withdraw", sure="yes")
    other = site.visit()
    other.client.set_cookie("session", cookie)
    other.open("/en/words")
    assert other.path == "/en/"


def test_leaving_ends_one_visit_and_no_other_of_the_same_codename(site: Site, visit: Visit) -> None:
    codename = visit.report()
    other = site.visit()
    other.open("/en/return")
    other.send("/return", codename=codename)
    visit.post("/en/leave", {})
    other.open("/en/tip")
    assert other.path == "/en/tip"


def test_a_visit_ends_after_a_day_however_busy_it_is(visit: Visit, monkeypatch: pytest.MonkeyPatch) -> None:
    visit.report()
    began = time.time()
    for hour in (8, 16, 23):
        monkeypatch.setattr(time, "time", lambda hour=hour: began + hour * 3600)
        visit.open("/en/tip")
        assert visit.path == "/en/tip"
    monkeypatch.setattr(time, "time", lambda: began + LONGEST_VISIT.total_seconds() + 60)
    visit.open("/en/tip")
    assert visit.path == "/en/return"


@pytest.mark.parametrize("memory", [EndedHere(), EndedShared(MemoryStorage())])
def test_an_ended_visit_is_remembered_alone_or_together(memory: Any) -> None:
    memory.add("one")
    assert (memory.any_of("one", "other"), memory.any_of("other")) == (True, False)


def test_while_the_shared_memory_is_out_of_reach_visits_go_on_and_those_left_here_stay_ended() -> None:
    memory = ended("redis://127.0.0.1:1/0")
    assert not memory.any_of("one")
    memory.add("one")
    assert memory.any_of("one")


def test_ended_visits_are_forgotten_when_their_day_is_over_or_they_are_too_many(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    memory, now = EndedHere(), time.time()
    memory.add("earliest")
    monkeypatch.setattr(time, "time", lambda: now + LONGEST_VISIT.total_seconds() + 60)
    for number in range(MOST_ENDED):
        memory.add(str(number))
    assert (memory.any_of("earliest"), memory.any_of("0")) == (False, True)
    memory.add("one more")
    assert [memory.any_of(name) for name in ("0", "1", "one more")] == [False, True, True]


def test_a_date_beyond_the_calendar_in_a_condition_is_no_error(visit: Visit) -> None:
    far = "Mon, 01 Jan 99999999999 00:00:00 GMT"
    for name in ("If-Modified-Since", "If-Unmodified-Since", "If-Range"):
        answer = visit.client.get("/static/style.css", headers={name: far, "Range": "bytes=0-5"}, buffered=True)
        assert answer.status_code in (200, 206)
