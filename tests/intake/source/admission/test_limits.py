"""Limits: for each circuit by itself."""

import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest

from redis_server import RedisServer
from source_site import OpenSite, StartSource
from visitor import FORM, Visitor, head, proxy_line
from waiting import waited_for

pytestmark = pytest.mark.slow

CIRCUIT = {"PROXY_PROTOCOL": "TCP6", "REMOTE_ADDR": "fc00:dead:beef:4dad::0:29"}


def test_codenames_and_returns_share_one_limit(open_site: OpenSite) -> None:
    visit = open_site(limit_codenames="2 per hour").visit()
    visit.get_codename()
    visit.open("/en/return")
    assert visit.send("/return", codename="x").status_code == 400
    assert visit.send("/return", codename="still here").status_code == 429
    assert visit.page.filled["codename"] == ["still here"]
    visit.open("/en/")
    assert visit.send("/words").status_code == 429


def test_another_circuit_is_not_held_up(open_site: OpenSite) -> None:
    site = open_site(limit_codenames="1 per hour")
    for number in range(3):
        assert site.visit(address=f"fc00:dead:beef:4dad::0:{number}").report()


def test_pages_have_a_limit_for_all_of_them_together(open_site: OpenSite) -> None:
    visit = open_site(limit_pages="2 per hour").visit()
    assert [visit.open(path).status_code for path in ("/en/withdrawn", "/en/return", "/en/")] == [200, 200, 429]


def test_without_an_address_there_is_still_a_limit(open_site: OpenSite) -> None:
    visit = open_site(limit_pages="1 per hour").visit(address="")
    assert [visit.open("/en/").status_code for _ in range(2)] == [200, 429]


@pytest.mark.parametrize("environ", [{}, {"REMOTE_ADDR": ""}, {"PROXY_PROTOCOL": "UNKNOWN"}])
def test_behind_an_onion_a_request_without_a_circuit_is_refused(open_site: OpenSite, environ: dict[str, str]) -> None:
    client = open_site(onion=True).app.test_client()
    assert client.get("/en/", environ_overrides=environ).status_code == 403
    assert client.get("/en/", environ_overrides=CIRCUIT).status_code == 200


def test_a_form_with_files_that_comes_too_often_is_shown_again_with_its_words(open_site: OpenSite) -> None:
    site = open_site(limit_sends="2 per hour")
    visit = site.visit()
    visit.report()
    visit.open("/en/tip/file")
    assert visit.send_file(b"content").status_code == 200
    visit.open("/en/tip/file")
    assert visit.send_file(b"more", shows="The second.").status_code == 429
    assert "a lot in a short time" in visit.page.words
    assert visit.page.filled["shows"] == ["The second."]
    assert len(site.blobs()) == 1
    other = site.visit(address="fc00:dead:beef:4dad::0:2")
    other.report()
    other.open("/en/tip/file")
    assert other.send_file(b"content").status_code == 200


def test_the_refusal_is_in_the_language_of_the_page(open_site: OpenSite) -> None:
    visit = open_site(limit_pages="1 per hour").visit()
    visit.open("/fr/return")
    assert visit.open("/fr/return").status_code == 429
    assert 'lang="fr"' in visit.text


@pytest.mark.parametrize("onion", [False, True])
def test_leaving_works_however_much_there_was(open_site: OpenSite, onion: bool) -> None:
    visit = open_site(limit_pages="1 per hour", onion=onion).visit()
    visit.client.environ_base.update(CIRCUIT)
    assert visit.open("/en/").status_code == 200
    for _ in range(3):
        # From a page of before: none comes any more.
        assert visit.post("/en/leave", {}).status_code == 200
        assert visit.path == "/en/left"
        assert visit.client.get("/static/style.css", buffered=True).status_code == 200
    assert visit.client.get_cookie("session") is None
    assert visit.open("/en/").status_code == 429


def test_leaving_takes_nothing_from_the_limit(open_site: OpenSite) -> None:
    visit = open_site(limit_pages="1 per hour").visit()
    visit.post("/en/leave", {})
    assert visit.open("/en/").status_code == 200


def test_what_is_refused_says_when_to_come_back_and_only_what_can_be_done(open_site: OpenSite) -> None:
    visit = open_site(limit_pages="2 per hour").visit()
    visit.open("/en/")
    visit.open("/en/return")
    hidden = visit.page.form("/return").hidden
    answer = visit.open("/en/return")
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "60")
    assert "Please wait a minute and load this page again." in visit.page.words
    assert "button" not in visit.page.words
    answer = visit.post("/en/return", {**hidden, "codename": "x"})
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "60")
    assert "Please wait a minute and press the button again." in visit.page.words


def test_a_circuit_with_all_that_it_may_have_in_progress_can_still_leave(
    open_site: OpenSite, gunicorn: StartSource
) -> None:
    running = gunicorn(open_site(onion=True).server.settings.data)
    source = Visitor(running.connect, circuit=1)
    source.report()
    with ExitStack() as closing:
        for _ in range(24):
            connection = closing.enter_context(running.connect())
            connection.sendall(proxy_line(1) + head("/en/report", {}, FORM, 1_000))
        assert waited_for(lambda: source.get("/en/").status == 429)
        assert source.get("/static/style.css").status == 200
        left = source.post("/en/leave", {})
        assert (left.status, left.path) == (200, "/en/left")
        assert source.cookies == {}


def test_a_body_that_leaving_has_no_use_for_holds_no_thread(open_site: OpenSite, gunicorn: StartSource) -> None:
    running = gunicorn(open_site(onion=True, threads=1).server.settings.data)
    with running.connect() as connection:
        connection.sendall(proxy_line(1) + head("/en/leave", {}, FORM, 1_000))
        assert Visitor(running.connect, circuit=1).get("/en/").status == 200


def test_those_in_progress_are_counted_until_they_end(open_site: OpenSite, gunicorn: StartSource) -> None:
    running = gunicorn(open_site(onion=True, limit_pages="100000 per minute").server.settings.data)
    source = Visitor(running.connect, circuit=1)
    for _ in range(26):
        assert source.get("/en/").status == 200
    with ExitStack() as closing:
        connections = [closing.enter_context(running.connect()) for _ in range(24)]
        for connection in connections:
            connection.sendall(proxy_line(1) + head("/en/report", {}, FORM, 1_000))
        assert waited_for(lambda: source.get("/en/").status == 429)
        # The first was never too many, whatever was asked for meanwhile. Its body ends; once that is answered, the
        # request is over.
        connection = connections[0]
        connection.shutdown(socket.SHUT_WR)
        assert connection.recv(12) == b"HTTP/1.1 400"
        assert waited_for(lambda: source.get("/en/").status == 200)


@pytest.fixture
def redis(tmp_path: Path) -> Iterator[RedisServer]:
    (tmp_path / "redis").mkdir()
    with RedisServer(tmp_path / "redis") as server:
        yield server


def test_several_processes_count_together(open_site: OpenSite, gunicorn: StartSource, redis: RedisServer) -> None:
    site = open_site(onion=True, limit_pages="10 per hour", limits_storage=redis.uri, workers=2)
    running = gunicorn(site.server.settings.data)
    one, other = Visitor(running.connect, circuit=1), Visitor(running.connect, circuit=2)
    with ThreadPoolExecutor(4) as threads:
        statuses = list(threads.map(lambda _: one.get("/en/withdrawn").status, range(20)))
    assert sorted(statuses) == [200] * 10 + [429] * 10
    assert other.get("/en/withdrawn").status == 200


@pytest.mark.parametrize("hangs", [False, True])
def test_when_the_counters_fail_nobody_is_refused(
    open_site: OpenSite, gunicorn: StartSource, redis: RedisServer, hangs: bool
) -> None:
    site = open_site(onion=True, limit_pages="1000 per hour", limits_storage=redis.uri, workers=2)
    running = gunicorn(site.server.settings.data)
    source = Visitor(running.connect, circuit=1)
    source.get("/en/withdrawn")
    if hangs:
        redis.pause()
    else:
        redis.stop()
    statuses = [source.get(path).status for path in ("/en/", "/en/withdrawn", "/en/return")]
    assert statuses == [200, 200, 200]
    assert "not one that we use" in source.submit("/en/return", codename=" ".join(["zzzz"] * 8)).text
    assert max(answer.seconds for answer in source.answers) < 10
    logged = running.stop()
    assert "Rate limit storage unreachable" in logged
    assert "fc00" not in logged


def test_a_site_starts_without_its_counters_and_counts_by_itself(
    open_site: OpenSite, gunicorn: StartSource, tmp_path: Path
) -> None:
    site = open_site(onion=True, limit_pages="2 per hour", limits_storage=f"redis+unix://{tmp_path}/none.sock")
    source = Visitor(gunicorn(site.server.settings.data).connect, circuit=1)
    assert [source.get("/en/withdrawn").status for _ in range(3)] == [200, 200, 429]
