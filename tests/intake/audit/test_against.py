"""Whatever stands against the server by what an auditor's home holds is said, and nobody vouches for its log then."""

import time
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from intake.accesslog import members
from intake.audit.against import against
from intake.cli import main
from intake.cli.trouble import Status
from intake.protocol.card import Role
from intake.triage.keys.keyfile import make_keys
from open_desk import Desk
from program import PASSPHRASE, Enrol, HomeOf
from set_back import back_up, set_back
from waiting import waited_for

pytestmark = pytest.mark.slow

Lie = Callable[[Desk], None]


class Auditor:
    """Carla, who types her commands."""

    def __init__(self, desk: Desk, directory: Path) -> None:
        self._directory = directory
        (directory / "log.policy").write_text(desk.policy)
        (directory / "passphrase").write_text(PASSPHRASE + "\n")
        home, policy = str(directory / "carla-home"), str(directory / "log.policy")
        self._home, self._desk = ["--home", home, "--policy", policy], ["--desk", desk.url]
        self._keyed = ["--key", str(directory / "carla.key"), "--passphrase-file", str(directory / "passphrase")]

    def asks(self, command: str, *arguments: str) -> Result:
        return CliRunner().invoke(main, ["audit", command, *arguments, *self._home])

    def signs(self, command: str, *arguments: str) -> Result:
        return CliRunner().invoke(main, ["audit", command, *arguments, *self._home, *self._keyed])

    def verifies(self, *arguments: str) -> Result:
        return self.signs("verify", *self._desk, *arguments)

    def vouches(self) -> list[Result]:
        """She tries to sign a report, and a checkpoint; nothing may lie there if that failed."""
        tried = []
        for command, name in (("report", "board.html"), ("cosign", "cosigned")):
            file = self._directory / name
            tried.append(self.signs(command, str(file)))
            assert file.exists() == (tried[-1].exit_code == Status.DONE)
            for each in self._directory.glob(f"{name}*"):
                each.unlink()
        return tried

    def reads(self) -> list[Result]:
        return [self.asks("findings"), self.asks("accesses")]


@pytest.fixture
def carla(desk: Desk, enrol: Enrol, tmp_path: Path) -> Auditor:
    enrol("carla", Role.AUDITOR)
    auditor = Auditor(desk, tmp_path)
    assert auditor.verifies().exit_code == Status.DONE
    assert all(each.exit_code == Status.DONE for each in (*auditor.vouches(), *auditor.reads()))
    return auditor


def rewrite(desk: Desk) -> None:
    """What was seen is rewritten, which is kept as evidence."""
    desk.cut(3)
    members.enrol(desk.server.store, desk.server.log, make_keys(Role.AUDITOR, "boris").card)


def answer_unlogged(desk: Desk) -> None:
    """What was answered is in no log that it shows from now on, which the journal accuses it of."""
    desk.cut(1)
    members.enrol(desk.server.store, desk.server.log, make_keys(Role.AUDITOR, "boris").card)


def change_the_head(desk: Desk) -> None:
    """What it shows bears no signature of its own: nothing that it signed contradicts that."""
    desk.lie("/v1/log/checkpoint", lambda note: note.replace(b"\n\n", b"\nmore\n\n", 1))


@pytest.mark.parametrize("lie", [rewrite, answer_unlogged, change_the_head])
def test_after_a_verify_that_failed_nobody_vouches_and_everything_says_so(
    lie: Lie, desk: Desk, carla: Auditor, home: HomeOf
) -> None:
    lie(desk)
    refused = carla.verifies()
    assert refused.exit_code == Status.FRAUD
    found = home("carla")
    (says,) = against(found)
    found.close()
    for each in (*carla.vouches(), *carla.reads()):
        assert each.exit_code == Status.FRAUD
        assert says in " ".join(each.stderr.split())


def test_what_a_fetch_found_is_over_with_one_that_finds_a_true_log(desk: Desk, carla: Auditor) -> None:
    honest = desk.wsgi
    change_the_head(desk)
    assert carla.verifies().exit_code == Status.FRAUD
    assert all(each.exit_code == Status.FRAUD for each in carla.vouches())
    desk.wsgi = honest
    assert carla.verifies().exit_code == Status.DONE
    assert all(each.exit_code == Status.DONE for each in (*carla.vouches(), *carla.reads()))


def test_evidence_that_is_kept_is_said_by_each_verify(desk: Desk, carla: Auditor, home: HomeOf) -> None:
    found = home("carla")
    found.save("evidence/0.txt", b"what it signed")
    found.close()
    again = carla.verifies()
    assert again.exit_code == Status.FRAUD
    assert "Verified: " in again.stdout
    assert "it contradicted itself before; what it signed is kept in" in " ".join(again.stderr.split())


def test_a_restore_is_said_to_be_accepted_only_if_it_explains_all_that_stands_against_the_server(
    desk: Desk, carla: Auditor, tmp_path: Path
) -> None:
    """The old server went on answering after the copy was put back: no restore explains that."""
    made = back_up(desk, tmp_path / "scratch")
    assert carla.verifies().exit_code == Status.DONE
    old = desk.wsgi
    with set_back(desk, made, tmp_path / "again", declared=True):
        new, since = desk.wsgi, int(time.time())
        desk.wsgi = old
        waited_for(lambda: int(time.time()) > since)
        assert carla.verifies().exit_code == Status.DONE
        desk.wsgi = new
        assert carla.verifies().exit_code == Status.FRAUD
        accepted = carla.verifies("--accept-restore", "The disk broke.")
        assert accepted.exit_code == Status.FRAUD
        assert "Accepted" not in accepted.stdout
        says = " ".join(accepted.stderr.split())
        assert "the restore that you gave a reason for does not explain" in says
        assert "the server answered your reading of the log of" in says
        for each in (carla.verifies(), *carla.vouches(), *carla.reads()):
            assert each.exit_code == Status.FRAUD
            assert "but its log does not hold" in " ".join(each.stderr.split())
