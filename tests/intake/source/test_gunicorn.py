"""The site as it runs in earnest: under gunicorn, with real connections that break off, stall or lie."""

import os
import signal
import socket
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from commands import GUNICORN, environment, run
from forms import hidden
from intake.protocol.kinds import Kind
from intake.source.pages import PAGE_SIZE
from processes import memory
from servers import Server, rest
from source_site import OpenSite, Site, StartSource
from waiting import waited_for

pytestmark = pytest.mark.slow

MARKER = b"Marker-7f3a9"


class Source:
    """A source whose connection can be tampered with."""

    def __init__(self, address: str) -> None:
        self.client = httpx.Client(base_url=address, follow_redirects=True, trust_env=False, timeout=60)

    def hidden(self, path: str, action: str) -> dict[str, str]:
        return hidden(self.client.get(path).text, action)

    def report(self, narrative: str) -> None:
        self.client.post("/en/words", data=self.hidden("/en/", "/en/words"))
        hidden = self.hidden("/en/report", "/en/report")
        assert self.client.post("/en/report", data={**hidden, "narrative": narrative}).url.path == "/en/tip"

    def upload(self, content: Any, name: str = "a.bin") -> httpx.Response:
        hidden = self.hidden("/en/tip/file", "/en/tip/file")
        return self.client.post("/en/tip/file", data={**hidden, "shows": ""}, files={"file": (name, content)})

    def half_an_upload(self, content: bytes, length: int = 0) -> bytes:
        """The head and the beginning of an upload that announces so many bytes, or twice as much as it brings."""
        hidden = self.hidden("/en/tip/file", "/en/tip/file")
        parts = "".join(f'--b\r\nContent-Disposition: form-data; name="{k}"\r\n\r\n{v}\r\n' for k, v in hidden.items())
        start = f'{parts}--b\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n'.encode() + content
        return self.head("/en/tip/file", "multipart/form-data; boundary=b", length or 2 * len(start)) + start

    def head(self, path: str, content_type: str, length: int) -> bytes:
        cookie = "; ".join(f"{name}={value}" for name, value in self.client.cookies.items())
        return (
            f"POST {path} HTTP/1.1\r\nHost: x\r\nCookie: {cookie}\r\n"
            f"Content-Type: {content_type}\r\nContent-Length: {length}\r\n\r\n"
        ).encode()


def answered(client: httpx.Client, path: str) -> httpx.Response | None:
    """The answer; none while nobody listens."""
    try:
        return client.get(path)
    except httpx.TransportError:
        return None


@pytest.fixture
def source(site: Site, gunicorn: StartSource) -> Iterator[tuple[Server, Source]]:
    running = gunicorn(site.server.settings.data)
    source = Source(running.address)
    yield running, source
    source.client.close()


def holds_marker(directory: Path) -> bool:
    return any(MARKER in path.read_bytes() for path in directory.rglob("*") if path.is_file())


def open_files(worker: int) -> list[bytes]:
    """What is in every file that a process has open, named or not."""
    found = []
    for link in Path(f"/proc/{worker}/fd").iterdir():
        if link.exists() and link.stat().st_mode & 0o170000 == 0o100000:
            found.append(link.read_bytes())
    return found


def test_it_takes_reports_where_the_key_of_the_log_is_nowhere(site: Site, gunicorn: StartSource) -> None:
    key = site.server.settings.log_key
    elsewhere = key.rename(key.with_name("kept elsewhere"))
    source = Source(gunicorn(site.server.settings.data).address)
    source.report("Two men came.")
    source.client.close()
    assert len(site.tips()) == 1
    assert not key.exists()
    elsewhere.rename(key)


def test_the_site_loads_nothing_that_could_append_to_the_log_or_change_the_schema() -> None:
    loaded = "import sys, intake.source, intake.serving.worker; print(*sys.modules)"
    names = run([sys.executable, "-c", loaded]).stdout.split()
    assert "intake.accesslog.read" in names
    assert {"intake.accesslog.append", "intake.keeper", "alembic"}.isdisjoint(names)


def test_nothing_that_a_source_sends_is_in_any_file_or_log(
    site: Site, source: tuple[Server, Source], temporary: Path
) -> None:
    running, browser = source
    browser.report(f"The {MARKER.decode()} report.")
    hidden = browser.hidden("/en/tip", "/en/tip/message")
    browser.client.post("/en/tip/message", data={**hidden, "text": f"The {MARKER.decode()} message."})
    assert browser.upload(MARKER * 300_000, f"{MARKER.decode()}.bin").status_code == 200
    browser.client.get(f"/en/{MARKER.decode()}?{MARKER.decode()}")
    browser.client.post("/en/report", content=MARKER, headers={"Content-Type": MARKER.decode()})
    with running.connect() as connection:
        connection.sendall(MARKER + b" not HTTP\r\n\r\n")
        assert MARKER not in rest(connection)
    assert len(site.items()) == 4
    assert not holds_marker(site.server.settings.data)
    assert not holds_marker(temporary)
    logged = running.stop()
    assert MARKER.decode() not in logged
    assert "127.0.0.1" not in logged


def test_while_a_file_arrives_no_open_file_holds_it_and_if_it_breaks_off_nothing_stays(
    site: Site, source: tuple[Server, Source]
) -> None:
    running, browser = source
    browser.report("Two men came.")
    with running.connect() as connection:
        connection.sendall(browser.half_an_upload(MARKER * 1_000_000))
        worker = running.worker
        arriving = waited_for(lambda: [content for content in open_files(worker) if len(content) > 1_000_000])
        assert not any(MARKER in content for content in arriving)
        assert not any(MARKER in content for content in open_files(worker))
        connection.shutdown(socket.SHUT_WR)
        assert rest(connection).startswith(b"HTTP/1.1 400 ")
    assert site.blobs() == []
    assert site.items(Kind.CONTENT, Kind.ABOUT) == []
    assert max(map(len, open_files(running.worker))) < 1_000_000


def test_a_report_that_breaks_off_is_not_stored(site: Site, source: tuple[Server, Source]) -> None:
    running, browser = source
    browser.client.post("/en/words", data=browser.hidden("/en/", "/en/words"))
    hidden = browser.hidden("/en/report", "/en/report")
    body = f"csrf_token={hidden['csrf_token']}&token={hidden['token']}&narrative=What+happ".encode()
    with running.connect() as connection:
        connection.sendall(browser.head("/en/report", "application/x-www-form-urlencoded", len(body) + 5) + body)
        connection.shutdown(socket.SHUT_WR)
        assert rest(connection).startswith(b"HTTP/1.1 400 ")
    assert site.tips() == []


def test_a_large_file_takes_no_more_memory_than_a_small_one(site: Site, source: tuple[Server, Source]) -> None:
    running, browser = source
    browser.report("Two men came.")
    assert browser.upload(b"x" * 1_000_000).status_code == 200
    before = memory(running.worker, "VmHWM")
    assert browser.upload(b"x" * 60_000_000).status_code == 200
    assert memory(running.worker, "VmHWM") - before < 20_000_000
    assert site.items(Kind.CONTENT)[0].size + site.items(Kind.CONTENT)[1].size > 61_000_000


def still_sending(connection: socket.socket) -> bytes:
    """The answer, to a browser that goes on sending while the page is on its way, and is not cut off."""
    head = connection.recv(12)
    for _ in range(300):
        connection.sendall(b"x" * 100_000)
    connection.shutdown(socket.SHUT_WR)
    return head + rest(connection)


def test_a_form_that_is_too_large_is_answered_at_once_with_a_page_that_arrives_whole(
    source: tuple[Server, Source],
) -> None:
    running, browser = source
    browser.report("Two men came.")
    with running.connect() as connection:
        head = browser.head("/en/report", "application/x-www-form-urlencoded", 150_000_000)
        connection.sendall(head + b"x" * 1000)
        page = still_sending(connection)
    assert page.startswith(b"HTTP/1.1 413 ")
    assert b"too much at once" in page
    assert len(page) == PAGE_SIZE


def test_a_file_that_is_too_large_is_named_while_it_still_arrives_on_a_page_that_arrives_whole(
    site: Site, gunicorn: StartSource
) -> None:
    running = gunicorn(site.server.settings.data, INTAKE_LARGEST_FILE="35000000")
    browser = Source(running.address)
    browser.report("Two men came.")
    with running.connect() as connection:
        connection.sendall(browser.half_an_upload(b"x" * 35_400_000, length=150_000_000))
        page = still_sending(connection)
    browser.client.close()
    assert page.startswith(b"HTTP/1.1 413 ")
    assert b"This file is too large." in page
    assert len(page) == PAGE_SIZE
    assert site.blobs() == []


@pytest.mark.parametrize("ending", [signal.SIGKILL, signal.SIGHUP])
def test_a_copy_of_a_cookie_from_before_leaving_is_of_no_use_to_a_new_worker_either(
    source: tuple[Server, Source], ending: signal.Signals
) -> None:
    running, browser = source
    browser.report("Two men came.")
    copy = dict(browser.client.cookies)
    browser.client.post("/en/leave")
    worker = running.worker
    os.kill(worker if ending is signal.SIGKILL else running.process.pid, ending)
    waited_for(lambda: running.worker != worker)
    with httpx.Client(base_url=running.address, cookies=copy, trust_env=False) as thief:
        page = waited_for(lambda: answered(thief, "/en/tip"))
    assert page.headers["Location"] == "/en/return"


def test_the_server_says_nothing_of_its_software(source: tuple[Server, Source]) -> None:
    headers = source[1].client.get("/en/").headers
    assert "gunicorn" not in str(headers).lower()
    assert headers["Server"] == "web"
    assert "Date" not in headers


def test_behind_an_onion_each_circuit_has_limits_of_its_own_and_needs_one(
    open_site: OpenSite, gunicorn: StartSource
) -> None:
    running = gunicorn(open_site(onion=True, limit_pages="2 per hour").server.settings.data)

    def get(proxy: str) -> bytes:
        with running.connect() as connection:
            connection.sendall(f"{proxy}GET /en/return HTTP/1.1\r\nHost: x\r\n\r\n".encode())
            return rest(connection)[9:12]

    one = "PROXY TCP6 fc00:dead:beef:4dad::0:1 ::1 65535 42\r\n"
    other = "PROXY TCP6 fc00:dead:beef:4dad::0:2 ::1 65535 42\r\n"
    assert [get(one), get(one), get(one), get(other)] == [b"200", b"200", b"429", b"200"]
    assert get("") == b"403"
    assert get("PROXY UNKNOWN\r\n") in (b"400", b"403")


@pytest.mark.parametrize("onion", [True, False])
def test_a_connection_carries_one_request(open_site: OpenSite, gunicorn: StartSource, onion: bool) -> None:
    running = gunicorn(open_site(onion=onion).server.settings.data)
    request = b"GET /en/left HTTP/1.1\r\nHost: x\r\n\r\n"
    line = b"PROXY TCP6 fc00:dead:beef:4dad::0:1 ::1 65535 42\r\n" if onion else b""
    with running.connect() as connection:
        connection.sendall(line + request + request)
        answer = rest(connection)
    assert answer.count(b"HTTP/1.1 ") == 1
    assert b"\r\nConnection: close\r\n" in answer


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ({"INTAKE_DATA": "nowhere"}, "INTAKE_DATA"),
        ({"INTAKE_THREADS": "many"}, "INTAKE_THREADS"),
        ({"INTAKE_WORKERS": "2"}, "limits_storage"),
        ({"INTAKE_DATABASE": "sqlite:////nowhere/at/all.db"}, "can't be opened"),
    ],
)
@pytest.mark.parametrize("application", ["source", "desk"])
def test_a_wrong_setting_ends_the_start_with_its_name_and_no_traceback(
    site: Site, application: str, variables: dict[str, str], said: str
) -> None:
    ended = run([*GUNICORN, f"wsgi:{application}"], environment=environment(site.server.settings.data, **variables))
    assert ended.returncode != 0
    assert said in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize(("wanted", "other"), [("source", "desk"), ("desk", "source")])
def test_asking_for_one_application_does_not_open_the_other(site: Site, wanted: str, other: str) -> None:
    program = f"import sys, wsgi; assert callable(wsgi.{wanted}); print('intake.{other}' in sys.modules)"
    ended = run([sys.executable, "-c", program], environment=environment(site.server.settings.data))
    assert (ended.returncode, ended.stdout) == (0, "False\n")
