"""Two witnesses as processes, one of them behind an onion service of a private Tor network; a reviewer's program."""

import os
import re
import tempfile
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from commands import INTAKE, environment, run
from intake.accesslog import members
from intake.keeper import open_keeper
from intake.protocol.card import Role
from intake.settings import load
from intake.triage.home import Home
from intake.triage.keys.keyfile import make_keys
from intake.triage.progress import no_progress
from intake.triage.workspace import Workspace
from new_server import new_server
from ports import free_port
from servers import Server, serving
from tornet import TorNet
from waiting import waited_for

pytestmark = pytest.mark.slow


def key_of(witness: Server) -> str:
    """Its Ed25519 key, which it prints first."""
    found = waited_for(lambda: re.search(r"^witness \S+ (\S+) \S+\n", witness.said()))
    return found[1]


def test_a_reviewers_program_is_green_while_both_cosign_and_red_days_after_one_has_stopped() -> None:
    with ExitStack() as stack:
        net = stack.enter_context(TorNet())
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="intake-")))
        desk = free_port()
        settings = new_server(directory / "server", {"desk_bind": f"127.0.0.1:{desk}"})
        server = open_keeper(load({"INTAKE_DATA": str(settings.data)}))
        stack.callback(server.store.close)
        amina = make_keys(Role.REVIEWER, "amina")
        members.enrol(server.store, server.log, amina.card)
        here, there = (stack.enter_context(ExitStack()) for _ in range(2))
        lines = []
        for name, of in (("here", here), ("there", there)):
            port = free_port()
            options = ["--policy", str(settings.policy), "--port", str(port)]
            command = [*INTAKE, "audit", "witness", str(directory / name), *options]
            witness = of.enter_context(serving(command, port, directory / f"{name}.txt", {**os.environ}))
            url = f"http://127.0.0.1:{port}"
            if name == "there":
                onion = net.add_onion({80: f"127.0.0.1:{port}"}, {})
                net.wait_reachable(onion, 80)
                url = f"http://{onion}"
            lines.append(f"witness {name} {key_of(witness)} {url}\n")
        logs = "".join(f"log {key}\n" for key in server.log.verifier.keys)
        policy = f"{logs}{''.join(lines)}group both all here there\nquorum both\n"
        settings.policy.write_text(policy)
        serve = [*INTAKE, "serve", "desk"]
        stack.enter_context(serving(serve, desk, directory / "desk.txt", environment(settings.data)))
        home = Home.open(directory / "home", desk=f"http://127.0.0.1:{desk}", policy=policy, proxy=None)
        ahead = [timedelta(0)]
        workspace = Workspace(home, amina, no_progress, lambda: datetime.now(UTC) + ahead[0])
        stack.callback(workspace.close)

        def cosign() -> str:
            proxy = f"socks5h://127.0.0.1:{net.socks_port}"
            done = run([*INTAKE, "cosign"], environment=environment(settings.data, INTAKE_WITNESS_PROXY=proxy))
            return done.stdout + done.stderr

        workspace.sync()
        assert "here: never; there: never" in workspace.unwitnessed
        said = cosign()
        assert said.count(": cosigned 3 entries.") == 2, said
        workspace.sync()
        assert (workspace.unwitnessed, workspace.alarm, workspace.problem) == ("", "", "")

        there.close()
        said = cosign()
        assert "through witness_proxy; is its address right, and is it running?" in said, said
        assert "fewer of the witnesses have cosigned than log.policy asks for" in said
        for days, is_red in ((6, False), (8, True)):
            ahead[0] = timedelta(days=days)
            workspace.sync()
            assert (bool(workspace.unwitnessed), len(workspace.alarms)) == (is_red, int(is_red))
