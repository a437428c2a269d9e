"""Addresses are looked at before anything listens: what is in use is said, and nobody notices the look."""

import socket
import subprocess
import sys
from collections.abc import Callable

import pytest

from intake.listening import ListenError, require_free, require_free_ports
from ports import free_port


def looks(port: int) -> list[Callable[[], None]]:
    return [
        lambda: require_free("source_bind", f"127.0.0.1:{port}"),
        lambda: require_free_ports("--port", range(port, port + 1)),
    ]


@pytest.mark.parametrize("which", [0, 1], ids=["an address", "ports"])
def test_a_port_where_another_listens_is_refused_and_one_that_was_left_is_free(which: int) -> None:
    port = free_port()
    look = looks(port)[which]
    look()
    with socket.create_server(("127.0.0.1", port)) as listening:
        with pytest.raises(ListenError, match="can't be listened at: it is in use"):
            look()
        # A connection that the server ends keeps the port in mind for a while.
        visitor = socket.create_connection(("127.0.0.1", port))
        listening.accept()[0].close()
        visitor.close()
    look()


VISITOR = """
import socket, sys
port, let_in = int(sys.argv[1]), 0
print(flush=True)
for _ in range(20_000):
    with socket.socket() as visitor:
        # A socket that connects to the port that it was given itself was let in by nobody.
        let_in += visitor.connect_ex(("127.0.0.1", port)) == 0 and visitor.getpeername() != visitor.getsockname()
print(let_in)
"""


@pytest.mark.parametrize("which", [0, 1], ids=["an address", "ports"])
def test_whoever_comes_while_it_is_looked_at_is_not_let_in(which: int) -> None:
    port = free_port()
    look = looks(port)[which]
    with subprocess.Popen([sys.executable, "-c", VISITOR, str(port)], stdout=subprocess.PIPE) as visitor:
        assert visitor.stdout is not None
        visitor.stdout.readline()
        while visitor.poll() is None:
            look()
        assert int(visitor.stdout.readline()) == 0
