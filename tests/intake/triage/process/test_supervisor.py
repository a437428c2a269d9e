"""The program as it is started: what remains of an unlocked one, who ends whom, and who else gets in."""

import os
import re
import resource
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from threading import Event

import httpx
import pytest

from commands import INTAKE, run
from earlier import before_signatures
from intake.triage.keys.keyfile import MemberKeys, save_keys
from open_desk import Desk
from processes import children, holds, memory
from program import Enrol
from running import Running, started

pytestmark = pytest.mark.slow

MARKER = "a-narrative-that-must-be-gone"
PASSPHRASE = "a passphrase that stands nowhere else"
UNPRIVILEGED = ["setpriv", "--bounding-set=-all", "--inh-caps=-all"] if os.getuid() == 0 else []
"""Runs a command as an ordinary user's programs run: what the system forbids is forbidden."""


Start = Callable[..., AbstractContextManager[Running]]


@pytest.fixture
def keys(enrol: Enrol, tmp_path: Path) -> MemberKeys:
    """The keys of a reviewer who is enrolled, also in a file."""
    keys = enrol("amina")
    save_keys(tmp_path / "own.key", keys, PASSPHRASE, work_factor=4)
    return keys


@pytest.fixture
def start(desk: Desk, keys: MemberKeys, tmp_path: Path) -> Start:
    """Starts the reviewer's program, by way of another command if one is named."""

    def begin(prefix: Sequence[str] = ()) -> AbstractContextManager[Running]:
        places = ["--key", str(tmp_path / "own.key"), "--home", str(tmp_path / "home")]
        return started([*places, "--desk", desk.url, "--policy", str(desk.policy_file)], prefix)

    return begin


@pytest.fixture
def amina(start: Start) -> Iterator[Running]:
    """Amina's program, entered and still locked."""
    with start() as running:
        running.enter()
        yield running


def wait_until_gone(process: int) -> None:
    pause = Event()
    for _ in range(600):
        if not Path(f"/proc/{process}").exists():
            return
        pause.wait(0.05)
    pytest.fail("the process still runs")


def test_after_a_lock_no_process_holds_what_was_read_the_keys_or_the_passphrase(
    desk: Desk, keys: MemberKeys, amina: Running
) -> None:
    assert keys.identity
    tip = desk.store_tip(MARKER, {})
    amina.unlock(PASSPHRASE)
    assert MARKER in amina.get(f"/tips/{tip.id.hex()}").text
    secrets = {
        "narrative": MARKER.encode(),
        "signing seed": keys.signing.seed,
        "identity": keys.identity._seed,
        "passphrase": PASSPHRASE.encode(),
    }
    unlocked = amina.child
    held = {name for name, secret in secrets.items() if holds(unlocked, secret)}
    assert held >= {"narrative", "signing seed", "identity"}, "they would be found"

    assert amina.post("/lock", "/").status_code == 303
    assert "Passphrase of your key" in amina.get("/unlock").text
    wait_until_gone(unlocked)
    now = [amina.process.pid, *children(amina.process.pid)]
    assert len(now) == 2
    assert unlocked not in now
    assert [(process, name) for process in now for name, secret in secrets.items() if holds(process, secret)] == []


def test_a_lock_leaves_what_was_opened_sealed_and_the_next_unlock_shows_it_without_the_desk(
    desk: Desk, amina: Running, tmp_path: Path
) -> None:
    tip = desk.store_tip(MARKER, {})
    amina.unlock(PASSPHRASE)
    assert MARKER in amina.get(f"/tips/{tip.id.hex()}").text
    unlocked = amina.child
    amina.post("/lock", "/")
    wait_until_gone(unlocked)
    home = tmp_path / "home"
    assert (home / "book.age").exists()
    assert [path for path in home.rglob("*") if path.is_file() and MARKER.encode() in path.read_bytes()] == []
    desk.lie("/v1/", lambda _: b"")
    amina.unlock(PASSPHRASE)
    assert MARKER in amina.get(f"/tips/{tip.id.hex()}").text


def test_after_a_wrong_passphrase_it_is_in_no_process(amina: Running) -> None:
    nearly = "a passphrase, nearly"
    before = amina.child
    assert "the passphrase is not right" in amina.unlock(nearly).text
    assert amina.get("/unlock").status_code == 200
    wait_until_gone(before)
    assert not any(holds(process, nearly.encode()) for process in (amina.process.pid, amina.child))


def test_no_process_of_the_program_can_leave_a_core_dump_or_be_read_by_others(amina: Running) -> None:
    amina.get("/unlock")
    for process in (amina.process.pid, amina.child):
        assert resource.prlimit(process, resource.RLIMIT_CORE) == (0, 0)


def test_other_programs_of_the_same_user_cannot_read_its_memory(start: Start) -> None:
    def reads(process: int) -> bool:
        asked = [*UNPRIVILEGED, "head", "-c", "0", f"/proc/{process}/mem"]
        return subprocess.run(asked, capture_output=True, check=False).returncode == 0

    with subprocess.Popen([*UNPRIVILEGED, "sleep", "60"]) as other:
        while b"sleep" not in Path(f"/proc/{other.pid}/cmdline").read_bytes().partition(b"\0")[0]:
            assert other.poll() is None
        assert reads(other.pid), "any other program can be read, or this shows nothing"
        other.kill()
    with start(UNPRIVILEGED) as running:
        running.enter()
        assert not any(reads(process) for process in (running.process.pid, running.child))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_the_program_and_its_child(number: signal.Signals, start: Start) -> None:
    with start() as running:
        running.enter()
        child = running.child
        running.process.send_signal(number)
        assert running.process.wait(60) == 0
        wait_until_gone(child)


def test_a_supervisor_that_is_killed_leaves_no_orphan_and_its_home_free(start: Start) -> None:
    with start() as running:
        running.enter()
        running.unlock(PASSPHRASE)
        child = running.child
        running.process.kill()
        running.process.wait(60)
        wait_until_gone(child)
    with start() as again:
        again.enter()


def test_a_child_that_is_killed_is_replaced_by_a_locked_one_that_the_same_browser_may_use(amina: Running) -> None:
    amina.unlock(PASSPHRASE)
    child = amina.child
    os.kill(child, signal.SIGKILL)
    wait_until_gone(child)
    assert amina.get("/").headers["Location"].endswith("/unlock")
    assert amina.unlock(PASSPHRASE).status_code == 303


def test_six_windows_that_unlock_at_once_cost_the_memory_of_one(
    keys: MemberKeys, amina: Running, tmp_path: Path
) -> None:
    (tmp_path / "own.key").unlink()
    save_keys(tmp_path / "own.key", keys, PASSPHRASE)
    hidden = amina.hidden("/unlock")
    body = {**hidden, "passphrase": PASSPHRASE}
    cookie = "; ".join(f"{name}={value}" for name, value in amina.browser.cookies.items())
    windows = [
        subprocess.Popen(
            [sys.executable, "-c", UNLOCK, f"{amina.root}/unlock", cookie, repr(body)], stdout=subprocess.PIPE
        )
        for _ in range(6)
    ]
    assert {window.communicate(timeout=60)[0] for window in windows} == {b"303"}
    amina.let_open()
    assert "reports" in amina.get("/").text
    assert memory(amina.child, "VmHWM") < 614_400_000, "scrypt takes 256 MiB each time"


UNLOCK = (
    "import sys,httpx; print(httpx.post(sys.argv[1], headers={'Cookie': sys.argv[2]}, data=eval(sys.argv[3]), "
    "trust_env=False, timeout=60).status_code, end='')"
)


@pytest.mark.parametrize("command", [["triage", "--port", "1"], ["audit", "verify"]], ids=" ".join)
def test_a_second_program_on_a_home_is_told_who_has_it(
    command: list[str], desk: Desk, amina: Running, tmp_path: Path
) -> None:
    places = ["--key", str(tmp_path / "own.key"), "--home", str(tmp_path / "home"), "--desk", desk.url]
    command = [*INTAKE, *command, *places, "--policy", str(desk.policy_file)]
    second = run(command)
    assert second.returncode != 0
    assert f"is in use by another program (process {amina.process.pid}, since " in second.stderr
    assert "--home" in second.stderr


def test_a_key_that_an_earlier_version_made_opens_and_its_home_waits_for_the_desk(tmp_path: Path) -> None:
    earlier = before_signatures(tmp_path / "earlier")
    with started(["--key", str(earlier.key("amina")), "--home", str(earlier.home("amina"))]) as running:
        running.enter()
        assert running.unlock(earlier.told["passphrase"]).status_code == 303
        assert "opens once the desk has answered" in running.get("/").text


def test_a_port_that_is_taken_is_named(amina: Running, tmp_path: Path) -> None:
    command = [text.replace(str(tmp_path / "home"), str(tmp_path / "other")) for text in amina.command]
    second = run(command)
    assert second.returncode != 0
    assert f"--port {amina.command[-1]} can't be listened at: it is in use" in second.stderr


def test_outside_of_its_path_the_program_answers_nothing_to_a_browser_with_its_cookie(amina: Running) -> None:
    amina.unlock(PASSPHRASE)
    (cookie,) = amina.browser.cookies.jar
    assert cookie.path == f"{httpx.URL(amina.root).path}/"
    port = httpx.URL(amina.root).port
    for path in ("/", "/unlock", "/static/style.css", "/tips/", f"/{'A' * 32}/", f"{cookie.path[:-1]}"):
        stolen = {"Cookie": f"{cookie.name}={cookie.value}"}
        answer = httpx.get(f"http://127.0.0.1:{port}{path}", headers=stolen, trust_env=False)
        assert (answer.status_code, "set-cookie" in answer.headers) == (403, False)
        assert cookie.path not in answer.text


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://127.0.0.1:1"},
        {"Origin": "http://evil.example"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "none"},
    ],
    ids=str,
)
def test_a_form_from_another_port_or_site_is_refused(headers: dict[str, str], amina: Running) -> None:
    values = {**amina.hidden("/unlock"), "passphrase": PASSPHRASE}
    assert amina.browser.post(f"{amina.root}/unlock", data=values, headers=headers).status_code == 403
    assert amina.get("/").headers["Location"].endswith("/unlock")


@pytest.mark.parametrize(
    "sent", [b"", b"GET /", b"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 9\r\n\r\nx"], ids=repr
)
def test_nobody_who_knows_no_path_keeps_the_program_from_its_reviewer(sent: bytes, start: Start) -> None:
    with start(["prlimit", "--nofile=256"]) as running, ExitStack() as strangers:
        running.enter()
        port = httpx.URL(running.root).port
        for _ in range(400):
            stranger = strangers.enter_context(socket.create_connection(("127.0.0.1", port), 60))
            stranger.sendall(sent)
        assert running.unlock(PASSPHRASE).status_code == 303
        unlocked = running.child
        threads = int(re.findall(r"Threads:\s+(\d+)", Path(f"/proc/{unlocked}/status").read_text())[0])
        assert threads < 60
        assert running.post("/lock", "/").status_code == 303
        wait_until_gone(unlocked)
        assert running.get("/unlock").status_code == 200
