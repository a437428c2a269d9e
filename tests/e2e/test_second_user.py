"""Another user of the reviewer's machine, who listens on 127.0.0.1: what a browser sends there opens nothing."""

import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Page, expect

from chromium import click
from ports import free_port
from whole_service import PASSPHRASE, Service

pytestmark = pytest.mark.slow

LISTENER = """
import sys, http.server
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        print(self.headers.get("Cookie"), self.headers.get("Referer"), self.path, flush=True)
        self.send_response(200)
        self.send_header("Set-Cookie", "triage=planted; Path=/")
        self.end_headers()
    def log_message(self, *_): pass
http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
"""


@pytest.fixture
def listener() -> Iterator[tuple[int, "subprocess.Popen[str]"]]:
    """A server of another user, or where that can't be had of another process."""
    port, user = free_port(), {"user": 65534} if os.getuid() == 0 else {}
    command = ["/usr/bin/python3", "-c", LISTENER, str(port)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd="/", **user) as process:  # type: ignore[call-overload]
        while True:
            try:
                httpx.get(f"http://127.0.0.1:{port}/ready", trust_env=False)
                break
            except httpx.ConnectError:
                assert process.poll() is None
        assert process.stdout.readline() == "None None /ready\n"
        yield port, process
        process.kill()


def test_another_users_port_gets_no_cookie_and_opens_nothing(
    service: Service, pages: Callable[..., Page], photograph: Callable[[Page, str], None], listener: Any
) -> None:
    port, process = listener
    address = service.triage("boris")
    page = pages(1280, 900)
    page.goto(address)
    page.fill("#passphrase", PASSPHRASE)
    click(page, "button.main")
    expect(page.get_by_role("heading", name="Today", exact=True)).to_be_visible()
    root = page.url

    page.goto(f"http://127.0.0.1:{port}/bait")
    assert process.stdout.readline() == "None None /bait\n", "neither the cookie nor where the browser came from"
    page.goto(root)
    expect(page.get_by_role("heading", name="Today", exact=True)).to_be_visible()
    photograph(page, "triage-empty")

    (cookie,) = [cookie for cookie in page.context.cookies() if cookie["value"] != "planted"]
    stolen = {"Cookie": f"{cookie['name']}={cookie['value']}"}
    triage = httpx.URL(root)
    for path in ("/", "/unlock", "/tips/", "/static/style.css"):
        answer = httpx.get(f"http://127.0.0.1:{triage.port}{path}", headers=stolen, trust_env=False)
        assert (answer.status_code, "set-cookie" in answer.headers) == (403, False)
    for told in Path("/proc").glob("[0-9]*/cmdline"):
        # What any user may read of any process, while it runs.
        with suppress(OSError):
            assert triage.path.strip("/") not in told.read_text(errors="replace")
