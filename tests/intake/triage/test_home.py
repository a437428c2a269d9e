"""What a program's directory remembers: the connection that worked, and no other."""

from pathlib import Path
from typing import Any

import pytest

from crypto.note import SigningKey
from intake.protocol.audit import AuditError
from intake.protocol.card import Role
from intake.triage.desk_client import DeskClient, DeskError
from intake.triage.home import Home, HomeError
from intake.triage.mirror import fetch_log
from intake.triage.work import no_progress
from ports import free_port


def fetch(home: Home, keys: Any) -> None:
    client = DeskClient(home, keys.signing)
    try:
        fetch_log(client, home, whole=True, progress=no_progress)
    finally:
        client.close()


def reopened(home: Path) -> Home:
    return Home.open(home, desk=None, log=None, proxy=None)


@pytest.fixture
def carla(enrol: Any) -> Any:
    return enrol("carla", Role.AUDITOR)


@pytest.mark.parametrize(
    "name", ["../x", "/etc/x", "sealed/../../x", "sealed//x", "", ".", ".x", "sealed/.x", "a\\b", "c:x", "x\n", "x\0"]
)
def test_no_name_leaves_the_directory(name: str, desk: Any, tmp_path: Path) -> None:
    home = Home.open(tmp_path / "home", desk=desk.url, log=desk.log, proxy=None)
    for use in (home.has, home.read, home.open_file, home.remove, lambda name: home.save(name, b"x")):
        with pytest.raises(HomeError):
            use(name)
    assert list(tmp_path.rglob("x")) == []


def test_a_connection_that_worked_is_remembered(desk: Any, carla: Any, tmp_path: Path) -> None:
    home = Home.open(tmp_path / "home", desk=desk.url, log=desk.log, proxy=None)
    fetch(home, carla)
    assert reopened(tmp_path / "home").connection == home.connection


def test_a_wrong_address_is_not_remembered(desk: Any, carla: Any, tmp_path: Path) -> None:
    home = Home.open(tmp_path / "home", desk=f"http://127.0.0.1:{free_port()}", log=desk.log, proxy=None)
    with pytest.raises(DeskError, match="can't be reached"):
        fetch(home, carla)
    with pytest.raises(HomeError, match="the first time"):
        reopened(tmp_path / "home")


def test_a_wrong_key_of_the_log_does_not_replace_the_right_one(desk: Any, carla: Any, tmp_path: Path) -> None:
    home = Home.open(tmp_path / "home", desk=desk.url, log=desk.log, proxy=None)
    fetch(home, carla)
    name = desk.log.partition("+")[0]
    wrong = Home.open(tmp_path / "home", desk=None, log=str(SigningKey.generate(name).verifier), proxy=None)
    with pytest.raises(AuditError, match="not signed by this log's key"):
        fetch(wrong, carla)
    assert reopened(tmp_path / "home").connection == home.connection


def test_a_reviewers_program_remembers_what_worked(reviewer: Any, tmp_path: Path, desk: Any) -> None:
    amina = reviewer("amina")
    with pytest.raises(HomeError):
        reopened(tmp_path / "amina-home")
    amina.unlock()
    assert reopened(tmp_path / "amina-home").connection.desk == desk.url
