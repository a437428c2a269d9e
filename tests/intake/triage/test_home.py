"""What a program's directory remembers: the connection that worked, and no other."""

import json
from functools import partial
from pathlib import Path
from typing import Any

import platformdirs
import pytest

from crypto.checkpoint import Checkpoint
from crypto.logkey import LogSigner
from crypto.merkle import EMPTY_ROOT
from crypto.note import Note, parse_note
from intake.protocol.audit import AuditError
from intake.protocol.card import Role
from intake.triage.desk.client import DeskClient, DeskError
from intake.triage.fetching.log import fetch_whole
from intake.triage.home import Home, HomeError
from intake.triage.keys.keyfile import MemberKeys
from intake.triage.progress import no_progress
from open_desk import Desk
from policies import policy
from ports import free_port
from program import Enrol, Reviewer
from signed_head import signed


def fetch(home: Home, keys: MemberKeys) -> None:
    client = DeskClient(home, keys.signing, Role.REVIEWER)
    try:
        fetch_whole(client, home, no_progress)
    finally:
        client.close()


def reopened(home: Path) -> Home:
    return Home.open(home, desk=None, policy=None, proxy=None)


@pytest.fixture
def carla(enrol: Enrol) -> Any:
    return enrol("carla", Role.AUDITOR)


@pytest.mark.parametrize(
    "name", ["../x", "/etc/x", "sealed/../../x", "sealed//x", "", ".", ".x", "sealed/.x", "a\\b", "c:x", "x\n", "x\0"]
)
def test_no_name_leaves_the_directory(name: str, desk: Desk, tmp_path: Path) -> None:
    home = Home.open(tmp_path / "home", desk=desk.url, policy=desk.policy, proxy=None)
    for use in (home.has, home.read, home.open_file, home.remove, lambda name: home.save(name, b"x")):
        with pytest.raises(HomeError):
            use(name)
    assert list(tmp_path.rglob("x")) == []


def test_a_connection_that_worked_is_remembered(desk: Desk, carla: MemberKeys, tmp_path: Path) -> None:
    home = Home.open(tmp_path / "home", desk=desk.url, policy=desk.policy, proxy=None)
    fetch(home, carla)
    assert reopened(tmp_path / "home").connection == home.connection


def test_a_wrong_address_is_not_remembered(desk: Desk, carla: MemberKeys, tmp_path: Path) -> None:
    home = Home.open(tmp_path / "home", desk=f"http://127.0.0.1:{free_port()}", policy=desk.policy, proxy=None)
    with pytest.raises(DeskError, match="can't be reached"):
        fetch(home, carla)
    with pytest.raises(HomeError, match="the first time"):
        reopened(tmp_path / "home")


def test_a_wrong_key_of_the_log_does_not_replace_the_right_one(desk: Desk, carla: MemberKeys, tmp_path: Path) -> None:
    home = Home.open(tmp_path / "home", desk=desk.url, policy=desk.policy, proxy=None)
    fetch(home, carla)
    other = policy(LogSigner.generate(desk.log.name).verifier)
    with pytest.raises(HomeError, match="under other keys than those you named"):
        Home.open(tmp_path / "home", desk=None, policy=other, proxy=None)
    with pytest.raises(HomeError, match="under other keys than those you named"):
        Home.open(tmp_path / "home", desk=None, policy=policy(desk.log.first), proxy=None)
    assert reopened(tmp_path / "home").connection == home.connection


def test_a_reviewers_program_remembers_what_worked(reviewer: Reviewer, tmp_path: Path, desk: Desk) -> None:
    amina = reviewer("amina")
    with pytest.raises(HomeError):
        reopened(tmp_path / "amina-home")
    amina.unlock()
    assert reopened(tmp_path / "amina-home").connection.desk == desk.url


def test_a_home_belongs_to_one_log_and_says_what_to_do(desk: Desk, carla: MemberKeys, tmp_path: Path) -> None:
    home = Home.open(tmp_path / "home", desk=desk.url, policy=desk.policy, proxy=None)
    fetch(home, carla)
    other = policy(LogSigner.generate("intake-other").verifier)
    belongs = f"this home belongs to the log {desk.log.name}; leave out --policy .* another directory"
    with pytest.raises(HomeError, match=belongs):
        Home.open(tmp_path / "home", desk="http://127.0.0.1:9", policy=other, proxy=None)
    for name in ("connection.json", "connection.json.copy"):
        (tmp_path / "home" / name).unlink()
    with pytest.raises(HomeError, match=belongs):
        Home.open(tmp_path / "home", desk="http://127.0.0.1:9", policy=other, proxy=None)


def test_an_honest_desk_of_another_log_is_not_accused(desk: Desk, carla: MemberKeys, tmp_path: Path) -> None:
    other = LogSigner.generate("intake-other")
    home = Home.open(tmp_path / "home", desk=desk.url, policy=policy(other.verifier), proxy=None)
    with pytest.raises(DeskError, match="keeps another log than the one you named; check --desk and --policy"):
        fetch(home, carla)


def test_a_checkpoint_of_another_log_is_the_alarm_only_where_this_desk_showed_this_log_before(
    desk: Desk, carla: MemberKeys, tmp_path: Path
) -> None:
    known = Home.open(tmp_path / "known", desk=desk.url, policy=desk.policy, proxy=None)
    fetch(known, carla)
    other = LogSigner.generate("intake-other")
    text = Checkpoint("intake-other", 1, EMPTY_ROOT).text
    desk.lie("/v1/log/checkpoint", lambda _: signed(other, text))
    with pytest.raises(DeskError, match="this desk keeps another log than the one you named: check --desk and"):
        fetch(Home.open(tmp_path / "new", desk=desk.url, policy=desk.policy, proxy=None), carla)
    with pytest.raises(AuditError, match="not this log's, or not signed by its keys"):
        fetch(reopened(tmp_path / "known"), carla)


def test_a_page_of_something_before_the_desk_accuses_nobody(desk: Desk, carla: MemberKeys, tmp_path: Path) -> None:
    fetch(Home.open(tmp_path / "known", desk=desk.url, policy=desk.policy, proxy=None), carla)
    desk.lie("/v1/", lambda _: b"<html><body>Welcome to our hotel!</body></html>")
    with pytest.raises(DeskError, match="what answers sent no checkpoint of any log"):
        fetch(reopened(tmp_path / "known"), carla)


def test_without_a_name_each_log_has_a_home_of_its_own_and_an_old_one_stays(
    desk: Desk, carla: MemberKeys, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(platformdirs, "user_data_dir", lambda _: str(tmp_path / "data"))
    name, other = desk.log.name, policy(LogSigner.generate("intake-other").verifier)
    first = Home.open(None, desk=desk.url, policy=desk.policy, proxy=None)
    assert first.path("x").parent == tmp_path / "data" / name
    fetch(first, carla)
    assert Home.open(None, desk=None, policy=None, proxy=None).connection == first.connection
    second = Home.open(None, desk=desk.url, policy=other, proxy=None)
    assert second.path("x").parent == tmp_path / "data" / "intake-other"
    second.remember()
    with pytest.raises(HomeError, match="say which with --policy, or with --home"):
        Home.open(None, desk=None, policy=None, proxy=None)
    (tmp_path / "data" / name).rename(tmp_path / "old")
    (tmp_path / "old").rename(tmp_path / "old-default")
    for path in (tmp_path / "old-default").iterdir():
        path.rename(tmp_path / "data" / path.name)
    assert Home.open(None, desk=None, policy=desk.policy, proxy=None).path("x").parent == tmp_path / "data"
    assert Home.open(None, desk=None, policy=other, proxy=None).path("x").parent == tmp_path / "data" / "intake-other"


def test_a_damaged_connection_is_made_anew_from_what_is_said_again(
    desk: Desk, carla: MemberKeys, tmp_path: Path
) -> None:
    home = Home.open(tmp_path / "home", desk=desk.url, policy=desk.policy, proxy=None)
    fetch(home, carla)
    for name in ("connection.json", "connection.json.copy"):
        (tmp_path / "home" / name).write_bytes(b"{")
    with pytest.raises(HomeError, match="damaged; say --desk and --policy again"):
        reopened(tmp_path / "home")
    fetch(Home.open(tmp_path / "home", desk=desk.url, policy=desk.policy, proxy=None), carla)
    assert reopened(tmp_path / "home").connection == home.connection


def test_a_home_from_before_policies_goes_on_and_takes_the_second_key_once_it_is_told(
    desk: Desk, carla: MemberKeys, tmp_path: Path
) -> None:
    home = Home.open(tmp_path / "home", desk=desk.url, policy=policy(desk.log.first), proxy=None)
    fetch(home, carla)
    told = json.dumps({"desk": desk.url, "log": str(desk.log.ed25519), "proxy": None}).encode()
    home.keep("connection.json", told)
    assert reopened(tmp_path / "home").connection.log == desk.log.first
    later = Home.open(tmp_path / "home", desk=None, policy=desk.policy, proxy=None)
    fetch(later, carla)
    assert reopened(tmp_path / "home").connection.log == desk.log


def test_a_home_from_before_witnesses_asks_for_cosignatures_of_seven_days(
    desk: Desk, carla: MemberKeys, tmp_path: Path
) -> None:
    home = Home.open(tmp_path / "home", desk=desk.url, policy=desk.policy, proxy=None)
    fetch(home, carla)
    told = json.dumps({"desk": desk.url, "policy": desk.policy, "proxy": None}).encode()
    home.keep("connection.json", told)
    assert reopened(tmp_path / "home").connection == home.connection
    assert home.connection.witness_days == 7


@pytest.mark.parametrize("kept", [0, 1])
def test_a_checkpoint_that_one_key_alone_signed_is_the_alarm(
    kept: int, desk: Desk, carla: MemberKeys, tmp_path: Path
) -> None:
    home = Home.open(tmp_path / "home", desk=desk.url, policy=desk.policy, proxy=None)
    fetch(home, carla)
    desk.lie("/v1/log/checkpoint", partial(with_one_signature, kept))
    with pytest.raises(AuditError, match="not signed by its keys"):
        fetch(reopened(tmp_path / "home"), carla)


def with_one_signature(kept: int, note: bytes) -> bytes:
    whole = parse_note(note)
    return bytes(Note(whole.text, (whole.signatures[kept],)))
