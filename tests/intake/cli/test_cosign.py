"""Witnesses end to end: real witnesses, a real desk, `intake cosign`, and what an auditor is told and can prove."""

import os
import signal
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from commands import INTAKE, environment
from crypto.policy import Policy, parse_policy
from intake.accesslog import members
from intake.cli.trouble import Status
from intake.durable import replace_file
from intake.keeper import Keeper, open_keeper
from intake.protocol.card import Role
from intake.settings import load
from intake.triage.keys.keyfile import make_keys, save_keys
from place import Place, in_one_line
from ports import free_port
from servers import Server, listening, serving
from tlog_reader import read_proof
from waiting import waited_for

pytestmark = pytest.mark.slow

KEYED = ["--key", "carla.key", "--passphrase-file", "passphrase", "--home", "home"]


@dataclass
class Service:
    """A desk and two witnesses of its log, as processes; an auditor, carla, with a key file."""

    place: Place
    server: Keeper
    desk: str
    witnesses: dict[str, Server]
    commands: dict[str, list[str]]
    lines: dict[str, str]

    @property
    def policy(self) -> Path:
        return self.server.settings.policy

    def believe(self, needed: int, *names: str) -> Policy:
        """Write the policy that asks for so many of these witnesses."""
        logs = "".join(f"log {key}\n" for key in self.server.log.verifier.keys)
        named = "".join(self.lines[name] for name in names)
        text = f"{logs}{named}group enough {needed} {' '.join(names)}\nquorum enough\n"
        # Whole at every instant: the desk's process may be about to read it.
        replace_file(self.policy, text.encode())
        return parse_policy(self.policy.read_bytes())

    def cosign(self) -> "subprocess.CompletedProcess[str]":
        return self.place.run("cosign")

    def audit(self, *arguments: str) -> "subprocess.CompletedProcess[str]":
        return self.place.run("audit", *arguments, *KEYED, "--desk", self.desk, "--policy", str(self.policy))

    def check(self, proof: str) -> "subprocess.CompletedProcess[str]":
        return self.place.run("audit", "proof", proof, "--policy", str(self.policy))


def policy_line(witness: Server, name: str) -> str:
    """The line of a policy by which a witness is believed, as it prints it: by its Ed25519 key, under this name."""
    printed = waited_for(lambda: said[0] if len(said := witness.said().split("\n")) > 1 else "")
    return f"witness {name} {' '.join(printed.split(' ')[2:])}\n"


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    place, port = Place(tmp_path), free_port()
    variables = environment(place.data, **listening("desk", port))
    with ExitStack() as stack:
        server = open_keeper(load(variables))
        stack.callback(server.store.close)
        keys = make_keys(Role.AUDITOR, "carla")
        members.enrol(server.store, server.log, keys.card)
        save_keys(tmp_path / "carla.key", keys, "a passphrase", work_factor=4)
        service = Service(place, server, f"http://127.0.0.1:{port}", {}, {}, {})
        for name in ("ours", "theirs"):
            at = free_port()
            options = ["--policy", str(service.policy), "--port", str(at), "--name", f"w-{name}"]
            command = [*INTAKE, "audit", "witness", str(tmp_path / name), *options]
            running = stack.enter_context(serving(command, at, tmp_path / f"{name}.txt", {**os.environ}))
            service.witnesses[name], service.commands[name] = running, command
            service.lines[name] = policy_line(running, name)
        stack.enter_context(serving([*INTAKE, "serve", "desk"], port, tmp_path / "desk.txt", variables))
        yield service


def test_a_log_that_its_witnesses_cosign_is_green_and_one_that_they_do_not_is_said(service: Service) -> None:
    service.believe(2, "ours", "theirs")
    before = service.audit("verify")
    assert before.returncode == Status.UNWITNESSED
    # Two of the operator's: who was enrolled, and which program runs; the others are of this very reading.
    assert "Verified: 4 entries" in before.stdout
    assert before.stderr.startswith("Error: the log is whole, but not witnessed as the policy asks")
    done = service.cosign()
    assert (done.returncode, done.stderr) == (Status.DONE, "")
    assert [line.rpartition(": ")[2] for line in done.stdout.splitlines()] == ["cosigned 5 entries."] * 2
    after = service.audit("verify")
    assert (after.returncode, after.stderr) == (Status.DONE, "")
    assert "Cosigned: 5 entries (ours: 2" in after.stdout
    assert service.audit("mirror", "mirror").returncode == Status.DONE


def test_one_that_was_killed_is_named_and_goes_on_from_where_it_was(service: Service, tmp_path: Path) -> None:
    service.believe(2, "ours", "theirs")
    assert service.cosign().returncode == Status.DONE
    running = service.witnesses["theirs"]
    os.kill(running.process.pid, signal.SIGKILL)
    running.process.wait(60)
    members.enrol(service.server.store, service.server.log, make_keys(Role.AUDITOR, "dora").card)
    few = service.cosign()
    assert (few.returncode, few.stderr) == (
        Status.OUT_OF_REACH,
        "Error: fewer of the witnesses have cosigned than log.policy asks for\n",
    )
    assert "ours, http://127.0.0.1" in few.stdout.splitlines()[0]
    assert "theirs, http://127.0.0.1" in few.stdout.splitlines()[1]
    assert few.stdout.splitlines()[1].endswith("can't be reached; is it running?.")
    assert service.audit("verify").returncode == Status.DONE, "what both cosigned before is not too old"
    assert isinstance(running.place, int)
    with serving(service.commands["theirs"], running.place, tmp_path / "again.txt", {**os.environ}):
        assert service.cosign().returncode == Status.DONE
    assert "Cosigned: 6 entries" in service.audit("verify").stdout


def test_a_proof_of_one_entry_can_be_checked_by_anybody_with_the_policy_alone(service: Service) -> None:
    policy = service.believe(2, "ours", "theirs")
    service.cosign()
    for name in ("dora", "elias"):
        members.enrol(service.server.store, service.server.log, make_keys(Role.AUDITOR, name).card)
    made = service.audit("prove", "0", "first.tlog-proof")
    assert made.stdout.endswith("The checkpoint in it is cosigned.\n")
    ed25519, ml_dsa = map(str, policy.log.keys)
    vkeys = [str(witness.key) for witness in policy.witnesses.values()]
    data = (service.place.directory / "first.tlog-proof").read_bytes()
    place, entry, times = read_proof(data, ed25519, ml_dsa, vkeys)
    assert (place, b"carla" in entry, len(times)) == (0, True, 2)
    checked = service.check("first.tlog-proof")
    assert checked.returncode == Status.DONE
    assert f"Proven: entry 0 of the log {policy.log.name} is this, in its tree of 2 entries:" in checked.stdout
    assert entry.decode() in checked.stdout.splitlines()
    assert "Cosigned: ours: 2" in checked.stdout

    assert service.audit("prove", "2", "third.tlog-proof").stdout.endswith("in it is not cosigned yet.\n")
    data = (service.place.directory / "third.tlog-proof").read_bytes()
    assert read_proof(data, ed25519, ml_dsa, [])[0] == 2
    alone = service.check("third.tlog-proof")
    assert alone.returncode == Status.UNWITNESSED
    assert "Proven: entry 2" in alone.stdout
    service.cosign()
    service.audit("prove", "1", "second.tlog-proof")
    assert service.check("second.tlog-proof").returncode == Status.DONE

    in_one_line(service.audit("prove", "99", "last.tlog-proof"), Status.USAGE, "the log has 15 entries")
    in_one_line(service.audit("prove", "0", "first.tlog-proof"), Status.USAGE, "exists already: name a new file")
    (service.place.directory / "forged").write_bytes(data.replace(b"index 2\n", b"index 1\n"))
    in_one_line(service.check("forged"), Status.USAGE, "does not prove that the entry is in the log")
    other = data.split(b"\n")
    other[1] = b"extra e30="
    (service.place.directory / "forged").write_bytes(b"\n".join(other))
    in_one_line(service.check("forged"), Status.USAGE, "does not prove that the entry is in the log")
    del other[1]
    (service.place.directory / "forged").write_bytes(b"\n".join(other))
    in_one_line(service.check("forged"), Status.USAGE, "does not hold the entry")


def test_a_log_that_was_set_back_is_said_loudly_on_the_server(service: Service, tmp_path: Path) -> None:
    service.believe(1, "ours", "theirs")
    backup = (service.place.data / "intake.db").read_bytes()
    members.enrol(service.server.store, service.server.log, make_keys(Role.AUDITOR, "dora").card)
    assert service.cosign().returncode == Status.DONE
    restored = tmp_path / "restored"
    restored.mkdir()
    for name in ("log.key", "log.policy", "intake.toml"):
        (restored / name).write_bytes((service.place.data / name).read_bytes())
    (restored / "blobs").mkdir()
    (restored / "intake.db").write_bytes(backup)
    said = service.place.run("cosign", INTAKE_DATA=str(restored))
    assert said.returncode == Status.FAILED
    assert "a witness contradicts this log: find out whether a backup was put back" in said.stderr
    assert said.stdout.count("CONTRADICTS THIS LOG: it has cosigned 3 entries of this log, which has only 2.") == 2


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (
            "{logs}witness theirs {key} http://abcdef.onion\nquorum theirs\n",
            "witness_proxy must be set, such as to socks5h",
        ),
        ("{logs}witness theirs {key} theirs.example\nquorum theirs\n", "log.policy: the address of the witness theirs"),
        ("{logs}quorum theirs\n", "log.policy is damaged; put back your copy of it (line 3"),
        ("quorum none\n", "log.policy is damaged; put back your copy of it (the policy must name one log"),
        ("{other}quorum none\n", "log.policy names another log than this server's"),
    ],
)
def test_a_policy_by_which_nobody_can_be_asked_is_wrong_use(text: str, says: str, place: Place) -> None:
    path = place.data / "log.policy"
    logs, key = (
        path.read_text().removesuffix("quorum none\n"),
        "ours+393899fd+BOpKbGPinFIKvvVQexMuxfmVR3auvr57kkIe6mkURtIs",
    )
    other = (Place(place.directory / "other").data / "log.policy").read_text().removesuffix("quorum none\n")
    path.write_text(text.format(logs=logs, key=key, other=other))
    in_one_line(place.run("cosign"), Status.USAGE, says)


def test_without_witnesses_nobody_is_asked_and_nothing_is_wrong(place: Place) -> None:
    done = place.run("cosign")
    assert (done.returncode, done.stderr) == (Status.DONE, "")
    assert done.stdout.endswith("log.policy names no witnesses, and nobody is asked.\n")
