"""The service over real onion services, in a private Tor network on this machine: report, file, reply, limits."""

import re
import socket
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from commands import INTAKE, environment, run
from forms import hidden
from intake.accesslog import members
from intake.keeper import initialise, open_keeper
from intake.protocol.card import Role
from intake.settings import Settings
from intake.triage.home import Home
from intake.triage.keys.keyfile import MemberKeys, make_keys
from intake.triage.progress import no_progress
from intake.triage.workspace import Workspace
from opened import opened_tips
from project import PROJECT
from sent import write
from servers import serving
from tornet import TorNet
from visitor import Visitor

pytestmark = pytest.mark.slow

TORRC = PROJECT / "deploy" / "torrc"
FILE = b"%PDF" * 250_000
SOURCE, DESK = "intake-source", "intake-desk"


def options(service: str) -> dict[str, str]:
    """What deploy/torrc says of a service, besides where it lies and what it leads to."""
    found: dict[str, str] = {}
    here = False
    for line in TORRC.read_text().splitlines():
        name, _, value = line.partition(" ")
        if name == "HiddenServiceDir":
            here = value.endswith(service)
        elif here and name.startswith("HiddenService") and name != "HiddenServicePort":
            found[name] = value
    return found


@dataclass(frozen=True)
class Onions:
    """A running service behind Tor."""

    net: TorNet
    settings: Settings
    source: str
    desk: str
    reviewer: MemberKeys
    directory: Path

    def browser(self, user: str) -> "Browser":
        """A browser with a circuit of its own, named after its SOCKS user."""
        return Browser(self.source, self.net.proxy(user))

    @property
    def sockets(self) -> dict[str, Path]:
        return {
            "source": Path(self.settings.source_bind.removeprefix("unix:")),
            "desk": Path(self.settings.desk_bind.removeprefix("unix:")),
        }


class Browser:
    """Goes to the site through Tor, and fills in its forms."""

    def __init__(self, onion: str, proxy: httpx.Proxy) -> None:
        self.client = httpx.Client(
            base_url=f"http://{onion}", proxy=proxy, trust_env=False, follow_redirects=True, timeout=90
        )
        self.page = ""

    def open(self, path: str) -> int:
        return self._keep(self.client.get(path))

    def send(self, action: str, **values: str) -> int:
        return self._keep(self.client.post(action, data={**hidden(self.page, action), **values}))

    def send_file(self, content: bytes) -> int:
        name = re.search(r'type="file" [^>]*name="([^"]+)"', self.page)
        assert name
        data, files = hidden(self.page, "/en/tip/file"), {name[1]: ("summons.pdf", content)}
        return self._keep(self.client.post("/en/tip/file", data=data, files=files))

    def _keep(self, answer: httpx.Response) -> int:
        self.page = answer.text
        return answer.status_code


@pytest.fixture(scope="module")
def onions() -> Iterator[Onions]:
    """Both servers as `intake serve` runs them, on private unix sockets behind two onion services."""
    with ExitStack() as stack:
        net = stack.enter_context(TorNet())
        # Not pytest's directory: the path of a unix socket ends at 107 bytes.
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="intake-")))
        binds = {name: f"unix:{directory / name}.sock" for name in ("source", "desk")}
        addresses = {
            name: net.add_onion({80: binds[name]}, options(service))
            for name, service in (("source", SOURCE), ("desk", DESK))
        }
        settings = initialise(
            directory / "server",
            {
                "onion": True,
                "source_bind": binds["source"],
                "desk_bind": binds["desk"],
                "desk_authority": addresses["desk"],
                "limit_codenames": "3 per minute",
                "gate_minutes": 0,
            },
        )
        reviewer = enrol(settings)
        running = Onions(net, settings, addresses["source"], addresses["desk"], reviewer, directory)
        for name, listening in running.sockets.items():
            command = [*INTAKE, "serve", name]
            stack.enter_context(serving(command, listening, directory / f"{name}.log", environment(settings.data)))
            net.wait_reachable(addresses[name], 80)
        yield running


def enrol(settings: Settings) -> MemberKeys:
    keys = make_keys(Role.REVIEWER, "amina")
    server = open_keeper(settings)
    members.enrol(server.store, server.log, keys.card)
    server.store.close()
    return keys


@pytest.fixture
def workspace(onions: Onions) -> Iterator[Workspace]:
    """The reviewer's program, through Tor."""
    home = Home.open(
        onions.directory / "amina",
        desk=f"http://{onions.desk}",
        policy=onions.settings.policy.read_text(),
        proxy=f"socks5h://127.0.0.1:{onions.net.socks_port}",
    )
    opened = Workspace(home, onions.reviewer, no_progress)
    yield opened
    opened.close()


def test_a_report_a_file_and_an_answer_go_through_tor_and_back(onions: Onions, workspace: Workspace) -> None:
    source = onions.browser("source")
    source.open("/en/")
    source.send("/en/words")
    codename = " ".join(re.findall(r"<li>(\w+)</li>", source.page))
    source.open("/en/report")
    source.send("/en/report", narrative="Two men came to my mother.")
    assert "has arrived" in source.page
    source.open("/en/tip/file")
    source.send_file(FILE)
    assert "Your file has arrived." in source.page

    workspace.sync()
    assert (workspace.problem, workspace.alarm) == ("", "")
    (tip,) = opened_tips(workspace.book)
    assert tip.narrative == "Two men came to my mother."
    (file,) = tip.files.values()
    assert file.about.name == "summons.pdf"
    assert b"".join(workspace.files.read(tip, file)) == FILE
    write(workspace, tip.id, "reply", "We have read it. Is she safe?")

    later = onions.browser("later")
    later.open("/en/return")
    later.send("/en/return", codename=codename)
    assert "We have read it. Is she safe?" in later.page


def test_two_circuits_have_two_limits(onions: Onions) -> None:
    one, other = onions.browser("one"), onions.browser("other")
    for browser in (one, other):
        browser.open("/en/return")
    assert [one.send("/en/return", codename="word") for _ in range(4)] == [400, 400, 400, 429]
    assert "a lot in a short time" in one.page
    assert re.search(r'name="codename"[^>]*>\s*word</textarea>|name="codename" [^>]*value="word"', one.page)
    assert other.send("/en/return", codename="word") == 400


def test_a_request_that_did_not_come_through_tor_is_refused(onions: Onions) -> None:
    def connect() -> socket.socket:
        connection = socket.socket(socket.AF_UNIX)
        connection.settimeout(60)
        connection.connect(str(onions.sockets["source"]))
        return connection

    assert Visitor(connect).get("/en/").status == 403
    assert Visitor(connect, circuit=7).get("/en/").status == 200


def test_the_sockets_are_nobody_elses(onions: Onions) -> None:
    for path in onions.sockets.values():
        assert path.stat().st_mode & 0o007 == 0


def test_the_desk_is_not_on_the_sources_onion_and_the_reverse(onions: Onions) -> None:
    with httpx.Client(proxy=onions.net.proxy("probe"), trust_env=False, timeout=90) as client:
        assert client.get(f"http://{onions.source}/v1/index").status_code == 404
        assert client.get(f"http://{onions.desk}/en/").status_code == 404


def test_tor_takes_the_configuration_that_is_shipped(tmp_path: Path) -> None:
    torrc = tmp_path / "torrc"
    torrc.write_text(TORRC.read_text().replace("/var/lib/tor", str(tmp_path)) + f"DataDirectory {tmp_path / 'tor'}\n")
    (tmp_path / "empty").touch()
    command = ["tor", "--verify-config", "-f", str(torrc), "--defaults-torrc", str(tmp_path / "empty")]
    checked = run(command)
    assert checked.returncode == 0, checked.stdout
    warnings = [line for line in checked.stdout.splitlines() if "[warn]" in line]
    assert [line for line in warnings if "running Tor as root" not in line] == []
