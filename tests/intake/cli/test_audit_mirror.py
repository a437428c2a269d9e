"""`intake audit mirror`, by the real command, from a real desk."""

from pathlib import Path

import pytest

from commands import INTAKE, environment
from crypto.policy import parse_policy
from intake.accesslog import members
from intake.cli.trouble import Status
from intake.keeper import open_keeper
from intake.protocol.card import Role
from intake.protocol.entry import parse_entry
from intake.settings import load
from intake.triage.keys.keyfile import make_keys, save_keys
from place import Place, in_one_line
from ports import free_port
from servers import listening, serving
from tlog_reader import read_log

pytestmark = pytest.mark.slow


def test_an_auditor_writes_the_log_as_files_that_a_stranger_can_verify(tmp_path: Path) -> None:
    place, port = Place(tmp_path), free_port()
    variables = environment(place.data, **listening("desk", port))
    server = open_keeper(load(variables))
    keys = make_keys(Role.AUDITOR, "carla")
    members.enrol(server.store, server.log, keys.card)
    save_keys(tmp_path / "carla.key", keys, "a passphrase", work_factor=4)
    policy = server.settings.policy
    keyed = ["--key", "carla.key", "--passphrase-file", "passphrase", "--home", "home"]
    mirror = ["audit", "mirror", "mirror", *keyed, "--desk", f"http://127.0.0.1:{port}", "--policy", str(policy)]
    with serving([*INTAKE, "serve", "desk"], port, tmp_path / "printed", variables):
        made = place.run(*mirror)
        assert (made.returncode, made.stderr) == (Status.DONE, "")
        assert made.stdout == "mirror holds the whole log. Entries: 3. Files: 2, new 2, and the checkpoint.\n"
        members.enrol(server.store, server.log, make_keys(Role.AUDITOR, "dora").card)
        # With the program that runs, and three reads of the log: its head and entries, and now its head again.
        assert "Entries: 6." in place.run(*mirror).stdout
        ed25519, ml_dsa = map(str, parse_policy(policy.read_bytes()).log.keys)
        entries = [parse_entry(line) for line in read_log(tmp_path / "mirror", ed25519, ml_dsa)]
        assert [entry.action.value for entry in entries] == ["enrol", "software", "log", "log", "enrol", "log"]
        # Where the next two reads of the log will make the tree of eight.
        (tmp_path / "mirror" / "tile" / "0" / "000.p" / "8").write_bytes(bytes(8 * 32))
        in_one_line(place.run(*mirror), Status.USAGE, "this directory is another log's, or damaged")
    server.store.close()
