"""A private Tor network on 127.0.0.1, for tests over real onion services. Needs Debian's package tor.

    with TorNet() as net:
        onion = net.add_onion({80: "unix:/path/source.sock"}, {"HiddenServiceExportCircuitID": "haproxy"})
        net.wait_reachable(onion, 80)  # the target must be listening by now
        net.proxy("somebody")          # for httpx; another name is another circuit

Nothing leaves the loopback interface: every listener is on 127.0.0.1 or a unix socket in a directory of the network's
own, the directory authorities are ours, and no relay is an exit. It is ready in some 20 s and takes about 500 MiB.
"""

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack, closing, suppress
from pathlib import Path
from threading import Event
from types import TracebackType
from typing import TypeVar

import httpx

from ports import free_port

T = TypeVar("T")

AUTHORITIES = 3
RELAYS = 3
"""Besides the authorities, which are relays too: six in all are enough for onion services."""

PATIENCE = 240.0
"""Seconds for each wait: tor has time to give up circuits that hang on a busy machine, and to build others."""

CIRCUIT_TIMEOUT = 20
"""Seconds after which it does. By itself it would first wait for 60."""

# A consensus becomes valid so many seconds after the votes and their distribution; these are tor's least values.
INITIAL_INTERVAL, VOTE_DELAY, DISTRIBUTION_DELAY = 5, 2, 2
INTERVAL = 60


class TorNetError(RuntimeError):
    """The network does not come up, or a program in it ended."""


class Node:
    """One tor process and its directory."""

    def __init__(self, name: str, root: Path) -> None:
        self.name = name
        self.directory = root / name
        self.or_port = self.directory_port = 0
        self.fingerprint = self.identity = ""
        self.process: subprocess.Popen[bytes] | None = None
        (self.directory / "keys").mkdir(mode=0o700, parents=True)
        self.directory.chmod(0o700)

    @property
    def control(self) -> Path:
        return self.directory / "control"

    def write(self, lines: Iterable[str]) -> None:
        """Write its configuration."""
        own = [f"DataDirectory {self.directory}", f"ControlSocket {self.control}"]
        own.append(f"Log notice file {self.directory / 'tor.log'}")
        (self.directory / "torrc").write_text("\n".join([*lines, *own]) + "\n")

    def start(self, empty: Path) -> None:
        """Start it, without any configuration of the machine's."""
        with (self.directory / "output").open("wb") as output:
            self.process = subprocess.Popen(
                ["tor", "-f", str(self.directory / "torrc"), "--defaults-torrc", str(empty), "--hush"],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                cwd=self.directory,
            )

    def said(self) -> str:
        """The last lines of what it logged."""
        found = [path.read_text("utf-8", "replace") for path in self.directory.glob("tor.log")]
        found += [path.read_text("utf-8", "replace") for path in self.directory.glob("output")]
        return f"--- {self.name}\n" + "\n".join("".join(found).splitlines()[-15:])


class Control:
    """Just enough of tor's control protocol, over a unix socket."""

    def __init__(self, path: Path) -> None:
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.settimeout(PATIENCE)
        try:
            self._socket.connect(str(path))
        except OSError:
            self._socket.close()
            raise
        self._lines = self._socket.makefile("r", encoding="utf-8", newline="\r\n")
        self._events: list[str] = []
        self.ask("AUTHENTICATE")

    def close(self) -> None:
        self._lines.close()
        self._socket.close()

    def ask(self, command: str) -> str:
        """The first line of the answer to a command."""
        self._socket.sendall(command.encode() + b"\r\n")
        while True:
            reply = self._read()
            if reply[0].startswith("650"):
                self._events.append(reply[0])
            elif reply[-1].startswith("25"):
                return reply[0]
            else:
                raise TorNetError(f"{command.partition(' ')[0]}: {' / '.join(reply)}")

    def next_event(self) -> str:
        """The next event that was asked for; `TimeoutError` if none comes."""
        return self._events.pop(0) if self._events else self._read()[0]

    def _read(self) -> list[str]:
        lines = [self._line()]
        while lines[-1][3:4] != " ":
            lines.append(self._line())
        return lines

    def _line(self) -> str:
        line = self._lines.readline()
        if not line:
            raise TorNetError("tor closed the control connection")
        return line.removesuffix("\r\n")


class TorNet:
    """Authorities, relays, a host for onion services and a client; ends its processes, by their ids, with the block."""

    def __init__(self) -> None:
        self.socks_port = 0
        # Not pytest's directory: the path of a unix socket ends at 107 bytes.
        self._root = Path(tempfile.mkdtemp(prefix="tornet-"))
        self._empty = self._root / "empty"
        self._closing = ExitStack()
        self._closing.callback(shutil.rmtree, self._root, ignore_errors=True)
        self._onions: dict[str, list[tuple[str, str]]] = {}
        self._pause = Event()

    def __enter__(self) -> "TorNet":
        try:
            self._start()
        except BaseException:
            self._closing.close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closing.close()

    def proxy(self, user: str) -> httpx.Proxy:
        """The client's SOCKS port. Requests of one user share a circuit; another user gets another one."""
        return httpx.Proxy(f"socks5://127.0.0.1:{self.socks_port}", auth=(user, "x"))

    def add_onion(self, ports: Mapping[int, str], options: Mapping[str, str]) -> str:
        """Start one more onion service, with these HiddenService options; its address, once it can be looked up.

        `ports` maps virtual ports to targets, such as `unix:/path.sock`. The target need not listen yet.
        """
        directory = self._root / "service" / f"onion{len(self._onions)}"
        directory.mkdir(mode=0o700)
        lines = [("HiddenServiceDir", str(directory))]
        lines += [("HiddenServicePort", f"{port} {target}") for port, target in ports.items()]
        lines += options.items()
        everything = [line for others in (*self._onions.values(), lines) for line in others]
        self._host.ask("SETCONF " + " ".join(f'{name}="{value}"' for name, value in everything))
        onion = self._until("an onion address", lambda: (directory / "hostname").read_text().strip())
        self._onions[onion] = lines
        self._wait_uploaded(onion.removesuffix(".onion"))
        return onion

    def wait_reachable(self, onion: str, port: int) -> None:
        """Return once a connection works; the target must be listening."""

        def answers() -> bool:
            with httpx.Client(proxy=self.proxy("probe"), trust_env=False, timeout=PATIENCE) as client:
                try:
                    client.get(f"http://{onion}:{port}/")
                except httpx.ProxyError:
                    return False
                return True

        self._until(f"{onion} to be reachable", answers)

    def _start(self) -> None:
        for program in ("tor", "tor-gencert"):
            if not shutil.which(program):
                raise TorNetError("these tests need Debian's package tor: apt-get install tor")
        self._empty.touch()
        authorities = [Node(f"auth{number}", self._root) for number in range(AUTHORITIES)]
        relays = [*authorities, *(Node(f"relay{number}", self._root) for number in range(RELAYS))]
        service, client = Node("service", self._root), Node("client", self._root)
        self._nodes = [*relays, service, client]
        self.socks_port = _set_ports(authorities, relays)
        for node in authorities:
            self._make_keys(node)
        common = self._common(authorities)
        for node in relays:
            node.write([*common, *_relay_lines(node)])
        service.write([*common, "SocksPort 0"])
        client.write([*common, f"SocksPort 127.0.0.1:{self.socks_port} IsolateSOCKSAuth"])
        for node in relays:
            self._launch(node)
        self._wait_consensus(authorities, len(relays))
        self._wait_relays(relays[AUTHORITIES:])
        for node in (service, client):
            self._launch(node)
        self._host = self._bootstrapped(service, 100)
        self._bootstrapped(client, 100)
        self._host.ask("SETEVENTS HS_DESC")

    def _make_keys(self, node: Node) -> None:
        keys = node.directory / "keys"
        certificate = keys / "authority_certificate"
        _run(
            [
                *("tor-gencert", "--create-identity-key", "--passphrase-fd", "0", "-m", "2"),
                *("-a", f"127.0.0.1:{node.directory_port}"),
                *("-i", str(keys / "authority_identity_key")),
                *("-s", str(keys / "authority_signing_key")),
                *("-c", str(certificate)),
            ]
        )
        named = f"x orport=1 no-v2 v3ident={'0' * 40} 127.0.0.1:1 {'0' * 40}"
        printed = _run(
            [
                *("tor", "-f", str(self._empty), "--defaults-torrc", str(self._empty), "--list-fingerprint"),
                *("--DataDirectory", str(node.directory), "--ORPort", "1", "--Nickname", node.name),
                *("--DirAuthority", named, "--Log", "err stderr"),
            ]
        )
        node.fingerprint = printed.strip().splitlines()[-1].split(None, 1)[1].replace(" ", "")
        lines = certificate.read_text().splitlines()
        node.identity = next(line.split()[1] for line in lines if line.startswith("fingerprint "))

    def _common(self, authorities: Iterable[Node]) -> list[str]:
        # The schedule of votes is that of the clock; moved, so that the first votes are cast in about three seconds.
        offset = (int(time.time()) + 3 + VOTE_DELAY + DISTRIBUTION_DELAY) % INITIAL_INTERVAL
        return [
            "TestingTorNetwork 1",
            "AssumeReachable 1",
            "DirAllowPrivateAddresses 1",
            "ExtendAllowPrivateAddresses 1",
            "EnforceDistinctSubnets 0",
            "ClientRejectInternalAddresses 0",
            "AddressDisableIPv6 1",
            "OutboundBindAddress 127.0.0.1",
            f"ServerDNSResolvConfFile {self._empty}",
            "ExitRelay 0",
            "PathsNeededToBuildCircuits 0.67",
            "LearnCircuitBuildTimeout 0",
            f"CircuitBuildTimeout {CIRCUIT_TIMEOUT}",
            # Otherwise every circuit begins at one relay, and none is built as long as that one hangs.
            "UseEntryGuards 0",
            "VanguardsLiteEnabled 0",
            f"TestingV3AuthInitialVotingInterval {INITIAL_INTERVAL}",
            f"TestingV3AuthInitialVoteDelay {VOTE_DELAY}",
            f"TestingV3AuthInitialDistDelay {DISTRIBUTION_DELAY}",
            f"TestingV3AuthVotingStartOffset {offset}",
            f"V3AuthVotingInterval {INTERVAL}",
            f"V3AuthVoteDelay {VOTE_DELAY}",
            f"V3AuthDistDelay {DISTRIBUTION_DELAY}",
            "V3AuthNIntervalsValid 10",
            "ShutdownWaitLength 0",
            "NumCPUs 1",
            "AvoidDiskWrites 1",
            "RunAsDaemon 0",
            # tor ends by itself if this process goes away without stopping it.
            f"__OwningControllerProcess {os.getpid()}",
            *(
                f"DirAuthority {node.name} orport={node.or_port} no-v2 v3ident={node.identity} "
                f"127.0.0.1:{node.directory_port} {node.fingerprint}"
                for node in authorities
            ),
        ]

    def _launch(self, node: Node) -> None:
        node.start(self._empty)
        assert node.process
        self._closing.callback(_end, node.process)

    def _wait_consensus(self, authorities: Iterable[Node], relays: int) -> None:
        with httpx.Client(trust_env=False, timeout=5) as client:

            def agreed() -> bool:
                for node in authorities:
                    page = f"http://127.0.0.1:{node.directory_port}/tor/status-vote/current/consensus-microdesc"
                    flags = [line for line in client.get(page).text.splitlines() if line.startswith("s ")]
                    if sum(" HSDir " in line and " Running " in line for line in flags) < relays:
                        return False
                return True

            self._until("a consensus", agreed)

    def _wait_relays(self, relays: Iterable[Node]) -> None:
        # They asked for a consensus before there was one and now wait long to ask again, unless they are told to. The
        # client starts only when all can answer it: if its first request fails, it waits for ten seconds.
        for node in relays:
            with closing(self._control(node)) as control:
                control.ask("SIGNAL RELOAD")
        for node in relays:
            self._bootstrapped(node, 75)

    def _bootstrapped(self, node: Node, percent: int) -> Control:
        control = self._control(node)

        def done() -> bool:
            phase = control.ask("GETINFO status/bootstrap-phase")
            return int(phase.partition("PROGRESS=")[2].split()[0]) >= percent

        self._until(f"{node.name} to be connected", done)
        return control

    def _control(self, node: Node) -> Control:
        control = self._until(f"the control socket of {node.name}", lambda: Control(node.control))
        self._closing.callback(control.close)
        return control

    def _wait_uploaded(self, address: str) -> None:
        begun = ended = uploaded = 0
        # The first uploads may fail and are begun again; all that were begun must have ended.
        while uploaded == 0 or ended < begun:
            event = self._host.next_event().split()
            if event[1] == "HS_DESC" and event[3] == address:
                begun += event[2] == "UPLOAD"
                uploaded += event[2] == "UPLOADED"
                ended += event[2] in ("UPLOADED", "FAILED")

    def _until(self, what: str, found: Callable[[], T]) -> T:
        """Whatever `found` returns once it is true. Until then, connections and files may fail it."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            self._require_running()
            with suppress(OSError, httpx.TransportError):
                if value := found():
                    return value
            self._pause.wait(0.1)
        raise TorNetError("\n".join([f"waited in vain for {what}", *(node.said() for node in self._nodes)]))

    def _require_running(self) -> None:
        for node in self._nodes:
            if node.process and node.process.poll() is not None:
                raise TorNetError(f"tor ended\n{node.said()}")


def _set_ports(authorities: list[Node], relays: list[Node]) -> int:
    """Give every relay its ports; one more for the client."""
    ports: set[int] = set()
    while len(ports) < len(authorities) + len(relays) + 1:
        ports.add(free_port())
    for node in relays:
        node.or_port = ports.pop()
    for node in authorities:
        node.directory_port = ports.pop()
    return ports.pop()


def _relay_lines(node: Node) -> list[str]:
    lines = [f"Nickname {node.name}", "Address 127.0.0.1", f"ORPort 127.0.0.1:{node.or_port}", "SocksPort 0"]
    lines += ["ExitPolicy reject *:*", "ContactInfo tornet@test.invalid"]
    if node.directory_port:
        lines += [
            f"DirPort 127.0.0.1:{node.directory_port}",
            "AuthoritativeDirectory 1",
            "V3AuthoritativeDirectory 1",
            "TestingDirAuthVoteGuard *",
            "TestingDirAuthVoteHSDir *",
            "TestingAuthDirTimeToLearnReachability 0",
            "TestingMinExitFlagThreshold 0",
            "TestingMinFastFlagThreshold 0",
        ]
    return lines


def _run(command: list[str]) -> str:
    ended = subprocess.run(command, input=b"test\n", capture_output=True, timeout=PATIENCE, check=False)
    if ended.returncode:
        raise TorNetError(f"{command[0]} failed: {ended.stderr.decode(errors='replace')[-1500:]}")
    return ended.stdout.decode()


def _end(process: "subprocess.Popen[bytes]") -> None:
    process.terminate()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
