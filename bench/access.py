"""Letting a new reviewer in to what came before, from a colleague's machine over loopback, beside the bare HPKE."""

import shutil
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import httpx
from rich.progress import track

from bench.many import fill
from bench.served import free_port, served
from bench.timing import Part, Row
from crypto.age import HybridIdentity
from crypto.age.primitives import FileKey
from intake.accesslog import members
from intake.accesslog.append import LogAppender
from intake.demo.processes import running, wait_for_port
from intake.keeper import initialise, open_keeper, read_log_key
from intake.protocol.card import Role
from intake.triage.access.command import LetIn, let_in
from intake.triage.desk.client import DeskClient
from intake.triage.fetching.sync import Sync
from intake.triage.home import Home
from intake.triage.keys.keyfile import make_keys
from intake.triage.progress import no_progress

TIPS = 10_000
REVIEWERS = 5
ROUNDS = 3


class Bench:
    """Copies of a desk with reports of several reviewers, and of the home of one who has fetched them.

    Each desk runs as it does for its users, in processes of its own.
    """

    def __init__(self, directory: Path, started: ExitStack) -> None:
        first = directory / "0"
        port = free_port()
        settings = initialise(first / "server", {"desk_authority": f"127.0.0.1:{port}"})
        readers = [make_keys(Role.REVIEWER, f"reviewer-{number}") for number in range(REVIEWERS)]
        self._keys = readers[0]
        server = open_keeper(settings)
        with closing(server.store):
            then = datetime.now(UTC).replace(microsecond=0) - timedelta(days=200)
            earlier = LogAppender(read_log_key(settings.log_key), lambda: then)
            for keys in readers:
                members.enrol(server.store, earlier, keys.card)
            days = [then.date() + timedelta(days=number) for number in range(1, 101)]
            fill(server, track(range(TIPS), "Filling the store"), days)
            with (
                served(server, port),
                closing(_home(first, port)) as home,
                closing(DeskClient(home, self._keys.signing, self._keys.role)) as client,
            ):
                Sync(client, home, no_progress).run()
            members.enrol(server.store, server.log, make_keys(Role.REVIEWER, "carla").card)
        copies = [Path(shutil.copytree(first, directory / f"{n}")) for n in range(1, ROUNDS + 2)]
        self._homes = iter([started.enter_context(closing(_home(copy, _desk(copy, started)))) for copy in copies])
        identity, file_key = HybridIdentity.generate(), FileKey.generate()
        self._bare = identity, file_key, [identity.recipient.wrap(file_key)]

    def rows(self) -> list[Row]:
        """What is measured."""
        what = f"let a new reviewer in to {TIPS:,} reports of {REVIEWERS}, end to end over loopback"
        return [Row(what, self._let_in, "the bare HPKE operations", self._bare_ones, "≤ 2", rounds=ROUNDS)]

    def _let_in(self) -> None:
        """From a fetch that brings the enrolment to the one that shows that all is done."""
        found = let_in(next(self._homes), self._keys, "carla", "", no_progress)
        if found != LetIn(TIPS, 0):
            raise RuntimeError(f"{found} of {TIPS}")

    def _bare_ones(self) -> None:
        identity, file_key, stanzas = self._bare
        for _ in range(TIPS):
            identity.unwrap(stanzas)
            identity.recipient.wrap(file_key)


def _home(directory: Path, port: int) -> Home:
    policy = (directory / "server" / "log.policy").read_text("utf-8")
    return Home.open(directory / "home", desk=f"http://127.0.0.1:{port}", policy=policy, proxy=None)


def _desk(directory: Path, started: ExitStack) -> int:
    """Start a desk; returns its port."""
    port = free_port()
    place = f"127.0.0.1:{port}"
    told = {"INTAKE_DATA": str(directory / "server"), "INTAKE_DESK_BIND": place, "INTAKE_DESK_AUTHORITY": place}
    wait_for_port(started.enter_context(running(["-m", "gunicorn", "wsgi:desk"], told)), port)
    # The port is open before there is a worker; an answer comes from one.
    httpx.get(f"http://{place}/", trust_env=False, timeout=60)
    return port


@contextmanager
def part() -> Iterator[Part]:
    """The row, while everything is there."""
    with TemporaryDirectory() as directory, ExitStack() as started:
        yield Part(Bench(Path(directory), started).rows())
