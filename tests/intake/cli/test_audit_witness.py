"""`intake audit witness` as a process of its own, asked over HTTP, killed and started again."""

import os
import signal
import socket
import sys
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest

from commands import INTAKE
from crypto.checkpoint import Checkpoint
from crypto.cosignature import parse_cosigner
from crypto.logkey import LogSigner
from crypto.merkle import consistency_proof, leaf_hash, root_hash
from crypto.note import Note, parse_note
from crypto.witness import AddCheckpoint, parse_cosignatures
from policies import policy_file
from ports import free_port
from project import PROJECT
from servers import serving

pytestmark = pytest.mark.slow

LOG = LogSigner.generate("intake-test")
LEAVES = [leaf_hash(b"%d" % number) for number in range(60)]


def head(size: int) -> Note:
    text = Checkpoint("intake-test", size, root_hash(LEAVES[:size])).text
    return LOG.also_sign(Note(text, (LOG.sign(text),)))


def request(old: int, size: int) -> bytes:
    return bytes(AddCheckpoint(old, tuple(consistency_proof(LEAVES[:size], old)), head(size)))


def test_a_witness_goes_on_from_what_it_cosigned_however_it_ended(tmp_path: Path) -> None:
    policy, port = policy_file(tmp_path, LOG.verifier), free_port()
    options = ["--policy", str(policy), "--port", str(port), "--name", "w"]
    command = [*INTAKE, "audit", "witness", str(tmp_path / "witness"), *options]
    address, size = f"http://127.0.0.1:{port}/add-checkpoint", 0
    told: set[str] = set()
    for _ in range(3):
        with serving(command, port, tmp_path / "printed", {**os.environ}) as running:
            with httpx.Client(trust_env=False) as client:
                for grown in (size + 1, size + 7):
                    answer = client.post(address, content=request(size, grown))
                    assert answer.status_code == 200
                    size = grown
                conflict = client.post(address, content=request(size - 1, size + 1))
            assert (conflict.status_code, conflict.text) == (409, f"{size}\n")
            assert conflict.headers["Content-Type"] == "text/x.tlog.size"
            lines = [line.split(" ") for line in running.said().splitlines() if line.startswith("witness ")]
            told.add(running.said())
            # Not even a signal that it can't see makes it forget.
            os.kill(running.process.pid, signal.SIGKILL)
    assert len(told) == 1, "the same keys each time"
    whole = parse_note(bytes(Note(head(size).text, (*head(size).signatures, *parse_cosignatures(answer.content)))))
    for _, name, key, url in lines:
        assert name == "w"
        assert parse_cosigner(key).verify(whole) > 0
        assert url == f"http://127.0.0.1:{port}"


def test_a_witness_that_dies_between_its_record_and_its_answer_has_cosigned_nothing_else(tmp_path: Path) -> None:
    policy, port = policy_file(tmp_path, LOG.verifier), free_port()
    arguments = ["audit", "witness", str(tmp_path / "witness"), "--policy", str(policy), "--port", str(port)]
    address, printed = f"http://127.0.0.1:{port}/add-checkpoint", tmp_path / "printed"
    mortal = [sys.executable, str(PROJECT / "tests/support/killed_before_answer.py"), *arguments]
    with serving(mortal, port, printed, {**os.environ}) as running, httpx.Client(trust_env=False) as client:
        with pytest.raises(httpx.RemoteProtocolError):
            client.post(address, content=request(0, 9))
        assert running.process.wait(60) == -signal.SIGKILL
    with serving([*INTAKE, *arguments], port, printed, {**os.environ}), httpx.Client(trust_env=False) as client:
        lost = client.post(address, content=request(0, 9))
        assert (lost.status_code, lost.text) == (409, "9\n")
        fork = LOG.also_sign(Note(text := Checkpoint("intake-test", 9, bytes(32)).text, (LOG.sign(text),)))
        assert client.post(address, content=bytes(AddCheckpoint(9, (), fork))).status_code == 409
        assert client.post(address, content=request(9, 9)).status_code == 200
        assert client.post(address, content=request(9, 12)).status_code == 200


def test_whoever_opens_connections_without_end_keeps_no_log_from_its_cosignature(tmp_path: Path) -> None:
    policy, port = policy_file(tmp_path, LOG.verifier), free_port()
    arguments = ["audit", "witness", str(tmp_path / "witness"), "--policy", str(policy), "--port", str(port)]
    scarce = ["sh", "-c", 'ulimit -n 250; exec "$@"', "sh", *INTAKE, *arguments]
    with serving(scarce, port, tmp_path / "printed", {**os.environ}), ExitStack() as silent:
        for number in range(500):
            opened = silent.enter_context(socket.create_connection(("127.0.0.1", port), timeout=10))
            if number % 2:
                opened.sendall(b"POST /add-checkpoint HTTP/1.1\r\nContent-Length: 9\r\n\r\n")
        with httpx.Client(trust_env=False, timeout=10) as client:
            answer = client.post(f"http://127.0.0.1:{port}/add-checkpoint", content=request(0, 9))
        assert answer.status_code == 200
