"""The session: sealed, and as short as the process and the visit."""

import time
from typing import Any

import pytest

from intake.source import create_app
from intake.source.session import IDLE


def test_the_cookie_is_for_scripts_and_other_sites_out_of_reach_and_ends_with_the_browser(visit: Any) -> None:
    header = visit.open("/en/").headers["Set-Cookie"]
    attributes = {part.strip().lower() for part in header.split(";")[1:]}
    assert attributes == {"httponly", "path=/", "samesite=strict"}


@pytest.mark.parametrize("cookie", ["", "x", "é", "gAAAAA" + "x" * 100])
def test_a_cookie_that_does_not_open_is_no_session(visit: Any, cookie: str) -> None:
    visit.client.set_cookie("session", cookie)
    assert visit.open("/en/tip").status_code == 200
    assert visit.path == "/en/return"


def test_another_process_can_not_open_the_cookie(site: Any, visit: Any) -> None:
    visit.report()
    other = create_app(site.server, b"A" * 43 + b"=").test_client()
    other.set_cookie("session", visit.client.get_cookie("session").value)
    assert other.get("/en/tip").headers["Location"] == "/en/return"


def test_a_session_ends_after_half_a_day_without_a_page(visit: Any, monkeypatch: pytest.MonkeyPatch) -> None:
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


def test_the_style_sheet_does_not_bring_back_a_session(visit: Any) -> None:
    visit.report()
    assert "Set-Cookie" not in visit.client.get("/static/style.css", buffered=True).headers
