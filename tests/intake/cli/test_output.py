"""The output is whole whatever the terminal can show, and no name in it moves the cursor or turns a line."""

import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commands import INTAKE, environment, run_bytes
from intake.accesslog import members
from intake.keeper import initialise, open_keeper
from intake.protocol.card import Role
from intake.terminal import shown
from intake.triage.keys.keyfile import make_keys, save_keys
from ports import free_port
from servers import serving

pytestmark = pytest.mark.slow

ENCODINGS = ["ascii", "latin-1", "utf-8"]
NAMES = ["amina", "Ёлка", "阿米娜", "آمنه", "José"]


def run(encoding: str, data: Path, *arguments: str) -> "subprocess.CompletedProcess[bytes]":
    variables = environment(data, PYTHONIOENCODING=encoding, LANG="C")
    return run_bytes([*INTAKE, *arguments], directory=data.parent, environment=variables)


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_every_line_arrives_in_every_encoding(encoding: str, tmp_path: Path) -> None:
    port = free_port()
    data = tmp_path / "data"
    settings = initialise(data, {"desk_bind": f"127.0.0.1:{port}", "team": "Ёлка"})
    server = open_keeper(settings)
    for name in NAMES:
        keys = make_keys(Role.AUDITOR, name)
        members.enrol(server.store, server.log, keys.card)
    save_keys(tmp_path / "me.key", keys, "a passphrase", work_factor=4)
    (tmp_path / "passphrase").write_text("a passphrase")
    server.store.close()
    listed = run(encoding, data, "auditor", "list")
    assert (listed.returncode, len(listed.stdout.splitlines())) == (0, len(NAMES))
    revoked = run(encoding, data, "auditor", "revoke", "阿米娜")
    assert revoked.stdout.startswith("阿米娜 (key id".encode(encoding, "backslashreplace"))
    assert run(encoding, data, "init", "--team", "Ёлка\u202e").returncode == 0
    refused = run(encoding, data, "auditor", "enrol", "нет.card")
    assert (refused.returncode, b"Traceback" in refused.stderr) == (2, False)
    with serving([*INTAKE, "serve", "desk"], port, tmp_path / "printed", environment(data)) as desk:
        where = ["--desk", desk.address, "--policy", str(settings.policy), "--home", str(tmp_path / "home")]
        audit = run(encoding, data, "audit", "verify", "--key", str(tmp_path / "me.key"),
                    "--passphrase-file", str(tmp_path / "passphrase"), *where)  # fmt: skip
    assert audit.returncode == 0
    for name in NAMES:
        assert name.encode(encoding, "backslashreplace") in audit.stdout
    assert sum(line.startswith(b"Verified: ") for line in audit.stdout.splitlines()) == 1


@given(st.text())
def test_what_is_shown_is_one_line_that_moves_nothing(text: str) -> None:
    line = shown(text)
    assert all(character.isprintable() or character in "\u200c\u200d" for character in line)
    assert shown(line) == line


@pytest.mark.parametrize("hostile", ["\x1b[2J", "a\rb", "a\nb", "\u202egnp.exe", "\u2066", "\x9b1A", "\x08", "\u2028"])
def test_a_mark_that_steers_the_terminal_is_seen_instead(hostile: str) -> None:
    assert shown(hostile).isprintable()
    assert shown(hostile) != hostile
