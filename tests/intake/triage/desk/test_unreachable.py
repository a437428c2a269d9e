"""A desk that can't be reached, and proxies that are none: which option to look at is said, in a page."""

import gc
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from threading import Thread

import pytest

from commands import INTAKE
from intake.triage.desk.unreachable import in_words, look
from intake.triage.home import Connection
from open_desk import Desk
from ports import free_port
from program import Enrol, HomeOf, Reviewer
from project import PROJECT

# httpcore leaves the socket of a SOCKS handshake that failed to the garbage collector.
pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")]


@pytest.fixture(autouse=True)
def collected() -> Iterator[None]:
    """What a test leaves to the garbage collector is collected in it, and blamed on no other."""
    yield
    gc.collect()


@contextmanager
def answering(answer: bytes) -> Iterator[int]:
    """A port where whoever connects is sent this and left."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            while True:
                try:
                    connection, _ = listening.accept()
                except OSError:
                    return
                with connection:
                    connection.recv(4096)
                    connection.sendall(answer)

        thread = Thread(target=serve, daemon=True)
        thread.start()
        yield listening.getsockname()[1]
        listening.shutdown(socket.SHUT_RDWR)
        thread.join(10)


@pytest.mark.parametrize(
    "answer", [b"", b"HTTP/1.1 400 Bad Request\r\n\r\n", b"SSH-2.0-OpenSSH\r\n", b"\x05", b"\x05\xff", b"\x00" * 9],
    ids=["nothing", "HTTP", "SSH", "half", "no method", "zeros"],
)  # fmt: skip
@pytest.mark.parametrize("scheme", ["socks5", "socks5h"])
def test_a_proxy_that_speaks_no_socks_is_named_in_a_page(
    scheme: str, answer: bytes, reviewer: Reviewer, home: HomeOf, enrol: Enrol
) -> None:
    enrol("amina")
    with answering(answer) as port:
        told = home("amina")
        told.connection = Connection(told.connection.desk, told.connection.policy, f"{scheme}://127.0.0.1:{port}")
        amina = reviewer("amina", home=told)
        assert amina.unlock().status_code == 303
        shown = amina.get("/")
        assert shown.status_code == 200
        assert f"--proxy {scheme}://127.0.0.1:{port}" in shown.text


def test_a_proxy_where_nothing_listens_is_named(reviewer: Reviewer, home: HomeOf, enrol: Enrol) -> None:
    enrol("amina")
    told, port = home("amina"), free_port()
    told.connection = Connection(told.connection.desk, told.connection.policy, f"socks5h://127.0.0.1:{port}")
    amina = reviewer("amina", home=told)
    amina.unlock()
    assert f"nothing answers at --proxy socks5h://127.0.0.1:{port}; is Tor running" in amina.get("/").text


def test_a_start_without_a_desk_that_answers_is_warned_of_on_the_terminal(
    desk: Desk, home: HomeOf, enrol: Enrol, tmp_path: Path
) -> None:
    enrol("amina")
    assert look(home("amina").connection) == ""
    away = f"http://127.0.0.1:{free_port()}"
    places = ["--key", str(tmp_path / "amina.key"), "--home", str(tmp_path / "new"), "--port", str(free_port())]
    command = [*INTAKE, "triage", *places, "--desk", away, "--policy", str(desk.policy_file)]
    with subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline().startswith("http://127.0.0.1:"), "it is started all the same"
        (warning,) = islice((line for line in process.stderr if line.startswith("Warning: ")), 1)
        process.terminate()
    assert "the desk can't be reached; is its address right, and is it running? What was fetched before can" in warning


def test_without_a_proxy_nobody_is_asked_about_tor() -> None:
    assert "Tor" not in in_words(OSError(), Connection("http://127.0.0.1:1", "x"))
