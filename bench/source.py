"""The source site under gunicorn: reports a second, and a large file beside what receives or seals it otherwise."""

import io
import os
import re
import secrets
import socket
import subprocess
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import BinaryIO

import httpx

from bench.served import free_port
from bench.timing import Part, Row, processor_of
from crypto.age import HybridIdentity, HybridRecipient, X25519Identity, seal
from crypto.codename import generate
from crypto.note import SigningKey
from intake.accesslog import members
from intake.demo.processes import running, wait_for_port
from intake.keeper import initialise, open_keeper
from intake.protocol.card import Role, issue_card
from intake.report.definition import load_form
from intake.report.payloads import Report, Summary

GIB = 1 << 30
REPORTS = 40
REVIEWERS = 5
PAGES = 200
MOST_MEMORY = 128
"""MiB that the worker may take at most."""
_PIECE = 1 << 20
_HIDDEN = re.compile(r'name="(csrf_token|token|owner)" [^>]*value="([^"]*)"')
_NARRATIVE = "Two men came to my father. " * 20

DISCARD = """
from flask import Flask, request
app = Flask(__name__)

@app.post("/")
def discard():
    while request.stream.read(1 << 20):
        pass
    return ""
"""


EMPTY = """
from flask import Flask
app = Flask(__name__)

@app.get("/")
def empty():
    return ""
"""

SAME_WORKER = """
from pathlib import Path
from intake.settings import Settings
from intake.serving.filled import HEAD_SIZE
from intake.serving.worker import QuietLogger, worker_for
worker_class = worker_for(Settings(data=Path("none")), HEAD_SIZE)
logger_class = QuietLogger
threads = 8
keepalive = 0
"""


@contextmanager
def part() -> Iterator[Part]:
    """Every row, over servers and files that are gone afterwards."""
    with TemporaryDirectory() as temporary, ExitStack() as started:
        directory = Path(temporary)
        source, master = _start_source(directory, started)
        plain = directory / "plain"
        with plain.open("wb") as file:
            for _ in range(GIB >> 24):
                file.write(secrets.token_bytes(1 << 24))
        measured = [
            *_journeys(source, master, directory),
            *_pages(source, master, directory, started),
            *_reports(source, directory),
            *_uploads(source, _start_bare(directory, started), plain),
        ]
        yield Part(measured, lambda: _peak(master))


def _start_source(directory: Path, started: ExitStack) -> tuple[str, int]:
    port = free_port()
    bounds = dict.fromkeys(("limit_pages", "limit_codenames", "limit_sends"), "1000000 per minute")
    values = {"source_bind": f"127.0.0.1:{port}", "largest_file": 2 * GIB, "reserve_files": 1, "reserve_text": 1}
    settings = initialise(directory / "server", {**values, **bounds})
    server = open_keeper(settings)
    for number in range(REVIEWERS):
        key = SigningKey.generate(f"reviewer{number}")
        members.enrol(server.store, server.log, issue_card(Role.REVIEWER, key, HybridIdentity.generate()))
    server.store.close()
    process = started.enter_context(running(["-m", "gunicorn", "wsgi:source"], {"INTAKE_DATA": str(settings.data)}))
    wait_for_port(process, port)
    # The port is open before there is a worker; an answer comes from one.
    httpx.get(f"http://127.0.0.1:{port}/", trust_env=False, timeout=60)
    return f"http://127.0.0.1:{port}", process.pid


def _start_empty(directory: Path, started: ExitStack) -> tuple[str, int]:
    """A Flask view that answers with nothing, under the worker that the site runs under."""
    port = free_port()
    (directory / "empty.py").write_text(EMPTY, "utf-8")
    (directory / "same.conf.py").write_text(SAME_WORKER, "utf-8")
    place = ["-c", str(directory / "same.conf.py"), "--chdir", str(directory), "--bind", f"127.0.0.1:{port}"]
    process = started.enter_context(running(["-m", "gunicorn", "--no-control-socket", *place, "empty:app"], {}))
    wait_for_port(process, port)
    httpx.get(f"http://127.0.0.1:{port}/", trust_env=False, timeout=60)
    return f"http://127.0.0.1:{port}", process.pid


def _start_bare(directory: Path, started: ExitStack) -> str:
    """A Flask view that throws away what it gets, under gunicorn as it comes."""
    port = free_port()
    (directory / "discard.py").write_text(DISCARD, "utf-8")
    (directory / "plain.conf.py").write_text("", "utf-8")
    options = ["--no-control-socket", "--worker-class", "gthread", "--threads", "8", "--log-level", "error"]
    place = ["-c", str(directory / "plain.conf.py"), "--chdir", str(directory), "--bind", f"127.0.0.1:{port}"]
    process = started.enter_context(running(["-m", "gunicorn", *options, *place, "discard:app"], {}))
    wait_for_port(process, port)
    return f"http://127.0.0.1:{port}"


def _journeys(source: str, master: int, directory: Path) -> list[Row]:
    recipients = [HybridIdentity.generate().recipient for _ in range(REVIEWERS)]
    synced = directory / "synced-alone"

    def journeys() -> None:
        for _ in range(REPORTS):
            _report(source)

    def bare() -> None:
        for _ in range(REPORTS):
            _bare_report(recipients, synced)

    return [
        Row(f"{REPORTS} journeys of a source, from the start to the report's own page, processor time", journeys,
            "Argon2id, sealing and a synced write alone, processor time", bare, "≤ 1.8",
            clock=processor_of(_worker(master)), other_clock=time.process_time, rounds=5)
    ]  # fmt: skip


def _pages(source: str, master: int, directory: Path, started: ExitStack) -> list[Row]:
    bare, other_master = _start_empty(directory, started)
    reported = _reported(source)
    begun = _client(source)
    begun.post("/en/words", data=_hidden(begun, "/en/", "/en/words"))
    clients = {"/en/": _client(source), "/en/report": begun, "/en/tip": reported}
    names = {"/en/": "start", "/en/report": "the form's first page", "/en/tip": "a report's own page"}
    goals = {"/en/": "≤ 2", "/en/report": "≤ 4", "/en/tip": "≤ 4"}

    def pages(client: httpx.Client, path: str) -> None:
        for _ in range(PAGES):
            if client.get(path, follow_redirects=False).status_code != 200:
                raise RuntimeError(f"{path} was not shown")

    def row(path: str) -> Row:
        return Row(
            f"{PAGES} times {names[path]}, processor time",
            lambda: pages(clients[path], path),
            "an empty Flask view under the same worker, processor time",
            lambda: pages(httpx.Client(base_url=bare, trust_env=False), "/"),
            goals[path],
            clock=processor_of(_worker(master)),
            other_clock=processor_of(_worker(other_master)),
            rounds=5,
        )

    return [row(path) for path in clients]


def _reports(source: str, directory: Path) -> list[Row]:
    recipients = [HybridIdentity.generate().recipient for _ in range(REVIEWERS)]
    synced = directory / "synced"

    def clients(count: int) -> None:
        with ThreadPoolExecutor(count) as pool:
            list(pool.map(lambda _: _report(source), range(REPORTS)))

    def bare() -> None:
        for _ in range(REPORTS):
            _bare_report(recipients, synced)

    return [
        Row(f"{REPORTS} reports through the pages, one client, {REVIEWERS} reviewers", lambda: clients(1),
            "Argon2id, sealing and a synced write alone", bare, "–", rounds=5,
            amount=REPORTS, unit="reports"),
        Row(f"{REPORTS} reports, 8 clients", lambda: clients(8), "one client", lambda: clients(1),
            "–", inverse=True, rounds=5, amount=REPORTS, unit="reports"),
    ]  # fmt: skip


def _client(source: str) -> httpx.Client:
    return httpx.Client(base_url=source, follow_redirects=True, trust_env=False, timeout=60)


def _report(source: str) -> None:
    _reported(source).close()


def _reported(source: str) -> httpx.Client:
    """What a source does: the start, a codename, the report, and its own page."""
    client = _client(source)
    client.post("/en/words", data=_hidden(client, "/en/", "/en/words"))
    hidden = _hidden(client, "/en/report", "/en/report")
    if client.post("/en/report", data={**hidden, "narrative": _NARRATIVE}).url.path != "/en/tip":
        raise RuntimeError("the report was not taken")
    return client


def _hidden(client: httpx.Client, path: str, action: str) -> dict[str, str]:
    page = client.get(path).text
    return dict(_HIDDEN.findall(page.partition(f'action="{action}"')[2].partition("</form>")[0]))


def _bare_report(recipients: list[HybridRecipient], synced: Path) -> None:
    """What a report costs whatever the pages do: a derivation, two keys, two sealed documents, one durable write."""
    seed = generate("en").derive()
    tip, form = HybridIdentity.generate(), load_form()
    own = HybridIdentity.from_seed(seed.identity_seed()).recipient
    summary = Summary((str(tip),), str(own), "", "en", form.version, form.complete({}))
    report = Report("en", form.version, {"narrative": _NARRATIVE})
    with synced.open("wb") as file:
        file.write(seal(summary.padded(), recipients))
        file.write(seal(report.padded(), [tip.recipient]))
        file.flush()
        os.fsync(file.fileno())


def _uploads(source: str, bare: str, plain: Path) -> list[Row]:
    identity = X25519Identity.generate()

    def upload() -> None:
        _upload(source, plain)

    def discard() -> None:
        with plain.open("rb") as file:
            _send(bare, "/", "", "application/octet-stream", b"", file, b"")

    def age() -> None:
        with Path(os.devnull).open("wb") as target:
            command = ["age", "-r", str(identity.recipient), str(plain)]
            subprocess.run(command, stdout=target, check=True)  # noqa: S603 - Debian's

    return [
        Row(
            "upload of 1 GiB, sealed and synced",
            upload,
            "a bare Flask view that discards it",
            discard,
            "–",
            rounds=3,
            amount=GIB / 1e6,
            unit="MB",
        ),
        Row(
            "upload of 1 GiB, sealed and synced",
            upload,
            "age on the same file",
            age,
            "–",
            rounds=3,
            amount=GIB / 1e6,
            unit="MB",
        ),
    ]


def _upload(source: str, plain: Path) -> None:
    with _client(source) as client:
        client.post("/en/words", data=_hidden(client, "/en/", "/en/words"))
        client.post("/en/report", data={**_hidden(client, "/en/report", "/en/report"), "narrative": "A file follows."})
        hidden = _hidden(client, "/en/tip/file", "/en/tip/file")
        cookie = "; ".join(f"{name}={value}" for name, value in client.cookies.items())
    parts = "".join(f'--b\r\nContent-Disposition: form-data; name="{k}"\r\n\r\n{v}\r\n' for k, v in hidden.items())
    before = f'{parts}--b\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n'.encode()
    with plain.open("rb") as file:
        _send(source, "/en/tip/file", cookie, "multipart/form-data; boundary=b", before, file, b"\r\n--b--\r\n")


def _send(site: str, path: str, cookie: str, content_type: str, before: bytes, file: BinaryIO, after: bytes) -> None:
    """Send a body as it lies on the disk; the answer must be a good one."""
    length = len(before) + GIB + len(after)
    head = f"POST {path} HTTP/1.1\r\nHost: bench\r\nCookie: {cookie}\r\nContent-Type: {content_type}\r\n"
    host, _, port = site.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port)), timeout=120) as connection:
        connection.sendall(f"{head}Content-Length: {length}\r\nConnection: close\r\n\r\n".encode() + before)
        connection.sendfile(file)
        connection.sendall(after)
        answer = io.BytesIO()
        while piece := connection.recv(_PIECE):
            answer.write(piece)
    if answer.getvalue()[9:12] not in (b"200", b"303"):
        raise RuntimeError("the upload was not taken")


def _peak(master: int) -> str:
    """The most memory that the worker of a gunicorn has taken."""
    status = Path(f"/proc/{_worker(master)}/status").read_text("ascii")
    peak = int(re.findall(r"VmHWM:[^0-9]+([0-9]+) kB", status)[0]) / 1024
    return f"Peak memory of the source's worker, uploads included: {peak:.0f} MiB (goal: ≤ {MOST_MEMORY})"


def _worker(master: int) -> int:
    """The one worker of a gunicorn."""
    (worker,) = Path(f"/proc/{master}/task/{master}/children").read_text("ascii").split()
    return int(worker)
